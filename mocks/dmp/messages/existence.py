"""DMP mock, messages: questions about a record (DMP TD0.2, TD1.3a), HL7 v3, both ways.

Not here: whether the caller may ask (``rules``); changes of a record (``revision``).
Source: HL7 v3 NE2009 PRPA_IN201307UV02 and PRPA_IN201308UV02, as the DMP profiles them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kit.identity import Ins
from kit.rules import Malformed, Refusal
from kit.xml import Element, find, find_all, find_text, need, need_attribute, qname
from mocks.dmp.messages.hl7 import (
    Header,
    acknowledgement,
    act,
    attribute_of,
    boolean,
    hl7,
    nil,
    query_ack,
    read_detail,
    read_header,
    read_ins,
    write_answer,
    write_ins,
    write_request,
)
from mocks.dmp.messages.registration import Record, read_patient, write_event

EXISTENCE = qname("hl7:PRPA_IN201307UV02")
REQUEST, ANSWER = "PRPA_IN201307UV02", "PRPA_IN201308UV02"
TEST_OF_EXISTENCE, READ_RECORD = "TEST_EXST", "CNSLT_DATA"
AUTHORIZATION_KEY, AUTHORIZATION_VALUE = "1.2.250.1.213.4.1.2.6.1", "1.2.250.1.213.4.1.2.6.2"
ATTENDING_KEY = "1.2.250.1.213.4.1.2.6.3"
VALID = "VALIDE"
_PATIENT = "hl7:controlActProcess/hl7:subject/hl7:registrationEvent/hl7:subject1/hl7:patient"


@dataclass(frozen=True, slots=True)
class ExistenceQuery:
    """Does this patient have a DMP, and may I use it. sent_at: YYYYMMDDhhmmss."""

    patient_id: Ins
    message_id: str
    sent_at: str
    sender_oid: str
    sender_name: str
    reason_code: str = TEST_OF_EXISTENCE

    @property
    def header(self) -> Header:
        """What the transmission wrapper says."""
        return Header(
            self.message_id, self.sent_at, self.sender_oid, self.sender_name, self.reason_code
        )

    @property
    def reads_data(self) -> bool:
        """TD1.3a: the administrative data too."""
        return self.reason_code == READ_RECORD


@dataclass(frozen=True, slots=True)
class Existence:
    """The answer: the record, None when there is no DMP; the code and text of an error."""

    record: Record | None
    query_response: str
    error_code: str = ""
    error_text: str = ""


def read_existence(body: Element) -> ExistenceQuery:
    """Read PRPA_IN201307UV02. Raises Malformed when the patient or the reason is missing."""
    header = read_header(body)
    identifiers = find_all(
        need(body, "hl7:controlActProcess"),
        "hl7:queryByParameter/hl7:parameterList/hl7:patientIdentifier/hl7:value",
    )
    if len(identifiers) != 1:
        raise Malformed("patientIdentifier", f"one value is expected, {len(identifiers)} seen")
    return ExistenceQuery(
        patient_id=read_ins(identifiers[0]),
        message_id=header.message_id,
        sent_at=header.sent_at,
        sender_oid=header.sender_oid,
        sender_name=header.sender_name,
        reason_code=header.reason_code,
    )


def write_existence(query: ExistenceQuery) -> Element:
    """Write PRPA_IN201307UV02."""
    identifier = hl7(
        "patientIdentifier",
        write_ins("value", query.patient_id),
        hl7("semanticsText", "Patient.id"),
    )
    asked = hl7(
        "queryByParameter",
        hl7("queryId", root=f"{query.sender_oid}.2", extension=query.message_id),
        hl7("statusCode", code="new"),
        hl7("parameterList", nil("dataSource"), identifier),
    )
    return write_request(REQUEST, query.header, asked)


def write_existence_response(query: ExistenceQuery, record: Record | None, *, at: str) -> Element:
    """Write PRPA_IN201308UV02: the record, or NF when there is none."""
    lines = _attention_lines(record) if record else ()
    root = write_answer(ANSWER, query.header, acknowledgement(query.header), at=at, attention=lines)
    process = act(query.reason_code)
    if record:
        process.append(hl7("subject", write_event(record), typeCode="SUBJ"))
    process.append(query_ack(query.header, "OK" if record else "NF"))
    root.append(process)
    return root


def write_existence_failure(
    query: ExistenceQuery, refusals: Iterable[Refusal], *, at: str
) -> Element:
    """Write PRPA_IN201308UV02 for a refused question: AE with every refusal."""
    root = write_answer(ANSWER, query.header, acknowledgement(query.header, refusals), at=at)
    root.append(act(query.reason_code, query_ack(query.header, "AE")))
    return root


def _attention_lines(record: Record) -> Iterable[Element]:
    if record.authorization:
        value = hl7("value", code=record.authorization, codeSystem=AUTHORIZATION_VALUE)
        value.set(qname("xsi:type"), "CV")
        yield _attention("AUTORISATION", AUTHORIZATION_KEY, value)
    yield _attention("STATUT_MT", ATTENDING_KEY, boolean(record.is_attending_doctor))


def _attention(keyword: str, system: str, value: Element) -> Element:
    key = hl7("keyWordText", keyword, code=keyword, codeSystem=system)
    return hl7("attentionLine", key, value)


def read_existence_response(element: Element) -> Existence:
    """Read PRPA_IN201308UV02."""
    process = need(element, "hl7:controlActProcess")
    answer = need_attribute(need(process, "hl7:queryAck/hl7:queryResponseCode"), "code")
    patient = find(element, _PATIENT)
    code, text = read_detail(element)
    record = None if patient is None else _read_record(element, patient)
    return Existence(record, answer, code, text)


def _read_record(element: Element, patient: Element) -> Record:
    attention = {
        find_text(line, "hl7:keyWordText"): find(line, "hl7:value")
        for line in find_all(element, "hl7:attentionLine")
    }
    return read_patient(
        patient,
        authorization=attribute_of(attention.get("AUTORISATION"), "code"),
        is_attending_doctor=attribute_of(attention.get("STATUT_MT"), "value") == "true",
    )
