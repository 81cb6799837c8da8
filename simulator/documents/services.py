"""Simulator, documents, services: the acts a document is about (actes documentés) and their orders.

The first service event is the principal one: it gives the metadata their start and stop times,
their practice setting and, for an examination, the identifiers other systems look for.
Not here: the rest of the header.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from simulator.documents import people
from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, local_time
from simulator.documents.facts import Act, Coded, ImagingExam
from simulator.documents.kinds import LOINC
from simulator.documents.laboratory_header import laboratory_events, laboratory_order
from simulator.documents.markup import NOTHING, Xml, join, tag
from simulator.documents.pathology import specimen_of
from simulator.streams import oid

T = TypeVar("T")

EXAM_TIME = timedelta(minutes=25)
PATHOLOGY = coded("11529-5", "Étude d'anatomie pathologique d'une pièce opératoire", LOINC)


def service_events(draft: Draft) -> Xml:
    """``documentationOf``, the principal one first."""
    case = draft.facts.case
    start = draft.facts.performed_at or draft.facts.admitted_at
    match draft.kind.name:
        case "CRO":
            act = required(case.act, draft)
            return _event(draft, _ccam(act.act), start, start + timedelta(minutes=act.minutes))
        case "CR_BIO":
            required(case.results, draft)
            return laboratory_events(draft)
        case "CR_ACP":
            required(specimen_of(case), draft)
            number = tag("id", root=f"{draft.facts.establishment.oid}.8", extension=_number(draft))
            return _event(draft, PATHOLOGY, start, draft.created_at, number)
        case "CR_IMG":
            code = _imaging(required(case.imaging, draft))
            study = tag("id", root=oid(draft.stream, f"{draft.facts.establishment.oid}.6"))
            return _event(draft, code, start, start + EXAM_TIME, study)
        case "LDL" | "CRH":
            return join((_stay(draft), _diagnosis(draft), _act(draft, case.act)))
        case _:
            return _stay(draft)


def fulfilled_orders(draft: Draft) -> Xml:
    """The request an examination answers (demande); an accession number for imaging."""
    root = draft.facts.establishment.oid
    match draft.kind.name:
        case "CR_BIO":
            return laboratory_order(draft)
        case "CR_ACP":
            accession = NOTHING
        case "CR_IMG":
            accession = tag("ps3-20:accessionNumber", root=f"{root}.5", extension=_number(draft))
        case _:
            return NOTHING
    order = tag("order", tag("id", root=f"{root}.3", extension=_number(draft)), accession)
    return tag("inFulfillmentOf", order)


def required(value: T | None, draft: Draft) -> T:
    """What this kind of document reports; ValueError when the stay has none of it."""
    if not value:
        raise ValueError(f"stay {draft.facts.stay_id} has nothing that a {draft.kind.name} reports")
    return value


def _stay(draft: Draft) -> Xml:
    facts = draft.facts
    system, label = terms.ENCOUNTERS[facts.mode]
    code = coded(facts.mode.value, label, system)
    return _event(draft, code, facts.admitted_at, facts.left_at)


def _diagnosis(draft: Draft) -> Xml:
    diagnosis = draft.facts.case.diagnosis
    code = coded(diagnosis.code, diagnosis.label, terms.CIM_10)
    return _event(draft, code, draft.facts.admitted_at, draft.facts.left_at)


def _act(draft: Draft, act: Act | None) -> Xml:
    if act is None:
        return NOTHING
    start = draft.facts.performed_at or draft.facts.admitted_at
    return _event(draft, _ccam(act.act), start, start + timedelta(minutes=act.minutes))


def _event(
    draft: Draft, code: Xml, start: datetime, end: datetime | None, own: Xml = NOTHING
) -> Xml:
    high = tag("high", value=local_time(end)) if end else NOTHING
    period = tag("effectiveTime", tag("low", value=local_time(start)), high)
    return tag("documentationOf", tag("serviceEvent", own, code, period, _performer(draft)))


def _performer(draft: Draft) -> Xml:
    facts = draft.facts
    who = facts.legal_authenticator
    entity = tag(
        "assignedEntity",
        people.professional_id(who),
        people.profession(who),
        people.contact(who),
        people.person(who),
        people.organization(facts.establishment, "representedOrganization", setting=True),
    )
    return tag("performer", entity, typeCode="PRF")


def _ccam(act: Coded) -> Xml:
    return coded(act.code, act.label, terms.CCAM)


def _imaging(exam: ImagingExam) -> Xml:
    """The examination, with its CCAM act, its modality and its region as translations."""
    return coded(
        exam.exam.code,
        exam.exam.label,
        LOINC,
        coded(exam.act.code, exam.act.label, terms.CCAM, name="translation"),
        _qualified(exam.modality, terms.DICOM, Coded("121139", "Modalité d'imagerie"), terms.DICOM),
        _qualified(
            exam.region, terms.SNOMED_CT, Coded("39111-0", "localisation anatomique"), LOINC
        ),
    )


def _qualified(value: Coded, system: str, role: Coded, role_system: str) -> Xml:
    qualifier = tag("qualifier", coded(role.code, role.label, role_system, name="name"))
    return coded(value.code, value.label, system, qualifier, name="translation")


def _number(draft: Draft) -> str:
    return str(int(draft.stream.integers(10**9, 10**10)))
