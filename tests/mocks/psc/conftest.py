"""Fixtures of the Pro Santé Connect mock: one app, emptied for each test: a key takes its time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kit.clock import DEFAULT_START, FixedClock
from kit.journal import Journal
from kit.service import service_of
from kit.settings import Settings
from mocks.psc.app import create_app

START = FixedClock(DEFAULT_START)


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app; its clock is the one that the fixture ``clock`` holds."""
    folder = tmp_path_factory.mktemp("psc")
    return create_app(replace(Settings(), data_dir=folder, workers=1), START)


@pytest.fixture
def clock() -> FixedClock:
    START.set(DEFAULT_START)
    return START


@pytest.fixture
def app(shared_app: Flask, clock: FixedClock) -> Flask:
    service_of(shared_app).reset()
    return shared_app


@pytest.fixture
def settings(app: Flask) -> Settings:
    return service_of(app).settings


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def journal(app: Flask) -> Journal:
    return service_of(app).journal
