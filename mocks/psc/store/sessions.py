"""Pro Santé Connect mock, store: what a professional allowed: sessions, their codes and tokens.

A session that has ended takes its codes and tokens with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from mocks.psc.messages.tokens import GivenCode, GivenToken, Session
from mocks.psc.store.tables import code_table, digest, session_table, token_table

KEPT = timedelta(days=1)  # so long an expired code or token is still told apart from an unknown one
_FIELDS = tuple(Session.__dataclass_fields__)


class Sessions:
    """The sessions of one sandbox, inside one transaction."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def open(self, session: Session) -> None:
        """A session begins; none of its tokens exists yet."""
        values = {name: getattr(session, name) for name in _FIELDS}
        row = insert(session_table).values(sandbox=self._sandbox, has_ended=False, **values)
        self._connection.execute(row)

    def end(self, session_id: str) -> None:
        """A session ends: logout, revocation, or the replay of a code or token."""
        self._change(session_id, has_ended=True)

    def authenticate(self, session_id: str, now: datetime) -> None:
        """The professional of a session said yes, on the phone."""
        self._change(session_id, authenticated_at=now)

    def bind(self, session_id: str, thumbprint: str) -> None:
        """The tokens of a session are worth nothing without this certificate."""
        self._change(session_id, thumbprint=thumbprint)

    def _change(self, session_id: str, **values: Any) -> None:
        columns = session_table.c
        mine = (columns.sandbox == self._sandbox, columns.id == session_id)
        self._connection.execute(update(session_table).where(*mine).values(**values))

    def add_code(
        self, code: str, session: Session, redirect_uri: str, challenge: str, expires_at: datetime
    ) -> None:
        """Keep a code."""
        self._forget_before(code_table, expires_at - KEPT)
        self._connection.execute(
            insert(code_table).values(
                sandbox=self._sandbox,
                digest=digest(code),
                session_id=session.id,
                redirect_uri=redirect_uri,
                challenge=challenge,
                expires_at=expires_at,
                is_used=False,
            )
        )

    def code(self, code: str) -> GivenCode | None:
        """What is known of a code; its row is held until the transaction ends."""
        row = self._held(code_table, digest(code))
        return None if row is None else GivenCode(
            session_of(row), row["redirect_uri"], row["challenge"], row["expires_at"],
            row["is_used"], row["session_has_ended"],
        )  # fmt: skip

    def use_code(self, code: str) -> None:
        """A code is exchanged."""
        self._use(code_table, digest(code))

    def add_token(
        self, secret: str, session: Session, expires_at: datetime, *, is_access: bool
    ) -> None:
        """Keep a refresh token, or an access token by its id."""
        self._forget_before(token_table, expires_at - 2 * KEPT)
        self._connection.execute(
            insert(token_table).values(
                sandbox=self._sandbox,
                digest=digest(secret),
                id=secret if is_access else digest(secret)[:32],
                is_access=is_access,
                session_id=session.id,
                scope=session.scope,
                expires_at=expires_at,
                is_used=False,
                has_ended=False,
            )
        )

    def token(self, secret: str, *, is_access: bool) -> GivenToken | None:
        """What is known of a refresh token, or of an access token by its id."""
        row = self._held(token_table, digest(secret))
        if row is None or row["is_access"] != is_access:
            return None
        ended = row["session_has_ended"] or row["has_ended"]
        session = replace(session_of(row), scope=row["scope"])
        return GivenToken(row["own_id"], session, row["expires_at"], row["is_used"], ended)

    def use_token(self, secret: str) -> None:
        """A refresh token is exchanged."""
        self._use(token_table, digest(secret))

    def revoke_token(self, secret: str) -> None:
        """One access token is worth nothing any more; its session goes on."""
        columns = token_table.c
        mine = (columns.sandbox == self._sandbox, columns.digest == digest(secret))
        self._connection.execute(update(token_table).where(*mine).values(has_ended=True))

    def _held(self, table: Any, key: str) -> RowMapping | None:
        columns = [column for column in table.c if column.name not in ("sandbox", "id")]
        own_id = [table.c.id.label("own_id")] if "id" in table.c else []
        joined = table.join(
            session_table,
            (session_table.c.sandbox == table.c.sandbox)
            & (session_table.c.id == table.c.session_id),
        )
        query = (
            select(*columns, *own_id, *session_columns())
            .select_from(joined)
            .where(table.c.sandbox == self._sandbox, table.c.digest == key)
            .with_for_update(of=table)
        )
        return self._connection.execute(query).mappings().first()

    def _use(self, table: Any, key: str) -> None:
        mine = (table.c.sandbox == self._sandbox, table.c.digest == key)
        self._connection.execute(update(table).where(*mine).values(is_used=True))

    def _forget_before(self, table: Any, instant: datetime) -> None:
        old = (table.c.sandbox == self._sandbox, table.c.expires_at < instant)
        self._connection.execute(delete(table).where(*old))


def session_columns() -> list[Any]:
    """The columns of a joined session; its id is the joining row's ``session_id``."""
    names = [name for name in (*_FIELDS, "has_ended") if name != "id"]
    return [session_table.c[name].label(f"session_{name}") for name in names]


def session_of(row: RowMapping) -> Session:
    """The session that a row was joined with."""
    values = {name: row[f"session_{name}"] for name in _FIELDS if name != "id"}
    return Session(id=row["session_id"], **values)
