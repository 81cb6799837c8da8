"""CDA, comparing: every field of the metadata that contradicts the document is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import cda
from kit.cda.times import same_time
from kit.identity import Ins
from kit.xds import Coded, Xcn
from kit.xds.metadata import DocumentEntry
from kit.xds.tables import CONFIDENTIALITY_SYSTEM, LOINC, VISIBILITY_SYSTEM
from tests.kit.cda_mutations import Mutation, applicable
from tests.kit.documents import a_cda, a_pdf_cda

HEADER = cda.read_header(a_cda())
ENTRY = cda.entry_from_cda(HEADER)
INS = ENTRY.patient_cx
DOCTOR, DEVICE = ENTRY.authors
assert DOCTOR.person is not None
N = Coded("N", CONFIDENTIALITY_SYSTEM)
OTHER = Coded("X", "1.2.3")

# What the metadata say instead, the field named, what is told as seen, a part of what is expected.
DIFFERENT: list[tuple[dict[str, Any], str, str, str]] = [
    ({"unique_id": "1.2.3"}, "uniqueId", "1.2.3", "1.2.250.1.999.1.1"),
    ({"patient_id": Ins("1" * 15, "1.2")}, "patientId", f"{'1' * 15}^^^&1.2&ISO^NH", INS),
    ({"type_code": Coded("18748-4", LOINC)}, "typeCode", f"18748-4 ({LOINC})", "11490-0"),
    ({"type_code": Coded("11490-0", "1.2")}, "typeCode", "11490-0 (1.2)", LOINC),
    ({"class_code": OTHER}, "classCode", "X (1.2.3)", "10 ("),
    ({"format_code": OTHER}, "formatCode", "X (1.2.3)", "urn:asip:ci-sis:ldl-ses:2017"),
    ({"mime_type": "application/pdf"}, "mimeType", "application/pdf", "text/xml"),
    ({"title": "Autre"}, "title", "Autre", "Lettre de liaison"),
    ({"language_code": "en-US"}, "languageCode", "en-US", "fr-FR"),
    ({"healthcare_facility_type_code": OTHER}, "healthcareFacilityTypeCode", "X (1.2.3)", "SA01"),
    ({"practice_setting_code": OTHER}, "practiceSettingCode", "X (1.2.3)", "ETABLISSEMENT"),
    ({"creation_time": "20260105103000"}, "creationTime", "20260105103000", "and not the local"),
    ({"creation_time": "20250105093000"}, "creationTime", "20250105093000", "20260105093000 UTC"),
    ({"creation_time": "hier"}, "creationTime", "hier", "20260105093000 UTC"),
    ({"service_start_time": "202607010830"}, "serviceStartTime", "202607010830", "202607010630"),
    ({"service_stop_time": "20260706"}, "serviceStopTime", "20260706", "20260705"),
    (
        {"confidentiality_codes": (Coded("R", CONFIDENTIALITY_SYSTEM),)},
        "confidentialityCode",
        f"R ({CONFIDENTIALITY_SYSTEM})",
        "N (2.16.840.1.113883.5.25) first",
    ),
    (
        {"confidentiality_codes": (N, Coded("R", CONFIDENTIALITY_SYSTEM))},
        "confidentialityCode",
        f"R ({CONFIDENTIALITY_SYSTEM})",
        "a code of visibility",
    ),
    ({"event_codes": ()}, "eventCodeList", "", "IMP"),
    ({"event_codes": (*ENTRY.event_codes, OTHER)}, "eventCodeList", "X (1.2.3)", "nothing"),
    ({"reference_ids": ()}, "referenceIdList", "", "42 (1.2.250.1.999.9)"),
    (
        {"reference_ids": (*ENTRY.reference_ids, "7^^^&1.2&ISO^x")},
        "referenceIdList",
        "7 (1.2)",
        "nothing",
    ),
    (
        {"legal_authenticator": Xcn("810000000017", "AUTRE", "Dominique")},
        "legalAuthenticator",
        "810000000017^AUTRE^Dominique",
        "1990000016/77^TESTEUR^Camille",
    ),
    ({"authors": (DOCTOR,)}, "author", "", "1990000016/robot"),
    (
        {"authors": (*ENTRY.authors, replace(DOCTOR, person=Xcn("7", "AUTRE")))},
        "authorPerson",
        "7^AUTRE",
        "810000000017^TESTEUR^Camille",
    ),
    (
        {"authors": (replace(DOCTOR, person=replace(DOCTOR.person, family="AUTRE")), DEVICE)},
        "authorPerson",
        "810000000017^AUTRE^Camille",
        "810000000017^TESTEUR^Camille",
    ),
    (
        {"authors": (replace(DOCTOR, specialties=(OTHER,)), DEVICE)},
        "authorSpecialty",
        "X (1.2.3)",
        "G15_10/SM26",
    ),
    ({"authors": (replace(DOCTOR, roles=("Autre",)), DEVICE)}, "authorRole", "Autre", "Médecin"),
    (
        {
            "authors": (
                replace(DOCTOR, institutions=(replace(DOCTOR.institutions[0], id="1990000024"),)),
                DEVICE,
            )
        },
        "authorInstitution",
        "1990000024",
        "1990000016",
    ),
    (
        {"source_patient_id": "7^^^&1.2&ISO^PI"},
        "sourcePatientId",
        "7^^^&1.2&ISO^PI",
        "0123456^^^&1.2.250.1.999.7&ISO^PI",
    ),
    (
        {"source_patient_info": ("PID-5|AUTRE^ALIX^^^^^L", "PID-7|19790328", "PID-8|F")},
        "sourcePatientInfo",
        "PID-5|AUTRE^ALIX^^^^^L",
        "PID-5|ESSAI^ALIX",
    ),
    (
        {"source_patient_info": ("PID-5|ESSAI^ALIX^^^^^L", "PID-7|19790329", "PID-8|F")},
        "sourcePatientInfo",
        "PID-7|19790329",
        "PID-7|19790328",
    ),
    (
        {"source_patient_info": ("PID-5|ESSAI^ALIX^^^^^L", "PID-7|19790328", "PID-8|M")},
        "sourcePatientInfo",
        "PID-8|M",
        "PID-8|F",
    ),
    (
        {"source_patient_info": ("PID-3|7^^^&1.2&ISO^PI", *ENTRY.source_patient_info)},
        "sourcePatientInfo",
        "PID-3|7^^^&1.2&ISO^PI",
        "PID-3|",
    ),
    (
        {"source_patient_info": ("PID-5|ESSAI^ALIX^^^^^L", "PID-8|F")},
        "sourcePatientInfo",
        "",
        "PID-7|19790328",
    ),
]

# What the metadata may say in another way.
SAME: list[dict[str, Any]] = [
    {},
    {"title": ""},
    {"service_stop_time": ""},
    {"service_start_time": "20260701063000"},
    {"service_stop_time": "20260704220000"},  # the first instant of the day, in France
    {"confidentiality_codes": (N, Coded("MASQUE_PS", VISIBILITY_SYSTEM))},
    {"confidentiality_codes": ()},
    {"source_patient_id": INS},
    {"source_patient_info": ()},
    {"source_patient_info": ("PID-5|Essai^Alix Marie^^^^^L", "PID-7|19790328", "PID-8|F")},
    {"source_patient_info": ("PID-5|ESSAI^ALIX^^^^^D", "PID-7|19790328", "PID-8|F", "PID-11|x")},
    {"source_patient_info": (f"PID-3|{INS}", *ENTRY.source_patient_info)},
    {"patient_id": None, "other_patient_id": f"{INS}^^20210101"},
    {"authors": (DEVICE, DOCTOR)},
    {"authors": (replace(DOCTOR, roles=(), telecoms=("x",)), DEVICE)},
    {"authors": ()},
    {"event_codes": ENTRY.event_codes[::-1]},
    {"description": "Autre chose"},
]


def differences(entry: DocumentEntry) -> list[tuple[str, str, str]]:
    return [(item.field, item.seen, item.expected) for item in cda.differences(entry, HEADER)]


@pytest.mark.parametrize(("change", "field", "seen", "expected"), DIFFERENT)
def test_a_difference_names_field_value_and_place(
    change: dict[str, Any], field: str, seen: str, expected: str
) -> None:
    found = differences(replace(ENTRY, **change))
    assert (field, seen) in {(name, value) for name, value, _ in found}
    told = next(text for name, value, text in found if (name, value) == (field, seen))
    assert expected in told
    assert told.endswith(f"as in the CDA ({cda.COMPARED[field].place})")


@pytest.mark.parametrize("change", SAME)
def test_what_says_the_same_is_no_difference(change: dict[str, Any]) -> None:
    assert differences(replace(ENTRY, **change)) == []


def test_every_field_that_is_compared_has_a_row_that_differs() -> None:
    assert {field for _, field, _, _ in DIFFERENT} == set(cda.COMPARED)


def test_all_differences_come_together_under_the_name_of_the_document() -> None:
    other = replace(ENTRY, title="Autre", language_code="en-US", creation_time="20250101")
    found = cda.differences(other, HEADER)
    assert [item.field for item in found] == ["title", "languageCode", "creationTime"]
    assert {item.subject for item in found} == {HEADER.unique_id}


def test_a_model_outside_the_tables_leaves_the_format_open() -> None:
    header = cda.read_header(a_cda(template="1.2.250.1.999.1"))
    assert cda.differences(replace(cda.entry_from_cda(header), format_code=OTHER), header) == []


def test_the_format_of_a_pdf_is_that_of_its_media_type() -> None:
    header = cda.read_header(a_pdf_cda())
    entry = replace(cda.entry_from_cda(header), format_code=ENTRY.format_code)
    (found,) = cda.differences(entry, header)
    assert (found.field, "xds-sd:pdf" in found.expected) == ("formatCode", True)


@given(mutation=st.sampled_from(list(applicable(a_cda()))), choice=st.integers(0, 20))
def test_metadata_derived_from_any_document_agree_with_it(mutation: Mutation, choice: int) -> None:
    spoilt = mutation.on(a_cda(), choice)
    assert spoilt is not None
    header = cda.read_header(spoilt)
    assert cda.differences(cda.entry_from_cda(header), header) == []


def test_a_document_that_says_nothing_contradicts_nothing() -> None:
    silent = replace(HEADER, service_events=(), encounter=None, orders=(), authors=())
    entry = replace(ENTRY, event_codes=(), reference_ids=(), authors=())
    assert cda.differences(entry, silent) == []


@pytest.mark.parametrize(
    ("seen", "expected", "same"),
    [
        ("20260105", "20260105", True),
        ("202601050930", "20260105093000", True),
        ("20260105", "20260105000000", True),
        ("20260104230000", "20260105", True),
        ("20260105093001", "20260105093000", False),
        ("", "20260105", False),
        ("janvier", "20260105", False),
        ("00010102", "00010101", False),
        ("20260105", "00010101", False),
    ],
)
def test_times_are_compared_whatever_their_precision(seen: str, expected: str, same: bool) -> None:
    assert same_time(seen, expected) is same
