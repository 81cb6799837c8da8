"""Simulator, movements: what a simulation of hospitals gives: stays and visits, in minutes.

Plain records, so that a property can be checked without any clock. Not here: who the patient is
and what is written about them (encounters).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.establishments import Hospital, Ward


class Kind(StrEnum):
    """A stay (séjour), a consultation, a visit to the emergency department."""

    STAY = "stay"
    CONSULTATION = "cons"
    EMERGENCY = "ed"


class Mode(StrEnum):
    """How a stay is: with nights, for ambulatory surgery, for a day of care; none for a visit."""

    FULL = "full"
    AMBULATORY = "ambu"
    DAY = "day"
    NONE = ""


class Exit(StrEnum):
    """Where a stay ends; none while the patient is there."""

    HOME = "home"
    TRANSFER = "transfer"
    MUTATION = "mutation"
    DEATH = "death"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """One stay or visit: in which ward, from which simulated minute to which.

    left: None while the patient is there. after: the number of the stay or visit it follows, of
    the same patient (a mutation, an admission from the emergency department).
    """

    number: str
    kind: Kind
    hospital: Hospital
    ward: Ward
    admitted: float
    left: float | None
    mode: Mode = Mode.NONE
    exit: Exit = Exit.NONE
    is_planned: bool = False
    after: str = ""
