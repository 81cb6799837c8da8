"""INS mock, store, base: whom a search may mean, and who has a number.

What was changed is few: each process keeps it in memory and reads it again when a mark in a shared
file moves, so that a search touches no table. Not here: changing a person (``persons``).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from kit.database import DEFAULT_SANDBOX, Database
from kit.identity import completed_date
from kit.settings import Settings
from kit.shared_file import SharedFile
from kit.world import World
from mocks.ins.messages import AS_HELD, Individual, Shape
from mocks.ins.store.batches import Batches
from mocks.ins.store.persons import Persons, from_row, individual
from mocks.ins.store.quotas import count_call
from mocks.ins.store.tables import correction_table, merge_table, shape_table


@dataclass(frozen=True, slots=True)
class Changes:
    """What the control channel changed, as a search needs it."""

    born: Mapping[tuple[str, str], tuple[Individual, ...]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    by_number: Mapping[str, Individual] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)


class Store:
    """What the mock remembers, over what it can compute."""

    def __init__(self, database: Database, world: World, settings: Settings) -> None:
        self._database = database
        self._world = world
        self._mark = SharedFile(settings.data_dir / "ins-changes.json")
        self._clients = SharedFile(settings.data_dir / "ins-clients.json")
        self._seen: Any = self  # no mark yet, not even its absence
        self._changes = Changes()

    @contextmanager
    def open(self) -> Iterator[Persons]:
        """One unit of work: committed when the block ends, undone when it raises."""
        with self._database.transaction() as connection:
            persons = Persons(connection, self._world)
            yield persons
        if persons.has_changed:
            self.changed()

    @contextmanager
    def batches(self) -> Iterator[Batches]:
        """The lots under check; inside an exchange, kept only if it is accepted."""
        with self._database.transaction() as connection:
            yield Batches(connection)

    def changed(self) -> None:
        """Tell every process to read again what was changed; after the commit."""
        self._mark.write({"mark": secrets.token_hex(8)})

    def born(self, birth_date: str, sex: str, birth_name: str) -> list[Individual]:
        """Who may be meant: everybody of that date, sex and name, and the corrected of that birth.

        A date may be incomplete: those of the date it is completed to are candidates.
        """
        changes = self._current()
        bearers = self._world.find_patients(birth_date, sex, birth_name)
        corrected = changes.born.get((completed_date(birth_date), sex), ())
        return [
            *corrected,
            *(
                individual(bearer)
                for bearer in bearers
                if bearer.ins.matricule not in changes.hidden
            ),
        ]

    def holder(self, number: str) -> Individual | None:
        """Who has, or had, a number of 13 characters, whatever the key."""
        changes = self._current()
        if number in changes.by_number:
            return changes.by_number[number]
        found = self._world.by_number(number)
        if found is None or found.ins.matricule in changes.hidden:
            return None
        return individual(found)

    def shape(self, matricule: str) -> Shape:
        """How the holder of a number is answered."""
        return self._current().shapes.get(matricule, AS_HELD)

    def legal_entity(self, finess: str) -> str:
        """FINESS of the legal entity that owns a site of the country; empty when unknown."""
        found = self._world.establishment(finess)
        return found.finess_ej if found else ""

    def count_call(self, idam: str, minute: str) -> int:
        """Count a call of a software in a minute; how many there are now."""
        with self._database.transaction() as connection:
            return count_call(connection, idam, minute)

    def dialects(self) -> dict[str, str]:
        """The dialect chosen for a software, by its authorization number (IDAM)."""
        return dict(self._clients.read() or {})

    def choose_dialect(self, idam: str, dialect: str) -> None:
        """Answer a software in a dialect; an empty one takes the choice back."""
        kept = {name: value for name, value in self.dialects().items() if name != idam}
        self._clients.write(kept | ({idam: dialect} if dialect else {}))

    def forget_choices(self) -> None:
        """Answer every software in the dialect of the settings."""
        self._clients.remove()

    def _current(self) -> Changes:
        mark = self._mark.read()
        if mark != self._seen:
            # Out of the running exchange, whose connection would take the turn to write.
            self._changes, self._seen = Context().run(self._load), mark
        return self._changes

    def _load(self) -> Changes:
        with self._database.reading() as connection:

            def rows(table: Any) -> list[Any]:
                query = select(table).where(table.c.sandbox == DEFAULT_SANDBOX)
                return list(connection.execute(query).mappings())

            corrections, merged = rows(correction_table), rows(merge_table)
            shapes = {
                row["matricule"]: Shape(row["order"], row["keys"]) for row in rows(shape_table)
            }
        people = [from_row(row) for row in corrections]
        return Changes(
            _by_birth(people),
            frozenset(row["origin"] for row in (*corrections, *merged)),
            {ins.number: person for person in people for ins in (*person.history, person.ins)},
            shapes,
        )


def _by_birth(people: list[Individual]) -> dict[tuple[str, str], tuple[Individual, ...]]:
    found: dict[tuple[str, str], tuple[Individual, ...]] = {}
    for person in people:
        key = (completed_date(person.traits.birth_date), person.traits.sex)
        found[key] = (*found.get(key, ()), person)
    return found
