"""FHIR face of the DMP: wrong searches, patches and paths; what a patient hides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mocks.dmp.messages.pdsm import patch
from tests.mocks.dmp.builders import ARC, a_document
from tests.mocks.dmp.conftest import Bench
from tests.mocks.dmp.fhir_builders import (
    DOCTOR_ID,
    PATIENT,
    FhirBench,
    a_bundle,
    codes_of,
    issues,
)


@pytest.fixture
def fhir(bench: Bench) -> FhirBench:
    return FhirBench(bench)


SEARCHES: list[tuple[str, dict[str, str], str]] = [
    ("DocumentReference", {"patient.identifier": ""}, "patient.identifier"),
    ("DocumentReference", {"status": ""}, "status"),
    ("List", {}, "code"),
    ("DocumentReference", {"status": "active"}, "status"),
    ("DocumentReference", {"patient.identifier": "279035121518989"}, "patient.identifier"),
    ("DocumentReference", {"patient.identifier": "urn:oid:1.2.3|2"}, "patient.identifier"),
    ("DocumentReference", {"patient.identifier": f"{PATIENT},{PATIENT}"}, "patient.identifier"),
    ("DocumentReference", {"date": "yesterday"}, "date"),
    ("DocumentReference", {"period": "ge"}, "period"),
    ("DocumentReference", {"type:not": "11490-0"}, "type"),
    ("DocumentReference", {"type": "11490-0,"}, "type"),
]


@pytest.mark.parametrize(("kind", "asked", "parameter"), SEARCHES)
def test_a_wrong_search_is_refused(
    fhir: FhirBench, kind: str, asked: dict[str, str], parameter: str
) -> None:
    answer = fhir.find(kind, **asked)
    assert answer.status_code == 400, answer.text
    assert set(codes_of(answer)) == {"DMPSimFhirParameter"}
    assert (parameter,) in [issue.expression for issue in issues(answer)]


def test_an_ins_nobody_has_is_unknown(fhir: FhirBench) -> None:
    real = "urn:oid:1.2.250.1.213.1.4.8|279035121518989"
    answer = fhir.find(**{"patient.identifier": real})
    assert (answer.status_code, codes_of(answer)) == (404, ["XDSUnknownPatientId"])


def test_a_count_is_a_number(fhir: FhirBench) -> None:
    assert fhir.find(_count="many").status_code == 400
    assert fhir.find(_count="0").get_json()["total"] == 0


def test_too_many_results_are_refused(make_bench: Callable[..., Bench]) -> None:
    fhir = FhirBench(make_bench(dmp_max_results=1))
    fhir.bench.feed(a_document(1), a_document(2))
    answer = fhir.find()
    assert (answer.status_code, codes_of(answer)) == (403, ["XDSTooManyResults"])


PATCHES: list[tuple[str, Any, int, str]] = [
    (f"{ARC}.1", patch.write_status("superseded"), 422, "XDSMetadataUpdateError"),
    (f"{ARC}.1", patch.write_status("final"), 422, "XDSMetadataUpdateError"),
    (f"{ARC}.1", [{"op": "replace", "path": "/description", "value": "x"}], 405,
     "DMPSimFhirElement"),
    (f"{ARC}.1", [{"op": "remove", "path": "/extension/0"}], 405, "DMPSimFhirElement"),
    (f"{ARC}.1", [{"op": "move", "from": "/title", "path": "/status"}], 422,
     "XDSMetadataUpdateError"),
    ("1.2.3.404", patch.write_status("entered-in-error"), 404, "XDSDocumentUniqueIdError"),
    (f"{ARC}.1", [{"op": "replace", "path": "/securityLabel", "value": []}], 422,
     "XDSMetadataUpdateError"),
    (f"{ARC}.1", patch.write_archived(is_archived=True), 403, "DMPSimForbidden"),
]  # fmt: skip


@pytest.mark.parametrize(("unique_id", "operations", "status", "code"), PATCHES)
def test_a_wrong_patch_changes_nothing(
    fhir: FhirBench, unique_id: str, operations: Any, status: int, code: str
) -> None:
    fhir.bench.feed(a_document(1))
    (before,) = fhir.matches()
    answer = fhir.patch(unique_id, operations)
    assert (answer.status_code, code in codes_of(answer)) == (status, True), answer.text
    assert fhir.matches() == [before]


def test_a_patch_names_one_document_and_is_a_json_patch(fhir: FhirBench) -> None:
    for query in ("", "identifier=", "identifier=a&identifier=b", "identifier=a&status=current"):
        given = {"QUERY_STRING": query}
        assert fhir.patch("", patch.write_status("current"), **given).status_code == 400
    assert fhir.patch(f"{ARC}.1", {"op": "replace"}).status_code == 400
    wrong = fhir.call("PATCH", "/DocumentReference", body={}, QUERY_STRING="identifier=1")
    assert wrong.status_code == 415


PATHS = [
    ("GET", "/Binary/..%2f..%2fetc%2fpasswd", 405),
    ("GET", "/Binary/..", 404),
    ("GET", f"/Binary/{ARC}.404", 404),
    ("GET", "/DocumentReference/nobody", 404),
    ("GET", "/List/nobody", 404),
    ("GET", "/Patient/1", 404),
    ("DELETE", "/DocumentReference/1", 405),
    ("PUT", "/List/1", 405),
    ("GET", "/DocumentReference/1/_history/1", 404),
    ("GET", "/DocumentReference/1/_history", 404),
    ("GET", "/DocumentReference/_history", 405),
    ("GET", "/List/1/_history", 405),
    ("GET", "/_history", 405),
    ("DELETE", "/DocumentReference/1/_history/1", 405),
    ("GET", "/$export", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), PATHS)
def test_a_path_that_leads_nowhere_is_answered(
    fhir: FhirBench, method: str, path: str, status: int
) -> None:
    body = b"{}" if method == "PUT" else None
    answer = fhir.call(method, path, user=DOCTOR_ID, body=body)
    assert (answer.status_code, answer.get_json()["resourceType"]) == (status, "OperationOutcome")


def test_a_document_is_for_whom_its_patient_lets(fhir: FhirBench) -> None:
    fhir.bench.feed(a_document(1))
    blocked = {"holder": DOCTOR_ID}
    fhir.bench.client.post("/mon-espace-sante/279035121518989/acces/bloquer", json=blocked)
    for path in (f"/Binary/{ARC}.1",):
        answer = fhir.call("GET", path, user=DOCTOR_ID)
        assert (answer.status_code, codes_of(answer)) == (403, ["DMPSimBlockedProfessional"])
    assert fhir.find().status_code == 403
    assert fhir.provide(a_bundle(fhir.bench, number=2), user=DOCTOR_ID).status_code == 403
