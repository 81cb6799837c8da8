"""Simulator, identity history: what a repository held of somebody before the play began.

Derived from the seed, the legal entity and the person, when the person comes: who stays away costs
no row. Not here: who comes (plan), how an admission finds it again (``identity_office``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from kit.identity import IdentityTraits, normalized, unaccented
from kit.world import Patient
from simulator.identities import (
    day_and_month_swapped,
    draw_shown,
    draw_typed,
    swapped_letters,
)
from simulator.rniv import vigilance
from simulator.rniv.evidence import Evidence
from simulator.rniv.record import Complement, Found, Identity
from simulator.rniv.rules import LETTERS_AT_MOST, Search
from simulator.rniv.store import Identities
from simulator.scenario import Habits
from simulator.streams import Streams

BEFORE_DAYS = (45, 4 * 365)  # when an identity was made before the play, choice of the bench


@dataclass(frozen=True, slots=True)
class Past:
    """An identity made before the play: its traits, the document shown, whether INSi was asked.

    collided_at: when it was found to hold two persons (collision): provisional since.
    """

    ipp: str
    person: Patient
    typed: IdentityTraits
    created_at: datetime
    shown: Evidence | None
    is_retrieved: bool
    collided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What one legal entity held of people before ``starts_at``."""

    finess: str
    habits: Habits
    starts_at: datetime
    streams: Streams

    def of(self, person: Patient) -> tuple[Past, ...]:
        """None for whom it did not know, two for a duplicate (doublon); the older one first."""
        stream = self.streams.fresh(f"{self.finess}/{person.index}/history")
        if stream.random() >= self.habits.identity_known:
            return ()
        first = self._first(person, stream)
        if first.created_at.year <= int(person.traits.birth_date[:4]):
            return ()
        if stream.random() < self.habits.identity_duplicates:
            return first, self._again(first, stream)
        if stream.random() < self.habits.identity_collisions:
            return (replace(first, collided_at=self._since(first, stream)),)
        return (first,)

    def _first(self, person: Patient, stream: np.random.Generator) -> Past:
        ago = timedelta(days=float(stream.uniform(*BEFORE_DAYS)))
        created_at = (self.starts_at - ago).replace(microsecond=0)
        is_retrieved = bool(stream.random() < self.habits.identity_retrieved)
        typed = draw_typed(person.traits, stream, errors=self.habits.identity_errors)
        return Past(
            f"{person.index:09}-0",
            person,
            person.traits if is_retrieved else typed,
            created_at,
            draw_shown(person, created_at, stream, checked=self.habits.identity_checked),
            is_retrieved,
        )

    def _again(self, first: Past, stream: np.random.Generator) -> Past:
        """Made in a hurry by somebody who did not find the first one, or did not search well."""
        person = first.person
        typed = VARIANTS[int(stream.integers(len(VARIANTS)))](person, stream)
        made_at = self._since(first, stream)
        return Past(f"{person.index:09}-1", person, typed, made_at, None, False)

    def _since(self, first: Past, stream: np.random.Generator) -> datetime:
        """Some day between the making of an identity and the play."""
        seconds = (self.starts_at - first.created_at).total_seconds() * stream.uniform(0.1, 0.9)
        return first.created_at + timedelta(seconds=int(seconds))


def plant(identities: Identities, past: Past, *, by: str) -> Identity:
    """Make an identity as it was made then, by the deeds of then."""
    search = Search(past.typed.birth_date, past.typed.birth_name[:LETTERS_AT_MOST], by)
    at = past.created_at
    made = identities.create(past.ipp, past.typed, search, at=at, by=by, evidence=past.shown)
    grown = made
    if past.is_retrieved:
        person = past.person
        grown = vigilance.accept(made, Found(person.ins, person.traits), at=at, by=by)
    if past.shown is not None and _has_another_name(past.person):
        used = Complement(used_name=past.person.used_name)
        grown = vigilance.amend(grown, used, at=at, by=by)
    kept = made if grown == made else identities.save(grown, at=at)
    if past.collided_at is None:
        return kept
    return identities.prove_collision(past.ipp, at=past.collided_at, by=by)


def _has_another_name(person: Patient) -> bool:
    return normalized(person.used_name) != normalized(person.traits.birth_name)


def _typing_error(person: Patient, stream: np.random.Generator) -> IdentityTraits:
    return swapped_letters(person.traits, stream)


def _date_the_other_way(person: Patient, stream: np.random.Generator) -> IdentityTraits:
    return day_and_month_swapped(person.traits, stream)


def _under_the_used_name(person: Patient, stream: np.random.Generator) -> IdentityTraits:
    """The used name typed as the birth name; who has none is mistyped."""
    if not _has_another_name(person):
        return _typing_error(person, stream)
    return replace(person.traits, birth_name=unaccented(person.used_name))


Variant = Callable[[Patient, np.random.Generator], IdentityTraits]
VARIANTS: tuple[Variant, ...] = (_typing_error, _date_the_other_way, _under_the_used_name)
