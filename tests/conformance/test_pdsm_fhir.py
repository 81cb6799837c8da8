"""PDSm, outside judge: fhir.resources (R4B) reads every answer, JSON or XML; official documents.

An official document enters by FHIR and leaves by ITI-43 byte for byte, and the reverse.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources import R4B
from fhirpathpy import evaluate
from werkzeug.test import TestResponse

from kit.cda import entry_from_cda, read_header
from kit.fhir import Resource
from kit.fhir.xml import read_xml, write_xml
from mocks.dmp.messages import pdsm
from mocks.dmp.messages.pdsm.patch import write_archived, write_status
from tests.mocks.dmp.builders import (
    ARC,
    STRUCTURE,
    a_card_vihf,
    a_document,
    a_hospital,
    a_hospital_vihf,
    a_lot,
)
from tests.mocks.dmp.conftest import Bench, bench, make_bench, pki
from tests.mocks.dmp.fhir_builders import (
    DOCTOR_ID,
    FhirBench,
    a_bundle,
    a_simplified,
)

__all__ = ["bench", "make_bench", "pki"]  # fixtures

LOTS = {"code": "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes|submissionset"}
OFFICIAL = (
    "ANEST-CR-CPA_2022.01",
    "BIO-CR-BIO_2024.01_TSH_1",
    "DOC_NON_STRUCTURE_CDA-R2-N1",
    "IMG_CR_IMG_2024.01",
    "LDL-SES_2022.01",
    "VSM_1.4_2022.01",
    "eP-MED-DM_2024.01_PosoStruct",
)


def judged(resource: Resource) -> Resource:
    """The resource, once fhir.resources has read it."""
    R4B.get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    return resource


def hidden(fhir: FhirBench) -> str:
    """The id of a document that its patient hid and showed again."""
    path = f"/mon-espace-sante/279035121518989/documents/{ARC}.3"
    for wish in ("masquer", "demasquer"):
        fhir.bench.client.post(f"{path}/{wish}", json={})
    found = fhir.matches(identifier=f"urn:oid:{ARC}.3")
    return str(found[0]["id"])


def answers(fhir: FhirBench) -> Iterator[TestResponse]:
    """One of every answer the endpoint gives."""
    yield fhir.call("GET", "/metadata")
    yield fhir.provide(a_bundle(fhir.bench, a_document(1), a_document(2)))
    yield fhir.provide(a_bundle(fhir.bench, a_document(1)))
    yield fhir.provide(b"{")
    yield fhir.publish(a_simplified(3))
    yield fhir.find()
    yield fhir.find(status="superseded")
    yield fhir.find(status="")
    yield fhir.find("List", **LOTS)
    yield fhir.find(user="", identifier=f"urn:oid:{ARC}.1")
    yield fhir.patch(f"{ARC}.1", write_status("entered-in-error"))
    yield fhir.find(status="entered-in-error")
    yield fhir.patch(f"{ARC}.2", write_archived(is_archived=True))
    yield fhir.call("GET", f"/DocumentReference/{hidden(fhir)}/_history", user=DOCTOR_ID)
    accept = {"Accept": "application/fhir+json"}
    yield fhir.call("GET", f"/Binary/{ARC}.2", user=DOCTOR_ID, headers=accept)
    yield fhir.call("GET", "/Binary/1.2.3", user=DOCTOR_ID)


def test_every_answer_is_fhir(bench: Bench) -> None:
    seen = [judged(answer.get_json())["resourceType"] for answer in answers(FhirBench(bench))]
    assert set(seen) == {
        "CapabilityStatement", "Bundle", "OperationOutcome", "DocumentReference", "Binary",
    }  # fmt: skip


def both_ways(resource: Resource) -> None:
    """What we write fhir.resources reads as it reads our JSON; what it writes we read."""
    model = R4B.get_fhir_model_class(resource["resourceType"])
    in_xml, in_json = model.model_validate_xml(write_xml(resource)), model.model_validate(resource)
    told = in_json.model_dump_json()
    assert in_xml.model_dump_json() == told
    theirs = in_json.model_dump_xml()
    data = theirs.encode() if isinstance(theirs, str) else theirs
    assert model.model_validate(read_xml(data)).model_dump_json() == told
    assert read_xml(write_xml(resource)) == resource


def test_every_answer_is_fhir_in_xml_too(bench: Bench) -> None:
    fhir = FhirBench(bench)
    for answer in answers(fhir):
        both_ways(answer.get_json())
    in_xml = fhir.call("GET", "/metadata", headers={"Accept": "application/fhir+xml"})
    both_ways(read_xml(in_xml.data))


def test_what_a_client_writes_is_fhir_in_xml_too(bench: Bench) -> None:
    both_ways(a_bundle(bench, a_document(1), a_document(2)))
    both_ways(a_simplified(1))


def test_what_a_client_writes_is_fhir(bench: Bench) -> None:
    judged(a_bundle(bench, a_document(1), a_document(2)))
    judged(a_simplified(1))


def test_the_record_of_a_draft_is_fhir(make_bench: Any) -> None:
    fhir = FhirBench(make_bench(dmp_fhir_draft=True))
    query = {"QUERY_STRING": "identifier=urn:oid:1.2.250.1.213.1.4.10|279035121518989"}
    told = judged(fhir.call("GET", "/Patient", **query).get_json())
    assert told["total"] == 1
    both_ways(told)


# Cardinalities of the profile that a plain reader of R4 does not judge, as FHIRPath.
REQUIRED = (
    "masterIdentifier.value",
    "identifier.where(type.coding.code = 'entryUUID').value",
    "status",
    "type.coding.code",
    "category.coding.code",
    "subject.identifier.value",
    "date",
    "author.reference",
    "authenticator.reference",
    "custodian.identifier.value",
    "securityLabel.coding.code",
    "content.attachment.contentType",
    "content.attachment.language",
    "content.attachment.url",
    "content.attachment.size",
    "content.attachment.hash",
    "content.attachment.title",
    "content.attachment.creation",
    "content.format.code",
    "context.period.start",
    "context.facilityType.coding.code",
    "context.practiceSetting.coding.code",
    "context.sourcePatientInfo.reference",
    "contained.where(resourceType = 'Patient').identifier.value",
    "extension.where(url.endsWith('pdsm-ext-is-archived'))",
)


def test_a_document_has_what_the_profile_requires(bench: Bench) -> None:
    fhir = FhirBench(bench)
    fhir.bench.feed(a_document(1))
    (found,) = fhir.matches()
    assert [path for path in REQUIRED if not evaluate(found, path)] == []


def test_every_expression_of_a_refusal_leads_somewhere(bench: Bench) -> None:
    fhir = FhirBench(bench)
    bundle = a_bundle(bench)
    document = bundle["entry"][1]["resource"]
    document["type"]["coding"][0]["code"] = "34112-3"
    document["content"][0]["attachment"] |= {"size": 3, "hash": "AAAA"}
    document["subject"]["identifier"]["value"] = "1"
    issues = judged(fhir.provide(bundle).get_json())["issue"]
    paths = [path for issue in issues for path in issue["expression"]]
    assert len(paths) >= 4
    assert [path for path in paths if not evaluate(bundle, path)] == []


def official(conformance: Path, name: str) -> tuple[bytes, str, str]:
    """The document, its patient as a VIHF names them and as a search does."""
    content = (conformance / "cda" / "ExemplesCDA" / f"{name}.xml").read_bytes()
    ins = read_header(content).patient.ins
    assert ins is not None
    return content, ins.cx, f"urn:oid:{ins.oid}|{ins.matricule}"


@pytest.mark.parametrize("name", OFFICIAL)
def test_an_official_document_enters_by_fhir_and_leaves_by_soap(
    bench: Bench, conformance: Path, name: str
) -> None:
    content, cx, patient = official(conformance, name)
    fhir = FhirBench(bench)
    submission, contents = a_lot(a_hospital(bench.pki).sign, content)
    bundle = pdsm.write_provide_bundle(submission, contents, custodian=STRUCTURE)
    answer = fhir.provide(judged(bundle))
    assert answer.status_code == 200, answer.text
    judged(answer.get_json())
    (facts,) = bench.line.facts["documents"]
    vihf = a_card_vihf(bench.pki, patient=cx)
    retrieved = bench.retrieve(facts["unique_id"], vihf=vihf)
    assert [item.content for item in retrieved.documents] == [content]
    (found,) = fhir.matches(**{"patient.identifier": patient})
    assert found["content"][0]["attachment"]["size"] == len(content)


@pytest.mark.parametrize("name", OFFICIAL)
def test_an_official_document_enters_by_soap_and_leaves_by_fhir(
    bench: Bench, conformance: Path, name: str
) -> None:
    content, cx, patient = official(conformance, name)
    fhir = FhirBench(bench)
    bench.feed(content, vihf=a_hospital_vihf(bench.pki, patient=cx))
    (found,) = map(judged, fhir.matches(**{"patient.identifier": patient}))
    attachment = found["content"][0]["attachment"]
    path = attachment["url"].partition(pdsm.PATH)[2]
    answer = fhir.call("GET", path, user=DOCTOR_ID)
    assert (answer.data, answer.mimetype) == (content, attachment["contentType"])
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    assert b64decode(attachment["hash"]) == digest


@pytest.mark.parametrize("name", OFFICIAL)
def test_an_official_document_is_published_alone(
    bench: Bench, conformance: Path, name: str
) -> None:
    content, _, _ = official(conformance, name)
    resource = pdsm.write_simplified(entry_from_cda(content), content, custodian=STRUCTURE)
    answer = FhirBench(bench).publish(judged(resource))
    assert answer.status_code == 201, answer.text
    judged(answer.get_json())
