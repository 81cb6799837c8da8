"""ROR, outside judge: an ordinary HTTPS client gets its token with a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import pytest
import requests

from banc.ports import free_port
from kit.clock import BenchClock
from kit.pki import CertificateKind, Credential, TestPki
from kit.server import Application, Listener
from kit.service import service_of
from kit.settings import Settings
from kit.world import World
from mocks.ror.app import create_app
from mocks.ror.messages import BED_PATH, CONTEXT_HEADERS, DIFFUSION_PATH, TOKEN_PATH, sync_id
from tests.mocks.ror.builders import a_patch
from tests.mocks.ror.conftest import FHIR
from tests.serving import served


@dataclass(frozen=True)
class Running:
    port: int
    pki: TestPki
    settings: Settings

    def url(self, path: str) -> str:
        return f"https://localhost:{self.port}{path}"

    def session(self, credential: Credential | None = None) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # a CA bundle of the environment would win
        session.verify = str(self.pki.ca_path)
        if credential:
            session.cert = (str(credential.chain_path), str(credential.key_path))
        return session

    def ask_token(self, client_id: str, credential: Credential | None) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": client_id}
        return self.session(credential).post(self.url(TOKEN_PATH), form, timeout=10)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("ror-tls")
    settings = replace(Settings(), data_dir=folder, workers=2)
    found = Running(free_port(), TestPki.open(folder / "pki", settings), settings)
    with served(_application(found), settings):
        yield found


def _application(running: Running) -> Application:
    listener = Listener(running.port, "tls", lambda: running.pki.server_context("optional"))
    load = partial(create_app, running.settings)
    return Application("ror", load, (listener,), load)


@pytest.fixture(scope="module")
def credential(running: Running) -> Credential:
    return running.pki.issue(
        CertificateKind.ORG_AUTH_CLI,
        common_name="CHR DE TEST",
        organization="CHR DE TEST",
        struct_idnat="10B9001005",
        department="Ille-et-Vilaine (35)",
    )


def test_a_certificate_replaces_the_secret(running: Running, credential: Credential) -> None:
    answer = running.ask_token("consommateur-1-0B9001005", credential)
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}", **CONTEXT_HEADERS}
    for _ in range(4):  # either worker process knows the token
        found = running.session().get(
            running.url(f"{DIFFUSION_PATH}/Location?_count=1"), headers=headers, timeout=10
        )
        assert found.status_code == 200


def test_without_the_certificate_of_the_client_there_is_no_token(
    running: Running, credential: Credential
) -> None:
    for client_id, shown in (
        ("consommateur-1-0B9001005", None),
        ("consommateur-1-0B9002003", credential),
    ):
        answer = running.ask_token(client_id, shown)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_supplier_updates_beds_and_the_journal_names_its_establishment(
    running: Running, credential: Credential
) -> None:
    token = running.ask_token("fournisseur-1-0B9001005", credential).json()["access_token"]
    establishment = World().establishments[0]
    unit = next(unit for unit in establishment.units if unit.care_mode == "28")
    answer = running.session().patch(
        running.url(f"{BED_PATH}/Location"),
        params={"identifier": sync_id(establishment.finess_eg, unit.code)},
        json=a_patch(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": FHIR},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    service = service_of(create_app(running.settings, BenchClock(running.settings.data_dir / "c")))
    line = service.journal.find(newest_first=True, limit=1)[0]
    assert (line.transaction, line.outcome) == ("PATCH Location", "accepted")
    assert (line.listener, line.finess) == ("tls", "0B9001005")
    service.database.close()
