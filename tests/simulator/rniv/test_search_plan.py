"""Search plan: the loop of the homologation tests, against tables of answers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.identity import IdentityStatus, IdentityTraits
from kit.rules import Refused
from simulator.rniv import vigilance
from simulator.rniv.record import Attribute, Identity
from simulator.rniv.rules import Deed
from simulator.rniv.search_plan import (
    Answer,
    SearchPlan,
    Verdict,
    plan_for,
    search_plan,
    settle,
)
from simulator.rniv.transitions import Event
from tests.simulator.rniv.builders import AT, CLERK, a_found, a_trait, an_identity

Asked = tuple[str, str]  # first names in one Prenom, place

FOUND, NONE, SEVERAL = Answer.FOUND, Answer.NONE, Answer.SEVERAL
DOWN, WRONG = Answer.RECEIVER_FAULT, Answer.SENDER_FAULT

ARTAGNAN = IdentityTraits("d’Artagnan de l’Hérault", ("Pierre-Alain",), "M", "2001-06-17", "63220")
TOUSSAINT = IdentityTraits("ADRTROIS", ("TOUSSAINT",), "M", "1960-01-01", "2B020")
ECETINSI = IdentityTraits(
    "ECETINSI", ("PIERRE-ALAIN", "MURIEL", "FLORIANT"), "M", "2009-07-14", "63220"
)
VINCI = IdentityTraits("DE VINCI", ("LEONARDO",), "M", "2014-02-01", "63220")
TCHITCHI = IdentityTraits("TCHITCHI", ("OLA", "CATARINA", "BELLA"), "F", "1936-06-21", "63220")
HOUILLES = IdentityTraits("HOUILLES", ("PIERRE", "PAUL", "JACQUES"), "M", "1993-01-27", "63220")

# test of the homologation, traits typed, answers (01 where nothing is said), what is asked, verdict
PLAYED: list[tuple[str, IdentityTraits, Mapping[Asked, Answer], list[Asked], Verdict]] = [
    ("2.03 c1", ARTAGNAN, {("PIERRE-ALAIN", ""): FOUND}, [("PIERRE-ALAIN", "")], Verdict.FOUND),
    ("2.03 c2", TOUSSAINT, {("TOUSSAINT", ""): FOUND}, [("TOUSSAINT", "")], Verdict.FOUND),
    ("2.04", ECETINSI, {("PIERRE-ALAIN", ""): FOUND}, [("PIERRE-ALAIN", "")], Verdict.FOUND),
    (
        "2.06",
        VINCI,
        {("LEONARDO", ""): SEVERAL, ("LEONARDO", "63220"): FOUND},
        [("LEONARDO", ""), ("LEONARDO", "63220")],
        Verdict.FOUND,
    ),
    (
        "2.06 c1",
        IdentityTraits("DE VINCI", ("LEONARDO",), "M", "2014-02-01", ""),
        {("LEONARDO", ""): SEVERAL},
        [("LEONARDO", "")],
        Verdict.SEVERAL,
    ),
    (
        "2.07 c1",
        TCHITCHI,
        {("CATARINA", ""): FOUND},
        [("OLA", ""), ("CATARINA", "")],
        Verdict.FOUND,
    ),
    (
        "2.07 c2",
        HOUILLES,
        {},
        [("PIERRE", ""), ("PAUL", ""), ("JACQUES", ""), ("PIERRE PAUL JACQUES", "")],
        Verdict.NONE,
    ),
    (
        "02, then all first names",
        HOUILLES,
        {("PIERRE", ""): SEVERAL, ("PIERRE PAUL JACQUES", ""): FOUND},
        [("PIERRE", ""), ("PIERRE PAUL JACQUES", "")],
        Verdict.FOUND,
    ),
    (
        "02 at each",
        HOUILLES,
        {
            ("PIERRE", ""): SEVERAL,
            ("PIERRE PAUL JACQUES", ""): SEVERAL,
            ("PIERRE PAUL JACQUES", "63220"): SEVERAL,
        },
        [("PIERRE", ""), ("PIERRE PAUL JACQUES", ""), ("PIERRE PAUL JACQUES", "63220")],
        Verdict.SEVERAL,
    ),
    (
        "02 to the whole list",
        HOUILLES,
        {
            ("PIERRE PAUL JACQUES", ""): SEVERAL,
            ("PIERRE PAUL JACQUES", "63220"): FOUND,
        },
        [
            ("PIERRE", ""),
            ("PAUL", ""),
            ("JACQUES", ""),
            ("PIERRE PAUL JACQUES", ""),
            ("PIERRE PAUL JACQUES", "63220"),
        ],
        Verdict.FOUND,
    ),
    ("refused by the service", HOUILLES, {("PIERRE", ""): WRONG}, [("PIERRE", "")], Verdict.FAULT),
    (
        "down, once again, then given up",
        HOUILLES,
        {("PIERRE", ""): DOWN},
        [("PIERRE", ""), ("PIERRE", "")],
        Verdict.FAULT,
    ),
]


def played(plan: SearchPlan, answers: Mapping[Asked, Answer]) -> tuple[list[Asked], SearchPlan]:
    """Play a plan to its end."""
    asked = []
    while (request := plan.request) is not None:
        assert plan.verdict is Verdict.OPEN
        (first_name,) = request.first_names
        asked.append((first_name, request.birth_place))
        plan = plan.after(answers.get(asked[-1], NONE))
    return asked, plan


@pytest.mark.parametrize(("_", "traits", "answers", "expected", "verdict"), PLAYED)
def test_the_loop_of_the_homologation_tests(
    _: str,
    traits: IdentityTraits,
    answers: Mapping[Asked, Answer],
    expected: list[Asked],
    verdict: Verdict,
) -> None:
    asked, plan = played(search_plan(traits), answers)
    assert asked == expected
    assert plan.verdict is verdict


def test_traits_are_sent_in_plain_capitals() -> None:
    request = search_plan(ARTAGNAN).request
    assert request is not None
    assert request.birth_name == "D'ARTAGNAN DE L'HERAULT"
    ligature = search_plan(IdentityTraits("D’ÆION", ("CŒUR",), "M", "1987-01-01", "2B020"))  # 2.03
    assert ligature.request is not None
    assert (ligature.request.birth_name, ligature.request.first_names) == ("D'AEION", ("COEUR",))


def test_a_second_try_may_answer_and_the_plan_goes_on() -> None:
    plan = search_plan(HOUILLES).after(DOWN)
    assert plan.request == search_plan(HOUILLES).request
    plan = plan.after(NONE)
    assert plan.request is not None
    assert plan.request.first_names == ("PAUL",)
    assert plan.after(DOWN).request == plan.request  # one retry a request


def test_what_is_down_is_queued_and_what_is_refused_is_not() -> None:
    assert search_plan(VINCI).after(DOWN).after(DOWN).is_to_be_queued
    assert not search_plan(VINCI).after(WRONG).is_to_be_queued
    assert not search_plan(VINCI).after(FOUND).is_to_be_queued


def test_a_plan_that_is_over_takes_no_answer() -> None:
    with pytest.raises(ValueError, match="over"):
        search_plan(VINCI).after(FOUND).after(FOUND)


HELD_BACK = [
    vigilance.apply(an_identity(), Deed(Event.DOUBTFUL_SET, AT, CLERK)),
    vigilance.apply(an_identity(), Deed(Event.FICTITIOUS_SET, AT, CLERK)),
    an_identity(IdentityStatus.QUALIFIED),
    vigilance.create("1", a_trait(birth_name="MARTIN/DOUBLON 2"), at=AT),
    vigilance.create("1", a_trait(sex="I"), at=AT),
]


@pytest.mark.parametrize("identity", HELD_BACK)
def test_nothing_is_sent_where_nothing_may_be(identity: Identity) -> None:
    plan = plan_for(identity)
    assert (plan.request, plan.verdict) == (None, Verdict.WITHHELD)
    assert plan.refusals
    assert settle(identity, plan, None, at=AT) == (identity, plan.refusals)


def test_a_clerk_may_search_a_qualified_identity_again() -> None:
    assert plan_for(an_identity(IdentityStatus.QUALIFIED), by=CLERK).request is not None


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([VINCI, HOUILLES, TCHITCHI]),
    st.lists(st.sampled_from(Answer), min_size=20, max_size=20),
    st.sampled_from(["", CLERK]),
    st.sampled_from(IdentityStatus),
)
def test_no_answer_blocks_an_admission(
    traits: IdentityTraits, answers: list[Answer], by: str, status: IdentityStatus
) -> None:
    """Every plan ends within a few calls, and leaves an identity whatever it gave."""
    identity = an_identity(status)
    plan = search_plan(traits)
    for answer in answers:
        if plan.request is None:
            break
        plan = plan.after(answer)
    assert plan.request is None
    assert len(plan.answers) <= 2 * (len(traits.first_names) + 3)
    found = a_found(sex="M") if plan.verdict is Verdict.FOUND else None
    after, refusals = settle(identity, plan, found, at=AT, by=by)
    assert after.traits.birth_name == identity.traits.birth_name
    if found is None:
        assert after.status is identity.status
        assert refusals == ()
    if refusals:
        assert after == identity


def test_a_discrepancy_is_told_and_changes_nothing() -> None:
    validated = an_identity(IdentityStatus.VALIDATED)
    plan = plan_for(validated).after(FOUND)
    after, refusals = settle(validated, plan, a_found(sex="M"), at=AT, by=CLERK)
    assert after == validated
    assert [r.rule for r in refusals] == ["checked_traits_are_replaced_by_none_that_differ"]


def test_a_fault_keeps_the_status_and_the_call() -> None:
    identity = an_identity(IdentityStatus.VALIDATED)
    after, _ = settle(identity, plan_for(identity).after(WRONG), None, at=AT)
    assert (after.status, after.insi_called_at) == (IdentityStatus.VALIDATED, AT)
    doubtful = vigilance.apply(identity, Deed(Event.DOUBTFUL_SET, AT, CLERK))
    assert doubtful.attributes == {Attribute.DOUBTFUL}
    with pytest.raises(Refused):
        vigilance.note_lookup(doubtful, None, at=AT)
