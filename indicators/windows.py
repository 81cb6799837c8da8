"""Indicators, windows: the time a result is about, from the span of a run.

Calendar windows are those of France. Not here: what is counted in them (measures).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

MONTHS = {"M1": 1, "Q1": 3, "SEM": 6, "Y1": 12}  # kind -> calendar months
PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Window:
    """A window: from ``start`` (within) to ``end`` (without), in UTC.

    partial: what was observed covers less than the calendar window; the span observed stands in.
    """

    kind: str
    start: datetime
    end: datetime
    partial: bool

    def as_dict(self) -> dict[str, Any]:
        """A flat form for JSON; instants in ISO 8601."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "kind": self.kind,
            "partial": self.partial,
        }


def window_of(kind: str, start: datetime, end: datetime) -> Window:
    """The last whole calendar window within the span, else the end of the span itself."""
    months = MONTHS[kind]
    local = end.astimezone(PARIS)
    last = (local.year * 12 + local.month - 1) // months * months
    closes, opens = _month(last), _month(last - months)
    if start <= opens:
        return Window(kind, opens, closes, partial=False)
    earliest = _month(local.year * 12 + local.month - 1 - months, local)
    return Window(kind, max(start, earliest), end, partial=True)


def _month(number: int, like: datetime | None = None) -> datetime:
    """The first instant of a month counted from year 0; or the day and time of ``like`` in it."""
    first = datetime(number // 12, number % 12 + 1, 1, tzinfo=PARIS)
    if like is not None:
        day = min(like.day, 28)
        first = first.replace(day=day, hour=like.hour, minute=like.minute)
    return first.astimezone(UTC)
