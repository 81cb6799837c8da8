"""Bearers: the hashes agree with the names as they are written."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from kit.identity import normalized
from kit.world import bearers, names
from kit.world.bearers import Bearers, hash_of
from kit.world.births import stratum
from kit.world.draws import (
    all_scrambled,
    families_of,
    family_key,
    family_of,
    scrambled,
)

SEED = 2026
DAYS = [(date(1917, 3, 1), "M"), (date(1948, 1, 1), "F"), (date(2001, 9, 9), "M")]


def test_many_draws_are_those_of_each() -> None:
    key = family_key(SEED)
    numbers = np.array([0, 1, 35_000_000, 70_000_000, 2**33], dtype=np.uint64)
    together = zip(*(part.tolist() for part in families_of(numbers, key)), strict=True)
    assert list(together) == [tuple(family_of(int(number), key)) for number in numbers]
    assert all_scrambled(numbers, SEED).tolist() == [scrambled(int(n), SEED) for n in numbers]


@pytest.mark.parametrize(("day", "sex"), DAYS, ids=str)
def test_a_hash_is_that_of_the_name(day: date, sex: str) -> None:
    people = stratum(day, sex)
    at_home, abroad = Bearers(SEED, 0)._hashes_of(people)
    key = family_key(SEED)
    for rank in range(people.count):
        family = family_of(people.start + rank, key)
        for hashes, is_abroad in ((at_home, False), (abroad, True)):
            name = normalized(names.birth_name(family, abroad=is_abroad))
            assert int(hashes[rank]) == hash_of(name), name


def test_the_younger_twin_bears_the_name_of_the_elder() -> None:
    ranks = np.arange(10_000, dtype=np.uint64)
    elders = Bearers(SEED, 12).elders(ranks, ranks)
    younger = np.flatnonzero(elders != ranks)
    assert all(younger % 2 == 1)
    assert 35 < len(younger) < 90


def test_a_name_nobody_bears_has_no_candidate_and_days_are_kept_within_bounds() -> None:
    found = Bearers(SEED, 12)
    assert found.ranks(stratum(date(1980, 5, 5), "F"), "HOUILLES") == []
    assert found.ranks(stratum(date(1900, 5, 5), "F"), "MARTIN") == []
    assert found._hashes.cache_info().maxsize == bearers.CACHED_DAYS
