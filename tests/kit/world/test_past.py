"""The past: numbers and traits people no longer have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from kit.identity import IdentityTraits
from kit.world import Patient, World, past
from kit.world.births import Stratum, stratum
from kit.world.register import Register

WORLD = World(2026)


def changed(count: int, *, kind: str) -> list[Patient]:
    """The first people whose past is of that kind."""
    found: list[Patient] = []
    index = 40_000_000
    while len(found) < count:
        index += 1
        draws = WORLD._people._draw(index)
        is_likely = draws.history % 10_000 < past.OTHER_SEX or draws.former % 10_000 < 30
        person = WORLD.patient(index) if is_likely else None
        if person and person.former_traits and kind == kind_of(person, person.former_traits[0]):
            found.append(person)
    return found


def kind_of(person: Patient, before: IdentityTraits) -> str:
    if before.sex != person.traits.sex:
        return "sex"
    return "name" if before.birth_name != person.traits.birth_name else "first name"


def test_a_corrected_sex_leaves_the_number_of_the_other_one() -> None:
    for person in changed(3, kind="sex"):
        (number,) = person.history
        assert number.number == past.of_other_sex(person.ins.number)
        assert number.has_valid_key
        assert WORLD.by_matricule(number.matricule) == person
        assert person.former_traits[0].birth_name == person.traits.birth_name


def test_a_number_somebody_has_is_never_a_past_one() -> None:
    class AllTaken(Register):
        def find(self, number: str) -> Iterator[tuple[Stratum, int]]:
            yield people, 0

    person, people = changed(1, kind="sex")[0], stratum(date(1980, 6, 6), "M")
    draws = WORLD._people._draw(person.index)
    birth = Register(2026).birth(people, 0)
    found = past.of(birth, draws, person.traits, AllTaken(2026), is_waiting=False)
    assert found == past.NOTHING


def test_a_change_of_name_keeps_the_number() -> None:
    for kind in ("name", "first name"):
        person = changed(1, kind=kind)[0]
        before = person.former_traits[0]
        assert person.history == ()
        assert (before.sex, before.birth_date, before.birth_place) == (
            person.traits.sex,
            person.traits.birth_date,
            person.traits.birth_place,
        )
        assert before != person.traits


def test_about_four_in_a_thousand_changed_their_civil_identity() -> None:
    people = [WORLD.patient(index) for index in range(0, 70_000_000, 7001)]
    share = sum(bool(person.former_traits) for person in people) / len(people)
    assert 0.002 < share < 0.006
