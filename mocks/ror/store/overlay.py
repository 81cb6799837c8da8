"""ROR mock, store: rows of what came over the wire: one resource a row, whole, in its newest form.

Not here: the derived base (derived), searching (directory).
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, Text, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from kit.database import DEFAULT_SANDBOX, UtcDateTime
from kit.fhir import Resource

metadata = MetaData()

overlay_table = Table(
    "ror_overlay",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("resource_type", String(32), primary_key=True),
    Column("resource_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("content", Text, nullable=False),
)


@lru_cache(maxsize=4096)
def _parsed(content: str) -> Resource:
    """A stored resource. The same object is given again: nobody changes it."""
    resource: Resource = json.loads(content)
    return resource


class Overlay:
    """The rows of one sandbox, in one transaction."""

    def __init__(self, connection: Connection, sandbox: str = DEFAULT_SANDBOX) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def all(self) -> list[Resource]:
        """Every resource that was written."""
        query = select(overlay_table.c.content).where(overlay_table.c.sandbox == self._sandbox)
        return [_parsed(row.content) for row in self._connection.execute(query)]

    def claim(self, resource: Resource, at: datetime) -> Resource:
        """The newest form of ``resource``, held until the transaction ends.

        Two writers of one resource follow each other; the second sees what the first wrote.
        """
        values = self._values(resource, at)
        dialect: Any = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(overlay_table).values(**values).on_conflict_do_nothing()
        self._connection.execute(statement)
        query = select(overlay_table.c.content).where(*self._is(resource)).with_for_update()
        return _parsed(self._connection.execute(query).scalar_one())

    def write(self, resource: Resource, at: datetime) -> None:
        """Keep the new form of a claimed resource."""
        statement = update(overlay_table).where(*self._is(resource))
        self._connection.execute(statement.values(**self._values(resource, at)))

    def _is(self, resource: Resource) -> tuple[Any, ...]:
        columns = overlay_table.c
        return (
            columns.sandbox == self._sandbox,
            columns.resource_type == resource["resourceType"],
            columns.resource_id == resource["id"],
        )

    def _values(self, resource: Resource, at: datetime) -> dict[str, Any]:
        return {
            "sandbox": self._sandbox,
            "resource_type": resource["resourceType"],
            "resource_id": resource["id"],
            "version": int(resource["meta"]["versionId"]),
            "updated_at": at,
            "content": json.dumps(resource, ensure_ascii=False, separators=(",", ":")),
        }
