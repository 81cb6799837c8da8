"""Journey 2, small: a scenario is played against a real bench, and the run tells what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb
import pytest

from banc.bench import Bench, running
from banc.control import reset_bench
from banc.parts import parts
from banc.private import on_free_ports
from kit.clock import bench_clock
from kit.identity import IdentityStatus
from kit.settings import Settings
from simulator.identity_office import repository_settings
from simulator.rniv.store import Repository
from simulator.run import Progress, Run, play
from simulator.scenario import Outage, load
from tests.conftest import ROOT

SMOKE = load(ROOT / "scenarios" / "smoke.yaml")


@contextmanager
def a_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a running bench, on free ports."""
    data = tmp_path_factory.mktemp("bench") / "data"
    settings = on_free_ports(replace(Settings(), data_dir=data, workers=1))
    with running(Bench(settings, parts(settings))):
        yield settings


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A bench of its own, on free ports."""
    with a_bench(tmp_path_factory) as settings:
        yield settings


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def run(bench: Settings, told: list[Progress], tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "smoke"
    return play(SMOKE, bench, out=folder, on_progress=told.append)


def rows(run: Run, query: str) -> list[tuple[Any, ...]]:
    """A query on the tables of a run, whose names are those of its files."""
    connection = duckdb.connect()
    for path in run.folder.glob("*.parquet"):
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
    return connection.execute(query).fetchall()


def test_every_channel_delivers(run: Run) -> None:
    assert {row.channel for row in run.channels if row.delivered} == {
        "dmp", "mssante", "ins", "ror"
    }  # fmt: skip
    assert run.abandoned == 0
    assert 20 < run.deliveries < 60


def test_each_call_has_its_line_in_the_journals(run: Run) -> None:
    differs = """
        WITH sent AS (SELECT transaction, count(*) AS n FROM delivery GROUP BY ALL),
        received AS (SELECT transaction, count(*) AS n FROM exchange GROUP BY ALL)
        SELECT * FROM sent LEFT JOIN received USING (transaction)
        WHERE sent.n IS DISTINCT FROM received.n"""
    assert rows(run, differs) == []


def test_no_exchange_is_a_bug_malformed_or_unauthorized(run: Run) -> None:
    query = "SELECT DISTINCT outcome FROM exchange"
    assert {row[0] for row in rows(run, query)} <= {"accepted", "refused"}


def test_lines_state_simulated_time_and_the_establishment(run: Run) -> None:
    query = f"""SELECT count(*), min(stated_at) >= '{SMOKE.starts_at:%Y-%m-%d %H:%M%z}',
        count(DISTINCT finess) FROM exchange WHERE transaction = 'TD2.1'"""
    count, is_simulated, establishments = rows(run, query)[0]
    assert count > 0
    assert is_simulated
    assert establishments == 1


def test_a_document_on_the_wire_leads_to_its_stay(run: Run) -> None:
    query = """SELECT count(*) FROM delivery d
        JOIN exchange e ON e.id = d.exchange_ref
        JOIN document x USING (unique_id)
        WHERE d.transaction IN ('TD2.1', 'SMTP.DATA')
          AND (e.facts ->> '$.documents[0].unique_id') = x.unique_id"""
    linked = rows(run, query)[0][0]
    sent = "SELECT count(*) FROM delivery WHERE transaction IN ('TD2.1', 'SMTP.DATA')"
    assert linked == rows(run, sent)[0][0] > 0


def test_the_offers_are_those_of_the_establishments_played(run: Run) -> None:
    query = "SELECT DISTINCT finess_ej FROM ror_offer"
    assert rows(run, query) == [(SMOKE.establishments[0].finess,)]
    assert rows(run, "SELECT count(*) FROM ror_offer WHERE unit IS NOT NULL")[0][0] > 4


def test_run_json_says_what_the_run_says(run: Run, told: list[Progress]) -> None:
    kept = json.loads((run.folder / "run.json").read_text("utf-8"))
    assert kept == json.loads(json.dumps(run.as_dict()))
    assert kept["counts"]["documents"] == rows(run, "SELECT count(*) FROM document")[0][0]
    assert told[-1].waiting == 0
    assert told[-1].delivered + told[-1].refused == told[-1].expected


def test_the_clock_follows_real_time_again(run: Run, bench: Settings) -> None:
    assert run.deliveries
    assert bench_clock(bench.data_dir).state().following


def test_the_same_seed_sends_the_same_bytes(run: Run, bench: Settings, tmp_path: Path) -> None:
    reset_bench(bench)
    again = play(SMOKE, bench, out=tmp_path / "again")
    query = """SELECT transaction, size_bytes, subject, facts -> '$.documents' AS documents
        FROM exchange WHERE service IN ('dmp', 'ins', 'mssante') ORDER BY ALL"""
    assert rows(again, query) == rows(run, query)
    for table in (IDENTITIES, CALLS):
        assert rows(again, table) == rows(run, table)
    assert again.identities == run.identities


IDENTITIES = "SELECT * FROM identity ORDER BY ALL"
CALLS = "SELECT * FROM insi_call ORDER BY ALL"


@pytest.fixture(scope="module")
def repository(run: Run, bench: Settings) -> Iterator[Repository]:
    """The repository the hospital kept in the run's folder."""
    found = Repository.of(repository_settings(run.folder, bench), SMOKE.establishments[0].finess)
    yield found
    found.close()


def test_what_went_to_the_dmp_was_qualified_in_the_repository_then(
    run: Run, repository: Repository
) -> None:
    query = """SELECT DISTINCT d ->> 'patient_id', stated_at FROM (
        SELECT unnest(CAST(facts -> '$.documents' AS JSON[])) AS d, stated_at
        FROM exchange WHERE transaction = 'TD2.1')"""
    sent = rows(run, query)
    assert sent
    with repository.open() as identities:
        for matricule, at in sent:
            (holder,) = identities.holders(matricule.partition("^")[0])
            assert holder.status is IdentityStatus.QUALIFIED
            assert holder.qualified_at
            assert holder.qualified_at <= at.replace(tzinfo=UTC)


def test_no_other_matricule_leaves(run: Run) -> None:
    qualified = "SELECT patient_id FROM identity WHERE status = 'qualified'"
    query = f"""SELECT count(*), count(*) FILTER (subject NOT IN ({qualified})) FROM exchange
        WHERE service = 'dmp'"""
    count, others = rows(run, query)[0]
    assert count > 0
    assert others == 0
    told = """SELECT count(*), count(e.id) FROM identity i
        LEFT JOIN exchange e ON e.service IN ('dmp', 'mssante') AND contains(e.facts, i.patient_id)
        WHERE i.status <> 'qualified'"""
    unqualified, left = rows(run, told)[0]
    assert unqualified > 0
    assert left == 0


def test_the_tables_of_identities_are_what_the_repository_holds(
    run: Run, repository: Repository
) -> None:
    told = rows(run, "SELECT identity_id, status, qualified_at FROM identity ORDER BY ALL")
    with repository.open() as identities:
        held = [
            (
                one.ipp,
                one.status.name.lower(),
                one.qualified_at and one.qualified_at.replace(tzinfo=None),
            )
            for one in identities.every()
        ]
        calls = len(identities.work.calls())
    assert told == held
    assert len(rows(run, CALLS)) == calls
    received = "SELECT count(*) FROM exchange WHERE transaction = 'WS_INS2'"
    assert rows(run, received) == [(calls,)]
    strays = """SELECT count(*) FROM stay s LEFT JOIN identity i USING (finess_ej, patient_id)
        WHERE s.ins_status IS DISTINCT FROM i.status"""
    assert rows(run, strays) == [(0,)]


def test_the_figures_of_identities_are_counted_over_the_tables(run: Run) -> None:
    (figures,) = run.identities
    query = """SELECT count(*) FILTER (retrieved), count(*) FILTER (status = 'qualified'),
        count(*) FROM identity"""
    retrieved, qualified, every = rows(run, query)[0]
    assert (figures["in_insi"]["numerator"], figures["in_insi"]["denominator"]) == (
        retrieved,
        every,
    )
    assert (figures["qualified"]["numerator"], figures["qualified"]["denominator"]) == (
        qualified,
        every,
    )
    answers = "SELECT result, count(*) FROM insi_call GROUP BY ALL"
    told = {
        answer: ratio["numerator"]
        for answer, ratio in figures["answers"]["SM"].items()
        if ratio["numerator"]
    }
    assert told == dict(rows(run, answers))
    stays = f"""SELECT count(*) FILTER (ins_status = 'qualified'), count(*) FROM stay
        WHERE admitted_at >= '{SMOKE.starts_at.astimezone(UTC):%Y-%m-%d %H:%M}'"""
    delay = figures["delay"]
    assert [(delay["numerator"], delay["denominator"])] == rows(run, stays)
    assert 0 <= delay["median_minutes"] <= delay["p90_minutes"]


def test_an_outage_ends_with_everything_delivered(
    run: Run, bench: Settings, tmp_path: Path
) -> None:
    """Busy, cut and lost answers in the afternoon: retries bring every deposit in."""
    noon, evening = SMOKE.starts_at.replace(hour=8), SMOKE.starts_at.replace(hour=20)
    busy = Outage("dmp", "code", noon, evening.replace(hour=14), "TD2.1", "XDSRepositoryBusy")
    lost = Outage("dmp", "lose", evening.replace(hour=14), evening, "TD2.1", probability=0.7)
    scenario = replace(SMOKE, seed=8, outages=(busy, lost), insi_dialect="2021")
    again = play(scenario, bench, out=tmp_path / "outage")
    channel = next(row for row in again.channels if row.channel == "dmp")
    assert channel.retries > 0
    assert channel.abandoned == 0
    codes = {row[0] for row in rows(again, "SELECT code FROM delivery WHERE channel = 'dmp'")}
    assert {"XDSRepositoryBusy", "NO_ANSWER", "FOUND_BY_TD3.1b"} <= codes
    twice = """SELECT facts -> '$.lot' AS lot, count(*) FROM exchange
        WHERE transaction = 'TD2.1' AND outcome = 'accepted' GROUP BY ALL HAVING count(*) > 1"""
    assert rows(again, twice) == []
    spoken = """SELECT DISTINCT facts ->> '$.dialect' FROM exchange
        WHERE service = 'ins' AND outcome = 'accepted'"""
    assert rows(again, spoken) == [("2021",)]
    assert rows(run, spoken) == [(bench.ins_dialect,)]
    assert run.folder != again.folder
