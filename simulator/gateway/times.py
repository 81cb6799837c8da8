"""Simulator, gateway, times: an instant as HL7 v2 writes it in France. Not here: any clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_FRANCE = ZoneInfo("Europe/Paris")


def hl7_time(at: datetime) -> str:
    """An aware instant as civil time, ``YYYYMMDDhhmmss``."""
    return at.astimezone(_FRANCE).strftime("%Y%m%d%H%M%S")
