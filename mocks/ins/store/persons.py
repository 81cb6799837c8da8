"""INS mock, store, persons: what the control channel changes of a person.

A correction (number or traits) is a row, and hides the person it corrects; so does a merge. Not
here: searches (``base``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.engine import Connection, RowMapping

from kit.database import DEFAULT_SANDBOX
from kit.identity import IdentityTraits, Ins, PastIns
from kit.world import Patient, World
from mocks.ins.messages import AS_HELD, Correction, Individual, Shape
from mocks.ins.store.tables import correction_table, merge_table, shape_table


class Persons:
    """The persons of one sandbox, inside one transaction."""

    def __init__(
        self, connection: Connection, world: World, sandbox: str = DEFAULT_SANDBOX
    ) -> None:
        self._connection = connection
        self._world = world
        self._sandbox = sandbox
        self.has_changed = False

    def find(self, matricule: str) -> Individual | None:
        """The person who has this number in force."""
        columns = correction_table.c
        rows = self._rows(or_(columns.matricule == matricule, columns.origin == matricule))
        for row in rows:
            if row["matricule"] == matricule:
                return from_row(row)
        if rows or self._is_merged(matricule):
            return None  # the number was replaced
        found = self._world.by_matricule(matricule)
        is_in_force = found is not None and found.ins.matricule == matricule
        return individual(found) if found and is_in_force else None

    def is_taken(self, wanted: str | None, matricule: str) -> bool:
        """Whether ``wanted`` is in force for somebody else than the holder of ``matricule``."""
        return wanted not in (None, matricule) and self.find(str(wanted)) is not None

    def correct(self, matricule: str, correction: Correction) -> Individual | None:
        """Change a person; None when nobody has this number in force."""
        person = self.find(matricule)
        if person is None:
            return None
        return self._keep(self._origin(matricule), _apply(person, correction))

    def merge(self, matricule: str, into: str) -> Individual | None:
        """Two identities are one person: ``into`` remains, with the other's numbers as past ones.

        None when one of them has no number in force, or both are the same.
        """
        absorbed, kept = self.find(matricule), self.find(into)
        if absorbed is None or kept is None or matricule == into:
            return None
        origin, remaining = self._origin(matricule), self._origin(into)
        past = (*kept.history, absorbed.ins, *absorbed.history)
        self._forget(origin)
        row = {"sandbox": self._sandbox, "origin": origin, "into": remaining}
        self._connection.execute(insert(merge_table).values(row))
        return self._keep(remaining, replace(kept, history=past))

    def restore(self, matricule: str) -> bool:
        """Take a person's correction back, and the merges into them; false when there is none."""
        origin = self._origin(matricule)
        columns = merge_table.c
        self._connection.execute(
            delete(merge_table).where(columns.sandbox == self._sandbox, columns.into == origin)
        )
        return self._forget(origin) > 0

    def give_shape(self, matricule: str, shape: Shape) -> None:
        """Answer the holder of this number so from now on."""
        columns = shape_table.c
        self._connection.execute(
            delete(shape_table).where(
                columns.sandbox == self._sandbox, columns.matricule == matricule
            )
        )
        if shape != AS_HELD:
            row = {"sandbox": self._sandbox, "matricule": matricule, **asdict(shape)}
            self._connection.execute(insert(shape_table).values(row))
        self.has_changed = True

    def _keep(self, origin: str, person: Individual) -> Individual:
        self._forget(origin)
        self._connection.execute(insert(correction_table).values(self._row(origin, person)))
        return person

    def _is_merged(self, matricule: str) -> bool:
        columns = merge_table.c
        query = select(columns.into).where(
            columns.sandbox == self._sandbox, columns.origin == matricule
        )
        return self._connection.execute(query).first() is not None

    def _origin(self, matricule: str) -> str:
        rows = self._rows(correction_table.c.matricule == matricule)
        return str(rows[0]["origin"]) if rows else matricule

    def _forget(self, origin: str) -> int:
        columns = correction_table.c
        query = delete(correction_table).where(
            columns.sandbox == self._sandbox, columns.origin == origin
        )
        self.has_changed = True
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


def individual(patient: Patient) -> Individual:
    """A person of the country, as an answer tells them."""
    return Individual(patient.ins, patient.traits, patient.history)


def _dates(past: Ins) -> tuple[str, str]:
    return (past.valid_from, past.valid_until) if isinstance(past, PastIns) else ("", "")


def from_row(row: Mapping[Any, Any]) -> Individual:
    """A corrected person."""
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
