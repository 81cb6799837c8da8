"""Kit, FHIR: the port, which turns an HTTP request into a call and back.

The FHIR sister of the SOAP port: it bounds, routes on method and path, draws faults,
authenticates, reads the body and answers; it writes one journal line whatever happens, and is
the one place that catches. Not here: any interaction of a service.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, Request, Response, request
from werkzeug.datastructures import Headers

from kit.connection import cut, read_body
from kit.database import Unavailable
from kit.faults import CUT, DELAY, LOSE, Fault
from kit.fhir import errors
from kit.fhir.formats import FHIR_JSON, FHIR_XML, FORMAT, answered, asked
from kit.fhir.outcome import status_of, write_refusals
from kit.fhir.reading import BODY, Resource, read_json
from kit.fhir.target import Target, route
from kit.fhir.xml import write_xml
from kit.journal import Line
from kit.lane import pause
from kit.rules import Code, Malformed, Refusal, Refused
from kit.service import Peer, Service, listener_of, peer_of, raw_request, raw_response

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
log = logging.getLogger("banc")


@dataclass(frozen=True, slots=True)
class Call:
    """What a route receives. ``sender`` is what the port's ``identify`` returned.

    asked: the media type of FHIR that the request names for the answer, "" when it names none.
    """

    target: Target
    parameters: tuple[tuple[str, str], ...]
    headers: Headers
    base_url: str
    url: str
    peer: Peer | None
    listener: str
    line: Line
    body: Resource = field(default_factory=dict)
    sender: Any = None
    asked: str = ""

    def parameter(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter of the URL."""
        return tuple(value for key, value in self.parameters if key == name)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a route answers. content: bytes of ``media_type`` in place of a resource."""

    body: Resource
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How an endpoint reads bodies and words its errors; the default is FHIR.

    other_bodies: interaction -> media type and reader, where they are not those of the endpoint.
    read_xml: reads bodies in XML; None: the endpoint has JSON only, in and out.
    raw: (interaction, resource type) that answer bytes, whatever the client accepts.
    max_bytes: of a body; 0: the setting ``max_json_bytes``.
    """

    media_type: str = FHIR_JSON
    body_type: str = FHIR_JSON
    route: Callable[[str, str], Target] = route
    read_body: Callable[..., Resource] = read_json
    read_xml: Callable[..., Resource] | None = None
    write_refusals: Callable[[Iterable[Refusal]], Resource] = write_refusals
    other_bodies: Mapping[str, tuple[str, Callable[..., Resource]]] = field(default_factory=dict)
    raw: frozenset[tuple[str, str]] = frozenset()
    max_bytes: int = 0


Interaction = Callable[[Call], Reply]


class Port:
    """One base path of a service: HTTP in, functions called, FHIR out."""

    def __init__(
        self,
        blueprint: Blueprint,
        path: str,
        service: Service,
        *,
        types: Collection[str] = (),
        identify: Callable[[Call], Any] | None = None,
        style: Style | None = None,
    ) -> None:
        self.path = path
        self.service = service
        self.types = frozenset(types)
        self.identify = identify
        self.style = style or Style()
        self._rows: dict[tuple[str, str], Interaction] = {}
        for rule, name in ((path, "root"), (f"{path}/<path:rest>", "rest")):
            blueprint.add_url_rule(
                rule,
                f"fhir{path.replace('.', '_')}-{name}",
                self._serve,
                methods=METHODS,
                strict_slashes=False,
            )

    def interaction(self, name: str, *types: str) -> Callable[[Interaction], Interaction]:
        """Answer the interaction ``name`` (READ, SEARCH, PATCH …) on these resource types."""

        def add(run: Interaction) -> Interaction:
            for resource_type in types or ("",):
                self._rows[name, resource_type] = run
            return run

        return add

    def row(self, target: Target) -> Interaction:
        """The function that answers. Raises Refused: unknown type, or interaction not offered."""
        found = self._rows.get((target.interaction, target.resource_type))
        if found is not None:
            return found
        if target.resource_type and target.resource_type not in self.types:
            offered = ", ".join(sorted(self.types))
            raise refused(
                errors.UNKNOWN_TYPE,
                "the resource type is one that the service offers",
                seen=target.resource_type,
                expected=offered,
            )
        raise refused(
            errors.UNKNOWN_INTERACTION,
            "the interaction is one that the service offers",
            subject=target.resource_type,
            seen=target.interaction,
        )

    def _serve(self, rest: str = "") -> Response:
        exchange = _Exchange(self, rest)
        body = exchange.read_body(request)
        raw = raw_request(request, body)
        listener = listener_of(request.environ)
        name = exchange.transaction
        journal = self.service.journal
        try:
            with journal.record(self.service.name, name, raw, listener=listener) as line:
                line.software = request.user_agent.string
                response = exchange.answer(line, body)
                line.answer = raw_response(response)
        except Unavailable as error:  # nothing was kept, so nothing is acknowledged
            log.warning("%s: not recorded: %s", self.path, error)
            return exchange.unavailable()
        if exchange.lost:
            cut(request.environ)
        return response


class _Exchange:
    """One request on its way through a port."""

    def __init__(self, port: Port, rest: str) -> None:
        self._port = port
        self._style = port.style
        self._trouble: Refused | None = None
        method = "GET" if request.method == "HEAD" else request.method
        self._target = port.style.route(method, rest)
        self._wanted = request.args.get(FORMAT, "") if port.style.read_xml else ""
        self.lost = False

    @property
    def transaction(self) -> str:
        """The journal's name; a type that is not offered is not repeated there."""
        kind = self._target.resource_type
        known = not kind or kind in self._port.types
        return self._target.transaction if known else f"{self._target.interaction} ?"

    def read_body(self, given: Request) -> bytes:
        """The body's bytes; what is wrong with them is told by ``answer``."""
        settings, body = self._port.service.settings, read_body(given)
        limit = self._style.max_bytes or settings.max_json_bytes
        if body.status == 413:
            self._trouble = _too_large(settings.max_body_bytes)
        elif body.status == 415:
            self._trouble = _encoded(given.headers.get("Content-Encoding", ""))
        elif body.error is not None:
            self._trouble = _truncated()
        elif len(body.content) > limit:
            self._trouble = _too_large(limit)
        return body.content

    def answer(self, line: Line, body: bytes) -> Response:
        """The response; the line tells what happened."""
        try:
            return self._write(self._run(line, body))
        except Malformed as error:
            line.malformed(error, errors.CANNOT_READ.code)
            told = _unreadable(error)
            return self._write_refusals((told,))
        except Refused as error:
            _tell(line, error)
            return self._write_refusals(error.refusals)
        except Unavailable:
            raise
        except Exception:
            log.exception("banc bug, exchange %s", line.id)
            line.bug()
            told = _refusal(errors.BUG, "this is our mistake", subject=f"exchange {line.id}")
            return self._write_refusals((told,))

    def unavailable(self) -> Response:
        """The response when the database cannot take the exchange."""
        return self._write_refusals((_refusal(errors.UNAVAILABLE, "the database is busy"),))

    def _run(self, line: Line, body: bytes) -> Reply:
        fault = self._port.service.faults.draw(self.transaction, line.request)
        if fault is not None:
            self._disturb(fault)
        call = self._call(line)
        if self._port.identify is not None:
            call = replace(call, sender=self._port.identify(call))
        run = self._port.row(self._target)
        if self._trouble is not None:
            raise self._trouble
        self._refuse_format()
        if request.method in ("POST", "PUT", "PATCH"):
            call = replace(call, body=self._read(body))
            self._refuse_format()  # a form may name one
        return run(call)

    def _call(self, line: Line) -> Call:
        return Call(
            self._target,
            tuple(request.args.items(multi=True)),
            request.headers,
            request.host_url.rstrip("/") + self._port.path,
            request.base_url,
            peer_of(request.environ),
            listener_of(request.environ),
            line,
            asked=asked(request.accept_mimetypes, self._wanted),
        )

    @property
    def _format(self) -> str:
        """The media type of the answer, "" when the client takes none that is offered."""
        accepted = request.accept_mimetypes
        if self._style.read_xml is not None:
            return answered(accepted, self._wanted, request.mimetype)
        offered = (self._style.media_type, "application/json")
        return self._style.media_type if not accepted or accepted.best_match(offered) else ""

    def _refuse_format(self) -> None:
        if (self._target.interaction, self._target.resource_type) in self._style.raw:
            return
        if not self._format:
            raise refused(
                errors.NOT_ACCEPTABLE,
                "the client accepts what the service writes",
                subject=FORMAT if self._wanted else "Accept",
                seen=self._wanted[:80] or str(request.accept_mimetypes),
                expected=self._offered(self._style.media_type),
            )

    def _offered(self, media_type: str) -> str:
        return media_type if self._style.read_xml is None else f"{media_type} or {FHIR_XML}"

    def _read(self, body: bytes) -> Resource:
        kind, style = request.mimetype, self._style
        wanted, read = style.other_bodies.get(
            self._target.interaction, (style.body_type, style.read_body)
        )
        takes_xml = style.read_xml is not None and wanted == style.body_type
        if takes_xml and kind == FHIR_XML and style.read_xml is not None:
            read = style.read_xml
        elif kind != wanted:
            raise refused(
                errors.WRONG_MEDIA_TYPE,
                "the body has the content type of the service",
                subject="Content-Type",
                seen=kind or "none",
                expected=self._offered(wanted) if takes_xml else wanted,
            )
        found = read(body, max_depth=self._port.service.settings.max_json_depth)
        if style.read_xml is not None and self._target.interaction == "SEARCH-BY-POST":
            self._wanted = dict(found["parameters"]).get(FORMAT, self._wanted)
        return found

    def _disturb(self, fault: Fault) -> None:
        if fault.effect == DELAY:
            pause(int(fault.value) / 1000)
        elif fault.effect == LOSE:
            self.lost = True
        else:
            self.lost = fault.effect == CUT
            code = replace(errors.INJECTED, status=_status(fault.value))
            raise refused(code, fault.value or fault.effect, subject=fault.id)

    def _write(self, reply: Reply) -> Response:
        headers = dict(reply.headers)
        if reply.content is not None:
            return Response(reply.content, reply.status, headers, content_type=reply.media_type)
        media_type = self._format or self._style.media_type
        body = write_xml(reply.body) if media_type == FHIR_XML else _write_json(reply.body)
        content_type = f"{media_type};charset=utf-8"
        return Response(body, reply.status, headers, content_type=content_type)

    def _write_refusals(self, refusals: tuple[Refusal, ...]) -> Response:
        status = status_of(refusals)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return self._write(Reply(self._style.write_refusals(refusals), status, headers))


def _write_json(resource: Resource) -> bytes:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()


def refused(
    code: Code,
    rule: str,
    *,
    subject: str = "",
    field: str = "",
    seen: str = "",
    expected: str = "",
    home: str = __package__,
) -> Refused:
    """A refusal of the endpoint itself, outside any rule book."""
    return Refused((Refusal(code, rule, code.source, subject, field, seen, expected, home),))


def _refusal(code: Code, rule: str, **told: str) -> Refusal:
    return Refusal(code, rule, code.source, **told, home=__package__)


def _unreadable(error: Malformed) -> Refusal:
    """A body that is no JSON or XML at all has no element to name."""
    is_whole = error.where == BODY
    place = {"subject": BODY} if is_whole else {"field": error.where}
    return _refusal(errors.CANNOT_READ, error.why, **place)


def _too_large(limit: int) -> Refused:
    rule = "a body stays below the bound"
    return refused(errors.TOO_LARGE, rule, subject="body", expected=f"at most {limit} bytes")


def _encoded(coding: str) -> Refused:
    rule = "a body is not compressed"
    return refused(errors.WRONG_MEDIA_TYPE, rule, subject="Content-Encoding", seen=coding[:40])


def _truncated() -> Refused:
    rule = "a body is as long as its Content-Length says"
    return refused(errors.CANNOT_READ, rule, subject="body")


def _status(value: str) -> int:
    return int(value) if value.isdigit() and 400 <= int(value) <= 599 else errors.INJECTED.status


def _tell(line: Line, error: Refused) -> None:
    code = error.refusals[0].code
    status = status_of(error.refusals)
    if code.code == errors.INJECTED.code:
        line.injected(error.refusals[0].rule)
    elif status in (401, 403):
        line.unauthorized(code.code, error.refusals[0].text, error.refusals)
    elif code.code in _UNREADABLE:
        line.malformed(Malformed(error.refusals[0].subject, error.refusals[0].text), code.code)
    else:
        line.refuse(error.refusals)


_UNREADABLE = {errors.CANNOT_READ.code, errors.WRONG_MEDIA_TYPE.code, errors.TOO_LARGE.code}
