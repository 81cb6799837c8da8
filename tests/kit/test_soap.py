"""The SOAP port: every message gets the protocol's answer and one journal line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Blueprint
from flask.testing import FlaskClient

from kit import mtom, soap
from kit.clock import FixedClock
from kit.faults import Fault
from kit.mtom import include, included
from kit.rules import Code, Refusal, Refused
from kit.service import Service, create_service
from kit.settings import Settings
from kit.xml import build, find_text, parse

TYPE = "application/soap+xml; charset=UTF-8"
NO = Refusal(Code("SaidNo", "no", "Sheet"), "a_ping_is_polite", "Sheet 1", field="tone")


@pytest.fixture
def service(settings: Settings, clock: FixedClock) -> Service:
    service = create_service("demo", replace(settings, max_body_bytes=5000), clock)
    bp = Blueprint("demo", __name__)
    port = soap.Port(bp, "/port", service, identify=identify)

    @port.operation("hl7:ping", transaction="PING", action="urn:ping", reply_action="urn:pong")
    def ping(call: soap.Call) -> soap.Reply | soap.Element:
        word = call.body.text or ""
        if word == "rude":
            raise Refused([NO])
        if word == "bug":
            raise ZeroDivisionError
        if word == "attached":
            found = included(call.body, call.attachments) or b""
            return soap.Reply(build("hl7:pong", include("back@x")), {"back@x": found})
        return build("hl7:pong", word)

    service.app.register_blueprint(bp)
    return service


def identify(call: soap.Call) -> str:
    if call.body.get("root") == "stranger":
        raise soap.SoapFault("Sender", subcode="WhoAreYou", reason="inconnu")
    return "someone"


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return service.app.test_client()


def envelope(word: str = "hello", **attributes: str) -> bytes:
    body = build("hl7:ping", word, **attributes)
    return soap.write_envelope(body, action="urn:ping", message_id="urn:uuid:1", to="x")


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
