"""Kit, control: the ``/_banc`` API of every part: health, journal, faults, clock, reset.

It answers on the plain listener only, apart from the simulated service. Not here: the service.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, request

from kit.clock import BenchClock
from kit.faults import EFFECTS, read_fault
from kit.journal import FILTERS
from kit.rules import Malformed

if TYPE_CHECKING:
    from kit.service import Service

MAX_SPEED = 1_000_000


def error(status: int, message: str, *, where: str = "", exchange: str = "") -> Response:
    """The only JSON error body: ``{"error": {"status", "message", "where", "exchange"}}``."""
    body = {"status": status, "message": message, "where": where, "exchange": exchange}
    answer = jsonify({"error": body})
    answer.status_code = status
    return answer


def blueprint(service: Service) -> Blueprint:
    """The control API of ``service``."""
    bp = Blueprint("control", __name__, url_prefix="/_banc")
    bp.before_request(_plain_listener_only)
    bp.register_error_handler(Malformed, lambda found: error(400, found.why, where=found.where))
    _health(bp, service)
    _journal(bp, service)
    _faults(bp, service)
    _clock(bp, service)

    @bp.post("/reset")
    def reset() -> Response:
        """Empty stores and journal, disarm every fault."""
        service.reset()
        return jsonify({"service": service.name, "reset": True})

    return bp


def _plain_listener_only() -> None:
    if request.environ.get("banc.listener", "plain") != "plain":
        abort(404)


def _json() -> Any:
    given = request.get_json(silent=True)
    if given is None:
        raise Malformed("body", "expected JSON with Content-Type application/json")
    return given


def _health(bp: Blueprint, service: Service) -> None:
    @bp.get("/health")
    def health() -> Response:
        """Ready, with how many lines the journal holds."""
        lines = service.journal.count()
        return jsonify({"service": service.name, "status": "ready", "journal": lines})


def _journal(bp: Blueprint, service: Service) -> None:
    @bp.get("/journal")
    def journal() -> Response:
        """Lines: ``after``, ``limit``, ``order=newest``, and the filters of the journal."""
        filters = {name: value for name, value in request.args.items() if name in FILTERS}
        found = service.journal.find(
            after=_number("after", 0),
            limit=_number("limit", 1000),
            newest_first=request.args.get("order") == "newest",
            code=request.args.get("code", ""),
            **filters,
        )
        return jsonify({"exchanges": [line.as_dict() for line in found]})

    @bp.get("/journal/<exchange_id>")
    def exchange(exchange_id: str) -> Response:
        """One line, with its raw bytes in base64 while they are kept."""
        found = service.journal.get(exchange_id)
        if found is None:
            return error(404, "no exchange with this id", where=exchange_id)
        raw = service.journal.raw(exchange_id)
        sides = [base64.b64encode(side).decode() for side in raw] if raw else [None, None]
        return jsonify(found.as_dict() | {"request": sides[0], "answer": sides[1]})


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isdigit() or len(text) > 15:
        raise Malformed(name, "expected a number")
    return int(text)


def _faults(bp: Blueprint, service: Service) -> None:
    @bp.get("/faults")
    def faults() -> Response:
        """Armed faults, and the effects there are."""
        return jsonify({"faults": service.faults.all(), "effects": EFFECTS})

    @bp.post("/faults")
    def arm() -> Response:
        """Arm a fault."""
        fault = read_fault(_json(), service.name)
        service.faults.arm(fault)
        return jsonify(fault)

    @bp.delete("/faults/<fault_id>")
    def disarm(fault_id: str) -> Response:
        """Take a fault away."""
        if not service.faults.disarm(fault_id):
            return error(404, "no fault with this id", where=fault_id)
        return jsonify({"disarmed": fault_id})


def _clock(bp: Blueprint, service: Service) -> None:
    def clock() -> BenchClock:
        if not isinstance(service.clock, BenchClock):
            raise Malformed("clock", "this service was started with a clock of its own")
        return service.clock

    @bp.get("/clock")
    def show() -> Response:
        """Bench time now, and how the clock runs."""
        return jsonify({"now": service.clock.now().isoformat(), "state": clock().state()})

    @bp.put("/clock")
    def put() -> Response:
        """Set the bench clock: ``{"now": ISO 8601 with zone, "speed": number}``."""
        given = _json()
        clock().set(_instant(given), _speed(given))
        return jsonify({"now": clock().now().isoformat(), "state": clock().state()})

    @bp.delete("/clock")
    def follow() -> Response:
        """Follow real time again."""
        clock().reset()
        return jsonify({"now": clock().now().isoformat(), "state": clock().state()})


def _instant(given: Any) -> datetime:
    try:
        at = datetime.fromisoformat(given["now"])
    except (TypeError, KeyError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise Malformed("now", "expected an instant with a time zone, ISO 8601")
    return at


def _speed(given: Any) -> float:
    speed = given.get("speed", 1.0)
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 <= speed <= MAX_SPEED:
        raise Malformed("speed", f"expected a number between 0 and {MAX_SPEED}")
    return float(speed)
