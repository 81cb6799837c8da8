"""Kit, SOAP: the port that turns a message into a call and back.

A port bounds, reads, authenticates, routes on the body element and answers; it writes one
journal line whatever happens, and is the one place that catches. Not here: any operation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import NAMESPACE_URL

from flask import Blueprint, Request, Response, request

from kit import mtom
from kit.connection import cut, read_body
from kit.database import Unavailable
from kit.faults import CODE, CUT, DELAY, LOSE, Fault
from kit.journal import Line
from kit.lane import pause
from kit.rules import Malformed, Refused
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
from kit.soap.envelope import ANONYMOUS, read_envelope, write_envelope
from kit.soap.faults import FaultStyle, SoapFault
from kit.uuids import name_based
from kit.xml import Element, local_name, parse, qname

SOAP_TYPE = "application/soap+xml"
log = logging.getLogger("banc")


@dataclass(frozen=True, slots=True)
class Call:
    """What a route receives. ``sender`` is what the port's ``identify`` returned."""

    action: str
    message_id: str
    body: Element
    header: Element | None
    attachments: Mapping[str, bytes]
    peer: Peer | None
    listener: str
    line: Line
    sender: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a route answers; with attachments (Content-ID -> bytes) the answer travels as MTOM."""

    body: Element
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    action: str = ""


Operation = Callable[[Call], Element | Reply]


@dataclass(frozen=True, slots=True)
class _Row:
    run: Operation
    action: str
    transaction: str
    reply_action: str


class Port:
    """One path of a service: SOAP messages in, functions called, SOAP messages out."""

    def __init__(
        self,
        blueprint: Blueprint,
        path: str,
        service: Service,
        *,
        identify: Callable[[Call], Any] | None = None,
        on_refused: Callable[[Call, Refused], Element | Reply] | None = None,
        on_injected: Callable[[Call, str], Element | Reply] | None = None,
        fault_style: FaultStyle | None = None,
        envelope: Callable[[Element], bytes] | None = None,
    ) -> None:
        """``identify`` runs before the body element is judged.

        envelope: how an answer's body becomes an envelope; without it WS-Addressing is answered.
        """
        self.path = path
        self._service = service
        self._identify = identify
        self._on_refused = on_refused
        self._on_injected = on_injected
        self._style = fault_style or FaultStyle()
        self._write_envelope = envelope
        self._rows: dict[str, _Row] = {}
        blueprint.add_url_rule(path, f"soap{path}", self._serve, methods=["POST"])

    def operation(
        self, body: str, *, transaction: str, action: str = "", reply_action: str = ""
    ) -> Callable[[Operation], Operation]:
        """Answer messages whose body element is ``body`` (``prefix:Name`` or ``{ns}Name``)."""

        def add(run: Operation) -> Operation:
            tag = body if body.startswith("{") else qname(body)
            self._rows[tag] = _Row(run, action, transaction, reply_action)
            self._service.offered.append(
                Offered(transaction, f"{self.path} {tag.rpartition('}')[2]}", first_line(run))
            )
            return run

        return add

    def _serve(self) -> Response:
        service, told = self._service, request._get_current_object()  # type: ignore[attr-defined]
        exchange = _Exchange(self, told)
        raw = raw_request(told, exchange.body.content)
        listener = listener_of(told.environ)
        try:
            with service.journal.record(service.name, "?", raw, listener=listener) as line:
                response = exchange.answer(line)
                line.answer = raw_response(response)
        except Unavailable as error:  # nothing was kept, so nothing is acknowledged
            log.warning("%s: not recorded: %s", self.path, error)
            return exchange.write_fault(self._style.unavailable())
        except Exception:
            log.exception("banc bug, not recorded")
            return exchange.write_fault(self._style.bug("none"))
        finally:
            if exchange.lost:
                cut(told.environ)
        return response


class _Exchange:
    """One request on its way through a port."""

    def __init__(self, port: Port, request: Request) -> None:
        self._port = port
        self._style = port._style
        self._request = request
        self.body = read_body(request)
        self._message_id = ""
        self._row: _Row | None = None
        self.lost = False

    def answer(self, line: Line) -> Response:
        """The response; the line tells what happened. Raises Unavailable."""
        try:
            return self._write(self._run(line))
        except Malformed as error:
            fault = self._style.malformed(error)
            line.malformed(error, fault.journal_code)
            return self.write_fault(fault)
        except SoapFault as fault:
            _tell(line, fault)
            return self.write_fault(fault)
        except Unavailable:
            raise
        except Exception as error:
            log.exception("banc bug, exchange %s", line.id)
            line.fail(type(error).__name__)
            return self.write_fault(self._style.bug(line.id))

    def _run(self, line: Line) -> Reply:
        call = self._read(line)
        self._row = self._port._rows.get(str(call.body.tag))
        if self._row is not None:
            line.transaction = self._row.transaction
            if self._row.action and call.action != self._row.action:
                line.facts["lint"] = [f"action {call.action!r}, expected {self._row.action!r}"]
        fault = self._port._service.faults.draw(line.transaction, self.body.content)
        if fault is not None and (reply := self._disturb(call, fault)) is not None:
            return reply
        return self._operate(call, self._row)

    def _operate(self, call: Call, row: _Row | None) -> Reply:
        try:
            if self._port._identify is not None:
                call = replace(call, sender=self._port._identify(call))
            if row is None:
                raise self._style.unknown_operation(local_name(call.body))
            return _as_reply(row.run(call))
        except Refused as error:
            if self._port._on_refused is None or row is None:
                raise self._style.refused(error) from error
            call.line.refuse(error.refusals)
            return _as_reply(self._port._on_refused(call, error))

    def _read(self, line: Line) -> Call:
        settings = self._port._service.settings
        if self.body.error is not None:
            raise self.body.error
        content_type, environ = self._request.content_type or "", self._request.environ
        root, attachments = _split(content_type, self.body.content)
        read = parse(root, max_depth=settings.max_xml_depth, max_nodes=settings.max_xml_nodes)
        envelope = read_envelope(read)
        self._message_id = envelope.message_id
        action = envelope.action or mtom.parameter(content_type, "action")
        return Call(
            action,
            envelope.message_id,
            envelope.body,
            envelope.header,
            attachments,
            peer_of(environ),
            listener_of(environ),
            line,
        )

    def _disturb(self, call: Call, fault: Fault) -> Reply | None:
        if fault.effect == DELAY:
            pause(int(fault.value) / 1000)
        elif fault.effect == LOSE:
            self.lost = True
        elif fault.effect == CUT:
            self.lost = True  # cut once the line is kept: who sees the end finds the line
            raise SoapFault("Receiver", subcode=CUT, reason="connexion coupée", outcome="injected")
        elif fault.effect == CODE:
            return self._inject(call, fault.value)
        return None

    def _inject(self, call: Call, code: str) -> Reply:
        if self._port._on_injected is None:
            fault = self._style.injected(code)
            fault.outcome = "injected"
            raise fault
        call.line.injected(code)
        return _as_reply(self._port._on_injected(call, code))

    def _write(self, reply: Reply) -> Response:
        action = reply.action or (self._row.reply_action if self._row else "")
        root = self._envelope(reply.body, action)
        if not reply.attachments:
            return Response(root, 200, content_type=f"{SOAP_TYPE}; charset=UTF-8")
        boundary = "banc-" + _derived_id(self._message_id).replace("-", "")
        content_type, body = mtom.write_multipart(
            root, reply.attachments, boundary=boundary, action=action
        )
        return Response(body, 200, content_type=content_type)

    def _envelope(self, body: Element, action: str) -> bytes:
        if self._port._write_envelope is not None:
            return self._port._write_envelope(body)
        return write_envelope(
            body,
            action=action,
            to=ANONYMOUS,
            message_id=f"urn:uuid:{_derived_id(self._message_id)}",
            relates_to=self._message_id,
            is_answer=True,
        )

    def write_fault(self, fault: SoapFault) -> Response:
        """A fault in the service's words, for the request that was read so far."""
        element = self._style.write(fault, self._message_id)
        root = self._envelope(element, "http://www.w3.org/2005/08/addressing/soap/fault")
        status = self.body.status if self.body.status in (413, 415) else fault.status
        return Response(root, status, content_type=f"{SOAP_TYPE}; charset=UTF-8")


def _derived_id(message_id: str) -> str:
    """The answer's id is a function of the request's: the same run gives the same bytes."""
    return name_based(NAMESPACE_URL, message_id)


def _as_reply(answer: Element | Reply) -> Reply:
    return answer if isinstance(answer, Reply) else Reply(answer)


def _split(content_type: str, body: bytes) -> tuple[bytes, dict[str, bytes]]:
    if mtom.is_multipart(content_type):
        return mtom.read_multipart(content_type, body)
    kind = content_type.partition(";")[0].strip().lower()
    if kind != SOAP_TYPE:
        raise Malformed("Content-Type", f"{kind or 'none'}, expected {SOAP_TYPE}")
    return body, {}


def _tell(line: Line, fault: SoapFault) -> None:
    if fault.outcome == "malformed":
        line.malformed(Malformed("message", fault.reason), fault.journal_code)
    elif fault.outcome == "injected":
        line.injected(fault.journal_code)
    elif fault.outcome == "refused":
        line.refuse(fault.refusals)
    else:
        line.unauthorized(fault.journal_code, fault.reason, fault.refusals)
