"""DMP mock, messages: who a patient is (TD0.5), which records one may open (TD0.4), both ways.

TD0.5 is PDQv3, ITI-47.
Not here: the people who answer to a question (``routes`` asks the invented country).
Source: DMP examples; HL7 v3 NE2008 PRPA_IN201305UV02 and PRPA_IN201306UV02. Birth time, gender and
given names among the parameters are unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kit.identity import Ins
from kit.rules import Malformed, Refusal
from kit.xml import NS, Element, build, find, find_all, find_text, need, need_text, qname
from mocks.dmp.messages.calculated import INS_C
from mocks.dmp.messages.habilitation import OK, Status
from mocks.dmp.messages.hl7 import (
    Header,
    acknowledgement,
    act,
    attribute_of,
    hl7,
    query_ack,
    read_detail,
    read_header,
    write_answer,
    write_request,
)
from mocks.dmp.messages.registration import Record, read_patient, write_patient

FIND_PATIENT = qname("hl7:PRPA_IN201305UV02")
PATIENT_LIST = qname("patients:patientList")
LAST_AUTHORIZATION, LAST_DOCUMENT = "LASTAUTORIZATION", "LASTDOC"
MATCH = "POURCENTAGE"
_PARAMETERS = "hl7:queryByParameter/hl7:parameterList"
_PATIENT = "hl7:controlActProcess/hl7:subject/hl7:registrationEvent/hl7:subject1/hl7:patient"
_NAMES = {"ns1": NS["patients"]}


@dataclass(frozen=True, slots=True)
class PatientQuery:
    """TD0.5: the traits somebody on the phone gave. birth_date: YYYY-MM-DD, "" when not asked."""

    header: Header
    family: str
    given: str = ""
    birth_date: str = ""
    sex: str = ""


@dataclass(frozen=True, slots=True)
class PatientMatch:
    """Somebody who may be the one, with how well they agree, in per cent."""

    record: Record
    percent: int


@dataclass(frozen=True, slots=True)
class PatientsFound:
    """The answer to TD0.5."""

    matches: tuple[PatientMatch, ...] = ()
    error_code: str = ""
    error_text: str = ""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """TD0.4: records changed since ``start`` (YYYYMMDDhhmmss), by LASTAUTORIZATION or LASTDOC."""

    start: str
    date_type: str


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """One record the caller may open. Times: YYYYMMDDhhmmss, "" when there is none.

    calculated_id: the INS-C, told beside the INS.
    """

    patient_id: Ins
    family: str
    given: str
    birth_date: str
    attending: bool = False
    last_access: str = ""
    last_addition: str = ""
    last_update: str = ""
    calculated_id: str = ""


def read_patient_query(body: Element) -> PatientQuery:
    """Read PRPA_IN201305UV02. Raises Malformed without a family name."""
    parameters = need(need(body, "hl7:controlActProcess"), _PARAMETERS)
    name = need(parameters, "hl7:livingSubjectName/hl7:value")
    birth = attribute_of(find(parameters, "hl7:livingSubjectBirthTime/hl7:value"), "value")
    if birth and not (len(birth) >= 8 and birth[:8].isdigit()):
        raise Malformed("livingSubjectBirthTime", "YYYYMMDD is expected")
    return PatientQuery(
        header=read_header(body),
        family=need_text(name, "hl7:family"),
        given=find_text(name, "hl7:given"),
        birth_date=f"{birth[:4]}-{birth[4:6]}-{birth[6:8]}" if birth else "",
        sex=attribute_of(
            find(parameters, "hl7:livingSubjectAdministrativeGender/hl7:value"), "code"
        ),
    )


def write_patient_query(query: PatientQuery) -> Element:
    """Write PRPA_IN201305UV02."""
    name = hl7("value", hl7("family", query.family))
    if query.given:
        name.append(hl7("given", query.given))
    parameters = hl7("parameterList")
    if query.sex:
        sex = hl7("livingSubjectAdministrativeGender", hl7("value", code=query.sex))
        parameters.append(sex)
    if query.birth_date:
        day = hl7("value", value=query.birth_date.replace("-", ""))
        parameters.append(hl7("livingSubjectBirthTime", day))
    parameters.append(hl7("livingSubjectName", name))
    identifier = hl7(
        "queryId", root=f"{query.header.sender_oid}.2", extension=query.header.message_id
    )
    asked = hl7("queryByParameter", identifier, hl7("statusCode", code="new"), parameters)
    return write_request("PRPA_IN201305UV02", query.header, asked)


def write_patients_found(query: PatientQuery, found: Iterable[PatientMatch], *, at: str) -> Element:
    """Write PRPA_IN201306UV02: everybody who may be the one, best first."""
    matches = tuple(found)
    root = write_answer("PRPA_IN201306UV02", query.header, acknowledgement(query.header), at=at)
    process = act(query.header.reason_code)
    for match in matches:
        process.append(hl7("subject", _match(match), typeCode="SUBJ"))
    acknowledged = query_ack(query.header, "OK" if matches else "NF")
    totals = (("resultTotalQuantity", len(matches)), ("resultCurrentQuantity", len(matches)),
              ("resultRemainingQuantity", 0))  # fmt: skip
    for name, count in totals:
        acknowledged.append(hl7(name, value=str(count)))
    process.append(acknowledged)
    root.append(process)
    return root


def _match(match: PatientMatch) -> Element:
    patient = write_patient(match.record)
    value = hl7("value", value=str(match.percent))
    value.set(qname("xsi:type"), "INT")
    observed = hl7("queryMatchObservation", hl7("code", code=MATCH), value, classCode="COND")
    patient.append(hl7("subjectOf1", observed, typeCode="SBJ"))
    subject = hl7("subject1", patient, typeCode="SBJ")
    status = hl7("statusCode", code="completed")
    return hl7("registrationEvent", status, subject, classCode="REG", moodCode="EVN")


def write_patients_failure(body: Element, refusals: Iterable[Refusal], *, at: str) -> Element:
    """Write PRPA_IN201306UV02 for a refused question."""
    header = read_header(body)
    root = write_answer("PRPA_IN201306UV02", header, acknowledgement(header, refusals), at=at)
    root.append(act(header.reason_code, query_ack(header, "AE")))
    return root


def read_patients_found(element: Element) -> PatientsFound:
    """Read PRPA_IN201306UV02."""
    found = []
    for patient in find_all(element, _PATIENT):
        value = find(patient, "hl7:subjectOf1/hl7:queryMatchObservation/hl7:value")
        found.append(PatientMatch(read_patient(patient), int(attribute_of(value, "value") or 0)))
    return PatientsFound(tuple(found), *read_detail(element))


# TD0.4


def read_patient_list(body: Element) -> ListQuery:
    """Read patientList. Raises Malformed when the date or its kind is missing."""
    return ListQuery(need_text(body, "patients:startDate"), need_text(body, "patients:dateType"))


def write_patient_list(query: ListQuery) -> Element:
    """Write patientList."""
    return _named(
        "patientList", _named("startDate", query.start), _named("dateType", query.date_type)
    )


def write_patient_list_response(found: Iterable[ListedRecord]) -> Element:
    """Write patientListResponse: every record, then DMPOk."""
    listed = [_write_listed(item) for item in found]
    return _named("patientListResponse", _named("output", *listed, _named("status", OK)))


def write_patient_list_failure(refusals: Iterable[Refusal]) -> Element:
    """A refused TD0.4: the code of the first refusal, the text of all."""
    told = tuple(refusals)
    context = " | ".join(f"{item.code.meaning}; {item.text}" for item in told)
    said = _named("status", told[0].code.code), _named("context", context)
    return _named("patientListResponse", _named("output", *said))


def read_patient_list_response(element: Element) -> tuple[Status, tuple[ListedRecord, ...]]:
    """Read patientListResponse."""
    output = need(element, "patients:output")
    status = Status(need_text(output, "patients:status"), find_text(output, "patients:context"))
    listed = find_all(output, "patients:patientlistData")
    return status, tuple(map(_read_listed, listed))


def _named(name: str, *children: Element | str) -> Element:
    return build(f"patients:{name}", *children, nsmap=_NAMES)


def _write_listed(item: ListedRecord) -> Element:
    pairs = ((item.calculated_id, INS_C), (item.patient_id.matricule, item.patient_id.oid))
    identifiers = [
        _named("patientIdentifier", _named("nationalId", value), _named("nationalIdType", oid))
        for value, oid in pairs
        if value
    ]
    rows = (
        ("lastName", item.family),
        ("firstName", item.given),
        ("dateOfBirth", item.birth_date.replace("-", "")),
        ("MT", "true" if item.attending else "false"),
        ("lastAccessDate", item.last_access),
        ("lastUpdateDate", item.last_update),
        ("lastAddDate", item.last_addition),
    )
    told = (_named(name, value) for name, value in rows if value)
    return _named("patientlistData", *identifiers, *told)


def _read_listed(element: Element) -> ListedRecord:
    def said(name: str) -> str:
        return find_text(element, f"patients:{name}")

    birth = said("dateOfBirth")
    identifiers = {
        need_text(item, "patients:nationalIdType"): need_text(item, "patients:nationalId")
        for item in find_all(element, "patients:patientIdentifier")
    }
    calculated = identifiers.pop(INS_C, "")
    if not identifiers:
        raise Malformed("patientIdentifier", "no INS")
    oid, matricule = next(iter(identifiers.items()))
    return ListedRecord(
        patient_id=Ins(matricule, oid),
        calculated_id=calculated,
        last_update=said("lastUpdateDate"),
        family=said("lastName"),
        given=said("firstName"),
        birth_date=f"{birth[:4]}-{birth[4:6]}-{birth[6:8]}",
        attending=said("MT") == "true",
        last_access=said("lastAccessDate"),
        last_addition=said("lastAddDate"),
    )
