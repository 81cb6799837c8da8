"""Indicators, cube: the counts of every measure by establishment and period.

Not here: the queries (measures), what becomes of the counts (ratios).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from indicators.measures import measures
from indicators.sources import Tables

NATION = ""  # in the place of a FINESS: every establishment, and what names none


@dataclass(frozen=True, slots=True)
class Fact:
    """One cell: how many of a measure for an establishment in a period."""

    finess_ej: str
    period: str
    measure: str
    count: int


@dataclass(frozen=True, slots=True)
class Cube:
    """Counts, and which share of the deliveries told by the run the journals hold."""

    counts: Mapping[tuple[str, str, str], int]
    held: Mapping[tuple[str, str], tuple[int, int]]  # (finess, transaction) -> held, told

    def count(self, measure: str, period: str, finess_ej: str) -> int:
        """Zero where nothing was counted; NATION sums every establishment."""
        if finess_ej != NATION:
            return self.counts.get((measure, period, finess_ej), 0)
        keys = (key for key in self.counts if key[:2] == (measure, period))
        return sum(self.counts[key] for key in keys)

    def completeness(self, transaction: str, finess_ej: str) -> Fraction:
        """Between 0 and 1; 1 when the run tells of no delivery by that transaction."""
        found = [
            pair
            for (place, name), pair in self.held.items()
            if name == transaction and finess_ej in (NATION, place)
        ]
        told = sum(pair[1] for pair in found)
        return Fraction(sum(pair[0] for pair in found), told) if told else Fraction(1)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Every cell, in a fixed order."""
        return tuple(
            Fact(finess, period, measure, count)
            for (measure, period, finess), count in sorted(self.counts.items())
        )


def build_cube(tables: Tables, names: Iterable[str]) -> Cube:
    """Count the measures of ``names``."""
    counts = {}
    for measure in sorted(set(names)):
        for finess, period, count in tables.connection.execute(measures()[measure]).fetchall():
            counts[measure, period, finess] = int(count)
    rows = tables.connection.execute(
        "SELECT finess_ej, transaction, held, deliveries FROM completeness"
    ).fetchall()
    return Cube(counts, {(finess, name): (held, told) for finess, name, held, told in rows})
