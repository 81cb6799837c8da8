"""Published identities: all there, as published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit.identity import NIA_OID, TEST_OID, is_insi_birth_name, is_insi_first_name, normalized
from kit.world import World, births

WORLD = World(2026)


def test_every_published_identity_is_found_by_traits_and_by_number() -> None:
    assert len(WORLD.published_identities) == 15
    for person in WORLD.published_identities:
        traits = person.traits
        assert person in WORLD.find_patients(traits.birth_date, traits.sex, traits.birth_name)
        assert person in WORLD.find_patients(traits.birth_date, traits.sex)
        assert WORLD.by_matricule(person.ins.matricule) is person
        assert WORLD.patient(person.index) is person
        assert is_insi_birth_name(traits.birth_name)
        assert all(is_insi_first_name(name) for name in traits.first_names)


def test_published_vectors_are_held_as_seen(conformance: Path) -> None:
    for row in json.loads((conformance / "ins" / "nir_vectors.json").read_text()):
        if row["birth_name"] == "DE VINCI":  # not of the test base: number and traits disagree
            continue
        person = WORLD.by_matricule(row["num"] + row["key_seen"])
        assert person is not None
        assert person.ins.oid == row["oid"]
        traits = person.traits
        assert (traits.birth_name, " ".join(traits.first_names)) == (
            row["birth_name"],
            row["first_names"],
        )
        assert (traits.sex, traits.birth_date, traits.birth_place) == (
            row["sex"],
            row["birth_date"],
            row["birth_place_cog"],
        )


def test_only_one_key_is_wrong_and_kept_so() -> None:
    wrong = [p.traits.birth_name for p in WORLD.published_identities if not p.ins.has_valid_key]
    assert wrong == ["HERMANN"]


def test_numbers_agree_with_the_traits_and_with_nobody_else() -> None:
    for person in WORLD.published_identities:
        number, traits = person.ins.number, person.traits
        assert number[0] == {"M": "1", "F": "2"}[traits.sex]
        assert number[1:5] == traits.birth_date[2:4] + traits.birth_date[5:7]
        assert number[5:10] == traits.birth_place
    matricules = [person.ins.matricule for person in WORLD.published_identities]
    assert len(set(matricules)) == len(matricules)
    assert all(
        WORLD._people.holder(person.ins.number) is None for person in WORLD.published_identities
    )


def test_leonardo_is_two_people_until_the_place_is_told() -> None:
    found = list(WORLD.find_patients("2014-02-01", "M", "De Vinci"))
    assert [person.traits.first_name for person in found] == ["LEONARDO", "LEONARDO"]
    assert [person.traits.birth_place for person in found].count("63220") == 1


def test_others_are_alone_with_their_name_and_date() -> None:
    for person in WORLD.published_identities:
        traits = person.traits
        if traits.birth_name != "DE VINCI":
            found = WORLD.find_patients(traits.birth_date, traits.sex, traits.birth_name)
            assert list(found) == [person]


@pytest.mark.parametrize("name", ["HOUILLES", "Houilles"])
def test_houilles_is_in_no_base(name: str) -> None:
    assert list(WORLD.find_patients("1993-01-27", "M", name)) == []
    everybody = WORLD.find_patients("1993-01-27", "M")
    assert not any(normalized(person.traits.birth_name) == "HOUILLES" for person in everybody)


def test_histories_and_authorities_are_as_published() -> None:
    by_name = {(p.traits.birth_name, p.traits.first_name): p for p in WORLD.published_identities}
    ecetinsi = by_name["ECETINSI", "PIERRE-ALAIN"]
    assert [past.matricule for past in ecetinsi.history] == ["209076322083439", "209066322012355"]
    assert WORLD.by_matricule("209076322083439") is ecetinsi
    corse = by_name["CORSE", "ANTHONY"]
    assert corse.history[0].matricule == corse.ins.matricule
    assert by_name["PROVISOIRE", "MATRICULE"].ins.oid == NIA_OID
    assert by_name["PAT-TROIS", "DOMINIQUE"].ins.oid == TEST_OID


def test_there_is_nobody_after_the_published_identities() -> None:
    with pytest.raises(IndexError):
        WORLD.patient(births.TOTAL + 15)
