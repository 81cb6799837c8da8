"""Kit, engines: how a service reaches its database, SQLite or PostgreSQL, and how it fails.

What means "not now" (busy, full, gone) is raised as Unavailable, whatever the driver calls it.
Not here: transactions (database).
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, is_dataclass
from typing import Any

import orjson
from sqlalchemy import Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.engine import Connection

from kit.settings import Settings
from kit.turn import Unavailable

CONNECT_SECONDS = 5
BEGIN_WITH = "banc_begin_with"  # execution option
CHECKPOINT_PAGES = 4000  # of 4 kB: an index page changed by many exchanges is copied back once
IDLE_MS = 120_000  # an exchange that forgot its transaction: above the longest injected delay
_NOT_NOW = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN",
            "SQLITE_READONLY", "SQLITE_PROTOCOL")  # fmt: skip


def open_engine(settings: Settings, service: str) -> Engine:
    """The engine of one service in one process."""
    return _postgresql(settings, service) if settings.database_url else _sqlite(settings, service)


def _sqlite(settings: Settings, service: str) -> Engine:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{settings.data_dir / service}.sqlite",
        connect_args={"timeout": settings.database_wait_seconds, "check_same_thread": False},
        json_serializer=write_json,
        pool_size=settings.threads + 2,
        max_overflow=settings.threads + 2,
        pool_timeout=settings.database_wait_seconds,
    )
    _tune(engine, settings.sqlite_synchronous)
    # A deferred transaction that reads first and writes later can meet SQLITE_BUSY at once.
    _begin_immediate(engine)
    event.listen(engine, "handle_error", _translate_sqlite)
    return engine


def _postgresql(settings: Settings, service: str) -> Engine:
    """Each service has its schema; a process holds one connection a thread and two to spare."""
    url = make_url(settings.database_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    wait_ms = settings.database_wait_seconds * 1000
    options = {
        "search_path": f'"{service}"',  # a name with a hyphen or a capital
        "lock_timeout": wait_ms,
        "idle_in_transaction_session_timeout": IDLE_MS,
    }
    engine = create_engine(
        url,
        connect_args={
            "options": " ".join(f"-c{name}={value}" for name, value in options.items()),
            "connect_timeout": CONNECT_SECONDS,
            "autocommit": True,  # the driver must not begin by itself
        },
        json_serializer=write_json,
        pool_size=settings.threads + 2,
        max_overflow=0,
        pool_timeout=settings.database_wait_seconds,
    )
    _begin_as_told(engine, "BEGIN")
    event.listen(engine, "handle_error", _translate_postgresql)
    return engine


_EMPTY: dict[type, str] = {list: "[]", tuple: "[]", dict: "{}"}


def write_json(value: Any) -> str:
    """JSON of a value or a dataclass; most lists of a line of the journal are empty."""
    if not value and type(value) in _EMPTY:
        return _EMPTY[type(value)]
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # half of a surrogate pair, a number above 64 bits
        return json.dumps(value, default=_fields)


def _fields(value: Any) -> dict[str, Any]:
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} cannot be kept as JSON")
    return asdict(value)


def _tune(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")


def _begin_as_told(engine: Engine, usual: str) -> None:
    """Begin a transaction with the statements its user chose, in one round trip."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(BEGIN_WITH, usual))


def _begin_immediate(engine: Engine) -> None:
    """As ``_begin_as_told``, past SQLAlchemy: no file is ever disconnected, and it is quicker."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(connection.get_execution_options().get(BEGIN_WITH, "BEGIN IMMEDIATE"))
        except sqlite3.Error as error:
            raise not_now(error) or error from None
        finally:
            cursor.close()


def not_now(error: BaseException | None) -> Unavailable | None:
    """What an error of SQLite means when it may pass."""
    is_passing = getattr(error, "sqlite_errorname", "").startswith(_NOT_NOW)
    return Unavailable(str(error)) if is_passing else None


def _translate_sqlite(context: ExceptionContext) -> None:
    if unavailable := not_now(context.original_exception):
        raise unavailable from context.original_exception


def _translate_postgresql(context: ExceptionContext) -> None:
    from psycopg import OperationalError  # only who uses PostgreSQL pays for loading it

    error = context.original_exception
    if context.is_disconnect or isinstance(error, OperationalError):
        # Classes 08, 40, 53, 55 and 57 of SQLSTATE: gone, deadlock, full, locked, stopping.
        raise Unavailable(str(error).partition("\n")[0]) from error
