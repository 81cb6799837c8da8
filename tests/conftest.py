"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from banc.ports import free_port
from kit.clock import FixedClock
from kit.settings import Settings, from_env

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Default settings on a folder of the test's own."""
    return replace(Settings(), data_dir=tmp_path / "data", workers=1)


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The folder of official examples and schemas; the test skips where it is absent."""
    folder = from_env().conformance_dir
    folder = folder if folder.is_absolute() else ROOT / folder
    if not folder.is_dir():
        pytest.skip("official examples absent: set BANC_CONFORMANCE_DIR to their folder")
    return folder


@pytest.fixture
def live() -> Iterator[Callable[[Flask], str]]:
    """Serve an app on a free port of the loopback in a thread; gives its base URL."""
    running = []

    def start(app: Flask) -> str:
        server = make_server("127.0.0.1", free_port(), app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
