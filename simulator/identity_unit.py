"""Simulator, identity unit: how the cellule d'identitovigilance works off its list in a run.

Each working morning it takes its share of what waits: a discrepancy is settled with the copy of the
identity document, traits by which INSi found nobody are corrected after it and INSi is asked again,
two identities of one person are merged. Not here: what put a line on the list (``rniv``), the
admission office (``identity_office``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from kit.rules import Refused
from kit.world import Patient
from simulator.clock import PARIS
from simulator.rniv import vigilance
from simulator.rniv.agreement import discrepancies
from simulator.rniv.evidence import Evidence
from simulator.rniv.record import Found, Identity
from simulator.rniv.store import Identities
from simulator.rniv.worklist import Kind, WorkItem
from simulator.streams import Streams

UNIT = "identity unit"
OPENS_AT_HOUR = 9  # choice of the bench
WORKING_DAYS = range(5)  # Monday to Friday
_OF_ONE = (Kind.DISCREPANCY, Kind.WITHHELD, Kind.NOT_FOUND, Kind.SEVERAL)


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """What the unit has before it: what INSi answered, and the copy of an identity document.

    person: who the document is of, known to the simulator and seen by the unit on the copy.
    """

    person: Patient
    found: Found | None = None
    shown: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a morning changed: identities by IPP, and those merged, by the IPP that went.

    asked: the IPPs of those changed that INSi is asked about again.
    """

    changed: dict[str, Identity] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)


@dataclass(slots=True)
class IdentityUnit:
    """The unit of one legal entity. handled: share of the lines it takes each working day."""

    finess: str
    handled: float
    streams: Streams
    worked_on: date | None = field(default=None)

    def is_due(self, at: datetime) -> bool:
        """Whether a morning of work begins in this slot."""
        here = at.astimezone(PARIS)
        is_open = here.weekday() in WORKING_DAYS and here.hour >= OPENS_AT_HOUR
        return is_open and self.worked_on != here.date()

    def work(self, identities: Identities, cases: Mapping[str, Case], at: datetime) -> Decisions:
        """A morning of work. cases: by IPP."""
        self.worked_on = at.astimezone(PARIS).date()
        done = Decisions()
        for item in identities.work.open_items():
            is_over = item.ipp in done.merged or item.field in done.merged  # by an earlier line
            if item.ipp in cases and not is_over and self._is_taken(item):
                _decide(identities, item, cases, at, done)
        return done

    def _is_taken(self, item: WorkItem) -> bool:
        name = f"{self.finess}/unit/{self.worked_on}/{item.ipp}/{item.field}"
        return bool(self.streams.fresh(name).random() < self.handled)


def _decide(
    identities: Identities, item: WorkItem, cases: Mapping[str, Case], at: datetime, done: Decisions
) -> None:
    case, other = cases[item.ipp], cases.get(item.field)
    if item.kind in _OF_ONE and item.ipp not in done.changed:
        act = correct_traits if case.found is None else settle_difference
        settled = act(identities, item.ipp, case, at)
        if settled is not None:
            done.changed[item.ipp] = settled
            if not settled.is_retrieved:
                done.asked.add(item.ipp)
    elif item.kind is Kind.DUPLICATE and other is not None and other.person == case.person:
        stays, gone = merge_two(identities, item, at)
        done.changed.pop(gone, None)
        done.asked.discard(gone)
        done.changed[stays.ipp], done.merged[gone] = stays, stays.ipp


def settle_difference(
    identities: Identities, ipp: str, case: Case, at: datetime
) -> Identity | None:
    """Correct the traits as the document has them, accept INSi's answer; None when unsettled.

    Without a copy, or when INSi designates somebody else, the line stays on the list.
    """
    if case.found is None or case.shown is None:
        return None
    if discrepancies(case.person.traits, case.found.traits):
        return None
    before = identities.get(ipp)
    try:
        corrected = vigilance.edit_traits(before, case.found.traits, at=at, by=UNIT)
        accepted = vigilance.accept(corrected, case.found, at=at, by=UNIT)
        qualified = vigilance.check_document(accepted, case.shown, at=at, by=UNIT)
    except Refused:  # it became doubtful or fictitious meanwhile: for somebody else to lift
        return None
    _close(identities, (i for i in identities.work.open_items() if i.ipp == ipp), at)
    return identities.save(qualified, at=at)


def correct_traits(identities: Identities, ipp: str, case: Case, at: datetime) -> Identity | None:
    """Type the traits as the copy of the document has them, for INSi to be asked again.

    None when nothing is corrected: without a copy the line stays; when the document says what was
    typed it is closed, INSi does not know the person by it and the identity has no INS.
    """
    before, person = identities.get(ipp), case.person
    if case.shown is None or before.is_held_back:
        return None
    lines = [item for item in identities.work.open_items() if item.ipp == ipp]
    if before.is_retrieved or not discrepancies(before.traits, person.traits):
        _close(identities, lines, at)
        return None
    corrected = vigilance.edit_traits(before, person.traits, at=at, by=UNIT)
    checked = vigilance.check_document(corrected, case.shown, at=at, by=UNIT)
    _close(identities, lines, at)
    return identities.save(checked, at=at)


def merge_two(identities: Identities, item: WorkItem, at: datetime) -> tuple[Identity, str]:
    """The identity that stays, the more trusted or older one, and the IPP that goes."""
    one, other = identities.get(item.ipp), identities.get(item.field)
    stays, goes = sorted((one, other), key=lambda found: (-_trust(found), found.created_at))
    kept = identities.merge(stays.ipp, goes.ipp, at=at, by=UNIT)
    lines = (i for i in identities.work.open_items() if goes.ipp in (i.ipp, i.field))
    _close(identities, lines, at)
    return kept, goes.ipp


def _trust(identity: Identity) -> int:
    return identity.is_retrieved + identity.is_checked


def _close(identities: Identities, items: Iterable[WorkItem], at: datetime) -> None:
    for item in list(items):
        if item.kind in (*_OF_ONE, Kind.DUPLICATE):
            identities.work.close(item, at=at, by=UNIT)
