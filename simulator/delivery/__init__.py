"""Simulator, delivery: clients of the four services, and what becomes of what they send.

One module a service: dmp, ins, ror (aiohttp over TLS), mssante (aiosmtplib). Each call is one
``Attempt``; a retry waits a time that grows. Not here: what is sent and in which order (posting,
rounds). Load tests use these clients too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import numpy as np


class Channel(StrEnum):
    """The service something is delivered to."""

    DMP = "dmp"
    MSSANTE = "mssante"
    INS = "ins"
    ROR = "ror"


class Outcome(StrEnum):
    """What became of an attempt: taken, refused for good, failed for now, given up."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    FAILED = "failed"
    ABANDONED = "abandoned"


class NoAnswer(Exception):
    """Nothing came back, or nothing that can be read: whether it was taken is unknown."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The instant of a call, in simulated time, and the stream its identifiers come from."""

    at: datetime
    stream: np.random.Generator


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call on the wire. reference: what the journal knows it by (lot, exchange)."""

    transaction: str
    outcome: Outcome
    code: str = ""
    text: str = ""
    reference: str = ""
    recipient: str = ""

    @property
    def is_final(self) -> bool:
        """Whether trying again makes no sense."""
        return self.outcome is not Outcome.FAILED


class Patience(Protocol):
    """How long one waits, and how often."""

    @property
    def first_minutes(self) -> int: ...
    @property
    def factor(self) -> float: ...
    @property
    def longest_minutes(self) -> int: ...
    @property
    def attempts(self) -> int: ...


def backoff(patience: Patience, failures: int, stream: np.random.Generator) -> timedelta:
    """How long to wait after so many failures: longer each time, with a fifth of chance."""
    minutes = min(
        patience.first_minutes * patience.factor ** (failures - 1), patience.longest_minutes
    )
    return timedelta(minutes=minutes * float(stream.uniform(0.9, 1.1)))
