"""Simulator, documents, history: what lasts in a person's life, as their own doctor knows it.

Plain values. Not here: any choice (see life), how it is written (see medical_summary).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from simulator.documents.facts import Coded, Treatment


@dataclass(frozen=True, slots=True)
class Problem:
    """A health problem, over when ``until`` says so, with what is taken for it."""

    diagnosis: Coded  # CIM-10
    told: str
    since: date
    until: date | None = None
    treatments: tuple[Treatment, ...] = ()
    watch: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """An act of the past and its reason."""

    act: Coded  # CCAM
    told: str
    on: date
    reason: Coded  # CIM-10


@dataclass(frozen=True, slots=True)
class Allergy:
    """kind: SNOMED CT; substance: ATC, when the agent is a drug."""

    kind: Coded
    agent: str
    reaction: str
    since: date
    substance: str = ""


@dataclass(frozen=True, slots=True)
class Habit:
    """A way of living: LOINC, and how much of it."""

    code: Coded
    told: str
    amount: int
    unit: str  # UCUM


@dataclass(frozen=True, slots=True)
class Relative:
    """What a member of the family had. relation: RoleCode of HL7."""

    relation: Coded
    sex: str
    diagnosis: Coded  # CIM-10
    told: str


@dataclass(frozen=True, slots=True)
class Device:
    """A device one wears or has inside."""

    told: str
    since: date


@dataclass(frozen=True, slots=True)
class History:
    """All that a summary tells."""

    problems: tuple[Problem, ...]
    past: tuple[Problem, ...]
    operations: tuple[Operation, ...]
    allergies: tuple[Allergy, ...]
    habits: tuple[Habit, ...]
    relatives: tuple[Relative, ...]
    works: tuple[str, ...]
    devices: tuple[Device, ...]
    watch: tuple[str, ...]
