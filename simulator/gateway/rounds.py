"""Simulator, gateway, rounds: does what the outbox holds, again and again, until it is over.

What fails waits longer each time; when a message's deliveries to the DMP or to a mailbox are over
and its creator asked, a ZAM is added to the outbox with them. Not here: one delivery (carrier).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import timedelta
from typing import TypeVar

from kit.database import Unavailable
from kit.service import Service
from simulator.delivery import Attempt, Outcome
from simulator.gateway import business
from simulator.gateway.carrier import Carrier
from simulator.gateway.desk import LISTENER, SERVICE
from simulator.gateway.messages import Transmission, read_transmission
from simulator.gateway.store import Held, Kind, Outbox, State, Task

log = logging.getLogger("banc")
AT_ONCE = 4  # tasks
POLL_SECONDS = 0.5
BUG = "BUG"
LONGEST_WAIT = timedelta(minutes=15)
T = TypeVar("T")


class Rounds:
    """The deliveries of an outbox."""

    def __init__(
        self, service: Service, outbox: Outbox, carrier: Carrier, writer: Executor
    ) -> None:
        self._service = service
        self._outbox = outbox
        self._carrier = carrier
        self._writer = writer
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """There may be something to do."""
        self._nudged.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._nudged.clear()
            try:
                busy = await self.play()
            except Unavailable as error:
                log.warning("the outbox waits: %s", error)
                busy = False
            except Exception:
                log.exception("banc bug")
                busy = False
            if not busy:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):  # wait_for loses cancellations
                        await self._nudged.wait()

    async def play(self) -> bool:
        """One round: everything that is due, some at a time; False when nothing was."""
        now = self._service.clock.wall()
        tasks = await self.work(self._outbox.due, now, AT_ONCE)
        ended = await asyncio.gather(*map(self._one, tasks), return_exceptions=True)
        for error in ended:  # told once all have ended: none is begun twice
            if error is not None:
                raise error
        return bool(tasks)

    async def _one(self, task: Task) -> None:
        held = await self.work(self._outbox.message, task.message_key)
        assert held is not None
        await self.work(self._outbox.begin, task)
        try:
            attempt = await self._carrier.deliver(task, held)
        except Exception as error:
            log.exception("banc bug")
            attempt = Attempt(task.kind.value, Outcome.FAILED, BUG, type(error).__name__)
        await self.work(self._conclude, task, held, attempt)

    def _conclude(self, task: Task, held: Held, attempt: Attempt) -> None:
        """Write down what became of a task; the ZAM it leads to is kept with it."""
        if attempt.outcome is Outcome.FAILED and task.tries + 1 < self._attempts:
            due_at = self._service.clock.wall() + self._wait(task.tries)
            self._outbox.postpone(task, due_at, code=attempt.code, text=attempt.text)
            return
        if task.kind is Kind.ZAM:
            self._settle(task, attempt, _state(attempt))
            self._journal(task, attempt)
            return
        sent = read_transmission(held.content)
        with self._service.database.scope() as scope:
            self._settle(task, attempt, _state_of_mail(attempt, sent, task))
            self._tell(task, held, sent, attempt)
            scope.commit()

    def _settle(self, task: Task, attempt: Attempt, state: State) -> None:
        self._outbox.settle(
            task, state, code=attempt.code, text=attempt.text, reference=attempt.reference
        )  # fmt: skip

    def _tell(self, task: Task, held: Held, sent: Transmission, attempt: Attempt) -> None:
        if not sent.says("ACK_RECEPTION"):
            return
        clock = self._service.clock
        siblings = self._outbox.tasks_of(held.key)
        if task.kind is Kind.MAIL:
            if attempt.outcome is Outcome.DELIVERED:
                return  # the notification of the operator decides (receipts)
            wanted = business.undelivered(
                held, sent, task, clock.now(), len(siblings), attempt.code, attempt.text
            )  # fmt: skip
        else:
            deposits = [item for item in siblings if item.kind in (Kind.FEED, Kind.DELETE)]
            if not all(item.is_over for item in deposits):
                return
            wanted = business.deposited(held, sent, deposits, clock.now(), len(siblings))
        self._outbox.add(held.key, [wanted], clock.wall())

    def _journal(self, task: Task, attempt: Attempt) -> None:
        """The line of a message that went out."""
        name = f"ZAM^{task.target.partition(' ')[0]}"
        with self._service.journal.record(
            SERVICE, name, task.content, listener=f"{LISTENER} out"
        ) as line:
            line.facts |= {"task": task.id, "tries": task.tries + 1, "told": attempt.text[:200]}
            if attempt.outcome is not Outcome.DELIVERED:
                line.refuse(())
                line.codes = (attempt.code,)

    @property
    def _attempts(self) -> int:
        return self._service.settings.gateway_attempts

    def _wait(self, tries: int) -> timedelta:
        """Longer each time, a quarter of an hour at most."""
        first = self._service.settings.gateway_retry_seconds
        return min(timedelta(seconds=first * 2 ** min(tries, 12)), LONGEST_WAIT)

    async def work(self, job: Callable[..., T], *given: object) -> T:
        """Run what reads or writes the outbox, beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, job, *given)


def _state(attempt: Attempt) -> State:
    states = {Outcome.DELIVERED: State.DONE, Outcome.REFUSED: State.REFUSED}
    return states.get(attempt.outcome, State.ABANDONED)


def _state_of_mail(attempt: Attempt, sent: Transmission, task: Task) -> State:
    state = _state(attempt)
    if task.kind is not Kind.MAIL or state is not State.DONE:
        return state
    asks = sent.says("ACK_RECEPTION") or sent.says("ACK_LECTURE_MSS")
    return State.AWAITED if asks else State.DONE
