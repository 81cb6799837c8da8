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
    ClinicalDocument,
    StayFacts,
    draw_case,
    write_document,
)
from simulator.documents.facts import age_on
from simulator.sample import Wish, draw_stay
from simulator.streams import Streams, oid

ADMITTED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROOT = "1.2.250.1.999.1.1"


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
    return replace(draw_stay(Wish(kind, seed), world()), **changes)


def a_document(kind: str = "LDL", seed: int = 1, **changes: Any) -> ClinicalDocument:
    """A first version; ``changes`` are arguments of write_document, or ``facts``."""
    facts = changes.pop("facts", None) or a_reportable_stay(kind, seed)
    stream = Streams(seed).fresh(f"document/{kind}")
    arguments = {
        "unique_id": oid(stream, ROOT),
        "set_id": oid(stream, ROOT),
        "version": 1,
        "created_at": _reported_at(facts),
        "stream": stream,
    }
    return write_document(kind, facts, **(arguments | changes))


def _reported_at(facts: StayFacts) -> datetime:
    """Once the stay is over, or what was done in a stay that lasts."""
    if facts.left_at is None:
        return (facts.performed_at or facts.admitted_at) + timedelta(hours=8)
    return facts.left_at + timedelta(hours=1)
