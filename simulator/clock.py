"""Simulator, clock: simulated minutes and civil time.

A simulation counts minutes from an origin; everything else speaks in instants. Not here: the
bench clock (kit.clock), which the run sets over the wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class SimulatedClock:
    """Minutes since ``origin`` and the instants they stand for."""

    origin: datetime

    def at(self, minutes: float) -> datetime:
        """The instant of a simulated minute, UTC, to the second."""
        return self.origin.astimezone(UTC) + timedelta(seconds=round(minutes * 60))

    def minutes(self, at: datetime) -> float:
        """How many minutes after the origin an instant lies."""
        return (at - self.origin).total_seconds() / 60

    def civil(self, minutes: float) -> datetime:
        """The civil time in Paris of a simulated minute."""
        return self.at(minutes).astimezone(PARIS)


def civil(day: date, at: time) -> datetime:
    """The instant of a civil time in Paris, UTC."""
    return datetime.combine(day, at, PARIS).astimezone(UTC)


def civil_day(at: datetime) -> date:
    """The civil day of an instant in Paris."""
    return at.astimezone(PARIS).date()


def slots(starts_at: datetime, ends_at: datetime, minutes: int) -> Iterator[datetime]:
    """The ends of the slots of a period; the last one is ``ends_at``."""
    at, step = starts_at, timedelta(minutes=minutes)
    while at < ends_at:
        at = min(at + step, ends_at)
        yield at
