"""Simulator, plan: everything that will happen in a run, computed before anything is sent.

Pure: a scenario, a seed and the invented country give the same plan. Not here: what only the
services can tell (an INS, a refusal), bytes of documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from kit.world import World
from simulator.activity import simulate
from simulator.clock import SimulatedClock
from simulator.encounters import Encounter, Registry
from simulator.establishments import Hospital, hospitals
from simulator.identities import LocalIdentity, draw_local_identity
from simulator.movements import Movement
from simulator.papers import Paper, papers_of
from simulator.posting import Job, bed_updates, lookups, postings
from simulator.scenario import Scenario
from simulator.streams import Streams

WARM_UP = timedelta(days=30)  # simulated before the start, so that the wards are as usual


@dataclass(frozen=True, slots=True, repr=False)  # megabytes
class Plan:
    """What a run does. papers: the documents validated within it; jobs: in order of due time."""

    scenario: Scenario
    seed: int
    hospitals: tuple[Hospital, ...]
    movements: Mapping[str, tuple[Movement, ...]]  # by finess_eg
    encounters: tuple[Encounter, ...]
    papers: tuple[Paper, ...]
    identities: Mapping[str, LocalIdentity]  # by admission
    jobs: tuple[Job, ...]


def make_plan(scenario: Scenario, world: World, seed: int | None = None) -> Plan:
    """Simulate the hospitals, then derive documents and deliveries."""
    chosen = scenario.seed if seed is None else seed
    streams = Streams(chosen)
    clock = SimulatedClock(scenario.starts_at - WARM_UP)
    played = hospitals(scenario, world)
    until = clock.minutes(scenario.ends_at)
    movements = {
        hospital.establishment.finess_eg: simulate(hospital, streams, clock, until)
        for hospital in played
    }
    encounters = tuple(
        found
        for rows in movements.values()
        for found in Registry(streams, clock, world).encounters(rows, scenario.starts_at)
    )
    papers = _papers(encounters, scenario, streams)
    period = (scenario.starts_at, scenario.ends_at)
    jobs = [*lookups(encounters, scenario.starts_at, streams)]
    jobs += [job for paper in papers for job in postings(paper, streams)]
    for hospital in played:
        rows = movements[hospital.establishment.finess_eg]
        jobs += bed_updates(hospital, rows, clock, period)
    return Plan(
        scenario=scenario,
        seed=chosen,
        hospitals=played,
        movements=movements,
        encounters=encounters,
        papers=papers,
        identities=_identities(encounters, streams),
        jobs=_in_order(jobs, scenario),
    )


def _papers(
    encounters: Iterable[Encounter], scenario: Scenario, streams: Streams
) -> tuple[Paper, ...]:
    return tuple(
        paper
        for found in encounters
        for paper in papers_of(found, streams)
        if scenario.starts_at <= paper.created_at < scenario.ends_at
    )


def _in_order(jobs: Iterable[Job], scenario: Scenario) -> tuple[Job, ...]:
    due = (job for job in jobs if scenario.starts_at <= job.due_at < scenario.ends_at)
    return tuple(sorted(due, key=lambda job: (job.due_at, job.id)))


def _identities(encounters: Iterable[Encounter], streams: Streams) -> dict[str, LocalIdentity]:
    found: dict[str, LocalIdentity] = {}
    for item in sorted(encounters, key=lambda one: (one.admitted_at, one.id)):
        key, habits = item.admission_key, item.hospital.given.habits
        if key not in found:
            found[key] = draw_local_identity(
                item,
                streams.fresh(f"{key}/identity"),
                errors=habits.identity_errors,
                checked=habits.identity_checked,
            )
    return found
