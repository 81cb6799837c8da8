"""The ROR mock in-process, on a fixed clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kit.clock import FixedClock
from kit.journal import Exchange
from kit.pki import CertificateKind, TestPki
from kit.service import service_of
from kit.settings import Settings
from mocks.ror.app import create_app
from mocks.ror.messages import BED_PATH, CONTEXT_HEADERS, DIFFUSION_PATH, TOKEN_PATH

FHIR = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Bench:
    """The mock as a test calls it, and its journal."""

    client: FlaskClient

    def get(self, path: str, token: str = "", **options: Any) -> TestResponse:
        """A diffusion call; with a token it carries the four headers too."""
        headers = {**_bearer(token), **(CONTEXT_HEADERS if token else {})}
        headers |= options.pop("headers", {})
        return self.client.get(DIFFUSION_PATH + path, headers=headers, **_environ(options))

    def all(self, path: str) -> list[dict[str, Any]]:
        """The resources of a search's first page."""
        return [entry["resource"] for entry in self.get(path).json.get("entry", [])]  # type: ignore[union-attr]

    def patch(self, identifier: str, body: Any, token: str = "", **options: Any) -> TestResponse:
        """A bed update; a body that is not bytes is written as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.patch(
            f"{BED_PATH}/Location",
            query_string={"identifier": identifier},
            data=data,
            headers={**_bearer(token), **options.pop("headers", {})},
            content_type=options.pop("content_type", FHIR),
            **_environ(options),
        )

    def write(self, method: str, path: str, body: Any, token: str = "") -> TestResponse:
        headers = {**_bearer(token), **(CONTEXT_HEADERS if token else {})}
        return self.client.open(
            DIFFUSION_PATH + path,
            method=method,
            data=json.dumps(body),
            headers=headers,
            content_type=FHIR,
        )

    def ask_token(self, client_id: str, secret: str = "", **options: Any) -> TestResponse:
        form = {"grant_type": "client_credentials", "client_id": client_id}
        form |= {"client_secret": secret} if secret else {}
        return self.client.post(TOKEN_PATH, data=form, **_environ(options))

    def token(self, client_id: str, secret: str = "banc") -> str:
        answer = self.ask_token(client_id, secret)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        return str(answer.json["access_token"])

    def a_sync_id(self) -> str:
        """The synchronisation id of a ward with beds."""
        location = self.all("/Location?capacity-status=02&capacity-type=01&_count=1")[0]
        return str(location["identifier"][1]["value"])

    def lines(self) -> list[Exchange]:
        return service_of(self.client.application).journal.find()

    def line(self) -> Exchange:
        """The newest line."""
        return self.lines()[-1]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _environ(options: dict[str, Any]) -> dict[str, Any]:
    listener, peer = options.pop("listener", "plain"), options.pop("peer", None)
    environ = {"banc.listener": listener, "banc.peer_der": peer}
    return {"environ_overrides": environ, **options}


@pytest.fixture
def make_bench(settings: Settings, clock: FixedClock) -> Callable[..., Bench]:
    """A bench with other settings than the default ones."""

    def make(**changes: Any) -> Bench:
        return Bench(create_app(replace(settings, **changes), clock).test_client())

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The client certificate of the legal entity 0B9001005."""
    pki = TestPki.open(tmp_path_factory.mktemp("ror") / "pki")
    return pki.issue(
        CertificateKind.ORG_AUTH_CLI,
        common_name="CHR DE TEST",
        organization="CHR DE TEST",
        struct_idnat="10B9001005",
        department="Ille-et-Vilaine (35)",
    ).certificate_der


def issues(answer: TestResponse) -> list[tuple[str, str]]:
    """The (code, expression) pairs of an OperationOutcome."""
    outcome = answer.json
    assert outcome is not None
    assert outcome["resourceType"] == "OperationOutcome"
    return [(item["code"], "".join(item.get("expression", []))) for item in outcome["issue"]]
