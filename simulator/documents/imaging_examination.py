"""Simulator, documents, imaging examination: the one that is reported, and what its parts share.

The region, observations about the whole person, what bears on a contrast medium. Not here: any
section.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, local_day, templates
from simulator.documents.facts import Coded, ImagingExam
from simulator.documents.imaging_protocols import Protocol, cautions, protocol
from simulator.documents.markup import NOTHING, TYPE, Xml, tag
from simulator.documents.sections import string_value
from simulator.documents.services import performed_at
from simulator.documents.tables import original, pointer

OBSERVATION_TEMPLATES = ("2.16.840.1.113883.10.20.6.2.13", "1.2.250.1.213.1.1.3.150")
MODIFIER = Coded("106233006", "modificateur topographique")


@dataclass(frozen=True, slots=True)
class Examination:
    """One examination being reported: what it is, how it is done, when."""

    draft: Draft
    exam: ImagingExam
    how: Protocol
    at: datetime


def examination(draft: Draft, exam: ImagingExam) -> Examination:
    return Examination(draft, exam, protocol(exam), performed_at(draft))


def coded_observation(draft: Draft, code: Xml, anchor: str, value: Xml) -> Xml:
    """FR-DICOM-Observation, about the whole person."""
    return tag(
        "observation",
        *templates(*OBSERVATION_TEMPLATES),
        drawn_id(draft),
        code,
        pointer(anchor),
        tag("statusCode", code="completed"),
        tag("effectiveTime", value=local_day(performed_at(draft))),
        value,
        tag("targetSiteCode", nullFlavor="NA"),
        classCode="OBS",
        moodCode="EVN",
    )


def contrast_caution(draft: Draft, exam: ImagingExam) -> Coded | None:
    """What in the background bears on the contrast medium, when one is given (CIM-10)."""
    if protocol(exam).contrast is None:
        return None
    background = " ".join(draft.facts.case.background).lower()
    return next((code for found, code in cautions() if found in background), None)


def told_value(words: str) -> Xml:
    """What no code of the value set says: words."""
    return string_value(words)


def site(act: Examination, anchor: str) -> Xml:
    """The region, with its topographic modifier when it is one of two."""
    modifier = act.how.modifier
    qualifier = NOTHING
    if modifier is not None:
        value = coded(modifier.code, modifier.label, terms.SNOMED_CT, name="value")
        name = coded(MODIFIER.code, MODIFIER.label, terms.SNOMED_CT, name="name")
        qualifier = tag("qualifier", name, value)
    return coded(
        act.how.site.code,
        act.how.site.label,
        terms.SNOMED_CT,
        original(anchor),
        qualifier,
        name="targetSiteCode",
        **{TYPE: "CD"},
    )
