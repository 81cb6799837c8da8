"""ROR rules: each has a row that passes and one that refuses; no server, no database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit.fhir import read_query
from kit.rules import RuleBook
from mocks.ror import errors, messages
from mocks.ror.messages import CONTEXT_HEADERS
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.token import ANONYMOUS, Client, TokenRequest, read_client
from mocks.ror.rules import access, beds, profiles, search, views
from mocks.ror.rules.access import Proof
from tests.mocks.ror.builders import (
    AT,
    PATH,
    SUPPLIER,
    a_capacity,
    a_location,
    a_patch,
    installed,
    places,
    spoilt,
)

STATUS = {"valueCodeableConcept": {"coding": [{"code": "02"}]}}


def names(book: RuleBook, *args: Any) -> list[str]:
    return [refusal.rule for refusal in book.findings(*args)]


def judged(
    body: dict[str, Any], where: beds.Places | None = None, who: Client = SUPPLIER
) -> list[str]:
    return names(beds.update, messages.read_bed_patch(body), where or places(), who)


def _with_path(path: str, kind: str = "replace") -> dict[str, Any]:
    body = a_patch()
    parts = body["parameter"][0]["part"]
    parts[0]["valueString"], parts[1]["valueString"] = kind, path
    return body


def _criterion(part: str, code: str) -> str:
    return (
        f"{PATH}.where(extension.where(url = '{part}' and "
        f"valueCodeableConcept.coding.code = '{code}'))"
    )


def _twice() -> dict[str, Any]:
    body = spoilt(a_patch())
    block = body["parameter"][0]["part"][2]["part"][0]["extension"][0]
    block["extension"].append({"url": "nbCapacity", "valueInteger": 1})
    return body


def test_an_update_of_a_known_block_passes() -> None:
    assert judged(a_patch()) == []
    assert judged(a_patch(messages.add(a_capacity(gender_capacity_available="01")))) == []
    assert judged(a_patch(messages.delete(a_capacity().key))) == []


def test_an_operation_sees_those_before_it() -> None:
    key = a_capacity().key
    assert judged(a_patch(messages.delete(key), messages.add(a_capacity()))) == []
    assert judged(a_patch(messages.delete(key), messages.replace(a_capacity()))) == [
        "the_block_exists"
    ]


BEDS = [
    (_with_path(PATH, "move"), ["an_operation_adds_replaces_or_deletes"]),
    (_with_path("Location.name"), ["a_path_has_the_documented_shape"]),
    (_with_path(_criterion("nbCapacity", "3")), ["a_criterion_is_a_known_code_of_a_key_part",
     "the_block_exists"]),
    (_with_path(_criterion("capacityStatus", "99")), ["a_criterion_is_a_known_code_of_a_key_part",
     "the_block_exists"]),
    (_with_path(PATH), ["an_addition_has_no_criteria_and_a_change_has_some"]),
    (_with_path(_criterion("capacityStatus", "02"), "add"),
     ["an_addition_has_no_criteria_and_a_change_has_some", "an_added_block_is_new"]),
    (_with_path(_criterion("capacityStatus", "02"), "delete"),
     ["an_operation_carries_one_block_and_a_deletion_none"]),
    (_with_path(_criterion("temporaryAssignement", "01")), ["criteria_designate_one_block"]),
    (spoilt(a_patch(), nbCapacity=None), ["a_block_has_each_part_it_needs"]),
    (spoilt(a_patch(), colour={"valueString": "red"}),
     ["a_block_has_no_other_part_and_none_twice"]),
    (_twice(), ["a_block_has_no_other_part_and_none_twice"]),
    (spoilt(a_patch(), capacityType={"valueString": "01"}),
     ["a_coded_part_holds_a_code_of_its_list"]),
    (spoilt(a_patch(), capacitySourceType={"valueCode": "09"}),
     ["a_coded_part_holds_a_code_of_its_list"]),
    (spoilt(a_patch(), nbCapacity={"valueInteger": -1}), ["a_number_of_beds_is_an_integer_from_0"]),
    (spoilt(a_patch(), nbCapacity={"valueInteger": True}),
     ["a_number_of_beds_is_an_integer_from_0"]),
    (spoilt(a_patch(), nbCapacity={"valueDecimal": 1.5}),
     ["a_number_of_beds_is_an_integer_from_0"]),
    (spoilt(a_patch(), capacityUpdateDate={"valueDateTime": "2026-02-30T08:00:00Z"}),
     ["an_update_date_is_an_instant"]),
    (spoilt(a_patch(), capacityUpdateDate={"valueDateTime": "2026-02-03T08:00:00"}),
     ["an_update_date_is_an_instant"]),
    (spoilt(a_patch(messages.add(a_capacity(temporary_assignement="02")))),
     ["the_tuple_is_in_the_list"]),
    (a_patch(messages.add(a_capacity(capacity_status="06", gender_capacity_available="",
     additional_bed_type="01", crisis_type="02", capacity_type="02"))),
     ["the_nature_suits_the_tuple"]),
    (spoilt(a_patch(), genderCapacityAvailable={"valueCode": "01"}),
     ["a_replacement_keeps_the_key"]),
    (a_patch(messages.add(installed())), ["an_added_block_is_new"]),
    (a_patch(messages.replace(a_capacity(gender_capacity_available="02"))), ["the_block_exists"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "refused"), BEDS)
def test_a_bed_update_is_refused_for_each_rule_it_breaks(
    body: dict[str, Any], refused: list[str]
) -> None:
    assert judged(body) == refused


def test_every_problem_of_a_block_is_told() -> None:
    body = spoilt(a_patch(), nbCapacity=None, capacityType={"valueCode": "7"}, x={"valueCode": "1"})
    assert len(judged(body)) == 3


def test_the_location_exists_and_is_one() -> None:
    nowhere = beds.Places("x", ())
    assert judged(a_patch(), nowhere) == ["the_location_exists"]
    twins = places(a_location(), a_location(identifier="70013"))
    assert judged(a_patch(), twins) == ["the_location_is_one"]


def test_a_supplier_updates_its_own_establishment_only() -> None:
    other = Client("fournisseur-1-350000018", "fournisseur", "1", "350000018")
    assert judged(a_patch(), who=other) == ["a_supplier_updates_its_own_establishment"]
    assert judged(a_patch(), who=ANONYMOUS) == []


def test_no_two_rows_of_the_list_give_the_same_tuple() -> None:
    assert len(beds.TUPLES) == 1 + 15 + 1 + 3


TOKENS = [
    ("client_credentials", "consommateur-0", "banc", None, []),
    ("client_credentials", "consommateur-1-0B9001005", "", "0B9001005", []),
    ("password", "consommateur-0", "banc", None, ["the_grant_is_client_credentials"]),
    ("client_credentials", "who", "banc", None, ["the_client_is_known"]),
    ("client_credentials", "consommateur-0", "no", None, ["access_profile_0_shows_its_secret"]),
    ("client_credentials", "consommateur-1", "banc", None, ["other_profiles_show_a_certificate"]),
    ("client_credentials", "consommateur-1-0B9001005", "", "350000018",
     ["the_certificate_is_the_clients"]),
]  # fmt: skip


@pytest.mark.parametrize(("grant", "client_id", "secret", "finess", "refused"), TOKENS)
def test_a_token_is_given_to_a_client_who_proves_who_it_is(
    grant: str, client_id: str, secret: str, finess: str | None, refused: list[str]
) -> None:
    asked = TokenRequest(grant, client_id, secret)
    assert names(access.token, asked, Proof(True, "banc", finess)) == refused


def test_without_tls_no_certificate_is_wanted() -> None:
    asked = TokenRequest("client_credentials", "consommateur-1")
    assert names(access.token, asked, Proof(False, "banc", None)) == []


def test_a_call_carries_a_token_that_is_not_expired() -> None:
    client = read_client("consommateur-1")
    assert names(access.bearer, "Bearer x", client, "") == []
    assert names(access.bearer, "", None, "") == ["a_call_carries_an_access_token"]
    assert names(access.bearer, "Bearer x", None, "wrong") == ["a_call_carries_an_access_token"]
    dated = Client("c", "consommateur", "1", "", AT)
    assert names(access.expiry, dated, AT - timedelta(seconds=1)) == []
    assert names(access.expiry, dated, AT) == ["an_access_token_is_not_expired"]


def test_the_users_context_travels_with_a_diffusion_call_and_not_with_a_bed_update() -> None:
    assert names(access.context, CONTEXT_HEADERS) == []
    assert names(access.context, {}) == ["the_users_context_is_given"] * 4
    wrong = CONTEXT_HEADERS | {"Ror-Role-Metier-System": "TRE_R21"}
    assert names(access.context, wrong) == ["a_system_of_the_context_is_an_oid"]
    assert names(access.no_context, {}) == []
    assert names(access.no_context, CONTEXT_HEADERS) == ["a_bed_update_has_no_users_context"] * 4


def test_a_right_belongs_to_a_kind_of_client() -> None:
    consumer = Client("consommateur-1", "consommateur", "1")
    referent = Client("referent-1-350000018", "referent", "1", "350000018")
    assert names(access.supply, SUPPLIER) == []
    assert names(access.supply, consumer) == ["only_a_bed_supplier_updates_beds"]
    assert names(access.refer, referent, "350000018") == []
    assert names(access.refer, consumer, "350000018") == ["only_a_referent_writes_offers"]
    assert names(access.refer, referent, "0B9001005") == [
        "a_referent_writes_for_its_own_legal_entity"
    ]
    assert names(access.outside, "Organization", True) == []
    assert names(access.outside, "Organization", False) == ["offers_are_not_written_from_outside"]


QUERIES = [
    ("Location", [("capacity-status", "02"), ("nb-capacity", "gt0"), ("_count", "5")], []),
    ("Organization", [("name:contains", "chr"), ("_lastUpdated", "ge2025-01")], []),
    ("HealthcareService", [("organization.identifier:above", "1"), ("_sort", "-_lastUpdated")], []),
    ("HealthcareService", [("location.nb-capacity", "gt0")], []),
    ("Organization", [("nb-capacity", "gt0")], ["a_parameter_is_one_of_the_resource"]),
    ("HealthcareService", [("practitioner.name", "x")], ["a_parameter_is_one_of_the_resource"]),
    ("Location", [("_filter", "a eq b")], ["a_parameter_is_one_of_the_resource"]),
    ("Location", [("type:above", "1")], ["a_modifier_suits_the_parameter"]),
    ("Location", [("_include", "Location:endpoint")], ["an_include_is_offered"]),
    ("Location", [("_lastUpdated", "yesterday")], ["a_value_can_be_read"]),
    ("Location", [("nb-capacity", "gtmany")], ["a_value_can_be_read"]),
    ("Location", [("name", "")], ["a_value_can_be_read"]),
    ("Location", [("_count", "-1")], ["a_control_can_be_read"]),
    ("Location", [("_sort", "colour")], ["a_control_can_be_read"]),
    ("Location", [("_format", "xml")], ["a_control_can_be_read"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "parameters", "refused"), QUERIES)
def test_a_search_is_refused_for_each_parameter_it_misuses(
    kind: str, parameters: list[tuple[str, str]], refused: list[str]
) -> None:
    assert names(search.query, read_query(kind, parameters)) == refused


def _service(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "resourceType": "HealthcareService",
        "id": "5",
        "meta": {"lastUpdated": "2026-01-01T08:00:00Z"},
        "extension": [
            {"url": nos.profile("ror-healthcareservice-sensitive-unit"), "valueBoolean": False},
            {"url": nos.profile("ror-meta-creation-date"), "valueDateTime": "2024-01-01"},
            {
                "url": nos.profile("ror-healthcareservice-patient-type"),
                "extension": [
                    {
                        "url": "ageRange",
                        "valueRange": {"low": {"value": 18}, "high": {"value": 120}},
                    }
                ],
            },
        ],
        "identifier": [{"value": "53/5"}],
        "type": [nos.concept(nos.ACTIVITY_FIELD, "01")],
        "specialty": [nos.concept(nos.ACTIVITY, "013")],
        "characteristic": [nos.concept(nos.CARE_MODE, "28")],
    }
    return {key: value for key, value in (base | changes).items() if value is not None}


OFTEN = "an_element_comes_as_often_as_its_profile_says"
ONE_AGE = [
    item | ({"extension": [{"url": "ageRange", "valueRange": {"low": {"value": 1}}}]}
            if item["url"].endswith("patient-type") else {})
    for item in _service()["extension"]
]  # fmt: skip
PROFILES = [
    ({}, []),
    ({"characteristic": None}, [(OFTEN, "characteristic")] * 2),
    ({"identifier": [{"value": "1"}, {"value": "2"}]}, [(OFTEN, "identifier")]),
    ({"extension": None}, [(OFTEN, "extension")] * 3),
    ({"meta": {}}, [(OFTEN, "meta.lastUpdated")]),
    ({"type": [nos.concept(nos.ACTIVITY_FIELD, "77")]},
     [("a_code_is_in_its_required_list", "type")]),
    ({"extension": ONE_AGE}, [("an_age_range_has_both_ends", "extension('ageRange').high")]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "refused"), PROFILES)
def test_an_offer_follows_its_profile(
    changes: dict[str, Any], refused: list[tuple[str, str]]
) -> None:
    found = profiles.offer.findings(_service(**changes))
    assert [item.rule for item in found] == [rule for rule, _ in refused]
    for item, (_, field) in zip(found, refused, strict=True):
        assert item.field.startswith(f"HealthcareService.{field}")


def test_a_block_of_a_location_is_whole() -> None:
    whole, broken = a_location(), a_location()
    del broken["extension"][0]["extension"][0]
    rule = "a_capacity_block_has_each_part_it_needs"
    assert rule not in names(profiles.offer, whole)
    assert rule in names(profiles.offer, broken)


SHAPES = [
    ({}, []),
    ({"foo": 1}, ["HealthcareService.foo"]),
    ({"type": {"coding": []}}, ["HealthcareService.type"]),
    ({"location": "x"}, ["HealthcareService.location"]),
    ({"specialty": [{"coding": [5]}]}, ["HealthcareService.specialty[0].coding[0]"]),
    ({"name": 5, "active": "yes"}, ["HealthcareService.name", "HealthcareService.active"]),
]


@pytest.mark.parametrize(("changes", "refused"), SHAPES)
def test_an_element_has_the_shape_of_fhir(changes: dict[str, Any], refused: list[str]) -> None:
    found = profiles.shape.findings(_service(**changes))
    assert [refusal.field for refusal in found] == refused
    assert {item.rule for item in found} <= {"an_element_is_one_of_fhir_in_its_shape"}


def test_a_sensitive_unit_is_hidden_from_all_profiles_but_1() -> None:
    service = _service()
    assert views.view_of("1")(service, True) == service
    for profile in "02345":
        assert views.view_of(profile)(service, True) == {
            "resourceType": "HealthcareService",
            "id": "5",
        }
        assert views.view_of(profile)(service, False)["type"] == service["type"]


def test_each_profile_sees_the_capacity_it_may() -> None:
    location = a_location()
    seen = {p: bool(views.view_of(p)(location, False)["extension"]) for p in "012345"}
    assert seen == {"0": False, "1": True, "2": True, "3": False, "4": True, "5": False}


def test_a_contact_is_shown_up_to_its_confidentiality_level() -> None:
    def contact(level: str) -> dict[str, Any]:
        concept = nos.concept(nos.CONFIDENTIALITY, level)
        url = nos.profile("ror-contact-confidentiality-level")
        return {"extension": [{"url": url, "valueCodeableConcept": concept}]}

    organization = {
        "resourceType": "Organization",
        "id": "1",
        "contact": [contact("1"), contact("2"), contact("3")],
    }
    seen = {p: len(views.view_of(p)(organization, False).get("contact", [])) for p in "012345"}
    assert seen == {"0": 1, "1": 3, "2": 2, "3": 1, "4": 0, "5": 2}


def test_every_code_is_a_row_with_a_status_and_an_issue_type() -> None:
    rows = [value for value in vars(errors).values() if isinstance(value, errors.FhirCode)]
    assert len({row.code for row in rows}) == len(rows)
    assert all(400 <= row.status < 500 and row.meaning and row.source for row in rows)
