"""Simulator, waiting: jobs that wait in their chain, and those put aside for want of an identity.

What a hospital withholds because an identity is not qualified is sent once it is. Not here: why a
job is withheld (courier), when chains are played (rounds).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.courier import NOT_QUALIFIED, Handled
from simulator.delivery import Outcome
from simulator.posting import Job, Task


@dataclass(slots=True)
class Waiting:
    """A job in its chain, with its tries. is_late: it was withheld before."""

    job: Job
    not_before: datetime
    tries: int = 0
    failures: int = 0
    is_late: bool = False

    @property
    def rank(self) -> tuple[datetime, str]:
        """The order of the plan."""
        return self.job.due_at, self.job.id


@dataclass(slots=True)
class Late:
    """What became of what an establishment withheld for want of a qualified identity.

    otherwise: taken up, but the record was closed or absent, or the service refused it.
    """

    withheld: int = 0
    sent: int = 0
    otherwise: int = 0

    @property
    def never(self) -> int:
        return self.withheld - self.sent - self.otherwise

    def as_dict(self) -> dict[str, Any]:
        """As run.json holds it."""
        return {
            "withheld": self.withheld,
            "sent_late": self.sent,
            "otherwise": self.otherwise,
            "never": self.never,
        }

    def count(self, waiting: Waiting, handled: Handled) -> None:
        """Count what came of a job that is over; deletions send nothing."""
        if waiting.job.task is Task.DELETE:
            return
        is_withheld = handled.withheld == NOT_QUALIFIED
        if not waiting.is_late:
            self.withheld += is_withheld
        elif not is_withheld:
            is_sent = not handled.withheld and handled.attempts[-1].outcome is Outcome.DELIVERED
            self.sent += is_sent
            self.otherwise += not is_sent


class Shelf:
    """The jobs put aside until the identity they need is qualified."""

    def __init__(self) -> None:
        self._kept: dict[str, Waiting] = {}  # by job

    def keep(self, waiting: Waiting) -> None:
        """Put a job aside. A document deleted before it was sent is never sent, nor deleted."""
        job = waiting.job
        if job.task is Task.DELETE and self._drop_deposit_of(job):
            return
        self._kept[job.id] = waiting

    def take(self, may_go: Callable[[Job], bool]) -> list[Waiting]:
        """The jobs that may go now, in the order of the plan."""
        found = sorted(
            (waiting for waiting in self._kept.values() if may_go(waiting.job)),
            key=lambda waiting: waiting.rank,
        )
        for waiting in found:
            waiting.is_late = True
            del self._kept[waiting.job.id]
        return found

    def _drop_deposit_of(self, deletion: Job) -> bool:
        kept = [
            waiting.job.id
            for waiting in self._kept.values()
            if waiting.job.task is Task.FEED and waiting.job.paper == deletion.paper
        ]
        for name in kept:
            del self._kept[name]
        return bool(kept)
