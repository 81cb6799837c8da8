"""FHIR face of the DMP: what OperationOutcome.issue.expression names, whatever is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fhirpathpy import evaluate
from werkzeug.test import TestResponse

from kit.cda.comparing import COMPARED
from kit.fhir import Resource
from kit.rules import Code, Refusal
from mocks.dmp.messages.pdsm import in_fhir, patch
from mocks.dmp.messages.pdsm.outcome import DOCUMENT_FIELDS, HEADERS, LIST_FIELDS, is_expression
from mocks.dmp.rules.metadata import ENTRY_REQUIRED, ENTRY_TIMES, LOT_REQUIRED
from tests.mocks.dmp.builders import ARC, a_document, a_patient
from tests.mocks.dmp.conftest import Bench
from tests.mocks.dmp.fhir_builders import (
    DOCTOR_ID,
    FhirBench,
    a_bundle,
    codes_of,
    issues,
)
from tests.mocks.dmp.test_pdsm import LOTS, OTHER_ID

CLOSED, NOBODY = a_patient(state="closed").ins, a_patient(state="none").ins


def named(oid: str, matricule: str) -> str:
    return f"urn:oid:{oid}|{matricule}"


@pytest.fixture
def fhir(bench: Bench) -> FhirBench:
    return FhirBench(bench)


@pytest.mark.parametrize("kind", ["DocumentReference", "List"])
@pytest.mark.parametrize(("ins", "code"), [(CLOSED, "DMPClosed"), (NOBODY, "XDSUnknownPatientId")])
def test_a_search_of_a_record_that_is_not_open_names_its_parameter(
    fhir: FhirBench, kind: str, ins: Any, code: str
) -> None:
    asked = {"patient.identifier": named(ins.oid, ins.matricule), **LOTS}
    answer = fhir.find(kind, **asked)
    assert codes_of(answer) == [code]
    (issue,) = issues(answer)
    assert issue.expression == ("patient.identifier",)
    assert ins.matricule in issue.diagnostics


def test_a_read_of_a_closed_record_names_the_patient_of_the_document(fhir: FhirBench) -> None:
    fhir.bench.feed(a_document(1))
    (now,) = fhir.matches()
    (lot,) = fhir.matches("List", **LOTS)
    fhir.bench.client.post("/mon-espace-sante/279035121518989/fermer", json={})
    for path, expected in (
        (f"/DocumentReference/{now['id']}", "DocumentReference.subject"),
        (f"/DocumentReference/{now['id']}/_history/1", "DocumentReference.subject"),
        (f"/List/{lot['id']}", "List.subject"),
        (f"/Binary/{ARC}.1", "DocumentReference.subject"),
    ):
        answer = fhir.call("GET", path, user=DOCTOR_ID)
        assert ("DMPClosed", (expected,)) in [
            (issue.detail, issue.expression) for issue in issues(answer)
        ], (path, answer.text)


def refusals(fhir: FhirBench, bundle: Resource) -> Iterator[TestResponse]:
    """Refusals of every kind of request."""
    yield fhir.provide(b"{")
    yield fhir.provide(bundle, kind="text/plain")
    yield fhir.provide(bundle, user="123")
    yield fhir.provide(bundle, user=OTHER_ID)
    yield fhir.provide({"resourceType": "Bundle"})
    yield fhir.find(status="", **{"date:exact": "yesterday", "_count": "many"})
    yield fhir.find(_count="many")
    yield fhir.find(user="")
    yield fhir.find(user=DOCTOR_ID, _format="ttl")
    yield fhir.find(**{"patient.identifier": named("1.2.250.1.213.1.4.8", "279035121518989")})
    yield fhir.call("GET", "/Binary/1.2.3", user=DOCTOR_ID)
    yield fhir.call("GET", "/DocumentReference/nobody", user=DOCTOR_ID)
    yield fhir.call("GET", "/DocumentReference/nobody/_history/1", user=DOCTOR_ID)
    yield fhir.call("GET", "/Observation", user=DOCTOR_ID)
    yield fhir.call("GET", "/metadata", headers={"Accept": "text/turtle"})
    yield fhir.patch(f"{ARC}.404", patch.write_status("current"))
    yield fhir.patch(f"{ARC}.1", [{"op": "x", "path": "/status"}])
    yield fhir.patch(f"{ARC}.1", patch.write_status("superseded"))
    yield fhir.patch(f"{ARC}.1", patch.write_archived(is_archived=True))
    yield fhir.patch(f"{ARC}.1", [{"op": "replace", "path": "/securityLabel", "value": []}])
    yield fhir.call("PATCH", "/DocumentReference", body=[], kind="application/json-patch+json")


def test_whatever_is_refused_an_expression_can_be_followed(
    make_bench: Callable[..., Bench],
) -> None:
    fhir = FhirBench(make_bench(dmp_max_results=1))
    bundle = a_bundle(fhir.bench)
    fhir.bench.feed(a_document(1), a_document(2))
    answers = [*refusals(fhir, bundle), fhir.find()]
    assert [answer.text for answer in answers if answer.status_code < 400] == []
    told = [(issue.diagnostics, item) for answer in answers for issue in issues(answer)
            for item in issue.expression]  # fmt: skip
    assert len(told) > 10
    for diagnostics, expression in told:
        assert is_expression(expression), (expression, diagnostics)
        evaluate({"resourceType": "Bundle"}, expression)  # a FHIRPath engine takes it
    assert codes_of(answers[-1]) == ["XDSTooManyResults"]
    assert issues(answers[-1])[0].expression == ()  # no element is at fault
    assert "totalResultCount" in issues(answers[-1])[0].diagnostics


def test_a_cda_that_is_wrong_is_told_at_its_attachment(fhir: FhirBench) -> None:
    wrong = a_document(1).replace(b"<realmCode", b"<realmcode")
    (expressions) = {
        issue.expression for issue in issues(fhir.provide(a_bundle(fhir.bench, wrong)))
    }
    assert expressions == {("Bundle.entry[1].resource.content[0].attachment",)}


FIELDS = sorted(
    {field for _, field in (*ENTRY_REQUIRED, *ENTRY_TIMES)}
    | COMPARED.keys()
    | DOCUMENT_FIELDS.keys()
    | HEADERS.keys()
    | {"resource-id", "patientIdentifier", "ClinicalDocument/author/time"}
)


def in_one(field: str, subject: str, lot_path: str = "") -> str:
    refusal = Refusal(Code("x", "y", "z"), "a_rule", "§", subject, field)
    places = {"d": "Bundle.entry[1].resource", "l": lot_path}
    return in_fhir([refusal], places, lot_path)[0].field


def test_a_parameter_is_not_taken_for_an_attribute_of_that_name(fhir: FhirBench) -> None:
    answer = fhir.find("List", **LOTS, **{"title:missing": "x", "sourceId": ""})
    expressions = {issue.expression for issue in issues(answer)}
    assert expressions == {("title",)}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_a_document_is_an_element(field: str) -> None:
    assert is_expression(in_one(field, "d"))


@pytest.mark.parametrize("field", sorted({name for _, name in LOT_REQUIRED} | LIST_FIELDS.keys()))
def test_a_field_of_a_lot_is_an_element(field: str) -> None:
    assert in_one(field, "l", "Bundle.entry[0].resource").startswith("Bundle.entry[0].resource.")


NOT_ONE = (
    "", "resource-id", "body", "type:not", "totalResultCount", "Association RPLC", "VIHF",
    "ClinicalDocument/author", "List.text.no {urn:x}div", "DocumentReference.", "colour",
    "Bundle.entry[x]", "http.", "http.Banc User", "Observation.status",
)  # fmt: skip


@pytest.mark.parametrize("field", NOT_ONE)
def test_what_leads_nowhere_is_no_expression(field: str) -> None:
    assert not is_expression(field)
