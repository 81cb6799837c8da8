"""ROR, outside judges: the published examples, profiles and code lists."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fhirpathpy
import pytest
from fhir.resources import R4B

from kit.clock import FixedClock
from kit.fhir import Resource, read_outcome
from kit.settings import Settings
from mocks.ror import messages
from mocks.ror.app import create_app
from mocks.ror.messages import BED_PATH, DIFFUSION_PATH, capacity
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.bed_patch import CAPACITY_PATH, criteria_of, write_capacity_path
from mocks.ror.messages.location import sync_id
from mocks.ror.rules import beds, profiles
from mocks.ror.rules.beds import Places
from tests.mocks.ror.builders import SUPPLIER, a_capacity, a_location, a_patch
from tests.mocks.ror.conftest import FHIR, Bench


@pytest.fixture(scope="session")
def official(conformance: Path) -> Path:
    return conformance / "ror"


@pytest.fixture
def bench(settings: Settings, clock: FixedClock) -> Bench:
    return Bench(create_app(settings, clock).test_client())


def load(path: Path) -> Resource:
    found: Resource = json.loads(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("kind", ["add", "replace"])
def test_an_official_bed_update_is_read_and_written_back(official: Path, kind: str) -> None:
    body = load(official / f"examples/patch-location-capacity-{kind}.json")
    (operation,) = messages.read_bed_patch(body).operations
    block = capacity.capacity_of(operation.values[0])
    assert (operation.kind, block.capacity_type, block.capacity_status) == (kind, "02", "02")
    assert block.nb_capacity == (25 if kind == "add" else 12)
    again = messages.read_bed_patch(messages.write_bed_patch(messages.BedPatch((operation,))))
    assert capacity.capacity_of(again.operations[0].values[0]) == block
    assert again.operations[0].criteria == operation.criteria


def test_the_official_updates_are_accepted_as_they_are(official: Path) -> None:
    holder = a_location(a_capacity(capacity_type="02"))
    for kind, location in (("replace", holder), ("add", a_location(a_capacity(
        capacity_status="01", gender_capacity_available="")))):  # fmt: skip
        body = load(official / f"examples/patch-location-capacity-{kind}.json")
        asked = messages.read_bed_patch(body)
        assert beds.update.findings(asked, Places("x", (location,)), SUPPLIER) == []


def test_the_official_replacement_changes_a_derived_place_over_the_wire(
    official: Path, bench: Bench
) -> None:
    data = (official / "examples/patch-location-capacity-replace.json").read_bytes()
    sync = bench.a_sync_id()
    answer = bench.client.patch(
        f"{BED_PATH}/Location?identifier={sync}", data=data, content_type=FHIR
    )
    assert answer.status_code == 200
    assert 12 in [b.nb_capacity for b in messages.read_capacities(answer.json)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "identifier"), [("indicator", None), ("location", "1350054680/SSR38888")]
)
def test_our_refusals_have_the_shape_of_the_official_ones(
    official: Path, bench: Bench, name: str, identifier: str | None
) -> None:
    expected = load(official / f"examples/operationoutcome-404-{name}.json")
    absent = a_patch(messages.replace(a_capacity(gender_capacity_available="01")))
    answer = bench.patch(identifier or bench.a_sync_id(), absent)
    assert answer.status_code == 404
    ours = answer.json
    assert ours is not None
    assert set(ours) == set(expected)
    for mine, theirs in zip(ours["issue"], expected["issue"], strict=True):
        assert set(mine) == set(theirs)
        assert (mine["severity"], mine["code"]) == (theirs["severity"], theirs["code"])
        assert mine["expression"] == theirs["expression"]
    assert read_outcome(expected)[0].expression == tuple(ours["issue"][0]["expression"])


NEGATIVE = [
    ("loc_ok", []),
    ("loc_cap_ok", []),
    ("loc_no_cog", ["ror-commune-cog"]),
    ("loc_two_types", ["Location.type"]),
    ("loc_cap_missing_nb", ["nbCapacity"]),
    ("loc_unknown_elem", ["Location.foo"]),
]


@pytest.mark.parametrize(("name", "told"), NEGATIVE)
def test_a_faulty_location_is_refused_for_its_fault(
    official: Path, name: str, told: list[str]
) -> None:
    resource = load(official / f"negative/{name}.json")
    found = profiles.shape.findings(resource) + profiles.offer.findings(resource)
    assert len(found) == len(told)
    assert all(part in refusal.field for part, refusal in zip(told, found, strict=True))


def test_the_official_resources_follow_our_profile_rules_but_for_their_known_defect(
    official: Path,
) -> None:
    for name, told in (
        ("Location-ror-location-exemple", []),
        ("Organization-ror-organisation-exemple-eg", []),
        ("HealthcareService-1234564", ["careMode is missing in the official example"]),
    ):
        resource = load(official / f"examples/{name}.json")
        assert profiles.shape.findings(resource) == []
        assert len(profiles.offer.findings(resource)) == len(told)


def test_our_code_lists_are_the_published_ones(official: Path) -> None:
    lists = load(official / "codes/ror-nos-codes.json")
    published = lists["complete"] | lists["partial"]
    for name, codes in nos.COMPLETE.items():
        assert dict(codes) == published[name], name
    for name, codes in nos.USED.items():
        assert codes.items() <= published[name].items(), name


def emitted(bench: Bench) -> Iterator[Resource]:
    """A page of each type, with the beds of one place changed."""
    bench.patch(bench.a_sync_id(), a_patch())
    for kind in ("Organization", "HealthcareService", "Location"):
        yield from bench.all(f"/{kind}?_count=60")
        yield from bench.all(f"/{kind}?_count=5&_sort=-_lastUpdated")


def test_what_we_emit_is_accepted_by_fhir_resources(bench: Bench) -> None:
    for resource in [*emitted(bench), bench.get("/metadata").json]:
        assert resource is not None
        R4B.get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    for path in ("/Location?_count=2", "/Location?colour=red"):
        answer = bench.get(path).json
        assert answer is not None
        module = importlib.import_module(f"fhir.resources.R4B.{answer['resourceType'].lower()}")
        getattr(module, answer["resourceType"]).model_validate(answer)


@pytest.fixture(scope="session")
def definitions(official: Path) -> dict[str, list[dict[str, Any]]]:
    """URL of a reconstructed profile or extension -> the elements of its snapshot."""
    folder = official / "reconstructed-0.6/StructureDefinition"
    loaded = [load(path) for path in sorted(folder.glob("*.json"))]
    return {item["url"]: item["snapshot"]["element"] for item in loaded}


def test_what_we_emit_has_the_cardinalities_of_the_profiles(
    bench: Bench, definitions: dict[str, list[dict[str, Any]]]
) -> None:
    judged = set()
    for resource in emitted(bench):
        url = resource["meta"]["profile"][0]
        judged.add(url)
        assert list(broken_cardinalities(resource, definitions, url)) == []
    assert len(judged) == 3


def test_the_walk_finds_a_seeded_fault(
    official: Path, definitions: dict[str, list[dict[str, Any]]]
) -> None:
    url = nos.profile("ror-location")
    for name, told in NEGATIVE:
        if name == "loc_unknown_elem":
            continue  # the walk knows cardinalities only
        resource = load(official / f"negative/{name}.json")
        assert bool(list(broken_cardinalities(resource, definitions, url))) == bool(told), name


def broken_cardinalities(
    resource: Resource, definitions: dict[str, list[dict[str, Any]]], url: str
) -> Iterator[str]:
    """First-level elements and extensions, by the snapshot of a profile; extensions likewise."""
    for element in definitions[url]:
        parts = element["path"].split(".")
        name = element.get("sliceName")
        if len(parts) != 2 or (name and parts[1] != "extension"):
            continue
        if name:
            links = [link for row in element.get("type", []) for link in row.get("profile", [])]
            slices = {*links, name.removesuffix("/"), nos.profile(name)}
            found = [item for item in resource.get("extension", []) if item["url"] in slices]
            for item in found:
                for link in links:
                    yield from broken_cardinalities(item, definitions, link)
        else:
            value = resource.get(parts[1].replace("[x]", ""), [])
            found = value if isinstance(value, list) else [value]
        if parts[1] in ("value[x]", "url"):
            continue
        low, high = element["min"], element["max"]
        if len(found) < low or (high != "*" and len(found) > int(high)):
            yield f"{url} {element['id']}: {len(found)}, expected {low}..{high}"


def test_our_reading_of_a_path_is_that_of_a_fhirpath_engine() -> None:
    blocks = (
        a_capacity(capacity_status="01", gender_capacity_available=""),
        *(a_capacity(gender_capacity_available=code) for code in ("01", "02", "03")),
    )
    location = a_location(*blocks)
    for wanted in (
        blocks[0].key,
        blocks[3].key,
        ("02", "", "", "", "", "", ""),
        ("09",) + ("",) * 6,
    ):
        criteria = criteria_of(wanted)  # type: ignore[arg-type]
        path = write_capacity_path(criteria)
        # This engine does not take a single item for true (FHIRPath 4.5); we write it out.
        spelt = path.replace("') and extension", "').exists() and extension")
        spelt = spelt.replace("'))", "').exists())")
        theirs = fhirpathpy.evaluate(location, spelt, {})
        operation = messages.BedOperation("replace", path, criteria)
        ours = [capacity.write_capacity(blocks[at]) for at in operation.matches(blocks)]
        assert ours == theirs
    assert len(fhirpathpy.evaluate(location, CAPACITY_PATH, {})) == 4


def test_the_sync_id_has_the_documented_form() -> None:
    assert sync_id("350054680", "SSR38888") == "1350054680/SSR38888"


def test_the_search_parameters_are_declared(official: Path, bench: Bench) -> None:
    """The custom parameters of the 2023 edition that concern capacity are all offered."""
    statement = bench.client.get(f"{DIFFUSION_PATH}/metadata").json
    assert statement is not None
    resources = {row["type"]: row for row in statement["rest"][0]["resource"]}
    offered = {row["name"] for row in resources["Location"]["searchParam"]}
    published = {
        load(path)["code"]
        for path in (official / "official-2023-0.1/SearchParameter").glob("*.json")
        if "capacity" in path.name or "bed" in path.name or "crisis" in path.name
    }
    assert published - {"gender-capacity"} <= offered
