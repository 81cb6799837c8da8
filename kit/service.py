"""Kit, service: puts a mock together: settings, clock, database, journal, faults, control API.

Also the client certificate of a connection. Not here: entry points (routes), what else one may
ask of a connection (connection), requests that no entry point takes (strays), sockets (server).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy import MetaData

from kit import control, journal, strays
from kit.clock import Clock, bench_clock
from kit.connection import MUTUAL_TLS, PLAIN, TLS, listener_of, raw_request, raw_response
from kit.database import Database
from kit.faults import Faults
from kit.journal import Journal
from kit.settings import Settings

__all__ = [
    "MUTUAL_TLS",
    "PLAIN",
    "TLS",
    "Offered",
    "Peer",
    "Service",
    "create_service",
    "first_line",
    "listener_of",
    "peer_of",
    "raw_request",
    "raw_response",
    "read_peer",
    "service_of",
]


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


@lru_cache(maxsize=1024)
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


def peer_of(environ: Mapping[str, Any]) -> Peer | None:
    """The client certificate of a request's connection, if it showed one."""
    der = environ.get("banc.peer_der")
    return read_peer(der) if der else None


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
        strays.install(self)

    def create_tables(self, *tables: MetaData) -> None:
        """Create the journal's tables and those of the mock's store."""
        self._tables += [item for item in tables if item not in self._tables]
        self.database.create(*self._tables)

    def reset(self, sandbox: str | None = None) -> None:
        """Empty stores and journal and disarm every fault; or empty one sandbox."""
        self.database.empty(*self._tables, sandbox=sandbox)
        if sandbox is None:
            self.faults.clear()

    def _flask(self) -> Flask:
        app = Flask(f"banc.{self.name}", static_folder=None)
        app.config["MAX_CONTENT_LENGTH"] = self.settings.max_body_bytes
        app.extensions["banc"] = self
        control.guard(app, self.settings)
        app.register_blueprint(control.blueprint(self))
        return app


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
