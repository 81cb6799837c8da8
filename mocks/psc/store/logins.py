"""Pro Santé Connect mock, store: clients, logins under way, and the assertions clients used."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from mocks.psc.messages.authorization import (
    Login,
    read_authorization_request,
    write_authorization_request,
)
from mocks.psc.messages.clients import Assertion, Client, read_client, write_client
from mocks.psc.store.tables import assertion_table, client_table, digest, login_table


class Clients:
    """The clients of one sandbox: those that were registered, over those always there."""

    def __init__(self, connection: Connection, sandbox: str, ready: tuple[Client, ...]) -> None:
        self._connection = connection
        self._sandbox = sandbox
        self._ready = {client.id: client for client in ready}

    def get(self, client_id: str) -> Client | None:
        """A client by its id."""
        columns = client_table.c
        query = select(columns.description).where(
            columns.sandbox == self._sandbox, columns.id == client_id
        )
        found = self._connection.execute(query).scalar_one_or_none()
        return read_client(found) if found else self._ready.get(client_id)

    def all(self) -> tuple[Client, ...]:
        """Every client, by id."""
        columns = client_table.c
        query = select(columns.description).where(columns.sandbox == self._sandbox)
        found = [read_client(row) for row in self._connection.execute(query).scalars()]
        merged = self._ready | {client.id: client for client in found}
        return tuple(merged[name] for name in sorted(merged))

    def register(self, client: Client) -> None:
        """Add a client, or replace the one with the same id."""
        self.forget(client.id)
        values = {"id": client.id, "description": write_client(client)}
        self._connection.execute(insert(client_table).values(sandbox=self._sandbox, **values))

    def forget(self, client_id: str) -> bool:
        """Take a registered client away; false when there is none."""
        columns = client_table.c
        mine = (columns.sandbox == self._sandbox, columns.id == client_id)
        return self._connection.execute(delete(client_table).where(*mine)).rowcount > 0

    def has_used(self, client: Client, assertion: Assertion) -> bool:
        """Whether an assertion was seen before."""
        columns = assertion_table.c
        query = select(columns.digest).where(
            columns.sandbox == self._sandbox,
            columns.client_id == client.id,
            columns.digest == digest(assertion.id),
        )
        return self._connection.execute(query).first() is not None

    def use(self, client: Client, assertion: Assertion, now: datetime) -> None:
        """Remember an assertion as long as it could be shown again."""
        columns = assertion_table.c
        over = (columns.sandbox == self._sandbox, columns.expires_at < now.timestamp() - 60)
        self._connection.execute(delete(assertion_table).where(*over))
        values = {
            "client_id": client.id,
            "digest": digest(assertion.id),
            "expires_at": assertion.expires_at,
        }
        self._connection.execute(insert(assertion_table).values(sandbox=self._sandbox, **values))


class Logins:
    """The logins under way in one sandbox."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def begin(self, login: Login, now: datetime) -> None:
        """A professional came; logins that are over are forgotten."""
        columns = login_table.c
        over = (columns.sandbox == self._sandbox, columns.expires_at < now)
        self._connection.execute(delete(login_table).where(*over))
        self._connection.execute(
            insert(login_table).values(
                sandbox=self._sandbox,
                id=login.id,
                browser=digest(login.browser),
                form_key=login.form_key,
                asked=write_authorization_request(login.asked),
                national_id="",
                expires_at=login.expires_at,
            )
        )

    def get(self, login_id: str) -> Login | None:
        """A login under way, held until the transaction ends; ``browser`` is a digest."""
        columns = login_table.c
        query = (
            select(login_table)
            .where(columns.sandbox == self._sandbox, columns.id == login_id)
            .with_for_update()
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else Login(
            row["id"], row["browser"], row["form_key"], read_authorization_request(row["asked"]),
            row["expires_at"], row["national_id"],
        )  # fmt: skip

    def choose(self, login: Login, national_id: str) -> Login:
        """The professional is chosen; may be chosen again until the consent."""
        columns = login_table.c
        mine = (columns.sandbox == self._sandbox, columns.id == login.id)
        self._connection.execute(update(login_table).where(*mine).values(national_id=national_id))
        return replace(login, national_id=national_id)

    def finish(self, login_id: str) -> None:
        """The login is answered: its forms are worth nothing any more."""
        columns = login_table.c
        mine = (columns.sandbox == self._sandbox, columns.id == login_id)
        self._connection.execute(delete(login_table).where(*mine))
