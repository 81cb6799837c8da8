"""Simulator, RNIV, lookup: what the answers of INSi leave in the repository and on the work-list.

Nothing here is raised for what a person has to look at: an admission goes on. Not here: the calls
(delivery.ins), which one comes next (``search_plan``).
"""

from __future__ import annotations

from datetime import datetime

from simulator.rniv import vigilance
from simulator.rniv.record import Found, Identity
from simulator.rniv.search_plan import SearchPlan, Verdict, settle
from simulator.rniv.store import Identities
from simulator.rniv.worklist import Kind

# INSi knows nobody by these traits, or several: other criteria may find who exists. Source: RNIV.
_WITHOUT_PERSON = {Verdict.NONE: Kind.NOT_FOUND, Verdict.SEVERAL: Kind.SEVERAL}


def settle_search(
    identities: Identities,
    ipp: str,
    plan: SearchPlan,
    found: Found | None = None,
    *,
    at: datetime,
    by: str = "",
) -> Identity:
    """Keep what a plan that is over gave: calls, identity, and what a clerk has to look at."""
    before = identities.get(ipp)
    for answer in plan.answers:
        identities.work.note_call(ipp, before.channel, answer, at=at)
    after, refusals = settle(before, plan, found, at=at, by=by)
    if plan.verdict in _WITHOUT_PERSON:
        identities.work.add(ipp, _WITHOUT_PERSON[plan.verdict], at=at)
    for refusal in refusals:
        identities.work.add(
            ipp, Kind.WITHHELD, refusal.field, at=at, local=refusal.seen, national=refusal.expected
        )
    if found is not None and refusals:
        identities.work.add_discrepancies(ipp, before.traits, found.traits, at=at)
    return before if after == before else identities.save(after, at=at)


def settle_check(identities: Identities, ipp: str, agrees: bool, *, at: datetime) -> Identity:
    """Keep what a check of the INS gave; a disagreement is for a clerk. Raises Refused."""
    after = vigilance.note_check(identities.get(ipp), agrees, at=at)
    if not agrees:
        identities.work.add(ipp, Kind.CHECK_DISAGREES, at=at)
    return identities.save(after, at=at)
