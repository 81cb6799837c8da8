"""Pro Santé Connect mock: puts the service together. Not here: any entry point, rule or row."""

from __future__ import annotations

from flask import Flask

from kit.clock import Clock
from kit.service import create_service
from kit.settings import Settings
from kit.world import world_of
from mocks.psc import routes
from mocks.psc.messages.clients import ready_client
from mocks.psc.store import People, SigningKey, Store, metadata


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """Pro Santé Connect: OpenID Connect with a login page, and CIBA."""
    service = create_service("psc", settings, clock)
    service.create_tables(metadata)
    store = Store(service.database, (ready_client(settings),))
    people = People(world_of(settings))
    key = SigningKey(settings.data_dir)
    for blueprint in routes.blueprints(service, store, key, people):
        service.app.register_blueprint(blueprint)
    return service.app
