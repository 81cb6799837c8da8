"""Kit, statements: what every exchange asks and writes, compiled once.

An exchange runs a dozen statements; SQLAlchemy's own way to the driver costs more than reading the
message. To SQLite they go by its driver, elsewhere by SQLAlchemy, which notices lost connections.
Not here: the tables, the transaction (database), errors that may pass (engines).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Select, Table, insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from kit.engines import not_now

_Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement of one dialect, and what makes each value what its driver takes."""

    text: str
    binds: tuple[tuple[str, _Change | None], ...]

    def bound(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """A row as the driver of SQLite takes it."""
        return tuple([bind(row[name]) if bind else row[name] for name, bind in self.binds])


class Insert:
    """An INSERT of whole rows: every column but those the database numbers."""

    def __init__(self, table: Table) -> None:
        self._columns = [item for item in table.columns if item.autoincrement is not True]
        self._statement = insert(table).inline()
        self._compiled: _Compiled | None = None

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert ``rows``; their errors are those of any other statement."""
        if not _is_sqlite(connection):
            if given := list(rows):
                connection.execute(self._statement, given)
            return
        compiled = self._compiled or self._compile(connection.dialect)
        bound = [compiled.bound(row) for row in rows]
        driver = _driver(connection)
        try:
            driver.executemany(compiled.text, bound)
        except sqlite3.Error as error:
            raise _translated(error, connection, compiled.text) from error

    def _compile(self, dialect: Dialect) -> _Compiled:
        names = [item.name for item in self._columns]
        text = str(self._statement.compile(dialect=dialect, column_keys=names))
        binds = tuple((item.name, _bind(item.type, dialect)) for item in self._columns)
        self._compiled = _Compiled(text, binds)
        return self._compiled


class Question:
    """A SELECT with named parameters."""

    def __init__(self, query: Select[Any]) -> None:
        self._query = query
        self._names = tuple(item.name for item in query.selected_columns)
        self._compiled: _Compiled | None = None
        self._reads: tuple[tuple[int, _Change], ...] = ()

    def rows(self, connection: Connection, **given: Any) -> list[dict[str, Any]]:
        """Each row found, by column; ``given``: the value of every parameter."""
        return [dict(zip(self._names, row, strict=True)) for row in self._run(connection, given)]

    def first(self, connection: Connection, **given: Any) -> dict[str, Any] | None:
        """The first row, or None."""
        return next(iter(self.rows(connection, **given)), None)

    def _run(self, connection: Connection, given: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
        if not _is_sqlite(connection):
            return connection.execute(self._query, given)
        compiled = self._compiled or self._compile(connection.dialect)
        driver = _driver(connection)
        try:
            found = driver.execute(compiled.text, compiled.bound(given)).fetchall()
        except sqlite3.Error as error:
            raise _translated(error, connection, compiled.text) from error
        return [self._read(row) for row in found] if self._reads else found

    def _read(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, read in self._reads:
            values[index] = read(values[index])
        return values

    def _compile(self, dialect: Dialect) -> _Compiled:
        made: Any = self._query.compile(dialect=dialect)
        binds = ((name, _bind(made.binds[name].type, dialect)) for name in made.positiontup)
        types = (item.type.dialect_impl(dialect) for item in self._query.selected_columns)
        reads = (item.result_processor(dialect, None) for item in types)
        self._reads = tuple((index, read) for index, read in enumerate(reads) if read)
        self._compiled = _Compiled(str(made), tuple(binds))
        return self._compiled


def _bind(kind: Any, dialect: Dialect) -> _Change | None:
    found: _Change | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: Any = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _translated(error: sqlite3.Error, connection: Connection, text: str) -> BaseException:
    """An error of the driver as SQLAlchemy would raise it, or Unavailable."""
    dialect = connection.dialect
    return not_now(error) or DBAPIError.instance(text, None, error, sqlite3.Error, dialect=dialect)
