"""The register: numbers given once, and the way back."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from kit.world import births, register
from kit.world.births import Stratum, stratum
from kit.world.register import ORDERS_PER_DAY, SPARE_ORDERS, Register

REGISTER = Register(2026)
DAYS = [
    date(1916, 1, 1),
    date(1919, 7, 14),
    date(1920, 2, 29),
    date(1925, 12, 31),
    date(1968, 1, 1),
    date(1970, 12, 31),
    date(1975, 6, 3),
    date(1976, 6, 3),
    date(2020, 2, 29),
    date(2025, 1, 1),
]


def numbers(people: Stratum) -> list[str]:
    return [REGISTER.birth(people, rank).number for rank in range(people.count)]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("sex", ["F", "M"])
def test_a_number_leads_to_its_only_holder(day: date, sex: str) -> None:
    people = stratum(day, sex)
    given = numbers(people)
    assert len(set(given)) == people.count
    for rank, number in enumerate(given):
        assert list(REGISTER.find(number)) == [(people, rank)]


def test_a_month_gives_no_number_twice_nor_do_two_centuries() -> None:
    for first in (date(1924, 3, 1), date(1990, 1, 1)):
        given: Counter[str] = Counter()
        for days in range(31):
            day = first + timedelta(days=days)
            given.update(numbers(stratum(day, "F")))
            given.update(numbers(stratum(day.replace(year=2024), "F")) if day.year == 1924 else [])
        assert max(given.values()) == 1


def test_the_largest_place_never_runs_out_of_orders() -> None:
    years = range(births.FIRST_YEAR, births.LAST_YEAR + 1)
    days = [date(year, *day) for year in years for day in ((1, 1), (6, 1))]

    def certain(day: date) -> int:
        people = (stratum(day, sex) for sex in "FM")
        return max(found.count - found.uncertain for found in people)

    for places in register._CERTAIN:
        bounds = (0, *places.bounds)
        largest = max(b - a for a, b in pairwise(bounds)) / places.total
        for day in days:
            share = certain(day) * largest
            if (young := day.replace(year=day.year + 100)).year <= births.LAST_YEAR:
                share += certain(young) * largest + 1
            assert share + 1 < ORDERS_PER_DAY


def test_number_and_birth_agree() -> None:
    draw = random.Random(5)
    for _ in range(500):
        people = births.stratum_of(draw.randrange(births.POPULATION))
        birth = REGISTER.birth(people, draw.randrange(people.count))
        assert birth.number[0] == {"M": "1", "F": "2"}[people.sex]
        assert birth.number[1:3] == f"{people.born_on.year % 100:02d}"
        assert birth.number[5:10] == birth.place.nir_code(people.born_on.year)
        assert int(birth.number[10:]) not in SPARE_ORDERS or birth.number[3:5] in {"20", "30"}


def test_uncertain_days_are_written_with_months_that_do_not_exist_and_a_country() -> None:
    people = stratum(date(1950, 1, 1), "M")
    births_of_day = [REGISTER.birth(people, rank) for rank in range(people.count)]
    months = Counter(birth.number[3:5] for birth in births_of_day)
    assert months == {"01": people.count - people.uncertain, "20": people.uncertain}
    assert all(birth.place.is_abroad for birth in births_of_day if birth.number[3:5] == "20")


def test_corsica_was_one_department_before_1976() -> None:
    codes = {1975: set(), 1976: set()}
    for year, seen in codes.items():
        for day in range(28):
            people = stratum(date(year, 2, 1) + timedelta(days=day), "M")
            for rank in range(people.count):
                birth = REGISTER.birth(people, rank)
                if birth.place.cog.startswith("2"):
                    seen.add(birth.number[5:7])
    assert "20" in codes[1975]
    assert not codes[1975] & {"2A", "2B"}
    assert codes[1976] & {"2A", "2B"}
    assert "20" not in codes[1976]


@pytest.mark.parametrize(
    "number",
    [
        "2751399352001",  # month 13
        "2750235238961",  # 31 February
        "2750263220001",  # nobody is born in that place
        "2750235238032",  # not so many are born there in a day
        "3750235238001",  # a first digit nobody has
    ],
)
def test_a_number_nobody_holds_leads_nowhere(number: str) -> None:
    assert list(REGISTER.find(number)) == []


def test_about_one_in_eight_is_born_abroad() -> None:
    people = stratum(date(1980, 9, 12), "F")
    abroad = sum(REGISTER.birth(people, rank).place.is_abroad for rank in range(people.count))
    assert 0.11 < abroad / people.count < 0.15
