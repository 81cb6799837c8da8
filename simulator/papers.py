"""Simulator, papers: which documents a stay or visit gives, and when each is validated.

Numbers of documents and delays of letters: calibration figures. Not here: their content
(documents), where they go (posting).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np

from simulator.clock import civil, civil_day
from simulator.documents import StayFacts
from simulator.documents.signatories import signatory, specialties_of
from simulator.encounters import Encounter
from simulator.identities import HeldIdentity
from simulator.movements import Exit, Kind, Mode
from simulator.streams import Streams, oid

# Share of the stays of an activity and mode with a prescription at the exit; calibration figures.
PRESCRIPTIONS = {"full": 0.75, "ambu": 0.55, "day": 0.3}
# Mean number of imaging reports of a stay or visit; calibration figures.
IMAGING = {"full": 1.1, "ambu": 0.15, "day": 0.15, "cons": 0.1, "ed": 0.5}
REPORTS_OF_LONG_STAYS = 0.15  # a hospital report beside the letter, unconfirmed
NIGHTS_PER_LAB_REPORT = {"MCO": 1.4, "SSR": 11.0, "PSY": 28.0}  # calibration figures
CONSULTATION_REPORTS, EMERGENCY_REPORTS, EMERGENCY_LAB_REPORTS = 0.60, 0.80, 0.45
MAX_REPORTS = 12  # of a kind, in one stay
LETTER_SIGMA = 1.1  # of the lognormal delay of late letters
DOCUMENT_ARC, SET_ARC = "11", "12"  # below the OID of the establishment


@dataclass(frozen=True, slots=True)
class Paper:
    """One document to write: its kind, its identifiers, when it is validated."""

    encounter: Encounter
    kind: str
    unique_id: str
    set_id: str
    created_at: datetime
    version: int = 1
    replaces: str | None = None
    performed_at: datetime | None = None

    def facts(self, identity: HeldIdentity) -> StayFacts:
        """What the document may tell, with the identity as it is known when it is written."""
        found = self.encounter
        act = found.case.act.act.code if found.case.act else None
        wanted, staff = specialties_of(self.kind, act), found.hospital.staff
        is_over = found.left_at is not None and found.left_at <= self.created_at
        return StayFacts(
            stay_id=found.id,
            ipp=identity.ipp,
            patient=identity.as_patient(),
            identity_status=identity.status,
            establishment=found.establishment,
            unit=found.unit,
            author=signatory(found.author, staff, wanted),
            legal_authenticator=signatory(found.legal_authenticator, staff, wanted),
            case=found.case,
            admitted_at=found.admitted_at,
            left_at=found.left_at if is_over else None,
            mode=found.encounter_mode,
            admission=found.admission,
            discharge=found.discharge,
            attending_doctor=found.attending_doctor,
            performed_at=self.performed_at,
        )


def papers_of(encounter: Encounter, streams: Streams) -> tuple[Paper, ...]:
    """The documents of an encounter, in the order in which they are validated."""
    stream = streams.fresh(f"{encounter.id}/papers")
    dates = _OF_KIND[encounter.kind](encounter, stream)
    made = [
        _paper(encounter, kind, created_at, performed_at, streams, rank)
        for rank, (kind, created_at, performed_at) in enumerate(dates)
    ]
    made += [newer for paper in made for newer in _corrected(paper, streams) if paper.kind == "LDL"]
    return tuple(sorted(made, key=lambda paper: (paper.created_at, paper.version)))


_Dated = tuple[str, datetime, datetime | None]  # kind, validated, performed


def _paper(
    encounter: Encounter,
    kind: str,
    created_at: datetime,
    performed_at: datetime | None,
    streams: Streams,
    rank: int,
) -> Paper:
    stream = streams.fresh(f"{encounter.id}/{rank}/identifiers")
    root = encounter.establishment.oid
    unique_id, set_id = oid(stream, f"{root}.{DOCUMENT_ARC}"), oid(stream, f"{root}.{SET_ARC}")
    return Paper(encounter, kind, unique_id, set_id, created_at, performed_at=performed_at)


def _corrected(paper: Paper, streams: Streams) -> Iterator[Paper]:
    """The second version of a letter that is corrected (annule et remplace)."""
    stream = streams.fresh(f"{paper.unique_id}/correction")
    if stream.random() >= paper.encounter.hospital.given.habits.corrected:
        return
    yield Paper(
        paper.encounter,
        paper.kind,
        oid(stream, f"{paper.encounter.establishment.oid}.{DOCUMENT_ARC}"),
        paper.set_id,
        paper.created_at + _hours(stream, 1, 48),
        version=2,
        replaces=paper.unique_id,
        performed_at=paper.performed_at,
    )


def _stay(found: Encounter, stream: np.random.Generator) -> Iterator[_Dated]:
    end = found.left_at
    yield from _examinations(found, stream, found.mode.value)
    if found.case.act is not None:
        began = found.admitted_at + _hours(stream, 1, 3 if found.mode is not Mode.FULL else 26)
        began = min(began, end - timedelta(hours=2)) if end else began
        ended = began + timedelta(minutes=found.case.act.minutes)
        yield "CRO", ended + _hours(stream, 0.5, 10), began
    if end is None or found.exit is Exit.MUTATION:
        return
    if found.exit is Exit.DEATH:
        yield "CRH", end + _hours(stream, 6, 72), None
        return
    if stream.random() < found.hospital.given.habits.letters_written:
        yield "LDL", _letter_at(found, end, stream), None
    if stream.random() < PRESCRIPTIONS[found.mode.value] and found.case.treatments:
        yield "ORD", end + _hours(stream, 0, 0.3), None
    if found.mode is Mode.FULL and stream.random() < REPORTS_OF_LONG_STAYS:
        yield "CRH", end + _hours(stream, 12, 120), None


def _letter_at(found: Encounter, end: datetime, stream: np.random.Generator) -> datetime:
    """When the liaison letter is validated: on the day of the exit, or late."""
    habits = found.hospital.given.habits
    if stream.random() < habits.letters_same_day:
        return end + _hours(stream, 0.05, 2.5)
    days = stream.lognormal(np.log(habits.letter_delay_days), LETTER_SIGMA)
    day = civil_day(end) + timedelta(days=max(1, round(float(days))))
    return civil(day, time(9)) + _hours(stream, 0, 9)


def _examinations(found: Encounter, stream: np.random.Generator, mode: str) -> Iterator[_Dated]:
    """Laboratory and imaging reports, only of what the case holds."""
    hours = _hours_there(found)
    if found.case.results:
        mean = 0.3
        if found.mode is Mode.FULL:
            mean = hours / 24 / NIGHTS_PER_LAB_REPORT[found.ward.activity]
        elif found.kind is Kind.EMERGENCY:
            mean = EMERGENCY_LAB_REPORTS
        yield from _reports(found, stream, "CR_BIO", mean, delay_hours=(2, 6))
    if found.case.imaging is not None:
        yield from _reports(found, stream, "CR_IMG", IMAGING[mode], delay_hours=(0.7, 8))


def _reports(
    found: Encounter,
    stream: np.random.Generator,
    kind: str,
    mean: float,
    *,
    delay_hours: tuple[float, float],
) -> Iterator[_Dated]:
    hours = _hours_there(found)
    for _ in range(min(MAX_REPORTS, int(stream.poisson(mean)))):
        performed_at = found.admitted_at + _hours(stream, 0, hours)
        yield kind, performed_at + _hours(stream, *delay_hours), performed_at


def _hours_there(found: Encounter) -> float:
    """How long the patient was there; a week when nobody knows yet."""
    if found.left_at is None:
        return 7 * 24.0
    return (found.left_at - found.admitted_at).total_seconds() / 3600


def _consultation(found: Encounter, stream: np.random.Generator) -> Iterator[_Dated]:
    yield from _examinations(found, stream, "cons")
    if found.left_at and stream.random() < CONSULTATION_REPORTS:
        yield "CR_CONS", found.left_at + _hours(stream, 0.1, 30), None


def _emergency(found: Encounter, stream: np.random.Generator) -> Iterator[_Dated]:
    yield from _examinations(found, stream, "ed")
    if found.left_at and stream.random() < EMERGENCY_REPORTS:
        yield "CR_URG", found.left_at + _hours(stream, 0, 1.5), None


_OF_KIND = {Kind.STAY: _stay, Kind.CONSULTATION: _consultation, Kind.EMERGENCY: _emergency}


def _hours(stream: np.random.Generator, low: float, high: float) -> timedelta:
    return timedelta(seconds=int(stream.uniform(low, high) * 3600))
