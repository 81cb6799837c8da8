"""DMP, outside judges: every answer element by element, read by the standard library.

Orders are those of HL7 v3 (NE2009) and of the published examples. Requests are our client's,
written again by lxml with other prefixes and layout: a service reads names, not prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from xml.etree import ElementTree

import pytest
from lxml import etree
from werkzeug.test import TestResponse

from kit import mtom, soap
from kit.vihf import AccessMode, access
from kit.xml import Element, serialize
from mocks.dmp import messages
from mocks.dmp.messages import AuthorizationChange, Header, ListQuery, PatientQuery
from mocks.dmp.messages.record import AT_THE_PATIENTS_DEMAND
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    a_card_vihf,
    a_document,
    a_hospital,
    a_hospital_vihf,
    a_lot,
    a_patient,
    an_identity,
)
from tests.mocks.dmp.conftest import BOUNDARY, Bench, bench, make_bench, pki

__all__ = ["bench", "make_bench", "pki"]  # fixtures

SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
WSA = "{http://www.w3.org/2005/08/addressing}"
HL7 = "urn:hl7-org:v3"
GDP = "asip:ci-sis:gdp:2010"
LONERS = a_patient(state="open", attached_to_mes=False)


def header(reason: str = "TEST_EXST") -> Header:
    return Header("m1", "20260105080000", ARC, "Banc", reason)


def existence(reason: str) -> Element:
    return messages.write_existence(
        messages.ExistenceQuery(INS, "m1", "20260105080000", ARC, "Banc", reason)
    )


def revision(reason: str, **changes: object) -> Element:
    record = messages.Record(
        LONERS.ins,
        reason != "FERM",
        "X",
        "",
        "Y",
        "F",
        "1979-03-28",
        False,
        **changes,  # type: ignore[arg-type]
    )
    return messages.write_revision(messages.Revision(header(reason), record, "8", "1"))


def deletion_of(uuid: str) -> Element:
    lot = messages.lot_of_update(an_identity(5), INS)
    return messages.write_update(lot, [messages.deletion(uuid)])


@dataclass(frozen=True)
class Exchange:
    """One transaction: path, actions, body of the request; who calls; name of the answer.

    children: local names of the answer's children, in their order. inside: path below the answer
    -> the order there. ns: prefix h is HL7.
    """

    name: str
    path: str
    action: str
    reply: str
    body: Callable[[], Element]
    answer: str
    children: tuple[str, ...]
    inside: tuple[tuple[str, tuple[str, ...]], ...] = ()
    patient: str = INS.cx
    mode: AccessMode = AccessMode.NORMAL
    outcome: str = "accepted"


HEAD = ("id creationTime interactionId processingCode processingModeCode acceptAckCode receiver "
        "sender").split()  # fmt: skip
TOLD = (*HEAD, "attentionLine", "attentionLine", "acknowledgement", "controlActProcess")
BARE = (*HEAD, "acknowledgement", "controlActProcess")
PERSON = "h:controlActProcess/h:subject/h:registrationEvent/h:subject1/h:patient/h:patientPerson"
SHORT = ("name", "administrativeGenderCode", "birthTime")
FULL = ("name", "telecom", "administrativeGenderCode", "birthTime", "deceasedInd", "addr",
        "birthPlace")  # fmt: skip
EVENT = "h:controlActProcess/h:subject/h:registrationEvent"
PATIENT = f"{EVENT}/h:subject1/h:patient"
RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
HABILITATIONS, PATIENTS = "urn:si-dmp-habilitations", "urn:si-dmp-patients"
EXCHANGES = [
    Exchange(
        "TD0.2",
        messages.PATIENTS,
        "urn:hl7-org:v3:PRPA_IN201307UV02",
        "urn:hl7-org:v3:PRPA_IN201308UV02",
        lambda: existence("TEST_EXST"),
        f"{{{HL7}}}PRPA_IN201308UV02",
        TOLD,
        (
            ("h:controlActProcess", ("reasonCode", "subject", "queryAck")),
            (EVENT, ("statusCode", "subject1", "custodian")),
            (PATIENT, ("id", "id", "statusCode", "patientPerson", "subjectOf", "subjectOf")),
            (PERSON, SHORT),
            (f"{PERSON}/h:name", ("prefix", "given", "family", "family")),
        ),
    ),
    Exchange(
        "TD1.3a",
        messages.PATIENTS,
        "urn:hl7-org:v3:PRPA_IN201307UV02",
        "urn:hl7-org:v3:PRPA_IN201308UV02",
        lambda: existence("CNSLT_DATA"),
        f"{{{HL7}}}PRPA_IN201308UV02",
        TOLD,
        ((PERSON, FULL),),
    ),
    Exchange(
        "TD0.3",
        messages.HABILITATIONS,
        "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization",
        "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorizationResponse",
        lambda: messages.write_set_authorization(AuthorizationChange("AJOUT")),
        f"{{{HABILITATIONS}}}setAuthorizationResponse",
        ("output",),
        (("*", ("status", "context")),),
    ),
    Exchange(
        "TD0.4",
        messages.PATIENTS_SPECIFIC,
        "urn:si-dmp-patients:PatientSpecificEndPoint:patientList",
        "urn:si-dmp-patients:PatientSpecificEndPoint:patientListResponse",
        lambda: messages.write_patient_list(ListQuery("20250101000000", "LASTAUTORIZATION")),
        f"{{{PATIENTS}}}patientListResponse",
        ("output",),
        (
            ("*", ("patientlistData", "status")),
            (
                "*/*",
                ("patientIdentifier", "patientIdentifier", "lastName", "firstName", "dateOfBirth",
                 "MT", "lastAccessDate", "lastUpdateDate", "lastAddDate"),
            ),
        ),
    ),
    Exchange(
        "TD0.5",
        messages.PATIENTS_PDQ,
        "urn:hl7-org:v3:PRPA_IN201305UV02",
        "urn:hl7-org:v3:PRPA_IN201306UV02",
        lambda: messages.write_patient_query(
            PatientQuery(header(), "PAT-TROIS", "DOMINIQUE", "1979-03-28", "F")
        ),
        f"{{{HL7}}}PRPA_IN201306UV02",
        BARE,
        (
            (
                "h:controlActProcess/h:queryAck",
                ("queryId", "queryResponseCode", "resultTotalQuantity", "resultCurrentQuantity",
                 "resultRemainingQuantity"),
            ),
        ),
        mode=AccessMode.REGULATION,
    ),
    Exchange(
        "TD1.3b",
        messages.PATIENTS,
        "urn:hl7-org:v3:PRPA_IN201314UV02",
        "urn:hl7-org:v3:PRPA_IN201314ResponseUV02",
        lambda: revision("MODIF_DATA", city="RENNES"),
        f"{{{GDP}}}PRPA_IN201314UV02_Response",
        ("PRPA_IN201315UV02",),
        (("*", BARE),),
        patient=LONERS.ins.cx,
    ),
    Exchange(
        "TD1.4",
        messages.PATIENTS,
        "urn:hl7-org:v3:PRPA_IN201314UV02",
        "urn:hl7-org:v3:PRPA_IN201314ResponseUV02",
        lambda: revision("FERM", closing_motive=AT_THE_PATIENTS_DEMAND),
        f"{{{GDP}}}PRPA_IN201314UV02_Response",
        ("PRPA_IN201315UV02",),
        (("*", BARE),),
        patient=LONERS.ins.cx,
    ),
    Exchange(
        "TD1.6",
        messages.HABILITATIONS,
        "urn:si-dmp-habilitations:HabilitationsEndPoint:listAuthorizationByPatient",
        "urn:si-dmp-habilitations:HabilitationsEndPoint:listAuthorizationByPatientResponse",
        lambda: messages.write_list_authorizations("TOUTE"),
        f"{{{HABILITATIONS}}}listAuthorizationByPatientResponse",
        ("output",),
        (
            ("*", ("authorization", "status", "context")),
            (
                "*/*",
                ("nationalId", "nationalIdType", "firstName", "lastName", "codeSpeciality",
                 "startOfAuthorization", "lastActionDate", "mode"),
            ),
        ),
    ),
    Exchange(
        "TD3.1",
        messages.REGISTRY,
        "urn:ihe:iti:2007:RegistryStoredQuery",
        "urn:ihe:iti:2007:RegistryStoredQueryResponse",
        lambda: messages.write_query(messages.find_documents(INS.cx)),
        f"{{{QUERY}}}AdhocQueryResponse",
        ("RegistryObjectList",),
        (("*", ("ExtrinsicObject",)),),
    ),
    Exchange(
        "TD3.3c",
        messages.REGISTRY,
        "urn:ihe:iti:2010:UpdateDocumentSet",
        "urn:ihe:iti:2010:UpdateDocumentSet-Response",
        lambda: deletion_of("urn:uuid:1"),
        f"{{{RS}}}RegistryResponse",
        ("RegistryErrorList",),
        outcome="refused",
    ),
]  # fmt: skip


def prepared(bench: Bench) -> None:
    """A document, and the doctor's authorisation."""
    assert bench.feed().status_code == 200
    asked = messages.write_set_authorization(AuthorizationChange("AJOUT"))
    call(bench, messages.HABILITATIONS, messages.TD0_3, asked)


def call(
    bench: Bench,
    path: str,
    action: str,
    body: Element,
    *,
    patient: str = INS.cx,
    mode: AccessMode = AccessMode.NORMAL,
) -> TestResponse:
    vihf = a_card_vihf(bench.pki, patient=patient, purpose=access(mode))
    return bench.send(path, body, action=action, vihf=vihf)


def local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def body_of(answer: TestResponse) -> tuple[ElementTree.Element, ElementTree.Element]:
    """The header and the element in the body of an answer."""
    root = ElementTree.fromstring(answer.get_data())
    found, body = root.find(f"{SOAP}Header"), root.find(f"{SOAP}Body")
    assert found is not None
    assert body is not None
    return found, body[0]


def judged(row: Exchange, answer: TestResponse) -> None:
    """Status, addressing, name and order of an answer."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found, told = body_of(answer)
    assert found.findtext(f"{WSA}Action") == row.reply
    assert found.findtext(f"{WSA}RelatesTo", "").startswith("urn:uuid:")
    assert told.tag == row.answer
    assert tuple(map(local, told)) == row.children
    for path, order in row.inside:
        element = told.find(path, {"h": HL7})
        assert element is not None, path
        assert tuple(map(local, element)) == order, path


@pytest.mark.parametrize("row", EXCHANGES, ids=lambda row: row.name)
def test_an_answer_has_its_elements_in_their_order(bench: Bench, row: Exchange) -> None:
    prepared(bench)
    judged(
        row,
        call(bench, row.path, row.action, row.body(), patient=row.patient, mode=row.mode),
    )
    assert (bench.line.transaction, bench.line.outcome) == (row.name, row.outcome)
    assert "lint" not in bench.line.facts


def rewritten(envelope: bytes, vihf: bytes) -> bytes:
    """The same message with prefixes, spaces and comments of another writer; the VIHF stays."""
    root = etree.fromstring(envelope)
    spaces = sorted({etree.QName(item).namespace or "" for item in root.iter(etree.Element)})
    names = {f"n{place}": space for place, space in enumerate(spaces) if space}
    copied = _again(root, names)
    for item in copied.iter(etree.Element):
        if len(item) and not (item.text or "").strip():
            item.text = "\n\t "
    copied.insert(0, etree.Comment(" another writer "))
    written = etree.tostring(copied)
    start = re.search(rb"<(\w+):Assertion .*</\1:Assertion>", written, re.DOTALL)
    assert start is not None
    return written[: start.start()] + vihf + written[start.end() :]


def _again(element: Element, names: dict[str, str]) -> Element:
    made = etree.Element(element.tag, dict(element.attrib), nsmap=names)
    made.text, made.tail = element.text, element.tail
    made.extend(_again(item, names) for item in element.iterchildren(etree.Element))
    return made


@pytest.mark.parametrize("row", EXCHANGES, ids=lambda row: row.name)
def test_other_prefixes_and_layout_are_read(bench: Bench, row: Exchange) -> None:
    prepared(bench)
    vihf = a_card_vihf(bench.pki, patient=row.patient, purpose=access(row.mode))
    root = soap.write_envelope(
        row.body(),
        action=row.action,
        message_id="urn:uuid:7",
        header_blocks=[messages.write_security(vihf)],
    )
    sent = rewritten(root, serialize(vihf))
    assert sent != root
    judged(row, bench.post(row.path, sent, f"{soap.SOAP_TYPE}; charset=UTF-8"))


@pytest.mark.parametrize("row", EXCHANGES, ids=lambda row: row.name)
def test_another_action_is_noted_not_refused(bench: Bench, row: Exchange) -> None:
    prepared(bench)
    answer = call(bench, row.path, "urn:another", row.body(), patient=row.patient, mode=row.mode)
    judged(row, answer)
    assert any("urn:another" in note for note in bench.line.facts["lint"])


def test_a_request_of_hl7_v3_has_an_empty_attention_line() -> None:
    for body in (existence("TEST_EXST"), revision("MODIF_DATA")):
        told = ElementTree.fromstring(serialize(body))
        assert tuple(map(local, told)) == (*HEAD, "attentionLine", "controlActProcess")
        line = told.find(f"{{{HL7}}}attentionLine")
        assert line is not None
        assert line.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"


# MTOM.


def parameters_of(answer: TestResponse) -> Message:
    """The Content-Type of an answer in parts, read by the standard library."""
    kind = f"MIME-Version: 1.0\r\nContent-Type: {answer.content_type}\r\n\r\n".encode()
    return BytesParser(policy=HTTP).parsebytes(kind + answer.get_data())


def test_an_answer_in_parts_names_its_root_and_its_types(bench: Bench) -> None:
    bench.feed()
    asked = messages.write_retrieve([messages.DocumentRequest(f"{ARC}.1")])
    answer = call(bench, messages.REPOSITORY, messages.ITI_43, asked)
    told = parameters_of(answer)
    assert told.get_content_type() == "multipart/related"
    assert told.get_param("type") == "application/xop+xml"
    assert told.get_param("start-info") == "application/soap+xml"
    root, document = told.get_payload()  # type: ignore[misc]
    assert root["Content-ID"] == told.get_param("start")
    assert root.get_content_type() == "application/xop+xml"
    assert root.get_param("type") == "application/soap+xml"
    assert {part["Content-Transfer-Encoding"] for part in (root, document)} == {"binary"}
    assert ElementTree.fromstring(root.get_payload(decode=True)).tag == f"{SOAP}Envelope"
    assert document.get_payload(decode=True) == a_document()


KINDS = [  # what another writer says of the same parts
    lambda kind: kind,
    lambda kind: re.sub(r' start="[^"]*";', "", kind),  # then the first part is the root
    lambda kind: re.sub(r' action="[^"]*"', "", kind).rstrip("; "),
    lambda kind: kind.replace("multipart/related", "Multipart/Related"),
    lambda kind: kind.replace(' type="application/xop+xml";', ' Type="application/xop+xml";'),
    lambda kind: kind.replace("; ", ";\t"),
]


@pytest.mark.parametrize("other", KINDS)
def test_parameters_of_mtom_may_be_spelled_otherwise(
    bench: Bench, other: Callable[[str], str]
) -> None:
    body, attachments = messages.write_submission(*a_lot(a_hospital(bench.pki).sign))
    block = messages.write_security(a_hospital_vihf(bench.pki))
    root = soap.write_envelope(body, action=messages.ITI_41, header_blocks=[block])
    kind, data = mtom.write_multipart(root, attachments, boundary=BOUNDARY, action=messages.ITI_41)
    answer = bench.post(messages.REPOSITORY, data, other(kind))
    assert body_of(answer)[1].get("status", "").endswith("ResponseStatusType:Success")
