"""Pro Santé Connect mock, entry points: its control API, ``/_banc/psc``: clients, phone, people.

As the rest of ``/_banc`` it answers on the plain listener only and is not journalled.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from kit.control import error
from kit.rules import Malformed, Refused
from mocks.psc import rules
from mocks.psc.messages.ciba import ANSWERS, ASK, read_answer, write_phone_request
from mocks.psc.messages.clients import read_client, write_client
from mocks.psc.messages.people import full_name, national_id
from mocks.psc.routes.ciba import answer_phone
from mocks.psc.routes.gate import Gate


def control(gate: Gate) -> Blueprint:
    """The control API."""
    bp = Blueprint("psc-control", __name__, url_prefix="/_banc/psc")
    bp.register_error_handler(Malformed, lambda found: error(400, found.why, where=found.where))
    bp.register_error_handler(Refused, _refused)
    _clients(bp, gate)
    _phone(bp, gate)

    @bp.get("/professionals")
    def professionals() -> Response:
        """The professionals of the login page; ``q`` searches as the page does."""
        found = gate.people.find(request.args.get("q", ""))
        rows = [
            {"national_id": national_id(row), "name": full_name(row), "place": place}
            for row, place in found
        ]
        return jsonify({"professionals": rows})

    return bp


def _refused(found: Refused) -> Response:
    first = found.refusals[0]
    return error(400, " | ".join(row.text for row in found.refusals), where=first.field)


def _json() -> Any:
    given = request.get_json(silent=True)
    if given is None:
        raise Malformed("body", "expected JSON with Content-Type application/json")
    return given


def _clients(bp: Blueprint, gate: Gate) -> None:
    @bp.get("/clients")
    def clients() -> Response:
        """Every client, the ready one too."""
        with gate.store.open() as space:
            return jsonify({"clients": [write_client(client) for client in space.clients.all()]})

    @bp.post("/clients")
    def register() -> Response:
        """Register a client, or replace the one with the same id."""
        client = read_client(_json())
        rules.clients.registration.check(client)
        with gate.store.open() as space:
            space.clients.register(client)
        return jsonify(write_client(client))

    @bp.delete("/clients/<path:client_id>")
    def forget(client_id: str) -> Response:
        """Take a registered client away; the ready one takes its own form again."""
        with gate.store.open() as space:
            if not space.clients.forget(client_id):
                return error(404, "no registered client with this id", where=client_id)
        return jsonify({"forgotten": client_id})


def _phone(bp: Blueprint, gate: Gate) -> None:
    @bp.get("/phone")
    def phone() -> Response:
        """What waits on phones, and what they do by themselves."""
        with gate.store.open() as space:
            waiting = space.phone.waiting(gate.now(), request.args.get("national_id", ""))
            answer = space.phone.switch() or gate.settings.psc_phone
        return jsonify(
            {"answer": answer, "waiting": [write_phone_request(item) for item in waiting]}
        )

    @bp.put("/phone")
    def switch() -> Response:
        """What phones do by themselves from now on: ask, accept or refuse."""
        answer = read_answer(_json(), (ASK, *ANSWERS))
        with gate.store.open() as space:
            space.phone.set_switch(answer)
        return jsonify({"answer": answer})

    @bp.post("/phone/<request_id>")
    def press(request_id: str) -> Response:
        """Accept or refuse one request."""
        state = ANSWERS[read_answer(_json())]
        with gate.store.open() as space:
            found = answer_phone(gate, space, request_id, state)
        return jsonify(write_phone_request(found) | {"state": state})
