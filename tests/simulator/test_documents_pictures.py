"""Pictures: every patient of every ward has a case that suits, and its sentences are whole."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from kit.world import World
from simulator.documents import draw_case, has_case
from simulator.documents.pictures import pictures
from simulator.documents.terminology import SPECIALTIES
from simulator.streams import Streams

AGES = range(111)


def test_there_are_many_pictures_and_no_two_alike() -> None:
    assert len(pictures()) >= 25
    assert len({picture.diagnosis.code for picture in pictures()}) == len(pictures())
    assert sum(picture.act is not None for picture in pictures()) >= 10


@pytest.mark.parametrize("field", ["01", "02", "03"])
@pytest.mark.parametrize("sex", ["M", "F", "I"])
def test_sex_and_age_always_hold(field: str, sex: str) -> None:
    stream = Streams(1)["cases"]
    by_code = {picture.diagnosis.code: picture for picture in pictures()}
    for age in AGES:
        case = draw_case(stream, sex=sex, age=age, field=field)
        picture = by_code[case.diagnosis.code]
        assert picture.suits(sex, age)
        assert picture.field == field


@pytest.mark.parametrize("sex", ["M", "F"])
def test_a_surgical_stay_has_an_act_at_almost_any_age(sex: str) -> None:
    stream = Streams(1)["cases"]
    assert all(draw_case(stream, sex=sex, age=age, surgical=True).act for age in range(96))


def test_the_ward_and_the_length_of_stay_are_heard() -> None:
    stream = Streams(1)["cases"]
    for _ in range(50):
        case = draw_case(stream, sex="F", age=70, nights=8, specialty="SM04")
        assert case.diagnosis.code in {"I50.1", "I21.1", "I26.9", "I70.2"}


def test_every_ward_of_the_country_has_pictures_of_its_own() -> None:
    wards = {
        (unit.field, unit.specialty)
        for place in World(2026).establishments
        for unit in place.units
        if unit.beds
    }
    pictured = {(p.field, specialty) for p in pictures() for specialty in p.specialties}
    assert wards <= pictured


def test_a_man_has_no_reason_to_be_in_a_maternity_for_a_birth() -> None:
    assert has_case(sex="F", age=30, field="01", specialty="SM51")
    assert not has_case(sex="M", age=30, field="01", specialty="SM51")


def test_every_specialty_has_a_label() -> None:
    assert {specialty for p in pictures() for specialty in p.specialties} <= SPECIALTIES.keys()


def test_the_side_is_told_and_the_same_everywhere() -> None:
    stream = Streams(1)["cases"]
    sides = set()
    for age in (5, 30, 50, 75, 90):
        for sex in ("M", "F"):
            for _ in range(40):
                told = json.dumps(asdict(draw_case(stream, sex=sex, age=age)), ensure_ascii=False)
                assert "{side" not in told
                sides |= {side for side in ("hanche droite", "hanche gauche") if side in told}
    assert sides == {"hanche droite", "hanche gauche"}


def test_results_stay_in_the_range_of_the_picture() -> None:
    stream = Streams(1)["cases"]
    for _ in range(60):
        case = draw_case(stream, sex="M", age=64)
        picture = next(p for p in pictures() if p.diagnosis == case.diagnosis)
        for result, (_, low, high) in zip(case.results, picture.labs, strict=True):
            assert low - 0.5 <= result.value <= high + 0.5
