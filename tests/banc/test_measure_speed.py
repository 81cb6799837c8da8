"""The measurement of speed: its arithmetic, what it refuses to count, and a quick run of it."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from banc import measure_speed, speed_bare
from banc.speed_drive import Shot, Target, WrongAnswer, shoot, spread


def test_the_median_with_its_spread() -> None:
    assert spread([3, 1, 2]) == (2, 1, 3)


def test_a_percentile_is_a_latency_that_was_seen() -> None:
    shot = Shot(1, tuple(float(value) for value in range(100, 0, -1)))
    assert (shot.percentile(0.5), shot.percentile(0.95), shot.percentile(1)) == (51, 96, 100)


def test_every_item_is_sent_once() -> None:
    shot = shoot(Target(lambda: lambda _item: None, range(101)))
    assert len(shot.latencies_ms) == 101
    assert shot.per_second > 0


@pytest.mark.parametrize("error", [OSError, http.client.HTTPException, WrongAnswer])
def test_a_wrong_answer_is_no_measurement(error: type[Exception]) -> None:
    def refuse(_item: Any) -> None:
        raise error("refused")

    with pytest.raises(WrongAnswer):
        shoot(Target(lambda: refuse, range(8)))


BODIES = [
    ("text/xml", b"<a/>"),
    ("application/fhir+json", b"{}"),
    ("text/plain", b"anything"),
]


@pytest.mark.parametrize(("content_type", "body"), BODIES)
def test_the_bare_handler_parses_and_hashes(content_type: str, body: bytes) -> None:
    client = speed_bare.create_app().test_client()
    answer = client.post("/any/path", data=body, content_type=content_type)
    assert answer.status_code == 200
    assert len(answer.get_data()) == 40


@pytest.mark.slow
def test_a_quick_run_gives_every_socle(capsys: pytest.CaptureFixture[str]) -> None:
    measure_speed.main(["--quick", "--json"])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["name"].split()[0] for row in rows] == ["DMP", "INSi", "ROR", "ROR", "MSSanté"]
    for row in rows:
        assert 0 < row["ratio_least"] <= row["ratio"] <= row["ratio_most"]
        assert 0 < row["p50_ms"] <= row["p95_ms"]
