"""DMP mock, store: the versions of entries, inside a transaction.

Metadata sent again give a document another entryUUID; its logicalId and uniqueId stay. A former
version is Deprecated and changes no more. Not here: the current ones (``documents``).
Source: ITI TF-2 3.57 (versions, association propagation).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, insert, or_, select

from kit.uuids import name_based
from kit.xds import vocabulary
from kit.xds.metadata import Association, DocumentEntry
from mocks.dmp.messages.query import (
    ENTRY_UUID,
    FIND_DOCUMENTS,
    GET_DOCUMENTS,
    GET_DOCUMENTS_AND_ASSOCIATIONS,
    LOGICAL_ID,
    STATUS,
    UNIQUE_ID,
    StoredQuery,
)
from mocks.dmp.store.building import build
from mocks.dmp.store.matching import meets
from mocks.dmp.store.tables import (
    association_table,
    change_table,
    entry_table,
    lot_table,
    version_table,
)

# A new version takes these over; that it is a member of a lot, the lot says.
PROPAGATED = (vocabulary.RPLC, vocabulary.APND, vocabulary.XFRM, vocabulary.SIGNS)
_ENDS = (association_table.c.source, association_table.c.target)
# As the indexes of the ends have it, written out: a planner need not see what is bound.
_NO_MEMBERSHIP = association_table.c.kind != bindparam(
    "membership", vocabulary.HAS_MEMBER, literal_execute=True
)

_PROVENANCE = (
    select(lot_table.c.structure, lot_table.c.registered_at, change_table.c.changed_at)
    .join(
        entry_table,
        and_(
            entry_table.c.lot_uuid == lot_table.c.entry_uuid,
            entry_table.c.sandbox == lot_table.c.sandbox,
        ),
    )
    .outerjoin(
        change_table,
        and_(
            change_table.c.sandbox == lot_table.c.sandbox,
            change_table.c.entry_uuid == bindparam("entry_uuid"),
        ),
    )
    .where(
        entry_table.c.sandbox == bindparam("sandbox"),
        entry_table.c.unique_id == bindparam("unique_id"),
    )
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The structure that sent a document (Struct_IdNat), and when a version of it came."""

    structure: str
    at: datetime


class Versions:
    """The former versions of one sandbox, inside a transaction."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def keep(self, entry: DocumentEntry, successor: str, at: datetime) -> None:
        """Remember an entry before it changes; its associations start or end at both from now."""
        row = {
            "sandbox": self._sandbox,
            "entry_uuid": entry.entry_uuid,
            "unique_id": entry.unique_id,
            "metadata": entry,
        }
        self._connection.execute(insert(version_table), row)
        change = {"sandbox": self._sandbox, "entry_uuid": successor, "changed_at": at}
        self._connection.execute(insert(change_table), change)
        self._propagate(entry.entry_uuid, successor)

    def of(self, unique_id: str) -> list[DocumentEntry]:
        """The former versions of a document as they were, oldest first."""
        columns = version_table.c
        asked = select(columns.metadata).where(
            columns.sandbox == self._sandbox, columns.unique_id == unique_id
        )
        found = [build(DocumentEntry, kept) for kept in self._connection.execute(asked).scalars()]
        return sorted(found, key=lambda entry: entry.version or 1)

    def unique_id_of(self, entry_uuid: str) -> str:
        """The document of a former version, by its entryUUID; "" when there is none."""
        columns = version_table.c
        asked = select(columns.unique_id).where(
            columns.sandbox == self._sandbox, columns.entry_uuid == entry_uuid
        )
        return str(self._connection.execute(asked).scalar() or "")

    def provenance(self, entry: DocumentEntry) -> Provenance:
        """Who sent a document, and when this version of it came."""
        given = {
            "sandbox": self._sandbox,
            "unique_id": entry.unique_id,
            "entry_uuid": entry.entry_uuid,
        }
        row = self._connection.execute(_PROVENANCE, given).one()
        return Provenance(row.structure, row.changed_at or row.registered_at)

    def find(self, query: StoredQuery, matricules: Iterable[str]) -> list[DocumentEntry]:
        """The former versions a query asks for, oldest first.

        By their own entryUUID always; by uniqueId, logicalId or status with $MetadataLevel 2.
        """
        wanted = self._wanted(query)
        if wanted is None:
            return []
        columns = version_table.c
        asked = (
            select(columns.metadata)
            .join(entry_table, entry_table.c.unique_id == columns.unique_id)
            .where(entry_table.c.sandbox == self._sandbox, columns.sandbox == self._sandbox)
            .where(entry_table.c.matricule.in_(list(matricules)), wanted)
        )
        rows = self._connection.execute(asked).scalars()
        found = [
            replace(build(DocumentEntry, kept), availability_status=vocabulary.DEPRECATED)
            for kept in rows
        ]
        if query.query_id == FIND_DOCUMENTS:
            found = [entry for entry in found if meets(query, entry)]
        return sorted(found, key=lambda entry: (entry.unique_id, entry.version or 1))

    def _wanted(self, query: StoredQuery) -> ColumnElement[bool] | None:
        columns = version_table.c
        if query.query_id == FIND_DOCUMENTS:
            asks = query.asks_versions and vocabulary.DEPRECATED in query.values(STATUS)
            return entry_table.c.unique_id == columns.unique_id if asks else None
        if query.query_id not in (GET_DOCUMENTS, GET_DOCUMENTS_AND_ASSOCIATIONS):
            return None
        own = columns.entry_uuid.in_(query.values(ENTRY_UUID))
        if not query.asks_versions:
            return own
        named = columns.unique_id.in_(
            [*query.values(UNIQUE_ID), *self.unique_ids_of(query.values(LOGICAL_ID))]
        )
        return or_(own, named)

    def unique_ids_of(self, logical_ids: Iterable[str]) -> list[str]:
        """The uniqueIds of documents by their logicalId: the entryUUID of the first version."""
        asked = list(logical_ids)
        found = []
        for table in (version_table, entry_table) if asked else ():
            query = select(table.c.unique_id, table.c.metadata).where(
                table.c.sandbox == self._sandbox, table.c.entry_uuid.in_(asked)
            )
            rows = self._connection.execute(query)
            found += [row.unique_id for row in rows if row.metadata["logical_id"] in asked]
        return found

    def _propagate(self, former: str, successor: str) -> None:
        found = {row.seq: row for end in _ENDS for row in self._linked(end, former)}
        rows = [
            self._row(row.matricule, build(Association, row.metadata), former, successor)
            for _, row in sorted(found.items())
        ]
        if rows:
            self._connection.execute(insert(association_table), rows)

    def _linked(self, end: ColumnElement[str], entry_uuid: str) -> Iterable[Row[Any]]:
        """The associations to take over that start or end at an entry."""
        columns = association_table.c
        return self._connection.execute(
            select(columns.seq, columns.matricule, columns.metadata)
            .where(columns.sandbox == self._sandbox, end == entry_uuid)
            .where(_NO_MEMBERSHIP, columns.kind.in_(PROPAGATED))
        )

    def _row(
        self, matricule: str, link: Association, former: str, successor: str
    ) -> dict[str, Any]:
        source = successor if link.source == former else link.source
        target = successor if link.target == former else link.target
        name = f"urn:uuid:{name_based(NAMESPACE_OID, f'{link.entry_uuid}/{successor}')}"
        taken = replace(link, entry_uuid=name, source=source, target=target)
        return {
            "sandbox": self._sandbox,
            "matricule": matricule,
            "kind": link.kind,
            "source": source,
            "target": target,
            "metadata": taken,
        }
