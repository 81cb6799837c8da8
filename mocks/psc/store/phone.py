"""Pro Santé Connect mock, store: the requests that wait on a phone, and its switch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from mocks.psc.messages.ciba import WAITING, PhoneRequest
from mocks.psc.store.sessions import KEPT, session_columns, session_of
from mocks.psc.store.tables import digest, phone_table, session_table, switch_table

MAX_SHOWN = 100


class Phone:
    """The phones of one sandbox."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def ask(self, auth_req_id: str, request: PhoneRequest) -> None:
        """A request reaches the phone; its session is open already."""
        columns = phone_table.c
        old = (columns.sandbox == self._sandbox, columns.expires_at < request.expires_at - KEPT)
        self._connection.execute(delete(phone_table).where(*old))
        self._connection.execute(
            insert(phone_table).values(
                sandbox=self._sandbox,
                digest=digest(auth_req_id),
                id=request.id,
                session_id=request.session.id,
                binding_message=request.binding_message,
                expires_at=request.expires_at,
                interval=request.interval,
                state=request.state,
            )
        )

    def asked(self, auth_req_id: str) -> PhoneRequest | None:
        """The request that a client polls, held until the transaction ends."""
        found = self._find(phone_table.c.digest == digest(auth_req_id))
        return found[0] if found else None

    def request(self, request_id: str) -> PhoneRequest | None:
        """The request that the phone shows, held until the transaction ends."""
        found = self._find(phone_table.c.id == request_id)
        return found[0] if found else None

    def waiting(self, now: datetime, national_id: str = "") -> tuple[PhoneRequest, ...]:
        """What waits on the phone of a professional, or on any; the oldest first."""
        wanted = [phone_table.c.state == WAITING, phone_table.c.expires_at > now]
        if national_id:
            wanted.append(session_table.c.national_id == national_id)
        return self._find(*wanted, holds=False)

    def answer(self, request: PhoneRequest, state: str) -> None:
        """The phone answers, or the client has its tokens."""
        self._change(request, state=state)

    def polled(self, request: PhoneRequest, now: datetime, slower: int = 0) -> None:
        """A client polled; ``slower``: seconds its interval grows by."""
        self._change(request, polled_at=now, interval=request.interval + slower)

    def switch(self) -> str:
        """What the phone does by itself: ask, accept or refuse; empty when nobody said."""
        query = select(switch_table.c.phone).where(switch_table.c.sandbox == self._sandbox)
        return str(self._connection.execute(query).scalar_one_or_none() or "")

    def set_switch(self, answer: str) -> None:
        """Decide what the phone does by itself."""
        mine = switch_table.c.sandbox == self._sandbox
        self._connection.execute(delete(switch_table).where(mine))
        self._connection.execute(insert(switch_table).values(sandbox=self._sandbox, phone=answer))

    def _change(self, request: PhoneRequest, **values: Any) -> None:
        columns = phone_table.c
        mine = (columns.sandbox == self._sandbox, columns.id == request.id)
        self._connection.execute(update(phone_table).where(*mine).values(**values))

    def _find(self, *wanted: Any, holds: bool = True) -> tuple[PhoneRequest, ...]:
        query = (
            select(phone_table, *session_columns())
            .join(
                session_table,
                (session_table.c.sandbox == phone_table.c.sandbox)
                & (session_table.c.id == phone_table.c.session_id),
            )
            .where(phone_table.c.sandbox == self._sandbox, *wanted)
            .order_by(phone_table.c.expires_at)
            .limit(MAX_SHOWN)
        )
        if holds:
            query = query.with_for_update(of=phone_table)
        return tuple(_request(row) for row in self._connection.execute(query).mappings())


def _request(row: RowMapping) -> PhoneRequest:
    return PhoneRequest(
        row["id"],
        session_of(row),
        row["binding_message"],
        row["expires_at"],
        row["interval"],
        row["state"],
        row["polled_at"],
    )
