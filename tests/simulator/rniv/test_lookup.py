"""Lookup: what the answers of INSi leave in the repository, the work-list and the log of calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.identity import IdentityStatus
from kit.settings import Settings
from simulator.rniv.lookup import settle_check, settle_search
from simulator.rniv.quality import Call, Ratio, answer_mix
from simulator.rniv.rules import Deed, Search
from simulator.rniv.search_plan import Answer, plan_for
from simulator.rniv.store import Identities, Repository
from simulator.rniv.transitions import Event
from simulator.rniv.worklist import Kind, WorkItem
from tests.simulator.rniv.builders import AT, CLERK, PASSPORT, TRAITS, a_found


@pytest.fixture
def identities(settings: Settings) -> Iterator[Identities]:
    """A repository with one validated identity."""
    repository = Repository.of(settings, "0B9013000")
    with repository.open() as opened:
        opened.create("1", TRAITS, Search(TRAITS.birth_date), at=AT)
        opened.apply("1", Deed(Event.DOCUMENT_AGREES, AT, CLERK, evidence=PASSPORT))
        yield opened
    repository.close()


def kinds(identities: Identities) -> list[tuple[Kind, str]]:
    return [(item.kind, item.field) for item in identities.work.open_items()]


def test_an_answer_that_agrees_qualifies_and_is_logged(identities: Identities) -> None:
    plan = plan_for(identities.get("1")).after(Answer.NONE).after(Answer.FOUND)
    identity = settle_search(identities, "1", plan, a_found(), at=AT)
    assert identity.status is IdentityStatus.QUALIFIED
    assert identities.get("1") == identity
    assert kinds(identities) == []
    assert identities.work.calls() == [Call("SM", "01"), Call("SM", "00")]
    assert answer_mix(identities.work.calls())["SM"]["00"] == Ratio(1, 2)


def test_a_discrepancy_is_for_a_clerk(identities: Identities) -> None:
    plan = plan_for(identities.get("1")).after(Answer.FOUND)
    identity = settle_search(identities, "1", plan, a_found(sex="M"), at=AT, by=CLERK)
    assert identity.status is IdentityStatus.VALIDATED
    assert (Kind.DISCREPANCY, "sex") in kinds(identities)
    shown = next(i for i in identities.work.open_items() if i.kind is Kind.DISCREPANCY)
    assert (shown.local, shown.national) == ("F", "M")


def test_nobody_found_leaves_the_identity_and_is_for_a_clerk(identities: Identities) -> None:
    plan = plan_for(identities.get("1"))
    while plan.request is not None:
        plan = plan.after(Answer.NONE)
    assert settle_search(identities, "1", plan, at=AT).status is IdentityStatus.VALIDATED
    assert kinds(identities) == [(Kind.NOT_FOUND, "")]


def test_several_persons_and_faults_leave_the_identity(identities: Identities) -> None:
    plan = plan_for(identities.get("1"))
    for _ in range(3):
        plan = plan.after(Answer.SEVERAL)
    assert settle_search(identities, "1", plan, at=AT).status is IdentityStatus.VALIDATED
    assert kinds(identities) == [(Kind.SEVERAL, "")]
    down = plan_for(identities.get("1")).after(Answer.RECEIVER_FAULT).after(Answer.RECEIVER_FAULT)
    assert settle_search(identities, "1", down, at=AT).status is IdentityStatus.VALIDATED
    assert identities.work.calls()[-1] == Call("SM", "fault")


def test_a_search_that_may_not_be_made_is_for_a_clerk(identities: Identities) -> None:
    identities.apply("1", Deed(Event.DOUBTFUL_SET, AT, CLERK))
    before = identities.get("1")
    assert settle_search(identities, "1", plan_for(before), at=AT) == before
    assert kinds(identities) == [(Kind.WITHHELD, "attributes")]
    assert identities.work.calls() == []


def test_a_check_that_disagrees_downgrades_and_is_for_a_clerk(identities: Identities) -> None:
    settle_search(
        identities, "1", plan_for(identities.get("1")).after(Answer.FOUND), a_found(), at=AT
    )
    assert settle_check(identities, "1", True, at=AT).status is IdentityStatus.QUALIFIED
    assert settle_check(identities, "1", False, at=AT).status is IdentityStatus.VALIDATED
    assert kinds(identities) == [(Kind.CHECK_DISAGREES, "")]


def test_a_line_is_closed_once_and_opens_again(identities: Identities) -> None:
    work = identities.work
    work.add("1", Kind.SEVERAL, at=AT)
    work.add("1", Kind.SEVERAL, at=AT)
    (item,) = work.open_items()
    assert item == WorkItem("1", Kind.SEVERAL, "", "", "", AT)
    assert work.close(item, at=AT, by=CLERK)
    assert not work.close(item, at=AT, by=CLERK)
    assert work.open_items() == []
    work.add("1", Kind.SEVERAL, at=AT)
    assert work.open_items() == [item]
