"""Databases for tests that run on SQLite and on PostgreSQL.

A PostgreSQL test uses the server named by TEST_POSTGRESQL_URL (default: the local one) and
makes a database of its own; where no server answers it skips, visibly.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from kit.settings import Settings

SERVER = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@contextmanager
def database_settings(kind: str, settings: Settings) -> Iterator[Settings]:
    """``settings`` on SQLite, or on a PostgreSQL database that lives as long as the block."""
    if kind == "sqlite":
        yield settings
        return
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server: set TEST_POSTGRESQL_URL to a URL")
    name = f"banc_test_{secrets.token_hex(4)}"
    with server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield replace(settings, database_url=SERVER.rsplit("/", 1)[0] + f"/{name}")
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
