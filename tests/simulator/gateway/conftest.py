"""A gateway without its ports: desk and outbox on a folder of the test's own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kit.clock import FixedClock
from kit.service import Service, create_service
from kit.settings import Settings
from simulator.gateway.desk import Desk
from simulator.gateway.store import Outbox, metadata
from tests.simulator.stays import world


@dataclass(frozen=True)
class Gateway:
    service: Service
    outbox: Outbox
    desk: Desk
    clock: FixedClock


@pytest.fixture
def gateway(settings: Settings, clock: FixedClock) -> Gateway:
    service = create_service("gateway", settings, clock)
    service.create_tables(metadata)
    outbox = Outbox(service.database)
    return Gateway(service, outbox, Desk(service, outbox, world()), clock)
