"""Identity unit: what it settles each working morning, and what stays on its list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.identity import IdentityStatus
from kit.settings import Settings
from mocks.ins.messages import Individual
from simulator.clock import civil
from simulator.identities import LocalIdentity
from simulator.identity_figures import identity_rows
from simulator.identity_office import IdentityOffice, open_office
from simulator.identity_unit import UNIT, IdentityUnit
from simulator.rniv.evidence import Evidence
from simulator.rniv.search_plan import Answer
from simulator.streams import Streams
from tests.simulator.builders import CLINIC, MONDAY, WORLD

PATIENT = WORLD.patient(31_234_567)
PERSON = Individual(PATIENT.ins, PATIENT.traits)
TWIN = Individual(WORLD.patient(31_234_568).ins, replace(PATIENT.traits, first_names=("AUTRE",)))
FIRST, AGAIN = "E/31234567", "E/31234567/2"
CARD = Evidence("CN")
MORNING = civil(MONDAY.date() + timedelta(days=1), MONDAY.time().replace(hour=9, minute=0))

Open = Callable[..., IdentityOffice]


def an_admission(key: str = FIRST, shown: Evidence | None = CARD, **slip: Any) -> LocalIdentity:
    return LocalIdentity(key, PATIENT, replace(PATIENT.traits, **slip), MONDAY, shown)


@pytest.fixture
def opened(tmp_path: Path, settings: Settings) -> Iterator[Open]:
    """An office with its unit, where everybody was admitted."""
    offices: list[IdentityOffice] = []

    def make(*admissions: LocalIdentity, handled: float = 1.0) -> IdentityOffice:
        unit = IdentityUnit(CLINIC, handled, Streams(7))
        named = {item.key: item for item in admissions}
        office = open_office(tmp_path / str(len(offices)), settings, CLINIC, named, unit)
        offices.append(office)
        office.admit(named)
        return office

    yield make
    for office in offices:
        office.close()


def answered(office: IdentityOffice, key: str, person: Individual = PERSON) -> None:
    plan = office.search_plan(key)
    while plan.request is not None:
        plan = plan.after(Answer.FOUND)
    office.note(key, plan, person)
    office.settle(MONDAY)


def test_a_discrepancy_is_settled_with_the_copy_of_the_document(opened: Open) -> None:
    office = opened(an_admission(birth_place="33063"))
    answered(office, FIRST)
    assert office.held(FIRST).outward_ins is None
    office.work(MORNING)
    identity = office.held(FIRST).record
    assert identity.status is IdentityStatus.QUALIFIED
    assert identity.traits == PATIENT.traits
    assert identity.qualified_at == MORNING
    assert {change.by for change in identity.history if change.at == MORNING} == {UNIT}
    assert office.file().work == {}


STAYS = [  # what was typed and shown, who INSi designates, the share that is handled, when
    (an_admission(shown=None, birth_place="33063"), PERSON, 1.0, MORNING),
    (an_admission(birth_place="33063"), TWIN, 1.0, MORNING),
    (an_admission(birth_place="33063"), PERSON, 0.0, MORNING),
    (an_admission(birth_place="33063"), PERSON, 1.0, MORNING - timedelta(minutes=1)),
    (an_admission(birth_place="33063"), PERSON, 1.0, MORNING + timedelta(days=5)),  # Saturday
]


@pytest.mark.parametrize(("admission", "person", "handled", "at"), STAYS)
def test_what_cannot_be_settled_stays_on_the_list(
    opened: Open, admission: LocalIdentity, person: Individual, handled: float, at: Any
) -> None:
    office = opened(admission, handled=handled)
    answered(office, FIRST, person)
    before = office.held(FIRST)
    office.work(at)
    assert office.held(FIRST) == before
    assert office.file().work["discrepancy"] >= 1


SLIPS = [  # what was typed, what INSi answers to every request, why the line is there
    ({"birth_name": "DUPONDT"}, Answer.NONE, "not found"),
    ({"birth_date": "1950-01-02"}, Answer.NONE, "not found"),
    ({"birth_place": "33063"}, Answer.SEVERAL, "several"),
    ({"birth_name": f"{PATIENT.traits.birth_name}/DOUBLON 2"}, None, "withheld"),
]


def unanswered(office: IdentityOffice, answer: Answer | None) -> None:
    """INSi finds nobody by what was typed; None: nothing can be sent."""
    plan = office.search_plan(FIRST)
    assert (plan.request is None) is (answer is None)
    while plan.request is not None:
        assert answer
        plan = plan.after(answer)
    office.note(FIRST, plan)
    office.settle(MONDAY)


@pytest.mark.parametrize(("slip", "answer", "kind"), SLIPS)
def test_traits_by_which_nobody_is_found_are_corrected_and_insi_is_asked_again(
    opened: Open, slip: dict[str, str], answer: Answer | None, kind: str
) -> None:
    office = opened(an_admission(**slip))
    unanswered(office, answer)
    assert set(office.file().work) == {kind}
    assert not office.is_searched_for(FIRST)
    assert office.work(MORNING) == [FIRST]
    corrected = office.held(FIRST).record
    assert (corrected.status, corrected.traits) == (IdentityStatus.VALIDATED, PATIENT.traits)
    assert (office.file().work, office.is_settled(FIRST)) == ({}, False)
    assert office.is_searched_for(FIRST)
    answered(office, FIRST)
    assert office.held(FIRST).outward_ins == PATIENT.ins
    assert office.held(FIRST).status is IdentityStatus.QUALIFIED


LEFT = [  # admission, share of the lines that are taken, what stays on the list
    (an_admission(shown=None, birth_name="DUPONDT"), 1.0, {"not found": 1}),
    (an_admission(birth_name="DUPONDT"), 0.0, {"not found": 1}),
    (an_admission(), 1.0, {}),  # the document says what was typed: INSi does not know the person
]


@pytest.mark.parametrize(("admission", "handled", "left"), LEFT)
def test_nothing_is_asked_again_when_nothing_was_corrected(
    opened: Open, admission: LocalIdentity, handled: float, left: dict[str, int]
) -> None:
    office = opened(admission, handled=handled)
    unanswered(office, Answer.NONE)
    before = office.held(FIRST)
    assert office.work(MORNING) == []
    assert (office.held(FIRST), office.file().work) == (before, left)
    assert office.is_settled(FIRST)


def test_a_line_is_closed_when_the_ins_was_found_meanwhile(opened: Open) -> None:
    office = opened(an_admission())
    unanswered(office, Answer.NONE)
    answered(office, FIRST)
    found = office.held(FIRST)
    assert (found.outward_ins, office.file().work) == (PATIENT.ins, {"not found": 1})
    assert office.work(MORNING) == []
    assert (office.held(FIRST), office.file().work) == (found, {})


def test_two_identities_of_one_person_become_one(opened: Open) -> None:
    office = opened(an_admission(), an_admission(AGAIN, birth_place="33063"))
    answered(office, FIRST)
    assert office.file().work["duplicate"] == 2  # told from both sides
    office.work(MORNING)
    assert office.held(AGAIN) == office.held(FIRST)
    assert office.held(AGAIN).status is IdentityStatus.QUALIFIED
    file = office.file()
    assert file.work == {}
    assert file.in_a_duplicate == frozenset()
    rows = list(identity_rows({CLINIC: file}))
    assert {row["patient_id"] for row in rows} == {PATIENT.ins.matricule}


def test_a_morning_is_worked_once(opened: Open) -> None:
    office = opened(an_admission(birth_place="33063"), handled=1.0)
    office.work(MORNING)
    answered(office, FIRST)
    office.work(MORNING + timedelta(hours=1))
    assert office.held(FIRST).outward_ins is None
    office.work(MORNING + timedelta(days=1))
    assert office.held(FIRST).outward_ins == PATIENT.ins
