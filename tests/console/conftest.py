"""Fixtures of the console: fake services, the app over them, its client."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from console.app import create_app
from kit.clock import FixedClock
from tests.indicators.conftest import bench, served
from tests.indicators.fake_bench import FakeBench

__all__ = ["bench", "client", "served"]


@pytest.fixture
def client(bench: FakeBench, clock: FixedClock) -> FlaskClient:
    return create_app(bench.settings, clock).test_client()
