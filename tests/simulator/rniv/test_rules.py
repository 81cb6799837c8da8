"""Rules: each has what passes and what it refuses, and names its rule, field and source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kit.identity import NIA_OID, IdentityStatus, Ins
from kit.rules import RuleBook
from simulator.rniv import hl7v2, merging, rules, store
from simulator.rniv.evidence import Evidence
from simulator.rniv.record import Attribute, Complement, Found, Identity
from simulator.rniv.rules import Deed, Search
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
DOUBTFUL = replace(an_identity(), attributes=frozenset({Attribute.DOUBTFUL}))
FICTITIOUS = replace(an_identity(), attributes=frozenset({Attribute.FICTITIOUS}))
HOMONYM = replace(an_identity(), attributes=frozenset({Attribute.HOMONYM}))
CLAIMING = replace(an_identity(), claimed_ins=NUMBER)


def a_deed(event: Event, **changes: Any) -> Deed:
    return replace(Deed(event, AT, CLERK), **changes)


DEEDS: list[tuple[Identity, Deed, list[str]]] = [
    (an_identity(), a_deed(Event.INSI_AGREES, found=a_found()), []),
    (an_identity(VALI), a_deed(Event.INSI_AGREES, found=a_found(), by=""), []),
    (
        an_identity(VALI),
        a_deed(Event.INSI_DIFFERS, found=a_found(sex="M")),
        ["checked_traits_are_replaced_by_none_that_differ"],
    ),
    (
        an_identity(RECUP),
        a_deed(Event.BARCODE_DIFFERS, found=a_found(OTHER_NUMBER)),
        ["a_retrieved_identity_takes_no_other_from_a_datamatrix"],
    ),
    (DOUBTFUL, a_deed(Event.DOUBTFUL_LIFTED), []),
    (an_identity(), a_deed(Event.DOUBTFUL_LIFTED), ["an_attribute_is_lifted_where_it_is_set"]),
    (
        an_identity(QUAL),
        a_deed(Event.FICTITIOUS_LIFTED),
        ["an_attribute_is_lifted_where_it_is_set"],
    ),
    (
        DOUBTFUL,
        a_deed(Event.INSI_AGREES, found=a_found()),
        ["insi_says_nothing_of_a_doubtful_or_fictitious_identity"],
    ),
    (
        FICTITIOUS,
        a_deed(Event.INSI_NONE),
        ["insi_says_nothing_of_a_doubtful_or_fictitious_identity"],
    ),
    (
        DOUBTFUL,
        a_deed(Event.DOCUMENT_AGREES, evidence=PASSPORT),
        ["a_doubtful_or_fictitious_identity_stays_provisional"],
    ),
    (
        FICTITIOUS,
        a_deed(Event.APP_AGREES, found=a_found()),
        ["a_doubtful_or_fictitious_identity_stays_provisional"],
    ),
    (DOUBTFUL, a_deed(Event.FICTITIOUS_SET), ["doubtful_and_fictitious_never_go_together"]),
    (FICTITIOUS, a_deed(Event.DOUBTFUL_SET), ["doubtful_and_fictitious_never_go_together"]),
    (DOUBTFUL, a_deed(Event.HOMONYM_SET), []),
    (FICTITIOUS, a_deed(Event.HOMONYM_SET), ["a_fictitious_identity_is_no_homonym"]),
    (HOMONYM, a_deed(Event.FICTITIOUS_SET), ["a_fictitious_identity_is_no_homonym"]),
    (HOMONYM, a_deed(Event.INSI_AGREES, found=a_found()), []),
    (
        an_identity(),
        a_deed(Event.INSI_AGREES, found=a_found(), by=""),
        ["a_clerk_decides_what_no_program_may"],
    ),
    (
        an_identity(),
        a_deed(Event.TRAIT_EDITED, traits=TRAITS, by=""),
        ["a_clerk_decides_what_no_program_may"],
    ),
    (an_identity(), a_deed(Event.INSI_NONE, by=""), []),
    (an_identity(QUAL), a_deed(Event.INSI_AGREES, found=a_found(), by=""), []),
    (
        an_identity(QUAL),
        a_deed(Event.INSI_AGREES, found=a_found(OTHER_NUMBER), by=""),
        ["a_qualified_identity_is_not_overwritten_without_a_clerk"],
    ),
    (an_identity(QUAL), a_deed(Event.INSI_AGREES, found=a_found(OTHER_NUMBER)), []),
    (
        an_identity(),
        a_deed(Event.INSI_AGREES),
        ["what_is_taken_over_has_a_matricule_and_its_oid"],
    ),
    (
        an_identity(),
        a_deed(Event.INSI_AGREES, found=Found(Ins("12", NIA_OID), TRAITS)),
        ["what_is_taken_over_has_a_matricule_and_its_oid"],
    ),
    (
        an_identity(),
        a_deed(Event.INSI_AGREES, found=Found(Ins(NUMBER.matricule, "1.2.3"), TRAITS)),
        ["what_is_taken_over_has_a_matricule_and_its_oid"],
    ),
    (  # test 2.08 case 2: an official identity with a wrong key
        an_identity(),
        a_deed(Event.INSI_AGREES, found=a_found(Ins("181036322045660", NIA_OID))),
        [],
    ),
    (CLAIMING, a_deed(Event.CHECK_AGREES), []),
    (an_identity(VALI), a_deed(Event.CHECK_AGREES), ["a_check_has_a_matricule_to_check"]),
    (an_identity(), a_deed(Event.DOCUMENT_AGREES), ["evidence_is_of_a_known_kind"]),
    (
        an_identity(),
        a_deed(Event.DOCUMENT_AGREES, evidence=Evidence("VITALE")),
        ["evidence_is_of_a_known_kind"],
    ),
    (an_identity(), a_deed(Event.DOCUMENT_AGREES, evidence=Evidence("CN", "ITA")), []),
    (
        an_identity(),
        a_deed(Event.DOCUMENT_AGREES, evidence=Evidence("CN", "USA")),
        ["evidence_is_of_high_trust"],
    ),
    (an_identity(), a_deed(Event.DOCUMENT_AGREES, evidence=Evidence("PA", "USA")), []),
    (
        an_identity(),
        a_deed(Event.DOCUMENT_AGREES, evidence=Evidence("AN")),
        ["evidence_is_of_high_trust"],
    ),
    (
        an_identity(),
        a_deed(Event.DOCUMENT_AGREES, evidence=Evidence("AN", other_proof="school card")),
        [],
    ),
    (
        an_identity(),
        a_deed(Event.TRAIT_EDITED, traits=a_trait(birth_name="")),
        ["an_edited_identity_keeps_its_traits_and_their_form"],
    ),
    (
        an_identity(),
        a_deed(Event.TRAIT_EDITED),
        ["an_edited_identity_keeps_its_traits_and_their_form"],
    ),
]


@pytest.mark.parametrize(("identity", "deed", "expected"), DEEDS)
def test_a_deed_is_refused_by_the_rules_it_breaks(
    identity: Identity, deed: Deed, expected: list[str]
) -> None:
    found = rules.transition.findings(identity, deed)
    assert [refusal.rule for refusal in found] == expected
    assert all(refusal.source and refusal.field and refusal.expected for refusal in found)
    assert all(refusal.subject == "IPP1" for refusal in found)


CREATIONS = [
    ({}, []),
    ({"birth_date": "1977-00-00"}, []),
    ({"sex": "I"}, []),
    ({"birth_name": " "}, ["an_identity_has_its_five_strict_traits"]),
    ({"first_names": ()}, ["an_identity_has_its_five_strict_traits"]),
    ({"birth_place": ""}, ["an_identity_has_its_five_strict_traits"]),
    ({"first_names": ("RUTH", " ")}, ["no_first_name_is_empty"]),
    ({"sex": "X"}, ["a_strict_trait_has_its_form"]),
    ({"birth_date": "14/07/1977"}, ["a_strict_trait_has_its_form"]),
    ({"birth_place": "LYON"}, ["a_strict_trait_has_its_form"]),
]


@pytest.mark.parametrize(("changes", "expected"), CREATIONS)
def test_five_traits_in_their_form_make_an_identity(
    changes: dict[str, Any], expected: list[str]
) -> None:
    found = rules.creation.findings("IPP1", a_trait(**changes))
    assert [refusal.rule for refusal in found] == expected


SEARCHES = [
    (Search("1977-07-14"), []),
    (Search("1977-07-14", "NES"), []),
    (Search("", "NES"), ["a_search_starts_with_the_birth_date"]),
    (Search("1977-07-14", "NESS"), ["a_search_takes_three_letters_at_most"]),
]


@pytest.mark.parametrize(("search", "expected"), SEARCHES)
def test_a_search_is_broad(search: Search, expected: list[str]) -> None:
    assert [refusal.rule for refusal in rules.searching.findings(search)] == expected


CALLS = [
    (an_identity(), TRAITS, "", []),
    (an_identity(QUAL), TRAITS, CLERK, []),
    (an_identity(QUAL), TRAITS, "", ["a_qualified_identity_is_searched_again_by_a_clerk_only"]),
    (DOUBTFUL, TRAITS, "", ["insi_is_not_called_for_a_doubtful_or_fictitious_identity"]),
    (FICTITIOUS, TRAITS, CLERK, ["insi_is_not_called_for_a_doubtful_or_fictitious_identity"]),
    (an_identity(), a_trait(birth_name="MARTIN 2"), "", ["a_trait_insi_does_not_take_is_not_sent"]),
    (an_identity(), a_trait(sex="I"), "", ["a_trait_insi_does_not_take_is_not_sent"]),
]


@pytest.mark.parametrize(("identity", "traits", "by", "expected"), CALLS)
def test_insi_is_called_when_it_may_be(
    identity: Identity, traits: Any, by: str, expected: list[str]
) -> None:
    found = rules.call.findings(identity, traits, by)
    assert [refusal.rule for refusal in found] == expected


@pytest.mark.parametrize("status", IdentityStatus)
def test_only_a_qualified_identity_carries_its_matricule(status: IdentityStatus) -> None:
    found = [refusal.rule for refusal in rules.outward.findings(an_identity(status))]
    expected = ["only_a_qualified_identity_carries_its_matricule"]
    assert found == ([] if status is QUAL else expected)


USED_NAMES = [
    (Complement(used_name="MARTIN"), CLERK, []),
    (Complement(phone="0200000000"), "", []),
    (Complement(used_name="NESSI"), "", ["a_used_name_is_typed_by_a_clerk"]),
]


@pytest.mark.parametrize(("complement", "by", "expected"), USED_NAMES)
def test_a_used_name_is_never_filled_automatically(
    complement: Complement, by: str, expected: list[str]
) -> None:
    found = rules.complementary.findings(an_identity(), complement, by)
    assert [refusal.rule for refusal in found] == expected


def a_pair(stays: IdentityStatus, goes: IdentityStatus, **changes: Any) -> tuple[Any, ...]:
    return an_identity(stays), replace(an_identity(goes, ipp="IPP2"), **changes)


MERGES: list[tuple[tuple[Any, ...], str, bool, list[str]]] = [
    (a_pair(QUAL, PROV), CLERK, False, []),
    (a_pair(QUAL, QUAL), CLERK, False, []),
    (a_pair(QUAL, PROV), "", False, ["a_clerk_decides_a_merge"]),
    ((an_identity(), an_identity()), CLERK, False, ["an_identity_is_not_merged_into_itself"]),
    (a_pair(QUAL, PROV, merged_into="X"), CLERK, False, ["only_active_identities_are_merged"]),
    (
        a_pair(QUAL, QUAL, ins=OTHER_NUMBER),
        CLERK,
        False,
        ["two_matricules_in_force_are_two_persons"],
    ),
    (a_pair(QUAL, PROV), CLERK, True, ["homonyms_told_apart_are_not_merged"]),
    (a_pair(PROV, RECUP), CLERK, False, ["the_more_trusted_identity_stays"]),
]


@pytest.mark.parametrize(("pair", "by", "told_apart", "expected"), MERGES)
def test_only_one_person_twice_is_merged(
    pair: tuple[Identity, Identity], by: str, told_apart: bool, expected: list[str]
) -> None:
    found = merging.merging.findings(*pair, by, told_apart)
    assert [refusal.rule for refusal in found] == expected


def test_a_separation_is_of_a_merged_identity_and_of_a_clerk() -> None:
    merged = replace(an_identity(), merged_into="IPP2")
    refusals: Callable[..., Any] = merging.separating.findings
    assert refusals(merged, CLERK) == []
    assert [r.rule for r in refusals(merged, "")] == ["a_clerk_decides_a_separation"]
    assert [r.rule for r in refusals(an_identity(), CLERK)] == ["what_is_separated_was_merged"]


def test_one_searches_before_one_creates() -> None:
    refusals = store.admission.findings
    right, elsewhere = Search("1977-07-14", "rut"), Search("1977-07-14", "ZZ")
    assert refusals("IPP1", TRAITS, right, False) == []
    assert [r.field for r in refusals("IPP1", TRAITS, Search("1977-07-15"), False)] == [
        "birth_date"
    ]
    assert [r.field for r in refusals("IPP1", TRAITS, elsewhere, False)] == ["name_start"]
    assert [r.rule for r in refusals("IPP1", TRAITS, right, True)] == ["an_ipp_is_given_once"]


def test_every_rule_names_its_source() -> None:
    books = [
        book
        for module in (rules, merging, store, hl7v2)
        for book in vars(module).values()
        if isinstance(book, RuleBook)
    ]
    assert len({book.name for book in books}) == 10
    assert all(row.source and row.code.source for book in books for row in book.rows)
