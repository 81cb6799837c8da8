"""Simulator, documents, facts: what a stay or a visit is about, before anything is written.

Plain values; `write_document` turns them into bytes. Not here: any choice (see pictures) and
any format. Instants are aware; dates of birth stay text because some are lunar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from kit.identity import IdentityStatus, completed_date
from kit.world import Establishment, Patient, Professional, Unit

PARIS = ZoneInfo("Europe/Paris")


class EncounterMode(StrEnum):
    """How the patient is taken in charge (JDV_J142, type de rencontre)."""

    STAY = "IMP"
    EMERGENCY = "EMER"
    IN_TOWN = "AMB"
    OUTPATIENT = "EXTERNE"
    SESSION = "SEANCE"


class Admission(StrEnum):
    """How the patient came (modalité d'entrée, JDV_ModaliteEntree)."""

    EMERGENCY = "183452005"
    PLANNED = "8715000"
    TRANSFER = "107724000"


class Discharge(StrEnum):
    """Where the patient goes (modalité de sortie, JDV_ModaliteSortie)."""

    HOME = "160849004"
    REHABILITATION = "109"
    HOME_HOSPITAL = "127"
    NURSING_HOME = "500"
    OTHER_HOSPITAL = "GEN-092.06.01"


@dataclass(frozen=True, slots=True)
class Coded:
    """A code and its label; which code system depends on where it stands."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """One line of a prescription."""

    drug: str  # name, strength and form, as one reads it
    substance: Coded  # ATC
    route: Coded  # EDQM
    dose: int  # per intake, in `unit`
    unit: Coded  # UCUM annotation and the word for it
    times_per_day: int
    days: int


@dataclass(frozen=True, slots=True)
class LabResult:
    """One laboratory result with its usual values."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    decimals: int
    chapter: Coded  # LOINC
    key: str = ""  # of laboratory.yaml
    code: Coded = Coded("", "")  # LOINC
    ucum: str = ""
    specimen: Coded = Coded("", "")  # HL7 0487

    @property
    def is_abnormal(self) -> bool:
        return not self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True)
class ImagingExam:
    """One imaging examination and what was seen."""

    exam: Coded  # LOINC
    act: Coded  # CCAM
    modality: Coded  # DICOM
    region: Coded  # SNOMED CT
    technique: str
    finding: str
    conclusion: str
    side: str = ""  # droit or gauche, as the case has it


@dataclass(frozen=True, slots=True)
class Act:
    """One surgical or interventional act."""

    act: Coded  # CCAM
    anaesthesia: str
    minutes: int
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClinicalCase:
    """What a stay or a visit is about; drawn by `draw_case` or given by a scenario."""

    diagnosis: Coded  # CIM-10
    reason: str
    story: tuple[str, ...]
    background: tuple[str, ...]
    exam: tuple[str, ...]
    course: tuple[str, ...]
    follow_up: tuple[str, ...]
    treatments: tuple[Treatment, ...]
    results: tuple[LabResult, ...]
    imaging: ImagingExam | None = None
    act: Act | None = None
    is_emergency: bool = False
    was_transfused: bool = False
    resistant_germs_sought: bool = False


@dataclass(frozen=True, slots=True)
class StayFacts:
    """All that the documents of one stay or visit need to know."""

    stay_id: str  # administrative number (numéro administratif du séjour ou de la venue)
    ipp: str
    patient: Patient
    identity_status: IdentityStatus
    establishment: Establishment
    unit: Unit
    author: Professional
    legal_authenticator: Professional
    case: ClinicalCase
    admitted_at: datetime
    left_at: datetime | None
    mode: EncounterMode = EncounterMode.STAY
    admission: Admission = Admission.PLANNED
    discharge: Discharge = Discharge.HOME
    attending_doctor: Professional | None = None  # médecin traitant
    correspondents: tuple[Professional, ...] = ()
    performed_at: datetime | None = None  # act, examination or sampling; admission when not said
    prescriber: Professional | None = None  # who asked for the examination
    sampler: Professional | None = None  # who took the sample (préleveur)

    @property
    def nights(self) -> int | None:
        """Nights spent, None while the patient is there."""
        if self.left_at is None:
            return None
        return (_local_date(self.left_at) - _local_date(self.admitted_at)).days

    @property
    def age(self) -> int:
        """Age in whole years at admission."""
        return age_on(self.patient.traits.birth_date, _local_date(self.admitted_at))


@dataclass(frozen=True, slots=True)
class ClinicalDocument:
    """A written document and what a sender must know of it without reading it again."""

    kind: str
    unique_id: str
    set_id: str
    version: int
    type_code: str
    title: str
    created_at: datetime
    cda: bytes
    stay_id: str
    patient: Patient
    level: str  # N1 or N3
    replaces: str | None = None


def age_on(birth_date: str, day: date) -> int:
    """Whole years between a date of birth, lunar or not (month 00, day 00), and ``day``."""
    born = birthday(birth_date)
    had_birthday = (day.month, day.day) >= (born.month, born.day)
    return max(0, day.year - born.year - (0 if had_birthday else 1))


def birthday(birth_date: str) -> date:
    """The day of birth that documents write: a lunar date is completed."""
    return date.fromisoformat(completed_date(birth_date))


def _local_date(at: datetime) -> date:
    return at.astimezone(PARIS).date()
