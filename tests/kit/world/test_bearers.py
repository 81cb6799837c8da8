"""Bearers: who may bear a name is who bears it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import numpy as np
import pytest

from kit.identity import normalized
from kit.world import names
from kit.world.bearers import Bearers, sources_of
from kit.world.births import Stratum, stratum
from kit.world.draws import family_key, family_of, surnames_of

SEED = 2026
KEY = family_key(SEED)
DAYS = [(date(1917, 3, 1), "M"), (date(1948, 1, 1), "F"), (date(2001, 9, 9), "M")]


def alone(_: Stratum, rank: int) -> int:
    return rank


def test_many_draws_are_those_of_each() -> None:
    numbers = np.array([0, 1, 35_000_000, 70_000_000, 2**33], dtype=np.uint64)
    each = [family_of(int(number), KEY).surname for number in numbers]
    assert surnames_of(numbers, KEY).tolist() == each


@pytest.mark.parametrize(("day", "sex"), DAYS, ids=str)
def test_every_bearer_is_found_and_nobody_else(day: date, sex: str) -> None:
    people, bearers = stratum(day, sex), Bearers(SEED, alone)
    by_name = defaultdict(set)
    for rank in range(people.count):
        family = family_of(people.start + rank, KEY)
        for abroad in (False, True):
            by_name[normalized(names.birth_name(family, abroad=abroad))].add(rank)
    for name, ranks in by_name.items():
        assert bearers.ranks(people, name) == sorted(ranks), name


def test_the_younger_twin_bears_the_name_of_the_elder() -> None:
    people = stratum(date(1980, 5, 5), "F")

    def twins(_: Stratum, rank: int) -> int:
        return rank - rank % 2

    elder = names.birth_name(family_of(people.start + 100, KEY), abroad=False)
    younger = names.birth_name(family_of(people.start + 101, KEY), abroad=False)
    assert {100, 101} <= set(Bearers(SEED, twins).ranks(people, normalized(elder)))
    assert 101 not in Bearers(SEED, twins).ranks(people, normalized(younger))


def test_a_name_is_taken_apart() -> None:
    assert sources_of("DIOP").worldwide
    assert sources_of("DE LA DIOP").worldwide == sources_of("DIOP").worldwide
    assert sources_of("D ORGEMONT").vowels == sources_of("DE L ORGEMONT").vowels != ()
    assert set(sources_of("ABADIE LEFORT").plain) == set(sources_of("ABADIE").plain)


def test_a_name_nobody_bears_has_no_candidate() -> None:
    found = Bearers(SEED, alone)
    assert found.ranks(stratum(date(1980, 5, 5), "F"), "HOUILLES") == []
    assert found.ranks(stratum(date(1900, 5, 5), "F"), "MARTIN") == []
