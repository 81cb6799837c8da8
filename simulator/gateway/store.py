"""Simulator, gateway, store: the outbox: messages taken, what is to be done with each, consents.

A message, its tasks and its acknowledgement are committed with the journal line, before the
acknowledgement leaves. Not here: rules, sending.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    UniqueConstraint,
    and_,
    func,
    insert,
    select,
    update,
)

from kit.database import DEFAULT_SANDBOX, Database, UtcDateTime
from kit.identity import Ins

metadata = MetaData()

message_table = Table(
    "message",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("sandbox", String(64), nullable=False),
    Column("application", String(200), nullable=False),
    Column("facility", String(200), nullable=False),
    Column("control_id", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("accepted_at", UtcDateTime, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    UniqueConstraint("sandbox", "application", "facility", "control_id"),
)

task_table = Table(
    "task",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sandbox", String(64), nullable=False),
    Column("message_key", String(32), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("target", String(300), nullable=False),
    Column("chain", String(400), nullable=False, index=True),
    Column("state", String(16), nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("code", String(120), nullable=False),
    Column("text", String(1000), nullable=False),
    Column("reference", String(300), nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

consent_table = Table(
    "consent",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("matricule", String(32), primary_key=True),
    Column("oid", String(64), primary_key=True),
    Column("is_opposed", Boolean, nullable=False),
)


class Kind(StrEnum):
    """What a task does."""

    FEED = "feed"  # a document into the DMP
    DELETE = "delete"  # a document out of the DMP
    MAIL = "mail"  # the documents to a mailbox
    ZAM = "zam"  # an acknowledgement to the creator


class State(StrEnum):
    """Where a task is. AWAITED: the mail is gone, what became of it is not known yet."""

    WAITING = "waiting"
    AWAITED = "awaited"
    DONE = "done"
    REFUSED = "refused"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Held:
    """A message taken. key: its own, random; digest: of its octets."""

    key: str
    application: str
    facility: str
    control_id: str
    digest: str
    accepted_at: datetime
    content: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task to be done. chain: those of one chain are done one after the other."""

    kind: Kind
    target: str
    chain: str
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the outbox holds it. target: rank of a document, an address, a trigger."""

    id: int
    message_key: str
    kind: Kind
    target: str
    chain: str
    state: State
    tries: int
    due_at: datetime
    code: str
    text: str
    reference: str
    content: bytes

    @property
    def is_over(self) -> bool:
        return self.state is not State.WAITING

    def as_dict(self) -> dict[str, str | int]:
        """A flat form for JSON, without the content."""
        return {
            "id": self.id,
            "message": self.message_key,
            "kind": self.kind.value,
            "target": self.target,
            "state": self.state.value,
            "tries": self.tries,
            "due_at": self.due_at.isoformat(),
            "code": self.code,
            "text": self.text,
            "reference": self.reference,
        }


class Outbox:
    """The outbox of one sandbox."""

    def __init__(self, database: Database, sandbox: str = DEFAULT_SANDBOX) -> None:
        self._database = database
        self._sandbox = sandbox

    def known(self, application: str, facility: str, control_id: str) -> Held | None:
        """The message taken under these identifiers."""
        columns = message_table.c
        query = select(message_table).where(
            columns.sandbox == self._sandbox,
            columns.application == application,
            columns.facility == facility,
            columns.control_id == control_id,
        )
        return self._held(query)

    def message(self, key: str) -> Held | None:
        """The message of a task."""
        columns = message_table.c
        return self._held(
            select(message_table).where(columns.key == key, columns.sandbox == self._sandbox)
        )

    def keep(self, held: Held, wanted: Iterable[Wanted], due_at: datetime) -> None:
        """Take a message with its tasks."""
        row = {
            "key": held.key,
            "sandbox": self._sandbox,
            "application": held.application,
            "facility": held.facility,
            "control_id": held.control_id,
            "digest": held.digest,
            "accepted_at": held.accepted_at,
            "content": zlib.compress(held.content, 1),
            "answer": held.answer,
        }
        with self._database.transaction() as connection:
            connection.execute(insert(message_table), row)
        self.add(held.key, wanted, due_at)

    def add(self, message_key: str, wanted: Iterable[Wanted], due_at: datetime) -> None:
        """Add tasks of a message."""
        rows = [
            {
                "sandbox": self._sandbox,
                "message_key": message_key,
                "kind": item.kind.value,
                "target": item.target,
                "chain": item.chain,
                "state": State.WAITING.value,
                "tries": 0,
                "due_at": due_at,
                "code": "",
                "text": "",
                "reference": "",
                "content": item.content,
            }
            for item in wanted
        ]
        if rows:
            with self._database.transaction() as connection:
                connection.execute(insert(task_table), rows)

    def due(self, now: datetime, limit: int) -> list[Task]:
        """Tasks to be done now: the first that waits in each chain, when its time has come."""
        columns = task_table.c
        waits = and_(columns.sandbox == self._sandbox, columns.state == State.WAITING.value)
        heads = select(func.min(columns.id)).where(waits).group_by(columns.chain)
        query = select(task_table).where(columns.id.in_(heads), columns.due_at <= now)
        return self._tasks(query.order_by(columns.id).limit(limit))

    def begin(self, task: Task) -> None:
        """Note a try before anything leaves: after a crash one knows that it may have."""
        query = update(task_table).where(task_table.c.id == task.id)
        with self._database.transaction() as connection:
            connection.execute(query.values(tries=task.tries + 1))

    def settle(self, task: Task, state: State, *, code: str, text: str, reference: str) -> None:
        """What became of a task."""
        told = {"code": code[:120], "text": text[:1000], "reference": reference[:300]}
        query = update(task_table).where(task_table.c.id == task.id)
        with self._database.transaction() as connection:
            connection.execute(query.values(state=state.value, **told))

    def postpone(self, task: Task, due_at: datetime, *, code: str, text: str) -> None:
        """A task failed for now."""
        query = update(task_table).where(task_table.c.id == task.id)
        with self._database.transaction() as connection:
            connection.execute(query.values(due_at=due_at, code=code[:120], text=text[:1000]))

    def tasks_of(self, message_key: str) -> list[Task]:
        """Every task of a message, in order."""
        columns = task_table.c
        query = select(task_table).where(
            columns.sandbox == self._sandbox, columns.message_key == message_key
        )
        return self._tasks(query.order_by(columns.id))

    def tasks(self, limit: int) -> list[Task]:
        """The newest tasks."""
        query = select(task_table).where(task_table.c.sandbox == self._sandbox)
        return self._tasks(query.order_by(task_table.c.id.desc()).limit(limit))

    def mails(self, limit: int) -> list[Task]:
        """Mails that left, the newest first: a receipt may come for them."""
        columns = task_table.c
        query = select(task_table).where(
            columns.sandbox == self._sandbox,
            columns.kind == Kind.MAIL.value,
            columns.reference != "",
        )
        return self._tasks(query.order_by(columns.id.desc()).limit(limit))

    def by_reference(self, reference: str, target: str) -> Task | None:
        """The mail with that Message-ID to that address."""
        columns = task_table.c
        query = select(task_table).where(
            columns.sandbox == self._sandbox,
            columns.reference == reference,
            columns.target == target,
        )
        return next(iter(self._tasks(query)), None)

    def note_consent(self, ins: Ins, *, is_opposed: bool) -> None:
        """What a patient said of feeding."""
        columns = consent_table.c
        where = and_(
            columns.sandbox == self._sandbox,
            columns.matricule == ins.matricule,
            columns.oid == ins.oid,
        )
        row = {"sandbox": self._sandbox, "matricule": ins.matricule, "oid": ins.oid}
        with self._database.transaction() as connection:
            connection.execute(consent_table.delete().where(where))
            connection.execute(insert(consent_table), row | {"is_opposed": is_opposed})

    def is_opposed(self, ins: Ins) -> bool:
        """Whether a patient is known to be opposed to feeding."""
        columns = consent_table.c
        query = select(columns.is_opposed).where(
            columns.sandbox == self._sandbox,
            columns.matricule == ins.matricule,
            columns.oid == ins.oid,
        )
        with self._database.reading() as connection:
            return bool(connection.execute(query).scalar())

    def _held(self, query: object) -> Held | None:
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()  # type: ignore[call-overload]
        if row is None:
            return None
        values = {name: row[name] for name in Held.__dataclass_fields__}
        return Held(**values | {"content": zlib.decompress(row["content"])})

    def _tasks(self, query: object) -> list[Task]:
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()  # type: ignore[call-overload]
        return [_task(row) for row in rows]


def _task(row: RowMapping) -> Task:
    values = {name: row[name] for name in Task.__dataclass_fields__}
    return Task(**values | {"kind": Kind(row["kind"]), "state": State(row["state"])})
