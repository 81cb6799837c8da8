"""Pro Santé Connect mock, entry points: the port, which turns an HTTP request into a call.

The OAuth sister of the SOAP and FHIR ports: it bounds, draws faults, reads the form and answers;
it writes one journal line whatever happens, and is the one place that catches.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from flask import Blueprint, Request, Response, request

from kit.connection import cut, read_body
from kit.control import is_host_known
from kit.database import Unavailable
from kit.faults import CUT, DELAY, LOSE, Fault
from kit.journal import Line
from kit.lane import pause
from kit.rules import Malformed, Refusal, Refused
from kit.service import (
    Offered,
    Peer,
    Service,
    first_line,
    listener_of,
    peer_of,
    raw_request,
    raw_response,
)
from mocks.psc import errors, rules
from mocks.psc.messages.forms import (
    FORM_TYPE,
    MAX_FORM_BYTES,
    Answer,
    Form,
    read_form,
    write_refusals,
)

log = logging.getLogger("banc")
Tell = Callable[[tuple[Refusal, ...]], Answer]
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_UNAUTHORIZED = (401, 403)


@dataclass(slots=True)
class Call:
    """What a route receives. ``tell``: how refusals are worded; a route may change it."""

    form: Form
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    base: str
    peer: Peer | None
    line: Line
    tell: Tell
    cookie: tuple[str, str] | None = field(default=None)  # name and value to set

    def penalize(self, penalty: Callable[[], None]) -> None:
        """What happens to the state if this call is refused."""
        self.line.penalty = penalty


Route = Callable[[Call], Answer]


class Port:
    """The endpoints of the mock."""

    def __init__(self, blueprint: Blueprint, service: Service) -> None:
        self.service = service
        self._blueprint = blueprint

    def on(
        self, methods: str, *paths: str, transaction: str, tell: Tell = write_refusals
    ) -> Callable[[Route], Route]:
        """Answer these methods on these paths."""

        def add(run: Route) -> Route:
            def serve() -> Response:
                return self._serve(run, transaction, tell)

            for path in paths:
                where = f"{path} ({methods.replace(' ', ', ')})"
                self.service.offered.append(Offered(transaction, where, first_line(run)))
                name = f"{transaction}-{methods}-{path}".replace(".", "_")
                self._blueprint.add_url_rule(path, name, serve, methods=methods.split())
            return run

        return add

    def _serve(self, run: Route, transaction: str, tell: Tell) -> Response:
        exchange = _Exchange(self.service, transaction, tell)
        raw = raw_request(request, exchange.read_body(request))
        listener = listener_of(request.environ)
        journal = self.service.journal
        try:
            with journal.record(self.service.name, transaction, raw, listener=listener) as line:
                line.software = request.user_agent.string
                response = exchange.answer(run, line)
                line.answer = raw_response(response)
        except Unavailable as error:  # nothing was kept, so nothing is acknowledged
            log.warning("%s: not recorded: %s", transaction, error)
            return exchange.unavailable()
        if exchange.lost:
            cut(request.environ)
        return response


class _Exchange:
    """One request on its way through the port."""

    def __init__(self, service: Service, transaction: str, tell: Tell) -> None:
        self._service = service
        self._transaction = transaction
        self._tell = tell
        self._body = b""
        self._trouble: Malformed | Refused | None = None
        self.lost = False

    def read_body(self, given: Request) -> bytes:
        """The body's bytes; what is wrong with them is told by ``answer``."""
        body = read_body(given)
        self._body, self._trouble = body.content, body.error
        if body.status == 413 or len(body.content) > MAX_FORM_BYTES:
            self._trouble, self._body = _too_large(), b""
        return self._body

    def answer(self, run: Route, line: Line) -> Response:
        """The response; the line tells what happened."""
        call = Call({}, dict(request.headers), request.cookies, "", None, line, self._tell)
        try:
            self._disturb(line)
            if self._trouble is not None:
                raise self._trouble
            call.base, call.peer, call.form = self._base(), peer_of(request.environ), self._form()
            return self._write(run(call), call)
        except Malformed as error:
            line.malformed(error, errors.INVALID_REQUEST.code)
            told = _refusal(errors.INVALID_REQUEST, error.why, field=error.where)
            return self._write(call.tell((told,)), call)
        except Refused as error:
            _note(line, error.refusals)
            return self._write(call.tell(error.refusals), call)
        except Unavailable:
            raise
        except Exception:
            log.exception("banc bug, exchange %s", line.id)
            line.bug()
            told = _refusal(errors.BUG, "this is our mistake", subject=f"exchange {line.id}")
            return self._write(call.tell((told,)), call)

    def unavailable(self) -> Response:
        """The response when the database cannot take the exchange."""
        told = (_refusal(errors.UNAVAILABLE, "the database is busy"),)
        return _response(self._tell(told))

    def _base(self) -> str:
        """Scheme, name and port that the caller used, or that the bench is known by."""
        settings = self._service.settings
        if settings.psc_url:
            return settings.psc_url.rstrip("/")
        host = request.environ.get("HTTP_HOST", "")
        known = {"localhost", settings.host, settings.psc_host, *settings.server_names}
        if not _HOST.fullmatch(host) or not is_host_known(host, known):
            raise Malformed("Host", "neither an address nor one of BANC_SERVER_NAMES")
        return f"{request.scheme}://{host}"

    def _form(self) -> Form:
        if request.method in ("GET", "HEAD"):
            return read_form(request.query_string.decode("ascii", "replace"))
        if request.query_string:
            raise Malformed("URL", "has parameters; they belong in the form")
        if self._body and request.mimetype != FORM_TYPE:
            raise Malformed("Content-Type", f"expected {FORM_TYPE}")
        try:
            return read_form(self._body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise Malformed("body", "not a form in UTF-8") from error

    def _disturb(self, line: Line) -> None:
        fault = self._service.faults.draw(self._transaction, line.request)
        if fault is None:
            return
        if fault.effect == DELAY:
            pause(int(fault.value) / 1000)
        elif fault.effect == LOSE:
            self.lost = True
        else:
            if fault.effect == CUT:
                cut(request.environ)
            raise Refused((_refusal(_injected(fault), fault.value or fault.effect),))

    def _write(self, answer: Answer, call: Call) -> Response:
        response = _response(answer)
        if call.cookie is not None:
            name, value = call.cookie
            secure = call.base.startswith("https://")
            response.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure)
        return response


def _response(answer: Answer) -> Response:
    headers = {**answer.headers, "X-Content-Type-Options": "nosniff"}
    return Response(answer.body, answer.status, headers, content_type=answer.content_type)


def _refusal(code: errors.OAuthCode, rule: str, **told: str) -> Refusal:
    return Refusal(code, rule, code.source, **told, home=rules.__name__)


def _too_large() -> Refused:
    expected = f"at most {MAX_FORM_BYTES} bytes"
    return Refused((_refusal(errors.TOO_LARGE, "a form stays below the bound", expected=expected),))


def _injected(fault: Fault) -> errors.OAuthCode:
    """An armed fault's value is an HTTP status or an error of OAuth."""
    if fault.value.isdigit() and 400 <= int(fault.value) <= 599:
        return replace(errors.INJECTED, status=int(fault.value))
    known = re.fullmatch(r"[a-z_]{1,40}", fault.value)
    return replace(errors.INJECTED, code=fault.value if known else errors.INJECTED.code)


def _note(line: Line, refusals: tuple[Refusal, ...]) -> None:
    code = refusals[0].code
    assert isinstance(code, errors.OAuthCode)
    if code.meaning == errors.INJECTED.meaning:
        line.injected(refusals[0].rule)
    elif code is errors.TOO_LARGE:
        line.malformed(Malformed("body", refusals[0].text), code.code)
    elif code.status in _UNAUTHORIZED:
        line.unauthorized(code.code, refusals[0].text, refusals)
    else:
        line.refuse(refusals)
