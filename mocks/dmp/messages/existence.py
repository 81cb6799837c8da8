"""DMP mock, messages: test of existence of a record (DMP TD0.2), HL7 v3, both ways.

Not here: whether the caller may ask (``rules``); creation, reading and closing of records.
Source: HL7 v3 NE2009 PRPA_IN201307UV02 and PRPA_IN201308UV02, as the DMP profiles them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kit.identity import Ins
from kit.rules import Malformed, Refusal
from kit.xml import (
    NS,
    Element,
    build,
    find,
    find_all,
    find_text,
    need,
    need_attribute,
    qname,
)

EXISTENCE = qname("hl7:PRPA_IN201307UV02")
REQUEST, ANSWER = "PRPA_IN201307UV02", "PRPA_IN201308UV02"
INTERACTION = "2.16.840.1.113883.1.6"
DMP_SYSTEM = "1.2.250.1.213.4.1.1.1"
DMP_MESSAGES = "1.2.250.1.213.4.1.1.1.1"
REASON = "1.2.250.1.213.1.1.4.11"
TEST_OF_EXISTENCE = "TEST_EXST"
AUTHORIZATION_KEY, AUTHORIZATION_VALUE = "1.2.250.1.213.4.1.2.6.1", "1.2.250.1.213.4.1.2.6.2"
ATTENDING_KEY = "1.2.250.1.213.4.1.2.6.3"
MES_KEY = "1.2.250.1.213.4.1.2.3"
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


@dataclass(frozen=True, slots=True)
class Record:
    """The record as the answer shows it; traits are for information only (RG_0320)."""

    patient_id: Ins
    is_open: bool
    birth_name: str
    used_name: str
    given_names: str
    sex: str
    birth_date: str
    attached_to_mes: bool
    authorization: str = ""
    is_attending_doctor: bool = False


@dataclass(frozen=True, slots=True)
class Existence:
    """The answer: the record, None when there is no DMP; the code and text of an error."""

    record: Record | None
    query_response: str
    error_code: str = ""
    error_text: str = ""


def read_existence(body: Element) -> ExistenceQuery:
    """Read PRPA_IN201307UV02. Raises Malformed when the patient or the reason is missing."""
    act = need(body, "hl7:controlActProcess")
    reason = need_attribute(need(act, "hl7:reasonCode"), "code", where="reasonCode")
    identifiers = find_all(
        act, "hl7:queryByParameter/hl7:parameterList/hl7:patientIdentifier/hl7:value"
    )
    if len(identifiers) != 1:
        raise Malformed("patientIdentifier", f"one value is expected, {len(identifiers)} seen")
    return ExistenceQuery(
        patient_id=_read_ins(identifiers[0]),
        message_id=need_attribute(need(body, "hl7:id"), "extension", where="id"),
        sent_at=need_attribute(need(body, "hl7:creationTime"), "value", where="creationTime"),
        sender_oid=need_attribute(need(body, "hl7:sender/hl7:device/hl7:id"), "root"),
        sender_name=find_text(body, "hl7:sender/hl7:device/hl7:name"),
        reason_code=reason,
    )


def _read_ins(element: Element) -> Ins:
    return Ins(need_attribute(element, "extension"), need_attribute(element, "root"))


def write_existence(query: ExistenceQuery) -> Element:
    """Write PRPA_IN201307UV02."""
    root = _message(
        REQUEST,
        _hl7("id", root=query.sender_oid, extension=query.message_id),
        query.sent_at,
        accept="AL",
    )
    root.append(_device("receiver", DMP_SYSTEM, "DMP"))
    root.append(_device("sender", query.sender_oid, query.sender_name))
    value = _hl7("value", root=query.patient_id.oid, extension=query.patient_id.matricule)
    semantics = _hl7("semanticsText", "Patient.id")
    source = _hl7("dataSource")
    source.set(qname("xsi:nil"), "true")
    parameters = _hl7("parameterList", source, _hl7("patientIdentifier", value, semantics))
    asked = _hl7(
        "queryByParameter",
        _hl7("queryId", root=f"{query.sender_oid}.2", extension=query.message_id),
        _hl7("statusCode", code="new"),
        parameters,
    )
    root.append(_act(query.reason_code, asked))
    return root


def _hl7(name: str, *children: Element | str, **attributes: str) -> Element:
    return build(f"hl7:{name}", *children, nsmap=_nsmap(), **attributes)


def _nsmap() -> dict[str, str]:
    return {None: NS["hl7"], "xsi": NS["xsi"]}  # type: ignore[dict-item]


def _message(name: str, identifier: Element, at: str, *, accept: str) -> Element:
    """The HL7 v3 transmission wrapper, up to the acceptance code."""
    return _hl7(
        name,
        identifier,
        _hl7("creationTime", value=at),
        _hl7("interactionId", root=INTERACTION, extension=name),
        _hl7("processingCode", code="D"),
        _hl7("processingModeCode", code="T"),
        _hl7("acceptAckCode", code=accept),
        ITSVersion="XML_1.0",
    )


def _device(role: str, oid: str, name: str) -> Element:
    device = _hl7("device", _hl7("id", root=oid), classCode="DEV", determinerCode="INSTANCE")
    if name:
        device.append(_hl7("name", name))
    return _hl7(role, device, typeCode="RCV" if role == "receiver" else "SND")


def _act(reason: str, *children: Element) -> Element:
    code = _hl7("reasonCode", code=reason, codeSystem=REASON)
    return _hl7("controlActProcess", code, *children, classCode="CACT", moodCode="EVN")


def write_existence_response(query: ExistenceQuery, record: Record | None, *, at: str) -> Element:
    """Write PRPA_IN201308UV02: the record, or NF when there is none."""
    root = _answer(query, at, _acknowledgement(query, "AA"))
    for line in _attention_lines(record) if record else ():
        root.append(line)
    act = _act(query.reason_code)
    if record:
        act.append(_hl7("subject", _registration(record), typeCode="SUBJ"))
    act.append(_query_ack(query, "OK" if record else "NF"))
    root.append(act)
    return root


def write_existence_failure(
    query: ExistenceQuery, refusals: Iterable[Refusal], *, at: str
) -> Element:
    """Write PRPA_IN201308UV02 for a refused question: AE with every refusal."""
    acknowledgement = _acknowledgement(query, "AE")
    for refusal in refusals:
        code = _hl7("code", code=refusal.code.code)
        text = _hl7("text", f"{refusal.code.meaning}; {refusal.text}")
        acknowledgement.append(_hl7("acknowledgementDetail", code, text, typeCode="E"))
    root = _answer(query, at, acknowledgement)
    root.append(_act(query.reason_code, _query_ack(query, "AE")))
    return root


def _answer(query: ExistenceQuery, at: str, acknowledgement: Element) -> Element:
    identifier = _hl7("id", root=DMP_MESSAGES, extension=query.message_id)
    root = _message(ANSWER, identifier, at, accept="NE")
    root.append(_device("receiver", query.sender_oid, query.sender_name))
    root.append(_device("sender", DMP_SYSTEM, "DMP"))
    root.append(acknowledgement)
    return root


def _acknowledgement(query: ExistenceQuery, type_code: str) -> Element:
    target = _hl7("id", root=query.sender_oid, extension=query.message_id)
    return _hl7("acknowledgement", _hl7("targetMessage", target), typeCode=type_code)


def _query_ack(query: ExistenceQuery, code: str) -> Element:
    return _hl7(
        "queryAck",
        _hl7("queryId", root=f"{query.sender_oid}.2", extension=query.message_id),
        _hl7("queryResponseCode", code=code),
    )


def _attention_lines(record: Record) -> Iterable[Element]:
    if record.authorization:
        value = _hl7("value", code=record.authorization, codeSystem=AUTHORIZATION_VALUE)
        value.set(qname("xsi:type"), "CV")
        yield _attention("AUTORISATION", AUTHORIZATION_KEY, value)
    yield _attention("STATUT_MT", ATTENDING_KEY, _boolean(record.is_attending_doctor))


def _attention(keyword: str, system: str, value: Element) -> Element:
    key = _hl7("keyWordText", keyword, code=keyword, codeSystem=system)
    return _hl7("attentionLine", key, value)


def _boolean(value: bool) -> Element:
    element = _hl7("value", value="true" if value else "false")
    element.set(qname("xsi:type"), "BL")
    return element


def _registration(record: Record) -> Element:
    status = "active" if record.is_open else "terminated"
    patient = _hl7(
        "patient",
        _hl7("id", root=record.patient_id.oid, extension=record.patient_id.matricule),
        _hl7("statusCode", code=status),
        _person(record),
        _observation("RATTACHEMENT_ENS", MES_KEY, record.attached_to_mes),
        classCode="PAT",
    )
    custodian = _hl7("assignedEntity", _hl7("id", root=DMP_SYSTEM), classCode="ASSIGNED")
    return _hl7(
        "registrationEvent",
        _hl7("statusCode", code="completed"),
        _hl7("subject1", patient, typeCode="SBJ"),
        _hl7("custodian", custodian, typeCode="CST"),
        classCode="REG",
        moodCode="EVN",
    )


def _person(record: Record) -> Element:
    name = _hl7(
        "name",
        _hl7("given", record.given_names),
        _hl7("family", record.used_name or "NON RENSEIGNE", qualifier="SP"),
        _hl7("family", record.birth_name, qualifier="BR"),
    )
    return _hl7(
        "patientPerson",
        name,
        _hl7("administrativeGenderCode", code=record.sex),
        _hl7("birthTime", value=record.birth_date.replace("-", "")),
        classCode="PSN",
        determinerCode="INSTANCE",
    )


def _observation(code: str, system: str, value: bool) -> Element:
    observed = _hl7(
        "administrativeObservation",
        _hl7("code", code=code, codeSystem=system),
        _boolean(value),
        classCode="OBS",
        moodCode="EVN",
    )
    return _hl7("subjectOf", observed, typeCode="SBJ")


def read_existence_response(element: Element) -> Existence:
    """Read PRPA_IN201308UV02."""
    act = need(element, "hl7:controlActProcess")
    answer = need_attribute(need(act, "hl7:queryAck/hl7:queryResponseCode"), "code")
    detail = find(element, "hl7:acknowledgement/hl7:acknowledgementDetail")
    patient = find(element, _PATIENT)
    return Existence(
        record=None if patient is None else _read_record(element, patient),
        query_response=answer,
        error_code="" if detail is None else need_attribute(need(detail, "hl7:code"), "code"),
        error_text="" if detail is None else find_text(detail, "hl7:text"),
    )


def _read_record(element: Element, patient: Element) -> Record:
    attention = {
        find_text(line, "hl7:keyWordText"): find(line, "hl7:value")
        for line in find_all(element, "hl7:attentionLine")
    }
    person = need(patient, "hl7:patientPerson")
    birth = need_attribute(need(person, "hl7:birthTime"), "value")
    used = find_text(person, "hl7:name/hl7:family[@qualifier='SP']")
    return Record(
        patient_id=_read_ins(need(patient, "hl7:id")),
        is_open=need_attribute(need(patient, "hl7:statusCode"), "code") == "active",
        birth_name=find_text(person, "hl7:name/hl7:family[@qualifier='BR']"),
        used_name="" if used == "NON RENSEIGNE" else used,
        given_names=find_text(person, "hl7:name/hl7:given"),
        sex=need_attribute(need(person, "hl7:administrativeGenderCode"), "code"),
        birth_date=f"{birth[:4]}-{birth[4:6]}-{birth[6:8]}",
        attached_to_mes=_read_value(find(patient, _MES_VALUE), "value") == "true",
        authorization=_read_value(attention.get("AUTORISATION"), "code"),
        is_attending_doctor=_read_value(attention.get("STATUT_MT"), "value") == "true",
    )


_MES_VALUE = "hl7:subjectOf/hl7:administrativeObservation/hl7:value"


def _read_value(element: Element | None, attribute: str) -> str:
    return "" if element is None else element.get(attribute, "")
