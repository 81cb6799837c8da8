"""Kit, database: one database a service, and the transaction an exchange's effect and line share.

SQLite (WAL) by default, PostgreSQL when ``database_url`` names one: each service then has its
schema. Not here: drivers and their tuning (engines), any table; stores and the journal declare
theirs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Delete,
    Dialect,
    MetaData,
    String,
    Table,
    TypeDecorator,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit.engines import BEGIN_WITH, open_engine
from kit.settings import Settings
from kit.turn import Turn, Unavailable

__all__ = ["DEFAULT_SANDBOX", "Database", "OtherRelease", "Scope", "Unavailable", "UtcDateTime"]

DEFAULT_SANDBOX = "default"
SCHEMA_LOCK = 20260105
SETTLE_MS = 2000


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC. SQLite keeps it as sortable text, PostgreSQL as timestamptz."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return found.astimezone(UTC)


class OtherRelease(Exception):
    """The database has tables of another release; the text is one clear line for the user."""


class Scope:
    """The transaction of one exchange: opened at its first use, closed by the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = ExitStack()
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection, in a transaction. Raises Unavailable."""
        if self._connection is None:
            self._connection = self._open.enter_context(self._database.writing())
        return self._connection

    def commit(self) -> None:
        """Make effect and journal line durable together."""
        self.connection.commit()
        self.close()

    def close(self) -> None:
        """Give connection and turn back; what is not committed is undone."""
        self._connection = None
        self._open.close()


class Database:
    """The database of one service in one process."""

    def __init__(self, settings: Settings, service: str) -> None:
        self.service = service
        self._scope: ContextVar[Scope | None] = ContextVar(f"scope-{service}", default=None)
        self.engine = open_engine(settings, service)
        self.is_shared = self.engine.dialect.name == "postgresql"  # many may write at once
        lock = settings.data_dir / f"{service}.sqlite-turn"
        self._turn = None if self.is_shared else Turn(lock, settings.database_wait_seconds)
        self._writer: Connection | None = None  # of who has the turn
        self._writer_of = 0  # the process that opened it

    def create(self, *tables: MetaData) -> None:
        """Create what does not exist yet; safe when several processes start at once."""
        with self._committing() as connection:
            if self.is_shared:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"))
                connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self.service}"'))
            for metadata in tables:
                metadata.create_all(connection)
                self._check_columns(connection, metadata)

    def _check_columns(self, connection: Connection, metadata: MetaData) -> None:
        """Tables are never changed in place: those of another release are told, not guessed at."""
        found = inspect(connection)
        for table in metadata.sorted_tables:
            kept = {column["name"] for column in found.get_columns(table.name)}
            if kept != set(table.columns.keys()):
                raise OtherRelease(
                    f"{self.engine.url.render_as_string()} was written by another release of Banc "
                    f"(its table {table.name} has other columns): choose another BANC_DATA_DIR or "
                    "BANC_DATABASE_URL, or delete it and lose what it holds"
                )

    @contextmanager
    def scope(self) -> Iterator[Scope]:
        """The transaction that every ``transaction`` inside joins; for the journal only."""
        scope = Scope(self)
        mark = self._scope.set(scope)
        try:
            yield scope
        finally:
            self._scope.reset(mark)
            scope.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: the running exchange's, or one that commits here."""
        scope = self._scope.get()
        if scope is not None:
            yield scope.connection
            return
        with self._committing() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reads only: the running exchange's, or one that waits for no writer."""
        scope = self._scope.get()
        if scope is not None:
            yield scope.connection
            return
        with self._connected() as found:
            reader = found.execution_options(**{BEGIN_WITH: "BEGIN"})
            with reader.begin():
                yield reader

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """A connection in a transaction that is undone unless the caller commits it.

        alone: after every exchange under way; SQLite has one writer at a time anyhow.
        """
        if self._turn is None:
            begin = _BEGIN_ALONE if alone else _BEGIN_WITH_OTHERS
            with self._connected() as found:
                connection = found.execution_options(**{BEGIN_WITH: begin})
                connection.begin()
                yield connection
            return
        self._turn.take()
        try:
            connection = self._only_writer()
            connection.begin()
            yield connection
        finally:
            try:
                self._end_writing()
            finally:
                self._turn.give()

    def _only_writer(self) -> Connection:
        """The connection of whoever has the turn: kept open, as a pool costs more than it gives."""
        if self._writer is None or self._writer_of != os.getpid():  # a fork leaves it to its parent
            self._writer, self._writer_of = self._connect(), os.getpid()
        return self._writer

    def _end_writing(self) -> None:
        """Undo what was not committed; a connection that cannot is closed, another one opened."""
        if self._writer is None:
            return
        try:
            _undo(self._writer)
        except BaseException:
            self._writer.invalidate()
            self._writer = None
            raise

    @contextmanager
    def _committing(self) -> Iterator[Connection]:
        with self.writing() as connection:
            yield connection
            connection.commit()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._connect() as connection:
            yield connection

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except PoolTimeout as error:
            raise Unavailable("every connection is in use") from error

    def order(self, connection: Connection) -> None:
        """Announce that ``connection`` numbers a line now: ``settled`` waits for its end."""
        if self.is_shared:
            connection.execute(_ANNOUNCE_LINE)

    def settled(self, number: Column[int]) -> int | None:
        """The number up to which no line can appear any more; None: nothing appears late.

        PostgreSQL numbers a row before it is visible. Writers share a lock from before the number
        until they commit; who asks takes it alone for an instant. Raises Unavailable when a
        writer keeps it.
        """
        if not self.is_shared:
            return None
        with self._connected() as connection, connection.begin():
            connection.execute(_WAIT_BRIEFLY)
            connection.execute(_WAIT_FOR_LINES)
            return connection.execute(select(func.coalesce(func.max(number), 0))).scalar_one()

    def empty(self, *tables: MetaData, sandbox: str | None = None) -> None:
        """Delete every row of ``tables``, or every row of one sandbox."""
        every = [table for metadata in tables for table in reversed(metadata.sorted_tables)]
        with self.writing(alone=True) as connection:  # no exchange loses half of its rows
            for table in every:
                connection.execute(_delete(table, sandbox))
            connection.commit()

    def close(self) -> None:
        """Close every connection; nobody must be writing."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self.engine.dispose()
        if self._turn is not None:
            self._turn.close()


_WRITERS, _LINES = "hashtext(current_schema()), 1", "hashtext(current_schema()), 2"
_BEGIN_WITH_OTHERS = f"BEGIN; SELECT pg_advisory_xact_lock_shared({_WRITERS})"
_BEGIN_ALONE = f"BEGIN; SELECT pg_advisory_xact_lock({_WRITERS})"
_ANNOUNCE_LINE = text(f"SELECT pg_advisory_xact_lock_shared({_LINES})")
_WAIT_FOR_LINES = text(f"SELECT pg_advisory_xact_lock({_LINES})")
_WAIT_BRIEFLY = text(f"SET LOCAL lock_timeout = {SETTLE_MS}")


def _undo(connection: Connection) -> None:
    """End any transaction. After a commit that failed SQLite is in one that SQLAlchemy forgot."""
    connection.rollback()
    driver: Any = connection.connection.dbapi_connection
    if driver.in_transaction:
        driver.rollback()


def _delete(table: Table, sandbox: str | None) -> Delete:
    query = table.delete()
    return query if sandbox is None else query.where(table.c.sandbox == sandbox)
