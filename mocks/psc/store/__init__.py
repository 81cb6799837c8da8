"""Pro Santé Connect mock, store: what it remembers, and its unit of work.

- ``tables``: the rows
- ``logins``: clients and logins under way
- ``sessions``: sessions, codes and tokens
- ``phone``: CIBA requests
- ``people``: the professionals, which are not stored
- ``keys``: what signs
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Connection

from kit.database import DEFAULT_SANDBOX, Database
from mocks.psc.messages.clients import Client
from mocks.psc.store.keys import SigningKey
from mocks.psc.store.logins import Clients, Logins
from mocks.psc.store.people import People
from mocks.psc.store.phone import Phone
from mocks.psc.store.sessions import Sessions
from mocks.psc.store.tables import digest, metadata

__all__ = ["People", "SigningKey", "Space", "Store", "digest", "metadata"]


class Space:
    """Everything of one sandbox, inside one transaction."""

    def __init__(self, connection: Connection, sandbox: str, ready: tuple[Client, ...]) -> None:
        self.clients = Clients(connection, sandbox, ready)
        self.logins = Logins(connection, sandbox)
        self.sessions = Sessions(connection, sandbox)
        self.phone = Phone(connection, sandbox)


class Store:
    """What the mock remembers. ``ready``: the clients that are always there."""

    def __init__(self, database: Database, ready: tuple[Client, ...]) -> None:
        self._database = database
        self._ready = ready

    @contextmanager
    def open(self, sandbox: str = DEFAULT_SANDBOX) -> Iterator[Space]:
        """One unit of work: committed when the block ends, undone when it raises."""
        with self._database.transaction() as connection:
            yield Space(connection, sandbox, self._ready)
