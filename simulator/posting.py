"""Simulator, posting: what is to be delivered, where and when, before anything is sent.

A look-up of each identity, deposits, mails, bed capacities. Jobs of one chain are delivered one
after the other. Not here: sending (courier), waiting and trying again (rounds).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

import numpy as np

from kit.world import Professional
from simulator.clock import SimulatedClock, civil, civil_day
from simulator.delivery import Channel
from simulator.encounters import Encounter
from simulator.establishments import Hospital, Ward
from simulator.movements import Kind, Movement
from simulator.papers import Paper
from simulator.streams import Streams

DEPOSIT_SECONDS, DEPOSIT_SIGMA = (
    40.0,
    1.89,
)  # median, lognormal with p95 at 15 min; calibration figures
NIGHT_BATCH_AT = time(2, 0)
CENSUS_AT = (time(7, 0), time(19, 0))
FIRST_LOOKUPS_HOURS = 3.0  # those present at the start are looked up within
FORECAST = timedelta(hours=24)


class Task(StrEnum):
    """What a job does."""

    LOOKUP = "lookup"  # the INS of a patient
    FEED = "feed"  # a document into the DMP
    DELETE = "delete"  # a document out of the DMP
    MAIL = "mail"  # a document to a doctor
    CITIZEN = "citizen"  # a document to the patient
    BEDS = "beds"  # free beds of a unit to the ROR


CHANNELS = {
    Task.LOOKUP: Channel.INS,
    Task.FEED: Channel.DMP,
    Task.DELETE: Channel.DMP,
    Task.MAIL: Channel.MSSANTE,
    Task.CITIZEN: Channel.MSSANTE,
    Task.BEDS: Channel.ROR,
}


@dataclass(frozen=True, slots=True)
class Census:
    """Beds of a ward at an instant: how many, how many taken, how many free a day later."""

    ward: Ward
    at: datetime
    occupied: int
    free_tomorrow: int

    @property
    def free(self) -> int:
        return self.ward.beds - self.occupied


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to deliver. chain: jobs of one chain are delivered in the order of ``due_at``.

    identity: the key of the admission. is_flawed: its metadata hold a mistake.
    """

    id: str
    task: Task
    hospital: Hospital
    chain: str
    due_at: datetime
    identity: str = ""
    paper: Paper | None = None
    census: Census | None = None
    recipient: Professional | None = None
    is_flawed: bool = False

    @property
    def channel(self) -> Channel:
        return CHANNELS[self.task]


def lookups(
    encounters: Iterable[Encounter], starts_at: datetime, streams: Streams
) -> Iterator[Job]:
    """One look-up an admission: when it begins, or on the first morning of the run."""
    known: set[str] = set()
    for found in sorted(encounters, key=lambda item: (item.admitted_at, item.id)):
        key = found.admission_key
        if key in known:
            continue
        known.add(key)
        due_at = found.admitted_at
        if due_at < starts_at:
            due_at = starts_at + _hours(streams.fresh(f"{key}/lookup"), FIRST_LOOKUPS_HOURS)
        yield Job(f"ins-{found.id}", Task.LOOKUP, found.hospital, f"ins/{key}", due_at, key)


def postings(paper: Paper, streams: Streams) -> Iterator[Job]:
    """Where a document goes. All versions of a document go to the same places."""
    found, habits = paper.encounter, paper.encounter.hospital.given.habits
    stream = streams.fresh(f"{paper.set_id}/posting")
    to_dmp = stream.random() < habits.to_dmp[paper.kind]
    to_doctor = stream.random() < habits.to_doctor[paper.kind]
    to_citizen = stream.random() < habits.to_citizen
    own = streams.fresh(f"{paper.unique_id}/posting")
    if to_dmp:
        yield from _deposits(paper, own)
    if to_doctor and _has_mailbox(found, streams):
        yield _mail(paper, Task.MAIL, own, found.attending_doctor)
    if to_citizen and paper.kind in ("LDL", "ORD", "CR_CONS"):
        yield _mail(paper, Task.CITIZEN, own, None)


def _deposits(paper: Paper, stream: np.random.Generator) -> Iterator[Job]:
    found, habits = paper.encounter, paper.encounter.hospital.given.habits
    due_at = paper.created_at + _deposit_delay(stream)
    if habits.night_batch:
        due_at = _next(NIGHT_BATCH_AT, paper.created_at)
    key, chain = found.admission_key, f"dmp/{found.identity_key}"
    yield Job(
        f"dmp-{paper.unique_id.rpartition('.')[2]}",
        Task.FEED,
        found.hospital,
        chain,
        due_at,
        key,
        paper,
        is_flawed=bool(stream.random() < habits.wrong_metadata),
    )
    if stream.random() < habits.deleted:
        deleted_at = due_at + timedelta(hours=float(stream.uniform(1, 36)))
        name = f"del-{paper.unique_id.rpartition('.')[2]}"
        yield Job(name, Task.DELETE, found.hospital, chain, deleted_at, key, paper)


def _mail(
    paper: Paper, task: Task, stream: np.random.Generator, recipient: Professional | None
) -> Job:
    found = paper.encounter
    leaf = paper.unique_id.rpartition(".")[2]
    name = f"{'mss' if task is Task.MAIL else 'mes'}-{leaf}"
    due_at = paper.created_at + _deposit_delay(stream)
    chain = f"mss/{found.identity_key}"
    return Job(name, task, found.hospital, chain, due_at, found.admission_key, paper,
               recipient=recipient)  # fmt: skip


def _has_mailbox(found: Encounter, streams: Streams) -> bool:
    """Whether the patient's doctor has a mailbox the establishment knows of."""
    stream = streams.fresh(f"{found.identity_key}/mailbox of the doctor")
    known = stream.random() < found.hospital.given.habits.doctors_with_mailbox
    return found.attending_doctor is not None and bool(known)


def bed_updates(
    hospital: Hospital,
    movements: Iterable[Movement],
    clock: SimulatedClock,
    period: tuple[datetime, datetime],
) -> Iterator[Job]:
    """Free beds of each ward, morning and evening."""
    if not hospital.given.habits.refreshes_beds:
        return
    stays = [item for item in movements if item.kind is Kind.STAY]
    for at in _census_times(*period):
        for ward in hospital.wards:
            if ward.beds:
                census = _census(ward, stays, clock, at)
                code = ward.unit.code
                site = hospital.establishment.finess_eg
                name = f"ror-{site}-{code}-{at:%m%d%H}"
                yield Job(
                    name, Task.BEDS, hospital, f"ror/{site}/{code}", at, census=census
                )  # fmt: skip


def _census(ward: Ward, stays: Iterable[Movement], clock: SimulatedClock, at: datetime) -> Census:
    now, later = clock.minutes(at), clock.minutes(at + FORECAST)
    there = [
        item
        for item in stays
        if item.ward == ward and item.admitted <= now and (item.left is None or item.left > now)
    ]
    staying = sum(item.left is None or item.left > later for item in there)
    return Census(ward, at, occupied=len(there), free_tomorrow=ward.beds - staying)


def _census_times(starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    day = civil_day(starts_at)
    while civil(day, time(0)) < ends_at:
        for at in (civil(day, moment) for moment in CENSUS_AT):
            if starts_at <= at < ends_at:
                yield at
        day += timedelta(days=1)


def _next(moment: time, after: datetime) -> datetime:
    """The next instant after ``after`` at a time of the day."""
    found = civil(civil_day(after), moment)
    return found if found > after else civil(civil_day(after) + timedelta(days=1), moment)


def _deposit_delay(stream: np.random.Generator) -> timedelta:
    return timedelta(seconds=float(stream.lognormal(np.log(DEPOSIT_SECONDS), DEPOSIT_SIGMA)))


def _hours(stream: np.random.Generator, most: float) -> timedelta:
    return timedelta(hours=float(stream.uniform(0, most)))
