"""INS mock, store, batches: lots of identities under check (WS_INS4 and WS_INS5).

A lot is kept with what was asked; its results are kept from the first fetch that finds it ready,
so that every later fetch tells the same. Not here: whether an identity agrees.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from kit.database import DEFAULT_SANDBOX
from kit.identity import Ins
from mocks.ins.messages import CheckRequest, SearchRequest
from mocks.ins.store.tables import batch_table


@dataclass(frozen=True, slots=True)
class Batch:
    """A lot: what was asked, from when it is ready, and its codes once they are known."""

    id: str
    ready_at: datetime
    requests: tuple[CheckRequest, ...]
    codes: tuple[str, ...] | None = None


class Batches:
    """The lots of one sandbox, inside one transaction."""

    def __init__(self, connection: Connection, sandbox: str = DEFAULT_SANDBOX) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def deposit(self, owner: str, ready_at: datetime, requests: Sequence[CheckRequest]) -> str:
        """Keep a lot; its identifier."""
        lot = secrets.token_hex(16)
        row = {
            "sandbox": self._sandbox,
            "id": lot,
            "owner": owner[:200],
            "ready_at": ready_at,
            "requests": [asdict(request) for request in requests],
        }
        self._connection.execute(insert(batch_table).values(row))
        return lot

    def find(self, owner: str, lot: str) -> Batch | None:
        """The lot of this owner; None when it is somebody else's."""
        columns = batch_table.c
        query = select(batch_table).where(
            columns.sandbox == self._sandbox, columns.id == lot[:36], columns.owner == owner[:200]
        )
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return None
        codes = None if row["codes"] is None else tuple(row["codes"])
        return Batch(row["id"], row["ready_at"], tuple(map(_request, row["requests"])), codes)

    def settle(self, lot: str, codes: Sequence[str]) -> None:
        """Keep the results of a lot."""
        columns = batch_table.c
        query = update(batch_table).where(columns.sandbox == self._sandbox, columns.id == lot)
        self._connection.execute(query.values(codes=list(codes)))


def _request(kept: dict[str, Any]) -> CheckRequest:
    traits = kept["traits"] | {"first_names": tuple(kept["traits"]["first_names"])}
    return CheckRequest(
        Ins(**kept["ins"]), SearchRequest(**traits), kept["has_list"], kept["reference"]
    )
