"""The calendar of births: index to stratum and back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.world import births
from kit.world.births import POPULATION, TOTAL, born_between, stratum, stratum_of


def test_strata_follow_each_other_without_gap_from_first_to_last() -> None:
    day, expected = date(births.FIRST_YEAR, 1, 1), 0
    while day.year <= births.LAST_YEAR:
        for sex in ("F", "M"):
            found = stratum(day, sex)
            assert found.start == expected
            expected += found.count
        day += timedelta(days=1)
        if day == date(2026, 1, 1):
            assert expected == POPULATION
    assert expected == TOTAL


@given(st.integers(min_value=0, max_value=TOTAL - 1))
@settings(max_examples=300, deadline=None)
def test_an_index_is_in_its_stratum(index: int) -> None:
    assert index in stratum_of(index).indices


@pytest.mark.parametrize("index", [-1, TOTAL])
def test_nobody_is_out_of_the_population(index: int) -> None:
    with pytest.raises(IndexError, match="no person"):
        stratum_of(index)


def test_nobody_is_born_out_of_the_years_or_of_another_sex() -> None:
    assert stratum(date(1915, 12, 31), "F").count == 0
    assert stratum(date(2031, 1, 1), "M").count == 0
    assert stratum(date(1980, 1, 1), "I").count == 0


def test_only_the_ends_of_a_year_hold_uncertain_days() -> None:
    ends = [stratum(date(1960, *day), "M") for day in ((1, 1), (12, 31))]
    usual = stratum(date(1960, 1, 2), "M")
    assert usual.uncertain == 0
    assert all(0 < end.uncertain < end.count for end in ends)
    assert all(1.4 < end.count / usual.count < 1.6 for end in ends)


def test_who_is_born_between_two_days() -> None:
    week = born_between(date(1990, 5, 1), date(1990, 5, 7))
    assert stratum_of(week[0]).born_on == date(1990, 5, 1)
    assert stratum_of(week[-1]).born_on == date(1990, 5, 7)
    assert len(born_between(date(1900, 1, 1), date(2100, 1, 1))) == TOTAL
    assert len(born_between(date(1990, 5, 7), date(1990, 5, 1))) == 0


def test_men_are_fewer_among_the_old() -> None:
    def share(year: int) -> float:
        men, women = (stratum(date(year, 6, 1), sex).count for sex in ("M", "F"))
        return men / (men + women)

    assert share(1930) < 0.40 < share(1950) < 0.5 < share(2020)


def test_newborns_follow_the_population_day_by_day() -> None:
    first = stratum(date(2026, 1, 1), "F")
    assert first.start == POPULATION
    assert stratum(date(2026, 12, 31), "M").uncertain == 0
    assert 600_000 < len(born_between(date(2026, 1, 1), date(2026, 12, 31))) < 700_000


def test_a_day_and_sex_hold_two_thousand_people_at_most() -> None:
    ends = [stratum(date(year, 1, 1), sex).count for year in range(1916, 2031) for sex in "FM"]
    assert 1700 < max(ends) < 2000
