"""DMP mock, store: the documents of a sandbox inside a transaction, asked and changed.

It takes and gives the objects of ``kit.xds`` and of ``messages``. Not here: the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from kit.database import DEFAULT_SANDBOX, Database
from kit.rules import Refusal, Refused
from kit.statements import Insert, Question
from kit.uuids import name_based
from kit.xds import vocabulary
from kit.xds.metadata import (
    SIGNATURE_TYPE_CODE,
    Association,
    DocumentEntry,
    SubmissionSet,
)
from mocks.dmp import errors
from mocks.dmp.messages.query import (
    ENTRY_UUID,
    FIND_BY_REFERENCE,
    FIND_DOCUMENTS,
    FIND_SUBMISSION_SETS,
    GET_ASSOCIATIONS,
    GET_DOCUMENTS,
    GET_DOCUMENTS_AND_ASSOCIATIONS,
    LOGICAL_ID,
    LOT_FROM,
    LOT_STATUS,
    LOT_TO,
    OBJECTS,
    STATUS,
    UNIQUE_ID,
    StoredQuery,
)
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot
from mocks.dmp.messages.update import Update
from mocks.dmp.store.building import build
from mocks.dmp.store.matching import lot_meets, meets
from mocks.dmp.store.records import Records
from mocks.dmp.store.registering import (
    entry_row,
    given_uuid,
    names_of,
    registered,
    registered_link,
    registered_lot,
)
from mocks.dmp.store.tables import (
    association_table,
    entry_table,
    lot_table,
)
from mocks.dmp.store.versions import Versions

# Built once: every exchange runs them.
_TABLES = (association_table, entry_table, lot_table)
_INSERTS = {table: Insert(table) for table in _TABLES}
_HASH, _LOT = (
    Question(
        select(column).where(
            column.table.c.sandbox == bindparam("sandbox"),
            column.table.c.unique_id == bindparam("unique_id"),
        )
    )
    for column in (entry_table.c.hash, lot_table.c.entry_uuid)
)


class Store:
    """The repository and registry of the mock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def open(self, sandbox: str = DEFAULT_SANDBOX) -> Iterator[Documents]:
        """The documents of one sandbox, in one transaction; kept when the ``with`` ends."""
        with self._database.transaction() as connection:
            yield Documents(connection, sandbox)


class Documents:
    """The documents of one sandbox, inside a transaction."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox
        self.records = Records(connection, sandbox)
        self.versions = Versions(connection, sandbox)
        self._hashes: dict[tuple[str, ...], dict[str, str]] = {}  # until something is registered

    # What rules ask.

    def hashes_of(self, unique_ids: Iterable[str]) -> dict[str, str]:
        """The hashes of registered documents, by uniqueId; those never used are left out."""
        asked = tuple(unique_ids)
        if asked not in self._hashes:
            found = {unique_id: self._one(_HASH, unique_id) for unique_id in asked}
            self._hashes[asked] = {name: row["hash"] for name, row in found.items() if row}
        return self._hashes[asked]

    def has_lot(self, unique_id: str) -> bool:
        """Whether a lot with this uniqueId was registered."""
        return self._one(_LOT, unique_id) is not None

    def entry(self, entry_uuid: str) -> DocumentEntry | None:
        """The entry with this entryUUID."""
        return next(self._entries(entry_table.c.entry_uuid == entry_uuid), None)

    def entry_of(self, unique_id: str) -> DocumentEntry | None:
        """The entry of the document with this uniqueId."""
        return next(self._entries(entry_table.c.unique_id == unique_id), None)

    def lot(self, entry_uuid: str) -> SubmissionSet | None:
        """The lot with this entryUUID."""
        query = select(lot_table.c.metadata).where(lot_table.c.entry_uuid == entry_uuid)
        kept = self._scalar(lot_table, query)
        return registered_lot(entry_uuid, kept) if kept else None

    def imputed_to(self, entry_uuid: str) -> str:
        """The structure that sent a document (Struct_IdNat), "" when there is no such entry."""
        query = (
            select(lot_table.c.structure)
            .join(entry_table, entry_table.c.lot_uuid == lot_table.c.entry_uuid)
            .where(entry_table.c.entry_uuid == entry_uuid)
            .where(entry_table.c.sandbox == self._sandbox)
        )
        return str(self._scalar(lot_table, query) or "")

    # What routes do.

    def register(self, lot: ProvidedLot, *, structure: str, at: datetime) -> None:
        """Keep a lot: its entries get their entryUUID, what it replaces becomes Deprecated.

        Raises Refused when a unique constraint is the last to notice a duplicate.
        """
        self._hashes.clear()
        names = names_of(lot)
        with _last_guard():
            self._insert_lot(lot.submission.lot, structure=structure, at=at)
            self._insert_documents(lot.everything, names)
            self._insert_associations(lot.submission.lot, lot.submission.associations, names)
        for link in lot.submission.of_kind(vocabulary.RPLC):
            self.set_status(link.target, vocabulary.DEPRECATED)

    def change(
        self, changes: Update, *, structure: str, at: datetime, renews: bool = False
    ) -> None:
        """Apply an update: metadata sent again give a new version, a status if it ``renews``."""
        lot = changes.lot
        names = {lot.entry_uuid: given_uuid(lot, lot.entry_uuid)}
        names |= {entry.entry_uuid: given_uuid(lot, entry.entry_uuid) for entry in changes.entries}
        with _last_guard():
            self._insert_lot(lot, structure=structure, at=at)
            self._insert_associations(lot, changes.associations, names)
        for entry in changes.entries:
            codes = entry.confidentiality_codes
            self._revise(entry.entry_uuid, names[entry.entry_uuid], at, confidentiality_codes=codes)
        for change in changes.changes:  # after: a former version keeps the status it had
            if renews and change.entry_uuid not in names:
                names[change.entry_uuid] = given_uuid(lot, change.entry_uuid)
                self._revise(change.entry_uuid, names[change.entry_uuid], at)
            self.set_status(names.get(change.entry_uuid, change.entry_uuid), change.new)

    def show_or_hide(self, entry: DocumentEntry, key: str, at: datetime) -> None:
        """A new version of an entry with other confidentiality codes; the patient's own doing."""
        new = f"urn:uuid:{name_based(NAMESPACE_OID, f'{entry.entry_uuid}/{key}')}"
        self._revise(entry.entry_uuid, new, at, confidentiality_codes=entry.confidentiality_codes)

    def find(self, query: StoredQuery, matricules: Iterable[str]) -> list[DocumentEntry]:
        """The entries that meet a query, oldest registration first."""
        columns = entry_table.c
        own = columns.matricule.in_(list(matricules))
        if query.query_id in (GET_DOCUMENTS, GET_DOCUMENTS_AND_ASSOCIATIONS):
            by_uid = columns.unique_id.in_(query.values(UNIQUE_ID))
            by_uuid = columns.entry_uuid.in_(query.values(ENTRY_UUID))
            by_lid = columns.unique_id.in_(self.versions.unique_ids_of(query.values(LOGICAL_ID)))
            return list(self._entries(own, or_(by_uid, by_uuid, by_lid)))
        if query.query_id not in (FIND_DOCUMENTS, FIND_BY_REFERENCE):
            return []
        found = self._entries(
            own,
            columns.status.in_(query.values(STATUS)),
            columns.type_code != SIGNATURE_TYPE_CODE,  # no answer shows them: not worth reading
        )
        return [entry for entry in found if meets(query, entry)]

    def find_lots(self, query: StoredQuery, matricules: Iterable[str]) -> list[SubmissionSet]:
        """The lots that meet FindSubmissionSets, by submission time."""
        if query.query_id != FIND_SUBMISSION_SETS:
            return []
        columns = lot_table.c
        asked = (
            select(columns.entry_uuid, columns.metadata)
            .where(columns.sandbox == self._sandbox)
            .where(columns.matricule.in_(list(matricules)))
            .order_by(columns.submission_time, columns.entry_uuid)
        )
        if vocabulary.APPROVED not in query.values(LOT_STATUS):
            return []
        if since := query.one(LOT_FROM):
            asked = asked.where(columns.submission_time >= since.ljust(14, "0"))
        if until := query.one(LOT_TO):
            asked = asked.where(columns.submission_time < until.ljust(14, "0"))
        rows = self._connection.execute(asked)
        found = (registered_lot(row.entry_uuid, row.metadata) for row in rows)
        return [lot for lot in found if lot_meets(query, lot)]

    def links(self, query: StoredQuery, matricules: Iterable[str]) -> list[Association]:
        """The associations a query asks for, within a patient's record."""
        ends = query.values(OBJECTS if query.query_id == GET_ASSOCIATIONS else ENTRY_UUID)
        if query.query_id == GET_DOCUMENTS_AND_ASSOCIATIONS:
            ends += tuple(entry.entry_uuid for entry in self.find(query, matricules))
        elif query.query_id != GET_ASSOCIATIONS:
            return []
        columns = association_table.c
        asked = (
            select(columns.metadata)
            .where(columns.sandbox == self._sandbox)
            .where(columns.matricule.in_(list(matricules)))
            .where(or_(columns.source.in_(ends), columns.target.in_(ends)))
            .order_by(columns.seq)
        )
        return [build(Association, kept) for kept in self._connection.execute(asked).scalars()]

    def content(self, unique_id: str) -> bytes | None:
        """The bytes of a document, as they were received."""
        query = select(entry_table.c.bytes).where(entry_table.c.unique_id == unique_id)
        found: bytes | None = self._scalar(entry_table, query)
        return found

    # Rows.

    def _one(self, question: Question, unique_id: str) -> dict[str, Any] | None:
        return question.first(self._connection, sandbox=self._sandbox, unique_id=unique_id)

    def _scalar(self, table: Table, query: Select[Any]) -> Any:
        limited = query.where(table.c.sandbox == self._sandbox).limit(1)
        return self._connection.execute(limited).scalar()

    def _entries(self, *conditions: ColumnElement[bool]) -> Iterator[DocumentEntry]:
        query = (
            select(entry_table.c.metadata, entry_table.c.status)
            .where(entry_table.c.sandbox == self._sandbox, *conditions)
            .order_by(entry_table.c.seq)
        )
        for kept, status in self._connection.execute(query):
            yield replace(build(DocumentEntry, kept), availability_status=status)

    def _insert(self, table: Table, rows: Iterable[dict[str, Any]]) -> None:
        sandbox = {"sandbox": self._sandbox}
        _INSERTS[table].run(self._connection, (row | sandbox for row in rows))

    def _insert_lot(self, lot: SubmissionSet, *, structure: str, at: datetime) -> None:
        row = {
            "entry_uuid": given_uuid(lot, lot.entry_uuid),
            "unique_id": lot.unique_id,
            "matricule": lot.patient_id.matricule if lot.patient_id else "",
            "structure": structure,
            "submission_time": lot.submission_time[:14].ljust(14, "0"),
            "registered_at": at,
            "metadata": lot,
        }
        self._insert(lot_table, [row])

    def _insert_documents(
        self, items: Sequence[ProvidedDocument], names: Mapping[str, str]
    ) -> None:
        entries = [registered(item, names[item.entry.entry_uuid]) for item in items]
        rows = (
            entry_row(entry, names[""], item.content or b"")
            for entry, item in zip(entries, items, strict=True)
        )
        self._insert(entry_table, rows)

    def _insert_associations(
        self, lot: SubmissionSet, links: Iterable[Association], names: Mapping[str, str]
    ) -> None:
        matricule = lot.patient_id.matricule if lot.patient_id else ""
        named = (registered_link(lot, link, names) for link in links)
        rows = (
            {
                "matricule": matricule,
                "kind": link.kind,
                "source": link.source,
                "target": link.target,
                "metadata": link,
            }
            for link in named
        )
        self._insert(association_table, rows)

    def _revise(self, entry_uuid: str, new_uuid: str, at: datetime, **changes: Any) -> None:
        """A new version of an entry: another entryUUID, the same logicalId."""
        current = self.entry(entry_uuid)
        assert current is not None
        version = (current.version or 1) + 1
        made = replace(current, entry_uuid=new_uuid, version=version, **changes)
        self.versions.keep(current, new_uuid, at)
        self._connection.execute(
            update(entry_table)
            .where(entry_table.c.sandbox == self._sandbox)
            .where(entry_table.c.entry_uuid == entry_uuid)
            .values(entry_uuid=new_uuid, metadata=made)
        )

    def set_status(self, entry_uuid: str, status: str) -> None:
        """The status of an entry from now on."""
        self._connection.execute(
            update(entry_table)
            .where(entry_table.c.sandbox == self._sandbox)
            .where(entry_table.c.entry_uuid == entry_uuid)
            .values(status=status)
        )


@contextmanager
def _last_guard() -> Iterator[None]:
    """A unique constraint that breaks is answered as the refusal of its rule."""
    try:
        yield
    except IntegrityError as error:
        refusal = Refusal(
            errors.DUPLICATE_UNIQUE_ID,
            rule="a_unique_id_is_used_once",
            source=errors.DUPLICATE_UNIQUE_ID.source,
            seen=str(error.orig)[:200],
            home="mocks.dmp.rules",
        )
        raise Refused([refusal]) from error
