"""DMP mock, app: puts the mock together.

Not here: entry points (routes), sockets and certificates (kit.server, kit.pki).
"""

from __future__ import annotations

from functools import cache

from flask import Flask

from kit.clock import Clock
from kit.pki import TestPki, Trust
from kit.service import create_service
from kit.settings import Settings
from kit.world import world_of
from mocks.dmp import routes
from mocks.dmp.store import Store, metadata


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The shared record, ready to serve; its journal and its tables exist."""
    service = create_service("dmp", settings, clock)
    service.create_tables(metadata)

    @cache
    def trust() -> Trust:
        return TestPki.open(settings.data_dir / "pki", settings).trust

    mock = routes.Dmp(service, Store(service.database), world_of(settings), trust)
    service.app.register_blueprint(routes.blueprint(mock))
    return service.app
