"""ROR messages: pairs of readers and writers, and input that is not one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kit.rules import Malformed
from mocks.ror import messages
from mocks.ror.messages import BedPatch, bed_patch, capacity
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.offer import completeness_of
from mocks.ror.messages.token import read_client, read_form, read_token, write_token
from tests.mocks.ror.builders import PATH, a_capacity, a_patch, installed

CAPACITIES = [
    installed(),
    a_capacity(),
    a_capacity(temporality_capacity="03", gender_capacity_available="01", capacity_type="02"),
    a_capacity(capacity_status="05", gender_capacity_available="", capacity_closing_type="01"),
    a_capacity(
        capacity_status="06",
        gender_capacity_available="",
        additional_bed_type="03",
        crisis_type="02",
    ),
]


@pytest.mark.parametrize("block", CAPACITIES, ids=lambda block: capacity.key_text(block.key))
def test_a_capacity_block_is_read_as_it_was_written(block: capacity.Capacity) -> None:
    written = capacity.write_capacity(block)
    assert capacity.capacity_of(capacity.read_parts(written)) == block


@pytest.mark.parametrize(
    "operation",
    [messages.add(a_capacity()), messages.replace(installed()), messages.delete(a_capacity().key)],
    ids=lambda operation: operation.kind,
)
def test_a_bed_patch_is_read_as_it_was_written(operation: messages.BedOperation) -> None:
    patch = BedPatch((operation,))
    assert messages.read_bed_patch(messages.write_bed_patch(patch)) == patch


def test_a_block_typed_as_code_is_read_like_one_typed_as_codeable_concept() -> None:
    written = capacity.write_capacity(a_capacity())
    for part in written["extension"]:
        if "valueCodeableConcept" in part:
            part["valueCode"] = part.pop("valueCodeableConcept")["coding"][0]["code"]
    assert capacity.capacity_of(capacity.read_parts(written)) == a_capacity()


PATHS = [
    (PATH, ()),
    (f"{PATH}.where(extension.where(url='crisisType' and valueCodeableConcept.coding.code='02'))",
     (("crisisType", "02"),)),
    (f"{PATH}.where(extension.where(url = 'capacityStatus' and valueCodeableConcept.coding.code = "
     "'01')  and extension.where(url = 'crisisType' and valueCodeableConcept.coding.code = ''))",
     (("capacityStatus", "01"), ("crisisType", ""))),
    ("Location.extension", None),
    (f"{PATH}.where(true)", None),
    (f"{PATH}.first()", None),
    (f"{PATH}.where(extension.where(url='a' or valueCodeableConcept.coding.code='02'))", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "criteria"), PATHS)
def test_a_path_of_the_documented_shape_is_read(path: str, criteria: object) -> None:
    assert bed_patch.read_capacity_path(path) == criteria


def _without(name: str) -> dict[str, Any]:
    body = a_patch()
    parts = body["parameter"][0]["part"]
    body["parameter"][0]["part"] = [part for part in parts if part["name"] != name]
    return body


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"resourceType": "Patient"}, "resourceType"),
    ({"resourceType": "Parameters"}, "Parameters.parameter"),
    ({"resourceType": "Parameters", "parameter": [5]}, "Parameters.parameter[0]"),
    ({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": 3}]},
     "Parameters.parameter[0]"),
    (_without("type"), "Parameters.parameter[0].part[type]"),
    (_without("path"), "Parameters.parameter[0].part[path]"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "where"), BROKEN)
def test_what_is_no_patch_is_malformed_and_says_where(body: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as found:
        messages.read_bed_patch(body)
    assert found.value.where == where


def test_a_value_that_is_no_array_of_blocks_is_malformed() -> None:
    for value in (
        {"part": 1},
        {"part": ["x"]},
        {"part": [{"extension": {}}]},
        {"part": [{"extension": [{"url": "urn:other"}]}]},
        {"part": [{"extension": [{"url": capacity.SUPPORTED_CAPACITY, "extension": "x"}]}]},
    ):
        body = _without("value")
        body["parameter"][0]["part"].append({"name": "value", **value})
        with pytest.raises(Malformed):
            messages.read_bed_patch(body)


def test_a_nomenclature_has_its_published_uri() -> None:
    assert nos.system_of("TRE_R330-TypeStatutCapacite") == (
        "https://mos.esante.gouv.fr/NOS/TRE_R330-TypeStatutCapacite/FHIR/TRE-R330-TypeStatutCapacite"
    )
    assert nos.system_of("TRE_R345-TypeIdentifiantAutre").endswith("/TRE_R345-TypeIdentifiantAutre")


CLIENTS = [
    ("consommateur-0", ("consommateur", "0", "")),
    ("fournisseur-1-0B9001005", ("fournisseur", "1", "0B9001005")),
    ("referent-2-350000018", ("referent", "2", "350000018")),
    ("consommateur-6", None),
    ("consommateur-1-35", None),
    ("admin-1", None),
]


@pytest.mark.parametrize(("client_id", "expected"), CLIENTS)
def test_a_client_id_says_who_the_client_is(client_id: str, expected: object) -> None:
    found = read_client(client_id)
    assert (found and (found.kind, found.profile, found.finess)) == expected


def test_a_token_is_read_as_it_was_written_and_a_strange_one_is_malformed() -> None:
    now = datetime(2026, 1, 5, 8, tzinfo=UTC)
    client = read_client("consommateur-2")
    assert client is not None
    key = "0" * 64
    token = write_token(client, key, issuer="urn:x", now=now, seconds=60)["access_token"]
    read = read_token(token, key)
    assert (read.id, read.profile) == ("consommateur-2", "2")
    assert read.expires_at == datetime(2026, 1, 5, 8, 1, tzinfo=UTC)
    for strange in ("", "a.b.c", token + "x"):
        with pytest.raises(Malformed):
            read_token(strange, key)
    with pytest.raises(Malformed):
        read_token(token, "1" * 64)


def test_a_form_that_says_a_thing_twice_is_malformed() -> None:
    assert read_form(b"grant_type=a&client_id=b") == {"grant_type": "a", "client_id": "b"}
    for body in (b"client_id=a&client_id=b", b"\xff\xfe"):
        with pytest.raises(Malformed):
            read_form(body)


def test_a_category_is_asked_only_of_the_sites_that_must_state_it() -> None:
    site = {"type": [nos.concept(nos.SITE_CATEGORY, "460")]}
    assert completeness_of({}, {}, site).category is False
    assert completeness_of({}, {}, {}).category is None
    assert completeness_of({}, {}, {}).population is messages.Population.TO_DO
