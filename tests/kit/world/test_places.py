"""Places: the tables are sane."""

from __future__ import annotations

from kit.identity import is_cog
from kit.world import places


def test_codes_are_unique_and_well_shaped() -> None:
    cogs = [place.cog for place in (*places.COMMUNES, *places.COUNTRIES)]
    assert len(set(cogs)) == len(cogs)
    assert all(is_cog(cog) for cog in cogs)
    assert len(places.COMMUNES) >= 300
    assert len(places.COUNTRIES) >= 25


def test_codes_in_a_nir_are_unique_before_and_after_corsica_was_split() -> None:
    for year in (1975, 1976):
        codes = [place.nir_code(year) for place in (*places.COMMUNES, *places.COUNTRIES)]
        assert len(set(codes)) == len(codes)


def test_every_region_has_departments_and_every_department_communes() -> None:
    assert {row.region for row in places.DEPARTMENTS.values()} == set(places.REGIONS)
    assert len(places.DEPARTMENTS) == 101
    assert all(row.communes for row in places.DEPARTMENTS.values())
    for row in places.DEPARTMENTS.values():
        assert all(commune.cog.startswith(row.code) for commune in row.communes)


def test_large_cities_are_their_arrondissements() -> None:
    cogs = {place.cog for place in places.COMMUNES}
    assert not cogs & {"75056", "69123", "13055"}
    assert {"75101", "75120", "69381", "69389", "13201", "13216"} <= cogs


def test_the_name_of_a_place() -> None:
    assert places.name_of("35238") == "RENNES"
    assert places.name_of("99350") == "MAROC"
    assert places.name_of("63220") == "MAZOIRES"
    assert places.name_of("00000") == ""


def test_a_department_by_label_name_or_code() -> None:
    found = [
        places.department_of(text) for text in ("Ille-et-Vilaine (35)", "Ille-et-Vilaine", "35")
    ]
    assert [row.label if row else "" for row in found] == ["Ille-et-Vilaine (35)"] * 3
    assert places.department_of("Nulle part (00)") is None


def test_a_share_falls_on_a_place_by_its_weight() -> None:
    homes = places.HOMES
    assert homes.at(0) == homes.places[0]
    assert homes.at(homes.total - 1) == homes.places[-1]
