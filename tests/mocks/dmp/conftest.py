"""The DMP mock in-process, on a fixed clock, and a client that speaks its wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kit import mtom, soap
from kit.clock import FixedClock
from kit.journal import Exchange
from kit.pki import TestPki
from kit.service import service_of
from kit.settings import Settings
from kit.soap import Envelope
from kit.xml import Element, find_text, parse
from mocks.dmp import messages
from mocks.dmp.app import create_app
from mocks.dmp.messages import RegistryResponse, Retrieved
from tests.mocks.dmp.builders import a_card_vihf, a_hospital, a_hospital_vihf, a_lot

MESSAGE_ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
BOUNDARY = "banc-test-boundary"


@dataclass(frozen=True, slots=True)
class Bench:
    """The mock as a test calls it, its journal, and who may call it."""

    client: FlaskClient
    pki: TestPki

    def post(self, path: str, data: bytes, content_type: str, **environ: object) -> TestResponse:
        return self.client.post(
            path, data=data, content_type=content_type, environ_overrides=environ
        )

    def send(
        self,
        path: str,
        body: Element,
        *,
        action: str,
        vihf: Element | None,
        attachments: Mapping[str, bytes] | None = None,
        **environ: object,
    ) -> TestResponse:
        """One call; with attachments it travels as MTOM."""
        blocks = [] if vihf is None else [messages.write_security(vihf)]
        root = soap.write_envelope(
            body, action=action, to="http://dmp.test", message_id=MESSAGE_ID, header_blocks=blocks
        )
        if attachments is None:
            return self.post(path, root, f"{soap.SOAP_TYPE}; charset=UTF-8", **environ)
        content_type, data = mtom.write_multipart(
            root, attachments, boundary=BOUNDARY, action=action
        )
        return self.post(path, data, content_type, **environ)

    def feed(self, *cdas: bytes, vihf: Element | None = None, **lot: object) -> TestResponse:
        """TD2.1 of a signed lot, by the hospital unless said otherwise."""
        signer = a_hospital(self.pki).sign
        submission, contents = a_lot(signer, *cdas, **lot)  # type: ignore[arg-type]
        body, attachments = messages.write_submission(submission, contents)
        caller = a_hospital_vihf(self.pki) if vihf is None else vihf
        return self.send(
            messages.REPOSITORY,
            body,
            action=messages.ITI_41,
            vihf=caller,
            attachments=attachments,
        )

    def find(
        self, query: messages.StoredQuery, vihf: Element | None = None
    ) -> tuple[TestResponse, messages.Found]:
        """TD3.1, by a doctor with their card unless said otherwise."""
        answer = self.send(
            messages.REGISTRY,
            messages.write_query(query),
            action=messages.ITI_18,
            vihf=a_card_vihf(self.pki) if vihf is None else vihf,
        )
        return answer, messages.read_query_response(envelope_of(answer).body)

    def retrieve(self, *unique_ids: str, vihf: Element | None = None) -> Retrieved:
        """TD3.2, by a doctor with their card unless said otherwise."""
        answer = self.send(
            messages.REPOSITORY,
            messages.write_retrieve(messages.DocumentRequest(uid) for uid in unique_ids),
            action=messages.ITI_43,
            vihf=a_card_vihf(self.pki) if vihf is None else vihf,
        )
        envelope, attachments = parts_of(answer)
        return messages.read_retrieve_response(envelope.body, attachments)

    def lines(self, **filters: str) -> list[Exchange]:
        return service_of(self.client.application).journal.find(**filters)

    @property
    def line(self) -> Exchange:
        """The line of the last call."""
        return self.lines()[-1]


def parts_of(answer: TestResponse) -> tuple[Envelope, dict[str, bytes]]:
    """The envelope of an answer and its attachments."""
    data, attachments = answer.get_data(), {}
    if mtom.is_multipart(answer.content_type):
        data, attachments = mtom.read_multipart(answer.content_type, data)
    return soap.read_envelope(parse(data)), attachments


def envelope_of(answer: TestResponse) -> Envelope:
    return parts_of(answer)[0]


def registry_response(answer: TestResponse) -> RegistryResponse:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return messages.read_registry_response(envelope_of(answer).body)


def codes_of(answer: TestResponse) -> list[str]:
    return [error.code for error in registry_response(answer).errors]


def fault_of(answer: TestResponse) -> tuple[str, str]:
    """Subcode without prefix and reason of a fault; HTTP 500."""
    assert answer.status_code in (500, 413), answer.get_data(as_text=True)
    body = envelope_of(answer).body
    subcode = find_text(body, "soap:Code/soap:Subcode/soap:Value")
    return subcode.partition(":")[2], find_text(body, "soap:Reason/soap:Text")


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    return TestPki.open(tmp_path_factory.mktemp("dmp") / "pki")


@pytest.fixture
def make_bench(
    settings: Settings, clock: FixedClock, pki: TestPki
) -> Iterator[Callable[..., Bench]]:
    """A bench with other settings than the default ones, on the session's test authority."""
    made = []

    def make(**changes: object) -> Bench:
        usual = {"dmp_authorization": "lenient"}  # TD0.3 has tests of its own
        chosen = replace(settings, **usual | changes)  # type: ignore[arg-type]
        chosen.data_dir.mkdir(parents=True, exist_ok=True)
        link = chosen.data_dir / "pki"
        if not link.exists():
            link.symlink_to(pki.folder, target_is_directory=True)
        app = create_app(chosen, clock)
        made.append(app)
        return Bench(app.test_client(), pki)

    yield make
    for app in made:
        service_of(app).database.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
