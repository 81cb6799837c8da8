"""The tables of a run: every column there, typed, whatever the rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from simulator.delivery import Attempt, Outcome
from simulator.export import TABLES, Observed, described, write_tables
from simulator.identity_office import IdentityFile
from simulator.plan import make_plan
from simulator.posting import Task
from simulator.rounds import Sent
from simulator.scenario import Evidence
from tests.simulator.builders import CLINIC, MONDAY, WORLD, a_scenario, an_establishment

DAY = MONDAY.date()
PROOF = Evidence("mss_whitelist", DAY, DAY)
PLAN = make_plan(a_scenario(an_establishment(evidence=(PROOF,)), days=4), WORLD)
FILES = {CLINIC: IdentityFile((), {}, (), frozenset(), frozenset(), {})}
FEED = next(job for job in PLAN.jobs if job.task is Task.FEED)
LINE = {
    "id": "e1", "seq": 1, "sandbox": "default", "received_at": "2026-11-21T10:00:00.5+00:00",
    "stated_at": "2026-02-02T08:00:00+00:00", "service": "dmp", "transaction": "TD2.1",
    "listener": "mtls", "finess": "0B9013000", "software": "Hospidoc 4.2", "subject": "1",
    "type_code": "11490-0", "outcome": "accepted", "codes": [], "refusals": [],
    "duration_ms": 1.5, "size_bytes": 3, "facts": {"lot": "1.2.3"},
}  # fmt: skip


def written(folder: Path, exchanges: list[dict[str, Any]]) -> Any:
    attempt = Attempt("TD2.1", Outcome.DELIVERED, reference="1.2.3")
    seen = Observed([Sent(FEED, attempt, 1, MONDAY)], FILES, exchanges, ())
    write_tables(folder, PLAN, seen)
    connection = duckdb.connect()
    for name in TABLES:
        path = folder / f"{name}.parquet"
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{path}'")
    return connection


def test_every_table_has_its_columns_even_when_empty(tmp_path: Path) -> None:
    tables = written(tmp_path, [])
    for name, columns in TABLES.items():
        found = {row[0]: row[1] for row in tables.execute(f"DESCRIBE {name}").fetchall()}
        assert found == dict(columns)
    assert {path.suffix for path in tmp_path.iterdir()} == {".parquet"}


def test_a_stay_left_after_it_began_and_an_open_one_has_no_exit(tmp_path: Path) -> None:
    tables = written(tmp_path, [])
    query = "SELECT admitted_at, left_at, exit, pmsi_ok, nights, mode FROM stay"
    rows = tables.execute(query).fetchall()
    assert any(left is None for _, left, *_ in rows)
    for admitted, left, way, pmsi_ok, nights, mode in rows:
        assert (left is None) == (way == "")
        assert left is None or (left > admitted and nights >= (1 if mode == "full" else 0))
        assert not (left is None and pmsi_ok)


def test_documents_belong_to_a_stay_or_a_visit(tmp_path: Path) -> None:
    tables = written(tmp_path, [])
    lonely = """SELECT count(*) FROM document d
        LEFT JOIN stay s USING (stay_id) LEFT JOIN visit v USING (visit_id)
        WHERE s.stay_id IS NULL AND v.visit_id IS NULL"""
    assert tables.execute(lonely).fetchone() == (0,)


@pytest.mark.parametrize("transaction", ["TD2.1", "ITI-65", "ITI-105"])
def test_a_delivery_refers_to_its_exchange(tmp_path: Path, transaction: str) -> None:
    tables = written(tmp_path, [LINE | {"transaction": transaction}])
    query = "SELECT d.outcome, e.facts FROM delivery d JOIN exchange e ON e.id = d.exchange_ref"
    assert tables.execute(query).fetchall() == [("delivered", '{"lot": "1.2.3"}')]


def test_evidence_keeps_its_days(tmp_path: Path) -> None:
    rows = written(tmp_path, []).execute("SELECT code, date FROM evidence").fetchall()
    assert rows == [("mss_whitelist", DAY)]


def test_a_path_with_a_quote_is_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "l'essai"
    folder.mkdir()
    assert written(tmp_path, []) is not None
    write_tables(folder, PLAN, Observed([], FILES, [], ()))
    assert (folder / "stay.parquet").is_file()


def test_an_establishment_is_described_with_its_boxes() -> None:
    found = described(PLAN.hospitals[0])
    assert "MCO" in found["activities"]
    assert {"address", "kind"} <= set(found["boxes"][0])
    assert replace(PLAN).hospitals[0].beds == sum(unit["beds"] for unit in found["units"])
