"""Indicators, sources: the tables of a run, and what was observed, ready for the measures.

A run's folder (Parquet, run.json) is the contract with the simulator; live journals replace its
exchanges (live). Not here: fetching journals (journals), the derived tables (tables.sql).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from indicators.judge import Expected, read_expected
from indicators.windows import MONTHS, Window, window_of

DERIVED = Path(__file__).with_name("tables.sql")
INSTANT = "INSTANT"  # a column read as TIMESTAMP in UTC, whatever its type

# Table -> columns -> type: what measures may use of a run. Others are left alone.
TABLES: Mapping[str, Mapping[str, str]] = {
    "establishment": {"finess_ej": "VARCHAR", "name": "VARCHAR", "activities": "VARCHAR"},
    "stay": {
        "stay_id": "VARCHAR", "finess_ej": "VARCHAR", "activity": "VARCHAR", "mode": "VARCHAR",
        "left_at": INSTANT, "exit": "VARCHAR", "patient_id": "VARCHAR", "ins_status": "VARCHAR",
        "pmsi_ok": "BOOLEAN",
    },
    "document": {
        "unique_id": "VARCHAR", "set_id": "VARCHAR", "type": "VARCHAR", "stay_id": "VARCHAR",
    },
    "delivery": {
        "finess_ej": "VARCHAR", "channel": "VARCHAR", "transaction": "VARCHAR",
        "unique_id": "VARCHAR", "outcome": "VARCHAR",
    },
    "evidence": {
        "finess_ej": "VARCHAR", "code": "VARCHAR", "date": "DATE", "valid_until": "DATE",
    },
    "exchange": {
        "id": "VARCHAR", "service": "VARCHAR", "transaction": "VARCHAR", "finess": "VARCHAR",
        "outcome": "VARCHAR", "stated_at": INSTANT, "codes": "VARCHAR", "facts": "VARCHAR",
    },
    "ror_offer": {
        "finess_ej": "VARCHAR", "offer_id": "VARCHAR", "unit": "VARCHAR", "complete": "BOOLEAN",
        "updated_at": INSTANT,
    },
    "mailbox": {"finess_ej": "VARCHAR", "address": "VARCHAR", "kind": "VARCHAR"},
}  # fmt: skip
NEEDED = ("establishment", "stay", "document", "exchange")
RENAMED = {"evidence": {"date": "proven_on"}}


class NotARun(Exception):
    """The folder holds no run that can be measured; the text is one clear line."""


@dataclass(frozen=True, slots=True)
class Place:
    """An establishment as a result names it."""

    finess_ej: str
    name: str
    activities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """An open database with every table of TABLES; ``sources``: the kinds of data it holds."""

    connection: duckdb.DuckDBPyConnection
    name: str
    start: datetime
    end: datetime
    places: tuple[Place, ...]
    sources: frozenset[str]
    windows: Mapping[str, Window] = field(default_factory=dict)
    expect: tuple[Expected, ...] = ()  # of the scenario that was played


def read_run(folder: Path) -> dict[str, Any]:
    """The ``run.json`` of a run. Raises NotARun."""
    path = folder / "run.json"
    try:
        run: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return run | {name: _instant(run[name]) for name in ("starts_at", "ends_at")}
    except FileNotFoundError:
        raise NotARun(f"{folder} is not a run: it has no run.json (see `banc play`)") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotARun(f"{path} cannot be read: {type(error).__name__} {error}") from None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at.astimezone(UTC)


def of_run(folder: Path) -> Tables:
    """The tables of a run's folder. Raises NotARun naming what is missing."""
    run = read_run(folder)
    missing = [name for name in NEEDED if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise NotARun(f"{folder} is not a whole run: it has no {', '.join(missing)}.parquet")
    connection = database()
    sources = {"stay", "TD2.1", "SMTP.DATA", "mailbox"}
    for name in TABLES:
        path = folder / f"{name}.parquet"
        if path.is_file():
            _load(connection, name, path)
            sources.add(name)
    add_mailboxes(connection, run)
    places = _places(connection)
    return derived(
        Tables(connection, folder.name, run["starts_at"], run["ends_at"], places,
               frozenset(sources), expect=read_expected(run.get("expect")))
    )  # fmt: skip


def database() -> duckdb.DuckDBPyConnection:
    """A database in memory with every table of TABLES, empty. It works in UTC."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET threads = 2")
    for name, columns in TABLES.items():
        told = (f"{_named(name, item)} {_type(kind)}" for item, kind in columns.items())
        connection.execute(f"CREATE TABLE {name} ({', '.join(told)})")
    return connection


def _named(table: str, column: str) -> str:
    return RENAMED.get(table, {}).get(column, column)


def _type(kind: str) -> str:
    return "TIMESTAMP" if kind == INSTANT else kind


def _cast(column: str, kind: str) -> str:
    if kind == INSTANT:
        return f"CAST(CAST({column} AS TIMESTAMPTZ) AS TIMESTAMP)"
    return f"CAST({column} AS {kind})"


def _load(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    columns = ", ".join(_cast(item, kind) for item, kind in TABLES[name].items())
    query = f"INSERT INTO {name} SELECT {columns} FROM read_parquet(?)"  # noqa: S608 our names
    try:
        connection.execute(query, [str(path)])
    except duckdb.Error as error:
        raise NotARun(f"{path} cannot be read: {str(error).splitlines()[0]}") from None


def add_mailboxes(connection: duckdb.DuckDBPyConnection, run: Mapping[str, Any]) -> None:
    """The published mailboxes that ``run.json`` names for each establishment."""
    rows = [
        (place["finess_ej"], box["address"], box["kind"])
        for place in run.get("establishments", ())
        for box in place.get("boxes", ())
        if isinstance(box, dict) and {"address", "kind"} <= set(box)
    ]
    if rows:
        connection.executemany("INSERT INTO mailbox VALUES (?, ?, ?)", rows)


def _places(connection: duckdb.DuckDBPyConnection) -> tuple[Place, ...]:
    rows = connection.execute(
        "SELECT finess_ej, name, activities FROM establishment ORDER BY finess_ej"
    ).fetchall()
    return tuple(Place(ej, name, activities_of(text or "")) for ej, name, text in rows)


def activities_of(text: str) -> tuple[str, ...]:
    """``MCO,SSR`` or ``[MCO, SSR]`` as a tuple."""
    parts = (part.strip().strip("'\"") for part in text.strip("[]").split(","))
    return tuple(part for part in parts if part)


def derived(tables: Tables) -> Tables:
    """The same with its windows and the derived tables of ``tables.sql``."""
    windows = {kind: window_of(kind, tables.start, tables.end) for kind in MONTHS}
    write_periods(tables.connection, windows.values())
    tables.connection.execute(DERIVED.read_text("utf-8"))
    return replace(tables, windows=windows)


def write_periods(connection: duckdb.DuckDBPyConnection, windows: Iterable[Window]) -> None:
    """The table ``period``, one row a kind of window."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE period (period VARCHAR, starts_at TIMESTAMP, "
        "ends_at TIMESTAMP)"
    )
    rows = [(item.kind, _naive(item.start), _naive(item.end)) for item in windows]
    connection.executemany("INSERT INTO period VALUES (?, ?, ?)", rows)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
