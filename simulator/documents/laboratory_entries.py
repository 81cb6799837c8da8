"""Simulator, documents, laboratory entries: what software reads of a laboratory report.

Source: CI-SIS, volet BIO-CR-BIO 2024.01: result, battery, specimen, comment, validation. What
never changes for an analyte is written once. Not here: chapters and tables (see laboratory).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache

from simulator.documents import people
from simulator.documents.draft import Draft, coded, templates, time
from simulator.documents.facts import Coded
from simulator.documents.kinds import LOINC
from simulator.documents.laboratory_tables import Limits, analytes
from simulator.documents.laboratory_work import NORMAL, Measure
from simulator.documents.markup import NOTHING, TYPE, Xml, join, tag
from simulator.documents.tables import original, pointer

PROCESSING = ("1.3.6.1.4.1.19376.1.3.1", "1.2.250.1.213.1.1.3.21")
RESULT = ("1.3.6.1.4.1.19376.1.3.1.6", "1.2.250.1.213.1.1.3.80")
BATTERY = ("1.3.6.1.4.1.19376.1.3.1.4", "1.2.250.1.213.1.1.3.78")
SAMPLING = ("1.3.6.1.4.1.19376.1.3.1.2", "1.2.250.1.213.1.1.3.77")
RECEPTION = ("1.3.6.1.4.1.19376.1.3.1.3", "1.2.250.1.213.1.1.3.107")
COMMENT = (
    "2.16.840.1.113883.10.20.1.40",
    "1.3.6.1.4.1.19376.1.5.3.1.4.2",
    "1.2.250.1.213.1.1.3.32",
)
VALIDATION = ("1.3.6.1.4.1.19376.1.3.3.1.5", "1.2.250.1.213.1.1.3.109")
INTERPRETATION = "2.16.840.1.113883.5.83"
SPECIMEN_TYPE = "2.16.840.1.113883.18.311"
IHE_ACT = "1.3.5.1.4.1.19376.1.5.3.2"  # with 1.3.5, as the volet has it
SAMPLE_ARC = "9"  # below the OID of the establishment
EVENT = {"moodCode": "EVN"}
COMPLETED = tag("statusCode", code="completed")

_RESULT_TEMPLATES = join(templates(*RESULT))


def entry(code: Coded, parts: Iterable[Xml], *, status: str = "completed") -> Xml:
    """The only entry of a section: the act that holds all of it, in the order of the schema."""
    act = tag(
        "act",
        coded(code.code, code.label, LOINC),
        tag("statusCode", code=status),
        *parts,
        classCode="ACT",
        moodCode="EVN",
    )
    return tag("entry", *templates(*PROCESSING), act, typeCode="DRIV")


def related(entry: Xml, kind: str = "COMP") -> Xml:
    return tag("entryRelationship", entry, typeCode=kind)


def battery(code: Xml, components: Iterable[Xml]) -> Xml:
    return tag(
        "organizer",
        *templates(*BATTERY),
        code,
        COMPLETED,
        *(tag("component", item) for item in components),
        classCode="BATTERY",
        moodCode="EVN",
    )


def result(measure: Measure, anchor: str, at: Xml, before_at: Xml = NOTHING) -> Xml:
    """A value, what it means, its usual values and the one before; times as they are written."""
    key = measure.analyte.key
    earlier = NOTHING
    if measure.before is not None:
        earlier = related(_earlier(key, anchor, measure.before, before_at), "REFR")
    return observation(
        _code(key, anchor),
        at,
        _value(key, measure.value),
        interpretation(measure.flag),
        earlier,
        _range(key, (measure.low, measure.high)),
    )


def observation(code: Xml, *parts: Xml) -> Xml:
    """A result: ``parts`` follow its status, in the order of the schema."""
    return tag(
        "observation", _RESULT_TEMPLATES, code, COMPLETED, *parts, classCode="OBS", moodCode="EVN"
    )


def _earlier(key: str, anchor: str, value: float, at: Xml) -> Xml:
    return observation(_code(key, anchor), at, _value(key, value))


@cache
def _code(key: str, anchor: str) -> Xml:
    code = analytes()[key].code
    return coded(code.code, code.label, LOINC, original(anchor))


def _value(key: str, value: float) -> Xml:
    analyte = analytes()[key]
    written = f"{value:.{analyte.decimals}f}"
    return tag("value", **{TYPE: "PQ"}, value=written, unit=analyte.ucum)


@cache
def interpretation(flag: Coded) -> Xml:
    return coded(flag.code, flag.label, INTERPRETATION, name="interpretationCode")


@lru_cache(maxsize=1024)
def _range(key: str, limits: Limits) -> Xml:
    """Bounds are usual values themselves."""
    analyte = analytes()[key]
    bounds = (
        tag(name, value=f"{limit:.{analyte.decimals}f}", unit=analyte.ucum)
        for name, limit in zip(("low", "high"), limits, strict=True)
        if limit is not None
    )
    usual = tag(
        "observationRange",
        tag("value", *bounds, **{TYPE: "IVL_PQ"}),
        interpretation(NORMAL),
        classCode="OBS",
        moodCode="EVN.CRT",
    )
    return tag("referenceRange", usual, typeCode="REFV")


def sampling(
    draft: Draft,
    nature: Coded,
    anchor: str,
    sample: str,
    collected_at: datetime,
    received_at: datetime,
) -> Xml:
    """What was taken, when, by whom, and when the laboratory had it (prélèvement)."""
    kind = coded(nature.code, nature.label, SPECIMEN_TYPE, original(anchor))
    root = f"{draft.facts.establishment.oid}.{SAMPLE_ARC}"
    role = tag(
        "participantRole",
        tag("id", root=root, extension=sample),
        tag("playingEntity", kind),
        classCode="SPEC",
    )
    return tag(
        "procedure",
        *templates(*SAMPLING),
        time("effectiveTime", collected_at),
        _sampler(draft),
        tag("participant", role, typeCode="PRD"),
        related(_received(received_at)),
        classCode="PROC",
        moodCode="EVN",
    )


def _received(at: datetime) -> Xml:
    return tag(
        "act",
        *templates(*RECEPTION),
        coded("SPRECEIVE", "Échantillon reçu", IHE_ACT),
        time("effectiveTime", at),
        classCode="ACT",
        moodCode="EVN",
    )


def _sampler(draft: Draft) -> Xml:
    who = draft.facts.sampler
    if who is None:
        return NOTHING
    return tag("performer", people.entity(who))


def comment(anchor: str) -> Xml:
    act = tag(
        "act",
        *templates(*COMMENT),
        coded("48767-8", "Commentaire", LOINC),
        pointer(anchor),
        COMPLETED,
        classCode="ACT",
        moodCode="EVN",
    )
    return related(act, "SUBJ")


def validation(draft: Draft, at: datetime) -> Xml:
    """The biologist who validated (participant AUTHEN)."""
    who = draft.facts.legal_authenticator
    role = tag(
        "participantRole",
        people.professional_id(who),
        people.contact(who),
        people.person(who, "playingEntity"),
    )
    return tag(
        "participant",
        *templates(*VALIDATION),
        tag("time", time("high", at)),
        role,
        typeCode="AUTHEN",
    )
