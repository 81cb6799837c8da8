"""Kit, CDA, times: the times of a document and of its metadata, compared.

Not here: conversion to UTC (entry.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from kit.xds.hl7 import read_dtm

FRANCE = ZoneInfo("Europe/Paris")
_DAY = 8  # characters of YYYYMMDD


def same_time(seen: str, expected: str) -> bool:
    """Whether two times of XDS are the same, whatever their precision; zeros may be written.

    A day stands for itself and for its first instant, in UTC or in France.
    """
    if seen == expected:
        return True
    try:
        one, other = read_dtm(seen), read_dtm(expected)
        return one == other or (len(expected) == _DAY and one == _first_instant(other))
    except (ValueError, OverflowError):  # no time; the first day of all years
        return False


def _first_instant(day: datetime) -> datetime:
    return day.replace(tzinfo=FRANCE).astimezone(UTC)
