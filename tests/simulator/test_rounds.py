"""Rounds: order within a chain, waiting in simulated time, giving up; with scripted couriers."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.clock import slots
from simulator.courier import NOT_QUALIFIED, Handled
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
        self.again: dict[datetime, list[str]] = {}

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

    def settle(self, at: datetime) -> list[str]:
        self.settled.append(at)
        return self.again.pop(at, [])


class CautiousCourier(ScriptedCourier):
    """Withholds the documents of one identity until an instant."""

    def __init__(self, identity: str, until: datetime, failures: dict[str, int] | None = None):
        super().__init__(failures)
        self.identity, self.until = identity, until
        self.at = until - timedelta(days=9)
        self.tries: list[int] = []

    def settle(self, at: datetime) -> list[str]:
        self.at = at
        return super().settle(at)

    def may_catch_up(self, job: Job) -> bool:
        return self.at >= self.until

    async def deliver(self, job: Job, at: datetime, tries: int) -> Handled:
        if job.identity == self.identity and job.task is not Task.LOOKUP:
            if at < self.until:
                return Handled(withheld=NOT_QUALIFIED)
            self.tries.append(tries)
        return await super().deliver(job, at, tries)


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


def test_a_corrected_identity_is_looked_up_again_in_the_next_slot() -> None:
    lookup = first_of(Task.LOOKUP)
    courier = ScriptedCourier()
    scenario = PLAN.scenario
    ends = slots(scenario.starts_at, scenario.ends_at, scenario.slot_minutes)
    at = next(found for found in ends if found.date() > lookup.due_at.date())
    courier.again = {at: [lookup.identity]}
    rounds, *_ = play(courier)
    name = f"{lookup.id}-{at:%m%d}"
    assert dict(courier.delivered)[name] == at + timedelta(minutes=scenario.slot_minutes)
    assert [row.number for row in rounds.sent if row.job.id == name] == [1]
    tally = rounds.tallies[CLINIC]
    assert tally.delivered == tally.expected == len(PLAN.jobs) + 1
    assert tally.waiting == 0


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


# What was withheld for want of a qualified identity.

DOCUMENTS = (Task.FEED, Task.DELETE, Task.CITIZEN, Task.MAIL)
FED = Counter(job.identity for job in PLAN.jobs if job.task is Task.FEED)
SOMEBODY, _ = FED.most_common(1)[0]
THEIRS = [job for job in PLAN.jobs if job.identity == SOMEBODY and job.task in DOCUMENTS]
AFTER_ALL = max(job.due_at for job in THEIRS) + timedelta(hours=1)
BETWEEN = THEIRS[0].due_at + timedelta(minutes=30)


def slot_of(job: Job) -> datetime:
    """The end of the slot in which it is first tried."""
    ends = slots(PLAN.scenario.starts_at, PLAN.scenario.ends_at, PLAN.scenario.slot_minutes)
    return next(at for at in ends if at >= job.due_at)


@pytest.mark.parametrize("until", [BETWEEN, AFTER_ALL])
def test_what_was_withheld_is_sent_later_in_the_order_of_the_plan(until: datetime) -> None:
    courier = CautiousCourier(SOMEBODY, until)
    rounds, set_to, _ = play(courier)
    at = dict(courier.delivered)
    late = [job for job in THEIRS if slot_of(job) < until]
    assert late
    for job in late:
        assert until <= at[job.id] <= until + timedelta(minutes=30)
    for chain in {job.chain for job in THEIRS}:
        mine = [job.id for job in PLAN.jobs if job.chain == chain]
        assert [name for name, _ in courier.delivered if name in mine] == mine
    assert set_to == sorted(set_to)
    assert set(courier.tries) >= {2}  # never the same try twice: its messages keep their own ids
    tally = rounds.tallies[CLINIC]
    assert tally.delivered == tally.expected == len(PLAN.jobs)
    assert +tally.withheld == Counter()
    assert tally.late.sent == sum(job.task is not Task.DELETE for job in late)
    assert (tally.late.never, tally.late.otherwise, tally.waiting) == (0, 0, 0)


def test_two_plays_send_what_was_withheld_alike() -> None:
    first, again = (CautiousCourier(SOMEBODY, AFTER_ALL) for _ in range(2))
    for courier in (first, again):
        play(courier)
    assert first.delivered == again.delivered


def test_what_is_taken_up_and_fails_is_tried_again() -> None:
    courier = CautiousCourier(SOMEBODY, AFTER_ALL, {THEIRS[0].id: 3})
    rounds, *_ = play(courier)
    assert THEIRS[0].id in dict(courier.delivered)
    rows = [row for row in rounds.sent if row.job is THEIRS[0]]
    assert [row.attempt.outcome for row in rows] == [
        Outcome.FAILED, Outcome.FAILED, Outcome.DELIVERED
    ]  # fmt: skip
    assert rows[0].sent_at < rows[-1].sent_at


def test_what_is_never_qualified_stays_withheld() -> None:
    courier = CautiousCourier(SOMEBODY, PLAN.scenario.ends_at + timedelta(days=2))
    rounds, *_ = play(courier)
    tally = rounds.tallies[CLINIC]
    assert not set(dict(courier.delivered)) & {job.id for job in THEIRS}
    assert tally.withheld == {NOT_QUALIFIED: len(THEIRS)}
    assert tally.late.never == tally.late.withheld > 0
    assert tally.expected == len(PLAN.jobs) - len(THEIRS) == tally.delivered
