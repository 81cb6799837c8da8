"""DMP mock, messages: a record created or changed (TD1.1, TD1.2, TD1.3b, TD1.4), both ways.

One form: the patient as they shall be. The reason tells what is asked. Not here: what becomes of
the record (``rules``, ``store``).
Source: DMP examples: PRPA_IN201311UV02, PRPA_IN201314UV02 and their answers, which one
wrapper of asip:ci-sis:gdp:2010 holds. The reason of a reactivation is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kit.rules import Refusal
from kit.xml import NS, Element, build, find, local_name, need, qname
from mocks.dmp.messages.hl7 import (
    Header,
    acknowledgement,
    act,
    attribute_of,
    hl7,
    read_detail,
    read_header,
    write_answer,
    write_request,
)
from mocks.dmp.messages.registration import (
    Record,
    read_patient,
    write_event,
    write_motive,
    write_patient,
)

CREATION, REVISION = qname("hl7:PRPA_IN201311UV02"), qname("hl7:PRPA_IN201314UV02")
CREATE, REACTIVATE, CHANGE, CLOSE = "CREA_RD", "REACTIVATION_DMP", "MODIF_DATA", "FERM"
TRANSACTIONS = {CREATE: "TD1.1", REACTIVATE: "TD1.2", CHANGE: "TD1.3b", CLOSE: "TD1.4"}
_ANSWERS = {  # request -> answer when accepted, when refused
    "PRPA_IN201311UV02": ("PRPA_IN201312UV02", "PRPA_IN201313UV02"),
    "PRPA_IN201314UV02": ("PRPA_IN201315UV02", "PRPA_IN201316UV02"),
}
_PATIENT = "hl7:controlActProcess/hl7:subject/hl7:{}/hl7:subject1/hl7:patient"


@dataclass(frozen=True, slots=True)
class Revision:
    """A change asked for: the message that asks, the record as it shall be, by whom."""

    header: Header
    record: Record
    author_id: str = ""
    structure: str = ""

    @property
    def message(self) -> str:
        """The HL7 message: one creates, the other changes."""
        creates = self.header.reason_code == CREATE
        return "PRPA_IN201311UV02" if creates else "PRPA_IN201314UV02"

    @property
    def transaction(self) -> str:
        """TD1.1, TD1.2, TD1.3b or TD1.4, "" for an unknown reason."""
        return TRANSACTIONS.get(self.header.reason_code, "")


@dataclass(frozen=True, slots=True)
class Revised:
    """The answer: the record as it is now, or why not."""

    record: Record | None
    error_code: str = ""
    error_text: str = ""


def read_revision(body: Element) -> Revision:
    """Read PRPA_IN201311UV02 or PRPA_IN201314UV02. Raises Malformed when a part is missing."""
    patient = need(body, _PATIENT.format("registrationRequest"))
    request = need(body, "hl7:controlActProcess/hl7:subject/hl7:registrationRequest")
    entity = find(request, "hl7:author/hl7:assignedEntity")
    author = None if entity is None else find(entity, "hl7:id")
    place = None if entity is None else find(entity, "hl7:representedOrganization/hl7:id")
    return Revision(
        header=read_header(body),
        record=read_patient(patient),
        author_id=attribute_of(author, "extension"),
        structure=attribute_of(place, "extension"),
    )


def write_revision(revision: Revision) -> Element:
    """Write PRPA_IN201311UV02 or PRPA_IN201314UV02."""
    entity = hl7(
        "assignedEntity",
        hl7("id", root="1.2.250.1.71.4.2.1", extension=revision.author_id),
        hl7(
            "representedOrganization",
            hl7("id", root="1.2.250.1.71.4.2.2", extension=revision.structure),
        ),
        classCode="ASSIGNED",
    )
    request = hl7(
        "registrationRequest",
        hl7("statusCode", code="active"),
        hl7("subject1", write_patient(revision.record), typeCode="SBJ"),
        hl7("author", entity, typeCode="AUT"),
        classCode="REG",
        moodCode="RQO",
    )
    if revision.record.closing_motive:
        request.append(write_motive(revision.record))
    subject = hl7("subject", request, typeCode="SUBJ")
    return write_request(revision.message, revision.header, subject)


def write_revised(revision: Revision, record: Record, *, at: str) -> Element:
    """The answer to an accepted change: the record as it is now."""
    name = _ANSWERS[revision.message][0]
    root = write_answer(name, revision.header, acknowledgement(revision.header), at=at)
    subject = hl7("subject", write_event(record), typeCode="SUBJ")
    root.append(act(revision.header.reason_code, subject))
    return _wrapped(revision.message, root)


def write_revision_failure(body: Element, refusals: Iterable[Refusal], *, at: str) -> Element:
    """The answer to a refused change: AE with every refusal."""
    header, message = read_header(body), local_name(body)
    root = write_answer(_ANSWERS[message][1], header, acknowledgement(header, refusals), at=at)
    root.append(act(header.reason_code))
    return _wrapped(message, root)


def _wrapped(message: str, answer: Element) -> Element:
    return build(f"asipgdp:{message}_Response", answer, nsmap={"gdp": NS["asipgdp"]})


def read_revised(element: Element) -> Revised:
    """Read the wrapper of an answer."""
    (answer,) = element
    patient = find(answer, _PATIENT.format("registrationEvent"))
    record = None if patient is None else read_patient(patient)
    return Revised(record, *read_detail(answer))
