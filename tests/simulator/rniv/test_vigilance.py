"""Vigilance: what each deed makes of an identity, and what its history keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.identity import IdentityStatus, PastIns
from kit.rules import Refused
from simulator.rniv import rules, vigilance
from simulator.rniv.evidence import APP_EVIDENCE, Channel
from simulator.rniv.record import (
    Attribute,
    Complement,
    DateMarker,
    Found,
    Identity,
)
from simulator.rniv.rules import Deed
from simulator.rniv.transitions import Event
from tests.simulator.rniv.builders import (
    AT,
    CLERK,
    NUMBER,
    OTHER_NUMBER,
    PASSPORT,
    TRAITS,
    a_found,
    a_trait,
    an_identity,
)

PROV, RECUP, VALI, QUAL = (
    IdentityStatus.PROVISIONAL,
    IdentityStatus.RETRIEVED,
    IdentityStatus.VALIDATED,
    IdentityStatus.QUALIFIED,
)

DATES = [  # EXI ID 11 and 12
    ("1957-06-14", "1957-06-14", DateMarker.CERTAIN),
    ("1957-06-00", "1957-06-01", DateMarker.DAY),
    ("1957-00-14", "1957-01-14", DateMarker.MONTH),
    ("1957-00-00", "1957-12-31", DateMarker.DAY_AND_MONTH),
]


@pytest.mark.parametrize(("typed", "kept", "marker"), DATES)
def test_an_uncertain_date_is_completed_and_marked(
    typed: str, kept: str, marker: DateMarker
) -> None:
    identity = vigilance.create("1", a_trait(birth_date=typed), at=AT)
    assert (identity.traits.birth_date, identity.date_marker) == (kept, marker)
    edited = vigilance.edit_traits(identity, replace(identity.traits, sex="M"), at=AT, by=CLERK)
    assert edited.date_marker is marker


def test_a_new_identity_is_provisional_and_has_no_used_name() -> None:
    identity = vigilance.create("1", TRAITS, at=AT)
    assert identity.status is PROV
    assert identity.complement == Complement()


def test_accepted_traits_replace_the_local_ones_which_go_to_the_history() -> None:
    typed = a_trait(birth_name="NESI", first_names=("RUTH",))
    past = PastIns(OTHER_NUMBER.matricule, OTHER_NUMBER.oid, "2019-03-01", "2019-02-28")
    identity = vigilance.create("1", typed, at=AT)
    later = AT + timedelta(days=1)
    found = Found(NUMBER, TRAITS, (past,))
    accepted = vigilance.accept(identity, found, at=later, by=CLERK)
    assert (accepted.traits, accepted.ins, accepted.ins_history) == (TRAITS, NUMBER, (past,))
    assert accepted.former_traits == (typed,)
    assert (accepted.channel, accepted.insi_called_at) == (Channel.INSI, later)
    assert accepted.history[-1].event == Event.INSI_DIFFERS


def test_qualified_traits_that_differ_need_a_new_check() -> None:
    changed = vigilance.accept(an_identity(QUAL), a_found(birth_place="35238"), at=AT, by=CLERK)
    assert changed.status is RECUP
    assert changed.evidence is None


def test_a_validated_identity_is_qualified_only_by_traits_that_agree() -> None:
    validated = an_identity(VALI)
    assert vigilance.accept(validated, a_found(), at=AT).status is QUAL
    hyphen = a_found(first_names=("RUTH", "ANNE", "SOPHIE"))
    assert vigilance.accept(validated, hyphen, at=AT).status is QUAL
    with pytest.raises(Refused, match="checked traits are replaced"):
        vigilance.accept(validated, a_found(sex="M"), at=AT, by=CLERK)


def test_an_edited_trait_invalidates_the_ins_and_keeps_it_in_the_history() -> None:
    edited = vigilance.edit_traits(an_identity(QUAL), a_trait(sex="M"), at=AT, by=CLERK)
    assert (edited.status, edited.ins, edited.evidence) == (PROV, None, None)
    assert edited.history[-1].ins == NUMBER
    assert edited.history[-1].traits == TRAITS
    same = an_identity(QUAL)
    assert vigilance.edit_traits(same, TRAITS, at=AT, by=CLERK) is same


def test_a_doubtful_identity_has_no_ins_until_it_is_searched_again() -> None:
    doubtful = vigilance.apply(an_identity(QUAL), Deed(Event.DOUBTFUL_SET, AT, CLERK))
    assert (doubtful.status, doubtful.ins) == (PROV, None)
    with pytest.raises(Refused, match="insi says nothing"):
        vigilance.accept(doubtful, a_found(), at=AT, by=CLERK)
    lifted = vigilance.apply(doubtful, Deed(Event.DOUBTFUL_LIFTED, AT, CLERK))
    assert vigilance.accept(lifted, a_found(), at=AT, by=CLERK).status is RECUP


def test_the_app_qualifies_at_once() -> None:
    read = vigilance.read_app(an_identity(), a_found(), at=AT)
    assert (read.status, read.evidence, read.channel) == (QUAL, APP_EVIDENCE, Channel.APP)
    assert read.insi_called_at is None


def test_a_datamatrix_is_worth_nothing_before_a_check() -> None:
    scanned = vigilance.read_barcode(an_identity(VALI), a_found(), at=AT)
    assert (scanned.status, scanned.ins, scanned.claimed_ins) == (VALI, None, NUMBER)
    checked = vigilance.note_check(scanned, agrees=True, at=AT)
    assert (checked.status, checked.ins, checked.claimed_ins) == (QUAL, NUMBER, None)
    wrong = vigilance.note_check(scanned, agrees=False, at=AT)
    assert (wrong.status, wrong.claimed_ins, wrong.history[-1].ins) == (VALI, None, NUMBER)


def test_a_datamatrix_changes_no_retrieved_identity() -> None:
    retrieved = an_identity(RECUP)
    read = vigilance.read_barcode(retrieved, a_found(), at=AT)
    assert (read.traits, read.ins) == (retrieved.traits, retrieved.ins)
    with pytest.raises(Refused, match="takes no other"):
        vigilance.read_barcode(retrieved, a_found(OTHER_NUMBER), at=AT, by=CLERK)


DISAGREEMENTS = [(RECUP, PROV), (QUAL, VALI)]


@pytest.mark.parametrize(("before", "after"), DISAGREEMENTS)
def test_a_check_that_disagrees_takes_the_ins_back(
    before: IdentityStatus, after: IdentityStatus
) -> None:
    identity = vigilance.note_check(an_identity(before), agrees=False, at=AT)
    assert (identity.status, identity.ins) == (after, None)
    assert (identity.evidence is None) == (after is PROV)


def test_a_used_name_is_amended_by_a_clerk_and_noted() -> None:
    amended = vigilance.amend(an_identity(QUAL), Complement("MARTIN"), at=AT, by=CLERK)
    assert (amended.status, amended.complement.used_name) == (QUAL, "MARTIN")
    assert amended.history[-1].event == vigilance.AMENDED
    with pytest.raises(Refused, match="used name"):
        vigilance.amend(an_identity(), Complement("MARTIN"), at=AT)


def test_since_when_an_identity_is_qualified() -> None:
    validated = an_identity(VALI)
    later = AT + timedelta(hours=5)
    qualified = vigilance.accept(validated, a_found(), at=later)
    again = vigilance.note_check(qualified, agrees=True, at=later + timedelta(days=9))
    assert again.qualified_at == later
    assert validated.qualified_at is None
    doubted = vigilance.doubt(again, at=later, by=CLERK, why="two faces")
    assert (doubted.qualified_at, doubted.history[-1].note) == (None, "two faces")


# Whatever happens, in any order.

DEEDS = st.builds(
    Deed,
    event=st.sampled_from(Event),
    at=st.just(AT),
    by=st.sampled_from(["", CLERK]),
    found=st.sampled_from([None, a_found(), a_found(OTHER_NUMBER), a_found(sex="M")]),
    evidence=st.sampled_from([None, PASSPORT]),
    traits=st.sampled_from([None, TRAITS, a_trait(birth_place="35238")]),
)


def check_invariants(before: Identity, identity: Identity) -> None:
    assert (identity.ins is not None) == identity.is_retrieved
    assert (identity.evidence is not None) == identity.is_checked
    assert not (identity.ins and identity.claimed_ins)
    is_sent = identity.outward_ins is not None
    assert is_sent == (identity.status is QUAL)
    assert is_sent == (rules.outward.findings(identity) == [])
    if identity.is_held_back:
        assert identity.status is PROV
        assert identity.ins is identity.claimed_ins is None
    assert not {Attribute.DOUBTFUL, Attribute.FICTITIOUS} <= identity.attributes
    assert identity.history[: len(before.history)] == before.history
    gone = [before.ins, before.claimed_ins]
    kept = [identity.ins, identity.claimed_ins, identity.history[-1].ins]
    assert all(ins in kept for ins in gone if ins)


@settings(max_examples=150, deadline=None)
@given(st.lists(DEEDS, max_size=12))
def test_statuses_hold_their_invariants_under_any_events(deeds: list[Deed]) -> None:
    identity = vigilance.create("1", TRAITS, at=AT)
    for deed in deeds:
        refused = rules.transition.findings(identity, deed)
        if refused:
            assert all(r.rule and r.field and r.source and r.code.source for r in refused)
            with pytest.raises(Refused):
                vigilance.apply(identity, deed)
            continue
        before, identity = identity, vigilance.apply(identity, deed)
        check_invariants(before, identity)
