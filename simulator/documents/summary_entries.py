"""Simulator, documents, summary entries: each thing a medical summary tells, in codes.

Source: CI-SIS, entrées FR-Liste-des-problemes, FR-Probleme, FR-Acte, FR-Allergie-ou-
hypersensibilite, FR-Habitus, FR-Antecedents-familiaux, FR-Dispositif-medical (IHE PCC).
Not here: the sections and the tables around them (medical_summary).
"""

from __future__ import annotations

from datetime import date

from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, templates
from simulator.documents.facts import Coded, Treatment
from simulator.documents.history import Allergy, Device, Habit, Operation, Problem, Relative
from simulator.documents.kinds import LOINC
from simulator.documents.markup import NOTHING, TYPE, Xml, leaf, tag
from simulator.documents.medication import lasting_entry
from simulator.documents.tables import original, pointer

CCD = "2.16.840.1.113883.10.20.1"
PCC = "1.3.6.1.4.1.19376.1.5.3.1.4"
FR = "1.2.250.1.213.1.1.3"
CONCERN = (f"{CCD}.27", f"{PCC}.5.1")
PROBLEM_CONCERN = (*CONCERN, f"{PCC}.5.2", f"{FR}.39")
PROBLEM = (f"{CCD}.28", f"{PCC}.5", f"{FR}.37")
ALLERGY_CONCERN = (*CONCERN, f"{PCC}.5.3", f"{FR}.40")
ALLERGY = (f"{CCD}.18", f"{CCD}.28", f"{PCC}.5", f"{PCC}.6", f"{FR}.41")
OPERATION = (f"{PCC}.19", f"{CCD}.29", f"{FR}.62")
REFERENCE = (f"{PCC}.4.1", f"{FR}.36")
HABIT = (f"{CCD}.33", f"{PCC}.13", f"{PCC}.13.4", f"{FR}.52")
FAMILY = (f"{CCD}.23", f"{PCC}.15", f"{FR}.59")
FAMILY_MEMBER = (f"{PCC}.15.2", f"{FR}.60")
FAMILY_PROBLEM = (f"{CCD}.22", f"{PCC}.13", f"{PCC}.13.3", f"{FR}.51")
DEVICE = (f"{CCD}.34", f"{FR}.20")
DIAGNOSIS = Coded("282291009", "interprétation diagnostique")  # SNOMED CT
PLAIN_PROBLEM = Coded("55607006", "problème")  # SNOMED CT
NO_PROBLEM = Coded("no-known-problems", "Pas de problème connu")
NO_ALLERGY = Coded("no-known-allergies", "Pas d'allergie/hypersensibilité connue")
EVENT = {"moodCode": "EVN"}


def problem_entry(draft: Draft, problem: Problem, own_id: str, anchor: str) -> Xml:
    """A problem, active or over; a treatment refers to it by ``own_id``."""
    value = _value(problem.diagnosis, terms.CIM_10, anchor)
    period = _period(problem.since, problem.until)
    observed = _observed(PROBLEM, tag("id", root=own_id), DIAGNOSIS, anchor, period, value)
    status = "completed" if problem.until else "active"
    return _concern(draft, PROBLEM_CONCERN, status, period, observed)


def no_problem_entry(draft: Draft, anchor: str) -> Xml:
    """The entry that says that no problem is known."""
    value = _value(NO_PROBLEM, terms.ABSENT, anchor)
    period = tag("effectiveTime", tag("low", nullFlavor="UNK"))
    observed = _observed(PROBLEM, drawn_id(draft), PLAIN_PROBLEM, anchor, period, value)
    return _concern(draft, PROBLEM_CONCERN, "active", period, observed)


def _concern(draft: Draft, roots: tuple[str, ...], status: str, period: Xml, observed: Xml) -> Xml:
    return tag(
        "act",
        *templates(*roots),
        drawn_id(draft),
        tag("code", nullFlavor="NA"),
        tag("statusCode", code=status),
        period,
        tag("entryRelationship", observed, typeCode="SUBJ", inversionInd="false"),
        classCode="ACT",
        **EVENT,
    )


def _observed(
    roots: tuple[str, ...], own_id: Xml, code: Coded, anchor: str, period: Xml, *rest: Xml
) -> Xml:
    return tag(
        "observation",
        *templates(*roots),
        own_id,
        coded(code.code, code.label, terms.SNOMED_CT),
        pointer(anchor),
        tag("statusCode", code="completed"),
        period,
        *rest,
        classCode="OBS",
        **EVENT,
        negationInd="false",
    )


def _value(value: Coded, system: str, anchor: str) -> Xml:
    return coded(value.code, value.label, system, original(anchor), name="value", **{TYPE: "CD"})


def _period(since: date, until: date | None = None) -> Xml:
    high = tag("high", value=_day(until)) if until else NOTHING
    return tag("effectiveTime", tag("low", value=_day(since)), high)


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def allergy_entry(draft: Draft, known: Allergy, number: int) -> Xml:
    """An allergy with its agent, coded when it is a drug."""
    anchor = f"allergie-{number}"
    agent = original(f"{anchor}-agent")
    code = (
        coded(known.substance, known.agent, terms.ATC, agent)
        if known.substance
        else tag("code", agent, nullFlavor="UNK")
    )
    playing = tag("playingEntity", code, leaf("name", known.agent), classCode="MMAT")
    role = tag("participantRole", playing, classCode="MANU")
    value = tag("value", original(anchor), **{TYPE: "CD"})
    observed = _observed(
        ALLERGY, drawn_id(draft), known.kind, anchor, _period(known.since), value,
        tag("participant", role, typeCode="CSM"),
    )  # fmt: skip
    return _concern(draft, ALLERGY_CONCERN, "active", _period(known.since), observed)


def no_allergy_entry(draft: Draft, anchor: str) -> Xml:
    """The entry that says that no allergy is known."""
    period = tag("effectiveTime", tag("low", nullFlavor="UNK"))
    value = _value(NO_ALLERGY, terms.ABSENT, anchor)
    kind = Coded("609328004", "allergie")
    observed = _observed(ALLERGY, drawn_id(draft), kind, anchor, period, value)
    return _concern(draft, ALLERGY_CONCERN, "active", period, observed)


def operation_entry(draft: Draft, done: Operation, number: int) -> Xml:
    """An operation and why it was done."""
    anchor = f"acte-{number}"
    return tag(
        "procedure",
        *templates(*OPERATION),
        drawn_id(draft),
        coded(done.act.code, done.act.label, terms.CCAM),
        pointer(anchor),
        tag("statusCode", code="completed"),
        tag("effectiveTime", value=_day(done.on)),
        tag(
            "entryRelationship",
            _reference(drawn_id(draft), done.reason, f"{anchor}-motif"),
            typeCode="RSON",
            inversionInd="false",
        ),
        classCode="PROC",
        **EVENT,
    )


def _reference(own_id: Xml, reason: Coded, anchor: str) -> Xml:
    """A reference inside the document (FR-Reference-interne)."""
    code = coded(reason.code, reason.label, terms.CIM_10, original(anchor))
    return tag("act", *templates(*REFERENCE), own_id, code, classCode="ACT", **EVENT)


def habit_entry(draft: Draft, habit: Habit, number: int) -> Xml:
    """A way of living and its amount."""
    return tag(
        "observation",
        *templates(*HABIT),
        drawn_id(draft),
        coded(habit.code.code, habit.code.label, LOINC),
        pointer(f"habitude-{number}"),
        tag("statusCode", code="completed"),
        tag("effectiveTime", nullFlavor="NA"),
        tag("value", **{TYPE: "PQ"}, value=str(habit.amount), unit=habit.unit),
        classCode="OBS",
        **EVENT,
    )


def relative_entry(draft: Draft, who: Relative, number: int) -> Xml:
    """A member of the family and what they had."""
    anchor = f"parent-{number}"
    gender = terms.GENDERS[who.sex]
    relation = coded(who.relation.code, who.relation.label, terms.ROLE_CODE, original(anchor))
    sex = coded(gender.code, gender.label, terms.GENDER, name="administrativeGenderCode")
    return tag(
        "organizer",
        *templates(*FAMILY),
        tag("statusCode", code="completed"),
        tag(
            "subject",
            *templates(*FAMILY_MEMBER),
            tag("relatedSubject", relation, tag("subject", sex), classCode="PRS"),
            typeCode="SBJ",
        ),
        tag("component", _family_problem(draft, who, f"{anchor}-probleme"), typeCode="COMP"),
        classCode="CLUSTER",
        **EVENT,
    )


def _family_problem(draft: Draft, who: Relative, anchor: str) -> Xml:
    return tag(
        "observation",
        *templates(*FAMILY_PROBLEM),
        drawn_id(draft),
        coded(DIAGNOSIS.code, DIAGNOSIS.label, terms.SNOMED_CT),
        pointer(anchor),
        tag("statusCode", code="completed"),
        tag("effectiveTime", nullFlavor="UNK"),
        _value(who.diagnosis, terms.CIM_10, anchor),
        classCode="OBS",
        **EVENT,
    )


def device_entry(draft: Draft, device: Device, number: int) -> Xml:
    """A device, named by the line one reads: none of ours has a public code."""
    playing = tag(
        "playingDevice",
        tag("code", original(f"dispositif-{number}"), nullFlavor="UNK"),
        classCode="DEV",
        determinerCode="INSTANCE",
    )
    return tag(
        "supply",
        *templates(*DEVICE),
        drawn_id(draft),
        pointer(f"dispositif-{number}"),
        tag("effectiveTime", tag("low", value=_day(device.since)), **{TYPE: "IVL_TS"}),
        tag("participant", tag("participantRole", playing, classCode="MANU"), typeCode="DEV"),
        classCode="SPLY",
        **EVENT,
    )


def line_entry(
    draft: Draft, line: Treatment, problem: Problem, problem_id: str, number: int
) -> Xml:
    """A treatment that goes on, and the problem it is for."""
    reason = _reference(tag("id", root=problem_id), problem.diagnosis, f"medicament-{number}-motif")
    return lasting_entry(
        draft, number, line, problem.since, tag("entryRelationship", reason, typeCode="RSON")
    )
