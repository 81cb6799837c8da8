"""Thresholds and the balance of sent and received; where load may go; the smoke profile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from banc.ports import free_port
from banc.private import private_bench
from kit.settings import Settings
from loadtests import headless
from loadtests.headless import NotLoopback, Row, UnknownProfile, balance, judge, run_profile
from loadtests.profiles import Threshold
from loadtests.targets import loopback
from tests.conftest import ROOT


def a_row(**changes: Any) -> Row:
    row = Row("dmp TD2.1", count=100, failures=1, p50_ms=20, p95_ms=90, per_second=12.5)
    return replace(row, **changes)


JUDGED = [  # threshold, holds
    (Threshold("dmp TD2.1", p95_ms=90), [True]),
    (Threshold("dmp TD2.1", p95_ms=89.9), [False]),
    (Threshold("dmp TD2.1", failure_ratio=0.01), [True]),
    (Threshold("dmp TD2.1", failure_ratio=0), [False]),
    (Threshold("dmp TD2.1", min_rps=12.5), [True]),
    (Threshold("dmp TD2.1", min_rps=13), [False]),
    (Threshold("dmp TD2.1", p95_ms=1, failure_ratio=1, min_rps=1), [False, True, True]),
    (Threshold("ins WS_INS2", failure_ratio=1), [False]),
]


@pytest.mark.parametrize(("threshold", "held"), JUDGED)
def test_a_threshold_is_held_or_missed(threshold: Threshold, held: list[bool]) -> None:
    verdicts = list(judge((threshold,), (a_row(),)))
    assert [verdict.held for verdict in verdicts] == held
    assert all(verdict.text.startswith(threshold.name) for verdict in verdicts)


def test_a_missed_threshold_says_what_was_seen() -> None:
    (verdict,) = judge((Threshold("dmp TD2.1", p95_ms=50),), (a_row(),))
    assert verdict.text == "dmp TD2.1: p95 90 ms, at most 50"


def test_what_is_sent_must_be_in_the_journal() -> None:
    rows = (a_row(), a_row(name="ror TOKEN", count=2))
    lost, whole = balance(rows, Counter({"dmp TD2.1": 99, "ror TOKEN": 2}))
    assert (lost.text, lost.held) == ("dmp TD2.1: 100 sent, 99 in the journal", False)
    assert whole.held


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1"])
def test_load_may_go_to_the_loopback(host: str) -> None:
    assert loopback(replace(Settings(), host=host), "dmp") == host


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "::"])
def test_everywhere_means_the_loopback(host: str) -> None:
    assert loopback(replace(Settings(), host=host), "ror") == "127.0.0.1"


@pytest.mark.parametrize("host", ["10.0.0.1", "192.0.2.7", "dmp.invalid", "dmp", "fd00::1"])
def test_load_goes_nowhere_else(host: str) -> None:
    settings = replace(Settings(), dmp_host=host)
    with pytest.raises(NotLoopback) as error:
        run_profile("smoke", settings)
    assert str(error.value) == (
        f"load goes to 127.0.0.0/8 or ::1 only, and dmp is at {host}:"
        " set BANC_HOST or BANC_DMP_HOST to 127.0.0.1"
    )


def test_an_unknown_profile_is_told_before_anything_starts() -> None:
    with pytest.raises(UnknownProfile):
        run_profile("rush", Settings())


def test_without_a_bench_it_is_one_clear_line() -> None:
    with pytest.raises(headless.CannotLoad, match="the journal of dmp does not answer"):
        run_profile("smoke", replace(Settings(), dmp_port=free_port()))


def test_a_request_under_way_when_its_user_is_stopped_is_counted() -> None:
    command = [sys.executable, "-m", "tests.loadtests.stopped_users"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)
    counts = json.loads(done.stdout)
    assert counts == {
        "Feeder, pause": [2, 2],
        "Feeder, request": [1, 1],
        "Searcher, pause": [3, 3],
        "Searcher, request": [1, 1],
        "Reader, pause": [2, 2],
        "Reader, request": [1, 1],
    }


@pytest.mark.slow
def test_the_smoke_profile_holds_and_nothing_is_lost(tmp_path: Path) -> None:
    with private_bench(tmp_path) as bench:
        report = run_profile("smoke", bench.settings)
    assert report.errors == ()
    assert [verdict.text for verdict in report.thresholds if not verdict.held] == []
    assert report.passed
    names_sent = {row.name for row in report.rows}
    assert {"dmp TD2.1", "ins WS_INS2", "ror PATCH Location", "mssante SMTP.DATA"} <= names_sent
    assert report.as_dict()["passed"] is True
