"""The control API: health, journal, faults, clock, reset; apart from the simulated service."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from kit.clock import FixedClock, bench_clock
from kit.service import Service, create_service
from kit.settings import Settings


@pytest.fixture
def service(settings: Settings) -> Service:
    service = create_service("demo", settings, bench_clock(settings.data_dir))
    with service.journal.record("demo", "T1", b"asked") as line:
        line.answer = b"told"
    return service


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return service.app.test_client()


def test_health_counts_the_journal(client: FlaskClient) -> None:
    assert client.get("/_banc/health").json == {
        "service": "demo",
        "status": "ready",
        "journal": 1,
    }


def test_a_line_is_read_with_its_bytes(client: FlaskClient) -> None:
    [line] = client.get("/_banc/journal?transaction=T1").json["exchanges"]
    found = client.get(f"/_banc/journal/{line['id']}").json
    assert (found["request"], found["answer"]) == ("YXNrZWQ=", "dG9sZA==")
    assert client.get("/_banc/journal?transaction=T2").json["exchanges"] == []


def test_the_clock_is_set_and_let_go(client: FlaskClient) -> None:
    at = "2024-02-29T12:00:00+00:00"
    assert client.put("/_banc/clock", json={"now": at, "speed": 0}).json["now"] == at
    assert client.get("/_banc/clock").json["now"] == at
    assert client.delete("/_banc/clock").json["state"]["following"]


def test_a_fault_is_armed_and_disarmed(client: FlaskClient) -> None:
    fault = {"id": "down", "effect": "cut"}
    assert client.post("/_banc/faults", json=fault).status_code == 200
    assert [item["id"] for item in client.get("/_banc/faults").json["faults"]] == ["down"]
    assert client.delete("/_banc/faults/down").status_code == 200
    assert client.delete("/_banc/faults/down").status_code == 404


def test_reset_empties_journal_and_faults(client: FlaskClient, service: Service) -> None:
    client.post("/_banc/faults", json={"id": "down", "effect": "cut"})
    client.post("/_banc/reset")
    assert service.journal.count() == 0
    assert service.faults.all() == []


WRONG: list[tuple[str, str, Any, int]] = [
    ("GET", "/_banc/journal/none", None, 404),
    ("GET", "/_banc/journal?after=x", None, 400),
    ("GET", "/nowhere", None, 404),
    ("POST", "/_banc/health", None, 405),
    ("POST", "/_banc/faults", {"id": "x"}, 400),
    ("POST", "/_banc/faults", None, 400),
    ("PUT", "/_banc/clock", {"now": "2024-01-01"}, 400),
    ("PUT", "/_banc/clock", {"now": "2024-01-01T00:00:00Z", "speed": -1}, 400),
    ("PUT", "/_banc/clock", {"now": "0001-01-01T00:00:00+14:00"}, 400),
    ("PUT", "/_banc/clock", {"now": "9999-12-31T23:59:59-14:00"}, 400),
    ("PUT", "/_banc/clock", [1], 400),
    ("GET", "/_banc/journal?after=²", None, 400),
    ("GET", "/_banc/journal?limit=9999999999999999", None, 400),
    ("GET", "/_banc/journal?sandbox=a%2Fb", None, 400),
    ("POST", "/_banc/reset?sandbox=", None, 400),
    ("GET", "/_banc/journal/a%00b", None, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), WRONG)
def test_there_is_one_error_body(
    client: FlaskClient, method: str, path: str, body: Any, status: int
) -> None:
    answer = (
        client.open(path, method=method, json=body) if body else client.open(path, method=method)
    )
    assert answer.status_code == status
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"status", "message", "where", "exchange"}


def test_a_wrong_method_is_told_those_of_the_path(client: FlaskClient) -> None:
    answer = client.post("/_banc/health")
    assert answer.status_code == 405
    assert answer.json["error"]["message"].endswith("It takes GET.")


def test_control_does_not_answer_on_a_tls_listener(client: FlaskClient) -> None:
    answer = client.get("/_banc/health", environ_overrides={"banc.listener": "mtls"})
    assert answer.status_code == 404


def test_a_service_with_its_own_clock_says_so(settings: Settings, clock: FixedClock) -> None:
    client = create_service("demo", settings, clock).app.test_client()
    assert client.get("/_banc/clock").status_code == 400


def test_a_hostile_filter_finds_nothing_and_breaks_nothing(client: FlaskClient) -> None:
    for name in ("subject", "software", "code", "transaction", "outcome"):
        for value in ("%00", "%25", "_", "'%20OR%201=1--", "%ED%A0%80", "%25" * 5000, "a" * 9000):
            answer = client.get(f"/_banc/journal?{name}={value}")
            assert answer.json == {"exchanges": []}


def test_a_sandbox_is_asked_for_by_name(client: FlaskClient, service: Service) -> None:
    with service.journal.record("demo", "T1", b"", sandbox="mine") as line:
        pass
    assert client.get("/_banc/health?sandbox=mine").json["journal"] == 1
    [found] = client.get("/_banc/journal?sandbox=mine").json["exchanges"]
    assert client.get(f"/_banc/journal/{found['id']}?sandbox=mine").status_code == 200
    assert client.get(f"/_banc/journal/{line.id}").status_code == 404
    client.post("/_banc/reset?sandbox=mine")
    assert (service.journal.count("mine"), service.journal.count()) == (0, 1)


HOSTS = [  # Host, Origin, content type, status of a reset
    ("localhost:8081", "", "", 200),
    ("127.0.0.1", "", "", 200),
    ("192.168.1.20:8081", "", "", 200),
    ("[::1]:8081", "", "", 200),
    ("dmp:8081", "", "", 200),
    ("evil.test", "", "", 403),
    ("127.0.0.1.evil.test", "", "", 403),
    ("[evil", "", "", 403),
    ("localhost", "http://evil.test", "", 403),
    ("localhost", "null", "text/plain", 403),
    ("localhost", "http://evil.test", "application/x-www-form-urlencoded", 403),
    ("localhost:8081", "http://localhost:8080", "text/plain", 403),
    ("localhost:8081", "http://localhost:8081", "", 200),
    ("localhost", "http://evil.test", "application/json", 200),  # a browser asks leave first
]


@pytest.mark.parametrize(("host", "origin", "kind", "status"), HOSTS)
def test_a_web_page_cannot_use_the_control_api(
    client: FlaskClient, service: Service, host: str, origin: str, kind: str, status: int
) -> None:
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    answer = client.post("/_banc/reset", headers=headers, content_type=kind or None)
    assert answer.status_code == status
    assert service.journal.count() == (status != 200)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_browser_is_given_no_leave(client: FlaskClient) -> None:
    asked = {"Origin": "http://evil.test", "Access-Control-Request-Method": "PUT"}
    answer = client.options("/_banc/clock", headers=asked)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
