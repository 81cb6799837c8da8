"""DMP mock, store: the documents of a sandbox inside a transaction, asked and changed.

It takes and gives the objects of ``kit.xds`` and of ``messages``. Not here: the tables.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from kit.database import DEFAULT_SANDBOX, Database
from kit.rules import Refusal, Refused
from kit.xds import vocabulary
from kit.xds.metadata import (
    SIGNATURE_TYPE_CODE,
    Association,
    DocumentEntry,
    SubmissionSet,
)
from mocks.dmp import errors
from mocks.dmp.messages.query import ENTRY_UUID, GET_DOCUMENTS, STATUS, UNIQUE_ID, StoredQuery
from mocks.dmp.messages.retrieval import REPOSITORY_UNIQUE_ID
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot
from mocks.dmp.messages.update import Update
from mocks.dmp.store.matching import meets
from mocks.dmp.store.plain import build, plain
from mocks.dmp.store.tables import association_table, content_table, entry_table, lot_table


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

    # What rules ask.

    def hashes_of(self, unique_ids: Iterable[str]) -> dict[str, str]:
        """The hashes of registered documents, by uniqueId; those never used are left out."""
        columns = entry_table.c
        query = select(columns.unique_id, columns.hash).where(
            columns.sandbox == self._sandbox, columns.unique_id.in_(list(unique_ids))
        )
        return {row.unique_id: row.hash for row in self._connection.execute(query)}

    def has_lot(self, unique_id: str) -> bool:
        """Whether a lot with this uniqueId was registered."""
        query = select(lot_table.c.entry_uuid).where(lot_table.c.unique_id == unique_id)
        return self._scalar(lot_table, query) is not None

    def entry(self, entry_uuid: str) -> DocumentEntry | None:
        """The entry with this entryUUID."""
        return next(self._entries(entry_table.c.entry_uuid == entry_uuid), None)

    def entry_of(self, unique_id: str) -> DocumentEntry | None:
        """The entry of the document with this uniqueId."""
        return next(self._entries(entry_table.c.unique_id == unique_id), None)

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
        names = _names(lot)
        with _last_guard():
            self._insert_lot(lot.submission.lot, structure=structure, at=at)
            self._insert_documents(lot.everything, names)
            self._insert_associations(lot.submission.associations, names)
        for link in lot.submission.of_kind(vocabulary.RPLC):
            self._set_status(link.target, vocabulary.DEPRECATED)

    def change(self, changes: Update, *, structure: str, at: datetime) -> None:
        """Apply status changes; an entry keeps its entryUUID (ITI TF-3 4.2.2.2.6)."""
        names = {changes.lot.entry_uuid: _entry_uuid(changes.lot, changes.lot.entry_uuid)}
        with _last_guard():
            self._insert_lot(changes.lot, structure=structure, at=at)
            self._insert_associations(changes.associations, names)
        for change in changes.changes:
            self._set_status(change.entry_uuid, change.new)

    def find(self, query: StoredQuery, matricules: Iterable[str]) -> list[DocumentEntry]:
        """The entries that meet a query, oldest registration first."""
        columns = entry_table.c
        if query.query_id == GET_DOCUMENTS:
            by_uid = columns.unique_id.in_(query.values(UNIQUE_ID))
            by_uuid = columns.entry_uuid.in_(query.values(ENTRY_UUID))
            return list(self._entries(or_(by_uid, by_uuid)))
        found = self._entries(
            columns.matricule.in_(list(matricules)),
            columns.status.in_(query.values(STATUS)),
            columns.type_code != SIGNATURE_TYPE_CODE,  # no answer shows them: not worth reading
        )
        return [entry for entry in found if meets(query, entry)]

    def content(self, unique_id: str) -> bytes | None:
        """The bytes of a document, as they were received."""
        query = select(content_table.c.bytes).where(content_table.c.unique_id == unique_id)
        found: bytes | None = self._scalar(content_table, query)
        return found

    # Rows.

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
        made = [row | {"sandbox": self._sandbox} for row in rows]
        if made:
            self._connection.execute(insert(table), made)

    def _insert_lot(self, lot: SubmissionSet, *, structure: str, at: datetime) -> None:
        row = {
            "entry_uuid": _entry_uuid(lot, lot.entry_uuid),
            "unique_id": lot.unique_id,
            "structure": structure,
            "registered_at": at,
            "metadata": plain(lot),
        }
        self._insert(lot_table, [row])

    def _insert_documents(
        self, items: Sequence[ProvidedDocument], names: Mapping[str, str]
    ) -> None:
        entries = [_registered(item, names[item.entry.entry_uuid]) for item in items]
        self._insert(entry_table, [_entry_row(entry, names[""]) for entry in entries])
        contents = (
            {"unique_id": item.entry.unique_id, "bytes": item.content or b""} for item in items
        )
        self._insert(content_table, contents)

    def _insert_associations(self, links: Iterable[Association], names: Mapping[str, str]) -> None:
        named = (
            replace(
                link,
                source=names.get(link.source, link.source),
                target=names.get(link.target, link.target),
            )
            for link in links
        )
        rows = (
            {
                "kind": link.kind,
                "source": link.source,
                "target": link.target,
                "metadata": plain(link),
            }
            for link in named
        )
        self._insert(association_table, rows)

    def _set_status(self, entry_uuid: str, status: str) -> None:
        self._connection.execute(
            update(entry_table)
            .where(entry_table.c.sandbox == self._sandbox)
            .where(entry_table.c.entry_uuid == entry_uuid)
            .values(status=status)
        )


def _entry_uuid(lot: SubmissionSet, symbolic: str) -> str:
    """The entryUUID we give: a function of the lot, so the same run gives the same ones."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{lot.unique_id}/{symbolic}')}"


def _names(lot: ProvidedLot) -> dict[str, str]:
    """Symbolic ids of a lot -> entryUUIDs; the empty name is the lot's own."""
    sent = lot.submission.lot
    symbolic = [sent.entry_uuid, *(item.entry.entry_uuid for item in lot.everything)]
    names = {name: _entry_uuid(sent, name) for name in symbolic}
    return names | {"": names[sent.entry_uuid]}


def _registered(item: ProvidedDocument, entry_uuid: str) -> DocumentEntry:
    """The entry with what the repository and the registry add to it."""
    return replace(
        item.entry,
        entry_uuid=entry_uuid,
        logical_id=entry_uuid,
        version=1,
        is_opaque=False,
        hash=item.hash,
        size_bytes=item.size_bytes,
        repository_unique_id=REPOSITORY_UNIQUE_ID,
        availability_status=vocabulary.APPROVED,
    )


def _entry_row(entry: DocumentEntry, lot_uuid: str) -> dict[str, Any]:
    return {
        "entry_uuid": entry.entry_uuid,
        "unique_id": entry.unique_id,
        "lot_uuid": lot_uuid,
        "matricule": entry.patient_id.matricule if entry.patient_id else "",
        "status": entry.availability_status,
        "type_code": entry.type_code.code if entry.type_code else "",
        "hash": entry.hash,
        "metadata": plain(entry),
    }


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
        )
        raise Refused([refusal]) from error
