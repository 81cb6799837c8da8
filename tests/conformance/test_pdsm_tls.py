"""PDSm, outside judge: fhirpy, an ordinary FHIR client, over real mutual TLS.

It deposits with the certificate of a hospital, and searches, reads, patches with the token of a
doctor besides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import fhirpy
import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from banc.ports import free_port
from kit.cda import entry_from_cda
from kit.clock import bench_clock
from kit.pki import EstablishmentCredentials, TestPki
from kit.psc import BEARER, JWKS_FILE, REALM_PATH
from kit.server import Application, Listener
from kit.service import service_of
from kit.settings import Settings
from mocks.dmp.app import create_app
from mocks.dmp.messages import pdsm
from mocks.dmp.messages.pdsm.patch import write_archived
from tests.mocks.dmp.builders import ARC, HOSPITAL, STRUCTURE, a_document, a_lot
from tests.mocks.dmp.fhir_builders import DOCTOR_ID, KEY, PATIENT
from tests.serving import served

FHIR = "application/fhir+json"


@dataclass(frozen=True)
class Running:
    port: int
    pki: TestPki
    settings: Settings
    hospital: EstablishmentCredentials

    @property
    def base(self) -> str:
        return f"https://localhost:{self.port}{pdsm.PATH}"

    @property
    def tls(self) -> dict[str, Any]:
        """What a client of requests is given: our certificate, their authority."""
        own = self.hospital.auth
        shown = (str(own.chain_path), str(own.key_path))
        return {"cert": shown, "verify": str(self.pki.ca_path), "timeout": 20}

    def client(self, *, token: bool = False, kind: str = FHIR) -> fhirpy.SyncFHIRClient:
        """fhirpy, with the certificate alone or a doctor's token besides."""
        headers = {"Content-Type": kind}
        if token:
            headers["Authorization"] = f"Bearer {self.token()}"
        return fhirpy.SyncFHIRClient(self.base, extra_headers=headers, requests_config=self.tls)

    def token(self, seconds: int = 60) -> str:
        now = bench_clock(self.settings.data_dir).wall().timestamp()
        claims = {
            "typ": BEARER,
            "iss": f"https://psc.test{REALM_PATH}",
            "exp": int(now) + seconds,
            "SubjectNameID": DOCTOR_ID,
        }
        return jwt.encode({"alg": "RS256", "kid": "test"}, claims, KEY)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("pdsm-tls")
    settings = replace(Settings(), data_dir=folder, workers=2, dmp_authorization="lenient")
    keys = json.dumps(KeySet([KEY]).as_dict(private=False))
    (folder / JWKS_FILE).write_text(keys, encoding="utf-8")
    pki = TestPki.open(folder / "pki", settings)
    found = Running(free_port(), pki, settings, pki.establishment(HOSPITAL))
    with served(_application(found), settings):
        yield found


def _application(running: Running) -> Application:
    listener = Listener(running.port, "mtls", lambda: running.pki.server_context("mtls"))
    load = partial(create_app, running.settings)
    return Application("dmp", load, (listener,), load)


def a_bundle(running: Running, *numbers: int) -> dict[str, Any]:
    submission, contents = a_lot(
        running.hospital.sign, *map(a_document, numbers), number=numbers[0]
    )
    return pdsm.write_provide_bundle(submission, contents, custodian=STRUCTURE)


def test_fhirpy_deposits_searches_fetches_and_patches(running: Running) -> None:
    told = running.client().execute("", method="POST", data=a_bundle(running, 1, 2))
    assert {entry["response"]["status"] for entry in told["entry"]} == {"201"}

    doctor = running.client(token=True)
    asked = {"patient.identifier": PATIENT, "status": "current"}
    found = doctor.resources("DocumentReference").search(**asked).limit(1).fetch_all()
    assert [item["masterIdentifier"]["value"] for item in found] == [
        f"urn:oid:{ARC}.1", f"urn:oid:{ARC}.2",
    ]  # fmt: skip
    again = doctor.reference("DocumentReference", found[0]["id"]).to_resource()
    assert again.serialize() == found[0].serialize()

    url = found[0]["content"][0]["attachment"]["url"]
    headers = {"Authorization": f"Bearer {running.token()}", "Accept": "text/xml"}
    answer = requests.get(url, headers=headers, **running.tls)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml")
    assert answer.content == a_document(1)

    patcher = running.client(kind=pdsm.PATCH_TYPE)
    identifier = f"urn:ietf:rfc:3986|urn:oid:{ARC}.1"
    patched = patcher.execute(
        "DocumentReference", method="PATCH", params={"identifier": identifier},
        data=pdsm.write_status("entered-in-error"),
    )  # fmt: skip
    assert patched["status"] == "entered-in-error"
    left = doctor.resources("DocumentReference").search(**asked).fetch_all()
    assert [item["id"] for item in left] == [found[1]["id"]]


def test_fhirpy_saves_one_document(running: Running) -> None:
    content = a_document(11)
    sent = pdsm.write_simplified(entry_from_cda(content), content, custodian=STRUCTURE)
    resource = running.client().resource(**sent | {"resource_type": "DocumentReference"})
    resource.save()
    assert resource["id"]
    assert resource["content"][0]["attachment"]["url"].endswith(f"{ARC}.11")


def test_fhirpy_is_told_why(running: Running) -> None:
    client = running.client()
    asked = client.resources("DocumentReference").search(**{"patient.identifier": PATIENT})
    with pytest.raises(fhirpy.base.exceptions.OperationOutcome) as told:
        asked.fetch()
    assert "DMPSimFhirParameter" in str(told.value)
    with pytest.raises(fhirpy.base.exceptions.ForbiddenError):
        client.resources("DocumentReference").search(
            **{"patient.identifier": PATIENT, "status": "current"}
        ).fetch()
    with pytest.raises(fhirpy.base.exceptions.ForbiddenError):
        running.client(kind=pdsm.PATCH_TYPE).execute(
            "DocumentReference", method="PATCH", data=write_archived(is_archived=True),
            params={"identifier": f"urn:oid:{ARC}.2"},
        )  # fmt: skip


def test_an_expired_token_and_no_certificate_are_refused(running: Running) -> None:
    url = f"{running.base}/Binary/{ARC}.2"
    late = {"Authorization": f"Bearer {running.token(-5)}"}
    answer = requests.get(url, headers=late, **running.tls)
    assert answer.status_code == 401
    assert "expired" in answer.json()["issue"][0]["diagnostics"]
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(url, verify=str(running.pki.ca_path), timeout=20)


def test_the_journal_names_the_hospital_and_the_listener(running: Running) -> None:
    told = running.client().execute("", method="POST", data=a_bundle(running, 21))
    assert told["type"] == "transaction-response"
    service = service_of(create_app(running.settings))
    lines = service.journal.find(transaction="ITI-65", newest_first=True, limit=1)
    service.database.close()
    assert (lines[0].listener, lines[0].finess) == ("mtls", HOSPITAL.finess_ej)
    assert lines[0].facts["documents"][0]["unique_id"] == f"{ARC}.21"
