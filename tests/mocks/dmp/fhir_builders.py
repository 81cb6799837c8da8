"""What the tests of the FHIR face are made of: valid by default, spoil one thing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.test import TestResponse

from kit.fhir import Issue, Resource, read_outcome
from kit.identity import ps_idnat
from kit.psc import BEARER, JWKS_FILE, REALM_PATH
from kit.service import MUTUAL_TLS, service_of
from kit.xds.metadata import Submission
from mocks.dmp.messages import pdsm
from tests.mocks.dmp.builders import (
    HOSPITAL,
    INS,
    STRUCTURE,
    WORLD,
    a_document,
    a_hospital,
    a_lot,
    an_entry,
)
from tests.mocks.dmp.conftest import Bench

FHIR = "application/fhir+json"
DOCTOR = next(who for who in WORLD.professionals(HOSPITAL.finess_eg) if who.profession == "10")
DOCTOR_ID = ps_idnat(DOCTOR.rpps)
PATIENT = f"urn:oid:{INS.oid}|{INS.matricule}"
KEY = RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"})


@dataclass(frozen=True, slots=True)
class FhirBench:
    """The FHIR face as a test calls it: on the plain listener, open, unless said otherwise."""

    bench: Bench

    def call(
        self,
        method: str,
        path: str = "",
        *,
        body: Any = None,
        user: str = "",
        headers: dict[str, str] | None = None,
        kind: str = FHIR,
        **environ: object,
    ) -> TestResponse:
        """One request; ``user``: Banc-User, the first hospital without it."""
        told = {"Banc-User": user} if user else {}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return self.bench.client.open(
            f"{pdsm.PATH}{path}",
            method=method,
            data=data,
            content_type=kind if data is not None else None,
            headers=told | (headers or {}),
            environ_overrides=environ,
        )

    def provide(self, bundle: Resource, **given: Any) -> TestResponse:
        """ITI-65."""
        return self.call("POST", body=bundle, **given)

    def publish(self, resource: Resource, **given: Any) -> TestResponse:
        """ITI-105."""
        return self.call("POST", "/DocumentReference", body=resource, **given)

    def find(self, kind: str = "DocumentReference", *, user: str = DOCTOR_ID, **given: str) -> Any:
        """ITI-67 or ITI-66, by a doctor; the parameters besides patient and status."""
        return self.call("GET", f"/{kind}", user=user, headers=None, QUERY_STRING=query(given))

    def matches(self, kind: str = "DocumentReference", **given: str) -> list[Resource]:
        """The resources a search finds."""
        answer = self.find(kind, **given)
        assert answer.status_code == 200, answer.text
        return [entry["resource"] for entry in answer.get_json().get("entry", [])]

    def patch(self, unique_id: str, operations: Any, **given: Any) -> TestResponse:
        """The conditional PATCH of a document."""
        environ = {"QUERY_STRING": f"identifier=urn:ietf:rfc:3986|urn:oid:{unique_id}"}
        kind = pdsm.PATCH_TYPE
        return self.call(
            "PATCH", "/DocumentReference", body=operations, kind=kind, **environ | given
        )

    def certified(self) -> dict[str, object]:
        """A connection with the certificate of the hospital."""
        der = a_hospital(self.bench.pki).auth.certificate_der
        return {"banc.listener": MUTUAL_TLS, "banc.peer_der": der}

    def token(self, national_id: str = DOCTOR_ID, *, seconds: int = 60, **claims: Any) -> str:
        """An access token as Pro Santé Connect gives it, of this bench."""
        service = service_of(self.bench.client.application)
        public = KeySet([KEY]).as_dict(private=False)
        path = service.settings.data_dir / JWKS_FILE
        path.write_text(json.dumps(public), encoding="utf-8")
        expires = service.clock.wall() + timedelta(seconds=seconds)
        told = {
            "typ": BEARER,
            "iss": f"http://psc.test{REALM_PATH}",
            "exp": int(expires.timestamp()),
            "SubjectNameID": national_id,
        }
        return jwt.encode({"alg": "RS256", "kid": "test"}, told | claims, KEY)

    def bearer(self, **given: Any) -> dict[str, str]:
        """The header that carries a token."""
        return {"Authorization": f"Bearer {self.token(**given)}"}


def query(given: dict[str, str]) -> str:
    """A query string for patient and status, and what else is asked; "" leaves one out."""
    asked = {"patient.identifier": PATIENT, "status": "current"} | given
    return urlencode({name: value for name, value in asked.items() if value})


def issues(answer: TestResponse) -> tuple[Issue, ...]:
    """The issues of a refused request."""
    return read_outcome(answer.get_json())


def codes_of(answer: TestResponse) -> list[str]:
    return [issue.detail for issue in issues(answer)]


def a_submission(bench: Bench, *cdas: bytes, **lot: Any) -> tuple[Submission, dict[str, bytes]]:
    """A lot, its signature left for the XDS side."""
    return a_lot(a_hospital(bench.pki).sign, *cdas, **lot)


def a_bundle(bench: Bench, *cdas: bytes, **lot: Any) -> Resource:
    """The Bundle of a lot."""
    submission, contents = a_submission(bench, *cdas, **lot)
    return pdsm.write_provide_bundle(submission, contents, custodian=STRUCTURE)


def a_simplified(number: int = 1, **changes: Any) -> Resource:
    """The DocumentReference of a document, with its bytes."""
    cda = a_document(number)
    return pdsm.write_simplified(an_entry(cda, **changes), cda, custodian=STRUCTURE)


def resource_of(bundle: Resource, kind: str) -> Resource:
    """The first resource of a type in a Bundle."""
    found: Resource = next(
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind
    )
    return found
