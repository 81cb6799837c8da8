"""Kit, service: puts a mock together: settings, clock, database, journal, faults, control API.

Also what an entry point may ask about the connection: which listener, which certificate.
Not here: entry points (routes), servers and sockets (server).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from flask import Flask, Request, Response
from sqlalchemy import MetaData
from werkzeug.exceptions import HTTPException

from kit import control, journal
from kit.clock import Clock, bench_clock
from kit.database import Database
from kit.faults import Faults
from kit.journal import Journal
from kit.settings import Settings

PLAIN, TLS, MUTUAL_TLS = "plain", "tls", "mtls"
HEAD_BYTES = 64 * 1024

log = logging.getLogger("banc")


@dataclass(frozen=True, slots=True)
class Peer:
    """The client certificate of a connection."""

    der: bytes
    subject: str
    common_name: str
    organizational_units: tuple[str, ...]
    issuer_common_name: str

    @property
    def finess(self) -> str:
        """The FINESS in an OU of the form ``1`` + FINESS (Struct_IdNat), or an empty text."""
        for unit in self.organizational_units:
            if len(unit) == 10 and unit.startswith("1"):
                return unit[1:]
        return ""


def read_peer(der: bytes) -> Peer:
    """What a certificate says of its holder."""
    certificate = x509.load_der_x509_certificate(der)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    issuers = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Peer(
        der,
        certificate.subject.rfc4514_string(),
        str(names[0].value) if names else "",
        tuple(str(unit.value) for unit in units),
        str(issuers[0].value) if issuers else "",
    )


def listener_of(environ: Mapping[str, Any]) -> str:
    """The listener a request came in by: plain, tls or mtls."""
    return str(environ.get("banc.listener", PLAIN))


def peer_of(environ: Mapping[str, Any]) -> Peer | None:
    """The client certificate of a request's connection, if it showed one."""
    der = environ.get("banc.peer_der")
    return read_peer(der) if der else None


def raw_request(request: Request, body: bytes) -> bytes:
    """A request as HTTP wrote it: line, headers, body; for the journal."""
    target = request.full_path.rstrip("?")
    lines = [f"{request.method} {target} {request.environ.get('SERVER_PROTOCOL', 'HTTP/1.1')}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join(lines).encode("utf-8", "replace")[:HEAD_BYTES] + b"\r\n\r\n" + body


def raw_response(response: Response) -> bytes:
    """An answer as HTTP wrote it: status line, headers, body; for the journal."""
    lines = [f"HTTP/1.1 {response.status}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + response.get_data()


@dataclass(frozen=True, slots=True)
class Offered:
    """One transaction a service offers: its name, where it is asked, one sentence."""

    transaction: str
    where: str
    sentence: str


class Service:
    """One mock in one process."""

    def __init__(self, name: str, settings: Settings, clock: Clock | None = None) -> None:
        self.name = name
        self.settings = settings
        self.clock: Clock = clock or bench_clock(settings.data_dir)
        self.database = Database(settings, name)
        self.journal = Journal(self.database, self.clock, settings)
        self.faults = Faults(settings.data_dir, name, self.clock)
        self.offered: list[Offered] = []
        self._tables: list[MetaData] = [journal.metadata]
        self.app = self._flask()

    def create_tables(self, *tables: MetaData) -> None:
        """Create the journal's tables and those of the mock's store."""
        self._tables += [item for item in tables if item not in self._tables]
        self.database.create(*self._tables)

    def reset(self) -> None:
        """Empty stores and journal, disarm every fault."""
        self.database.empty(*self._tables)
        self.faults.clear()

    def _flask(self) -> Flask:
        app = Flask(f"banc.{self.name}", static_folder=None)
        app.config["MAX_CONTENT_LENGTH"] = self.settings.max_body_bytes
        app.extensions["banc"] = self
        app.register_blueprint(control.blueprint(self))
        app.register_error_handler(HTTPException, _http_error)
        app.register_error_handler(Exception, _bug)
        return app


def _http_error(found: HTTPException) -> Response:
    return control.error(found.code or 500, found.description or found.name)


def _bug(found: Exception) -> Response:
    log.exception("banc bug", exc_info=found)
    return control.error(500, "banc bug: this is our mistake, the server log has the trace")


def first_line(function: Callable[..., Any]) -> str:
    """The first sentence of a function's docstring, for the docs."""
    return (function.__doc__ or "").strip().partition("\n")[0]


def create_service(name: str, settings: Settings, clock: Clock | None = None) -> Service:
    """A service with its journal ready; a mock adds its tables and routes."""
    service = Service(name, settings, clock)
    service.create_tables()
    return service


def service_of(app: Flask) -> Service:
    """The service behind a mock's app; tests read the journal through it."""
    service = app.extensions["banc"]
    assert isinstance(service, Service)
    return service
