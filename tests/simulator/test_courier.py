"""A courier: what is withheld, what is asked first, what a lost answer leads to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from kit.cda import read_header
from mocks.dmp.messages import Record
from simulator.courier import NOT_QUALIFIED, Clients, Courier, Handled
from simulator.delivery import Attempt, Outcome, Stamp
from simulator.delivery.dmp import FOUND_LATER, NO_ANSWER, TD0_2, TD2_1, TD3_1B
from simulator.identities import HeldIdentity
from simulator.plan import make_plan
from simulator.posting import Job, Task
from simulator.streams import Streams
from tests.simulator.builders import MONDAY, WORLD, a_held, a_hospital, a_scenario, habits

PLAN = make_plan(a_scenario(), WORLD)
FEED = next(job for job in PLAN.jobs if job.task is Task.FEED and not job.is_flawed)


class ScriptedDmp:
    """Answers from what it holds; keeps the names of the calls."""

    def __init__(self, *, lots: list[Attempt] | None = None, is_open: bool = True) -> None:
        self.calls: list[str] = []
        self.lots = lots or []
        self.holds: set[str] = set()
        self.is_open = is_open
        self.record: Record | None = None
        self.deposited: list[tuple[bytes, datetime]] = []

    async def exists(self, ins: Any, *_: Any) -> tuple[Attempt, Record | None]:
        self.calls.append(TD0_2)
        record = Record(ins, self.is_open, "A", "", "B", "F", "1980-01-01", True)
        return Attempt(TD0_2, Outcome.DELIVERED), record

    def deposit(self, cda: bytes, _: Any, stamp: Stamp, **__: Any) -> Any:
        self.deposited.append((cda, stamp.at))

        class Made:
            unique_id = "1.2.3"

        return Made()

    async def feed(self, *_: Any) -> Attempt:
        self.calls.append(TD2_1)
        return self.lots.pop(0)

    async def reference(self, unique_id: str, *_: Any) -> tuple[Attempt, str]:
        self.calls.append(TD3_1B)
        found = "urn:uuid:1" if unique_id in self.holds else ""
        return Attempt(TD3_1B, Outcome.DELIVERED), found


class OneIdentity:
    """The office of one person, whose search is over."""

    def __init__(self, held: HeldIdentity) -> None:
        self._held = held

    def held(self, _: str) -> HeldIdentity:
        return self._held

    def becomes(self, held: HeldIdentity) -> None:
        self._held = held


def a_courier(dmp: ScriptedDmp, **identity: bool) -> Courier:
    assert FEED.paper
    office: Any = OneIdentity(a_held(FEED.paper.encounter.patient, **identity))
    clients: Any = Clients(dmp, None, None, None, None)  # type: ignore[arg-type]
    return Courier(clients, office, Streams(1))


def deliver(courier: Courier, job: Job = FEED, tries: int = 1, hours: int = 0) -> Handled:
    return asyncio.run(courier.deliver(job, MONDAY + timedelta(hours=hours), tries))


TAKEN = Attempt(TD2_1, Outcome.DELIVERED)
LOST = Attempt(TD2_1, Outcome.FAILED, NO_ANSWER)


def test_without_a_qualified_ins_nothing_is_sent() -> None:
    deleted = replace(FEED, task=Task.DELETE)
    to_citizen = replace(FEED, task=Task.CITIZEN)
    unqualified = ({"has_ins": False}, {"is_checked": False})
    for identity, job in product(unqualified, (FEED, deleted, to_citizen)):
        dmp = ScriptedDmp()
        found = deliver(a_courier(dmp, **identity), job=job)
        assert found.withheld == "INS_NOT_QUALIFIED"
        assert found.is_over
        assert dmp.calls == []


def test_the_record_is_asked_for_before_the_first_deposit_and_kept_a_while() -> None:
    dmp = ScriptedDmp(lots=[TAKEN, TAKEN, TAKEN])
    courier = a_courier(dmp)
    for hours in (0, 2, 15):
        deliver(courier, hours=hours)
    assert dmp.calls == [TD0_2, TD2_1, TD2_1, TD0_2, TD2_1]


def test_a_closed_record_is_not_fed() -> None:
    dmp = ScriptedDmp(is_open=False)
    found = deliver(a_courier(dmp))
    assert found.withheld == "DMP_CLOSED"
    assert dmp.calls == [TD0_2]


def test_after_a_lost_answer_the_document_is_looked_for_and_not_sent_again() -> None:
    dmp = ScriptedDmp(lots=[LOST])
    courier = a_courier(dmp)
    assert not deliver(courier).is_over
    assert FEED.paper
    dmp.holds.add(FEED.paper.unique_id)
    found = deliver(courier, tries=2)
    assert found.attempts[-1].code == FOUND_LATER
    assert found.is_over
    assert dmp.calls == [TD0_2, TD2_1, TD3_1B]


def test_after_a_cut_the_document_is_looked_for_and_sent_again() -> None:
    dmp = ScriptedDmp(lots=[LOST, TAKEN])
    courier = a_courier(dmp)
    deliver(courier)
    assert deliver(courier, tries=2).is_over
    assert dmp.calls == [TD0_2, TD2_1, TD3_1B, TD2_1]


def test_what_is_sent_late_has_its_own_dates_and_the_identity_of_then() -> None:
    paper = FEED.paper
    assert paper
    patient, dmp = paper.encounter.patient, ScriptedDmp(lots=[TAKEN])
    courier = a_courier(dmp, has_ins=False)
    office: Any = courier.office
    written_before = courier._document(paper)  # it left for a doctor, without the INS
    assert read_header(written_before.cda).patient.ins is None
    assert deliver(courier).withheld == NOT_QUALIFIED
    assert not courier.may_catch_up(FEED)
    office.becomes(a_held(patient))
    assert courier.may_catch_up(FEED)
    assert deliver(courier, tries=2, hours=30).attempts[-1].outcome is Outcome.DELIVERED
    (cda, submitted_at), *others = dmp.deposited
    assert others == []
    before, header = (read_header(found) for found in (written_before.cda, cda))
    assert header.patient.ins == patient.ins
    assert header.unique_id == paper.unique_id
    assert header.effective_time == before.effective_time
    assert submitted_at == MONDAY + timedelta(hours=30)


def test_a_hospital_that_does_not_catch_up_keeps_what_it_withheld() -> None:
    job = replace(FEED, hospital=a_hospital(habits=habits(sends_withheld=False)))
    assert not a_courier(ScriptedDmp()).may_catch_up(job)
