"""FHIR face of the DMP: wrong bundles and publications, told where they are wrong; junk."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kit.fhir import Resource
from kit.identity import Ins
from mocks.dmp.messages import pdsm
from mocks.dmp.messages.pdsm import datatypes
from tests.mocks.dmp.builders import ARC, OTHER_HOSPITAL, a_document, a_patient
from tests.mocks.dmp.conftest import Bench
from tests.mocks.dmp.fhir_builders import (
    DOCTOR_ID,
    FhirBench,
    a_bundle,
    a_simplified,
    codes_of,
    issues,
    resource_of,
)

DOCUMENT, LIST = "Bundle.entry[1].resource", "Bundle.entry[0].resource"
FILE = f"{DOCUMENT}.content[0].attachment"


@pytest.fixture
def fhir(bench: Bench) -> FhirBench:
    return FhirBench(bench)


def document(bundle: Resource) -> Resource:
    return resource_of(bundle, "DocumentReference")


def attachment(bundle: Resource) -> Resource:
    found: Resource = document(bundle)["content"][0]["attachment"]
    return found


def named(ins: Ins) -> Resource:
    return {"type": "Patient", "identifier": datatypes.write_ins(ins)}


def about_two_patients(bundle: Resource) -> None:
    document(bundle)["subject"] = named(a_patient(state="open", opposed_to_feeding=False).ins)


def about_somebody_without_record(bundle: Resource) -> None:
    for kind in ("List", "DocumentReference"):
        resource_of(bundle, kind)["subject"] = named(a_patient(state="none").ins)


def about_a_closed_record(bundle: Resource) -> None:
    for kind in ("List", "DocumentReference"):
        resource_of(bundle, kind)["subject"] = named(a_patient(state="closed").ins)


def under_the_oid_of_real_ins(bundle: Resource) -> None:
    for kind in ("List", "DocumentReference"):
        ins = Ins("279035121518989", "1.2.250.1.213.1.4.8")
        resource_of(bundle, kind)["subject"] = named(ins)


def with_another_hash(bundle: Resource) -> None:
    attachment(bundle)["hash"] = "2jmj7l5rSw0yVb/vlWAYkK/YBwk="


def with_another_size(bundle: Resource) -> None:
    attachment(bundle)["size"] = 3


def without_hash(bundle: Resource) -> None:
    del attachment(bundle)["hash"]


def without_its_binary(bundle: Resource) -> None:
    bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Binary"]


def with_a_binary_too_many(bundle: Resource) -> None:
    more = copy.deepcopy(bundle["entry"][2])
    bundle["entry"].append(more | {"fullUrl": "urn:uuid:7d7c8bd2-0000-4000-8000-000000000000"})


def with_an_unknown_member(bundle: Resource) -> None:
    resource_of(bundle, "List")["entry"].append({"item": {"reference": "DocumentReference/x"}})


def without_members(bundle: Resource) -> None:
    del resource_of(bundle, "List")["entry"]


def replacing_what_nobody_knows(bundle: Resource) -> None:
    target = {"reference": "DocumentReference/nobody"}
    document(bundle)["relatesTo"] = [{"code": "replaces", "target": target}]


def with_a_folder(bundle: Resource) -> None:
    code = {"coding": [{"system": "x", "code": "folder"}]}
    bundle["entry"].append(
        {
            "fullUrl": "urn:uuid:7d7c8bd2-0000-4000-8000-000000000001",
            "resource": {"resourceType": "List", "code": code},
            "request": {"method": "POST", "url": "List"},
        }
    )


def with_a_folder_by_its_profile(bundle: Resource) -> None:
    with_a_folder(bundle)
    folder = bundle["entry"][-1]["resource"]
    folder["meta"] = {"profile": [f"{datatypes.PDSM}pdsm-folder-comprehensive"]}
    del folder["code"]


def with_a_patient(bundle: Resource) -> None:
    bundle["entry"].append(
        {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    )


def that_puts(bundle: Resource) -> None:
    bundle["entry"][1]["request"] = {"method": "PUT", "url": "DocumentReference/1"}


def that_supersedes_another(bundle: Resource) -> None:
    patched = {"resourceType": "Parameters", "parameter": []}
    request = {"method": "PATCH", "url": "DocumentReference/1"}
    bundle["entry"].append({"resource": patched, "request": request})


def that_is_a_batch(bundle: Resource) -> None:
    bundle["type"] = "batch"


def of_no_profile(bundle: Resource) -> None:
    del bundle["meta"]


def of_another_type(bundle: Resource) -> None:
    document(bundle)["type"]["coding"][0]["code"] = "34112-3"


def without_a_unique_id(bundle: Resource) -> None:
    del document(bundle)["masterIdentifier"]


def with_an_extension_in_its_id(bundle: Resource) -> None:
    document(bundle)["masterIdentifier"] = {"system": f"urn:oid:{ARC}", "value": "1"}


def without_custodian(bundle: Resource) -> None:
    del document(bundle)["custodian"]


def kept_by_another(bundle: Resource) -> None:
    number = f"1{OTHER_HOSPITAL.finess_eg}"
    document(bundle)["custodian"]["identifier"]["value"] = number


def superseded(bundle: Resource) -> None:
    document(bundle)["status"] = "superseded"


def archived(bundle: Resource) -> None:
    document(bundle)["extension"][0]["valueBoolean"] = True


def of_a_draft(bundle: Resource) -> None:
    document(bundle)["docStatus"] = "preliminary"


def of_two_contents(bundle: Resource) -> None:
    document(bundle)["content"] *= 2


def with_its_bytes_inside(bundle: Resource) -> None:
    attachment(bundle)["data"] = "QQ=="


def of_pdf(bundle: Resource) -> None:
    attachment(bundle)["contentType"] = "application/pdf"


def of_application_xml(bundle: Resource) -> None:
    attachment(bundle)["contentType"] = "application/xml"
    resource_of(bundle, "Binary")["contentType"] = "application/xml"


def written_by_nobody_contained(bundle: Resource) -> None:
    document(bundle)["author"].append({"reference": "Practitioner/1"})


def of_a_wrong_time(bundle: Resource) -> None:
    attachment(bundle)["creation"] = "hier"


def that_is_no_cda(bundle: Resource) -> None:
    resource_of(bundle, "Binary")["data"] = base64.b64encode(b"<a/>").decode()


def of_another_mode(bundle: Resource) -> None:
    resource_of(bundle, "List")["mode"] = "snapshot"


SPOILT = [  # what is wrong, status, an issue's code, its expression
    (about_two_patients, 422, "XDSPatientIdDoesNotMatch", f"{DOCUMENT}.subject"),
    (about_somebody_without_record, 404, "XDSUnknownPatientId", f"{LIST}.subject"),
    (about_a_closed_record, 422, "DMPClosed", f"{LIST}.subject"),
    (under_the_oid_of_real_ins, 422, "DMPSimRealIns", f"{LIST}.subject"),
    (with_another_hash, 422, "XDSRepositoryMetadataError", f"{FILE}.hash"),
    (with_another_size, 422, "XDSRepositoryMetadataError", f"{FILE}.size"),
    (without_hash, 422, "DMPSimFhirProfile", f"{FILE}.hash"),
    (without_its_binary, 422, "XDSMissingDocument", f"{FILE}.url"),
    (with_a_binary_too_many, 422, "XDSMissingDocumentMetadata",
     "Bundle.entry[3].resource.data"),
    (with_an_unknown_member, 422, "DMPSimFhirProfile", f"{LIST}.entry.item"),
    (without_members, 422, "XDSRepositoryMetadataError", f"{LIST}.entry"),
    (replacing_what_nobody_knows, 422, "UnresolvedReferenceException", f"{DOCUMENT}.relatesTo"),
    (with_a_folder, 422, "PartialFolderContentNotProcessed", "Bundle.entry[3].resource.code"),
    (with_a_folder_by_its_profile, 422, "PartialFolderContentNotProcessed",
     "Bundle.entry[3].resource.meta.profile"),
    (with_a_patient, 422, "DMPSimFhirProfile", "Bundle.entry[3].resource"),
    (that_puts, 422, "DMPSimFhirProfile", "Bundle.entry[1].request"),
    (that_supersedes_another, 422, "DMPSimFhirProfile", "Bundle.entry[3].request.url"),
    (that_is_a_batch, 422, "DMPSimFhirProfile", "Bundle.type"),
    (of_no_profile, 422, "DMPSimFhirProfile", "Bundle.meta.profile"),
    (of_another_type, 422, "XDSRepositoryMetadataError", f"{DOCUMENT}.type"),
    (without_a_unique_id, 422, "XDSRepositoryMetadataError", f"{DOCUMENT}.masterIdentifier"),
    (with_an_extension_in_its_id, 422, "XDSRepositoryMetadataError",
     f"{DOCUMENT}.masterIdentifier"),
    (without_custodian, 422, "DMPSimFhirProfile", f"{DOCUMENT}.custodian"),
    (kept_by_another, 422, "XDSRepositoryMetadataError", f"{DOCUMENT}.custodian"),
    (superseded, 422, "DMPSimFhirProfile", f"{DOCUMENT}.status"),
    (archived, 422, "DMPSimFhirProfile",
     f"{DOCUMENT}.extension('{datatypes.PDSM}pdsm-ext-is-archived')"),
    (of_a_draft, 422, "DMPSimFhirProfile", f"{DOCUMENT}.docStatus"),
    (of_two_contents, 422, "DMPSimFhirProfile", f"{DOCUMENT}.content"),
    (with_its_bytes_inside, 422, "DMPSimFhirProfile", f"{FILE}.data"),
    (of_pdf, 422, "DMPSimFhirProfile", f"{FILE}.contentType"),
    (of_application_xml, 422, "DMPSimFhirProfile", f"{FILE}.contentType"),
    (written_by_nobody_contained, 422, "DMPSimFhirProfile", f"{DOCUMENT}.author"),
    (of_a_wrong_time, 422, "XDSRepositoryMetadataError", f"{FILE}.creation"),
    (that_is_no_cda, 422, "XDSRepositoryMetadataError", FILE),
    (of_another_mode, 422, "DMPSimFhirProfile", f"{LIST}.mode"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "status", "code", "expression"), SPOILT)
def test_a_wrong_bundle_is_refused_where_it_is_wrong(
    fhir: FhirBench, spoil: Callable[[Resource], None], status: int, code: str, expression: str
) -> None:
    bundle = a_bundle(fhir.bench)
    spoil(bundle)
    answer = fhir.provide(bundle)
    told = [(issue.detail, *issue.expression) for issue in issues(answer)]
    assert (answer.status_code, (code, expression) in told) == (status, True), answer.text
    assert all("[" in issue.diagnostics for issue in issues(answer))  # each names its source
    line = fhir.bench.line
    assert (line.transaction, line.outcome) == ("ITI-65", "refused")
    assert fhir.matches() == []


def test_a_refused_folder_names_rule_and_source(fhir: FhirBench) -> None:
    bundle = a_bundle(fhir.bench)
    with_a_folder(bundle)
    (issue,) = issues(fhir.provide(bundle))
    for part in (
        "folders (classeurs) are not kept",
        "a bundle has no folder",
        "seen 'folder'; expected submissionset",
        "[choice of the bench: an option of PDSm, flux 1;",
    ):
        assert part in issue.diagnostics  # fmt: skip


def test_a_search_of_folders_finds_none_and_the_journal_says_why(fhir: FhirBench) -> None:
    fhir.bench.feed(a_document(1))
    assert fhir.matches("List", code="folder") == []
    assert "folders (classeurs) are not kept" in fhir.bench.line.facts["lint"][0]
    fhir.matches("List", code="submissionset")
    assert "lint" not in fhir.bench.line.facts


def test_everything_wrong_is_told_at_once(fhir: FhirBench) -> None:
    bundle = a_bundle(fhir.bench)
    for spoil in (with_another_hash, without_custodian, of_another_type, that_is_a_batch):
        spoil(bundle)
    answer = fhir.provide(bundle)
    assert len(issues(answer)) == 4
    assert set(codes_of(answer)) == {"DMPSimFhirProfile", "XDSRepositoryMetadataError"}


def test_a_wrong_hash_is_told_as_fhir_writes_it(fhir: FhirBench) -> None:
    bundle = a_bundle(fhir.bench)
    right = attachment(bundle)["hash"]
    with_another_hash(bundle)
    (told,) = issues(fhir.provide(bundle))
    assert f"seen '2jmj7l5rSw0yVb/vlWAYkK/YBwk='; expected {right} [" in told.diagnostics


def test_nobody_of_the_country_is_told_by_the_header_that_named_them(fhir: FhirBench) -> None:
    (told,) = issues(fhir.find(user="123"))
    assert told.expression == ("http.Banc-User",)


def test_a_lot_is_sent_once_and_a_document_never_changes(fhir: FhirBench) -> None:
    fhir.provide(a_bundle(fhir.bench))
    again = fhir.provide(a_bundle(fhir.bench))
    assert (again.status_code, set(codes_of(again))) == (409, {"XDSDuplicateUniqueIdInRegistry"})
    other = a_document(1).replace(b"Sortie", b"Retour")
    changed = fhir.provide(a_bundle(fhir.bench, other, number=2))
    assert (changed.status_code, codes_of(changed)) == (409, ["XDSNonIdenticalHash"])
    assert fhir.publish(a_simplified(1)).status_code == 409


def test_a_simplified_publication_is_judged_the_same(fhir: FhirBench) -> None:
    sent = a_simplified()
    sent["content"][0]["attachment"] |= {"url": "Binary/1", "size": 3}
    answer = fhir.publish(sent)
    told = {issue.expression[0] for issue in issues(answer)}
    path = "DocumentReference.content[0].attachment"
    assert (answer.status_code, told) == (422, {f"{path}.url", f"{path}.size"})


UNREADABLE: list[tuple[Any, str]] = [
    (b"", "not JSON"),
    (b"[]", "not a JSON object"),
    (b"{", "not JSON"),
    (b'{"a":' * 100 + b"1" + b"}" * 100, "nested deeper"),
    (b'{"resourceType":"Bundle","entry":[' + b"{}," * 250_000 + b"{}]}", "values"),
    ({"resourceType": "Patient"}, "no Bundle"),
    ({"resourceType": "Bundle"}, "one List submissionset is expected, 0 seen"),
    ({"resourceType": "Bundle", "entry": {}}, "array"),
    ({"resourceType": "Bundle", "entry": [3]}, "array of objects"),
    ({"resourceType": "Bundle", "type": 3, "entry": []}, "List"),
    ({"resourceType": "Bundle", "entry": [{}] * 301}, "301 entries, 300 at most"),
]


@pytest.mark.parametrize(("body", "why"), UNREADABLE)
def test_what_cannot_be_read_is_malformed(fhir: FhirBench, body: Any, why: str) -> None:
    answer = fhir.provide(body)
    assert (answer.status_code, issues(answer)[0].code) == (400, "structure")
    assert why in issues(answer)[0].diagnostics
    assert fhir.bench.line.outcome == "malformed"


def test_bytes_that_are_no_base64_are_named(fhir: FhirBench) -> None:
    bundle = a_bundle(fhir.bench)
    resource_of(bundle, "Binary")["data"] = "%%%"
    answer = fhir.provide(bundle)
    assert (answer.status_code, issues(answer)[0].expression) == (
        400, ("Bundle.entry[2].resource.data",),
    )  # fmt: skip


def test_relations_and_forms_are_bounded(fhir: FhirBench) -> None:
    bundle = a_bundle(fhir.bench)
    document(bundle)["relatesTo"] = [{"code": "replaces"}] * 11
    assert "11 relations, 10 at most" in fhir.provide(bundle).text
    form, kind = b"type=" + b"a," * 40_000, "application/x-www-form-urlencoded"
    answer = fhir.call("POST", "/DocumentReference/_search", body=form, kind=kind)
    assert (answer.status_code, fhir.bench.line.outcome) == (400, "malformed")
    many = [{"op": "test", "path": "/status", "value": "current"}] * 1_000
    assert "more than 2000 values" in fhir.patch(f"{ARC}.1", many).text


def test_a_body_is_bounded_and_of_its_type(make_bench: Callable[..., Bench]) -> None:
    fhir = FhirBench(make_bench(max_body_bytes=20_000))
    assert fhir.provide(b" " * 20_001).status_code == 413
    assert fhir.provide(b"{}", kind="application/fhir+xml").status_code == 400  # no XML
    for kind in ("application/json", "application/xml", "text/turtle"):
        assert fhir.provide(b"{}", kind=kind).status_code == 415
    accept = {"Accept": "text/turtle"}
    assert fhir.call("GET", "/metadata", headers=accept).status_code == 406


JUNK: tuple[Any, ...] = (
    None, True, 3, -1, 1.5, "", "x", "urn:oid:1.2", [], {}, [None], [[]], [{}], {"a": {}},
    {"reference": "#author1"}, {"coding": [{}]}, "9" * 5000, "\ud83d\ude00", "a\u0000b",
)  # fmt: skip


def _spoilt(bundle: Resource, draw: random.Random) -> Resource:
    """The bundle with a few members gone or replaced by junk, anywhere."""
    spoilt = json.loads(json.dumps(bundle))
    for _ in range(draw.randint(1, 4)):
        places = list(_places(spoilt))
        holder, key = draw.choice(places)
        if draw.random() < 0.3:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(draw.choice(JUNK))
    return dict(spoilt)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_a_bundle_holds_it_is_answered(fhir: FhirBench, seed: int) -> None:
    draw = random.Random(seed)
    bundle, simple = a_bundle(fhir.bench), a_simplified(2)
    for _ in range(60):
        for answer in (fhir.provide(_spoilt(bundle, draw)), fhir.publish(_spoilt(simple, draw))):
            assert answer.status_code < 500, answer.text
            assert answer.get_json()["resourceType"] in (
                "OperationOutcome", "Bundle", "DocumentReference",
            )  # fmt: skip
    assert "bug" not in {line.outcome for line in fhir.bench.lines()}


def test_whatever_a_patch_holds_it_is_answered(fhir: FhirBench) -> None:
    fhir.bench.feed(a_document(1))
    draw = random.Random(1)
    paths = ("/status", "/securityLabel", "/securityLabel/0", "/extension/0/valueBoolean", "/x")
    for _ in range(150):
        operations = [
            {"op": draw.choice(("add", "replace", "remove", "test", "x")),
             "path": draw.choice(paths), "value": draw.choice(JUNK)}
            for _ in range(draw.randint(0, 3))
        ]  # fmt: skip
        answer = fhir.patch(f"{ARC}.1", operations, user=draw.choice(("", DOCTOR_ID)))
        assert answer.status_code < 500, (operations, answer.text)


def test_nothing_of_a_request_but_its_own_words_is_told(fhir: FhirBench) -> None:
    answer = fhir.provide(b'{"resourceType": "Bundle", "entry": [{"resource": 3}]}')
    assert "Traceback" not in answer.text
    assert pdsm.PATH not in answer.text
