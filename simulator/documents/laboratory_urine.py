"""Simulator, documents, laboratory urine: the examination of urine (ECBU), drawn.

Microscopy at once, the culture a day and a half later, an antibiogram when something grew. Not
here: XML (see laboratory_culture), the tables of germs (laboratory.yaml).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

from simulator.documents.facts import Coded, StayFacts
from simulator.documents.laboratory_tables import (
    Antibiotic,
    Germ,
    antibiotics,
    germs,
    growth_of,
)
from simulator.streams import Streams

T = TypeVar("T")

RECEPTION, MICROSCOPY = timedelta(minutes=25), timedelta(minutes=70)
CULTURE = timedelta(hours=38)
VALIDATION = timedelta(minutes=20)
SUSCEPTIBLE, RESISTANT = Coded("S", "Sensible"), Coded("R", "Résistant")
COUNTS = (100_000, 1_000_000, 10_000_000)  # germs per mL of what is an infection


@dataclass(frozen=True, slots=True)
class Susceptibility:
    """One line of an antibiogram."""

    antibiotic: Antibiotic
    resists: bool

    @property
    def flag(self) -> Coded:
        return RESISTANT if self.resists else SUSCEPTIBLE


@dataclass(frozen=True, slots=True)
class Isolate:
    """What grew. count: per mL."""

    germ: Germ
    count: int
    antibiogram: tuple[Susceptibility, ...]


@dataclass(frozen=True, slots=True)
class Urine:
    """is_final: whether the culture is read; isolate: None then when it is sterile."""

    leukocytes: int  # per mL
    erythrocytes: int  # per mL
    gram: str
    is_final: bool
    isolate: Isolate | None
    sample: str
    collected_at: datetime
    received_at: datetime
    examined_at: datetime
    read_at: datetime
    validated_at: datetime


def draw_urine(
    facts: StayFacts, taken_at: datetime, until: datetime, *, is_later: bool
) -> Urine | None:
    """The examination of this stay; None when none was asked, or it says nothing new."""
    share = growth_of(facts.case.diagnosis.code)
    is_final = taken_at + CULTURE + VALIDATION <= until
    if share is None or (is_later and not is_final):
        return None
    stream = Streams(0).fresh(f"{facts.stay_id}/urine")
    grows = bool(stream.random() < share)
    germ = _one_of(stream, germs(), [germ.weight for germ in germs()])
    isolate = _isolate(stream, germ)
    examined_at = min(taken_at + MICROSCOPY, until)
    read_at = taken_at + CULTURE if is_final else examined_at
    return Urine(
        leukocytes=_count(stream, (60, 900) if grows else (1, 9)),
        erythrocytes=_count(stream, (2, 60) if grows else (1, 9)),
        gram=germ.gram if grows else "Absence de germe visible",
        is_final=is_final,
        isolate=isolate if grows and is_final else None,
        sample=str(int(stream.integers(10**9, 10**10))),
        collected_at=taken_at,
        received_at=min(taken_at + RECEPTION, until),
        examined_at=examined_at,
        read_at=read_at,
        validated_at=min(read_at + VALIDATION, until),
    )


def _count(stream: np.random.Generator, thousands: tuple[int, int]) -> int:
    return 1000 * int(stream.integers(thousands[0], thousands[1] + 1))


def _one_of(stream: np.random.Generator, rows: tuple[T, ...], weights: list[float]) -> T:
    at = float(stream.random()) * sum(weights)
    for row, weight in zip(rows, weights, strict=True):
        at -= weight
        if at < 0:
            return row
    return rows[-1]


def _isolate(stream: np.random.Generator, germ: Germ) -> Isolate:
    weights = [weight for weight, _ in germ.strains]
    _, resisted = _one_of(stream, germ.strains, weights)
    lines = (Susceptibility(antibiotics()[key], key in resisted) for key in germ.tested)
    count = COUNTS[int(stream.integers(len(COUNTS)))]
    return Isolate(germ, count, tuple(lines))
