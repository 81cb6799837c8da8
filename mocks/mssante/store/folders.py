"""MSSanté mock, store: the folders of a box and their messages, as IMAP reads and changes them.

A folder's ``change`` grows with each delivery, flag change and expunge, whichever process does it:
a session that saw 41 asks for what is above 41. Not here: sequence numbers (``imap.selected``).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import Connection

from kit.clock import Clock
from kit.database import DEFAULT_SANDBOX, Database
from mocks.mssante.store.boxes import INSERT_MESSAGE, new_folder, remove_messages, take_uid
from mocks.mssante.store.tables import (
    CHUNK,
    INBOX,
    content_table,
    folder_table,
    message_table,
    upsert,
)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it is at one moment."""

    id: int
    address: str
    name: str
    uid_validity: int
    next_uid: int
    recent_from: int
    change: int
    subscribed: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What a session knows of a message."""

    uid: int
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message without its body: what listings and searches need."""

    uid: int
    flags: frozenset[str]
    internal_at: datetime
    size_bytes: int
    header: bytes
    envelope: bytes
    structure: bytes


class FolderStore:
    """The folders of one mailbox."""

    def __init__(
        self, database: Database, clock: Clock, address: str, sandbox: str = DEFAULT_SANDBOX
    ) -> None:
        self._database = database
        self._clock = clock
        self._sandbox = sandbox
        self.address = address

    def folders(self) -> list[Folder]:
        """Every folder in order of name; a box always has its INBOX."""
        query = select(folder_table).where(self._mine()).order_by(folder_table.c.name)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings()
            return [_folder(row) for row in rows]

    def find(self, name: str) -> Folder | None:
        """A folder by its name, if it has a row."""
        query = select(folder_table).where(self._mine(), folder_table.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return _folder(row) if row else None

    def open(self, name: str, *, take_recent: bool = False) -> Folder | None:
        """A folder to read; INBOX begins at its first use.

        take_recent: this session alone is told which messages are new (``recent_from``).
        """
        found = self.find(name)
        if found is None and name == INBOX:
            self.create(INBOX)
            found = self.find(INBOX)
        if found is None or not take_recent or found.recent_from == found.next_uid:
            return found
        query = update(folder_table).where(folder_table.c.id == found.id)
        with self._database.transaction() as connection:
            connection.execute(query.values(recent_from=folder_table.c.next_uid))
        return found

    def create(self, name: str) -> bool:
        """Create a folder; false when it exists."""
        with self._database.transaction() as connection:
            query = upsert(connection.dialect.name, folder_table).values(
                **new_folder(self._sandbox, (self.address, name), self._clock.wall())
            )
            query = query.on_conflict_do_nothing().returning(folder_table.c.id)
            return connection.execute(query).first() is not None

    def delete(self, name: str) -> bool:
        """Delete a folder and its messages; false when there is none."""
        with self._database.transaction() as connection:
            found = self._id(connection, name)
            if found is None:
                return False
            remove_messages(connection, message_table.c.folder_id == found)
            connection.execute(delete(folder_table).where(folder_table.c.id == found))
            return True

    def rename(self, name: str, new_name: str) -> bool:
        """Give a folder another name; false when there is none, or the name is taken."""
        with self._database.transaction() as connection:
            found = self._id(connection, name)
            if found is None or self._id(connection, new_name) is not None:
                return False
            query = update(folder_table).where(folder_table.c.id == found)
            connection.execute(query.values(name=new_name))
            return True

    def subscribe(self, name: str, *, wanted: bool) -> bool:
        """Note whether LSUB lists the folder; false when there is none."""
        query = update(folder_table).where(self._mine(), folder_table.c.name == name)
        with self._database.transaction() as connection:
            return bool(connection.execute(query.values(subscribed=int(wanted))).rowcount)

    def seen(self, folder: Folder, *, above: int = -1) -> tuple[list[Seen], int, int]:
        """Messages whose change is above the given one, how many there are, the change now.

        The three are of one moment.
        """
        table = message_table.c
        mine = table.folder_id == folder.id
        fresh = select(table.uid, table.flags).where(mine, table.change > above)
        with self._database.reading() as connection:
            state = select(folder_table.c.change).where(folder_table.c.id == folder.id)
            change = connection.execute(state).scalar()
            if change is None:  # the folder was deleted
                return [], 0, above
            if change == above:
                return [], -1, change
            count = connection.execute(select(func.count()).where(mine)).scalar_one()
            rows = connection.execute(fresh.order_by(table.uid)).all()
        return [Seen(row[0], _flags(row[1])) for row in rows], int(count), int(change)

    def uids(self, folder: Folder) -> list[int]:
        """The UIDs of a folder, ascending."""
        query = select(message_table.c.uid).where(message_table.c.folder_id == folder.id)
        with self._database.reading() as connection:
            return list(connection.execute(query.order_by(message_table.c.uid)).scalars())

    def messages(self, folder: Folder, uids: Sequence[int]) -> Iterator[StoredMessage]:
        """The messages with these UIDs, ascending, without their bodies."""
        content = content_table.c
        columns = (content.size_bytes, content.header, content.envelope, content.structure)
        for chunk in _chunks(uids):
            query = _joined(folder, chunk, columns)
            with self._database.reading() as connection:
                rows = connection.execute(query).all()
            yield from (_stored(row) for row in rows)

    def raw(self, folder: Folder, uid: int) -> bytes | None:
        """The bytes of a message, as they were submitted."""
        query = _joined(folder, [uid], (content_table.c.raw,))
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return zlib.decompress(row[3]) if row else None

    def change_flags(
        self, folder: Folder, uids: Sequence[int], mode: str, flags: frozenset[str]
    ) -> list[Seen]:
        """Set (``=``), add (``+``) or remove (``-``) flags; what each has now."""
        table, changed = message_table, []
        with self._database.transaction() as connection:
            change = self._touch(connection, folder)
            for chunk in _chunks(uids):
                mine = (table.c.folder_id == folder.id) & table.c.uid.in_(chunk)
                rows = connection.execute(select(table.c.uid, table.c.flags).where(mine)).all()
                for uid, kept in sorted((row[0], row[1]) for row in rows):
                    now = _applied(_flags(kept), mode, flags)
                    changed.append(Seen(uid, now))
                    one = (table.c.folder_id == folder.id) & (table.c.uid == uid)
                    values = {"flags": " ".join(sorted(now)), "change": change}
                    connection.execute(update(table).where(one).values(**values))
        return changed

    def expunge(self, folder: Folder) -> int:
        """Remove the messages that are \\Deleted; how many."""
        table = message_table.c
        mine = (table.folder_id == folder.id) & table.flags.contains("\\Deleted", autoescape=True)
        with self._database.transaction() as connection:
            removed = remove_messages(connection, mine)
            if removed:
                self._touch(connection, folder)
            return removed

    def copy(self, folder: Folder, uids: Sequence[int], name: str) -> bool:
        """Copy messages into another folder; false when there is none of that name."""
        table = message_table.c
        columns = (table.content_id, table.flags, table.internal_at)
        began = self._clock.wall()
        with self._database.transaction() as connection:
            if self._id(connection, name) is None:
                return False
            mine = (table.folder_id == folder.id) & table.uid.in_(uids)
            for row in connection.execute(select(*columns).where(mine).order_by(table.uid)).all():
                taken = take_uid(connection, self._sandbox, (self.address, name), began_at=began)
                values = {"content_id": row[0], "flags": row[1], "internal_at": row[2]}
                values |= {key: taken[key] for key in ("uid", "change")}
                values |= {"folder_id": taken["id"], "sandbox": self._sandbox}
                connection.execute(INSERT_MESSAGE, values)
            return True

    def unseen(self, folder: Folder) -> int:
        """How many messages are not \\Seen."""
        table = message_table.c
        query = select(func.count()).where(
            table.folder_id == folder.id, ~table.flags.contains("\\Seen", autoescape=True)
        )
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def count(self, folder: Folder) -> int:
        """How many messages there are."""
        query = select(func.count()).where(message_table.c.folder_id == folder.id)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def _touch(self, connection: Connection, folder: Folder) -> int:
        query = update(folder_table).where(folder_table.c.id == folder.id)
        query = query.values(change=folder_table.c.change + 1)
        return int(connection.execute(query.returning(folder_table.c.change)).scalar_one())

    def _id(self, connection: Connection, name: str) -> int | None:
        query = select(folder_table.c.id).where(self._mine(), folder_table.c.name == name)
        return connection.execute(query).scalar()

    def _mine(self) -> Any:
        return (folder_table.c.sandbox == self._sandbox) & (folder_table.c.address == self.address)


def changes(database: Database, folders: Sequence[int]) -> Mapping[int, int]:
    """The change of each folder, by its id: the cheap question that wakes IDLE."""
    found: dict[int, int] = {}
    for chunk in _chunks(folders):
        query = select(folder_table.c.id, folder_table.c.change)
        with database.reading() as connection:
            rows = connection.execute(query.where(folder_table.c.id.in_(chunk))).all()
        found |= {row[0]: row[1] for row in rows}
    return found


def _joined(folder: Folder, uids: Sequence[int], columns: tuple[Any, ...]) -> Any:
    message = message_table.c
    return (
        select(message.uid, message.flags, message.internal_at, *columns)
        .join(content_table, content_table.c.id == message.content_id)
        .where(message.folder_id == folder.id, message.uid.in_(uids))
        .order_by(message.uid)
    )


def _stored(row: Sequence[Any]) -> StoredMessage:
    return StoredMessage(row[0], _flags(row[1]), row[2], row[3], row[4], row[5], row[6])


def _folder(row: Mapping[Any, Any]) -> Folder:
    values = {name: row[name] for name in Folder.__dataclass_fields__}
    return Folder(**values | {"subscribed": bool(row["subscribed"])})


def _flags(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _applied(kept: frozenset[str], mode: str, flags: frozenset[str]) -> frozenset[str]:
    if mode == "+":
        return kept | flags
    return kept - flags if mode == "-" else flags


def _chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
