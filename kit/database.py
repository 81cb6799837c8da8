"""Kit, database: one engine a service, and the transaction an exchange's effect and line share.

SQLite (WAL) by default, PostgreSQL when ``database_url`` names one: each service then has its
schema. Not here: any table; stores and the journal declare theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.engine import Connection

from kit.settings import Settings

DEFAULT_SANDBOX = "default"
BUSY_SECONDS = 30


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


class Scope:
    """The transaction of one exchange: opened at its first use, closed by the journal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection, in a transaction."""
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.begin()
        return self._connection

    def discard(self) -> None:
        """Undo what the exchange has done so far."""
        self.close()

    def commit(self) -> None:
        """Make effect and journal line durable together."""
        self.connection.commit()
        self.close()

    def close(self) -> None:
        """Give the connection back; what is not committed is undone."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Database:
    """The database of one service in one process."""

    def __init__(self, settings: Settings, service: str) -> None:
        self.service = service
        self._settings = settings
        self._scope: ContextVar[Scope | None] = ContextVar(f"scope-{service}", default=None)
        self.engine = _engine(settings, service)

    def create(self, *tables: MetaData) -> None:
        """Create what does not exist yet; safe when several processes start at once."""
        with self.engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(20260105)"))
                connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self.service}"'))
            for metadata in tables:
                metadata.create_all(connection)

    @contextmanager
    def scope(self) -> Iterator[Scope]:
        """The transaction that every ``transaction`` inside joins; for the journal only."""
        scope = Scope(self.engine)
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
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reads only: the running exchange's, or one that waits for no writer."""
        scope = self._scope.get()
        if scope is not None:
            yield scope.connection
            return
        with self.engine.connect() as connection:
            reader = connection.execution_options(banc_reading=True)
            with reader.begin():
                yield reader

    def empty(self, *tables: MetaData) -> None:
        """Delete every row of ``tables``."""
        with self.engine.begin() as connection:
            for metadata in tables:
                for table in reversed(metadata.sorted_tables):
                    connection.execute(table.delete())

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _engine(settings: Settings, service: str) -> Engine:
    if settings.database_url:
        return _postgresql(settings, service)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{settings.data_dir / service}.sqlite",
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=settings.threads + 2,
        max_overflow=settings.threads + 2,
    )
    _tune_sqlite(engine, settings.sqlite_synchronous)
    return engine


def _postgresql(settings: Settings, service: str) -> Engine:
    url = make_url(settings.database_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(
        url,
        connect_args={"options": f"-csearch_path={service}"},
        pool_size=settings.threads + 2,
        pool_pre_ping=True,
    )


def _tune_sqlite(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that reads first and writes later can meet SQLITE_BUSY at once.
        reads = connection.get_execution_options().get("banc_reading", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
