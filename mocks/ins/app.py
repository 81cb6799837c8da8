"""INS mock, app: puts the mock together.

Not here: entry points (routes), sockets and certificates (kit.server, kit.pki).
"""

from __future__ import annotations

from flask import Flask

from kit.clock import Clock
from kit.pki import TestPki, Trust
from kit.service import create_service
from kit.settings import Settings
from kit.world import world_of
from mocks.ins import routes
from mocks.ins.store import Store, metadata


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The teleservice, ready to serve; its journal and its table exist."""
    service = create_service("ins", settings, clock)
    service.create_tables(metadata)

    def trust() -> Trust:
        return TestPki.open(settings.data_dir / "pki", settings).trust

    store = Store(service.database, world_of(settings), settings)
    service.app.register_blueprint(routes.blueprint(store, service, trust))
    service.app.register_blueprint(routes.control_blueprint(store))
    return service.app
