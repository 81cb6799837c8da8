"""Kit, strays: requests that no entry point takes, and errors that none catches.

A wrong path or method, or a body above the bound, is a line of the journal (transaction HTTP,
outcome malformed), so that an integrator with a wrong URL sees what arrived. The control API
is never journalled. Not here: refusals of an entry point.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    MethodNotAllowed,
    RequestEntityTooLarge,
)

from kit import control
from kit.connection import listener_of, raw_request, raw_response, read_body
from kit.database import Unavailable
from kit.rules import Malformed

if TYPE_CHECKING:
    from kit.service import Service

HTTP = "HTTP"
BUG = "banc bug: this is our mistake, the server log has the trace"
RETRY_SECONDS = "1"
_UNREAD = (RequestEntityTooLarge, ClientDisconnected)
log = logging.getLogger("banc")


def install(service: Service) -> None:
    """Answer, on the service's app, what nothing else answers."""
    app = service.app

    def http_error(found: HTTPException) -> Response:
        is_unrouted = request.url_rule is None
        why = found.description or found.name
        if is_unrouted:
            why = f"{request.method} {request.path[:200]}: {why} {_instead(app, found)}"
        if (is_unrouted or isinstance(found, _UNREAD)) and not control.is_control(request.path):
            return _recorded(service, found, why)
        return _answer(found, why)

    def bug(found: Exception) -> Response:
        log.exception("banc bug", exc_info=found)
        return control.error(500, BUG, exchange=_exchange_of(found))

    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(Exception, bug)


def paths(app: Flask) -> str:
    """Where the app answers, apart from the control API: ``POST /lps, GET /mailboxes``."""
    found = {
        f"{'/'.join(sorted((rule.methods or set()) - {'HEAD', 'OPTIONS'}))} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if not control.is_control(rule.rule)
    }
    return ", ".join(sorted(found)) or "no path"


def _instead(app: Flask, found: HTTPException) -> str:
    """What the path takes, when it is one of ours; else every path."""
    if isinstance(found, MethodNotAllowed) and found.valid_methods:
        kept = sorted(set(found.valid_methods) - {"HEAD", "OPTIONS"})
        return f"It takes {', '.join(kept)}."
    return f"Here are: {paths(app)}"


def _recorded(service: Service, found: HTTPException, why: str) -> Response:
    body = read_body(request)
    told, listener = raw_request(request, body.content), listener_of(request.environ)
    with service.journal.record(service.name, HTTP, told, listener=listener) as line:
        line.malformed(Malformed(HTTP, why), str(found.code))
        line.software = request.user_agent.string
        answer = _answer(found, why, line.id)
        line.answer = raw_response(answer)
    return answer


def _answer(found: HTTPException, why: str, exchange: str = "") -> Response:
    answer = control.error(found.code or 500, why, exchange=exchange)
    allowed = dict(found.get_headers()).get("Allow")
    if allowed:
        answer.headers["Allow"] = allowed
    return answer


def _unavailable(found: Unavailable) -> Response:
    log.warning("not recorded: %s", found)
    answer = control.error(503, "the database is busy: nothing was done, try again")
    answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _exchange_of(found: Exception) -> str:
    """The exchange a bug left, as the journal noted it on the exception."""
    notes = [note for note in getattr(found, "__notes__", ()) if note.startswith("exchange ")]
    return notes[-1].removeprefix("exchange ") if notes else ""
