"""Builders of stays for the tests of documents: valid by default, spoil one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from kit.identity import IdentityStatus
from kit.world import World
from simulator.documents import (
    Admission,
    ClinicalCase,
    ClinicalDocument,
    EncounterMode,
    StayFacts,
    draw_case,
    write_document,
)
from simulator.documents.facts import age_on
from simulator.documents.pathology import specimen_of
from simulator.documents.pictures import pictures
from simulator.streams import Streams, oid

ADMITTED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROOT = "1.2.250.1.999.1.1"
MODES = {"CR_CONS": EncounterMode.OUTPATIENT, "CR_URG": EncounterMode.EMERGENCY}


@cache
def world() -> World:
    return World(2026)


def a_stay(seed: int = 1, *, surgical: bool | None = None, **changes: Any) -> StayFacts:
    """A stay somewhere in the invented country, different for each seed."""
    streams = Streams(seed)
    draw = streams["stay"]
    place = world().establishments[int(draw.integers(len(world().establishments)))]
    wards = [unit for unit in place.units if unit.beds]
    unit = wards[int(draw.integers(len(wards)))]
    doctors = [
        who
        for who in world().professionals(place.finess_eg)
        if who.unit == unit.code and who.profession == "10"
    ]
    patient = world().patient(int(draw.integers(70_000_000)))
    nights = int(draw.integers(0, 8))
    case = draw_case(
        streams["case"],
        sex=patient.traits.sex,
        age=age_on(patient.traits.birth_date, ADMITTED.date()),
        nights=nights,
        field=unit.field,
        specialty=unit.specialty,
        surgical=surgical,
    )
    in_town = world().correspondents(place.region)
    facts = StayFacts(
        stay_id=f"26{seed:07d}",
        ipp=f"{seed:08d}",
        patient=patient,
        identity_status=IdentityStatus.QUALIFIED,
        establishment=place,
        unit=unit,
        author=doctors[0],
        legal_authenticator=doctors[-1],
        case=case,
        admitted_at=ADMITTED,
        left_at=ADMITTED + timedelta(days=nights, hours=5),
        admission=Admission.EMERGENCY if case.is_emergency else Admission.PLANNED,
        attending_doctor=in_town[0],
        correspondents=in_town[: seed % 3],
    )
    return replace(facts, **changes)


def a_reportable_stay(kind: str, seed: int = 1, **changes: Any) -> StayFacts:
    """A stay that has what a document of ``kind`` reports."""
    facts = a_stay(seed, surgical=True if kind in ("CRO", "CR_ACP") else None, **changes)
    whole = next(p for p in pictures() if p.imaging and p.treatments)
    case = replace(
        facts.case,
        imaging=facts.case.imaging or whole.imaging,
        treatments=facts.case.treatments or whole.treatments,
    )
    if kind == "CR_ACP" and specimen_of(case) is None:
        case = _with_specimen(facts)
    return replace(facts, case=case, mode=MODES.get(kind, facts.mode))


def _with_specimen(facts: StayFacts) -> ClinicalCase:
    """The first case drawn for this person of which something is taken."""
    streams = Streams(int(facts.ipp))
    traits = facts.patient.traits
    cases = (
        draw_case(streams["specimen"], sex=traits.sex, age=facts.age, surgical=True)
        for _ in range(200)
    )
    whole = draw_case(streams["other"], sex="M", age=70, surgical=True, specialty="SM12")
    return next((case for case in cases if specimen_of(case)), whole)


def a_document(kind: str = "LDL", seed: int = 1, **changes: Any) -> ClinicalDocument:
    """A first version; ``changes`` are arguments of write_document, or ``facts``."""
    facts = changes.pop("facts", None) or a_reportable_stay(kind, seed)
    stream = Streams(seed).fresh(f"document/{kind}")
    arguments = {
        "unique_id": oid(stream, ROOT),
        "set_id": oid(stream, ROOT),
        "version": 1,
        "created_at": facts.left_at + timedelta(hours=1),
        "stream": stream,
    }
    return write_document(kind, facts, **(arguments | changes))
