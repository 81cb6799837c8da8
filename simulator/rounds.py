"""Simulator, rounds: plays the jobs of a plan, slot after slot of simulated time.

At each slot the bench clock is set, then everything due is delivered: chains side by side, the
jobs of one chain one after the other. What failed waits in simulated time and holds its chain;
what was withheld for want of a qualified identity goes back to its chain once it is qualified.
An identity that the identity unit corrected is looked up again.
Not here: one delivery (courier), the tables (export).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from simulator.clock import slots
from simulator.courier import NOT_QUALIFIED, Courier, Handled
from simulator.delivery import Attempt, Outcome, backoff
from simulator.plan import Plan
from simulator.posting import Job, Task
from simulator.streams import Streams
from simulator.waiting import Late, Shelf, Waiting

AT_ONCE = 12  # chains played side by side
AFTERTIME = timedelta(hours=12)  # how long what waits at the end is still tried
END_OF_RUN = "END_OF_RUN"
FIRST = (Task.LOOKUP, Task.BEDS)  # before documents, which stand on identities


@dataclass(frozen=True, slots=True)
class Sent:
    """One call as it was made: a row of the deliveries."""

    job: Job
    attempt: Attempt
    number: int  # of the call within its delivery
    sent_at: datetime

    @property
    def delivery_id(self) -> str:
        """The job, and the transaction when it is not the job's own."""
        own = self.attempt.transaction == MAIN[self.job.task]
        return self.job.id if own else f"{self.job.id}/{self.attempt.transaction}"


MAIN = {
    Task.LOOKUP: "WS_INS2",
    Task.FEED: "TD2.1",
    Task.DELETE: "TD3.3c",
    Task.MAIL: "SMTP.DATA",
    Task.CITIZEN: "SMTP.DATA",
    Task.BEDS: "PATCH Location",
}


@dataclass(slots=True)
class Tally:
    """How an establishment's jobs went so far."""

    expected: int = 0
    delivered: int = 0
    refused: int = 0
    abandoned: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    late: Late = field(default_factory=Late)


OnSlot = Callable[[str, datetime, Tally], None]


class Rounds:
    """The deliveries of a run, while it is played."""

    def __init__(
        self,
        plan: Plan,
        couriers: Mapping[str, Courier],  # by finess_ej
        set_clock: Callable[[datetime], Awaitable[None]],
        on_slot: OnSlot,
    ) -> None:
        self.sent: list[Sent] = []
        self.tallies = {hospital.establishment.finess_ej: Tally() for hospital in plan.hospitals}
        for job in plan.jobs:
            self.tallies[_finess(job)].expected += 1
        self._plan = plan
        self._couriers = couriers
        self._set_clock = set_clock
        self._on_slot = on_slot
        self._streams = Streams(plan.seed)
        self._lookups = {job.identity: job for job in plan.jobs if job.task is Task.LOOKUP}
        self._chains: dict[str, deque[Waiting]] = {}
        self._shelf = Shelf()
        self._numbers: dict[str, int] = {}  # calls made, by delivery
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def play(self) -> None:
        """Every slot, then what still waits, for a while."""
        scenario = self._plan.scenario
        ahead = deque(self._plan.jobs)
        for at in slots(scenario.starts_at, scenario.ends_at, scenario.slot_minutes):
            while ahead and ahead[0].due_at <= at:
                self._queue(ahead.popleft())
            await self._slot(at)
        late = slots(scenario.ends_at, scenario.ends_at + AFTERTIME, scenario.slot_minutes)
        for at in late:
            if not self._chains:
                break
            await self._slot(at)
        self._close(scenario.ends_at)

    def _queue(self, job: Job) -> None:
        self._chains.setdefault(job.chain, deque()).append(Waiting(job, job.due_at))
        self.tallies[_finess(job)].waiting += 1

    async def _slot(self, at: datetime) -> None:
        """Deliver what is due: identities and beds first, then documents."""
        is_set = False
        for is_first in (True, False):
            due = list(self._due(at, is_first))
            if due and not is_set:
                await self._set_clock(at)
                is_set = True
            if is_first:
                self._admit(due)
            await asyncio.gather(*(self._play(chain, at) for chain in due))
            if is_first:
                for courier in self._couriers.values():
                    self._ask_again(courier.settle(at), at)
                self._take_up(at)
        for finess, tally in self.tallies.items():
            self._on_slot(finess, at, tally)

    def _take_up(self, at: datetime) -> None:
        """What was withheld goes before what its chain holds of later."""
        for waiting in self._shelf.take(self._may_catch_up):
            job, tally = waiting.job, self.tallies[_finess(waiting.job)]
            waiting.not_before = at
            chain = self._chains.get(job.chain, ())
            self._chains[job.chain] = deque(sorted((*chain, waiting), key=lambda item: item.rank))
            tally.expected += 1
            tally.waiting += 1
            tally.withheld[NOT_QUALIFIED] -= 1

    def _ask_again(self, identities: Iterable[str], at: datetime) -> None:
        """A look-up more of an admission, in the next slot."""
        for key in identities:
            first = self._lookups[key]
            self._queue(replace(first, id=f"{first.id}-{at:%m%d}", due_at=at))
            self.tallies[_finess(first)].expected += 1

    def _may_catch_up(self, job: Job) -> bool:
        return self._couriers[_finess(job)].may_catch_up(job)

    def _admit(self, due: Iterable[str]) -> None:
        jobs = [self._chains[name][0].job for name in due]
        for finess, courier in self._couriers.items():
            courier.admit(job for job in jobs if _finess(job) == finess)

    def _due(self, at: datetime, is_first: bool) -> Iterator[str]:
        for name, chain in self._chains.items():
            if (chain[0].job.task in FIRST) is is_first and self._may_start(chain[0], at):
                yield name

    def _may_start(self, waiting: Waiting, at: datetime) -> bool:
        job = waiting.job
        return waiting.not_before <= at and self._couriers[_finess(job)].is_ready(job)

    async def _play(self, name: str, at: datetime) -> None:
        """One chain, until it is empty or its first job must wait."""
        chain = self._chains[name]
        async with self._gate:
            while chain and self._may_start(chain[0], at):
                if not await self._try(chain[0], at):
                    return
                chain.popleft()
        if not chain:
            del self._chains[name]

    async def _try(self, waiting: Waiting, at: datetime) -> bool:
        """One try of a job; whether it is over."""
        job = waiting.job
        courier = self._couriers[_finess(job)]
        waiting.tries += 1
        handled = await courier.deliver(job, at, waiting.tries)
        if not handled.is_over:
            waiting.failures += 1
            if waiting.failures < self._plan.scenario.retry.attempts:
                stream = self._streams.fresh(f"{job.id}/wait/{waiting.failures}")
                waiting.not_before = at + backoff(
                    self._plan.scenario.retry, waiting.failures, stream
                )
                self._note(job, handled, at)
                return False
            handled = _abandoned(handled)
            courier.give_up(job)
        self._note(job, handled, at)
        courier.forget(job)
        self._count(waiting, handled)
        return True

    def _note(self, job: Job, handled: Handled, at: datetime) -> None:
        """Keep the calls, numbered within their delivery."""
        for attempt in handled.attempts:
            row = Sent(job, attempt, 1, at)
            number = self._numbers[row.delivery_id] = self._numbers.get(row.delivery_id, 0) + 1
            self.sent.append(replace(row, number=number))

    def _count(self, waiting: Waiting, handled: Handled) -> None:
        tally = self.tallies[_finess(waiting.job)]
        tally.waiting -= 1
        tally.late.count(waiting, handled)
        if handled.withheld == NOT_QUALIFIED:
            self._shelf.keep(waiting)
        outcome = handled.attempts[-1].outcome if handled.attempts else None
        if handled.withheld:
            tally.withheld[handled.withheld] += 1
            tally.expected -= 1
        elif outcome is Outcome.DELIVERED:
            tally.delivered += 1
        elif outcome is Outcome.REFUSED:
            tally.refused += 1
        else:
            tally.abandoned += 1

    def _close(self, at: datetime) -> None:
        """What still waits is abandoned."""
        for waiting in (item for chain in self._chains.values() for item in chain):
            attempt = Attempt(MAIN[waiting.job.task], Outcome.ABANDONED, END_OF_RUN)
            handled = Handled((attempt,))
            self._note(waiting.job, handled, at)
            self._count(waiting, handled)
        self._chains.clear()


def _abandoned(handled: Handled) -> Handled:
    """The last call was the last one."""
    *before, last = handled.attempts
    return replace(handled, attempts=(*before, replace(last, outcome=Outcome.ABANDONED)))


def _finess(job: Job) -> str:
    return job.hospital.establishment.finess_ej
