"""Simulator, RNIV, merging: which two identities may become one (fusion), and be two again.

Pure. The identity that goes keeps its row and its history and points to the one that stays, so
that separating gives back what was there. Not here: rows (``store``), the score (``detection``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from kit.identity import IdentityStatus
from kit.rules import Finding, RuleBook
from simulator.rniv import errors
from simulator.rniv.record import Change, Identity

merging = RuleBook("RNIV merge")
separating = RuleBook("RNIV separation")

MERGED, SEPARATED = "merged", "separated"
_RANK = {
    IdentityStatus.PROVISIONAL: 0,
    IdentityStatus.RETRIEVED: 1,
    IdentityStatus.VALIDATED: 1,
    IdentityStatus.QUALIFIED: 2,
}


@merging.rule(errors.CLERK_NEEDED, source="INS guide: a proven duplicate is a decision")
def a_clerk_decides_a_merge(
    _stays: Identity, goes: Identity, by: str, _told_apart: bool
) -> Iterator[Finding]:
    if not by:
        yield Finding(goes.ipp, "by", "", "who decided")


@merging.rule(errors.MERGE_OF_ONE, source="INS guide, DOUB")
def an_identity_is_not_merged_into_itself(
    stays: Identity, goes: Identity, _by: str, _told_apart: bool
) -> Iterator[Finding]:
    if stays.ipp == goes.ipp:
        yield Finding(goes.ipp, "merged_into", stays.ipp, "another identity")


@merging.rule(errors.MERGE_NOT_ACTIVE, source="INS guide, DOUA")
def only_active_identities_are_merged(
    stays: Identity, goes: Identity, _by: str, _told_apart: bool
) -> Iterator[Finding]:
    for identity in (stays, goes):
        if identity.merged_into:
            yield Finding(identity.ipp, "merged_into", identity.merged_into, "an active identity")


@merging.rule(errors.MERGE_OF_TWO_PERSONS, source="INS guide, COLP and COLV")
def two_matricules_in_force_are_two_persons(
    stays: Identity, goes: Identity, _by: str, _told_apart: bool
) -> Iterator[Finding]:
    if stays.ins and goes.ins and stays.ins.matricule != goes.ins.matricule:
        yield Finding(goes.ipp, "ins", goes.ins.matricule, stays.ins.matricule)


@merging.rule(errors.MERGE_OF_HOMONYMS, source="INS guide, HOMA")
def homonyms_told_apart_are_not_merged(
    stays: Identity, goes: Identity, _by: str, told_apart: bool
) -> Iterator[Finding]:
    if told_apart:
        yield Finding(goes.ipp, "attributes", f"HOMA beside {stays.ipp}", "not told apart")


@merging.rule(errors.MERGE_INTO_LESS, source="RNIV, derived from the axes; unconfirmed")
def the_more_trusted_identity_stays(
    stays: Identity, goes: Identity, _by: str, _told_apart: bool
) -> Iterator[Finding]:
    if _RANK[goes.status] > _RANK[stays.status]:
        yield Finding(goes.ipp, "status", goes.status, f"at most that of {stays.ipp}")


@separating.rule(errors.CLERK_NEEDED, source="INS guide")
def a_clerk_decides_a_separation(_goes: Identity, by: str) -> Iterator[Finding]:
    if not by:
        yield Finding(_goes.ipp, "by", "", "who decided")


@separating.rule(errors.MERGE_NOT_MERGED, source="INS guide")
def what_is_separated_was_merged(goes: Identity, _by: str) -> Iterator[Finding]:
    if not goes.merged_into:
        yield Finding(goes.ipp, "merged_into", "", "the identity it was merged into")


def merge(
    stays: Identity, goes: Identity, *, at: datetime, by: str, told_apart: bool = False
) -> tuple[Identity, Identity]:
    """(the identity that stays, the one that goes). Raises Refused."""
    merging.check(stays, goes, by, told_apart)
    gone = replace(goes, merged_into=stays.ipp)
    return _noted(stays, MERGED, goes.ipp, at, by), _noted(gone, MERGED, stays.ipp, at, by)


def separate(
    stays: Identity, goes: Identity, *, at: datetime, by: str
) -> tuple[Identity, Identity]:
    """The two identities again, as they were apart from what happened since. Raises Refused."""
    separating.check(goes, by)
    back = replace(goes, merged_into="")
    return _noted(stays, SEPARATED, goes.ipp, at, by), _noted(back, SEPARATED, stays.ipp, at, by)


def _noted(identity: Identity, event: str, other: str, at: datetime, by: str) -> Identity:
    change = Change(at, event, by, identity.status, identity.status, note=other)
    return replace(identity, history=(*identity.history, change))
