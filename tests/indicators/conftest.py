"""Fixtures of the indicators: fake services that stand for a session, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from kit.settings import Settings
from tests.indicators.fake_bench import SERVICES, FakeBench, FakeService, fake_bench, serving

Served = tuple[Mapping[str, FakeService], Mapping[str, int]]


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    services = {name: FakeService() for name in SERVICES}
    with serving(services) as ports:
        yield services, ports


@pytest.fixture
def bench(settings: Settings, served: Served) -> FakeBench:
    services, ports = served
    for service in services.values():
        service.reset()
    return fake_bench(settings, services, ports)
