"""Simulator, encounters: a movement with its patient, its doctors, its clinical picture.

Every choice comes from a stream named after the stay, so that one stay never moves another. Not
here: documents (papers), identities as typed (identities).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kit.world import Establishment, Patient, Professional, Unit, World
from simulator.clock import PARIS, SimulatedClock
from simulator.documents import (
    Admission,
    ClinicalCase,
    Discharge,
    EncounterMode,
    draw_case,
)
from simulator.documents.facts import age_on
from simulator.establishments import Hospital, Ward
from simulator.movements import Exit, Kind, Mode, Movement
from simulator.population import draw_patient
from simulator.streams import Streams

RETURNS = 0.08  # share of consultations of somebody who was seen before in the run, unconfirmed
PMSI_IS_COMPLETE = 0.98  # share of stays whose file is closed without error, unconfirmed
NURSE = "60"  # TRE_G15
SURGERY_IN_OTHER_WARDS = 0.05


@dataclass(frozen=True, slots=True)
class Encounter:
    """One stay or visit, with everything that does not depend on what goes over the wire."""

    id: str
    kind: Kind
    hospital: Hospital
    ward: Ward
    patient: Patient
    admitted_at: datetime
    left_at: datetime | None
    mode: Mode
    exit: Exit
    is_planned: bool
    nights: int | None
    case: ClinicalCase
    author: Professional
    legal_authenticator: Professional
    attending_doctor: Professional | None
    pmsi_ok: bool
    comes_from_elsewhere: bool = False
    admission_number: int = 1  # of this person here

    @property
    def establishment(self) -> Establishment:
        return self.hospital.establishment

    @property
    def unit(self) -> Unit:
        return self.ward.unit

    @property
    def nurse(self) -> Professional | None:
        """A nurse of the ward."""
        team = (who for who in self.hospital.staff if who.unit == self.unit.code)
        return next((who for who in team if who.profession == NURSE), None)

    @property
    def identity_key(self) -> str:
        """Of the person in the legal entity."""
        return f"{self.establishment.finess_ej}/{self.patient.index}"

    @property
    def admission_key(self) -> str:
        """Of the admission it belongs to: an identity is searched, or created, once for each."""
        again = f"/{self.admission_number}" if self.admission_number > 1 else ""
        return self.identity_key + again

    @property
    def has_surgery(self) -> bool:
        return self.case.act is not None and self.kind is Kind.STAY

    @property
    def encounter_mode(self) -> EncounterMode:
        """How documents call it."""
        if self.kind is Kind.CONSULTATION:
            return EncounterMode.OUTPATIENT
        return EncounterMode.EMERGENCY if self.kind is Kind.EMERGENCY else EncounterMode.STAY

    @property
    def admission(self) -> Admission:
        if self.comes_from_elsewhere:
            return Admission.TRANSFER
        return Admission.PLANNED if self.is_planned else Admission.EMERGENCY

    @property
    def discharge(self) -> Discharge:
        return Discharge.OTHER_HOSPITAL if self.exit is Exit.TRANSFER else Discharge.HOME


class Registry:
    """Makes encounters of the movements of one hospital, in the order of admissions."""

    def __init__(self, streams: Streams, clock: SimulatedClock, world: World) -> None:
        self._streams = streams
        self._clock = clock
        self._world = world
        self._by_number: dict[str, tuple[Patient, int]] = {}
        self._seen: list[Patient] = []
        self._admissions: Counter[int] = Counter()  # by person

    def encounters(self, movements: Iterable[Movement], since: datetime) -> tuple[Encounter, ...]:
        """Those that are not over at ``since``; the movements before only tell who came."""
        found = []
        for movement in movements:
            patient, admission = self._admitted(movement)
            if movement.left is None or self._clock.at(movement.left) >= since:
                found.append(self._encounter(movement, patient, admission))
        return tuple(found)

    def _admitted(self, movement: Movement) -> tuple[Patient, int]:
        """The patient, and which of their admissions it is: that of the stay it follows, or one
        more."""
        if movement.after not in self._by_number:
            patient = self._patient(movement)
            self._admissions[patient.index] += 1
            admitted = patient, self._admissions[patient.index]
        else:
            admitted = self._by_number[movement.after]
        self._by_number[movement.number] = admitted
        return admitted

    def _patient(self, movement: Movement) -> Patient:
        """Somebody seen before, or somebody new."""
        stream = self._streams.fresh(f"{movement.number}/patient")
        known = None
        may_return = movement.kind is Kind.CONSULTATION and self._seen
        if may_return and stream.random() < RETURNS:
            known = self._seen[int(stream.integers(len(self._seen)))]
        today = self._clock.civil(movement.admitted).date()
        patient = known or draw_patient(stream, movement.ward, today, self._world)
        if known is None:
            self._seen.append(patient)
        return patient

    def _encounter(self, movement: Movement, patient: Patient, admission: int) -> Encounter:
        stream = self._streams.fresh(f"{movement.number}/encounter")
        hospital, ward = movement.hospital, movement.ward
        doctors = hospital.doctors(ward.unit.code)
        author = doctors[int(stream.integers(len(doctors)))]
        attending = hospital.attending_doctors
        own = self._streams.fresh(f"{patient.index}/attending doctor")
        nights = self._nights(movement)
        return Encounter(
            id=movement.number,
            kind=movement.kind,
            hospital=hospital,
            ward=ward,
            patient=patient,
            admitted_at=self._clock.at(movement.admitted),
            left_at=None if movement.left is None else self._clock.at(movement.left),
            mode=movement.mode,
            exit=movement.exit,
            is_planned=movement.is_planned,
            nights=nights,
            case=self._case(movement, patient, nights),
            author=author,
            legal_authenticator=doctors[0] if stream.random() < 0.3 else author,
            attending_doctor=attending[int(own.integers(len(attending)))],
            pmsi_ok=bool(stream.random() < PMSI_IS_COMPLETE),
            comes_from_elsewhere=bool(movement.after),
            admission_number=admission,
        )

    def _nights(self, movement: Movement) -> int | None:
        if movement.left is None:
            return None
        first, last = (self._clock.civil(at).date() for at in (movement.admitted, movement.left))
        return (last - first).days

    def _case(self, movement: Movement, patient: Patient, nights: int | None) -> ClinicalCase:
        stream = self._streams.fresh(f"{movement.number}/case")
        ward = movement.ward
        is_surgical = ward.is_surgical or bool(stream.random() < SURGERY_IN_OTHER_WARDS)
        has_act = movement.kind is Kind.STAY and ward.activity == "MCO" and is_surgical
        day = self._clock.at(movement.admitted).astimezone(PARIS).date()
        return draw_case(
            stream,
            sex=patient.traits.sex,
            age=age_on(patient.traits.birth_date, day),
            nights=nights,
            field=ward.unit.field,
            specialty=ward.unit.specialty,
            surgical=has_act,
        )
