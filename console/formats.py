"""Console, formats: numbers, instants and words as French pages write them.

Not here: any page.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from indicators.explain import WHY
from indicators.ratios import percent
from indicators.windows import PARIS

OUTCOMES = {
    "accepted": "accepté",
    "refused": "refusé",
    "malformed": "illisible",
    "unauthorized": "non autorisé",
    "injected": "perturbé",
    "bug": "défaut du banc",
}
VERDICTS = {
    "attained": "atteint",
    "not_attained": "non atteint",
    "not_measurable": "non mesurable",
    "not_applicable": "sans objet",
}
EXPECTATIONS = {  # outcome of an expectation of the scenario: word, style
    "held": ("tenue", "attained"),
    "missed": ("manquée", "not_attained"),
    "not_judged": ("injugeable", "not_measurable"),
}
SERVICES = {
    "dmp": "DMP",
    "ins": "INSi",
    "ror": "ROR",
    "mssante": "MSSanté",
    "psc": "PSC",
    "gateway": "Passerelle HL7v2",
}
WINDOWS = {"M1": "mois", "Q1": "trimestre", "SEM": "semestre", "Y1": "douze mois"}
_TYPES = {"42": "givenName=", "4": "sn=", "12": "title="}
MAX_CELL = 2000  # characters of a value from outside shown in a table


def instant(value: Any, seconds: bool = True) -> str:
    """``07/01/2026 15:04:05``, the time in France; a text that is no instant as it is."""
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return short(value)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(PARIS).strftime("%d/%m/%Y %H:%M:%S" if seconds else "%d/%m/%Y %H:%M")


def day(value: Any) -> str:
    """``07/01/2026``."""
    return instant(value).partition(" ")[0]


def subject(value: Any) -> str:
    """A distinguished name, its types by the names people know (RFC 4519)."""
    named = re.sub(r"\b2\.5\.4\.(42|4|12)=", lambda found: _TYPES[found[1]], short(value, 400))
    return re.sub(r"(?<!\\),(?=\S)", ", ", named).replace("+", " + ")


def size(count: Any) -> str:
    """``12 ko``."""
    number = float(count or 0)
    for unit in ("octets", "ko", "Mo"):
        if number < 1024 or unit == "Mo":
            break
        number /= 1024
    told = f"{number:.0f}" if unit == "octets" else f"{number:.1f}".replace(".", ",")
    return f"{told}\u00a0{unit}"


def short(value: Any, limit: int = MAX_CELL) -> str:
    """A value as text, cut when it is long."""
    text = "" if value is None else str(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} caractères)"


def number(value: Any) -> str:
    """``1 234``."""
    return f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else short(value)


def milliseconds(value: Any) -> str:
    """``3,2 ms``."""
    return f"{float(value or 0):.1f}".replace(".", ",") + "\u00a0ms"


def install(app: Flask) -> None:
    """The filters and words of the templates."""
    app.jinja_env.filters.update(
        instant=instant,
        day=day,
        subject=subject,
        size=size,
        short=short,
        number=number,
        percent=percent,
        ms=milliseconds,
    )
    app.jinja_env.globals.update(
        OUTCOMES=OUTCOMES,
        VERDICTS=VERDICTS,
        EXPECTATIONS=EXPECTATIONS,
        SERVICES=SERVICES,
        WINDOWS=WINDOWS,
        WHY=WHY,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
