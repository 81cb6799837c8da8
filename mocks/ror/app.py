"""ROR mock: puts the service together. Not here: any entry point, rule or row."""

from __future__ import annotations

from flask import Flask

from kit.clock import Clock
from kit.service import create_service
from kit.settings import Settings
from kit.world import world_of
from mocks.ror import routes
from mocks.ror.store import Store, TokenKey


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The ROR: token endpoint, diffusion and bed synchronisation."""
    service = create_service("ror", settings, clock)
    store = Store(service.database, world_of(settings), settings.seed)
    service.create_tables(store.tables)
    key = TokenKey(settings.data_dir)
    service.app.register_blueprint(routes.blueprint(service, store, key))
    return service.app
