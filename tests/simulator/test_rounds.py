"""Rounds: order within a chain, waiting in simulated time, giving up; with scripted couriers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from simulator.courier import Handled
from simulator.delivery import Attempt, Outcome
from simulator.plan import Plan, make_plan
from simulator.posting import Job, Task
from simulator.rounds import END_OF_RUN, MAIN, Rounds, Tally
from simulator.scenario import Patience
from tests.simulator.builders import CLINIC, WORLD, a_scenario

PLAN = make_plan(a_scenario(days=3), WORLD)


class ScriptedCourier:
    """Fails each job so many times; knows an identity once its look-up is over."""

    def __init__(self, failures: dict[str, int] | None = None) -> None:
        self.failures = defaultdict(int, failures or {})
        self.known: set[str] = set()
        self.delivered: list[tuple[str, datetime]] = []
        self.given_up: list[str] = []
        self.admitted: list[str] = []
        self.settled: list[datetime] = []

    def is_ready(self, job: Job) -> bool:
        return job.task in (Task.LOOKUP, Task.BEDS) or job.identity in self.known

    async def deliver(self, job: Job, at: datetime, tries: int) -> Handled:
        assert job.task is not Task.LOOKUP or job.identity in self.admitted
        await asyncio.sleep(0)
        if tries <= self.failures[job.id]:
            return Handled((Attempt(MAIN[job.task], Outcome.FAILED, "NO_ANSWER"),))
        self.known.add(job.identity)
        self.delivered.append((job.id, at))
        return Handled((Attempt(MAIN[job.task], Outcome.DELIVERED),))

    def give_up(self, job: Job) -> None:
        self.known.add(job.identity)
        self.given_up.append(job.id)

    def forget(self, job: Job) -> None: ...

    def admit(self, jobs: Iterable[Job]) -> None:
        self.admitted += [job.identity for job in jobs if job.task is Task.LOOKUP]

    def settle(self, at: datetime) -> None:
        self.settled.append(at)


def play(
    courier: ScriptedCourier, plan: Plan = PLAN
) -> tuple[Rounds, list[datetime], list[tuple[datetime, Tally]]]:
    set_to: list[datetime] = []
    told: list[tuple[datetime, Tally]] = []

    async def set_clock(at: datetime) -> None:
        set_to.append(at)

    couriers: dict[str, Any] = {CLINIC: courier}
    rounds = Rounds(plan, couriers, set_clock, lambda _, at, tally: told.append((at, tally)))
    asyncio.run(rounds.play())
    return rounds, set_to, told


def first_of(task: Task) -> Job:
    return next(job for job in PLAN.jobs if job.task is task)


def test_everything_is_delivered_once_after_it_is_due() -> None:
    courier = ScriptedCourier()
    rounds, set_to, told = play(courier)
    at = dict(courier.delivered)
    assert len(at) == len(courier.delivered) == len(PLAN.jobs)
    for job in PLAN.jobs:
        assert job.due_at <= at[job.id] < job.due_at + timedelta(minutes=30)
    assert set_to == sorted(set_to)
    assert rounds.tallies[CLINIC].delivered == told[-1][1].expected == len(PLAN.jobs)
    assert rounds.tallies[CLINIC].waiting == 0
    assert len(courier.settled) == len(told)  # at every slot


def test_a_chain_keeps_its_order_when_its_first_job_fails() -> None:
    feed = next(
        job
        for job in PLAN.jobs
        if job.task is Task.FEED and sum(other.chain == job.chain for other in PLAN.jobs) > 1
    )
    courier = ScriptedCourier({feed.id: 3})
    play(courier)
    mine = [job.id for job in PLAN.jobs if job.chain == feed.chain]
    assert [name for name, _ in courier.delivered if name in mine] == mine


def test_a_failure_is_tried_again_later_and_every_call_is_numbered() -> None:
    lookup = first_of(Task.LOOKUP)
    rounds, *_ = play(ScriptedCourier({lookup.id: 2}))
    rows = [row for row in rounds.sent if row.job is lookup]
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.attempt.outcome for row in rows] == [
        Outcome.FAILED, Outcome.FAILED, Outcome.DELIVERED
    ]  # fmt: skip
    assert rows[0].sent_at < rows[1].sent_at < rows[2].sent_at


def test_documents_wait_for_the_identity() -> None:
    feed = first_of(Task.FEED)
    lookup = next(
        job for job in PLAN.jobs if job.task is Task.LOOKUP and job.identity == feed.identity
    )
    courier = ScriptedCourier({lookup.id: 4})
    play(courier)
    at = dict(courier.delivered)
    assert at[feed.id] >= at[lookup.id]


def test_a_job_that_fails_too_often_is_given_up() -> None:
    lookup = first_of(Task.LOOKUP)
    plan = replace(PLAN, scenario=replace(PLAN.scenario, retry=Patience(attempts=3)))
    courier = ScriptedCourier({lookup.id: 99})
    rounds, *_ = play(courier, plan)
    rows = [row.attempt.outcome for row in rounds.sent if row.job is lookup]
    assert rows == [Outcome.FAILED, Outcome.FAILED, Outcome.ABANDONED]
    assert courier.given_up == [lookup.id]
    assert rounds.tallies[CLINIC].abandoned == 1


def test_what_waits_at_the_end_is_tried_for_a_while_then_abandoned() -> None:
    late = [job for job in PLAN.jobs if job.task is Task.BEDS][-1]
    patience = Patience(attempts=50, longest_minutes=60)
    plan = replace(PLAN, scenario=replace(PLAN.scenario, retry=patience))
    courier = ScriptedCourier({late.id: 8})
    play(courier, plan)
    assert dict(courier.delivered)[late.id] > plan.scenario.ends_at
    rounds, *_ = play(ScriptedCourier({late.id: 99}), plan)
    assert rounds.sent[-1].attempt.code == END_OF_RUN
    assert rounds.sent[-1].attempt.outcome is Outcome.ABANDONED
