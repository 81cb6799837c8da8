"""Detection: one person twice, two persons of one name, one identity for two."""

from __future__ import annotations

from typing import Any

import pytest

from kit.identity import IdentityStatus
from simulator.rniv import vigilance
from simulator.rniv.detection import CLUES, Likeness, compare, holds_two_persons
from simulator.rniv.record import Complement, Identity
from tests.simulator.rniv.builders import (
    AT,
    CLERK,
    NUMBER,
    OTHER_NUMBER,
    TRAITS,
    a_trait,
    an_identity,
)


def typed(**changes: Any) -> Identity:
    return vigilance.create("IPP2", a_trait(**changes), at=AT)


DUPLICATE, NOTHING = Likeness.POTENTIAL_DUPLICATE, Likeness.NOTHING
PAIRS: list[tuple[str, dict[str, Any], Likeness]] = [
    ("the same again", {}, DUPLICATE),
    ("two letters swapped", {"birth_name": "NESIS"}, DUPLICATE),
    ("day and month swapped", {"birth_date": "1977-07-14"}, DUPLICATE),
    ("one digit apart", {"birth_date": "1977-07-15"}, DUPLICATE),
    ("first names in another order", {"first_names": ("ANNE-SOPHIE", "RUTH")}, DUPLICATE),
    ("one of a compound", {"first_names": ("ANNE",)}, DUPLICATE),
    ("another sex", {"sex": "M"}, DUPLICATE),
    ("another place", {"birth_place": "35238"}, DUPLICATE),
    ("a twin: same name, date and place", {"first_names": ("MIRIAM",)}, NOTHING),
    ("a namesake of another age", {"birth_date": "1990-01-20"}, NOTHING),
    ("a person of the same day", {"birth_name": "OBI", "first_names": ("LEO",)}, NOTHING),
]


@pytest.mark.parametrize(("_", "changes", "expected"), PAIRS)
def test_a_slip_is_a_duplicate_and_a_twin_is_none(
    _: str, changes: dict[str, Any], expected: Likeness
) -> None:
    found = compare(an_identity(), typed(**changes))
    assert found.likeness is expected
    assert found.score == sum(clue.points for clue in CLUES if clue.name in found.clues)


def test_a_score_has_no_order() -> None:
    for _, changes, _ in PAIRS:
        one, other = an_identity(), typed(**changes)
        assert compare(one, other) == compare(other, one)


def test_a_day_and_month_swapped_are_seen() -> None:
    one = vigilance.create("1", a_trait(birth_date="1984-03-11"), at=AT)
    found = compare(one, typed(birth_date="1984-11-03"))
    assert "day and month swapped" in found.clues
    assert found.likeness is DUPLICATE


def test_the_used_name_typed_as_birth_name_is_a_duplicate() -> None:
    known = vigilance.amend(an_identity(), Complement("MARTIN"), at=AT, by=CLERK)
    assert compare(known, typed(birth_name="MARTIN")).likeness is DUPLICATE
    assert compare(an_identity(), typed(birth_name="MARTIN")).likeness is NOTHING


RETRIEVED = IdentityStatus.RETRIEVED


def test_one_matricule_is_one_person_and_two_are_two() -> None:
    one = an_identity(RETRIEVED)
    same = an_identity(RETRIEVED, ipp="IPP2", ins=NUMBER)
    other = an_identity(RETRIEVED, ipp="IPP2", ins=OTHER_NUMBER)
    assert compare(one, same).likeness is Likeness.PROVEN_DUPLICATE
    assert compare(one, other).likeness is Likeness.HOMONYMS


def test_traits_replaced_by_another_person_are_a_potential_collision() -> None:
    slip = vigilance.edit_traits(an_identity(), a_trait(birth_name="NESIS"), at=AT, by=CLERK)
    assert holds_two_persons(slip) is NOTHING
    other = a_trait(birth_name="OBI", first_names=("LEO",), birth_date="1950-01-30", sex="M")
    mixed = vigilance.edit_traits(an_identity(), other, at=AT, by=CLERK)
    assert holds_two_persons(mixed) is Likeness.POTENTIAL_COLLISION
    assert mixed.former_traits == (TRAITS,)
