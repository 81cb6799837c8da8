"""Structures and professionals: coherent, unique, with valid numbers."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest

from kit.identity import is_finess, valid_finess, valid_rpps
from kit.world import World
from kit.world.professionals import PATHOLOGIST
from kit.world.structures import Establishment, slug

WORLD = World(2026)
BEDS = {"CHR": range(1000, 1500), "CH": range(200, 450), "CLINIQUE": range(100, 200)}


def test_there_are_enough_establishments_of_each_kind_in_several_regions() -> None:
    kinds = Counter(establishment.kind for establishment in WORLD.establishments)
    assert (kinds["CHR"] >= 3, kinds["CH"] >= 7, kinds["CLINIQUE"] >= 8) == (True, True, True)
    assert len({establishment.region for establishment in WORLD.establishments}) >= 10


def test_finess_numbers_are_test_ones_unique_and_valid() -> None:
    numbers = [n for e in WORLD.establishments for n in (e.finess_ej, e.finess_eg)]
    assert len(set(numbers)) == len(numbers)
    assert all(is_finess(number) and valid_finess(number) for number in numbers)
    assert all(re.fullmatch(r"[01]B9[0-9]{6}", number) for number in numbers)


@pytest.mark.parametrize("establishment", WORLD.establishments, ids=lambda e: e.name)
def test_an_establishment_holds_together(establishment: Establishment) -> None:
    assert WORLD.establishment(establishment.finess_ej) is establishment
    assert WORLD.establishment(establishment.finess_eg) is establishment
    assert establishment.beds in BEDS[establishment.kind]
    codes = [unit.code for unit in establishment.units]
    assert len(set(codes)) == len(codes)
    assert all(establishment.unit(code) for code in codes)
    assert establishment.unit("NONE") is None
    assert all(0 <= unit.beds <= 30 for unit in establishment.units)
    assert establishment.sector == ("SA04" if establishment.kind == "CLINIQUE" else "SA01")
    assert re.fullmatch(r"[a-z0-9-]+\.formation\.mssante\.fr", establishment.mssante_domain)


def test_names_domains_and_oids_are_unique() -> None:
    for field in ("name", "oid", "mssante_domain", "phone"):
        values = {getattr(establishment, field) for establishment in WORLD.establishments}
        assert len(values) == len(WORLD.establishments)


def test_units_use_codes_of_the_published_lists(conformance: Path) -> None:
    lists = json.loads((conformance / "ror" / "codes" / "ror-nos-codes.json").read_text())
    modes = lists["complete"]["TRE_R213-ModePriseEnCharge"]
    fields = lists["complete"]["TRE_R227-ChampActivite"]
    regions = lists["partial"]["TRE_R30-RegionOM"]
    for establishment in WORLD.establishments:
        assert establishment.region in regions
        for unit in establishment.units:
            assert unit.care_mode in modes
            assert unit.field in fields
            assert re.fullmatch(r"[0-9]{3}", unit.activity)


def test_specialties_are_those_of_the_published_list(conformance: Path) -> None:
    path = conformance / "cda" / "jeuxDeValeurs" / "JDV_J01_XdsAuthorSpecialty_CISIS.xml"
    codes = {element.get("code") for element in ElementTree.parse(path).iter()}
    doctors = [*WORLD.correspondents("53"), *WORLD.professionals(WORLD.establishments[0].finess_eg)]
    used = {f"G15_{person.profession}/{person.specialty}".rstrip("/") for person in doctors}
    assert used <= codes


def test_each_unit_has_several_doctors_and_a_nurse() -> None:
    for establishment in WORLD.establishments:
        staff = WORLD.professionals(establishment.finess_ej)
        assert staff == WORLD.professionals(establishment.finess_eg)
        doctors = Counter(person.unit for person in staff if person.profession == "10")
        assert set(doctors) == {unit.code for unit in establishment.units}
        assert min(doctors.values()) >= 2
        assert all(person.mailbox.endswith("@" + establishment.mssante_domain) for person in staff)
        for person in staff:
            unit = establishment.unit(person.unit)
            assert unit is not None
            own = (
                (unit.specialty, PATHOLOGIST) if unit.code.startswith("LABO") else (unit.specialty,)
            )
            assert person.specialty in (own if person.profession == "10" else ("",))


def test_professionals_have_unique_test_numbers_and_mailboxes() -> None:
    staff = [p for e in WORLD.establishments for p in WORLD.professionals(e.finess_eg)]
    in_town = [
        p for code in {e.region for e in WORLD.establishments} for p in WORLD.correspondents(code)
    ]
    people = [*staff, *in_town]
    assert len({person.rpps for person in people}) == len(people)
    assert len({person.mailbox for person in people}) == len(people)
    for person in people:
        assert valid_rpps(person.rpps)
        assert person.rpps.startswith("997")
        assert re.fullmatch(r"[a-z0-9.-]+@[a-z0-9.-]+\.formation\.mssante\.fr", person.mailbox)
        assert WORLD.professional(person.rpps) is person


def test_correspondents_of_a_region_or_of_a_department() -> None:
    region = WORLD.correspondents("53")
    department = WORLD.correspondents("Ille-et-Vilaine (35)")
    assert set(department) < set(region)
    assert WORLD.correspondents("35") == department
    assert {person.department for person in WORLD.correspondents("Mayenne (53)")} == {
        "Mayenne (53)"
    }
    assert WORLD.correspondents("nowhere") == ()
    assert all(person.finess_eg == "" == person.unit for person in region)


def test_who_is_unknown_is_nobody() -> None:
    assert WORLD.establishment("000000000") is None
    assert WORLD.professionals("000000000") == ()
    assert WORLD.professional("00000000000") is None


def test_the_same_seed_gives_the_same_staff() -> None:
    again = World(2026)
    finess = WORLD.establishments[3].finess_eg
    assert again.professionals(finess) == WORLD.professionals(finess)
    assert World(7).professionals(finess) != WORLD.professionals(finess)


def test_a_slug_is_ascii() -> None:
    assert slug("CH de l'Anse-aux-Écluses") == "ch-de-l-anse-aux-ecluses"
