"""Patients: pure, consistent, found again."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.fr import nir

from kit.identity import (
    NIA_OID,
    TEST_OID,
    completed_date,
    is_insi_birth_name,
    is_insi_first_name,
    normalized,
    unaccented,
)
from kit.world import World
from kit.world.births import POPULATION

WORLD = World(2026)
SAMPLE = [WORLD.patient(index) for index in range(17, POPULATION, 7001)]
INDICES = st.integers(min_value=0, max_value=POPULATION - 1)


@given(INDICES)
@settings(max_examples=100, deadline=None)
def test_a_person_is_the_same_each_time_and_found_by_their_matricule(index: int) -> None:
    person = WORLD.patient(index)
    assert person == World(2026).patient(index)
    assert person.index == index
    assert WORLD.by_matricule(person.ins.matricule) == person


@given(INDICES)
@settings(max_examples=40, deadline=None)
def test_a_person_is_found_by_traits(index: int) -> None:
    person = WORLD.patient(index)
    traits = person.traits
    named = list(WORLD.find_patients(traits.birth_date, traits.sex, traits.birth_name.lower()))
    assert person in named
    assert {normalized(found.traits.birth_name) for found in named} == {
        normalized(traits.birth_name)
    }


def test_a_search_by_name_finds_who_a_search_without_it_finds() -> None:
    everybody = list(WORLD.find_patients("1954-01-01", "F"))
    assert 500 < len(everybody) < 2000
    assert len({person.ins.matricule for person in everybody}) == len(everybody)
    for name in {person.traits.birth_name for person in everybody[::97]}:
        named = [p for p in everybody if normalized(p.traits.birth_name) == normalized(name)]
        assert list(WORLD.find_patients("1954-01-01", "F", name)) == named


def test_another_seed_gives_other_people() -> None:
    other = World(7)
    assert (
        sum(other.patient(i).traits == WORLD.patient(i).traits for i in range(0, 10**6, 9973)) < 2
    )


def test_numbers_and_names_are_valid() -> None:
    for person in SAMPLE:
        assert person.ins.oid == (NIA_OID if person.is_waiting else TEST_OID)
        assert nir.is_valid(person.ins.matricule), person.ins
        assert is_insi_birth_name(person.traits.birth_name)
        assert all(is_insi_first_name(name) for name in person.traits.first_names)


def test_indices_follow_birth_dates_then_sexes() -> None:
    order = [(completed_date(p.traits.birth_date), p.traits.sex) for p in SAMPLE]
    assert order == sorted(order)


def test_most_records_are_open_and_a_few_are_not() -> None:
    states = Counter(person.record.state for person in SAMPLE)
    assert states["open"] / len(SAMPLE) > 0.95
    assert 0 < states["none"] < 0.03 * len(SAMPLE)
    assert 0 < states["closed"] < 0.03 * len(SAMPLE)
    opposed = [person for person in SAMPLE if person.record.opposed_to_feeding]
    assert 0 < len(opposed) < 0.02 * len(SAMPLE)
    assert sum(person.record.attached_to_mes for person in SAMPLE) > 0.94 * len(SAMPLE)


def test_a_few_have_a_past_number_that_still_leads_to_them() -> None:
    with_past = [person for person in SAMPLE if person.history]
    assert 0.002 < len(with_past) / len(SAMPLE) < 0.009
    temporary = [person for person in with_past if person.history[0].matricule[0] in "78"]
    assert temporary
    assert {person.history[0].oid for person in temporary} == {TEST_OID}
    for person in with_past:
        assert person.history[0].has_valid_key
        assert WORLD.by_matricule(person.history[0].matricule) == person


def test_a_temporary_number_that_was_never_given_leads_nowhere() -> None:
    person = next(p for p in SAMPLE if not p.history and p.traits.sex == "M")
    number = "7" + person.ins.number[1:]
    assert WORLD.by_matricule(type(person.ins).of(number, TEST_OID).matricule) is None


def test_a_wrong_key_or_shape_finds_nobody() -> None:
    person = SAMPLE[100]
    wrong = person.ins.number + ("01" if person.ins.key != "01" else "02")
    assert WORLD.by_matricule(wrong) is None
    assert WORLD.by_matricule("") is None
    assert WORLD.by_matricule("A" * 15) is None


def test_a_few_born_abroad_have_a_waiting_number_and_no_record() -> None:
    waiting = [person for person in SAMPLE if person.is_waiting]
    assert 0.0015 < len(waiting) / len(SAMPLE) < 0.0045
    for person in waiting:
        assert person.traits.birth_place.startswith("99")
        assert (person.record.state, person.history) == ("none", ())
        assert WORLD.by_matricule(person.ins.matricule) == person


def test_an_incomplete_date_is_found_as_written_and_as_completed() -> None:
    found = [
        p for p in WORLD.find_patients("1955-12-31", "F") if p.traits.birth_date[5:] != "12-31"
    ]
    assert {person.traits.birth_date for person in found} == {"1955-00-00"}
    assert all(person.traits.birth_place.startswith("99") for person in found)
    assert all(person.ins.number[3:5] == "30" for person in found)
    person = found[0]
    for day in ("1955-12-31", "1955-00-00"):
        assert person in WORLD.find_patients(day, "F", person.traits.birth_name)
    firsts = {p.traits.birth_date for p in WORLD.find_patients("1950-06-01", "M")}
    assert firsts == {"1950-06-01", "1950-06-00"}


def test_a_newborn_of_a_day_to_come_is_a_person_too() -> None:
    newborns = WORLD.born_between(date(2026, 2, 3), date(2026, 2, 3))
    child = WORLD.patient(newborns[5])
    assert child.traits.birth_date == "2026-02-03"
    assert child in WORLD.find_patients("2026-02-03", child.traits.sex, child.traits.birth_name)
    assert WORLD.by_matricule(child.ins.matricule) == child


def test_what_people_write_has_accents_and_comes_back_without() -> None:
    assert all(unaccented(person.civil_name) == person.traits.birth_name for person in SAMPLE)
    for person in SAMPLE[:3000]:
        assert tuple(map(unaccented, person.civil_first_names)) == person.traits.first_names
    accented = sum(person.civil_name != person.traits.birth_name for person in SAMPLE)
    assert 0.03 < accented / len(SAMPLE) < 0.12
    assert any("Œ" in p.civil_name or "’" in p.civil_name for p in SAMPLE)


def test_two_people_rarely_share_all_traits_but_the_place() -> None:
    alike = everybody = 0
    for month in range(1, 13):
        people = list(WORLD.find_patients(f"1971-{month:02d}-11", "F"))
        keys = Counter((p.traits.birth_name, p.traits.first_name) for p in people)
        alike += sum(count for count in keys.values() if count > 1)
        everybody += len(people)
    assert 0.0003 < alike / everybody < 0.006


def test_twins_share_name_date_and_place_but_not_the_first_name() -> None:
    people = list(WORLD.find_patients("1985-10-03", "M"))
    pairs = [
        (one, two)
        for one, two in pairwise(people)
        if one.traits.birth_name == two.traits.birth_name
    ]
    assert 1 <= len(pairs) < 0.03 * len(people)
    assert all(one.traits.first_name != two.traits.first_name for one, two in pairs)
    assert any(one.traits.birth_place == two.traits.birth_place for one, two in pairs)


@pytest.mark.parametrize(
    "birth_date", ["1985-02-30", "1985-31-42", "1885-01-01", "19850501", "not a date"]
)
def test_nobody_is_found_on_a_day_that_is_none(birth_date: str) -> None:
    assert list(WORLD.find_patients(birth_date, "M")) == []


def test_some_women_use_another_name() -> None:
    women = [p for p in SAMPLE if p.traits.sex == "F" and p.traits.birth_date < "1980"]
    assert 0.3 < sum(p.used_name != p.traits.birth_name for p in women) / len(women) < 0.6


def test_indices_of_an_age_group() -> None:
    group = WORLD.born_between(date(2025, 1, 1), date(2025, 12, 31))
    assert WORLD.patient(group[0]).traits.birth_date == "2025-01-01"
    assert WORLD.patient(group[-1]).traits.birth_date == "2025-12-31"


def test_thousands_of_people_are_derived_in_a_second() -> None:
    before = time.process_time()
    for index in range(0, POPULATION, 35_000):
        WORLD.patient(index)
    assert 2000 / (time.process_time() - before) > 3000  # a floor that a busy machine holds too
