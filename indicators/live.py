"""Indicators, live: the same measures on the journals of the running bench, as they grow.

Stays, documents, proofs and offers come from the newest run under ``data_dir/runs``; deposits
and mails from the live journals. Not here: judging (ratios), pages (console).
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from indicators.catalogue import load_catalogue
from indicators.journals import Unreachable, find_lines, pages
from indicators.measure import Measurement, Result, measured
from indicators.sources import (
    INSTANT,
    NEEDED,
    TABLES,
    NotARun,
    Place,
    Tables,
    database,
    derived,
    of_run,
)
from kit.clock import Clock, bench_clock
from kit.settings import Settings
from kit.world import world_of

# What the measures read: service, transaction.
COUNTED = (
    ("dmp", "TD2.1"),
    ("dmp", "ITI-65"),
    ("dmp", "ITI-105"),
    ("dmp", "TD3.3c"),
    ("dmp", "PDSM.PATCH"),
    ("mssante", "SMTP.DATA"),
    ("mssante", "API.MAILBOX"),
)
OVERLAP = 20  # lines read again: PostgreSQL may commit a lower seq after a higher one
REFRESH_SECONDS = 1.5
REST = 10  # a measurement rests this many times as long as it took
FIELDS = {"01": "MCO", "02": "SSR", "03": "PSY"}  # champ d'activité of the ROR (TRE_R227)
JOURNAL_ONLY = frozenset({"TD2.1", "SMTP.DATA"})


@dataclass(frozen=True, slots=True)
class Observed:
    """A measurement, what it stands on, and what is out of reach.

    run: the run whose stays are counted, "" without one. lines: exchanges counted. generation:
    grows when something changed. unreachable: a line for each service that does not answer.
    """

    measurement: Measurement
    run: str
    lines: int
    start: datetime | None
    end: datetime | None
    generation: int
    unreachable: tuple[str, ...]


@dataclass(slots=True)
class _Cursor:
    """How far a journal was read; ``first`` tells whether it is still the same journal."""

    first: str = ""
    last: int = 0


class LiveBench:
    """The measures of a running bench; safe to ask from several threads."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or bench_clock(settings.data_dir)
        self._catalogue = load_catalogue()
        self._lock = threading.Lock()
        self._origin: tuple[str, float] = ("", 0.0)
        self._base: Tables | None = None  # of the newest run; its exchanges are the live ones
        self._tables: Tables | None = None  # the same over the window that is measured
        self._cursors: dict[tuple[str, str], _Cursor] = {}
        self._observed: Observed | None = None
        self._due = 0.0
        self._generation = 0

    def observe(self) -> Observed:
        """What is measured now; at most as old as a measurement needs to rest."""
        with self._lock:
            if self._observed is None or self._clock.monotonic() >= self._due:
                began = self._clock.monotonic()
                self._observed = self._measure()
                took = self._clock.monotonic() - began
                self._due = self._clock.monotonic() + max(REFRESH_SECONDS, REST * took)
            return self._observed

    def result(self, code: str, finess_ej: str, *, sample: int) -> Result | None:
        """One result with a larger sample of what explains it; None when there is none."""
        self.observe()
        with self._lock:
            row = self._catalogue.row(code)
            if self._tables is None or row is None or not self._tables.windows:
                return None
            found = measured(
                self._tables, self._catalogue, (row,), sample=sample, finess_ej=finess_ej
            )
            return next(iter(found.results), None)

    def _measure(self) -> Observed:
        self._open()
        unreachable, is_changed = self._read()
        if self._observed is not None and not is_changed:
            return replace(self._observed, unreachable=unreachable)
        self._generation += 1
        tables = self._tables = self._derived()
        measurement = Measurement(tables.name, self._catalogue.version, ())
        if tables.windows:
            measurement = measured(tables, self._catalogue, self._catalogue.rows, sample=0)
        query = "SELECT count(*) FROM exchange"
        lines = tables.connection.execute(query).fetchall()[0][0]
        return Observed(
            measurement,
            tables.name if "stay" in tables.sources else "",
            lines,
            tables.start if tables.windows else None,
            tables.end if tables.windows else None,
            self._generation,
            unreachable,
        )

    def _open(self) -> None:
        """The tables of the newest run, without its exchanges; again when there is a newer one."""
        folder, written = newest_run(self._settings.data_dir / "runs")
        origin = (str(folder or ""), written)
        if self._base is not None and origin == self._origin:
            return
        if self._base is not None:
            self._base.connection.close()
        self._origin, self._cursors, self._observed = origin, {}, None
        self._base = _of(folder)
        self._base.connection.execute("DELETE FROM exchange")
        self._base.connection.execute("DELETE FROM delivery")

    def _read(self) -> tuple[tuple[str, ...], bool]:
        """Read what is new. Returns what does not answer, and whether anything changed."""
        down: dict[str, str] = {}
        is_changed = False
        for service, transaction in COUNTED:
            if service in down:
                continue
            try:
                is_changed |= self._read_one(service, transaction)
            except Unreachable as error:
                down[service] = str(error)
        return tuple(down.values()), is_changed

    def _read_one(self, service: str, transaction: str) -> bool:
        assert self._base is not None
        cursor = self._cursors.setdefault((service, transaction), _Cursor())
        head = find_lines(self._settings, service, transaction=transaction, limit=1)
        first = str(head[0]["id"]) if head else ""
        is_changed = False
        if cursor.first and first != cursor.first:  # the bench was reset
            forget = "DELETE FROM exchange WHERE service = ? AND transaction = ?"
            self._base.connection.execute(forget, [service, transaction])
            cursor.last, is_changed = 0, True
        cursor.first = first
        after = max(0, cursor.last - OVERLAP)
        for page in pages(self._settings, service, after=after, transaction=transaction):
            is_changed |= add_lines(self._base, page) > 0
            cursor.last = max(cursor.last, int(page[-1]["seq"]))
        return is_changed

    def _derived(self) -> Tables:
        """The tables over the run's window when the journals are of its time, else over theirs."""
        assert self._base is not None
        base = self._base
        query = "SELECT min(stated_at), max(stated_at) FROM exchange"
        low, high = base.connection.execute(query).fetchall()[0]
        start, end = (at.replace(tzinfo=UTC) if at else None for at in (low, high))
        if start is None or end is None:
            return derived(base) if "stay" in base.sources else base
        if "stay" in base.sources and start < base.end and end >= base.start:
            return derived(base)
        alone = replace(base, name="live", sources=base.sources - {"stay"}, expect=())
        span = {"start": start, "end": end + timedelta(seconds=1)}
        return derived(replace(alone, **span, places=self._places(base)))

    def _places(self, tables: Tables) -> tuple[Place, ...]:
        """The establishments that the journals name."""
        query = "SELECT DISTINCT finess FROM exchange WHERE finess <> '' ORDER BY finess"
        world = world_of(self._settings)
        places = []
        for (finess,) in tables.connection.execute(query).fetchall():
            known = world.establishment(finess)
            fields = {FIELDS.get(unit.field, "") for unit in known.units} if known else set()
            name = known.name if known else f"FINESS {finess}"
            places.append(Place(finess, name, tuple(sorted(fields - {""}))))
        return tuple(places)


def _of(folder: Path | None) -> Tables:
    """The tables of a run; of no run when there is none, or none that can be read."""
    with suppress(NotARun):
        if folder is not None:
            return of_run(folder)
    start = datetime.min.replace(tzinfo=UTC)
    return Tables(database(), "live", start, start, (), JOURNAL_ONLY)


def newest_run(folder: Path) -> tuple[Path | None, float]:
    """The whole run folder written last, and when; (None, 0) without one."""
    found = [
        (path.stat().st_mtime, path.parent)
        for path in folder.glob("*/run.json")
        if all((path.parent / f"{name}.parquet").is_file() for name in NEEDED)
    ]
    written, newest = max(found, default=(0.0, None))
    return newest, written


def add_lines(tables: Tables, page: list[dict[str, Any]]) -> int:
    """Put lines of a journal into the table ``exchange``; returns how many were new."""
    columns = TABLES["exchange"]
    told = ", ".join(
        f"CAST(CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP)" if kind == INSTANT else name
        for name, kind in columns.items()
    )
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".ndjson") as file:
        file.writelines(json.dumps(_row(line)) + "\n" for line in page)
        file.flush()
        added = tables.connection.execute(
            f"INSERT INTO exchange SELECT {told} FROM read_json(?, "  # noqa: S608 our names
            f"format = 'newline_delimited', maximum_object_size = 67108864, columns = {{{types}}}) "
            "WHERE id NOT IN (SELECT id FROM exchange)",
            [file.name],
        ).fetchall()
    return int(added[0][0])


def _row(line: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a line that are counted; lists and objects as JSON text."""
    values = {name: line.get(name, "") for name in TABLES["exchange"]}
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


def measure_live(settings: Settings, clock: Clock | None = None) -> Measurement:
    """Measure the running bench once."""
    return LiveBench(settings, clock).observe().measurement
