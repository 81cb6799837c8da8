"""INS, outside judge: an ordinary HTTPS client against the three listeners of a real server."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import pytest

from banc.ports import free_port
from kit.clock import FixedClock
from kit.pki import CertificateKind, Credential, TestPki
from kit.server import Application, Listener
from kit.service import service_of
from kit.settings import Settings
from kit.soap import read_envelope
from kit.xml import Element, parse
from mocks.ins.app import create_app
from mocks.ins.messages import read_error, read_search_result, write_assertion
from tests.mocks.ins.builders import an_assertion, an_envelope
from tests.serving import served

SOAP = {"Content-Type": "application/soap+xml; charset=utf-8"}


@dataclass(frozen=True)
class Running:
    plain: int
    mutual: int
    one_way: int
    pki: TestPki
    settings: Settings

    def ask(
        self, port: int, data: bytes, credential: Credential | None = None
    ) -> tuple[int, Element]:
        """Status and body element of one call over TLS."""
        connection = http.client.HTTPSConnection(
            "localhost", port, timeout=10, context=self.pki.client_context(credential)
        )
        connection.request("POST", "/lps", data, SOAP)
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
        connection.close()
        return status, read_envelope(parse(body)).body

    def software(self, common_name: str) -> Credential:
        return self.pki.issue(
            CertificateKind.ORG_AUTH_CLI,
            common_name=common_name,
            organization="CH DE TEST",
            struct_idnat="10B0152872",
            department="Ille-et-Vilaine (35)",
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("ins-tls")
    settings = replace(Settings(), data_dir=folder, workers=1)
    pki = TestPki.open(folder / "pki", settings)
    found = Running(free_port(), free_port(), free_port(), pki, settings)
    with served(_application(found), settings):
        yield found


def _application(running: Running) -> Application:
    listeners = (
        Listener(running.plain),
        Listener(running.mutual, "mtls", lambda: running.pki.server_context("mtls")),
        Listener(running.one_way, "tls", lambda: running.pki.server_context("tls")),
    )
    load = partial(create_app, running.settings, FixedClock())
    return Application("ins", load, listeners)


@pytest.mark.parametrize("name", ["INSI-AUTO", "INSI-MANU"])
def test_software_certificates_of_insi_are_served(running: Running, name: str) -> None:
    status, body = running.ask(running.mutual, an_envelope(), running.software(name))
    assert status == 200
    assert read_search_result(body).code == "00"


def test_a_certificate_of_another_name_is_refused(running: Running) -> None:
    status, body = running.ask(running.mutual, an_envelope(), running.software("insi-auto"))
    assert status == 500
    assert read_error(body).code == "desir_560"


def test_no_certificate_gets_no_connection(running: Running) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        running.ask(running.mutual, an_envelope())


def test_the_one_way_listener_wants_an_assertion(running: Running) -> None:
    status, body = running.ask(running.one_way, an_envelope())
    assert (status, read_error(body).code) == (500, "desir_520")
    said = an_envelope(blocks=(write_assertion(an_assertion()),))
    status, body = running.ask(running.one_way, said)
    assert (status, read_search_result(body).code) == (200, "00")


def test_the_journal_tells_listener_and_establishment(running: Running) -> None:
    running.ask(running.mutual, an_envelope(), running.software("INSI-AUTO"))
    service = service_of(create_app(running.settings, FixedClock()))
    line = service.journal.find(newest_first=True, limit=1)[0]
    assert (line.listener, line.finess, line.outcome) == ("mtls", "0B0152872", "accepted")
    service.database.close()
