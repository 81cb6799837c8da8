"""Kit, inserting: rows put into a table by a statement that is compiled once.

An exchange inserts half a dozen rows; SQLAlchemy's own way to the driver costs as much as reading
the message. Not here: the tables, the transaction (database).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Dialect, Table, insert
from sqlalchemy.engine import Connection

_Bind = Callable[[Any], Any]


class Insert:
    """An INSERT of whole rows: every column but those the database numbers."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._compiled: dict[str, tuple[str, bool, list[tuple[str, _Bind | None]]]] = {}

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert ``rows``; their errors are those of any other statement."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        text, is_positional, columns = self._compiled[dialect.name]
        named = (
            [(name, bind(row[name]) if bind else row[name]) for name, bind in columns]
            for row in rows
        )
        given: list[Any] = [
            tuple([value for _, value in row]) if is_positional else dict(row) for row in named
        ]
        if given:
            connection.exec_driver_sql(text, given)

    def _compile(self, dialect: Dialect) -> tuple[str, bool, list[tuple[str, _Bind | None]]]:
        columns = [item for item in self._table.columns if item.autoincrement is not True]
        names = [item.name for item in columns]
        made = insert(self._table).inline().compile(dialect=dialect, column_keys=names)
        binds: list[Any] = [(item.name, item.type.dialect_impl(dialect).bind_processor(dialect))
                 for item in columns]  # fmt: skip
        return str(made), bool(dialect.positional), binds
