"""The SOAP port: every message gets the protocol's answer and one journal line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import request
from flask.testing import FlaskClient

from kit import mtom, soap
from kit.clock import FixedClock
from kit.database import Database
from kit.faults import Fault
from kit.mtom import include
from kit.service import Service
from kit.settings import Settings
from kit.xml import build, find_text, parse
from tests.kit.demo import TYPE, create_demo, envelope, notes


@pytest.fixture
def service(settings: Settings, clock: FixedClock) -> Service:
    return create_demo(replace(settings, max_body_bytes=5000, database_wait_seconds=1), clock)


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return service.app.test_client()


def post(client: FlaskClient, data: bytes, content_type: str = TYPE) -> Any:
    return client.post("/port", data=data, content_type=content_type)


def test_a_call_is_answered_with_addressing(client: FlaskClient, service: Service) -> None:
    answer = post(client, envelope())
    root = parse(answer.data)
    assert answer.status_code == 200
    assert find_text(root, "soap:Body/hl7:pong") == "hello"
    assert find_text(root, "soap:Header/wsa:Action") == "urn:pong"
    assert find_text(root, "soap:Header/wsa:RelatesTo") == "urn:uuid:1"
    [line] = service.journal.find()
    assert (line.transaction, line.outcome, line.codes) == ("PING", "accepted", ())
    request, told = service.journal.raw(line.id) or (b"", b"")
    assert request.startswith(b"POST /port HTTP/1.1\r\n")
    assert request.endswith(envelope())
    assert told.endswith(answer.data)


def test_attachments_travel_both_ways(client: FlaskClient) -> None:
    body = build("hl7:ping", "attached", include("in@x"))
    content_type, data = mtom.write_multipart(
        soap.write_envelope(body), {"in@x": b"\x00\x01"}, boundary="B"
    )
    answer = post(client, data, content_type)
    assert mtom.read_multipart(answer.content_type, answer.data)[1] == {"back@x": b"\x00\x01"}


SOAP11 = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'
TWO = envelope().replace(b"</soap:Body>", b"<x/></soap:Body>")
BAD = [  # body, content type, status, outcome, words of the fault
    (b"<a", TYPE, 500, "malformed", "not well-formed"),
    (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', TYPE, 500, "malformed", "entity"),
    (b"<a/>", TYPE, 500, "malformed", "soap:Envelope"),
    (SOAP11, TYPE, 500, "malformed", "SOAP 1.2"),
    (TWO, TYPE, 500, "malformed", "expected one element, found 2"),
    (envelope(), "text/xml", 500, "malformed", "application/soap+xml"),
    (envelope(), "multipart/related; boundary=B", 500, "malformed", "not in the body"),
    (envelope("x" * 6000), TYPE, 413, "malformed", "larger than 5000"),
    (soap.write_envelope(build("hl7:pang")), TYPE, 500, "malformed", "pang"),
    (envelope("rude"), TYPE, 500, "refused", "a ping is polite"),
    (envelope(root="stranger"), TYPE, 500, "unauthorized", "inconnu"),
    (soap.write_envelope(build("hl7:pang", root="stranger")), TYPE, 500, "unauthorized", "inconnu"),
    (envelope(), "a/b\x01", 500, "malformed", "a/b?"),
    (envelope(), "multipart/related; boundary=B" + "; a=b" * 500, 500, "malformed", "longer"),
    (envelope("unkeepable"), TYPE, 500, "bug", "banc bug"),
    (envelope("bug"), TYPE, 500, "bug", "banc bug, exchange"),
]


@pytest.mark.parametrize(("data", "kind", "status", "outcome", "words"), BAD)
def test_bad_input_is_a_fault_and_one_line(
    client: FlaskClient, service: Service, data: bytes, kind: str, status: int, outcome: str,
    words: str,
) -> None:  # fmt: skip
    answer = post(client, data, kind)
    assert answer.status_code == status
    assert words in find_text(parse(answer.data), "soap:Body/soap:Fault/soap:Reason/soap:Text")
    assert [line.outcome for line in service.journal.find()] == [outcome]
    assert post(client, envelope()).status_code == 200


def test_a_truncated_body_is_told_as_such(client: FlaskClient, service: Service) -> None:
    answer = client.post(
        "/port", data=envelope()[:50], content_type=TYPE, headers={"Content-Length": "4000"}
    )
    assert answer.status_code == 500
    assert [line.outcome for line in service.journal.find()] == ["malformed"]


def test_a_strange_action_is_only_noted(client: FlaskClient, service: Service) -> None:
    answer = post(client, envelope().replace(b"urn:ping<", b"urn:pung<"))
    assert answer.status_code == 200
    assert "urn:pung" in service.journal.find()[0].facts["lint"][0]


def test_an_armed_code_is_answered(client: FlaskClient, service: Service) -> None:
    service.faults.arm(Fault("busy", "demo", "code", "PING", "Busy"))
    assert b"soap:Busy" in post(client, envelope()).data
    assert service.journal.find()[0].outcome == "injected"


def test_a_lost_answer_keeps_its_effect(client: FlaskClient, service: Service) -> None:
    service.faults.arm(Fault("lost", "demo", "lose"))
    post(client, envelope())
    assert service.journal.find()[0].outcome == "accepted"


def test_the_same_request_gives_the_same_answer(client: FlaskClient) -> None:
    assert post(client, envelope()).data == post(client, envelope()).data


def test_an_effect_is_kept_by_an_accepted_exchange_only(
    client: FlaskClient, service: Service
) -> None:
    for word in ("hello", "rude", "bug", "unkeepable"):
        post(client, envelope(word))
    outcomes = {line.outcome: line.id for line in service.journal.find()}
    assert set(outcomes) == {"accepted", "refused", "bug"}
    assert notes(service) == {outcomes["accepted"]}


def test_when_the_database_cannot_answer_nothing_is_acknowledged(
    client: FlaskClient, service: Service
) -> None:
    other = Database(service.settings, "demo")
    with other.writing():
        answer = post(client, envelope())
    other.close()
    assert answer.status_code == 503
    assert "réessayez" in find_text(
        parse(answer.data), "soap:Body/soap:Fault/soap:Reason/soap:Text"
    )
    assert (service.journal.find(), notes(service)) == ([], set())
    assert post(client, envelope()).status_code == 200


def test_a_compressed_body_is_told_as_such(client: FlaskClient, service: Service) -> None:
    answer = client.post(
        "/port", data=envelope(), content_type=TYPE, headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 415
    assert service.journal.find()[0].refusals[0]["field"] == "Content-Encoding"


def test_a_cut_answer_has_no_effect(client: FlaskClient, service: Service) -> None:
    service.faults.arm(Fault("cut", "demo", "cut"))
    post(client, envelope())
    assert [line.outcome for line in service.journal.find()] == ["injected"]
    assert notes(service) == set()


def test_a_fault_on_any_transaction_disturbs_an_unknown_one_too(
    client: FlaskClient, service: Service
) -> None:
    service.faults.arm(Fault("busy", "demo", "code", value="Busy"))
    post(client, soap.write_envelope(build("hl7:pang")))
    assert service.journal.find()[0].outcome == "injected"


STRAYS = [  # method, path, status, words
    ("POST", "/prot", 404, "POST /port"),
    ("GET", "/", 404, "POST /port"),
    ("GET", "/port?wsdl", 405, "not allowed"),
    ("DELETE", "/port", 405, "not allowed"),
]


@pytest.mark.parametrize(("method", "path", "status", "words"), STRAYS)
def test_a_wrong_address_is_a_line_of_the_journal(
    client: FlaskClient, service: Service, method: str, path: str, status: int, words: str
) -> None:
    answer = client.open(path, method=method, data=b"lost" if method == "POST" else b"")
    [line] = service.journal.find(transaction="HTTP")
    assert answer.status_code == status
    assert words in answer.json["error"]["message"]
    assert answer.json["error"]["exchange"] == line.id
    assert (line.outcome, line.codes) == ("malformed", (str(status),))
    request, told = service.journal.raw(line.id) or (b"", b"")
    assert request.startswith(f"{method} {path} ".encode())
    assert told.endswith(answer.data)
    if status == 405:
        assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_the_control_api_is_no_line_of_the_journal(client: FlaskClient, service: Service) -> None:
    assert client.get("/_banc/nowhere").status_code == 404
    assert client.post("/_banc/health").status_code == 405
    assert service.journal.count() == 0


def test_a_bug_outside_the_port_has_the_same_page(client: FlaskClient, service: Service) -> None:
    @service.app.get("/broken")
    def broken() -> str:
        with service.journal.record("demo", "BROKEN", b""):
            raise ZeroDivisionError

    answer = client.get("/broken")
    [line] = service.journal.find()
    assert (answer.status_code, line.outcome) == (500, "bug")
    assert answer.json["error"]["exchange"] == line.id


def test_a_body_above_the_bound_elsewhere_is_a_line_too(
    client: FlaskClient, service: Service
) -> None:
    @service.app.post("/other")
    def other() -> bytes:
        return request.get_data()

    assert client.post("/other", data=b"x" * 5001).status_code == 413
    assert [line.codes for line in service.journal.find()] == [("413",)]
