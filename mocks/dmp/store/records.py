"""DMP mock, store: what patients decided, inside a transaction: records, authorisations, accesses.

A person is known by their current matricule. Not here: documents (``documents``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, or_, select

from kit.statements import Insert, Question
from mocks.dmp.messages.habilitation import Authorization
from mocks.dmp.messages.record import Access, PatientRecord
from mocks.dmp.store.building import build
from mocks.dmp.store.tables import (
    access_table,
    authorization_table,
    entry_table,
    record_table,
)

_RIGHTS = (
    "holder", "holder_type", "mode", "role", "family", "given", "specialty", "structure",
    "started_at", "acted_at",
)  # fmt: skip


_SANDBOX: BindParameter[str] = bindparam("sandbox")
_MATRICULE: BindParameter[str] = bindparam("matricule")
# Built once: every exchange runs them.
_RECORD = Question(
    select(record_table.c.kept, record_table.c.closed_at).where(
        record_table.c.sandbox == _SANDBOX, record_table.c.matricule == _MATRICULE
    )
)
_AUTHORIZATIONS = Question(
    select(*(authorization_table.c[name] for name in _RIGHTS))
    .where(authorization_table.c.sandbox == _SANDBOX, authorization_table.c.matricule == _MATRICULE)
    .order_by(authorization_table.c.started_at, authorization_table.c.holder)
)
_NOTE = Insert(access_table)


class Records:
    """The records of one sandbox, inside a transaction."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox
        self._kept: dict[str, PatientRecord | None] = {}

    def record(self, matricule: str, at_first: PatientRecord) -> PatientRecord:
        """The record of a person; ``at_first``: what it was before anybody changed it."""
        if matricule not in self._kept:
            row = _RECORD.first(self._connection, sandbox=self._sandbox, matricule=matricule)
            self._kept[matricule] = (
                replace(build(PatientRecord, row["kept"]), closed_at=row["closed_at"])
                if row
                else None
            )
        return self._kept[matricule] or at_first

    def keep(self, matricule: str, record: PatientRecord) -> None:
        """Remember a record from now on."""
        self._kept[matricule] = record
        columns = record_table.c
        self._connection.execute(
            delete(record_table).where(
                columns.sandbox == self._sandbox, columns.matricule == matricule
            )
        )
        kept = replace(record, closed_at=None)
        row = {"matricule": matricule, "state": record.state, "kept": kept}
        self._insert(record_table, row | {"closed_at": record.closed_at})

    def authorizations(self, matricule: str) -> list[Authorization]:
        """Everything granted and refused in a record, oldest first."""
        rows = _AUTHORIZATIONS.rows(self._connection, sandbox=self._sandbox, matricule=matricule)
        return [Authorization(**row) for row in rows]

    def authorize(self, matricule: str, given: Authorization) -> None:
        """Remember one authorisation or blocking, in place of what its holder had."""
        self.withdraw(matricule, given.holder)
        row = {name: getattr(given, name) for name in _RIGHTS}
        self._insert(authorization_table, row | {"matricule": matricule})

    def withdraw(self, matricule: str, holder: str) -> bool:
        """Forget what a holder had; whether there was anything."""
        columns = authorization_table.c
        query = delete(authorization_table).where(
            columns.sandbox == self._sandbox,
            columns.matricule == matricule,
            columns.holder == holder,
        )
        return self._connection.execute(query).rowcount > 0

    def act(self, matricule: str, holders: Iterable[str], at: datetime) -> None:
        """Somebody used their authorisation."""
        columns = authorization_table.c
        self._connection.execute(
            authorization_table.update()
            .where(columns.sandbox == self._sandbox, columns.matricule == matricule)
            .where(columns.holder.in_(list(holders)))
            .values(acted_at=at)
        )

    def patients_of(
        self, holders: Iterable[str], since: datetime
    ) -> list[tuple[str, Authorization]]:
        """(matricule, authorisation) of every record a holder may open, granted since then."""
        columns = authorization_table.c
        query = select(columns.matricule, *(columns[name] for name in _RIGHTS)).where(
            columns.sandbox == self._sandbox,
            columns.started_at >= since,
            columns.holder.in_(list(holders)),
        )
        rows = self._connection.execute(query.order_by(columns.started_at)).mappings()
        return [(row["matricule"], Authorization(**{n: row[n] for n in _RIGHTS})) for row in rows]

    def of_structure(self, structure: str, since: datetime) -> list[tuple[str, Authorization]]:
        """(matricule, authorisation) of everybody who works in a structure, and of itself."""
        columns = authorization_table.c
        query = select(columns.matricule, *(columns[name] for name in _RIGHTS)).where(
            columns.sandbox == self._sandbox,
            columns.started_at >= since,
            or_(columns.structure == structure, columns.holder == structure),
        )
        rows = self._connection.execute(query.order_by(columns.started_at)).mappings()
        return [(row["matricule"], Authorization(**{n: row[n] for n in _RIGHTS})) for row in rows]

    def last_document_at(self, matricules: Iterable[str]) -> str:
        """The creationTime of the last document registered for a person, "" without one."""
        columns = entry_table.c
        query = (
            select(columns.metadata)
            .where(columns.sandbox == self._sandbox, columns.matricule.in_(list(matricules)))
            .order_by(columns.seq.desc())
            .limit(1)
        )
        found = self._connection.execute(query).scalar()
        return str(found["creation_time"]) if found else ""

    def note(self, matricule: str, accesses: Iterable[Access]) -> None:
        """Somebody did something in a record: the patient will see it."""
        own = {"sandbox": self._sandbox, "matricule": matricule}
        _NOTE.run(self._connection, (_told(item) | own for item in accesses))

    def accesses(self, matricule: str) -> list[Access]:
        """Who did what in a record, latest first."""
        columns = access_table.c
        query = (
            select(*(columns[name] for name in _ACCESS))
            .where(columns.sandbox == self._sandbox, columns.matricule == matricule)
            .order_by(columns.seq.desc())
        )
        return [Access(**row) for row in self._connection.execute(query).mappings()]

    def _insert(self, table: Any, row: dict[str, Any]) -> None:
        self._connection.execute(insert(table), row | {"sandbox": self._sandbox})


_ACCESS = tuple(Access.__dataclass_fields__)


def _told(access: Access) -> dict[str, Any]:
    return {name: getattr(access, name) for name in _ACCESS}
