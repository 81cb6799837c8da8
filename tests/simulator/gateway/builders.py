"""Builders of hand-overs: valid by default, spoil one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from kit.cda import read_header
from kit.identity import struct_idnat
from kit.world import Patient
from kit.xds.metadata import Coded
from mocks.mssante.messages.addresses import citizen_address
from simulator.documents import ClinicalDocument
from simulator.gateway.messages import (
    METADATA,
    PROFILE,
    Choice,
    DocumentEnvelope,
    Header,
    MailBody,
    Participant,
    PatientIds,
    SentDocument,
    Transmission,
    write_transmission,
)
from tests.simulator.stays import a_document, a_stay, world

CREATOR = ("RIS-Y", "Organisation-Y")
REPLY_TO = "secretariat.test@medecin.formation.mssante.fr"
YES = ("DESTDMP",)


@cache
def a_patient(state: str = "open", rank: int = 0) -> Patient:
    """Somebody whose record is in that state and who is not opposed to feeding."""
    found = 0
    for index in range(40_000_000, 40_100_000, 7):
        patient = world().patient(index)
        record = patient.record
        attached = record.attached_to_mes or state != "open"
        if record.state == state and not record.opposed_to_feeding and attached:
            if found == rank:
                return patient
            found += 1
    raise AssertionError(state)


def a_letter(
    patient: Patient | None = None,
    seed: int = 1,
    *,
    left_at: datetime | None = None,
    **changes: Any,
) -> ClinicalDocument:
    """A liaison letter of an open record's patient; ``left_at``: end of the stay."""
    end = left_at or datetime(2026, 3, 4, 9, tzinfo=UTC)
    facts = a_stay(
        seed, patient=patient or a_patient(), admitted_at=end - timedelta(days=3), left_at=end
    )
    return a_document("LDL", seed, facts=facts, **changes)


def choices(*yes: str, kind: str = "CWE", note: str = "") -> tuple[Choice, ...]:
    """The ten choices in order, N but for ``yes``; note: under DESTMSSANTEPAT."""
    return tuple(
        Choice(code, "Y" if code in yes else "N", f"Label de {code}", kind,
               note if code == "DESTMSSANTEPAT" else "")
        for code in METADATA
    )  # fmt: skip


def a_sender(document: ClinicalDocument, seed: int = 1) -> Participant:
    facts = a_stay(seed)
    doctor, place = facts.author, facts.establishment
    return Participant(
        "SB",
        person=f"8{doctor.rpps}",
        family=doctor.family,
        given=doctor.given,
        organization=place.name,
        finess=struct_idnat(place.finess_eg),
        finess_type="IDNST",
    )


def a_recipient(address: str = "") -> Participant:
    doctor = a_stay().attending_doctor
    assert doctor is not None
    return Participant(
        "RCT", f"8{doctor.rpps}", doctor.family, doctor.given, address=address or doctor.mailbox
    )  # fmt: skip


def a_citizen(patient: Patient) -> Participant:
    traits = patient.traits
    address = citizen_address(patient.ins.matricule)
    person = patient.ins.matricule
    return Participant("RCT", person, traits.birth_name, traits.first_name, address=address)


def an_mdm(
    document: ClinicalDocument | None = None,
    *,
    trigger: str = "T02",
    yes: tuple[str, ...] = YES,
    control_id: str = "M1",
    note: str = "",
    **changes: Any,
) -> Transmission:
    """MDM^T02 of a letter for the DMP; ``changes`` are fields of Transmission."""
    document = document or a_letter()
    order, status = {"T02": ("NW", "F"), "T10": ("RO", "C"), "T04": ("CA", "D")}[trigger]
    kind = Coded(document.type_code, "LN", document.title)
    parent = document.replaces or "" if trigger == "T10" else ""
    traits = document.patient.traits
    sent = Transmission(
        header=Header(
            *CREATOR, "PFI-Y", "Organisation-Y", "20260304100000", "MDM", trigger, "MDM_T02",
            control_id, profile=PROFILE,
        ),
        patient=PatientIds(
            document.patient.ins, "", "00000001", a_stay().establishment.oid, ("VALI",),
            traits.birth_name, traits.first_name, traits.birth_date.replace("-", ""), traits.sex,
        ),
        patient_class="I",
        visit=document.stay_id,
        order_control=order,
        type=kind,
        envelope=DocumentEnvelope(document.type_code, document.unique_id, parent),
        documents=(
            SentDocument("OBX[1]", kind, status, document.cda, header=read_header(document.cda)),
        ),
        participants=(a_sender(document), a_recipient(), Participant("REPLY", address=REPLY_TO)),
        choices=choices(*yes, note=note),
        bodies=(MailBody("CORPSMAIL_PS", "Cher confrère, voici la lettre."),),
        recorded_at="20260304100000",
        segments=("MSH", "EVN", "PID", "PV1", "ORC", "OBR", "TXA", "OBX"),
    )  # fmt: skip
    return replace(sent, **changes)


def an_oru(document: ClinicalDocument | None = None, **changes: Any) -> Transmission:
    """ORU^R01 of the same."""
    sent = an_mdm(document)
    header = replace(
        sent.header, code="ORU", trigger="R01", structure="ORU_R01", version="2.5"
    )  # fmt: skip
    return replace(
        sent, header=header, envelope=None, choices=choices(*YES, kind="CE"), recorded_at="",
        segments=("MSH", "PID", "PV1", "ORC", "OBR", "OBX"), **changes,
    )  # fmt: skip


def octets(sent: Transmission) -> bytes:
    return write_transmission(sent).encode()
