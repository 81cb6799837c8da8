"""Simulator, RNIV, rules: what the identity unit refuses, and why.

Pure: no SQL, no call. Rule books: ``creation``, ``transition``, ``call`` (of INSi), ``outward``,
``complementary`` and ``searching``; those of merging stand beside it. Not here: the statuses that
follow an event (``transitions``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kit.identity import (
    INS_OIDS,
    IdentityStatus,
    IdentityTraits,
    is_cog,
    is_insi_birth_name,
    is_insi_first_name,
    is_insi_sex,
    is_lunar_date,
    is_matricule,
    normalized,
)
from kit.rules import Code, Finding, RuleBook
from simulator.rniv import errors
from simulator.rniv.evidence import KIND_OF, Evidence, is_enough
from simulator.rniv.record import Attribute, Complement, Found, Identity
from simulator.rniv.transitions import (
    BRINGS_TRAITS,
    BY_A_CLERK,
    CALLS_INSI,
    CHECKS,
    EVENT_TRIGGERED_TRANSITIONS,
    FROM_BARCODE,
    LIFTS,
    SETS,
    Event,
    next_status,
)

creation = RuleBook("RNIV creation")
searching = RuleBook("RNIV search")
transition = RuleBook("RNIV transition")
call = RuleBook("RNIV call of INSi")
outward = RuleBook("RNIV matricule outwards")
complementary = RuleBook("RNIV complementary traits")

LETTERS_AT_MOST = 3  # of a name, in a search; identito-na, second-hand
_SEXES = ("M", "F", "I")
_PERSON = "who decided"


@dataclass(frozen=True, slots=True)
class Search:
    """A search in the local base: the birth date first, then the start of a name or first name."""

    birth_date: str
    name_start: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """An event and what comes with it. by: the clerk; empty when a program did it."""

    event: Event
    at: datetime
    by: str = ""
    found: Found | None = None
    evidence: Evidence | None = None
    traits: IdentityTraits | None = None
    note: str = ""


# Creating, searching.


@creation.rule(errors.TRAIT_MISSING, source="RNIV: five traits are needed")
def an_identity_has_its_five_strict_traits(ipp: str, traits: IdentityTraits) -> Iterator[Finding]:
    for field, value in _fields(traits):
        if not value:
            yield Finding(ipp, field, "", "a value")


@creation.rule(errors.TRAIT_FORM, source="RNIV; INSi guide")
def a_strict_trait_has_its_form(ipp: str, traits: IdentityTraits) -> Iterator[Finding]:
    if traits.sex and traits.sex not in _SEXES:
        yield Finding(ipp, "sex", traits.sex, "M, F or I")
    if traits.birth_date and not is_lunar_date(traits.birth_date):
        yield Finding(ipp, "birth_date", traits.birth_date, "YYYY-MM-DD")
    if traits.birth_place and not is_cog(traits.birth_place):
        yield Finding(ipp, "birth_place", traits.birth_place, "a COG code of 5 characters")


@creation.rule(errors.TRAIT_MISSING, source="RNIV: the list of birth first names")
def no_first_name_is_empty(ipp: str, traits: IdentityTraits) -> Iterator[Finding]:
    if any(not name.strip() for name in traits.first_names):
        yield Finding(ipp, "first_names", repr(traits.first_names), "no empty name")


@searching.rule(errors.SEARCH_SHAPE, source="identito-na, second-hand; INSi captures")
def a_search_starts_with_the_birth_date(search: Search) -> Iterator[Finding]:
    if not is_lunar_date(search.birth_date):
        yield Finding("search", "birth_date", search.birth_date, "YYYY-MM-DD")


@searching.rule(errors.SEARCH_SHAPE, source="identito-na, second-hand; INSi captures")
def a_search_takes_three_letters_at_most(search: Search) -> Iterator[Finding]:
    if len(search.name_start.strip()) > LETTERS_AT_MOST:
        yield Finding("search", "name_start", search.name_start, f"{LETTERS_AT_MOST} letters")


# Transitions.


def _table_says(code: Code, identity: Identity, deed: Deed) -> Iterator[Finding]:
    if next_status(identity.status, deed.event) is code:
        allowed = [
            status.value
            for status, row in EVENT_TRIGGERED_TRANSITIONS.items()
            if not isinstance(row[deed.event], Code)
        ]
        yield Finding(identity.ipp, "status", identity.status, "one of " + " ".join(allowed))


@transition.rule(errors.DISCREPANCY, source="RNIV: VALI, INSi 00 and traits agree")
def checked_traits_are_replaced_by_none_that_differ(
    identity: Identity, deed: Deed
) -> Iterator[Finding]:
    yield from _table_says(errors.DISCREPANCY, identity, deed)


@transition.rule(errors.ALREADY_RETRIEVED, source="RNIV, datamatrix; unconfirmed")
def a_retrieved_identity_takes_no_other_from_a_datamatrix(
    identity: Identity, deed: Deed
) -> Iterator[Finding]:
    yield from _table_says(errors.ALREADY_RETRIEVED, identity, deed)


@transition.rule(errors.ATTRIBUTE_ABSENT, source="EXI ID 24 and 26, second-hand; INS guide")
def an_attribute_is_lifted_where_it_is_set(identity: Identity, deed: Deed) -> Iterator[Finding]:
    lifted = LIFTS.get(deed.event, frozenset())
    if lifted and not lifted & identity.attributes:
        yield Finding(identity.ipp, "attributes", _told(identity), " or ".join(sorted(lifted)))


@transition.rule(errors.CALL_FORBIDDEN, source="EXI ID 24 and 26, second-hand; INS guide")
def insi_says_nothing_of_a_doubtful_or_fictitious_identity(
    identity: Identity, deed: Deed
) -> Iterator[Finding]:
    if identity.is_held_back and deed.event in CALLS_INSI:
        yield Finding(identity.ipp, "attributes", _told(identity), "neither DOUT nor FICT")


@transition.rule(errors.STAYS_PROVISIONAL, source="EXI ID 24 and 26, second-hand; INS guide")
def a_doubtful_or_fictitious_identity_stays_provisional(
    identity: Identity, deed: Deed
) -> Iterator[Finding]:
    gives = BRINGS_TRAITS | {Event.DOCUMENT_AGREES}
    if identity.is_held_back and deed.event in gives - CALLS_INSI:
        yield Finding(identity.ipp, "attributes", _told(identity), "neither DOUT nor FICT")


@transition.rule(errors.ATTRIBUTES_EXCLUSIVE, source="EXI ID 26, second-hand; INS guide")
def doubtful_and_fictitious_never_go_together(identity: Identity, deed: Deed) -> Iterator[Finding]:
    wanted = identity.attributes | _set_by(deed)
    if _set_by(deed) and {Attribute.DOUBTFUL, Attribute.FICTITIOUS} <= wanted:
        yield Finding(identity.ipp, "attributes", _told(identity), "DOUT or FICT")


@transition.rule(errors.FICTITIOUS_HOMONYM, source="INS guide, one reading of the guide")
def a_fictitious_identity_is_no_homonym(identity: Identity, deed: Deed) -> Iterator[Finding]:
    wanted = identity.attributes | _set_by(deed)
    homonym = {Attribute.HOMONYM, Attribute.HOMONYM_DETECTED}
    if _set_by(deed) and Attribute.FICTITIOUS in wanted and homonym & wanted:
        yield Finding(identity.ipp, "attributes", _told(identity), "FICT alone")


@transition.rule(errors.CLERK_NEEDED, source="RNIV: accepted by the clerk, edited by hand")
def a_clerk_decides_what_no_program_may(identity: Identity, deed: Deed) -> Iterator[Finding]:
    is_new = identity.status is IdentityStatus.PROVISIONAL and deed.event is Event.INSI_AGREES
    if not deed.by and (is_new or deed.event in BY_A_CLERK):
        yield Finding(identity.ipp, "by", "", _PERSON)


@transition.rule(errors.QUALIFIED_KEPT, source="choice of the bench, client behaviour")
def a_qualified_identity_is_not_overwritten_without_a_clerk(
    identity: Identity, deed: Deed
) -> Iterator[Finding]:
    is_taken_over = deed.event in BRINGS_TRAITS - FROM_BARCODE
    if deed.by or identity.status is not IdentityStatus.QUALIFIED or not is_taken_over:
        return
    if deed.found and (deed.found.ins, deed.found.traits) != (identity.ins, identity.traits):
        yield Finding(identity.ipp, "by", "", _PERSON)


@transition.rule(errors.NOTHING_FOUND, source="INS guide")
def what_is_taken_over_has_a_matricule_and_its_oid(
    identity: Identity, deed: Deed
) -> Iterator[Finding]:
    """The key may be wrong: an official test identity has a wrong one (2.08 case 2)."""
    if deed.event not in BRINGS_TRAITS:
        return
    if deed.found is None or not is_matricule(deed.found.ins.matricule):
        seen = deed.found.ins.matricule if deed.found else ""
        yield Finding(identity.ipp, "ins", seen, "a matricule of 15 characters")
    elif deed.found.ins.oid not in INS_OIDS:
        yield Finding(identity.ipp, "ins.oid", deed.found.ins.oid, "one of " + " ".join(INS_OIDS))


@transition.rule(errors.NOTHING_TO_CHECK, source="INSi service")
def a_check_has_a_matricule_to_check(identity: Identity, deed: Deed) -> Iterator[Finding]:
    if deed.event in CHECKS and not (identity.ins or identity.claimed_ins):
        yield Finding(identity.ipp, "ins", "", "a matricule, retrieved or read from a datamatrix")


@transition.rule(errors.EVIDENCE_UNKNOWN, source="FR Core")
def evidence_is_of_a_known_kind(identity: Identity, deed: Deed) -> Iterator[Finding]:
    if deed.event is Event.DOCUMENT_AGREES and (not deed.evidence or not _is_known(deed.evidence)):
        seen = deed.evidence.code if deed.evidence else ""
        yield Finding(identity.ipp, "evidence", seen, "one of " + " ".join(KIND_OF))


@transition.rule(errors.EVIDENCE_TOO_WEAK, source="FR Core: identito-na, sante-ara, second-hand")
def evidence_is_of_high_trust(identity: Identity, deed: Deed) -> Iterator[Finding]:
    shown = deed.evidence
    if deed.event is Event.DOCUMENT_AGREES and shown and _is_known(shown) and not is_enough(shown):
        expected = f"{KIND_OF[shown.code].trust}, of a country it counts for"
        yield Finding(identity.ipp, "evidence", f"{shown.code} {shown.country}", expected)


@transition.rule(errors.TRAIT_MISSING, source="RNIV")
def an_edited_identity_keeps_its_traits_and_their_form(
    identity: Identity, deed: Deed
) -> Iterator[Finding]:
    if deed.event is not Event.TRAIT_EDITED:
        return
    if deed.traits is None:
        yield Finding(identity.ipp, "traits", "", "the five strict traits")
        return
    for refusal in creation.findings(identity.ipp, deed.traits):
        yield Finding(identity.ipp, refusal.field, refusal.seen, refusal.expected)


# Calling INSi, sending the matricule out, complementary traits.


@call.rule(
    errors.CALL_FORBIDDEN, source="EXI ID 24 and 26, second-hand; INS guide; choice of the bench"
)
def insi_is_not_called_for_a_doubtful_or_fictitious_identity(
    identity: Identity, _traits: IdentityTraits, _by: str
) -> Iterator[Finding]:
    if identity.is_held_back:
        yield Finding(identity.ipp, "attributes", _told(identity), "neither DOUT nor FICT")


@call.rule(errors.QUALIFIED_KEPT, source="choice of the bench, client behaviour")
def a_qualified_identity_is_searched_again_by_a_clerk_only(
    identity: Identity, _traits: IdentityTraits, by: str
) -> Iterator[Finding]:
    if identity.status is IdentityStatus.QUALIFIED and not by:
        yield Finding(identity.ipp, "by", "", _PERSON)


@call.rule(errors.NOT_SENDABLE, source="SEL-MP-043 EF_INS01_03, 10_01, 10_02, 25_04, second-hand")
def a_trait_insi_does_not_take_is_not_sent(
    identity: Identity, traits: IdentityTraits, _by: str
) -> Iterator[Finding]:
    letters = "A-Z, space, apostrophe, hyphen, in their places"
    if not is_insi_birth_name(traits.birth_name):
        yield Finding(identity.ipp, "birth_name", traits.birth_name, letters)
    if not traits.first_names or not all(map(is_insi_first_name, traits.first_names)):
        yield Finding(identity.ipp, "first_names", " ".join(traits.first_names), letters)
    if not is_insi_sex(traits.sex):
        yield Finding(identity.ipp, "sex", traits.sex, "M or F")
    if not is_lunar_date(traits.birth_date):
        yield Finding(identity.ipp, "birth_date", traits.birth_date, "YYYY-MM-DD")
    if traits.birth_place and not is_cog(traits.birth_place):
        yield Finding(identity.ipp, "birth_place", traits.birth_place, "a COG code")


@outward.rule(errors.MATRICULE_KEPT_IN, source="guide INS, EXI ID 29, second-hand; RNIV")
def only_a_qualified_identity_carries_its_matricule(identity: Identity) -> Iterator[Finding]:
    if identity.outward_ins is None:
        yield Finding(identity.ipp, "status", identity.status, IdentityStatus.QUALIFIED)


@complementary.rule(errors.USED_NAME_FILLED, source="guide INS, EXI ID 08, second-hand")
def a_used_name_is_typed_by_a_clerk(
    identity: Identity, complement: Complement, by: str
) -> Iterator[Finding]:
    for field in ("used_name", "used_first_name"):
        wanted, held = getattr(complement, field), getattr(identity.complement, field)
        if not by and wanted != held:
            yield Finding(identity.ipp, field, wanted, f"{held!r}, or a clerk who types it")


def starts_with(name: str, start: str) -> bool:
    """Whether a name starts with letters that were searched, however they were typed."""
    return normalized(name).startswith(normalized(start))


def _fields(traits: IdentityTraits) -> tuple[tuple[str, object], ...]:
    return (
        ("birth_name", traits.birth_name.strip()),
        ("first_names", traits.first_names),
        ("sex", traits.sex),
        ("birth_date", traits.birth_date),
        ("birth_place", traits.birth_place),
    )


def _set_by(deed: Deed) -> frozenset[Attribute]:
    attribute = SETS.get(deed.event)
    return frozenset({attribute}) if attribute else frozenset()


def _is_known(evidence: Evidence) -> bool:
    return evidence.code in KIND_OF


def _told(identity: Identity) -> str:
    return " ".join(sorted(identity.attributes))
