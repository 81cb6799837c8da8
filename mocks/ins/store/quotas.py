"""INS mock, store, quotas: how many calls a software made in a minute.

Not here: how many it may make.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from kit.database import DEFAULT_SANDBOX
from mocks.ins.store.tables import quota_table


def count_call(connection: Connection, idam: str, minute: str) -> int:
    """Count one call; how many that makes. Older minutes of the software are forgotten."""
    columns = quota_table.c
    own = (columns.sandbox == DEFAULT_SANDBOX) & (columns.idam == idam[:200])
    query = select(columns.calls).where(own, columns.minute == minute).with_for_update()
    calls: int | None = connection.execute(query).scalar_one_or_none()
    if calls is not None:
        changed = update(quota_table).where(own, columns.minute == minute)
        connection.execute(changed.values(calls=calls + 1))
        return calls + 1
    connection.execute(delete(quota_table).where(own))
    row = {"sandbox": DEFAULT_SANDBOX, "idam": idam[:200], "minute": minute, "calls": 1}
    connection.execute(insert(quota_table).values(row))
    return 1
