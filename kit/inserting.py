"""Kit, inserting: rows put into a table by a statement that is compiled once.

An exchange inserts half a dozen rows; SQLAlchemy's own way to the driver costs as much as reading
the message. Not here: the tables, the transaction (database).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Table, insert
from sqlalchemy.engine import Connection

_Bind = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The statement of one dialect, and what makes each value what its driver takes."""

    text: str
    binds: Mapping[str, _Bind | None]
    is_positional: bool

    def bound(self, row: Mapping[str, Any]) -> Any:
        """A row as the driver takes it."""
        values = [bind(row[name]) if bind else row[name] for name, bind in self.binds.items()]
        return tuple(values) if self.is_positional else dict(zip(self.binds, values, strict=True))


class Insert:
    """An INSERT of whole rows: every column but those the database numbers."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert ``rows``; their errors are those of any other statement."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        compiled = self._compiled[dialect.name]
        given = [compiled.bound(row) for row in rows]
        if given:
            connection.exec_driver_sql(compiled.text, given)

    def _compile(self, dialect: Dialect) -> _Compiled:
        columns = [item for item in self._table.columns if item.autoincrement is not True]
        names = [item.name for item in columns]
        made = insert(self._table).inline().compile(dialect=dialect, column_keys=names)
        binds = {item.name: item.type.dialect_impl(dialect).bind_processor(dialect)
                 for item in columns}  # fmt: skip
        return _Compiled(str(made), binds, dialect.positional)
