"""Simulator, RNIV, store: the identity repository of one hospital, in its own database.

Search before create, save with history, merge. Not here: what is refused (``rules``,
``merging``), what is alike (``detection``), the work-list and the calls (``worklist``),
the pairs (``pairs``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from kit.database import DEFAULT_SANDBOX, Database
from kit.identity import IdentityTraits
from kit.rules import Finding, RuleBook
from kit.settings import Settings
from simulator.rniv import errors, merging, rules, statements, vigilance
from simulator.rniv.detection import (
    DUPLICATES,
    Comparison,
    Likeness,
    compare,
    holds_two_persons,
    swapped_date,
)
from simulator.rniv.evidence import Channel, Evidence
from simulator.rniv.pairs import Pair, Pairs
from simulator.rniv.record import Attribute, Identity, typed_date
from simulator.rniv.rules import Deed, Search
from simulator.rniv.tables import (
    change_row,
    identity_row,
    metadata,
    read_change,
    read_identity,
    start,
)
from simulator.rniv.transitions import Event
from simulator.rniv.worklist import Kind, Worklist

admission = RuleBook("RNIV search before create")


class Stale(Exception):
    """Somebody else changed the identity since it was read: read it again."""


class Unknown(Exception):
    """No identity has this IPP here."""


@admission.rule(errors.IPP_TAKEN, source="IHE PAM FR: PID-3, type PI")
def an_ipp_is_given_once(
    ipp: str, _traits: IdentityTraits, _search: Search, is_taken: bool
) -> Iterator[Finding]:
    if is_taken:
        yield Finding(ipp, "ipp", ipp, "a new one")


@admission.rule(errors.NOT_SEARCHED, source="INSi captures: search before create")
def one_searches_before_one_creates(
    ipp: str, traits: IdentityTraits, search: Search, _is_taken: bool
) -> Iterator[Finding]:
    born = typed_date(traits.birth_date)[0]
    if typed_date(search.birth_date)[0] != born:
        yield Finding(ipp, "birth_date", search.birth_date, born)
    names = (traits.birth_name, *traits.first_names)
    if not any(rules.starts_with(name, search.name_start) for name in names):
        yield Finding(ipp, "name_start", search.name_start, "the start of a name or first name")


def database_name(finess: str) -> str:
    """The name of a hospital's database: one file, or one schema, a legal entity."""
    return f"identities-{finess}"


class Repository:
    """The identity repository of one hospital (référentiel unique d'identités)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def of(cls, settings: Settings, finess: str) -> Repository:
        """The repository of a legal entity; its tables are created when they are absent."""
        database = Database(settings, database_name(finess))
        database.create(metadata)
        return cls(database)

    @contextmanager
    def open(self, sandbox: str = DEFAULT_SANDBOX) -> Iterator[Identities]:
        """One unit of work: committed when the block ends, undone when it raises."""
        with self._database.transaction() as connection:
            yield Identities(connection, sandbox)

    def empty(self) -> None:
        """Forget every identity of every sandbox."""
        self._database.empty(metadata)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()


class Identities:
    """The identities of one sandbox, inside one transaction."""

    def __init__(self, connection: Connection, sandbox: str = DEFAULT_SANDBOX) -> None:
        self._connection = connection
        self._sandbox = sandbox
        self.work = Worklist(connection, sandbox)
        self.pairs = Pairs(connection, sandbox)

    # Searching, creating.

    def search(self, search: Search) -> list[Identity]:
        """The active identities of a birth date, whose name starts so when letters are given.

        Raises Refused when the search has not its shape.
        """
        rules.searching.check(search)
        born = typed_date(search.birth_date)[0]
        found = self._find(statements.BY_BIRTH, birth_date=born)
        return [identity for identity in found if _is_named(identity, search.name_start)]

    def create(
        self,
        ipp: str,
        traits: IdentityTraits,
        search: Search,
        *,
        at: datetime,
        by: str = "",
        channel: Channel = Channel.TYPED,
        evidence: Evidence | None = None,
    ) -> Identity:
        """A new identity, after a search that could have found it; Refused otherwise.

        It is provisional, or validated when a clerk was shown evidence that agrees.
        Those that are alike are put on the work-list: an admission does not wait for them.
        """
        rules.searching.check(search)
        is_taken = self._is_known(ipp)
        admission.check(ipp, traits, search, is_taken)
        identity = vigilance.create(ipp, traits, at=at, by=by, channel=channel)
        if evidence is not None:
            identity = vigilance.check_document(identity, evidence, at=at, by=by)
        self._connection.execute(statements.NEW, self._row(identity))
        self._note(identity, 0)
        return self._watched(identity, at, is_new=True)

    # Reading.

    def get(self, ipp: str) -> Identity:
        """An identity as it is, merged or not. Raises Unknown."""
        found = self._find(statements.BY_IPP, ipp=ipp)
        if not found:
            raise Unknown(ipp)
        return found[0]

    def resolve(self, ipp: str) -> Identity:
        """The identity that stands for an IPP: the one it was merged into, if it was."""
        identity = self.get(ipp)
        while identity.merged_into:
            identity = self.get(identity.merged_into)
        return identity

    def every(self) -> list[Identity]:
        """Every identity, merged ones too, by IPP."""
        return self._find(statements.EVERY)

    def holders(self, matricule: str) -> list[Identity]:
        """The active identities with this matricule in force: two are a proven duplicate."""
        return self._find(statements.BY_MATRICULE, matricule=matricule)

    # Changing.

    def apply(self, ipp: str, deed: Deed) -> Identity:
        """Do a deed to an identity and keep what it makes. Raises Refused, Unknown."""
        return self.save(vigilance.apply(self.get(ipp), deed), at=deed.at)

    def save(self, identity: Identity, *, at: datetime) -> Identity:
        """Keep an identity and its new lines of history; look again for those alike.

        Raises Stale when it was changed since it was read.
        """
        self._write(identity)
        return self._watched(identity, at)

    # Duplicates, homonyms, collisions.

    def alike(self, identity: Identity) -> list[tuple[Identity, Comparison]]:
        """The active identities that are alike, the best score first."""
        compared = [(other, compare(identity, other)) for other in self._candidates(identity)]
        found = [item for item in compared if item[1].likeness]
        return sorted(found, key=lambda item: (-item[1].score, item[0].ipp))

    def in_a_duplicate(self) -> set[str]:
        """The identities in a potential or proven duplicate, for the duplicate rate."""
        return self.pairs.members(DUPLICATES)

    def in_a_collision(self) -> set[str]:
        """The identities with a proven collision, for the collision rate."""
        return self.pairs.members((Likeness.PROVEN_COLLISION,))

    def tell_apart(self, one: str, other: str, *, at: datetime, by: str) -> None:
        """A clerk found two persons: both are marked homonyms, and never merged."""
        for ipp in (one, other):
            self._write(vigilance.apply(self.get(ipp), Deed(Event.HOMONYM_SET, at, by)))
        self.pairs.put(Pair(one, other, Likeness.HOMONYMS), at=at, by=by)

    def prove_collision(self, ipp: str, *, at: datetime, by: str) -> Identity:
        """A clerk found two persons in one identity: it is doubted, its INS invalidated."""
        doubted = vigilance.doubt(self.get(ipp), at=at, by=by, why=Likeness.PROVEN_COLLISION.value)
        self._write(doubted)
        self.pairs.put(Pair(ipp, ipp, Likeness.PROVEN_COLLISION), at=at, by=by)
        return doubted

    def merge(self, stays: str, goes: str, *, at: datetime, by: str) -> Identity:
        """Merge a duplicate into the identity that stays. Raises Refused, Unknown."""
        kept, gone = merging.merge(
            self.get(stays),
            self.get(goes),
            at=at,
            by=by,
            told_apart=self.pairs.is_decided(stays, goes),
        )
        self._write(kept)
        self._write(gone)
        self.pairs.forget(goes, undecided=True)
        return kept

    def separate(self, goes: str, *, at: datetime, by: str) -> Identity:
        """Take a merge back: the identity is active again. Raises Refused, Unknown."""
        gone = self.get(goes)
        into = self.get(gone.merged_into) if gone.merged_into else gone
        kept, back = merging.separate(into, gone, at=at, by=by)
        self._write(kept)
        self._write(back)
        return self._watched(back, at)

    def _watched(self, identity: Identity, at: datetime, *, is_new: bool = False) -> Identity:
        """Note what a new or changed identity is alike to, and whether it holds two persons."""
        if identity.merged_into:
            return identity
        if not is_new:
            self.pairs.forget(identity.ipp, undecided=True)
        if identity.is_held_back:
            return identity
        alike = self.alike(identity)
        for other, found in alike:
            if not self.pairs.is_decided(identity.ipp, other.ipp):
                self._note_alike(identity, other, found, at)
        if holds_two_persons(identity):
            self.work.add(identity.ipp, Kind.COLLISION, "traits", at=at)
        return self.get(identity.ipp) if alike else identity  # it may be a homonym now

    def _note_alike(self, one: Identity, other: Identity, found: Comparison, at: datetime) -> None:
        pair = Pair(one.ipp, other.ipp, found.likeness, found.score, found.clues)
        self.pairs.put(pair, at=at)
        is_homonym = found.likeness is Likeness.HOMONYMS
        kind = Kind.HOMONYM if is_homonym else Kind.DUPLICATE
        self.work.add(one.ipp, kind, other.ipp, at=at, national=found.likeness)
        if is_homonym:
            for ipp in (one.ipp, other.ipp):
                self._mark_homonym(self.get(ipp), at)

    def _mark_homonym(self, identity: Identity, at: datetime) -> None:
        if not identity.attributes & {Attribute.HOMONYM, Attribute.HOMONYM_DETECTED}:
            self._write(vigilance.apply(identity, Deed(Event.HOMONYM_DETECTED, at)))

    def _candidates(self, identity: Identity) -> list[Identity]:
        """Those an index finds: same or swapped birth date, same start of both names, same INS."""
        traits = identity.traits
        found = self._find(
            statements.BY_LIKENESS,
            ipp=identity.ipp,
            birth_date=traits.birth_date,
            swapped=swapped_date(traits.birth_date),
            name_start=start(traits.birth_name),
            first_start=start(traits.first_name),
            matricule=identity.ins.matricule if identity.ins else statements.NOBODY,
        )
        return [other for other in found if not other.is_held_back]

    # Rows.

    def _is_known(self, ipp: str) -> bool:
        values = {"sandbox": self._sandbox, "ipp": ipp}
        return self._connection.execute(statements.IPP, values).first() is not None

    def _find(self, query: Any, **values: Any) -> list[Identity]:
        rows = self._connection.execute(query, {"sandbox": self._sandbox, **values})
        found = rows.mappings().all()
        lines = self._lines([row["ipp"] for row in found])
        return [read_identity(row, tuple(lines.get(row["ipp"], ()))) for row in found]

    def _lines(self, ipps: Sequence[str]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for at in range(0, len(ipps), 500):  # a statement takes so many values
            values = {"sandbox": self._sandbox, "ipps": ipps[at : at + 500]}
            for row in self._connection.execute(statements.LINES, values).mappings():
                found.setdefault(row["ipp"], []).append(read_change(row))
        return found

    def _row(self, identity: Identity) -> dict[str, Any]:
        return identity_row(identity, self._sandbox)

    def _write(self, identity: Identity) -> None:
        lines = self._lines([identity.ipp]).get(identity.ipp, [])
        known = len(lines)
        if not known:  # the first line is that of its creation
            raise Unknown(identity.ipp)
        if tuple(lines) != identity.history[:known]:
            raise Stale(identity.ipp)
        key = {"its_sandbox": self._sandbox, "its_ipp": identity.ipp, "known": known}
        if self._connection.execute(statements.CHANGED, self._row(identity) | key).rowcount != 1:
            raise Stale(identity.ipp)
        self._note(identity, known)

    def _note(self, identity: Identity, known: int) -> None:
        new = [
            change_row(change, self._sandbox, identity.ipp, rank)
            for rank, change in enumerate(identity.history)
            if rank >= known
        ]
        if new:
            self._connection.execute(statements.NEW_LINES, new)


def _is_named(identity: Identity, name_start: str) -> bool:
    used = (identity.complement.used_name, identity.complement.used_first_name)
    names = (identity.traits.birth_name, *identity.traits.first_names, *used)
    return any(rules.starts_with(name, name_start) for name in names if name)
