"""The formats of the FHIR face: an entry or a lot written and read is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.fhir import Element
from kit.identity import INS_OIDS, Ins
from kit.rules import Malformed
from kit.xds import vocabulary
from kit.xds.hl7 import Cx, Xcn, Xon
from kit.xds.metadata import Association, Author, Coded, DocumentEntry, SubmissionSet
from mocks.dmp.messages import REPOSITORY_UNIQUE_ID, pdsm
from mocks.dmp.messages.pdsm import datatypes
from mocks.dmp.messages.pdsm.patch import write_patch
from tests.mocks.dmp.builders import a_document, an_entry

words = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="|"), min_size=1, max_size=12
)
oids = st.sampled_from([*datatypes.SYSTEMS, "1.2.3.4", "2.16.840.1.113883.5.4"])
codes = st.builds(Coded, words, oids, st.one_of(st.just(""), words))
some_codes = st.lists(codes, max_size=3).map(tuple)
times = st.one_of(
    st.dates().map(lambda day: f"{day:%Y%m%d}".rjust(8, "0")),
    st.datetimes().map(lambda at: f"{at:%Y%m%d%H%M%S}".rjust(14, "0")),
    st.sampled_from(["", "2026", "202601"]),
)
people = st.builds(
    lambda who, kind: replace(who, name_type=kind[0], id_type=kind[1]),
    st.builds(
        Xcn, id=words, family=words, given=st.one_of(st.just(""), words),
        authority=st.sampled_from(["1.2.250.1.71.4.2.1", "1.2.3"]),
    ),
    st.sampled_from([("D", "IDNPS"), ("D", "EI"), ("L", "IDNPS"), ("U", "RI")]),
)  # fmt: skip
structures = st.builds(Xon, words, words, st.just("1.2.250.1.71.4.2.2"), st.just("IDNST"))
authors = st.builds(
    Author,
    person=people,
    institutions=st.lists(structures, max_size=3, unique=True).map(tuple),
    roles=st.lists(words, max_size=2).map(tuple),
    specialties=some_codes,
    telecoms=st.lists(words, max_size=2).map(tuple),
)
patients = st.builds(
    Ins, st.text("0123456789", min_size=15, max_size=15), st.sampled_from(INS_OIDS)
)
info = st.sampled_from(
    [
        (),
        ("PID-5|ESSAI^ALIX^^^^^L", "PID-7|19790328", "PID-8|F"),
        ("PID-5|ESSAI^ALIX^^^^^L", "PID-5|D'USAGE^ALIX^^^^^D", "PID-7|1979", "PID-8|M"),
        ("PID-5|E\\T\\T^A^^^^^L", "PID-7|19570600", "PID-8|A", "PID-18|12^^^&1.2&ISO"),
        ("PID-5|ESSAI^ALIX", "PID-5|ESSAI^ALIX^B^^^^L"),
    ]
)
references = st.builds(
    lambda who, oid, kind: Cx(who, oid, kind).write(),
    words, st.sampled_from(["", "1.2.3"]),
    st.sampled_from([vocabulary.REFERENCE_ORDER, vocabulary.REFERENCE_ACCESSION]),
)  # fmt: skip
optional_code = st.one_of(st.none(), codes)
entries = st.builds(
    DocumentEntry,
    entry_uuid=st.uuids().map(lambda name: f"urn:uuid:{name}"),
    unique_id=st.sampled_from(["1.2.250.1.999.77.1", "2.25.123"]),
    patient_id=patients,
    mime_type=st.sampled_from(["text/xml", "application/dicom"]),
    class_code=optional_code,
    type_code=optional_code,
    format_code=optional_code,
    confidentiality_codes=some_codes,
    healthcare_facility_type_code=optional_code,
    practice_setting_code=optional_code,
    event_codes=some_codes,
    title=words,
    description=st.one_of(st.just(""), words),
    creation_time=times,
    service_start_time=times,
    service_stop_time=times,
    language_code=st.sampled_from(["", "fr-FR"]),
    source_patient_id=st.sampled_from(["", "0123^^^&1.2.250.1.999.7&ISO^PI"]),
    source_patient_info=info,
    legal_authenticator=st.one_of(st.none(), people),
    authors=st.lists(authors, max_size=3).map(tuple),
    reference_ids=st.lists(references, max_size=2).map(tuple),
    hash=st.binary(min_size=20, max_size=20).map(bytes.hex),
    size_bytes=st.integers(0, 10**9),
    repository_unique_id=st.just(REPOSITORY_UNIQUE_ID),
    availability_status=st.sampled_from(
        [vocabulary.APPROVED, vocabulary.DEPRECATED, vocabulary.ARCHIVED, vocabulary.DELETED]
    ),
    version=st.integers(1, 99),
)


@given(entries)
def test_an_entry_written_and_read_is_the_same(entry: DocumentEntry) -> None:
    entry = replace(entry, logical_id=entry.entry_uuid)
    face = pdsm.Face("http://dmp.test/fhir")
    written = pdsm.write_document_reference(entry, face, custodian="1990000016")
    read = pdsm.read_document_reference(Element.of(written))
    assert read.entry == entry
    assert read.custodian == Xon("", "1990000016", "1.2.250.1.71.4.2.2", "IDNST")


@given(
    st.builds(
        SubmissionSet,
        entry_uuid=st.uuids().map(lambda name: f"urn:uuid:{name}"),
        unique_id=st.just("1.2.250.1.999.77.9"),
        source_id=st.sampled_from(["", "1.2.250.1.999.77"]),
        patient_id=patients,
        content_type_code=optional_code,
        submission_time=times,
        authors=st.lists(authors, max_size=3).map(tuple),
        title=st.one_of(st.just(""), words),
        description=st.one_of(st.just(""), words),
        intended_recipients=st.lists(words, max_size=2).map(tuple),
        availability_status=st.just(vocabulary.APPROVED),
    )
)
def test_a_lot_written_and_read_is_the_same(lot: SubmissionSet) -> None:
    written = pdsm.write_submission_set(lot, ["urn:uuid:a", "urn:uuid:b"])
    read = pdsm.read_submission_set(Element.of(written))
    assert read.lot == lot
    assert read.members == ("DocumentReference/a", "DocumentReference/b")


TIMES = [  # dateTime, time of XDS
    ("2026-01-05T10:30:00+01:00", "20260105093000"),
    ("2026-01-05T10:30:00.999+01:00", "20260105093000"),
    ("2026-01-05T00:15:00+01:00", "20260104231500"),
    ("2026-01-05", "20260105"),
    ("2026-01", "202601"),
    ("2026-01-05T10:30:00", "2026-01-05T10:30:00"),  # no zone: left for a rule
    ("2026-13-05T10:30:00Z", "2026-13-05T10:30:00Z"),
    ("hier", "hier"),
]


@pytest.mark.parametrize(("said", "kept"), TIMES)
def test_a_time_is_read_in_utc_or_left_for_a_rule(said: str, kept: str) -> None:
    assert datatypes.read_time(said) == kept


def test_an_hour_alone_is_completed_as_fhir_wants_it() -> None:
    assert datatypes.write_time("202601050930") == "2026-01-05T09:30:00Z"
    assert datatypes.write_instant("20260105") == "2026-01-05T00:00:00Z"


def test_the_hash_of_no_bytes_is_that_of_the_guide() -> None:
    empty = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert datatypes.write_hash(empty) == "2jmj7l5rSw0yVb/vlWAYkK/YBwk="
    assert datatypes.read_hash("2jmj7l5rSw0yVb/vlWAYkK/YBwk=") == empty
    assert datatypes.read_hash("not base64!") == "not base64!"


def test_published_spellings_of_a_system_are_read() -> None:
    for url in (
        "https://mos.esante.gouv.fr/NOS/TRE_A07-StatusVisibiliteDocument/FHIR/"
        "TRE-A07-StatusVisibiliteDocument",
        "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/"
        "TRE-A07-StatutVisibiliteDocument",
    ):
        assert datatypes.read_system(url) == "1.2.250.1.213.1.1.4.13"
    assert datatypes.read_system("urn:oid:1.2.3") == "1.2.3"


SUBJECTS = [  # subject, what is contained
    ({"identifier": {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "279035121518989"}}, []),
    ({"reference": "Patient?identifier=urn:oid:1.2.250.1.213.1.4.10|279035121518989"}, []),
    (
        {"reference": "#p"},
        [
            {
                "resourceType": "Patient",
                "id": "p",
                "identifier": [
                    {"system": "urn:oid:1.2.3", "value": "7"},
                    {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "279035121518989"},
                ],
            }
        ],
    ),
]


@pytest.mark.parametrize(("subject", "contained"), SUBJECTS)
def test_a_patient_is_named_in_three_ways(
    subject: dict[str, object], contained: list[object]
) -> None:
    resource = {"resourceType": "DocumentReference", "subject": subject, "contained": contained}
    read = pdsm.read_document_reference(Element.of(resource))
    assert read.entry.patient_id == Ins("279035121518989", "1.2.250.1.213.1.4.10")


TARGETS = [
    ({"reference": "DocumentReference/abc"}, "urn:uuid:abc"),
    ({"reference": "http://dmp.test/fhir/DocumentReference/abc"}, "urn:uuid:abc"),
    ({"reference": "urn:uuid:abc"}, "urn:uuid:abc"),
    ({"identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"}}, "urn:oid:1.2.3"),
    (
        {"reference": "DocumentReference?identifier=urn:ietf:rfc:3986|urn:oid:1.2.3"},
        "urn:oid:1.2.3",
    ),
]


@pytest.mark.parametrize(("target", "named"), TARGETS)
def test_a_replaced_document_is_named_in_five_ways(target: object, named: str) -> None:
    relations = [{"code": "replaces", "target": target}]
    resource = {"resourceType": "DocumentReference", "relatesTo": relations}
    read = pdsm.read_document_reference(Element.of(resource))
    assert read.relations == (pdsm.Relation(vocabulary.RPLC, named),)


def test_associations_are_shown_from_their_source() -> None:
    entry = an_entry(a_document(1), "urn:uuid:new")
    links = [
        Association(vocabulary.RPLC, "urn:uuid:new", "urn:uuid:old"),
        Association(vocabulary.RPLC, "urn:uuid:newer", "urn:uuid:new"),
        Association(vocabulary.HAS_MEMBER, "urn:uuid:lot", "urn:uuid:new"),
    ]
    shown = pdsm.write_document_reference(entry, pdsm.Face(), links=links)
    target = {"reference": "DocumentReference/old"}
    assert shown["relatesTo"] == [{"code": "replaces", "target": target}]


N, MASKED = Coded("N", "2.16.840.1.113883.5.25"), Coded("MASQUE_PS", "1.2.250.1.213.1.1.4.13")
NOW = pdsm.Visible("current", (N,), is_archived=False)
LABEL = datatypes.write_concept(MASKED)
GUIDE = "/extension[url:'https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/"
PATCHES = [  # operations, what the three elements become
    ([("replace", "/status", "entered-in-error")], replace(NOW, status="entered-in-error")),
    ([("add", "/securityLabel/-", LABEL)], replace(NOW, labels=(N, MASKED))),
    ([("replace", "/securityLabel/0", LABEL)], replace(NOW, labels=(MASKED,))),
    ([("add", "/securityLabel/0", LABEL)], replace(NOW, labels=(MASKED, N))),
    ([("remove", "/securityLabel/0", None)], replace(NOW, labels=())),
    ([("replace", "/securityLabel", [LABEL])], replace(NOW, labels=(MASKED,))),
    ([("replace", "/extension/0/valueBoolean", True)], replace(NOW, is_archived=True)),
    ([("replace", f"{GUIDE}pdsm-ext-is-archived']/valueBoolean", True)],
     replace(NOW, is_archived=True)),
    ([("test", "/status", "current"), ("replace", "/status", "x")], replace(NOW, status="x")),
]  # fmt: skip


@pytest.mark.parametrize(("operations", "after"), PATCHES)
def test_a_patch_changes_the_three_elements(operations: list[object], after: object) -> None:
    written = write_patch(*operations)  # type: ignore[arg-type]
    assert pdsm.applied(NOW, pdsm.read_patch({"operations": written})) == after


WRONG_PATCHES = [
    ([], "an array of operations"),
    ([{"op": "replace"}], "op and path"),
    ([{"op": "replace", "path": "/status"}], "has a value"),
    ([{"op": "replace", "path": "/status", "value": 3}], "status is a code"),
    ([{"op": "remove", "path": "/status"}], "status is a code"),
    ([{"op": "replace", "path": "/extension/0/valueBoolean", "value": "true"}], "true or false"),
    ([{"op": "replace", "path": "/securityLabel/3", "value": LABEL}], "none at 3"),
    ([{"op": "add", "path": "/securityLabel/-", "value": {"text": "x"}}], "CodeableConcept"),
    ([{"op": "replace", "path": "/securityLabel", "value": "restricted"}], "array of objects"),
    ([{"op": "test", "path": "/status", "value": "superseded"}], "does not hold"),
]


@pytest.mark.parametrize(("operations", "why"), WRONG_PATCHES)
def test_a_patch_that_cannot_be_read_is_named(operations: list[object], why: str) -> None:
    with pytest.raises(Malformed, match=why):
        pdsm.applied(NOW, pdsm.read_patch({"operations": operations}))
