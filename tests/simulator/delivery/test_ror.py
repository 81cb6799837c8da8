"""The ROR client: replace, add what is not known, renew a refused token."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from kit.fhir.outcome import Issue, write_outcome
from mocks.ror.messages import Capacity, write_capacity
from simulator.delivery import NoAnswer, Outcome
from simulator.delivery.ror import RorClient
from simulator.delivery.sender import Sender
from simulator.delivery.wire import HttpAnswer
from tests.simulator.builders import MONDAY
from tests.simulator.delivery.fakes import ScriptedWire, as_json

TOKEN = as_json(200, {"access_token": "secret"})
TAKEN = as_json(200, {"resourceType": "Location"})
NOW = Capacity("02", 3, MONDAY, gender_capacity_available="03")
LATER = Capacity("02", 4, MONDAY, temporality_capacity="03", gender_capacity_available="03")


def refused(status: int, code: str, expression: str) -> HttpAnswer:
    return as_json(status, write_outcome([Issue(code, "pourquoi", (expression,))]))


def update(sender: Sender, *answers: Any) -> tuple[Any, ScriptedWire]:
    wire = ScriptedWire(answers)
    client = RorClient(sender, wire)  # type: ignore[arg-type]
    return asyncio.run(client.update_beds("MEDPOL1", (NOW, LATER))), wire


def kinds(body: bytes) -> list[str]:
    parameters = json.loads(body)["parameter"]
    return [item["part"][0]["valueString"] for item in parameters]


def test_known_blocks_are_replaced_in_one_request(sender: Sender) -> None:
    attempts, wire = update(sender, TOKEN, TAKEN)
    assert [attempt.outcome for attempt in attempts] == [Outcome.DELIVERED]
    assert kinds(wire.sent[1][1]) == ["replace", "replace"]
    assert wire.headers[1]["Authorization"] == "Bearer secret"


def test_a_block_that_is_not_there_is_added(sender: Sender) -> None:
    known = {"resourceType": "Location", "id": "1", "extension": [write_capacity(NOW)]}
    entry = {"resource": known, "search": {"mode": "match"}}
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [entry]}
    missing = refused(404, "not-found", "Location.extension.where(url='…')")
    attempts, wire = update(sender, TOKEN, missing, TOKEN, as_json(200, bundle), TAKEN)
    assert [attempt.outcome for attempt in attempts] == [Outcome.REFUSED, Outcome.DELIVERED]
    assert kinds(wire.sent[-1][1]) == ["replace", "add"]


def test_an_unknown_place_is_refused_for_good(sender: Sender) -> None:
    attempts, _ = update(sender, TOKEN, refused(404, "not-found", "Location"))
    assert [attempt.outcome for attempt in attempts] == [Outcome.REFUSED]


def test_a_refused_token_is_renewed_once(sender: Sender) -> None:
    attempts, wire = update(sender, TOKEN, refused(401, "login", ""), TOKEN, TAKEN)
    assert attempts[-1].outcome is Outcome.DELIVERED
    assert len(wire.sent) == 4


def test_no_answer_and_server_errors_may_be_tried_again(sender: Sender) -> None:
    for answer in (NoAnswer("cut"), refused(503, "transient", "")):
        attempts, _ = update(sender, TOKEN, answer)
        assert attempts[-1].outcome is Outcome.FAILED
