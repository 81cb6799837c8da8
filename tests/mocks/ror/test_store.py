"""ROR store: the derived base, what is laid over it, and searching both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from kit.clock import FixedClock
from kit.database import Database
from kit.fhir import read_query
from kit.settings import Settings
from kit.world import World, world_of
from mocks.ror.messages.capacity import read_capacities
from mocks.ror.messages.location import identifiers, sync_id
from mocks.ror.store import Directory, Store
from mocks.ror.store.derived import REFERENCE_AT, TWIN_CODE, derive
from tests.mocks.ror.builders import AT, a_capacity
from tests.postgresql import database_settings


@pytest.fixture(params=["sqlite", "postgresql"])
def stored(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    with database_settings(request.param, settings) as chosen:
        database = Database(chosen, "ror")
        database.create(Store.tables)
        yield Store(database, world_of(chosen), chosen.seed)
        database.close()


@pytest.fixture
def store(settings: Settings) -> Store:
    database = Database(settings, "ror")
    database.create(Store.tables)
    return Store(database, world_of(settings), settings.seed)


def ids(directory: Directory, kind: str, *parameters: tuple[str, str]) -> set[str]:
    found = directory.find(read_query(kind, [*parameters, ("_count", "200")]))
    return {resource["id"] for resource in found.matches}


def total(directory: Directory, kind: str, *parameters: tuple[str, str]) -> int:
    return directory.find(read_query(kind, [*parameters, ("_count", "0")])).total


def test_the_base_is_a_function_of_the_seed() -> None:
    world = World(2026)
    first, again, other = (list(derive(world, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len({(item["resourceType"], item["id"]) for item in first}) == len(first)


def test_every_unit_has_one_offer_at_one_place(store: Store) -> None:
    units = [unit for row in World().establishments for unit in row.units]
    with store.open() as directory:
        assert total(directory, "HealthcareService") == len(units)
        assert total(directory, "Location") == len(units) + 2
        assert total(directory, "Organization") == len(units) + 2 * len(World().establishments)


def test_most_offers_are_fresh_and_complete_and_some_are_not(store: Store) -> None:
    year_ago = (REFERENCE_AT - timedelta(days=365)).isoformat()
    with store.open() as directory:
        everything = total(directory, "HealthcareService")
        old = total(directory, "HealthcareService", ("_lastUpdated", f"lt{year_ago}"))
    assert 0.03 < old / everything < 0.25


def test_a_ward_has_beds_installed_and_available(store: Store) -> None:
    establishment = World().establishments[0]
    unit = next(unit for unit in establishment.units if unit.care_mode == "28")
    with store.open() as directory:
        (location,) = directory.locations(sync_id(establishment.finess_eg, unit.code), AT)
        assert directory.owners(location) == (establishment.finess_ej, establishment.finess_eg)
    first, second = read_capacities(location)
    assert (first.capacity_status, first.nb_capacity) == ("01", unit.beds)
    assert second.capacity_status == "02"
    assert second.nb_capacity <= unit.beds


def test_a_place_is_found_by_either_identifier_and_twins_by_one(store: Store) -> None:
    establishment = World().establishments[0]
    with store.open() as directory:
        twins = directory.locations(sync_id(establishment.finess_eg, TWIN_CODE), AT)
        assert len(twins) == 2
        unique = identifiers(twins[0])["25"]
        assert [item["id"] for item in directory.locations(unique, AT)] == [twins[0]["id"]]


def test_what_was_written_is_read_again_with_its_version(stored: Store, clock: FixedClock) -> None:
    establishment = World().establishments[0]
    identifier = sync_id(establishment.finess_eg, establishment.units[-1].code)
    with stored.open() as directory:
        (location,) = directory.locations(identifier, clock.now())
        directory.update_beds(location, (a_capacity(),), clock.now())
    with stored.open() as directory:
        (again,) = directory.locations(identifier, clock.now())
        assert again["meta"]["versionId"] == "2"
        assert read_capacities(again) == (a_capacity(),)
        assert directory.get("Location", location["id"]) == again


def test_criteria_on_capacity_hold_on_the_same_block(store: Store) -> None:
    with store.open() as directory:
        location = directory.find(read_query("Location", [("capacity-status", "02")])).matches[0]
        installed, available = (block.nb_capacity for block in read_capacities(location))
        assert available < installed
        found = ids(
            directory,
            "Location",
            ("_id", location["id"]),
            ("capacity-status", "02"),
            ("nb-capacity", f"ge{installed}"),
        )
        assert found == set()
        crossed = ("nb-capacity", f"eq{installed}"), ("capacity-status", "01")
        assert ids(directory, "Location", ("_id", location["id"]), *crossed) == {location["id"]}


def test_a_chain_and_above_walk_to_the_establishment(store: Store) -> None:
    establishment = World().establishments[4]
    with store.open() as directory:
        of_site = total(
            directory,
            "HealthcareService",
            ("organization.identifier:above", f"1{establishment.finess_eg}"),
        )
        of_entity = total(
            directory,
            "HealthcareService",
            ("organization.identifier:above", f"1{establishment.finess_ej}"),
        )
        direct = ("organization.identifier", f"1{establishment.finess_ej}")
        assert total(directory, "HealthcareService", direct) == 0
    assert of_site == of_entity == len(establishment.units)


SEARCHES = [
    ("Organization", ("type", "101"), 4),
    ("Organization", ("type:not", "4"), 40),
    ("Organization", ("identifier", "https://finess.esante.gouv.fr|0B9001005"), 1),
    ("Organization", ("identifier:of-type", "https://mos.esante.gouv.fr/NOS/TRE_G07-TypeIdentifiant"
     "Structure/FHIR/TRE-G07-TypeIdentifiantStructure|1|0B9001005"), 1),
    ("Organization", ("name:exact", "CH de Mérindelle"), 2),
    ("Organization", ("name", "ch de merin"), 2),
    ("Organization", ("address-city", "valombreuse"), 4),
    ("Organization", ("address-postalcode", "3500"), 6),
    ("HealthcareService", ("specialty", "233,227"), None),
    ("HealthcareService", ("characteristic", "|28"), 0),
    ("Location", ("commune-cog", "35238"), None),
    ("Location", ("status", "active"), None),
    ("Location", ("_tag", "04"), None),
    ("Location", ("capacity-update-date", "lt2020"), 0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "parameter", "expected"), SEARCHES)
def test_a_parameter_finds_what_it_says(
    store: Store, kind: str, parameter: tuple[str, str], expected: int | None
) -> None:
    with store.open() as directory:
        found, everything = total(directory, kind, parameter), total(directory, kind)
    assert found == expected if expected is not None else 0 < found <= everything


def test_includes_bring_the_organizations_up_to_the_legal_entity_and_the_place(
    store: Store,
) -> None:
    asked = [
        ("_count", "1"),
        ("_include", "HealthcareService:organization"),
        ("_include:iterate", "Organization:partof"),
        ("_include", "HealthcareService:location"),
        ("_revinclude", "PractitionerRole:service"),
        ("_include", "PractitionerRole:practitioner"),
    ]
    with store.open() as directory:
        page = directory.find(read_query("HealthcareService", asked))
        came = Counter(item["resourceType"] for item in page.included)
        assert came == {"Organization": 3, "Location": 1}
        place = next(item for item in page.included if item["resourceType"] == "Location")
        back = [("_id", place["id"]), ("_revinclude", "HealthcareService:location")]
        found = directory.find(read_query("Location", back))
        assert [item["id"] for item in found.included] == [page.matches[0]["id"]]


def test_pages_follow_each_other_without_gap_or_repeat(store: Store) -> None:
    with store.open() as directory:
        seen: list[str] = []
        for offset in range(0, 90, 30):
            asked = [("_count", "30"), ("_offset", str(offset)), ("_sort", "-_lastUpdated")]
            page = directory.find(read_query("Organization", asked))
            seen += [item["id"] for item in page.matches]
        assert len(seen) == len(set(seen)) == 90
        dates = [directory.get("Organization", item)["meta"]["lastUpdated"] for item in seen]  # type: ignore[index]
        assert dates == sorted(dates, reverse=True)
