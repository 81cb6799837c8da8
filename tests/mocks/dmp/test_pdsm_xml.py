"""FHIR face of the DMP in XML: the same exchanges, answers and refusals as in JSON."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from kit.fhir import Resource, read_outcome
from kit.fhir.formats import FHIR_XML
from kit.fhir.xml import read_xml, write_xml
from mocks.dmp.messages import pdsm
from tests.mocks.dmp.builders import ARC, a_document
from tests.mocks.dmp.conftest import Bench
from tests.mocks.dmp.fhir_builders import (
    DOCTOR_ID,
    PATIENT,
    FhirBench,
    a_bundle,
    a_simplified,
    query,
)

XML = {"Accept": FHIR_XML}


@pytest.fixture
def fhir(bench: Bench) -> FhirBench:
    return FhirBench(bench)


def shown(answer: TestResponse) -> Resource:
    """The resource of an answer in XML."""
    assert answer.content_type == f"{FHIR_XML};charset=utf-8", answer.text
    return read_xml(answer.data)


def post(fhir: FhirBench, path: str, resource: Resource, **given: Any) -> TestResponse:
    return fhir.call("POST", path, body=write_xml(resource), kind=FHIR_XML, **given)


def found(fhir: FhirBench, kind: str = "DocumentReference", **asked: str) -> TestResponse:
    return fhir.call("GET", f"/{kind}", user=DOCTOR_ID, headers=XML, QUERY_STRING=query(asked))


def test_a_bundle_in_xml_gives_the_same_document_as_in_json(
    make_bench: Callable[..., Bench],
) -> None:
    fhir = FhirBench(make_bench())
    bundle = a_bundle(fhir.bench, a_document(1), a_document(2))
    answer = post(fhir, "", bundle)
    assert answer.status_code == 200, answer.text
    assert [entry["response"]["status"] for entry in shown(answer)["entry"]] == ["201"] * 5
    in_xml = fhir.matches()
    assert fhir.bench.retrieve(f"{ARC}.1").documents[0].content == a_document(1)
    fhir.bench.client.post("/_banc/reset")
    assert fhir.provide(bundle).status_code == 200
    assert without_times(fhir.matches()) == without_times(in_xml)


def without_times(resources: list[Resource]) -> list[Resource]:
    """Resources without when they came."""
    return [
        item | {"meta": item["meta"] | {"lastUpdated": ""}} for item in resources if item["meta"]
    ]


def test_one_document_is_published_and_read_in_xml(fhir: FhirBench) -> None:
    answer = post(fhir, "/DocumentReference", a_simplified())
    assert answer.status_code == 201, answer.text
    created = shown(answer)
    path = f"/DocumentReference/{created['id']}"
    assert shown(fhir.call("GET", path, user=DOCTOR_ID, headers=XML)) == created
    assert fhir.call("GET", path, user=DOCTOR_ID).get_json() == created


@pytest.mark.parametrize("kind", ["DocumentReference", "List"])
def test_a_search_is_answered_in_xml(fhir: FhirBench, kind: str) -> None:
    fhir.bench.feed(a_document(1))
    code = {"code": "submissionset"} if kind == "List" else {}
    told = shown(found(fhir, kind, **code))
    assert [entry["resource"] for entry in told["entry"]] == fhir.matches(kind, **code)


def test_the_format_may_be_a_parameter_of_the_address_or_of_a_form(fhir: FhirBench) -> None:
    fhir.bench.feed(a_document(1))
    answer = fhir.find(_format="xml")
    told = shown(answer)
    assert "_format=xml" in told["link"][0]["url"]
    form = f"patient.identifier={PATIENT}&status=current&_format=application/fhir%2Bxml"
    posted = fhir.call(
        "POST", "/DocumentReference/_search", body=form.encode(), user=DOCTOR_ID,
        kind="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert shown(posted)["entry"] == told["entry"]
    refused = fhir.find(_format="ttl")
    assert (refused.status_code, refused.mimetype) == (406, "application/fhir+json")
    assert "application/fhir+json or application/fhir+xml" in refused.text


def test_bytes_come_as_a_binary_in_xml_to_who_asks_for_fhir(fhir: FhirBench) -> None:
    fhir.bench.feed(a_document(1))
    path = f"/Binary/{ARC}.1"
    told = shown(fhir.call("GET", path, user=DOCTOR_ID, headers=XML))
    assert base64.b64decode(told["data"]) == a_document(1)
    for accept in ("text/xml", "application/xml", "*/*"):  # of the document itself
        raw = fhir.call("GET", path, user=DOCTOR_ID, headers={"Accept": accept})
        assert (raw.mimetype, raw.data) == ("text/xml", a_document(1))


def test_what_is_offered_is_told_in_xml(fhir: FhirBench) -> None:
    told = shown(fhir.call("GET", "/metadata", headers=XML))
    assert told["format"] == ["application/fhir+json", "application/fhir+xml"]
    assert told == fhir.call("GET", "/metadata").get_json()


def test_a_patch_stays_json_and_is_answered_in_xml(fhir: FhirBench) -> None:
    fhir.bench.feed(a_document(1))
    answer = fhir.patch(f"{ARC}.1", pdsm.write_status("entered-in-error"), headers=XML)
    assert shown(answer)["status"] == "entered-in-error"
    wrong = fhir.call("PATCH", "/DocumentReference", body=b"<x/>", kind=FHIR_XML)
    assert wrong.status_code == 415
    assert "application/json-patch+json" in wrong.text


def test_refusals_are_told_in_xml_where_the_bundle_is_wrong(fhir: FhirBench) -> None:
    bundle = a_bundle(fhir.bench)
    bundle["entry"][1]["resource"]["content"][0]["attachment"]["size"] = 3
    answer = post(fhir, "", bundle)
    (issue,) = read_outcome(shown(answer))
    assert (answer.status_code, issue.detail) == (422, "XDSRepositoryMetadataError")
    assert issue.expression == ("Bundle.entry[1].resource.content[0].attachment.size",)
    assert fhir.matches() == []


def test_a_resource_of_another_type_is_refused_as_in_json(fhir: FhirBench) -> None:
    bundle = write_xml(a_bundle(fhir.bench)).replace(b"List", b"Observation")
    answer = fhir.call("POST", body=bundle, kind=FHIR_XML)
    assert (answer.status_code, fhir.bench.line.outcome) == (400, "malformed")
    assert "one List submissionset is expected, 0 seen" in answer.text


BOMB = (
    b'<!DOCTYPE Bundle [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "&a;&a;&a;&a;">' % at for at in range(9))
    + b']><Bundle xmlns="http://hl7.org/fhir"><type value="&a8;"/></Bundle>'
)
FILE = b'<!DOCTYPE Bundle [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
UNREADABLE = [
    (b"", "not well-formed", ()),
    (BOMB, "declaration is not accepted", ()),
    (FILE + b'<Bundle xmlns="http://hl7.org/fhir"><type value="&x;"/></Bundle>', "declaration", ()),
    (b'<Bundle xmlns="http://hl7.org/fhir">' + b"<entry>" * 50 + b"</entry>" * 50 + b"</Bundle>",
     "nested deeper", ()),
    (b'<Bundle xmlns="http://hl7.org/fhir"><kind value="x"/></Bundle>', "no such element",
     ("Bundle.kind",)),
    (b'<Bundle xmlns="http://hl7.org/fhir"><entry><x/></entry></Bundle>', "no such element",
     ("Bundle.entry[0].x",)),
]  # fmt: skip


@pytest.mark.parametrize(("body", "why", "expression"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_is_malformed(
    fhir: FhirBench, body: bytes, why: str, expression: tuple[str, ...]
) -> None:
    answer = fhir.call("POST", body=body, kind=FHIR_XML)
    (issue,) = read_outcome(shown(answer))
    assert (answer.status_code, issue.code, issue.expression) == (400, "structure", expression)
    assert why in issue.diagnostics
    assert fhir.bench.line.outcome == "malformed"


def test_whatever_a_bundle_in_xml_holds_it_is_answered(fhir: FhirBench) -> None:
    draw, whole = random.Random(3), write_xml(a_bundle(fhir.bench))
    junk = (b"", b"<x/>", b"\x00", b"\xff", b'"', b"&amp;", b"<code/>", b"current", b"\xc2\x85")
    for _ in range(150):
        at = draw.randrange(len(whole))
        body = whole[:at] + draw.choice(junk) + whole[at + draw.randrange(20) :]
        answer = fhir.call("POST", body=body, kind=FHIR_XML)
        assert answer.status_code < 500, answer.text
        assert shown(answer)["resourceType"] in ("OperationOutcome", "Bundle")
    assert "bug" not in {line.outcome for line in fhir.bench.lines()}


def test_a_title_that_xml_cannot_hold_is_answered(fhir: FhirBench) -> None:
    sent = a_simplified()
    sent["content"][0]["attachment"]["title"] = "a\x0bb"
    assert fhir.publish(sent).status_code in (201, 422)
    assert found(fhir).status_code == 200


def test_a_form_with_parameters_of_another_kind_is_no_format(fhir: FhirBench) -> None:
    answer = fhir.provide({"resourceType": "Bundle", "parameters": 3})
    assert answer.status_code == 400
