"""MSSanté mock, store: mailboxes that were created, and delivery of mails into boxes.

Not here: reading and changing what lies in a box (``folders``).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.engine import Connection

from kit.clock import Clock
from kit.database import DEFAULT_SANDBOX, Database
from mocks.mssante.messages.mailboxes import Mailbox, MailboxKind
from mocks.mssante.messages.mime import Part
from mocks.mssante.messages.structure import write_envelope, write_structure
from mocks.mssante.store.tables import (
    CHUNK,
    INBOX,
    content_table,
    folder_table,
    mailbox_table,
    message_table,
    upsert,
)

COMPRESSION = 1
INSERT_MESSAGE = insert(message_table)

_INSERT_CONTENT = insert(content_table).returning(content_table.c.id)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a mail was put."""

    address: str
    folder: str
    uid: int
    uid_validity: int


class MailStore:
    """The mailboxes of one sandbox and what is delivered into them."""

    def __init__(self, database: Database, clock: Clock, sandbox: str = DEFAULT_SANDBOX) -> None:
        self._database = database
        self._clock = clock
        self._sandbox = sandbox

    def mailbox(self, address: str) -> Mailbox | None:
        """A created mailbox."""
        query = select(mailbox_table).where(
            mailbox_table.c.sandbox == self._sandbox, mailbox_table.c.address == address
        )
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return _mailbox(row) if row else None

    def mailboxes(self) -> list[Mailbox]:
        """Every created mailbox, in order of address."""
        query = select(mailbox_table).where(mailbox_table.c.sandbox == self._sandbox)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(mailbox_table.c.address)).mappings()
            return [_mailbox(row) for row in rows]

    def register(self, mailbox: Mailbox) -> bool:
        """Create a mailbox; false when the address is taken."""
        values = {name: value for name, value in mailbox.as_dict().items() if name != "matricule"}
        with self._database.transaction() as connection:
            query = (
                upsert(connection.dialect.name, mailbox_table)
                .values(sandbox=self._sandbox, **values)
                .on_conflict_do_nothing()
                .returning(mailbox_table.c.id)
            )
            return connection.execute(query).first() is not None

    def remove(self, address: str) -> bool:
        """Delete a created mailbox and what lies in it."""
        gone = delete(mailbox_table).where(
            mailbox_table.c.sandbox == self._sandbox, mailbox_table.c.address == address
        )
        folders = (folder_table.c.sandbox == self._sandbox) & (folder_table.c.address == address)
        with self._database.transaction() as connection:
            if not connection.execute(gone).rowcount:
                return False
            inside = select(folder_table.c.id).where(folders)
            remove_messages(connection, message_table.c.folder_id.in_(inside))
            connection.execute(delete(folder_table).where(folders))
            return True

    def deliver(
        self,
        raw: bytes,
        part: Part,
        addresses: Iterable[str],
        *,
        trace: bytes = b"",
        folder: str = INBOX,
        flags: str = "",
        at: datetime | None = None,
    ) -> list[Delivery]:
        """Put a mail in each box; its bytes are kept once.

        part: the tree of ``raw``. trace: the fields this server puts before it. at: INTERNALDATE,
        else bench time.
        """
        wanted = sorted(set(addresses))  # one order of locks, whoever delivers
        if not wanted:
            return []
        with self._database.transaction() as connection:
            content = self._keep(connection, raw, part, trace)
            return [
                self._put(connection, content, (address, folder), at or self._clock.now(), flags)
                for address in wanted
            ]

    def _keep(self, connection: Connection, raw: bytes, part: Part, trace: bytes) -> int:
        values = {
            "sandbox": self._sandbox,
            "raw": zlib.compress(trace + raw, COMPRESSION),
            "header": trace + raw[: part.body],
            "envelope": write_envelope(part),
            "structure": write_structure(part),
            "size_bytes": len(trace) + len(raw),
        }
        return int(connection.execute(_INSERT_CONTENT, values).scalar_one())

    def _put(
        self,
        connection: Connection,
        content: int,
        place: tuple[str, str],
        at: datetime,
        flags: str,
    ) -> Delivery:
        row = take_uid(connection, self._sandbox, place, began_at=self._clock.wall())
        values = {
            "sandbox": self._sandbox,
            "folder_id": row["id"],
            "uid": row["uid"],
            "content_id": content,
            "flags": flags,
            "internal_at": at,
            "change": row["change"],
        }
        connection.execute(INSERT_MESSAGE, values)
        return Delivery(*place, uid=row["uid"], uid_validity=row["uid_validity"])

    def counts(self) -> Mapping[str, int]:
        """How many messages each box holds, empty boxes left out."""
        query = (
            select(folder_table.c.address, func.count())
            .join(message_table, message_table.c.folder_id == folder_table.c.id)
            .where(folder_table.c.sandbox == self._sandbox)
            .group_by(folder_table.c.address)
        )
        with self._database.reading() as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def new_folder(
    sandbox: str, place: tuple[str, str], began_at: datetime, **values: int
) -> dict[str, Any]:
    """The first row of a folder. began_at: real time, so that UIDVALIDITY grows after a reset."""
    start = {"next_uid": 1, "recent_from": 1, "change": 0, "subscribed": 1}
    return {
        "sandbox": sandbox,
        "address": place[0],
        "name": place[1],
        "uid_validity": int(began_at.timestamp()),
        **(start | values),
    }


def take_uid(
    connection: Connection, sandbox: str, place: tuple[str, str], *, began_at: datetime
) -> Mapping[str, int]:
    """The next UID of a folder, which begins now if it did not exist; UIDs never come twice."""
    values = new_folder(sandbox, place, began_at, next_uid=2, change=1)
    row = connection.execute(_take_uid(connection.dialect.name), values).one()
    return {"id": row[0], "uid": row[1] - 1, "uid_validity": row[2], "change": row[3]}


@cache
def _take_uid(dialect: str) -> Any:
    """The statement, built once."""
    table = folder_table
    return (
        upsert(dialect, table)
        .on_conflict_do_update(
            index_elements=["sandbox", "address", "name"],
            set_={"next_uid": table.c.next_uid + 1, "change": table.c.change + 1},
        )
        .returning(table.c.id, table.c.next_uid, table.c.uid_validity, table.c.change)
    )


def remove_messages(connection: Connection, condition: ColumnElement[bool]) -> int:
    """Delete messages, and their bytes where no other box holds them; how many messages."""
    gone = delete(message_table).where(condition).returning(message_table.c.content_id)
    contents = list(connection.execute(gone).scalars())
    held = select(message_table.c.id).where(message_table.c.content_id == content_table.c.id)
    for start in range(0, len(contents), CHUNK):
        some = content_table.c.id.in_(contents[start : start + CHUNK])
        connection.execute(delete(content_table).where(some, ~held.exists()))
    return len(contents)


def _mailbox(row: Mapping[Any, Any]) -> Mailbox:
    names = ("address", "description", "finess", "service", "rpps")
    return Mailbox(kind=MailboxKind(row["kind"]), **{name: row[name] for name in names})
