"""Banc, examples: the files of ``docs/examples``, written from the code so that they stay true.

Not here: where they are used (docs/journeys.md).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from kit.cda import entry_from_cda
from kit.identity import IdentityStatus, struct_idnat
from kit.soap import write_envelope
from kit.world import Patient, World
from mocks.dmp.messages import pdsm
from mocks.ins import messages as ins
from simulator.documents import Admission, EncounterMode, StayFacts, draw_case, write_document
from simulator.documents.facts import age_on
from simulator.streams import Streams, oid

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
FIRST_PATIENT = 35_000_000
OID_ROOT = "1.2.250.1.999.0.1"


def files() -> dict[str, bytes]:
    """Every example: file name -> bytes."""
    world = World()
    patient = open_record(world)
    return {
        "ins-search.xml": ins_search(patient),
        "lettre-de-liaison.xml": liaison_letter(world, patient),
        "publication-simplifiee.json": publication(world, patient),
    }


def open_record(world: World) -> Patient:
    """The first invented patient from FIRST_PATIENT on whose record is open."""
    index = FIRST_PATIENT
    while not _takes_documents(world.patient(index)):
        index += 1
    return world.patient(index)


def _takes_documents(patient: Patient) -> bool:
    return patient.record.state == "open" and not patient.record.opposed_to_feeding


def ins_search(patient: Patient) -> bytes:
    """A search by traits, ready to be sent to the plain listener of INSi."""
    traits = patient.traits
    request = ins.SearchRequest(
        birth_name=traits.birth_name,
        first_names=(traits.first_name,),
        sex=traits.sex,
        birth_date=traits.birth_date,
        birth_place=traits.birth_place,
    )
    message_id = "uuid:6f1c0c6e-0000-4000-8000-000000000001"
    lps = ins.LpsContext(
        "6f1c0c6e-0000-4000-8000-000000000002", AT, "exemple", "BANC-TEST", "1.0",
        "6f1c0c6e-0000-4000-8000-000000000003", "urn:lps:exemple:1.0",
    )  # fmt: skip
    bam = ins.BamContext("6f1c0c6e-0000-4000-8000-000000000004", AT, "exemple")
    blocks = ins.write_contexts(ins.Contexts(bam, lps))
    return write_envelope(
        ins.write_search_request(request),
        action=ins.ACTION,
        message_id=message_id,
        header_blocks=blocks,
    )


def publication(world: World, patient: Patient) -> bytes:
    """Another liaison letter as a DocumentReference, its bytes inside (ITI-105)."""
    cda = liaison_letter(world, patient, seed=2)
    structure = struct_idnat(world.establishments[0].finess_eg)
    resource = pdsm.write_simplified(entry_from_cda(cda), cda, custodian=structure)
    return json.dumps(resource, ensure_ascii=False, indent=1).encode() + b"\n"


def liaison_letter(world: World, patient: Patient, seed: int = 1) -> bytes:
    """A liaison letter (lettre de liaison) of the first invented establishment."""
    place = world.establishments[0]
    unit = next(unit for unit in place.units if unit.specialty == "SM04")
    doctors = [who for who in world.professionals(place.finess_eg) if who.unit == unit.code]
    streams = Streams(seed)
    case = draw_case(
        streams["case"], sex=patient.traits.sex, age=age_on(patient.traits.birth_date, AT.date()),
        nights=4, field=unit.field, specialty=unit.specialty,
    )  # fmt: skip
    town = world.correspondents(place.region)
    facts = StayFacts(
        stay_id="260000001",
        ipp="00000001",
        patient=patient,
        identity_status=IdentityStatus.QUALIFIED,
        establishment=place,
        unit=unit,
        author=doctors[0],
        legal_authenticator=doctors[0],
        case=case,
        admitted_at=AT - timedelta(days=4),
        left_at=AT,
        mode=EncounterMode.STAY,
        admission=Admission.PLANNED,
        attending_doctor=town[0],
    )
    return write_document(
        "LDL", facts, unique_id=oid(streams["ids"], OID_ROOT), set_id=oid(streams["ids"], OID_ROOT),
        version=1, created_at=AT, stream=streams["text"],
    ).cda  # fmt: skip
