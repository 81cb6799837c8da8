"""FHIR face of the DMP: who calls, what the matrix says of them, what the bench offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.identity import ps_idnat
from tests.mocks.dmp.builders import ARC, HOSPITAL, OTHER_HOSPITAL, WORLD, a_document
from tests.mocks.dmp.conftest import Bench
from tests.mocks.dmp.fhir_builders import (
    DOCTOR_ID,
    PATIENT,
    FhirBench,
    a_bundle,
    codes_of,
    issues,
)

OTHER_ID = ps_idnat(
    next(
        who.rpps for who in WORLD.professionals(OTHER_HOSPITAL.finess_eg) if who.profession == "10"
    )
)


@pytest.fixture
def fhir(bench: Bench) -> FhirBench:
    return FhirBench(bench)


def test_a_server_finds_a_reference_and_neither_lists_nor_reads(fhir: FhirBench) -> None:
    fhir.bench.feed(a_document(1))
    listed = fhir.find(user="")
    assert (listed.status_code, codes_of(listed)) == (403, ["DMPSimForbidden"])
    assert issues(listed)[0].expression == ("http.Authorization",)
    read = fhir.call("GET", f"/Binary/{ARC}.1")
    assert (read.status_code, codes_of(read)) == (403, ["DMPSimForbidden"])
    (reference,) = fhir.matches(user="", identifier=f"urn:oid:{ARC}.1")
    assert sorted(reference) == [
        "content", "id", "identifier", "masterIdentifier", "meta", "resourceType", "status",
    ]  # fmt: skip
    assert reference["meta"]["tag"][0]["code"] == "SUBSETTED"


def test_a_token_is_a_person(make_bench: Callable[..., Bench]) -> None:
    fhir = FhirBench(make_bench(dmp_fhir="strict"))
    fhir.bench.feed(a_document(1))
    answer = fhir.call("GET", f"/Binary/{ARC}.1", headers=fhir.bearer())
    assert answer.status_code == 200, answer.text
    assert fhir.bench.line.finess == HOSPITAL.finess_ej


CALLERS: list[tuple[dict[str, Any], str]] = [
    ({}, "nothing"),
    ({"headers": {"Authorization": "Basic YTpi"}}, "Basic"),
    ({"headers": {"Authorization": "Bearer a.b.c"}}, "access token"),
    ({"seconds": -1}, "expired"),
    ({"national_id": "899999999999"}, "invented professional"),
    ({"typ": "ID"}, "typ"),
    ({"iss": "http://elsewhere.test"}, "issuer"),
    ({"cnf": {"x5t#S256": "abc"}}, "x5t#S256"),
]


@pytest.mark.parametrize(("shown", "why"), CALLERS)
def test_who_proves_nothing_is_not_answered(
    make_bench: Callable[..., Bench], shown: dict[str, Any], why: str
) -> None:
    fhir = FhirBench(make_bench(dmp_fhir="strict"))
    given = dict(shown)
    headers = given.pop("headers", None) or (fhir.bearer(**given) if given else {})
    answer = fhir.provide(a_bundle(fhir.bench), headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert why in issues(answer)[0].diagnostics
    assert fhir.bench.line.outcome == "unauthorized"


def test_a_certificate_of_another_structure_does_not_go_with_a_token(fhir: FhirBench) -> None:
    other = {"national_id": OTHER_ID}
    answer = fhir.provide(a_bundle(fhir.bench), headers=fhir.bearer(**other), **fhir.certified())
    assert answer.status_code == 401
    assert "structure of the certificate" in issues(answer)[0].diagnostics


def test_a_person_with_the_certificate_of_their_hospital_feeds(fhir: FhirBench) -> None:
    answer = fhir.provide(a_bundle(fhir.bench), headers=fhir.bearer(), **fhir.certified())
    assert answer.status_code == 200, answer.text


def test_the_capability_statement_is_for_everybody(make_bench: Callable[..., Bench]) -> None:
    fhir = FhirBench(make_bench(dmp_fhir="strict"))
    answer = fhir.call("GET", "/metadata")
    kinds = [item["type"] for item in answer.get_json()["rest"][0]["resource"]]
    assert (answer.status_code, kinds) == (200, ["DocumentReference", "List", "Binary"])


def test_the_face_can_be_taken_away(make_bench: Callable[..., Bench]) -> None:
    fhir = FhirBench(make_bench(dmp_fhir="off"))
    assert fhir.call("GET", "/metadata").status_code == 404


def test_consultation_needs_an_authorisation_and_break_glass_does_not(
    make_bench: Callable[..., Bench],
) -> None:
    fhir = FhirBench(make_bench(dmp_authorization="strict"))
    fhir.bench.feed(a_document(1))
    refused = fhir.find()
    assert (refused.status_code, codes_of(refused)) == (403, ["DMPSimNoAuthorization"])
    query = {"QUERY_STRING": f"patient.identifier={PATIENT}&status=current"}
    broken = fhir.call(
        "GET", "/DocumentReference", user=DOCTOR_ID,
        headers={"Banc-Purpose-Of-Use": "bris_de_glace"}, **query,
    )  # fmt: skip
    assert broken.get_json()["total"] == 1
    wrong = fhir.call(
        "GET", "/DocumentReference", user=DOCTOR_ID,
        headers={"Banc-Purpose-Of-Use": "urgence"}, **query,
    )  # fmt: skip
    assert (wrong.status_code, codes_of(wrong)) == (400, ["DMPSimFhirParameter"])


def test_a_fault_is_armed_by_the_name_of_a_transaction(fhir: FhirBench) -> None:
    fault = {"id": "f", "effect": "code", "value": "503", "transaction": "ITI-65"}
    fhir.bench.client.post("/_banc/faults", json=fault)
    assert fhir.provide(a_bundle(fhir.bench)).status_code == 503
    assert fhir.bench.line.outcome == "injected"
    assert fhir.find().status_code == 200


# The record, a draft.


def test_the_record_is_told_as_a_patient_behind_a_setting(
    make_bench: Callable[..., Bench],
) -> None:
    off, on = FhirBench(make_bench()), FhirBench(make_bench(dmp_fhir_draft=True))
    query = {"QUERY_STRING": f"identifier={PATIENT}"}
    assert off.call("GET", "/Patient", **query).status_code == 404
    told = on.call("GET", "/Patient", **query).get_json()
    assert (told["total"], told["entry"][0]["resource"]["active"]) == (1, True)
    none = on.call("GET", "/Patient", QUERY_STRING="identifier=urn:oid:1.2.3|1")
    assert none.get_json()["total"] == 0
