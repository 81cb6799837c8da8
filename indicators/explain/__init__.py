"""Indicators, explain: the exchanges behind a number, and what misses with the reason.

Two queries a measure at most, in the files beside this module: ``.behind.sql`` gives
(finess_ej, period, exchange_id, subject), ``.missing.sql`` gives (finess_ej, period, subject, why,
detail, exchanges). Not here: the counts (measures).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from indicators.sources import Tables

FOLDER = Path(__file__).parent
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


_BEHIND = """
SELECT DISTINCT exchange_id FROM {table}
WHERE period = $period AND $finess IN ('', finess_ej)
ORDER BY exchange_id LIMIT $sample"""
_MISSING = """
SELECT subject, why, detail, exchanges FROM {table}
WHERE period = $period AND $finess IN ('', finess_ej)
ORDER BY why, subject LIMIT $sample"""
_REASONS = """
SELECT why, count(*) FROM {table}
WHERE period = $period AND $finess IN ('', finess_ej)
GROUP BY why ORDER BY why"""
# What is asked -> of the answer to which query, and how; '' is NATION.
_ASKED = {
    "behind": ("behind", _BEHIND),
    "missing": ("missing", _MISSING),
    "reasons": ("missing", _REASONS),
}


class Explainer:
    """Answers what is behind measures; each query runs once, whatever the establishments."""

    def __init__(self, tables: Tables, *, sample: int) -> None:
        self._tables = tables
        self._sample = sample
        self._kept: set[str] = set()

    def explain(self, measure: str, period: str, finess_ej: str) -> Explanation:
        """What is behind a measure of an establishment, or of all of them (NATION)."""
        if not self._sample:
            return Explanation()
        given = {"period": period, "finess": finess_ej, "sample": self._sample}
        found = {kind: self._rows(kind, measure, given) for kind in _ASKED}
        return Explanation(
            tuple(row[0] for row in found["behind"]),
            tuple(
                Missing(subject, why, detail, tuple(exchanges[:MAX_EXCHANGES]))
                for subject, why, detail, exchanges in found["missing"]
            ),
            dict(found["reasons"]),
        )

    def _rows(self, kind: str, measure: str, given: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """What is asked of the answer to a measure's query; nothing without one."""
        source, asked = _ASKED[kind]
        if measure not in queries(source):
            return ()
        query = asked.format(table=self._table(source, measure))
        names = {name: value for name, value in given.items() if f"${name}" in query}
        rows: list[tuple[Any, ...]] = self._tables.connection.execute(query, names).fetchall()
        return rows

    def _table(self, kind: str, measure: str) -> str:
        """The answer of a query, kept under a name of its own."""
        name = f"explained_{kind}_{measure}"
        if name not in self._kept:
            query = f"CREATE OR REPLACE TEMP TABLE {name} AS {queries(kind)[measure]}"
            self._tables.connection.execute(query)
            self._kept.add(name)
        return name
