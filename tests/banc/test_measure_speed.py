"""The measurement of speed: its arithmetic, what it refuses to count, and a quick run of it."""

from __future__ import annotations

import json
import smtplib
from typing import Any

import pytest

from banc import measure_speed, speed_bare
from banc.speed_drive import Shot, Target, WrongAnswer, shoot, spread, written
from loadtests.payloads import Payload


def test_the_median_with_its_spread() -> None:
    assert spread([3, 1, 2]) == (2, 1, 3)


def test_a_percentile_is_a_latency_that_was_seen() -> None:
    shot = Shot(1, tuple(float(value) for value in range(100, 0, -1)))
    assert (shot.percentile(0.5), shot.percentile(0.95), shot.percentile(1)) == (51, 96, 100)


def test_every_item_is_sent_once() -> None:
    shot = shoot(Target(lambda: lambda _item: None, range(101)))
    assert len(shot.latencies_ms) == 101
    assert shot.per_second > 0


def test_a_steady_pace_is_kept_and_items_are_prepared_before() -> None:
    def send(item: Any) -> None:
        assert isinstance(item, str)

    shot = shoot(Target(lambda: send, range(20), prepare=str, per_second=100))
    assert shot.per_second <= 125  # 16 intervals of 10 ms between the first and the last


def test_a_request_is_written_whole() -> None:
    payload = Payload("x", "POST", "/lps", b"<a/>", {"Content-Type": "text/xml"}, expects=b"good")
    made = written(payload, {"Authorization": "Bearer t"}, strict=True)
    assert made.content == (
        b"POST /lps HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        b"Content-Type: text/xml\r\nAuthorization: Bearer t\r\n\r\n<a/>"
    )
    assert made.expects == b"good"
    assert written(payload, {}, strict=False).expects == b""


@pytest.mark.parametrize("error", [OSError, smtplib.SMTPException, WrongAnswer])
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


@pytest.mark.slow
def test_one_transaction_is_measured_alone(capsys: pytest.CaptureFixture[str]) -> None:
    measure_speed.main(["--quick", "--json", "--only", "WS_INS2"])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["name"] for row in rows] == ["INSi WS_INS2"]


def test_a_transaction_nobody_knows_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_speed, "measure", lambda _size, _only: iter(()))
    with pytest.raises(SystemExit):
        measure_speed.main(["--only", "TD9"])
    assert "no transaction has 'TD9' in its name" in capsys.readouterr().err
