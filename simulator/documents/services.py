"""Simulator, documents, services: the acts a document is about (actes documentés) and their orders.

The first service event is the principal one: it gives the metadata their start and stop times,
their practice setting and, for an examination, the identifiers other systems look for.
Not here: the rest of the header.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TypeVar

from simulator.documents import people
from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, NothingToReport, coded, local_time
from simulator.documents.facts import Act, Coded, ImagingExam
from simulator.documents.imaging_protocols import examined
from simulator.documents.kinds import LOINC
from simulator.documents.laboratory_header import laboratory_events, laboratory_order
from simulator.documents.markup import NOTHING, Xml, join, tag
from simulator.documents.pathology import specimen_of
from simulator.documents.prescription_lines import Line, prescription_lines, valid_until

T = TypeVar("T")

EXAM_TIME = timedelta(minutes=25)
PATHOLOGY = coded("11529-5", "Étude d'anatomie pathologique d'une pièce opératoire", LOINC)
BIZONE = Coded("MED-1096", "Prescription bizone")
SECURE = Coded("MED-1098", "Ordonnance sécurisée")
VISIT_TIME = timedelta(minutes=20)
# Of every summary; the volet wants the name of the system too.
SUMMARY = tag(
    "code", code="34117-2", displayName="Historique et clinique", codeSystem=LOINC,
    codeSystemName="LOINC",
)  # fmt: skip


def service_events(draft: Draft) -> Xml:
    """``documentationOf``, the principal one first."""
    case = draft.facts.case
    start = performed_at(draft)
    match draft.kind.name:
        case "CRO":
            act = required(case.act, draft)
            return _event(draft, _ccam(act.act), start, start + timedelta(minutes=act.minutes))
        case "CR_BIO":
            required(case.results, draft)
            return laboratory_events(draft)
        case "CR_ACP":
            required(specimen_of(case), draft)
            number = tag("id", root=f"{draft.place.oid}.8", extension=_kept(draft, "accession"))
            return _event(draft, PATHOLOGY, start, draft.created_at, number)
        case "CR_IMG":
            code = _imaging(required(case.imaging, draft))
            return _event(draft, code, start, start + EXAM_TIME, tag("id", root=study_uid(draft)))
        case "ORD":
            return _prescription(draft)
        case "VSM":
            return _event(draft, SUMMARY, draft.created_at - VISIT_TIME, draft.created_at)
        case "LDL" | "CRH":
            return join((_stay(draft), _diagnosis(draft), _act(draft, case.act)))
        case _:
            return _stay(draft)


def performed_at(draft: Draft) -> datetime:
    """When the act, the examination or the sampling began."""
    return draft.facts.performed_at or draft.facts.admitted_at


def fulfilled_orders(draft: Draft) -> Xml:
    """The request an examination answers (demande); an accession number for imaging."""
    root = draft.place.oid
    match draft.kind.name:
        case "CR_BIO":
            return laboratory_order(draft)
        case "CR_ACP":
            order = tag("order", tag("id", root=f"{root}.3", extension=_kept(draft, "order")))
        case "CR_IMG":
            order = tag(
                "order",
                tag("id", root=f"{root}.3", extension=_kept(draft, "order")),
                tag(
                    "ps3-20:accessionNumber", root=f"{root}.5", extension=_kept(draft, "accession")
                ),
            )
        case _:
            return NOTHING
    return tag("inFulfillmentOf", order)


def type_translations(draft: Draft) -> tuple[Xml, ...]:
    """What says more of the document than its type: the examination of an imaging report."""
    if draft.kind.name != "CR_IMG":
        return ()
    done = examined(required(draft.facts.case.imaging, draft))
    return (coded(done.code, done.label, LOINC, name="translation"),)


def study_uid(draft: Draft) -> str:
    """StudyInstanceUID: the same for the header and the body, and for every version."""
    return f"{draft.facts.establishment.oid}.6.{_kept(draft, 'study')}"


def required(value: T | None, draft: Draft) -> T:
    """What this kind of document reports; NothingToReport when the stay has none of it."""
    if not value:
        told = f"stay {draft.facts.stay_id} has nothing that a {draft.kind.name} reports"
        raise NothingToReport(told)
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


def _prescription(draft: Draft) -> Xml:
    """The prescription, valid from its writing on, then what a pharmacist must see at once."""
    facts = draft.facts
    required(facts.case.treatments, draft)
    lines = prescription_lines(facts, draft.left_at)
    number = tag("id", root=f"{facts.establishment.oid}.7", extension=_kept(draft, "prescription"))
    code = coded(draft.kind.type.code, draft.kind.type.label, LOINC)
    until = valid_until(lines, draft.created_at)
    return join((_event(draft, code, draft.created_at, until, number), *_warnings(lines)))


def _warnings(lines: tuple[Line, ...]) -> tuple[Xml, ...]:
    """Two zones for a long-term illness, secure paper for a narcotic."""
    told = (
        (any(line.is_long_term for line in lines), BIZONE),
        (any(line.is_narcotic for line in lines), SECURE),
    )
    return tuple(
        tag(
            "documentationOf",
            tag("serviceEvent", coded(code.code, code.label, terms.TA_ASIP), classCode="INFO"),
        )
        for holds, code in told
        if holds
    )


def _act(draft: Draft, act: Act | None) -> Xml:
    if act is None:
        return NOTHING
    start = performed_at(draft)
    return _event(draft, _ccam(act.act), start, start + timedelta(minutes=act.minutes))


def _event(
    draft: Draft, code: Xml, start: datetime, end: datetime | None, own: Xml = NOTHING
) -> Xml:
    high = tag("high", value=local_time(end)) if end else NOTHING
    period = tag("effectiveTime", tag("low", value=local_time(start)), high)
    return tag("documentationOf", tag("serviceEvent", own, code, period, _performer(draft)))


def _performer(draft: Draft) -> Xml:
    acted_for = people.organization(draft.place, "representedOrganization", setting=True)
    entity = people.entity(draft.authenticator, "assignedEntity", acted_for)
    return tag("performer", entity, typeCode="PRF")


def _ccam(act: Coded) -> Xml:
    return coded(act.code, act.label, terms.CCAM)


def _imaging(exam: ImagingExam) -> Xml:
    """The examination, with its CCAM act, its modality and its region as translations."""
    done = examined(exam)
    return coded(
        done.code,
        done.label,
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


def _kept(draft: Draft, role: str) -> str:
    """A number that all versions of a document share, one per role."""
    digest = blake2b(f"{draft.set_id}/{role}".encode(), digest_size=8).digest()
    return str(10**11 + int.from_bytes(digest) % (9 * 10**11))
