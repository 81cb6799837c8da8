"""Indicators, explain: the exchanges behind a number, and what misses with the reason.

Two queries a measure at most, in the files beside this module: ``.behind.sql`` gives
(finess_ej, period, exchange_id, subject), ``.missing.sql`` gives (finess_ej, period, subject, why,
detail, exchanges). Not here: the counts (measures).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from indicators.cube import NATION
from indicators.sources import Tables

FOLDER = Path(__file__).parent
SAMPLE = 50  # exchanges and subjects kept for a result
MAX_EXCHANGES = 10  # exchanges named for one subject that misses

WHY = {
    "no_document": "aucune lettre de liaison n'a été rédigée",
    "not_sent": "la lettre est rédigée mais n'a pas été envoyée",
    "refused": "l'envoi a été refusé",
    "late": "la lettre est arrivée plus de 30 jours après la sortie",
    "deleted": "la lettre acceptée a été supprimée ou remplacée depuis",
    "other_type": "le document est arrivé sous un autre type que la lettre de liaison",
    "bounced": "la boîte du professionnel n'a pas été atteinte",
    "citizen_only": "la lettre n'a été adressée qu'au patient",
    "ins_not_qualified": "le document ne porte pas d'INS qualifiée",
    "offer_incomplete": "l'offre est incomplète",
    "offer_too_old": "l'offre a plus de 365 jours",
    "condition": "la condition n'est pas remplie",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A stay, document or offer that the numerator misses.

    why: a key of WHY. detail: error codes, the status of the INS, a date; or "".
    """

    subject: str
    why: str
    detail: str = ""
    exchanges: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One sentence part, in French."""
        return WHY[self.why] + (f" ({self.detail})" if self.detail else "")

    def as_dict(self) -> dict[str, Any]:
        """A flat form for JSON."""
        return asdict(self) | {"text": self.text, "exchanges": list(self.exchanges)}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Bounded samples, and how many miss for each reason in all."""

    exchanges: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    missing_by_reason: Mapping[str, int] | None = None


@cache
def queries(kind: str) -> Mapping[str, str]:
    """Measure -> its query of that kind, ``behind`` or ``missing``."""
    suffix = f".{kind}.sql"
    found = sorted(FOLDER.glob(f"*{suffix}"))
    return {path.name.removesuffix(suffix): path.read_text("utf-8") for path in found}


def explain(
    tables: Tables, measure: str, period: str, finess_ej: str, *, sample: int = SAMPLE
) -> Explanation:
    """What is behind a measure of an establishment, or of all of them (NATION), in a period."""
    place = "" if finess_ej == NATION else "AND finess_ej = $finess"
    given = {"period": period} | ({"finess": finess_ej} if place else {})
    where = f"WHERE period = $period {place}"
    behind, missing, reasons = [], [], {}
    if query := queries("behind").get(measure):
        behind = tables.connection.execute(
            f"SELECT DISTINCT exchange_id FROM ({query}) {where} "  # noqa: S608 our queries
            f"ORDER BY exchange_id LIMIT {int(sample)}", given,
        ).fetchall()  # fmt: skip
    if query := queries("missing").get(measure):
        missing = tables.connection.execute(
            f"SELECT subject, why, detail, exchanges FROM ({query}) {where} "  # noqa: S608
            f"ORDER BY why, subject LIMIT {int(sample)}", given,
        ).fetchall()  # fmt: skip
        reasons = dict(tables.connection.execute(
            f"SELECT why, count(*) FROM ({query}) {where} GROUP BY why ORDER BY why",  # noqa: S608
            given,
        ).fetchall())  # fmt: skip
    return Explanation(
        tuple(row[0] for row in behind),
        tuple(
            Missing(subject, why, detail, tuple(exchanges[:MAX_EXCHANGES]))
            for subject, why, detail, exchanges in missing
        ),
        reasons,
    )
