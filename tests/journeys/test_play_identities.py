"""A play over the wire whose identities have a past, and what is withheld until they are qualified.

Many slips and duplicates, two days: the identity unit has a morning in between.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from banc.control import reset_bench
from kit.settings import Settings
from simulator.clock import PARIS
from simulator.identity_unit import OPENS_AT_HOUR
from simulator.run import Run, play
from simulator.scenario import TO_DMP, Habits, Scenario, load
from tests.conftest import ROOT
from tests.journeys.test_play import CALLS, IDENTITIES, a_bench, rows

SMOKE = load(ROOT / "scenarios" / "smoke.yaml")
HABITS = replace(
    Habits(),
    identity_errors=0.5,
    identity_known=0.6,
    identity_duplicates=0.4,
    identity_unit=1.0,
    to_citizen=0.4,
    to_dmp=dict.fromkeys(TO_DMP, 1.0),
    refreshes_beds=False,
)
ASKED_AGAIN = time(OPENS_AT_HOUR + SMOKE.slot_minutes // 60, SMOKE.slot_minutes % 60)
DELIVERED = """SELECT delivery_id FROM delivery
    WHERE outcome = 'delivered' AND NOT contains(delivery_id, '/')"""  # not the tests of existence
LATE = """SELECT unique_id, exchange_ref, due_at, sent_at, x.created_at
    FROM delivery JOIN document x USING (unique_id)
    WHERE transaction = 'TD2.1' AND delivery_id IN (SELECT unnest(?)) ORDER BY ALL"""


def a_play(habits: Habits) -> Scenario:
    place = replace(SMOKE.establishments[0], habits=habits)
    return replace(SMOKE, days=2, establishments=(place,))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A bench of its own, on free ports."""
    with a_bench(tmp_path_factory) as settings:
        yield settings


@pytest.fixture(scope="module")
def without(bench: Settings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The play of a hospital that never makes up for what it withheld."""
    scenario = a_play(replace(HABITS, sends_withheld=False))
    return play(scenario, bench, out=tmp_path_factory.mktemp("without"))


@pytest.fixture(scope="module")
def run(bench: Settings, without: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    assert without.deliveries
    reset_bench(bench)
    return play(a_play(HABITS), bench, out=tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def late(run: Run, without: Run) -> set[str]:
    """What only the hospital that catches up delivered."""
    more, less = ({row[0] for row in rows(found, DELIVERED)} for found in (run, without))
    assert less <= more
    return more - less


def deposits(run: Run, names: set[str]) -> list[tuple[Any, ...]]:
    told = ", ".join(f"'{name}'" for name in sorted(names))
    return rows(run, LATE.replace("?", f"[{told}]"))


def test_what_was_withheld_is_sent_and_the_figures_say_so(
    run: Run, without: Run, late: set[str]
) -> None:
    (figures,), (others,) = run.identities, without.identities
    told, kept = figures["withheld"], others["withheld"]
    assert told["sent_late"] == len(late) > 0
    assert told["withheld"] == told["sent_late"] + told["never"]
    assert kept["sent_late"] == 0
    assert kept["never"] == kept["withheld"] == told["withheld"]
    assert (
        run.counts["withheld"]["INS_NOT_QUALIFIED"]
        < (without.counts["withheld"]["INS_NOT_QUALIFIED"])
    )
    assert json.loads((run.folder / "run.json").read_text("utf-8"))["identities"] == [figures]


def test_it_leaves_when_the_identity_unit_has_qualified_the_identity(
    run: Run, late: set[str]
) -> None:
    sent = deposits(run, late)
    assert sent
    qualified = dict(
        rows(
            run,
            """SELECT unique_id, min(qualified_at) FROM document
            JOIN identity USING (finess_ej, patient_id) WHERE status = 'qualified' GROUP BY ALL""",
        )
    )
    for unique_id, _, due_at, sent_at, _ in sent:
        assert sent_at - due_at > timedelta(minutes=SMOKE.slot_minutes)
        here = sent_at.replace(tzinfo=UTC).astimezone(PARIS)
        assert here.hour in (OPENS_AT_HOUR, ASKED_AGAIN.hour)
        assert qualified[unique_id] <= sent_at  # then, or before in what it was merged into


def test_insi_is_asked_again_once_the_traits_are_corrected(run: Run, late: set[str]) -> None:
    again = rows(
        run,
        """SELECT delivery_id, sent_at, max_by(code, attempt) FROM delivery
        WHERE transaction = 'WS_INS2' AND regexp_matches(delivery_id, '^ins-.*-[0-9]{4}$')
        GROUP BY ALL""",
    )
    assert {code for _, _, code in again} == {"00"}
    for _, sent_at, _ in again:
        assert sent_at.replace(tzinfo=UTC).astimezone(PARIS).time() == ASKED_AGAIN
    by_then = {sent_at for _, _, _, sent_at, _ in deposits(run, late)}
    assert by_then & {sent_at for _, sent_at, _ in again}  # what waited leaves in the same slot


def test_a_late_document_keeps_its_dates_and_is_submitted_now(
    run: Run, bench: Settings, late: set[str]
) -> None:
    for _, exchange, _, sent_at, created_at in deposits(run, late):
        url = f"http://127.0.0.1:{bench.dmp_port}/_banc/journal/{exchange}"
        with urlopen(url) as answer:
            request = base64.b64decode(json.load(answer)["request"])
        assert slot(request, b"creationTime") == created_at
        assert slot(request, b"submissionTime") == sent_at


def slot(request: bytes, name: bytes) -> datetime:
    """A time in the metadata of a deposit, as the tables have times."""
    found = re.search(rb'Slot name="' + name + rb'".*?(\d{14})<', request, re.DOTALL)
    assert found
    return datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S")


def test_the_past_is_found_and_its_duplicates_are_worked_off(run: Run) -> None:
    (figures,) = run.identities
    assert figures["known"]["numerator"] > 0
    assert figures["recognised"]["numerator"] > 0
    assert figures["duplicates"]["numerator"] > 0
    assert figures["work_list"]["duplicate"] > 0
    start = f"'{SMOKE.starts_at.astimezone(UTC):%Y-%m-%d %H:%M}'"
    query = f"""SELECT count(DISTINCT patient_id), count(*), count(DISTINCT status),
        count(*) FILTER (identity_id LIKE '%-1') FROM identity
        WHERE created_at < TIMESTAMP {start} - INTERVAL 40 DAY"""
    people, identities, statuses, twice = rows(run, query)[0]
    assert people == figures["known"]["numerator"]
    assert identities == people + twice > people
    assert statuses > 1
    assert run.counts["withheld"]["IDENTITY_KNOWN"] > 0
    received = "SELECT count(*) FROM exchange WHERE transaction = 'WS_INS2'"
    assert rows(run, received) == [(len(rows(run, CALLS)),)]


def test_nothing_left_before_its_identity_was_qualified(run: Run) -> None:
    query = """SELECT count(*), count(*) FILTER (q.at IS NULL OR q.at > e.stated_at)
        FROM exchange e LEFT JOIN (
            SELECT patient_id, min(qualified_at) AS at FROM identity
            WHERE status = 'qualified' GROUP BY ALL) q ON q.patient_id = e.subject
        WHERE e.service = 'dmp'"""
    ((count, early),) = rows(run, query)
    assert count > 0
    assert early == 0


def test_the_same_seed_sends_the_same_late_bytes(
    run: Run, late: set[str], bench: Settings, tmp_path: Path
) -> None:
    before = {name: rows(run, query) for name, query in REPLAYED.items()}
    reset_bench(bench)
    again = play(a_play(HABITS), bench, out=tmp_path / "again")
    assert {name: rows(again, query) for name, query in REPLAYED.items()} == before
    assert again.identities == run.identities
    assert late <= {row[0] for row in rows(again, DELIVERED)}


REPLAYED = {
    "bytes": """SELECT transaction, size_bytes, subject, stated_at, facts -> '$.documents' AS told
        FROM exchange WHERE service IN ('dmp', 'ins', 'mssante') ORDER BY ALL""",
    "identities": IDENTITIES,
    "calls": CALLS,
    "deliveries": """SELECT delivery_id, attempt, sent_at, outcome, code FROM delivery
        ORDER BY ALL""",
}
