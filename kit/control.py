"""Kit, control: the ``/_banc`` API of every part: health, journal, faults, clock, reset.

It answers on the plain listener only, apart from the simulated service, and to nobody whom a
web page sends: no foreign Host (DNS rebinding), no change from a foreign Origin. Not here: the
service.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, jsonify, request

from kit.clock import BenchClock
from kit.connection import PLAIN, listener_of
from kit.database import DEFAULT_SANDBOX
from kit.faults import EFFECTS, read_fault
from kit.journal import FILTERS
from kit.rules import Malformed
from kit.settings import Settings

if TYPE_CHECKING:
    from kit.service import Service

PREFIX = "/_banc"
MAX_SPEED = 1_000_000
YEARS = range(1900, 2200)  # of the bench clock: rules add and take away years
_SANDBOX = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def is_control(path: str) -> bool:
    """Whether a path belongs to the control API, a mock's own part of it included."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def guard(app: Flask, settings: Settings) -> None:
    """Let nobody but tools of this bench use the control API of ``app``."""
    hosts = [getattr(settings, item.name) for item in fields(settings)
             if item.name == "host" or item.name.endswith("_host")]  # fmt: skip
    known = {name.lower() for name in ("localhost", *hosts, *settings.server_names) if name}

    @app.before_request
    def check() -> Response | None:
        if not is_control(request.path):
            return None
        if listener_of(request.environ) != PLAIN:
            abort(404)
        if not is_host_known(request.host, known):
            return error(403, "the Host is not one of BANC_SERVER_NAMES", where="Host")
        if is_from_a_page():
            return error(403, "a web page of another origin may change nothing", where="Origin")
        return None

    @app.after_request
    def protect(answer: Response) -> Response:
        if is_control(request.path):
            answer.headers.update(_HEADERS)
        return answer


def is_host_known(host: str, known: Collection[str]) -> bool:
    """Whether a Host is an address, which no DNS can rebind, or one of our names."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return False
    if name in known or name.endswith(".localhost"):
        return True
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def is_from_a_page() -> bool:
    """Whether a page of another origin sends a change that no browser asks leave for."""
    origin = request.headers.get("Origin", "")
    if request.method in ("GET", "HEAD", "OPTIONS") or not origin or request.is_json:
        return False  # a browser asks leave (CORS) before it sends JSON elsewhere; nobody grants it
    return origin.partition("://")[2] != request.host


def error(status: int, message: str, *, where: str = "", exchange: str = "") -> Response:
    """The only JSON error body: ``{"error": {"status", "message", "where", "exchange"}}``."""
    body = {"status": status, "message": message, "where": where, "exchange": exchange}
    answer = jsonify({"error": body})
    answer.status_code = status
    return answer


def blueprint(service: Service) -> Blueprint:
    """The control API of ``service``."""
    bp = Blueprint("control", __name__, url_prefix=PREFIX)
    bp.register_error_handler(Malformed, lambda found: error(400, found.why, where=found.where))
    _health(bp, service)
    _journal(bp, service)
    _faults(bp, service)
    _clock(bp, service)

    @bp.post("/reset")
    def reset() -> Response:
        """Empty stores and journal, disarm every fault; with ``sandbox``, empty that one only."""
        service.reset(_sandbox() if "sandbox" in request.args else None)
        return jsonify({"service": service.name, "reset": True})

    return bp


def _sandbox() -> str:
    name = request.args.get("sandbox", DEFAULT_SANDBOX)
    if not _SANDBOX.fullmatch(name):
        raise Malformed("sandbox", "expected 1 to 64 letters, digits, dots, dashes or underscores")
    return name


def _json() -> Any:
    given = request.get_json(silent=True)
    if given is None:
        raise Malformed("body", "expected JSON with Content-Type application/json")
    return given


def _health(bp: Blueprint, service: Service) -> None:
    @bp.get("/health")
    def health() -> Response:
        """Ready, with how many lines the journal holds."""
        lines = service.journal.count(_sandbox())
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
            sandbox=_sandbox(),
            **filters,
        )
        return jsonify({"exchanges": [line.as_dict() for line in found]})

    @bp.get("/journal/<exchange_id>")
    def exchange(exchange_id: str) -> Response:
        """One line, with its raw bytes in base64 while they are kept."""
        found = service.journal.get(exchange_id, _sandbox())
        if found is None:
            return error(404, "no exchange with this id", where=exchange_id)
        raw = service.journal.raw(exchange_id, _sandbox())
        sides = [base64.b64encode(side).decode() for side in raw] if raw else [None, None]
        return jsonify(found.as_dict() | {"request": sides[0], "answer": sides[1]})


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
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
    wrong = Malformed("now", "expected an instant with a time zone, ISO 8601, 1900 to 2199")
    try:
        at = datetime.fromisoformat(given["now"])
    except (TypeError, KeyError, ValueError):
        raise wrong from None
    if at.tzinfo is None or at.year not in YEARS:
        raise wrong
    return at


def _speed(given: Any) -> float:
    speed = given.get("speed", 1.0)
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 <= speed <= MAX_SPEED:
        raise Malformed("speed", f"expected a number between 0 and {MAX_SPEED}")
    return float(speed)
