"""What the tests of the simulator are made of: small, valid by default."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kit.world import Patient, World
from simulator.establishments import Hospital, hospitals
from simulator.identities import HeldIdentity
from simulator.rniv import vigilance
from simulator.rniv.evidence import Evidence
from simulator.rniv.record import Found
from simulator.scenario import Habits, Scenario, ScenarioEstablishment

WORLD = World()
MONDAY = datetime(2026, 2, 1, 23, 0, tzinfo=UTC)  # midnight in Paris
CLERK = "clerk 7"
CLINIC, LOCAL_HOSPITAL = "0B9013000", "0B9005006"


def an_establishment(**changes: Any) -> ScenarioEstablishment:
    """A clinic of four units and about twenty beds."""
    usual = ScenarioEstablishment(
        CLINIC, "CLINIQUE", scale=0.3, units=("MEDPOL1", "ORTHO1", "CHIRAMB1", "CONS1")
    )
    return replace(usual, **changes)


def a_scenario(*establishments: ScenarioEstablishment, **changes: Any) -> Scenario:
    """Two days of one clinic."""
    usual = Scenario(
        name="test",
        title="Un essai",
        seed=11,
        starts_at=MONDAY,
        days=2,
        establishments=establishments or (an_establishment(),),
    )
    return replace(usual, **changes)


def a_hospital(**changes: Any) -> Hospital:
    return hospitals(a_scenario(an_establishment(**changes)), WORLD)[0]


def a_held(
    patient: Patient, *, is_checked: bool = True, has_ins: bool = True, typed: Any = None
) -> HeldIdentity:
    """An identity brought to its status by deeds, as a repository would hold it."""
    record = vigilance.create("000000001", typed or patient.traits, at=MONDAY, by=CLERK)
    if has_ins:
        found = Found(patient.ins, patient.traits)
        record = vigilance.accept(record, found, at=MONDAY, by=CLERK)
    if is_checked:
        record = vigilance.check_document(record, Evidence("CN"), at=MONDAY, by=CLERK)
    return HeldIdentity(patient, record)


def habits(**changes: Any) -> Habits:
    return replace(Habits(), **changes)
