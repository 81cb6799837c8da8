"""DMP mock, messages: a person and their record inside HL7 v3 messages, both ways.

What an answer shows (``registrationEvent``) and what a change asks (``registrationRequest``) have
the same patient. Not here: the transmission around it (``existence``, ``revision``).
Source: DMP examples. Where closing date, motive and reason stand is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kit.identity import Ins
from kit.xml import Element, find, find_all, find_text, need, need_attribute
from mocks.dmp.messages.hl7 import (
    CLOSING_MOTIVES,
    DMP_SYSTEM,
    OBSERVATIONS,
    attribute_of,
    hl7,
    observation,
    read_ins,
    write_ins,
)
from mocks.dmp.messages.record import Representative

ATTACHED, ACCOUNT = "RATTACHEMENT_ENS", "COMPTE_INTERNET_OUVERT"
ACCOUNT_KEY = "1.2.250.1.213.4.1.2.9"
OPPOSED_BREAK_GLASS, OPPOSED_REGULATION = "OPPOSITION_BRIS_DE_GLACE", "OPPOSITION_ACCES_URGENCE"
CONSENT = "CONSENTEMENT_OUVERTURE_DMP"
RELATIONSHIPS = "2.16.840.1.113883.1.11.19579"
UNTOLD = "NON RENSEIGNE"


@dataclass(frozen=True, slots=True)
class Record:
    """The record as a message shows it; traits are for information only (RG_0320).

    opposed_*: None when the message does not tell. closed_on: YYYYMMDDhhmmss.
    """

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
    opposed_to_break_glass: bool | None = None
    opposed_to_regulation: bool | None = None
    consents_to_opening: bool | None = None
    telecoms: tuple[str, ...] = ()
    street: str = ""
    postal_code: str = ""
    city: str = ""
    birth_place: str = ""
    representatives: tuple[Representative, ...] = ()
    closed_on: str = ""
    closing_motive: str = ""
    closing_reason: str = ""


def write_event(record: Record) -> Element:
    """The registrationEvent of an answer."""
    custodian = hl7("assignedEntity", hl7("id", root=DMP_SYSTEM), classCode="ASSIGNED")
    event = hl7(
        "registrationEvent",
        hl7("statusCode", code="completed"),
        hl7("subject1", write_patient(record), typeCode="SBJ"),
        hl7("custodian", custodian, typeCode="CST"),
        classCode="REG",
        moodCode="EVN",
    )
    if record.closing_motive:
        event.append(write_motive(record))
    return event


def write_motive(record: Record) -> Element:
    """Why a record is closed."""
    event = hl7(
        "detectedIssueEvent",
        hl7("code", code=record.closing_motive, codeSystem=CLOSING_MOTIVES),
        classCode="ALRT",
        moodCode="EVN",
    )
    if record.closing_reason:
        event.append(hl7("text", record.closing_reason))
    if record.closed_on:
        event.append(hl7("effectiveTime", value=record.closed_on))
    return hl7("reasonOf", event, typeCode="RSON")


def write_patient(record: Record) -> Element:
    """The patient: identifier, status, person, observations."""
    status = "active" if record.is_open else "terminated"
    patient = hl7("patient", write_ins("id", record.patient_id), classCode="PAT")
    patient.append(hl7("statusCode", code=status))
    patient.append(_person(record))
    for code, system, value in _observations(record):
        patient.append(observation(code, system, value))
    return patient


def _observations(record: Record) -> Iterator[tuple[str, str, bool]]:
    yield ATTACHED, OBSERVATIONS, record.attached_to_mes
    told = (
        (CONSENT, record.consents_to_opening),
        (OPPOSED_BREAK_GLASS, record.opposed_to_break_glass),
        (OPPOSED_REGULATION, record.opposed_to_regulation),
    )
    for code, value in told:
        if value is not None:
            yield code, OBSERVATIONS, value


def _person(record: Record) -> Element:
    name = hl7(
        "name",
        hl7("given", record.given_names),
        hl7("family", record.used_name or UNTOLD, qualifier="SP"),
        hl7("family", record.birth_name, qualifier="BR"),
    )
    person = hl7("patientPerson", name, classCode="PSN", determinerCode="INSTANCE")
    for telecom in record.telecoms:
        person.append(hl7("telecom", value=telecom))
    person.append(hl7("administrativeGenderCode", code=record.sex))
    person.append(hl7("birthTime", value=record.birth_date.replace("-", "")))
    _append_places(person, record)
    return person


def _append_places(person: Element, record: Record) -> None:
    lines = (
        ("streetAddressLine", record.street),
        ("postalCode", record.postal_code),
        ("city", record.city),
    )
    told = [hl7(name, value) for name, value in lines if value]
    if told:
        person.append(hl7("addr", *told))
    for item in record.representatives:
        holder = hl7("relationshipHolder1", hl7("name", item.name), classCode="PSN")
        code = hl7("code", code=item.code, codeSystem=RELATIONSHIPS)
        person.append(hl7("personalRelationship", code, holder, classCode="PRS"))
    if record.birth_place:
        county = hl7("addr", hl7("county", record.birth_place))
        person.append(hl7("birthPlace", county, classCode="BIRTHPL"))


def read_patient(
    patient: Element, *, authorization: str = "", is_attending_doctor: bool = False
) -> Record:
    """Read a patient. Raises Malformed when the identifier, status or a strict trait is absent."""
    person = need(patient, "hl7:patientPerson")
    birth = need_attribute(need(person, "hl7:birthTime"), "value")
    used = find_text(person, "hl7:name/hl7:family[@qualifier='SP']")
    said = read_observations(patient)
    return Record(
        patient_id=read_ins(need(patient, "hl7:id")),
        is_open=need_attribute(need(patient, "hl7:statusCode"), "code") == "active",
        birth_name=find_text(person, "hl7:name/hl7:family[@qualifier='BR']"),
        used_name="" if used == UNTOLD else used,
        given_names=find_text(person, "hl7:name/hl7:given"),
        sex=need_attribute(need(person, "hl7:administrativeGenderCode"), "code"),
        birth_date=f"{birth[:4]}-{birth[4:6]}-{birth[6:8]}",
        attached_to_mes=bool(said.get(ATTACHED)),
        authorization=authorization,
        is_attending_doctor=is_attending_doctor,
        opposed_to_break_glass=said.get(OPPOSED_BREAK_GLASS),
        opposed_to_regulation=said.get(OPPOSED_REGULATION),
        consents_to_opening=said.get(CONSENT),
        telecoms=tuple(item.get("value", "") for item in find_all(person, "hl7:telecom")),
        street=find_text(person, "hl7:addr/hl7:streetAddressLine"),
        postal_code=find_text(person, "hl7:addr/hl7:postalCode"),
        city=find_text(person, "hl7:addr/hl7:city"),
        birth_place=find_text(person, "hl7:birthPlace/hl7:addr/hl7:county"),
        representatives=_representatives(person),
        **read_motive(patient),
    )


def _representatives(person: Element) -> tuple[Representative, ...]:
    return tuple(
        Representative(
            find_text(item, "hl7:relationshipHolder1/hl7:name"),
            attribute_of(find(item, "hl7:code"), "code"),
        )
        for item in find_all(person, "hl7:personalRelationship")
    )


def read_observations(patient: Element) -> dict[str, bool]:
    """The administrative observations of a patient: code -> value."""
    found = {}
    for item in find_all(patient, "hl7:subjectOf/hl7:administrativeObservation"):
        value = attribute_of(find(item, "hl7:value"), "value")
        found[attribute_of(find(item, "hl7:code"), "code")] = value == "true"
    return found


def read_motive(patient: Element) -> dict[str, str]:
    """Why a record is closed: it stands beside the subject that holds the patient."""
    holder = patient.getparent()
    around = None if holder is None else holder.getparent()
    event = None if around is None else find(around, "hl7:reasonOf/hl7:detectedIssueEvent")
    if event is None:
        return {}
    return {
        "closing_motive": attribute_of(find(event, "hl7:code"), "code"),
        "closing_reason": find_text(event, "hl7:text"),
        "closed_on": attribute_of(find(event, "hl7:effectiveTime"), "value"),
    }
