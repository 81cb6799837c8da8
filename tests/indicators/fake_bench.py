"""A fake of the control API of the services: canned journals behind real HTTP on the loopback."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Thread
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from banc.ports import free_port
from kit.settings import Settings

SERVICES = ("dmp", "ins", "ror", "mssante", "psc", "gateway")
HTTP_PORTS = {name: f"{name}_port" for name in SERVICES} | {"gateway": "gateway_http_port"}
LISTS = ("codes", "refusals", "facts")


@dataclass
class FakeService:
    """Lines of one service, oldest first; raw: exchange id -> request, answer."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def add(self, line: dict[str, Any], request: bytes = b"", answer: bytes = b"") -> None:
        """Append a line as the builders of runs make it."""
        told = {
            name: json.loads(value) if name in LISTS and isinstance(value, str) else value
            for name, value in line.items()
        }
        told = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in told.items()
        }
        blank = {
            "sandbox": "default", "listener": "plain", "software": "", "subject": "",
            "type_code": "", "duration_ms": 1.5, "size_bytes": len(request), "refusals": [],
        }  # fmt: skip
        self.lines.append(blank | told | {"seq": len(self.lines) + 1})
        if request or answer:
            self.raw[line["id"]] = (request, answer)

    def reset(self) -> None:
        """As new."""
        for kept in (self.lines, self.raw, self.faults, self.asked):
            kept.clear()

    def app(self) -> Flask:
        """The control API, as far as indicators and console use it."""
        app = Flask(__name__)

        @app.before_request
        def note() -> None:
            self.asked.append((request.method, request.full_path, request.get_json(silent=True)))

        @app.get("/_banc/health")
        def health() -> Response:
            return jsonify({"service": "x", "status": "ready", "journal": len(self.lines)})

        app.add_url_rule("/_banc/journal", view_func=self._journal)
        app.add_url_rule("/_banc/journal/<name>", view_func=self._exchange)
        app.add_url_rule("/_banc/faults", view_func=self._faults, methods=["GET", "POST"])
        app.add_url_rule("/_banc/faults/<name>", view_func=self._disarm, methods=["DELETE"])

        @app.get("/_banc/clock")
        def clock() -> Response:
            state = {"following": False, "speed": 0.0}
            return jsonify({"now": "2026-01-07T14:00:00+00:00", "state": state})

        return app

    def _journal(self) -> Response:
        given = request.args
        found = [line for line in self.lines if line["seq"] > int(given.get("after", 0))]
        for name in ("transaction", "outcome", "finess"):
            if given.get(name):
                found = [line for line in found if line[name] == given[name]]
        if given.get("code"):
            found = [line for line in found if given["code"] in str(line["codes"])]
        if given.get("order") == "newest":
            found.reverse()
        return jsonify({"exchanges": found[: int(given.get("limit", 1000))]})

    def _exchange(self, name: str) -> tuple[Response, int] | Response:
        for line in self.lines:
            if line["id"] == name:
                raw = self.raw.get(name)
                sides = [base64.b64encode(side).decode() for side in raw] if raw else [None, None]
                return jsonify(line | {"request": sides[0], "answer": sides[1]})
        return jsonify({"error": {"status": 404, "message": "no exchange with this id"}}), 404

    def _faults(self) -> tuple[Response, int] | Response:
        if request.method == "GET":
            return jsonify({"faults": self.faults, "effects": {}})
        given = request.get_json()
        if not given.get("effect"):
            return jsonify({"error": {"status": 400, "message": "missing", "where": "effect"}}), 400
        self.faults.append(given)
        return jsonify(given)

    def _disarm(self, name: str) -> Response:
        self.faults[:] = [item for item in self.faults if item["id"] != name]
        return jsonify({"disarmed": name})


@dataclass
class FakeBench:
    """Four fake services and the settings that reach them."""

    settings: Settings
    services: dict[str, FakeService]

    def __getitem__(self, name: str) -> FakeService:
        return self.services[name]


@contextmanager
def serving(services: Mapping[str, FakeService]) -> Iterator[dict[str, int]]:
    """Serve each on a port of its own; gives the ports."""
    made = {
        name: make_server("127.0.0.1", 0, item.app(), threaded=True)
        for name, item in services.items()
    }
    threads = [Thread(target=item.serve_forever, args=(0.01,)) for item in made.values()]
    for thread in threads:
        thread.start()
    try:
        yield {name: server.port for name, server in made.items()}
    finally:
        for server in made.values():
            server.shutdown()
        for thread in threads:
            thread.join()
        for server in made.values():
            server.server_close()


def fake_bench(
    settings: Settings, services: Mapping[str, FakeService], ports: Mapping[str, int]
) -> FakeBench:
    """Settings that reach the services; nobody listens where those without a port would be."""
    told = {HTTP_PORTS[name]: ports.get(name) or free_port() for name in SERVICES}
    return FakeBench(replace(settings, **told), dict(services))
