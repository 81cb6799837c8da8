"""INS mock, entry points: in which dialect the running call is answered.

By the authorization number of the software (IDAM): the control channel's choice, else that of the
settings, else the scenario's. Not here: what a dialect is (``messages``).
"""

from __future__ import annotations

from flask import g

from kit.settings import Settings
from mocks.ins import messages
from mocks.ins.messages import Dialect
from mocks.ins.store import Store


class Dialects:
    """The dialects of the clients."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._default = settings.ins_dialect
        self._chosen = dict(pair.split("=") for pair in settings.ins_dialects)
        self._known = {
            name: messages.adapted(dialect, settings.ins_severity, settings.ins_first_name)
            for name, dialect in messages.DIALECTS.items()
        }

    def choose(self, idam: str) -> None:
        """Answer the running call as its software is answered."""
        name = self._store.dialects().get(idam) or self._chosen.get(idam, self._default)
        g.ins_dialect = self._known[name]

    def current(self) -> Dialect:
        """The dialect of the running call; the scenario's until its software is known."""
        found = g.get("ins_dialect")
        return found if isinstance(found, Dialect) else self._known[self._default]

    def facts(self) -> dict[str, str]:
        """What the journal tells of it."""
        return {"dialect": self.current().name}
