"""A small service of the tests of kit, in-process or served by real worker processes.

``ping`` leaves a note for each message it accepts, so that effects can be told from answers.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask
from sqlalchemy import Column, MetaData, String, Table, insert, select

from banc.ports import free_port
from kit import soap
from kit.clock import Clock
from kit.mtom import include, included
from kit.pki import TestPki
from kit.rules import Code, Refusal, Refused
from kit.server import Application, Listener
from kit.service import Service, create_service
from kit.settings import Settings
from kit.xml import build
from tests import serving
from tests.serving import stop

TYPE = "application/soap+xml; charset=UTF-8"
NO = Refusal(Code("SaidNo", "no", "Sheet"), "a_ping_is_polite", "Sheet 1", field="tone")
tables = MetaData()
note_table = Table(
    "note",
    tables,
    Column("id", String(24), primary_key=True),
    Column("sandbox", String(64), nullable=False),
    Column("word", String(40), nullable=False),
)


def create_demo(settings: Settings, clock: Clock | None = None) -> Service:
    """The service; asks who calls, then does what the word of the message says."""
    service = create_service("demo", settings, clock)
    service.create_tables(tables)
    bp = Blueprint("demo", __name__)
    port = soap.Port(bp, "/port", service, identify=identify)

    @port.operation("hl7:ping", transaction="PING", action="urn:ping", reply_action="urn:pong")
    def ping(call: soap.Call) -> soap.Reply | soap.Element:
        word = call.body.text or ""
        if word == "slow":
            (settings.data_dir / f"reached-{call.line.id}").touch()
        with service.database.transaction() as connection:
            row = {"id": call.line.id, "sandbox": call.line.sandbox, "word": word}
            connection.execute(insert(note_table).values(row))
        if word == "rude":
            raise Refused([NO])
        if word == "bug":
            raise ZeroDivisionError
        if word == "unkeepable":
            call.line.facts["thing"] = object()
        if word == "slow":
            time.sleep(0.1)
        if word == "attached":
            found = included(call.body, call.attachments) or b""
            return soap.Reply(build("hl7:pong", include("back@x")), {"back@x": found})
        if word == "large":
            return soap.Reply(build("hl7:pong"), {"back@x": b"x" * 30_000_000})
        return build("hl7:pong", word)

    service.app.register_blueprint(bp)
    return service


def identify(call: soap.Call) -> str:
    if call.body.get("root") == "stranger":
        raise soap.SoapFault("Sender", subcode="WhoAreYou", reason="inconnu")
    return "someone"


def envelope(word: str = "hello", **attributes: str) -> bytes:
    body = build("hl7:ping", word, **attributes)
    return soap.write_envelope(body, action="urn:ping", message_id="urn:uuid:1", to="x")


def notes(service: Service) -> set[str]:
    """The ids of the exchanges whose effect was kept."""
    with service.database.reading() as connection:
        return set(connection.execute(select(note_table.c.id)).scalars())


@dataclass(frozen=True)
class Served:
    """A demo in processes of its own, and a view on its database from the test's process."""

    service: Service
    plain: int
    mutual: int
    pki: TestPki
    pid: int

    def ask(self, word: str = "hello", timeout: float = 10) -> int:
        """The status of one ping over the plain listener."""
        connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("POST", "/port", envelope(word), {"Content-Type": TYPE})
            return connection.getresponse().status

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.plain), timeout=10)


@contextmanager
def served(settings: Settings, pki: TestPki) -> Iterator[Served]:
    """The demo, served on free ports of the loopback for as long as the block."""
    plain, mutual = free_port(), free_port()
    listeners = (Listener(plain), Listener(mutual, "mtls", lambda: pki.server_context("mtls")))
    application = Application("demo", lambda: _load(settings), listeners)
    with serving.served(application, settings) as pid:
        service = create_demo(settings)
        try:
            yield Served(service, plain, mutual, pki, pid)
        finally:
            stop(pid)
            service.database.close()


def _load(settings: Settings) -> Flask:
    return create_demo(settings).app


def reached(folder: Path) -> int:
    """How many slow pings are being served, or were."""
    return len(list(folder.glob("reached-*")))
