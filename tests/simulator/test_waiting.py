"""Waiting: what is put aside goes in the order of the plan; a deleted document never goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from simulator.courier import NOT_QUALIFIED, Handled
from simulator.delivery import Attempt, Outcome
from simulator.delivery.dmp import TD2_1
from simulator.plan import make_plan
from simulator.posting import Job, Task
from simulator.waiting import Late, Shelf, Waiting
from tests.simulator.builders import WORLD, a_scenario

PLAN = make_plan(a_scenario(), WORLD)
FEEDS = [job for job in PLAN.jobs if job.task is Task.FEED]
FEED = FEEDS[0]
DELETION = replace(
    FEED, id="del-1", task=Task.DELETE, due_at=FEED.due_at + timedelta(hours=1)
)  # fmt: skip
TO_CITIZEN = replace(FEED, id="mes-1", task=Task.CITIZEN)


def a_shelf(*jobs: Job) -> Shelf:
    shelf = Shelf()
    for job in jobs:
        shelf.keep(Waiting(job, job.due_at))
    return shelf


def taken(shelf: Shelf) -> list[Job]:
    return [waiting.job for waiting in shelf.take(lambda _: True)]


def test_what_may_go_goes_in_the_order_of_the_plan_and_once() -> None:
    shelf = a_shelf(*reversed(FEEDS))
    first = FEEDS[0].identity
    mine = [job for job in FEEDS if job.identity == first]
    assert [waiting.job for waiting in shelf.take(lambda job: job.identity == first)] == mine
    assert taken(shelf) == [job for job in FEEDS if job.identity != first]
    assert taken(shelf) == []


def test_what_goes_is_late_and_keeps_its_tries() -> None:
    shelf = Shelf()
    shelf.keep(Waiting(FEED, FEED.due_at, tries=3))
    (waiting,) = shelf.take(lambda _: True)
    assert waiting.is_late
    assert waiting.tries == 3


def test_a_document_deleted_before_it_was_sent_is_neither_sent_nor_deleted() -> None:
    assert taken(a_shelf(FEED, FEEDS[1], DELETION)) == [FEEDS[1]]


def test_the_deletion_of_a_document_that_was_sent_is_made_up_for() -> None:
    expected = sorted((FEEDS[1], DELETION, TO_CITIZEN), key=lambda job: (job.due_at, job.id))
    assert taken(a_shelf(FEEDS[1], DELETION, TO_CITIZEN)) == expected


DELIVERED, REFUSED = (
    Handled((Attempt(TD2_1, outcome),)) for outcome in (Outcome.DELIVERED, Outcome.REFUSED)
)
WITHHELD, NO_RECORD = Handled(withheld=NOT_QUALIFIED), Handled(withheld="NO_DMP")
ENDS = [  # the job, what came of each try, the count
    (FEED, (DELIVERED,), Late()),
    (FEED, (NO_RECORD,), Late()),
    (FEED, (WITHHELD,), Late(withheld=1)),
    (FEED, (WITHHELD, WITHHELD), Late(withheld=1)),
    (FEED, (WITHHELD, DELIVERED), Late(withheld=1, sent=1)),
    (TO_CITIZEN, (WITHHELD, WITHHELD, DELIVERED), Late(withheld=1, sent=1)),
    (FEED, (WITHHELD, REFUSED), Late(withheld=1, otherwise=1)),
    (FEED, (WITHHELD, NO_RECORD), Late(withheld=1, otherwise=1)),
    (DELETION, (WITHHELD, DELIVERED), Late()),
]


@pytest.mark.parametrize(("job", "ends", "counted"), ENDS)
def test_each_document_counts_once(job: Job, ends: tuple[Handled, ...], counted: Late) -> None:
    found = Late()
    for rank, handled in enumerate(ends):
        found.count(Waiting(job, job.due_at, is_late=rank > 0), handled)
    assert found == counted
    told = found.as_dict()
    assert told["withheld"] == told["sent_late"] + told["otherwise"] + told["never"]
