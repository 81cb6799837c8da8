"""INS mock, store: the persons of the base, which are the invented country and its corrections.

The country is a function and is not stored; a correction (number or traits changed through the
control channel) is a row, and hides the person it corrects. Not here: whom a search designates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import JSON, Column, Index, MetaData, String, Table, delete, insert, or_, select
from sqlalchemy.engine import Connection, RowMapping

from kit.database import DEFAULT_SANDBOX, Database
from kit.identity import IdentityTraits, Ins, PastIns
from kit.world import Patient, World
from mocks.ins.messages import Correction, Individual

metadata = MetaData()

correction_table = Table(
    "correction",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("origin", String(15), primary_key=True),  # matricule the person was born with here
    Column("matricule", String(15), nullable=False),
    Column("oid", String(64), nullable=False),
    Column("birth_name", String(200), nullable=False),
    Column("first_names", JSON, nullable=False),
    Column("sex", String(1), nullable=False),
    Column("birth_date", String(10), nullable=False),
    Column("birth_place", String(5), nullable=False),
    Column("history", JSON, nullable=False),
    Index("correction_by_birth", "sandbox", "birth_date", "sex"),
    Index("correction_by_matricule", "sandbox", "matricule"),
)


class Store:
    """What the mock remembers, over what it can compute."""

    def __init__(self, database: Database, world: World) -> None:
        self._database = database
        self._world = world

    @contextmanager
    def open(self) -> Iterator[Persons]:
        """One unit of work: committed when the block ends, undone when it raises."""
        with self._database.transaction() as connection:
            yield Persons(connection, self._world)

    def born(self, birth_date: str, sex: str, birth_name: str) -> list[Individual]:
        """Who may be meant: everybody of that date, sex and name, and the corrected of that birth.

        The country is asked before the transaction opens: it takes milliseconds, and a
        transaction keeps other writers waiting.
        """
        bearers = self._world.find_patients(birth_date, sex, birth_name)
        invented = [_individual(bearer) for bearer in bearers]
        with self.open() as persons:
            return persons.corrected(birth_date, sex, invented)

    def legal_entity(self, finess: str) -> str:
        """FINESS of the legal entity that owns a site of the country; empty when unknown."""
        found = self._world.establishment(finess)
        return found.finess_ej if found else ""


class Persons:
    """The persons of one sandbox, inside one transaction."""

    def __init__(
        self, connection: Connection, world: World, sandbox: str = DEFAULT_SANDBOX
    ) -> None:
        self._connection = connection
        self._world = world
        self._sandbox = sandbox

    def corrected(self, birth_date: str, sex: str, invented: list[Individual]) -> list[Individual]:
        """``invented`` without those that are corrected, with those whose correction fits."""
        columns = correction_table.c
        numbers = [person.ins.matricule for person in invented]
        rows = self._rows(
            or_(
                columns.origin.in_(numbers),
                (columns.birth_date == birth_date) & (columns.sex == sex),
            )
        )
        hidden = {row["origin"] for row in rows}
        return [
            *(
                _from_row(row)
                for row in rows
                if row["birth_date"] == birth_date and row["sex"] == sex
            ),
            *(person for person in invented if person.ins.matricule not in hidden),
        ]

    def find(self, matricule: str) -> Individual | None:
        """The person who has this number in force."""
        columns = correction_table.c
        rows = self._rows(or_(columns.matricule == matricule, columns.origin == matricule))
        for row in rows:
            if row["matricule"] == matricule:
                return _from_row(row)
        if rows:
            return None  # the number was replaced
        found = self._world.by_matricule(matricule)
        is_in_force = found is not None and found.ins.matricule == matricule
        return _individual(found) if found and is_in_force else None

    def is_taken(self, wanted: str | None, matricule: str) -> bool:
        """Whether ``wanted`` is in force for somebody else than the holder of ``matricule``."""
        return wanted not in (None, matricule) and self.find(str(wanted)) is not None

    def correct(self, matricule: str, correction: Correction) -> Individual | None:
        """Change a person; None when nobody has this number in force."""
        person = self.find(matricule)
        if person is None:
            return None
        changed = _apply(person, correction)
        origin = self._origin(matricule)
        self._forget(origin)
        self._connection.execute(insert(correction_table).values(self._row(origin, changed)))
        return changed

    def restore(self, matricule: str) -> bool:
        """Take a person's correction back; false when there is none."""
        return self._forget(self._origin(matricule)) > 0

    def _origin(self, matricule: str) -> str:
        rows = self._rows(correction_table.c.matricule == matricule)
        return str(rows[0]["origin"]) if rows else matricule

    def _forget(self, origin: str) -> int:
        columns = correction_table.c
        query = delete(correction_table).where(
            columns.sandbox == self._sandbox, columns.origin == origin
        )
        return self._connection.execute(query).rowcount

    def _rows(self, condition: Any) -> list[RowMapping]:
        query = select(correction_table).where(
            correction_table.c.sandbox == self._sandbox, condition
        )
        return list(self._connection.execute(query.order_by("origin")).mappings())

    def _row(self, origin: str, person: Individual) -> dict[str, Any]:
        return {
            "sandbox": self._sandbox,
            "origin": origin,
            "matricule": person.ins.matricule,
            "oid": person.ins.oid,
            "birth_name": person.traits.birth_name,
            "first_names": list(person.traits.first_names),
            "sex": person.traits.sex,
            "birth_date": person.traits.birth_date,
            "birth_place": person.traits.birth_place,
            "history": [[past.matricule, past.oid, *_dates(past)] for past in person.history],
        }


def _individual(patient: Patient) -> Individual:
    return Individual(patient.ins, patient.traits, patient.history)


def _dates(past: Ins) -> tuple[str, str]:
    return (past.valid_from, past.valid_until) if isinstance(past, PastIns) else ("", "")


def _from_row(row: Mapping[Any, Any]) -> Individual:
    return Individual(
        ins=Ins(row["matricule"], row["oid"]),
        traits=IdentityTraits(
            birth_name=row["birth_name"],
            first_names=tuple(row["first_names"]),
            sex=row["sex"],
            birth_date=row["birth_date"],
            birth_place=row["birth_place"],
        ),
        history=tuple(PastIns(*past) for past in row["history"]),
    )


def _apply(person: Individual, correction: Correction) -> Individual:
    given = correction.given()
    ins = Ins(given.pop("matricule", person.ins.matricule), given.pop("oid", person.ins.oid))
    history = person.history if ins == person.ins else (person.ins, *person.history)
    return replace(person, ins=ins, traits=replace(person.traits, **given), history=history)
