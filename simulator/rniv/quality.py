"""Simulator, RNIV, quality: the indicators of an identity unit, each with its two counts.

Pure: identities, calls and stays in, ratios out. The active file (file active) is what the caller
gives, without merged and fictitious identities. Source: RNIV; formulas marked [U] there are
unconfirmed. Not here: which identities were seen in a period (``store``).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from kit.identity import IdentityStatus
from simulator.rniv.record import Attribute, Identity

ANSWERS = ("00", "01", "02", "fault")


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share; None when there is nothing to divide by."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of INSi: how the traits were collected (ZFD-5), and the answer or ``fault``."""

    channel: str
    answer: str


@dataclass(frozen=True, slots=True)
class Stay:
    """An admission, and when the identity became qualified, if it did."""

    admitted_at: datetime
    qualified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """Time from admission to QUAL, over the stays whose identity was qualified (the ratio)."""

    qualified: Ratio
    median: timedelta | None = None
    p90: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of an identity unit over a period. answers: by channel, then by answer."""

    in_insi: Ratio
    qualified: Ratio
    duplicates: Ratio
    collisions: Ratio
    answers: Mapping[str, Mapping[str, Ratio]]
    delay: Delay

    def as_dict(self) -> dict[str, Any]:
        """As JSON: each share with its two counts, delays in minutes."""
        return {
            "in_insi": told(self.in_insi),
            "qualified": told(self.qualified),
            "duplicates": told(self.duplicates),
            "collisions": told(self.collisions),
            "answers": {
                channel: {answer: told(ratio) for answer, ratio in row.items()}
                for channel, row in self.answers.items()
            },
            "delay": {
                **told(self.delay.qualified),
                "median_minutes": _minutes(self.delay.median),
                "p90_minutes": _minutes(self.delay.p90),
            },
        }


def measure(
    identities: Sequence[Identity],
    *,
    in_a_duplicate: Iterable[str],
    in_a_collision: Iterable[str],
    calls: Iterable[Call],
    stays: Iterable[Stay],
) -> Quality:
    """Every figure of a file of identities, the calls and the stays of a period."""
    return Quality(
        in_insi(identities),
        qualification_rate(identities),
        duplicate_rate(identities, in_a_duplicate),
        collision_rate(identities, in_a_collision),
        answer_mix(calls),
        delay_to_qualified(stays),
    )


def active_file(identities: Iterable[Identity]) -> tuple[Identity, ...]:
    """The identities that stand for a person: neither merged into another nor fictitious."""
    return tuple(
        identity
        for identity in identities
        if not identity.merged_into and Attribute.FICTITIOUS not in identity.attributes
    )


def in_insi(identities: Iterable[Identity]) -> Ratio:
    """IN-INSI: identities with an INS recovered or checked by INSi, RECUP or QUAL."""
    file = active_file(identities)
    return Ratio(sum(identity.is_retrieved for identity in file), len(file))


def qualification_rate(identities: Iterable[Identity]) -> Ratio:
    """QUAL / active file [U]."""
    file = active_file(identities)
    return Ratio(sum(i.status is IdentityStatus.QUALIFIED for i in file), len(file))


def duplicate_rate(identities: Iterable[Identity], in_a_duplicate: Iterable[str]) -> Ratio:
    """Identities in a potential or proven duplicate / identities [U]; each counts once."""
    return _share(identities, in_a_duplicate)


def collision_rate(identities: Iterable[Identity], in_a_collision: Iterable[str]) -> Ratio:
    """Identities with a proven collision / identities [U]."""
    return _share(identities, in_a_collision)


def answer_mix(calls: Iterable[Call]) -> dict[str, dict[str, Ratio]]:
    """Shares of 00, 01, 02 and fault among the calls of each channel."""
    counts = Counter((call.channel, call.answer) for call in calls)
    channels = sorted({channel for channel, _ in counts})
    mix = {}
    for channel in channels:
        total = sum(counts[channel, answer] for answer in ANSWERS)
        mix[channel] = {answer: Ratio(counts[channel, answer], total) for answer in ANSWERS}
    return mix


def delay_to_qualified(stays: Iterable[Stay]) -> Delay:
    """Median and p90 (nearest rank) of the time from admission to QUAL; earlier counts as zero."""
    every = list(stays)
    delays = sorted(
        max(stay.qualified_at - stay.admitted_at, timedelta())
        for stay in every
        if stay.qualified_at is not None
    )
    counts = Ratio(len(delays), len(every))
    if not delays:
        return Delay(counts)
    middle = timedelta(seconds=median(delay.total_seconds() for delay in delays))
    return Delay(counts, middle, _nearest_rank(delays, 0.9))


def told(ratio: Ratio) -> dict[str, Any]:
    """A share as JSON, with its two counts."""
    value = None if ratio.value is None else round(ratio.value, 4)
    return {"numerator": ratio.numerator, "denominator": ratio.denominator, "value": value}


def _minutes(delay: timedelta | None) -> float | None:
    return None if delay is None else round(delay.total_seconds() / 60, 1)


def _nearest_rank(values: Sequence[timedelta], share: float) -> timedelta:
    return values[math.ceil(share * len(values)) - 1]


def _share(identities: Iterable[Identity], marked: Iterable[str]) -> Ratio:
    file = {identity.ipp for identity in active_file(identities)}
    return Ratio(len(file & set(marked)), len(file))
