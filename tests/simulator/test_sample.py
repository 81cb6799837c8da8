"""Sample: a seed gives a stay that can report the kind, and always the same document."""

from __future__ import annotations

import pytest

from simulator.documents import KINDS, EncounterMode
from simulator.establishments import EMERGENCY
from simulator.sample import CannotDraw, Wish, draw_document, draw_stay
from tests.simulator.stays import world


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_document_and_another_seed_another(kind: str) -> None:
    assert draw_document(Wish(kind, 4), world()) == draw_document(Wish(kind, 4), world())
    assert draw_document(Wish(kind, 4), world()).cda != draw_document(Wish(kind, 5), world()).cda


def test_a_report_of_emergencies_comes_from_emergencies() -> None:
    for seed in range(12):
        facts = draw_stay(Wish("CR_URG", seed), world())
        assert facts.unit.care_mode == EMERGENCY
        assert facts.mode is EncounterMode.EMERGENCY
        assert facts.author.specialty == "SM59"


def test_the_person_asked_for_has_something_of_their_age_and_sex() -> None:
    woman = draw_stay(Wish("CRO", 1), world()).patient
    for seed in range(12):
        facts = draw_stay(Wish("LDL", seed, patient=woman.index), world())
        assert facts.patient == woman


def test_a_newborn_has_no_operation_of_an_adult() -> None:
    newborn = next(
        facts.patient
        for facts in (draw_stay(Wish("LDL", seed), world()) for seed in range(400))
        if facts.unit.specialty == "SM87"
    )
    with pytest.raises(CannotDraw, match=f"suits person {newborn.index}"):
        draw_stay(Wish("CRO", 1, patient=newborn.index), world())
