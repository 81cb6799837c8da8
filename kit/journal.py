"""Kit, journal: one line an exchange, committed with the exchange's effect, raw bytes kept.

Not here: what an exchange means. ``facts`` holds what indicators count, in the words of the
transaction; a refused exchange keeps its line and loses its effect.
"""

from __future__ import annotations

import contextlib
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from isal import isal_zlib
from sqlalchemy import (
    JSON,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    cast,
    delete,
    func,
    select,
)

from kit.clock import Clock
from kit.database import DEFAULT_SANDBOX, Database, Scope, Unavailable, UtcDateTime
from kit.rules import Malformed, Refusal
from kit.settings import Settings
from kit.statements import Insert

ACCEPTED, REFUSED, MALFORMED = "accepted", "refused", "malformed"
UNAUTHORIZED, INJECTED, BUG = "unauthorized", "injected", "bug"
OUTCOMES = (ACCEPTED, REFUSED, MALFORMED, UNAUTHORIZED, INJECTED, BUG)
MAX_LINES = 10_000
PRUNE_SECONDS, PRUNED_AT_ONCE = 3600.0, 500
FILTERS = ("service", "transaction", "finess", "software", "subject", "type_code", "outcome")

metadata = MetaData()

exchange_table = Table(
    "exchange",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(24), nullable=False, unique=True),
    Column("sandbox", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("stated_at", UtcDateTime, nullable=False),
    Column("service", String(16), nullable=False),
    Column("transaction", String(64), nullable=False),
    Column("listener", String(8), nullable=False),
    Column("finess", String(16), nullable=False),
    Column("software", String(200), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("type_code", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("codes", JSON, nullable=False),
    Column("refusals", JSON, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    Index("exchange_by_outcome", "sandbox", "outcome", "seq"),
    Index("exchange_by_finess", "sandbox", "finess", "seq"),
    sqlite_autoincrement=True,  # a number never comes again, so that a follower outlives a reset
)

raw_table = Table(
    "exchange_raw",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("sandbox", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
)

_LINES, _RAW = Insert(exchange_table), Insert(raw_table)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as the journal keeps it."""

    id: str
    seq: int
    sandbox: str
    received_at: datetime
    stated_at: datetime
    service: str
    transaction: str
    listener: str
    finess: str
    software: str
    subject: str
    type_code: str
    outcome: str
    codes: tuple[str, ...]
    refusals: tuple[Mapping[str, str], ...]
    duration_ms: float
    size_bytes: int
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """A flat form for JSON; instants in ISO 8601."""
        return asdict(self) | {
            "received_at": self.received_at.isoformat(),
            "stated_at": self.stated_at.isoformat(),
        }


@dataclass(slots=True)
class Line:
    """The line of the running exchange; a route fills it while it works."""

    transaction: str
    request: bytes
    received_at: datetime
    stated_at: datetime
    started: float
    listener: str = ""
    sandbox: str = DEFAULT_SANDBOX
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    finess: str = ""
    software: str = ""
    subject: str = ""
    type_code: str = ""
    outcome: str = ACCEPTED
    codes: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    explained: tuple[Mapping[str, str], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    answer: bytes = b""
    penalty: Callable[[], None] | None = None  # what a refusal itself does to the state

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Rules are broken: the effect is discarded."""
        self.outcome = REFUSED
        self._keep(refusals)

    def unauthorized(self, code: str, why: str, refusals: Iterable[Refusal] = ()) -> None:
        """The caller is not who they must be."""
        self.outcome = UNAUTHORIZED
        self._keep(refusals)
        if code not in self.codes:
            self.codes = (code, *self.codes)
        if not self.refusals:
            self.explained = ({"code": code, "rule": why},)

    def malformed(self, error: Malformed, code: str = "") -> None:
        """The message cannot be read."""
        self.outcome = MALFORMED
        self.codes = (code,) if code else ()
        self.explained = ({"code": code, "rule": error.why, "field": error.where},)

    def injected(self, code: str) -> None:
        """An armed fault fired."""
        self.outcome, self.codes = INJECTED, (code,)

    def bug(self, name: str = "bug") -> None:
        """We failed; the trace is in the log, under the exchange's id."""
        self.outcome, self.codes = BUG, (name,)

    def fail(self, name: str) -> None:
        """As ``bug``, and what the route told is dropped: it may be what could not be kept."""
        self.bug(name)
        self.facts, self.refusals, self.explained, self.answer = {}, (), (), b""

    def _keep(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        self.codes = tuple(dict.fromkeys(refusal.code.code for refusal in self.refusals))


class Journal:
    """The journal of one service."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._prune_after = float("-inf")

    @contextmanager
    def record(
        self,
        service: str,
        transaction: str,
        request: bytes,
        *,
        listener: str = "",
        sandbox: str = DEFAULT_SANDBOX,
    ) -> Iterator[Line]:
        """Record one exchange: its effect, its line and its bytes are committed together.

        The effect is kept only when the outcome is ``accepted`` at the end. An exception that
        leaves the block is a bug: it is journalled as such and goes on. Raises Unavailable when
        nothing could be kept: the exchange must not be acknowledged.
        """
        line = self._line(transaction, request, listener, sandbox)
        packed = isal_zlib.compress(request, 1)  # while nobody waits for the database
        with self._database.scope() as scope:
            try:
                yield line
                self._write(service, line, scope, packed)
            except Unavailable:
                raise
            except Exception as error:
                scope.close()
                error.add_note(f"exchange {line.id}")
                line.fail(type(error).__name__)
                self._write(service, line, scope, packed)
                raise
        self._prune_at_times()

    def _line(self, transaction: str, request: bytes, listener: str, sandbox: str) -> Line:
        return Line(
            transaction,
            request,
            received_at=self._clock.wall(),
            stated_at=self._clock.now(),
            started=self._clock.monotonic(),
            listener=listener,
            sandbox=sandbox,
        )

    def _write(self, service: str, line: Line, scope: Scope, packed: bytes) -> None:
        raw = {
            "id": line.id,
            "sandbox": line.sandbox,
            "received_at": line.received_at,
            "request": packed,
            "answer": isal_zlib.compress(line.answer, 1),
        }
        if line.outcome != ACCEPTED:
            scope.close()
            if line.penalty is not None and line.outcome != BUG:
                line.penalty()
        _RAW.run(scope.connection, [raw])
        self._database.order(scope.connection)
        _LINES.run(scope.connection, [self._row(service, line)])
        scope.commit()

    def _row(self, service: str, line: Line) -> dict[str, Any]:
        told: list[Mapping[str, str]] = [refusal.as_dict() for refusal in line.refusals]
        return {
            "id": line.id,
            "sandbox": line.sandbox,
            "received_at": line.received_at,
            "stated_at": line.stated_at,
            "service": service,
            "transaction": _plain(line.transaction, 64),
            "listener": line.listener,
            "finess": _plain(line.finess, 16),
            "software": _plain(line.software, 200),
            "subject": _plain(line.subject, 64),
            "type_code": _plain(line.type_code, 64),
            "outcome": line.outcome,
            "codes": list(line.codes),
            "refusals": told or list(line.explained),
            "duration_ms": round((self._clock.monotonic() - line.started) * 1000, 3),
            "size_bytes": len(line.request),
            "facts": line.facts,
        }

    def find(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        newest_first: bool = False,
        sandbox: str = DEFAULT_SANDBOX,
        code: str = "",
        **filters: str,
    ) -> list[Exchange]:
        """Lines with a ``seq`` above ``after`` that meet every filter (see FILTERS)."""
        columns = exchange_table.c
        query = select(exchange_table).where(columns.sandbox == sandbox, columns.seq > after)
        for name, value in filters.items():
            if name not in FILTERS:
                raise ValueError(f"the journal has no filter {name!r}")
            query = query.where(columns[name] == _plain(value, 200))
        if code:
            text, sought = func.lower(cast(columns.codes, String)), _plain(code, 200).lower()
            query = query.where(text.contains(sought, autoescape=True))
        settled = self._database.settled(columns.seq)
        if settled is not None:
            query = query.where(columns.seq <= settled)
        query = query.order_by(columns.seq.desc() if newest_first else columns.seq)
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(min(limit, MAX_LINES))).mappings()
            return [_exchange(row) for row in rows]

    def get(self, exchange_id: str, sandbox: str = DEFAULT_SANDBOX) -> Exchange | None:
        """One line by its id."""
        row = self._one(exchange_table, exchange_id, sandbox)
        return _exchange(row) if row else None

    def raw(self, exchange_id: str, sandbox: str = DEFAULT_SANDBOX) -> tuple[bytes, bytes] | None:
        """The bytes of the request and of the answer, or None when they are no longer kept."""
        row = self._one(raw_table, exchange_id, sandbox)
        return (zlib.decompress(row["request"]), zlib.decompress(row["answer"])) if row else None

    def _one(self, table: Table, exchange_id: str, sandbox: str) -> RowMapping | None:
        sought = _plain(exchange_id, 200)
        query = select(table).where(table.c.id == sought, table.c.sandbox == sandbox)
        with self._database.reading() as connection:
            return connection.execute(query).mappings().first()

    def count(self, sandbox: str = DEFAULT_SANDBOX) -> int:
        """How many lines there are."""
        query = select(func.count()).where(exchange_table.c.sandbox == sandbox)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def prune(self) -> int:
        """Delete raw bytes older than the retention, some at a time; returns how many."""
        oldest = self._clock.wall() - timedelta(days=self._settings.raw_retention_days)
        old = select(raw_table.c.id).where(raw_table.c.received_at < oldest).limit(PRUNED_AT_ONCE)
        query = delete(raw_table).where(raw_table.c.id.in_(old))
        deleted, last = 0, PRUNED_AT_ONCE
        while last == PRUNED_AT_ONCE:
            with self._database.transaction() as connection:
                last = connection.execute(query).rowcount
            deleted += last
        return deleted

    def _prune_at_times(self) -> None:
        """Prune once an hour; the exchange that pays for it is already committed."""
        if self._clock.monotonic() < self._prune_after:
            return
        self._prune_after = self._clock.monotonic() + PRUNE_SECONDS
        with contextlib.suppress(Unavailable):
            self.prune()


def _plain(text: str, length: int) -> str:
    """Text every database keeps: no NUL, no half of a surrogate pair, bounded."""
    return text[:length].encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def _exchange(row: Mapping[Any, Any]) -> Exchange:
    values = {name: row[name] for name in Exchange.__dataclass_fields__}
    return Exchange(**values | {"codes": tuple(row["codes"]), "refusals": tuple(row["refusals"])})
