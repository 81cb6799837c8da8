"""Hospitals at work: properties that hold whatever the draws."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator.activity import simulate
from simulator.clock import SimulatedClock
from simulator.movements import Exit, Kind, Mode, Movement
from simulator.streams import Streams
from tests.simulator.builders import LOCAL_HOSPITAL, MONDAY, a_hospital

CLOCK = SimulatedClock(MONDAY)
DAYS = 21
UNTIL = CLOCK.minutes(MONDAY + timedelta(days=DAYS))
UNITS = ("URG1", "MEDPOL1", "GERIA1", "ORTHO1", "MATER1", "CHIRAMB1", "HDJ1", "CONS1", "PSYAGE1")


def movements(seed: int = 1, units: tuple[str, ...] = UNITS, **changes: object) -> list[Movement]:
    given = {"finess": LOCAL_HOSPITAL, "kind": "CH", "scale": 0.4, "units": units, **changes}
    return list(simulate(a_hospital(**given), Streams(seed), CLOCK, UNTIL))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_leaves_before_they_come(seed: int) -> None:
    for found in movements(seed):
        assert found.left is None or found.left > found.admitted


@pytest.mark.parametrize("occupancy", [0.5, 0.85, 0.99])
def test_there_are_never_more_patients_than_beds(occupancy: float) -> None:
    found = movements(occupancy=occupancy)
    for ward in {item.ward for item in found if item.ward.beds}:
        stays = [item for item in found if item.ward == ward]
        changes = sorted(
            [(item.admitted, 1) for item in stays]
            + [(item.left, -1) for item in stays if item.left is not None]
        )
        present = most = 0
        for _, change in changes:
            present += change
            most = max(most, present)
        assert 0 < most <= ward.beds


def test_the_same_seed_gives_the_same_movements() -> None:
    assert movements(5) == movements(5)
    assert movements(5) != movements(6)


def test_adding_a_ward_does_not_move_the_others() -> None:
    alone = [item for item in movements(units=("MEDPOL1", "CONS1")) if item.ward.beds]
    beside = {
        item.number: item.admitted
        for item in movements(units=("MEDPOL1", "SMRLOCO1", "CONS1"))
        if item.ward.stem == "MEDPOL"
    }
    firsts = [item for item in alone if not item.after and item.number in beside]
    same = [item for item in firsts if beside[item.number] == item.admitted]
    assert len(same) > 0.9 * len(firsts) > 10


def test_day_units_sleep_at_night_and_at_the_weekend() -> None:
    for found in movements():
        if found.mode in (Mode.AMBULATORY, Mode.DAY) and found.left is not None:
            came, left = CLOCK.civil(found.admitted), CLOCK.civil(found.left)
            assert came.date() == left.date()
            assert came.weekday() < 5


def test_a_full_stay_has_a_night() -> None:
    stays = [item for item in movements() if item.mode is Mode.FULL and item.left is not None]
    nights = [
        (CLOCK.civil(item.left or 0).date() - CLOCK.civil(item.admitted).date()).days
        for item in stays
    ]
    assert min(nights) >= 1
    assert len(stays) > 50


def test_consultations_are_given_on_working_days() -> None:
    visits = [item for item in movements() if item.kind is Kind.CONSULTATION]
    assert visits
    assert all(CLOCK.civil(item.admitted).weekday() < 5 for item in visits)


def test_a_mutation_is_followed_by_another_stay() -> None:
    found = movements(units=("MEDPOL1", "GERIA1", "ORTHO1", "CHIRDIG1", "CARDIO1"), occupancy=0.6)
    moved = [item.number for item in found if item.exit is Exit.MUTATION]
    followed = {item.after for item in found}
    assert moved
    assert len(followed & set(moved)) >= 0.8 * len(moved)
