"""The INS mock in-process, on a fixed clock, and certificates to call it with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kit.clock import FixedClock
from kit.journal import Exchange
from kit.pki import CertificateKind, TestPki
from kit.service import service_of
from kit.settings import Settings
from kit.soap import Envelope, read_envelope
from kit.xml import parse
from mocks.ins.app import create_app
from mocks.ins.messages import Erreur, read_error

SOAP = "application/soap+xml; charset=utf-8"
Certificate = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Bench:
    """The mock as a test calls it, and its journal."""

    client: FlaskClient

    def send(
        self,
        data: bytes,
        *,
        listener: str = "plain",
        peer: bytes | None = None,
        content_type: str = SOAP,
    ) -> TestResponse:
        environ = {"banc.listener": listener, "banc.peer_der": peer}
        return self.client.post(
            "/lps", data=data, content_type=content_type, environ_overrides=environ
        )

    def lines(self) -> list[Exchange]:
        return service_of(self.client.application).journal.find()

    def line(self) -> Exchange:
        """The one line of the one call the test made."""
        (line,) = self.lines()
        return line


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    return TestPki.open(tmp_path_factory.mktemp("ins") / "pki")


@pytest.fixture(scope="session")
def certificate(pki: TestPki) -> Certificate:
    """The client certificate of an invented hospital, with the CN of one's choice."""

    def issue(common_name: str) -> bytes:
        return pki.issue(
            CertificateKind.ORG_AUTH_CLI,
            common_name=common_name,
            organization="CH DE TEST",
            struct_idnat="10B0152872",
            department="Ille-et-Vilaine (35)",
        ).certificate_der

    return issue


@pytest.fixture
def make_bench(settings: Settings, clock: FixedClock, pki: TestPki) -> Callable[..., Bench]:
    """A bench with other settings than the default ones, on the session's test authority."""

    def make(**changes: object) -> Bench:
        chosen = replace(settings, **changes)  # type: ignore[arg-type]
        chosen.data_dir.mkdir(parents=True, exist_ok=True)
        link = chosen.data_dir / "pki"
        if not link.exists():
            link.symlink_to(Path(pki.folder), target_is_directory=True)
        return Bench(create_app(chosen, clock).test_client())

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


def envelope_of(answer: TestResponse) -> Envelope:
    return read_envelope(parse(answer.get_data()))


def error_of(answer: TestResponse) -> Erreur:
    return read_error(envelope_of(answer).body)
