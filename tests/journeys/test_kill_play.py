"""A play goes on while parts of the bench are killed with -9, and nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from banc.bench import Bench
from banc.control import ask
from banc.private import private_bench
from kit.settings import Settings, to_env
from tests.banc.test_bench import _listeners
from tests.conftest import ROOT

VICTIMS = ("dmp_port", "submission_port", "ins_port")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with private_bench(tmp_path_factory.mktemp("kill-play")) as bench:
        yield bench


def kill(settings: Settings, name: str) -> None:
    """Kill -9 every process that listens on a port of a part."""
    for pid in _listeners(getattr(settings, name)):
        os.kill(pid, signal.SIGKILL)


def kill_one_after_the_other(settings: Settings) -> None:
    """From the first deliveries on, a part every half second."""
    while ask(settings, "dmp", "GET", "/health")["journal"] < 3:
        time.sleep(0.02)
    for name in VICTIMS:
        kill(settings, name)
        time.sleep(0.5)


@pytest.mark.slow
def test_a_play_outlives_kill_9_and_nothing_acknowledged_is_lost(
    bench: Bench, tmp_path: Path
) -> None:
    play = subprocess.Popen(
        [sys.executable, "-m", "banc", "play", "scenarios/smoke.yaml", "--out", str(tmp_path)],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **to_env(bench.settings)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    killer = threading.Thread(target=kill_one_after_the_other, args=(bench.settings,))
    killer.start()
    told, error = play.communicate(timeout=120)
    killer.join()
    assert play.returncode == 0, error
    assert "Traceback" not in error
    run = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert all(row["abandoned"] == 0 for row in run["channels"]), told
    assert acknowledged(tmp_path) <= journalled(tmp_path)
    assert acknowledged(tmp_path)


def acknowledged(run: Path) -> set[str]:
    """The uniqueIds whose deposit the simulated hospital saw accepted."""
    query = (
        "SELECT DISTINCT unique_id FROM delivery "
        "WHERE transaction = 'TD2.1' AND outcome = 'delivered'"
    )
    return ids(run, query)


def journalled(run: Path) -> set[str]:
    """The uniqueIds of the accepted deposits of the DMP's journal."""
    query = (
        "SELECT DISTINCT json_extract_string(d.value, '$.unique_id') "
        "FROM exchange, json_each(json_extract(facts, '$.documents')) AS d "
        "WHERE service = 'dmp' AND transaction = 'TD2.1' AND outcome = 'accepted'"
    )
    return ids(run, query)


def ids(run: Path, query: str) -> set[str]:
    with duckdb.connect() as connection:
        for name in ("delivery", "exchange"):
            path = run / f"{name}.parquet"
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{path}'")
        return {str(row[0]) for row in connection.execute(query).fetchall()}
