"""Names: plausible, many, and as INSi writes them."""

from __future__ import annotations

from collections import Counter

from kit.identity import is_insi_birth_name, is_insi_first_name
from kit.world import given_names, names, surnames
from kit.world.draws import drawing, family_key, family_of

DRAW = drawing(2026, "test of names")
SAMPLE = [DRAW(number) for number in range(5_000)]
FAMILIES = [family_of(number, family_key(2026)) for number in range(30_000)]


def test_birth_names_are_as_insi_takes_them() -> None:
    for family in FAMILIES[:10_000]:
        for abroad in (False, True):
            name = names.birth_name(family, abroad=abroad)
            assert is_insi_birth_name(name), name


def test_there_are_more_than_ten_thousand_birth_names_and_none_is_common() -> None:
    counts = Counter(names.birth_name(family, abroad=False) for family in FAMILIES)
    assert len(counts) > 10_000
    assert counts.most_common(1)[0][1] < 0.004 * len(FAMILIES)


def test_some_names_are_double_or_have_a_particle_or_an_apostrophe() -> None:
    found = [names.birth_name(family, abroad=False) for family in FAMILIES]
    joined = sum("-" in name or " " in name for name in found) / len(found)
    assert 0.04 < joined < 0.08
    assert any("--" in name for name in found)
    assert any(name.startswith("D'") for name in found)


def test_first_names_are_as_insi_takes_them_and_not_repeated() -> None:
    for number, draws in enumerate(SAMPLE):
        sex, year = ("F", "M")[number % 2], 1916 + number % 110
        found = names.first_names(draws, sex=sex, year=year, abroad=number % 7 == 0)
        assert 1 <= len(found) <= 4
        assert len(set(found)) == len(found)
        assert all(is_insi_first_name(name) for name in found), found


def test_a_twin_has_another_first_name() -> None:
    for draws in SAMPLE[:500]:
        own = names.first_names(draws, sex="F", year=1975, abroad=False)[0]
        other = names.first_names(draws, sex="F", year=1975, abroad=False, other_than=own)[0]
        assert other != own


def test_first_names_follow_the_decade() -> None:
    def most_given(year: int) -> str:
        drawn = (names.first_names(d, sex="M", year=year, abroad=False)[0] for d in SAMPLE)
        return Counter(drawn).most_common(1)[0][0]

    assert most_given(1932) == "JEAN"
    assert most_given(2021) == "GABRIEL"


def test_tables_are_large_enough_and_without_repetition() -> None:
    for table in (given_names.MEN, given_names.WOMEN):
        assert sorted(table) == list(range(1920, 2030, 10))
        assert all(len(set(row)) == len(row) >= 40 for row in table.values())
    for table_of_names in (surnames.PLAIN, surnames.WORLDWIDE, surnames.ONSETS, surnames.ENDINGS):
        assert len(set(table_of_names)) == len(table_of_names)
    assert len(surnames.PLAIN) >= 600


def test_names_of_published_identities_and_of_nobody_are_not_invented_again() -> None:
    kept_apart = {"HOUILLES", "ADRUN", "ADRTROIS", "ECETINSI", "PROVISOIRE", "TCHITCHI"}
    kept_apart |= {"CORSE", "HERMANN", "NESSI", "ADRDEUX", "DE VINCI", "PAT-TROIS"}
    composed = {
        onset + middle + ending
        for onset in surnames.ONSETS
        for middle in surnames.MIDDLES
        for ending in surnames.ENDINGS
    }
    assert not kept_apart & {*composed, *surnames.PLAIN, *surnames.WORLDWIDE, *surnames.VOWELS}
    assert "VINCI" not in composed | set(surnames.PLAIN)
