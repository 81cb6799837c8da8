"""FHIR face of the DMP: former versions of a document, and who may read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from kit.clock import FixedClock
from kit.fhir import Resource
from kit.fhir.xml import read_xml
from mocks.dmp import messages
from mocks.dmp.messages import pdsm
from mocks.dmp.messages.pdsm import datatypes
from tests.mocks.dmp.builders import ARC, a_document
from tests.mocks.dmp.conftest import Bench, registry_response
from tests.mocks.dmp.fhir_builders import DOCTOR_ID, FhirBench, codes_of, issues
from tests.mocks.dmp.test_pdsm import LOTS, MASKED, OTHER_ID, PATIENT_CX
from tests.mocks.dmp.test_registry import resend

SHOWN = "N"
MINE = a_document(1).replace(b"810000000017", DOCTOR_ID.encode())


@pytest.fixture
def fhir(bench: Bench) -> FhirBench:
    return FhirBench(bench)


def labelled(fhir: FhirBench, *more: Any) -> Resource:
    """The document with other labels: another version."""
    (before,) = fhir.matches()
    labels = [item for item in before["securityLabel"] if item["coding"][0]["code"] == SHOWN]
    value = [*labels, *(datatypes.write_concept(code) for code in more)]
    operations = [{"op": "replace", "path": "/securityLabel", "value": value}]
    answer = fhir.patch(f"{ARC}.1", operations, user=DOCTOR_ID)
    assert answer.status_code == 200, answer.text
    found: Resource = answer.get_json()
    return found


def get(fhir: FhirBench, path: str, *, user: str = DOCTOR_ID, **given: Any) -> TestResponse:
    return fhir.call("GET", f"/DocumentReference/{path}", user=user, **given)


def test_a_document_has_one_version_until_it_changes(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (now,) = fhir.matches()
    read = get(fhir, now["id"])
    assert (read.headers["ETag"], now["meta"]["versionId"]) == ('W/"1"', "1")
    assert read.headers["Last-Modified"].endswith("GMT")
    version = get(fhir, f"{now['id']}/_history/1")
    assert (version.get_json(), version.headers["ETag"]) == (now, 'W/"1"')
    told = get(fhir, f"{now['id']}/_history").get_json()
    assert (told["type"], told["total"], told["entry"][0]["resource"]) == ("history", 1, now)


def test_a_former_version_is_read_as_it_was(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (first,) = fhir.matches()
    second = labelled(fhir, MASKED)
    former = get(fhir, f"{second['id']}/_history/1")
    assert (former.status_code, former.headers["ETag"]) == (200, 'W/"1"')
    assert former.get_json() == first | {"id": second["id"]}
    assert former.get_json()["status"] == "current"  # as it was; XDS calls it deprecated
    assert get(fhir, f"{second['id']}/_history/2").get_json() == second
    assert fhir.bench.line.transaction == "PDSM.HISTORY"


def test_a_history_tells_the_newest_first_and_how_each_came(
    fhir: FhirBench, clock: FixedClock
) -> None:
    fhir.bench.feed(MINE)
    clock.set(clock.now() + timedelta(days=1))
    labelled(fhir, MASKED)
    clock.set(clock.now() + timedelta(days=1))
    last = labelled(fhir)
    told = get(fhir, f"{last['id']}/_history").get_json()
    entries = told["entry"]
    assert [entry["response"]["etag"] for entry in entries] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert [entry["request"]["method"] for entry in entries] == ["PATCH", "PATCH", "POST"]
    days = [entry["resource"]["meta"]["lastUpdated"][:10] for entry in entries]
    assert days == ["2026-01-07", "2026-01-06", "2026-01-05"]
    assert {entry["resource"]["id"] for entry in entries} == {last["id"]}
    uuids = {entry["resource"]["identifier"][0]["value"] for entry in entries}
    assert len(uuids) == 3  # an entryUUID a version
    since = get(fhir, f"{last['id']}/_history", QUERY_STRING="_since=2026-01-06T00:00:00Z")
    assert since.get_json()["total"] == 2
    page = get(fhir, f"{last['id']}/_history", QUERY_STRING="_count=1&_offset=1").get_json()
    assert (page["total"], len(page["entry"])) == (3, 1)
    assert {link["relation"] for link in page["link"]} == {"self", "previous", "next"}


def test_an_id_of_before_leads_to_the_document(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (first,) = fhir.matches()
    second = labelled(fhir, MASKED)
    assert first["id"] != second["id"]
    assert get(fhir, first["id"]).get_json() == second
    assert get(fhir, f"{first['id']}/_history").get_json()["total"] == 2


def members(lot: Resource) -> list[str]:
    return [entry["item"]["reference"] for entry in lot.get("entry", [])]


def test_the_lot_of_a_document_still_lists_it_once_its_labels_change(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (lot,) = fhir.matches("List", **LOTS)
    for labels in ((MASKED,), ()):
        now = labelled(fhir, *labels)
        read = fhir.call("GET", f"/List/{lot['id']}", user=DOCTOR_ID).get_json()
        assert read in fhir.matches("List", **LOTS)
        assert members(read) == [f"DocumentReference/{now['id']}"]
        assert get(fhir, now["id"]).get_json() == now


def test_a_lot_lists_no_document_that_is_hidden_now(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (lot,) = fhir.matches("List", **LOTS)
    masked = labelled(fhir, MASKED)
    for user, seen in ((DOCTOR_ID, [f"DocumentReference/{masked['id']}"]), (OTHER_ID, [])):
        read = fhir.call("GET", f"/List/{lot['id']}", user=user).get_json()
        assert members(read) == seen, user


def test_a_lot_lists_a_document_whose_labels_soap_or_the_patient_changed(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (lot,) = fhir.matches("List", **LOTS)
    (entry,) = fhir.bench.find(messages.find_documents(PATIENT_CX))[1].entries
    hidden = messages.with_visibility(entry, MASKED.code, hidden=True)
    assert registry_response(resend(fhir.bench, hidden)).errors == ()
    path = f"/mon-espace-sante/279035121518989/documents/{ARC}.1/demasquer"
    assert fhir.bench.client.post(path, json={}).status_code == 200
    (now,) = fhir.matches()
    assert now["meta"]["versionId"] == "3"
    read = fhir.call("GET", f"/List/{lot['id']}", user=DOCTOR_ID).get_json()
    assert members(read) == [f"DocumentReference/{now['id']}"]


def test_a_replacement_names_what_it_replaced_once_by_the_id_it_has_now(fhir: FhirBench) -> None:
    """And who changes the labels of the replacement is answered with its relation."""
    fhir.bench.feed(MINE)
    (old,) = fhir.matches()
    second = a_document(2).replace(b"810000000017", DOCTOR_ID.encode())
    fhir.bench.feed(second, number=2, replaced={"Document01": f"urn:uuid:{old['id']}"})
    (before,) = fhir.matches()
    path = f"/mon-espace-sante/279035121518989/documents/{ARC}.1/masquer"
    assert fhir.bench.client.post(path, json={}).status_code == 200
    (superseded,) = fhir.matches(status="superseded")
    assert superseded["id"] != old["id"]
    target = {"reference": f"DocumentReference/{superseded['id']}"}
    (new,) = fhir.matches()
    assert new == before | {"relatesTo": [{"code": "replaces", "target": target}]}
    for asked in (old["id"], superseded["id"]):
        assert fhir.matches(relatesto=f"DocumentReference/{asked}") == [new]
    labels = [{"op": "replace", "path": "/securityLabel",
               "value": [*new["securityLabel"], datatypes.write_concept(MASKED)]}]  # fmt: skip
    answer = fhir.patch(f"{ARC}.2", labels, user=DOCTOR_ID)
    assert answer.get_json()["relatesTo"] == new["relatesTo"]
    assert get(fhir, answer.get_json()["id"]).get_json() == answer.get_json()


def test_what_the_patient_changed_is_a_version_too(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    path = f"/mon-espace-sante/279035121518989/documents/{ARC}.1/masquer"
    assert fhir.bench.client.post(path, json={}).status_code == 200
    (now,) = fhir.matches()
    assert get(fhir, f"{now['id']}/_history").get_json()["total"] == 2


def test_a_former_version_tells_a_hidden_document_to_nobody(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    masked = labelled(fhir, MASKED)
    for path in (masked["id"], f"{masked['id']}/_history", f"{masked['id']}/_history/1"):
        answer = get(fhir, path, user=OTHER_ID)
        assert (answer.status_code, codes_of(answer)) == (404, ["XDSDocumentUniqueIdError"])
    shown = labelled(fhir)
    told = get(fhir, f"{shown['id']}/_history", user=OTHER_ID).get_json()
    versions = [entry["resource"]["meta"]["versionId"] for entry in told["entry"]]
    assert versions == ["3", "1"]  # not the one that was masked
    assert get(fhir, f"{shown['id']}/_history/2", user=OTHER_ID).status_code == 404
    assert get(fhir, f"{shown['id']}/_history/2").status_code == 200


def test_rights_are_those_of_a_read(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (now,) = fhir.matches()
    for path in (now["id"], f"{now['id']}/_history", f"{now['id']}/_history/1"):
        answer = get(fhir, path, user="")  # a structure's server neither lists nor reads
        assert (answer.status_code, codes_of(answer)) == (403, ["DMPSimForbidden"])
    blocked = {"holder": DOCTOR_ID}
    fhir.bench.client.post("/mon-espace-sante/279035121518989/acces/bloquer", json=blocked)
    answer = get(fhir, f"{now['id']}/_history/1")
    assert (answer.status_code, codes_of(answer)) == (403, ["DMPSimBlockedProfessional"])


@pytest.mark.parametrize("version", ["0", "2", "01", "x", "1 ", "9" * 40])
def test_a_version_nobody_has_is_not_there(fhir: FhirBench, version: str) -> None:
    fhir.bench.feed(MINE)
    (now,) = fhir.matches()
    answer = get(fhir, f"{now['id']}/_history/{version}")
    assert (answer.status_code, codes_of(answer)) == (404, ["XDSDocumentUniqueIdError"])
    assert "the version exists" in issues(answer)[0].diagnostics


@pytest.mark.parametrize("query", ["_count=many", "_since=yesterday", "_offset=-1"])
def test_a_wrong_parameter_of_a_history_is_refused(fhir: FhirBench, query: str) -> None:
    fhir.bench.feed(MINE)
    (now,) = fhir.matches()
    answer = get(fhir, f"{now['id']}/_history", QUERY_STRING=query)
    assert (answer.status_code, issues(answer)[0].expression) == (400, (query.partition("=")[0],))


def test_a_version_is_told_in_xml(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (now,) = fhir.matches()
    answer = get(fhir, f"{now['id']}/_history", headers={"Accept": "application/fhir+xml"})
    assert read_xml(answer.data)["entry"][0]["resource"] == now


def test_a_status_is_a_version_where_the_bench_says_so(make_bench: Callable[..., Bench]) -> None:
    fhir = FhirBench(make_bench(dmp_status_versions=True))
    fhir.bench.feed(MINE)
    deleted = fhir.patch(f"{ARC}.1", pdsm.write_status("entered-in-error")).get_json()
    assert deleted["meta"]["versionId"] == "2"
    former = get(fhir, f"{deleted['id']}/_history/1").get_json()
    assert (former["status"], deleted["status"]) == ("current", "entered-in-error")


def test_status_and_labels_may_change_together(make_bench: Callable[..., Bench]) -> None:
    fhir = FhirBench(make_bench(dmp_status_versions=True))
    fhir.bench.feed(MINE)
    (before,) = fhir.matches()
    labels = [*before["securityLabel"], datatypes.write_concept(MASKED)]
    operations = [
        {"op": "replace", "path": "/securityLabel", "value": labels},
        *pdsm.write_archived(is_archived=True),
    ]
    answer = fhir.patch(f"{ARC}.1", operations, user=DOCTOR_ID)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["meta"]["versionId"] == "2"
    assert answer.get_json()["extension"][0]["valueBoolean"] is True


def test_soap_still_finds_a_former_version_by_its_entry_uuid(fhir: FhirBench) -> None:
    fhir.bench.feed(MINE)
    (first,) = fhir.matches()
    labelled(fhir, MASKED)
    labelled(fhir)
    uuid = f"urn:uuid:{first['id']}"
    _, found = fhir.bench.find(messages.get_documents_and_associations(uuid))
    assert [entry.version for entry in found.entries] == [1]
    assert PATIENT_CX in {entry.patient_cx for entry in found.entries}
