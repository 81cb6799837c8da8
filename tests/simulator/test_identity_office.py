"""Identity office: search before create, statuses by deeds, what differs for the identity unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.identity import IdentityStatus
from kit.settings import Settings
from mocks.ins.messages import Individual
from simulator.identities import LocalIdentity
from simulator.identity_office import FOLDER, IdentityOffice, forget_repositories, open_office
from simulator.rniv.evidence import Evidence
from simulator.rniv.quality import Call, Ratio, duplicate_rate
from simulator.rniv.search_plan import Answer
from tests.simulator.builders import CLINIC, MONDAY, WORLD

PATIENT = WORLD.patient(31_234_567)
TRAITS = PATIENT.traits
PERSON = Individual(PATIENT.ins, TRAITS)
LATER = MONDAY + timedelta(minutes=30)
FIRST, AGAIN = "E/31234567", "E/31234567/2"
CARD = Evidence("CN")


def an_admission(key: str = FIRST, shown: Evidence | None = CARD, **slip: Any) -> LocalIdentity:
    return LocalIdentity(key, PATIENT, replace(TRAITS, **slip), MONDAY, shown)


@pytest.fixture
def opened(tmp_path: Path, settings: Settings) -> Iterator[list[IdentityOffice]]:
    found: list[IdentityOffice] = []
    yield found
    for office in found:
        office.close()


def an_office(
    opened: list[IdentityOffice], folder: Path, settings: Settings, *admissions: LocalIdentity
) -> IdentityOffice:
    """An office where everybody was admitted."""
    office = open_office(folder, settings, CLINIC, {item.key: item for item in admissions})
    opened.append(office)
    office.admit([item.key for item in admissions])
    return office


def answered(
    office: IdentityOffice, answer: Answer, person: Individual | None = None, key: str = FIRST
) -> None:
    """INSi answers every request of the plan alike."""
    plan = office.search_plan(key)
    while plan.request is not None:
        plan = plan.after(answer)
    office.note(key, plan, person)
    office.settle(LATER)


STATUSES = [  # shown, answer, status
    (CARD, Answer.FOUND, IdentityStatus.QUALIFIED),
    (None, Answer.FOUND, IdentityStatus.RETRIEVED),
    (CARD, Answer.NONE, IdentityStatus.VALIDATED),
    (None, Answer.NONE, IdentityStatus.PROVISIONAL),
]


@pytest.mark.parametrize(("shown", "answer", "status"), STATUSES)
def test_the_status_follows_from_the_document_and_the_answer(
    opened: list[IdentityOffice], tmp_path: Path, settings: Settings,
    shown: Evidence | None, answer: Answer, status: IdentityStatus,
) -> None:  # fmt: skip
    office = an_office(opened, tmp_path, settings, an_admission(shown=shown))
    assert not office.is_settled(FIRST)
    assert office.held(FIRST).outward_ins is None
    answered(office, answer, PERSON if answer is Answer.FOUND else None)
    assert office.is_settled(FIRST)
    assert office.held(FIRST).status is status
    file = office.file()
    assert file.held[FIRST] == office.held(FIRST)
    assert {call for _, call in file.calls} == {Call("SM", answer.value)}
    assert {at for at, _ in file.calls} == {LATER}


def test_a_discrepancy_is_for_the_identity_unit_and_the_matricule_stays_in(
    opened: list[IdentityOffice], tmp_path: Path, settings: Settings
) -> None:
    for shown, status in ((CARD, IdentityStatus.VALIDATED), (None, IdentityStatus.PROVISIONAL)):
        forget_repositories(tmp_path)
        office = an_office(
            opened, tmp_path, settings, an_admission(shown=shown, birth_place="33063")
        )
        answered(office, Answer.FOUND, PERSON)
        assert office.held(FIRST).status is status
        assert office.held(FIRST).outward_ins is None
        assert office.file().work["discrepancy"] == 1
        office.close()


def test_who_comes_again_is_found(
    opened: list[IdentityOffice], tmp_path: Path, settings: Settings
) -> None:
    office = an_office(
        opened,
        tmp_path,
        settings,
        an_admission(),
        an_admission(AGAIN, birth_name=TRAITS.birth_name.title()),
    )
    assert office.is_searched_for(FIRST)
    assert not office.is_searched_for(AGAIN)
    assert office.held(AGAIN).ipp == office.held(FIRST).ipp
    answered(office, Answer.FOUND, PERSON)
    assert office.is_settled(AGAIN)
    assert len(office.file().identities) == 1


def test_a_slip_at_the_second_admission_makes_a_duplicate_that_is_noticed(
    opened: list[IdentityOffice], tmp_path: Path, settings: Settings
) -> None:
    office = an_office(
        opened, tmp_path, settings, an_admission(), an_admission(AGAIN, birth_place="33063")
    )
    assert office.is_searched_for(AGAIN)
    file = office.file()
    assert duplicate_rate(file.identities, file.in_a_duplicate) == Ratio(2, 2)
    assert file.work["duplicate"] == 1


def test_a_fault_leaves_the_identity_open_until_it_is_given_up(
    opened: list[IdentityOffice], tmp_path: Path, settings: Settings
) -> None:
    office = an_office(opened, tmp_path, settings, an_admission())
    answered(office, Answer.RECEIVER_FAULT)
    assert not office.is_settled(FIRST)
    office.give_up(FIRST)
    assert office.is_settled(FIRST)
    assert office.held(FIRST).status is IdentityStatus.VALIDATED
    assert [call.answer for _, call in office.file().calls] == ["fault", "fault"]


NAMES = ["MARTIN/DOUBLON 2", "MARTIN_B", "-MARTIN"]


@pytest.mark.parametrize("name", NAMES)
def test_a_character_without_equivalent_is_never_sent(
    opened: list[IdentityOffice], tmp_path: Path, settings: Settings, name: str
) -> None:
    office = an_office(opened, tmp_path, settings, an_admission(birth_name=name))
    plan = office.search_plan(FIRST)
    assert plan.request is None
    office.note(FIRST, plan)
    office.settle(LATER)
    assert office.is_settled(FIRST)
    assert office.file().work == {"withheld": 1}


def test_a_new_run_starts_with_an_empty_repository(
    opened: list[IdentityOffice], tmp_path: Path, settings: Settings
) -> None:
    an_office(opened, tmp_path, settings, an_admission()).close()
    assert any((tmp_path / FOLDER).iterdir())
    forget_repositories(tmp_path)
    assert open_office(tmp_path, settings, CLINIC, {}).file().identities == ()
