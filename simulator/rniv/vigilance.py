"""Simulator, RNIV, vigilance: the deeds of the identity unit, each giving the identity it makes.

Pure: an identity and a deed give an identity, or Refused with every rule broken. Source: INS guide
5.4. Not here: which status follows (``transitions``), why not (``rules``), rows (``store``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from kit.identity import IdentityStatus, IdentityTraits, InsLookup
from kit.rules import Code
from simulator.rniv import rules
from simulator.rniv.agreement import discrepancies
from simulator.rniv.evidence import APP_EVIDENCE, Channel, Evidence
from simulator.rniv.record import (
    AXES_OF_STATUS,
    HELD_BACK,
    Change,
    Complement,
    DateMarker,
    Found,
    Identity,
    date_marker,
    typed_date,
)
from simulator.rniv.rules import Deed
from simulator.rniv.transitions import (
    CALLS_INSI,
    CHECKS,
    FROM_APP,
    FROM_BARCODE,
    FROM_INSI,
    LIFTS,
    SETS,
    WITHOUT_PERSON,
    Event,
    next_status,
)

CREATED, AMENDED = "created", "amended"


def create(
    ipp: str,
    traits: IdentityTraits,
    *,
    at: datetime,
    by: str = "",
    channel: Channel = Channel.TYPED,
) -> Identity:
    """A provisional identity; no used name is filled from the birth name. Raises Refused."""
    rules.creation.check(ipp, traits)
    birth_date, marker = typed_date(traits.birth_date)
    status = IdentityStatus.PROVISIONAL
    return Identity(
        ipp,
        replace(traits, birth_date=birth_date),
        at,
        channel=channel,
        date_marker=marker,
        history=(Change(at, CREATED, by, status, status),),
    )


def apply(identity: Identity, deed: Deed) -> Identity:
    """What a deed makes of an identity. Raises Refused with every refusal."""
    rules.transition.check(identity, deed)
    target = next_status(identity.status, deed.event)
    assert not isinstance(target, Code)  # a rule refuses each code of the table
    return _recorded(identity, _settled(_affected(identity, deed), target), deed)


# What comes from INSi, from the app, from a datamatrix.


def accept(identity: Identity, found: Found, *, at: datetime, by: str = "") -> Identity:
    """INSi answered 00: its traits replace the local ones, which go to the history."""
    is_same = not discrepancies(identity.traits, found.traits)
    event = Event.INSI_AGREES if is_same else Event.INSI_DIFFERS
    return apply(identity, Deed(event, at, by, found=found))


def note_lookup(identity: Identity, lookup: InsLookup | None, *, at: datetime) -> Identity:
    """INSi answered 01 or 02, or failed (None): the status stays, the call is kept."""
    event = WITHOUT_PERSON[lookup] if lookup else Event.INSI_FAULT
    return apply(identity, Deed(event, at))


def read_app(identity: Identity, found: Found, *, at: datetime, by: str = "") -> Identity:
    """Application carte Vitale: traits and INS at once, and a proof of identity."""
    is_same = not discrepancies(identity.traits, found.traits)
    event = Event.APP_AGREES if is_same else Event.APP_DIFFERS
    return apply(identity, Deed(event, at, by, found=found))


def read_barcode(identity: Identity, found: Found, *, at: datetime, by: str = "") -> Identity:
    """INS datamatrix of a document: its matricule is claimed until INSi checked it."""
    is_same = not discrepancies(identity.traits, found.traits)
    is_other = identity.ins is not None and identity.ins.matricule != found.ins.matricule
    event = Event.BARCODE_AGREES if is_same and not is_other else Event.BARCODE_DIFFERS
    return apply(identity, Deed(event, at, by, found=found))


def note_check(identity: Identity, agrees: bool, *, at: datetime) -> Identity:
    """INSi checked the INS (vérification): a disagreement takes it back."""
    event = Event.CHECK_AGREES if agrees else Event.CHECK_DISAGREES
    return apply(identity, Deed(event, at))


# What a clerk does.


def check_document(identity: Identity, evidence: Evidence, *, at: datetime, by: str) -> Identity:
    """The traits agree with an identity document of high trust."""
    return apply(identity, Deed(Event.DOCUMENT_AGREES, at, by, evidence=evidence))


def edit_traits(identity: Identity, traits: IdentityTraits, *, at: datetime, by: str) -> Identity:
    """A strict trait is edited by hand: provisional again. Nothing edited, nothing changes."""
    if traits == identity.traits:
        return identity
    return apply(identity, Deed(Event.TRAIT_EDITED, at, by, traits=traits))


def doubt(identity: Identity, *, at: datetime, by: str, why: str = "") -> Identity:
    """Somebody doubts who this is: provisional again, the INS invalidated."""
    return apply(identity, Deed(Event.DOUBT_RAISED, at, by, note=why))


def amend(identity: Identity, complement: Complement, *, at: datetime, by: str = "") -> Identity:
    """Change complementary traits; a used name only by a clerk. Raises Refused."""
    rules.complementary.check(identity, complement, by)
    change = Change(at, AMENDED, by, identity.status, identity.status)
    return replace(identity, complement=complement, history=(*identity.history, change))


# Effects.

Effect = Callable[[Identity, Deed], Identity]


def _affected(identity: Identity, deed: Deed) -> Identity:
    """The identity with what the deed brings, before the axes are set."""
    for events, effect in _EFFECTS:
        if deed.event in events:
            identity = effect(identity, deed)
    return identity


def _take_over(identity: Identity, deed: Deed) -> Identity:
    assert deed.found is not None
    found = deed.found
    return replace(
        identity,
        traits=found.traits,
        date_marker=date_marker(found.traits.birth_date),
        ins=found.ins,
        ins_history=found.history,
        claimed_ins=None,
        channel=Channel.APP if deed.event in FROM_APP else Channel.INSI,
        evidence=APP_EVIDENCE if deed.event in FROM_APP else identity.evidence,
    )


def _claim(identity: Identity, deed: Deed) -> Identity:
    """A datamatrix tells nothing of an identity whose INS was retrieved already."""
    assert deed.found is not None
    if identity.is_retrieved:
        return identity
    traits = deed.found.traits
    return replace(
        identity,
        traits=traits,
        date_marker=date_marker(traits.birth_date),
        claimed_ins=deed.found.ins,
        channel=Channel.BARCODE,
    )


def _confirm(identity: Identity, _: Deed) -> Identity:
    """The INS checked is that in force, or the one claimed; _settled drops it when it fails."""
    return replace(identity, ins=identity.ins or identity.claimed_ins, claimed_ins=None)


def _show(identity: Identity, deed: Deed) -> Identity:
    return replace(identity, evidence=deed.evidence)


def _edit(identity: Identity, deed: Deed) -> Identity:
    assert deed.traits is not None
    birth_date, marker = typed_date(deed.traits.birth_date)
    if birth_date == identity.traits.birth_date and marker is DateMarker.CERTAIN:
        marker = identity.date_marker
    traits = replace(deed.traits, birth_date=birth_date)
    return replace(identity, traits=traits, date_marker=marker, channel=Channel.TYPED)


def _set(identity: Identity, deed: Deed) -> Identity:
    return replace(identity, attributes=identity.attributes | {SETS[deed.event]})


def _lift(identity: Identity, deed: Deed) -> Identity:
    return replace(identity, attributes=identity.attributes - LIFTS[deed.event])


def _unclaim(identity: Identity, _: Deed) -> Identity:
    return replace(identity, claimed_ins=None)


def _call(identity: Identity, deed: Deed) -> Identity:
    return replace(identity, insi_called_at=deed.at)


_HELD_BACK_BY = {event for event, attribute in SETS.items() if attribute in HELD_BACK}
_EFFECTS: tuple[tuple[frozenset[Event], Effect], ...] = (
    (FROM_INSI | FROM_APP, _take_over),
    (FROM_BARCODE, _claim),
    (CHECKS, _confirm),
    (frozenset({Event.DOCUMENT_AGREES}), _show),
    (frozenset({Event.TRAIT_EDITED}), _edit),
    (frozenset(SETS), _set),
    (frozenset(LIFTS), _lift),
    (frozenset({Event.TRAIT_EDITED, Event.DOUBT_RAISED, *_HELD_BACK_BY}), _unclaim),
    (CALLS_INSI, _call),
)


def _settled(identity: Identity, target: IdentityStatus) -> Identity:
    """The axes of the status; what a lost axis stood on goes with it."""
    is_retrieved, is_checked = AXES_OF_STATUS[target]
    return replace(
        identity,
        is_retrieved=is_retrieved,
        is_checked=is_checked,
        ins=identity.ins if is_retrieved else None,
        ins_history=identity.ins_history if is_retrieved else (),
        evidence=identity.evidence if is_checked else None,
    )


def _recorded(before: Identity, after: Identity, deed: Deed) -> Identity:
    held = before.ins or before.claimed_ins
    kept = after.ins or after.claimed_ins
    change = Change(
        deed.at,
        deed.event,
        deed.by,
        before.status,
        after.status,
        traits=before.traits if after.traits != before.traits else None,
        ins=held if held != kept else None,
        note=deed.note,
    )
    return replace(after, history=(*before.history, change))
