"""Builders of runs: hand-made tables as the simulator exports them, written with DuckDB.

Valid by default; a test spoils or adds one thing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from indicators.sources import TABLES, Tables, add_mailboxes, database, derived

EJ, OTHER_EJ = "350000014", "330000025"
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
SUNDAY_NIGHT = MONDAY + timedelta(days=7)
LDL = "11490-0"

COLUMNS: Mapping[str, str] = {
    "establishment": "finess_ej VARCHAR, finess_eg VARCHAR, name VARCHAR, kind VARCHAR, "
    "region VARCHAR, activities VARCHAR, beds INTEGER",
    "stay": "stay_id VARCHAR, finess_ej VARCHAR, finess_eg VARCHAR, activity VARCHAR, mode VARCHAR,"
    " admitted_at TIMESTAMPTZ, left_at TIMESTAMPTZ, nights INTEGER, exit VARCHAR, surgery BOOLEAN, "
    "planned BOOLEAN, patient_id VARCHAR, patient_index INTEGER, ins_status VARCHAR, "
    "pmsi_ok BOOLEAN",
    "document": "unique_id VARCHAR, set_id VARCHAR, version INTEGER, type VARCHAR, "
    "type_code VARCHAR, stay_id VARCHAR, finess_ej VARCHAR, created_at TIMESTAMPTZ",
    "delivery": "delivery_id VARCHAR, finess_ej VARCHAR, channel VARCHAR, transaction VARCHAR, "
    "unique_id VARCHAR, outcome VARCHAR",
    "evidence": "finess_ej VARCHAR, code VARCHAR, date DATE, valid_until DATE",
    "exchange": "id VARCHAR, seq INTEGER, service VARCHAR, transaction VARCHAR, finess VARCHAR, "
    "outcome VARCHAR, stated_at TIMESTAMPTZ, received_at TIMESTAMPTZ, codes VARCHAR, "
    "refusals VARCHAR, facts VARCHAR",
    "ror_offer": "finess_ej VARCHAR, finess_eg VARCHAR, offer_id VARCHAR, unit VARCHAR, "
    "field VARCHAR, complete BOOLEAN, updated_at TIMESTAMPTZ",
}


def an_establishment(finess_ej: str = EJ, **other: Any) -> dict[str, Any]:
    return {
        "finess_ej": finess_ej, "finess_eg": finess_ej, "name": "CH de Saint-Orbain", "kind": "CH",
        "region": "53", "activities": "MCO,SSR", "beds": 30,
    } | other  # fmt: skip


def a_stay(stay_id: str = "S1", **other: Any) -> dict[str, Any]:
    return {
        "stay_id": stay_id, "finess_ej": EJ, "finess_eg": EJ, "activity": "MCO", "mode": "full",
        "admitted_at": MONDAY, "left_at": MONDAY + timedelta(days=2), "nights": 2, "exit": "home",
        "surgery": False, "planned": True, "patient_id": "P-" + stay_id, "patient_index": 1,
        "ins_status": "qualified", "pmsi_ok": True,
    } | other  # fmt: skip


def a_document(unique_id: str = "1.1", stay_id: str = "S1", **other: Any) -> dict[str, Any]:
    return {
        "unique_id": unique_id, "set_id": unique_id, "version": 1, "type": "LDL",
        "type_code": LDL, "stay_id": stay_id, "finess_ej": EJ,
        "created_at": MONDAY + timedelta(days=2),
    } | other  # fmt: skip


def an_exchange(
    id: str = "x1", transaction: str = "TD2.1", *, facts: Any = None, codes: Sequence[str] = (),
    **other: Any,
) -> dict[str, Any]:  # fmt: skip
    at = MONDAY + timedelta(days=2, hours=3)
    service = {"TD": "dmp", "SM": "mssante"}.get(transaction[:2], "ror")
    return {
        "id": id, "seq": 1, "service": service, "transaction": transaction, "finess": EJ,
        "outcome": "accepted", "stated_at": at, "received_at": at, "codes": json.dumps(list(codes)),
        "refusals": "[]", "facts": json.dumps(facts or {}),
    } | other  # fmt: skip


def a_deposit(id: str = "x1", unique_id: str = "1.1", **other: Any) -> dict[str, Any]:
    """A deposit of one document. qualified, replaces, type_code: what its facts say."""
    document = {
        "unique_id": unique_id,
        "type_code": other.pop("type_code", LDL),
        "ins_qualified": other.pop("qualified", True),
        "replaces": other.pop("replaces", None),
        "level": "N3",
    }
    return an_exchange(id, facts={"documents": [document], "lot": "9." + unique_id}, **other)


def a_mail(id: str = "m1", unique_id: str = "1.1", **other: Any) -> dict[str, Any]:
    """A mail of one document to one box. kind, status, type_code: what its facts say."""
    to = {"address": "a@b.test", "kind": other.pop("kind", "pro")}
    facts = {
        "to": [to | {"status": other.pop("status", "delivered")}],
        "documents": [{"unique_id": unique_id, "type_code": other.pop("type_code", LDL)}],
    }
    return an_exchange(id, "SMTP.DATA", facts=facts, **other)


def a_deletion(id: str, unique_id: str, **other: Any) -> dict[str, Any]:
    return an_exchange(id, "TD3.3c", facts={"deleted": [unique_id]}, **other)


def an_offer(offer_id: str = "O1", **other: Any) -> dict[str, Any]:
    return {
        "finess_ej": EJ, "finess_eg": EJ, "offer_id": offer_id, "unit": "CARDIO1", "field": "01",
        "complete": True, "updated_at": MONDAY - timedelta(days=30),
    } | other  # fmt: skip


def an_evidence(**other: Any) -> dict[str, Any]:
    return {
        "finess_ej": EJ, "code": "mss_whitelist", "date": date(2025, 6, 1), "valid_until": None,
    } | other  # fmt: skip


@dataclass
class ARun:
    """Rows by table; ``write`` makes the folder of a run of them."""

    establishment: list[dict[str, Any]] = field(default_factory=lambda: [an_establishment()])
    stay: list[dict[str, Any]] = field(default_factory=list)
    document: list[dict[str, Any]] = field(default_factory=list)
    delivery: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    exchange: list[dict[str, Any]] = field(default_factory=list)
    ror_offer: list[dict[str, Any]] = field(default_factory=list)
    boxes: list[dict[str, str]] = field(
        default_factory=lambda: [{"address": "cardio1@ch.formation.mssante.fr", "kind": "ORG"}]
    )
    start: datetime = MONDAY
    end: datetime = SUNDAY_NIGHT
    expect: list[dict[str, Any]] = field(default_factory=list)

    def tables(self) -> Tables:
        """The same in a database of its own, without files."""
        connection = database()
        for name, columns in TABLES.items():
            rows = getattr(self, name, [])
            if rows:
                marks = ", ".join("?" * len(columns))
                values = [[_plain(row.get(column)) for column in columns] for row in rows]
                connection.executemany(f"INSERT INTO {name} VALUES ({marks})", values)
        add_mailboxes(connection, {"establishments": [{"finess_ej": EJ, "boxes": self.boxes}]})
        return derived(Tables(connection, "test", self.start, self.end, (), frozenset()))

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(":memory:") as connection:
            for name in COLUMNS:
                write_table(connection, folder, name, getattr(self, name))
        run = {
            "scenario": "hand-made",
            "starts_at": self.start.isoformat(),
            "ends_at": self.end.isoformat(),
            "establishments": [{"finess_ej": EJ, "boxes": self.boxes}],
            "expect": self.expect,
        }
        (folder / "run.json").write_text(json.dumps(run), "utf-8")
        return folder


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def write_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str,
    rows: Iterable[Mapping[str, Any]],
) -> None:  # fmt: skip
    """One Parquet file with the columns of the contract."""
    connection.execute(f"CREATE TABLE {name} ({COLUMNS[name]})")
    names = [part.split()[0] for part in COLUMNS[name].split(",")]
    values = [[row.get(item) for item in names] for row in rows]
    if values:
        marks = ", ".join("?" * len(names))
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", values)
    connection.execute(f"COPY {name} TO '{folder / (name + '.parquet')}' (FORMAT parquet)")
