"""Documents: what the header says of the facts, in every kind; the outside judge is elsewhere."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from kit.cda import entry_from_cda
from kit.identity import IdentityStatus
from kit.xml import parse
from simulator.documents import KINDS, ClinicalDocument, Discharge, StayFacts
from simulator.documents.facts import age_on
from simulator.documents.markup import leaf, tag, text
from tests.simulator.stays import a_document, a_reportable_stay, a_stay

H = {"h": "urn:hl7-org:v3", "xsi": "http://www.w3.org/2001/XMLSchema-instance"}

TYPES = [  # kind, LOINC type, level
    ("LDL", "11490-0", "N3"),
    ("ORD", "57833-6", "N3"),
    ("CRO", "34874-8", "N1"),
    ("CRH", "34112-3", "N1"),
    ("CR_BIO", "11502-2", "N3"),
    ("CR_ACP", "60568-3", "N1"),
    ("CR_IMG", "18748-4", "N3"),
    ("CR_CONS", "11488-4", "N1"),
    ("CR_URG", "15507-7", "N1"),
    ("VSM", "SYNTH", "N3"),
]


def values(document: ClinicalDocument, path: str) -> list[str]:
    """What an XPath of the written document gives, as text."""
    return [str(found) for found in parse(document.cda).xpath(path, namespaces=H)]


def pdf_of(document: ClinicalDocument) -> bytes:
    (body,) = values(document, "/*/h:component/h:nonXMLBody/h:text/text()")
    return base64.b64decode(body)


def words_of(document: ClinicalDocument) -> str:
    """The text of a PDF body as a foreign reader finds it, with single spaces."""
    pages = PdfReader(BytesIO(pdf_of(document)), strict=True).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_table_names_every_kind() -> None:
    assert [name for name, _, _ in TYPES] == list(KINDS)


@pytest.mark.parametrize(("kind", "type_code", "level"), TYPES)
def test_a_document_says_its_kind_and_carries_its_body(
    kind: str, type_code: str, level: str
) -> None:
    document = a_document(kind)
    assert (document.type_code, document.level) == (type_code, level)
    assert values(document, "/*/h:code/@code") == [type_code]
    assert values(document, "/*/h:id/@root") == [document.unique_id]
    assert values(document, "/*/h:id/@extension") == []
    assert values(document, "/*/h:title/text()") == [document.title]
    body = "structuredBody" if level == "N3" else "nonXMLBody"
    assert "".join(values(document, "local-name(/*/h:component/*)")) == body


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_facts_and_stream_give_the_same_bytes(kind: str) -> None:
    assert a_document(kind, seed=3).cda == a_document(kind, seed=3).cda
    assert a_document(kind, seed=3).cda != a_document(kind, seed=4).cda


@pytest.mark.parametrize("kind", KINDS)
def test_the_metadata_of_the_dmp_can_be_derived_from_every_kind(kind: str) -> None:
    document = a_document(kind)
    entry = entry_from_cda(document.cda)
    assert entry.unique_id == document.unique_id
    assert entry.patient_id == document.patient.ins
    assert entry.class_code
    assert entry.format_code
    assert entry.practice_setting_code
    assert entry.healthcare_facility_type_code
    if kind == "ORD":  # the time during which a prescription is valid
        assert entry.creation_time == entry.service_start_time < entry.service_stop_time
    else:
        assert entry.service_start_time <= entry.service_stop_time <= entry.creation_time


STATUSES = [  # status of the identity, whether the INS leaves
    (IdentityStatus.PROVISIONAL, False),
    (IdentityStatus.RETRIEVED, False),
    (IdentityStatus.VALIDATED, False),
    (IdentityStatus.QUALIFIED, True),
]


@pytest.mark.parametrize(("status", "leaves"), STATUSES)
def test_the_ins_leaves_only_with_a_qualified_identity(
    status: IdentityStatus, leaves: bool
) -> None:
    facts = a_reportable_stay("CRH", identity_status=status)
    document = a_document("CRH", facts=facts)
    ids = values(document, "//h:patientRole/h:id/@extension")
    assert ids == ([facts.patient.ins.matricule] if leaves else []) + [facts.ipp]
    assert (facts.patient.ins.matricule in words_of(document)) is leaves


def test_the_strict_traits_are_all_there() -> None:
    document = a_document()
    traits = document.patient.traits
    name = "//h:patient/h:name"
    assert values(document, f"{name}/h:family[@qualifier='BR']/text()") == [traits.birth_name]
    assert values(document, f"{name}/h:given[not(@qualifier)]/text()") == [
        " ".join(traits.first_names)
    ]
    assert values(document, f"{name}/h:given[@qualifier='BR']/text()") == [traits.first_names[0]]
    assert values(document, "//h:birthTime/@value") == [traits.birth_date.replace("-", "")]
    assert values(document, "//h:birthplace//h:county/text()") == [traits.birth_place]
    assert values(document, "//h:administrativeGenderCode/@code") == [traits.sex]


def test_the_professionals_and_the_site_are_named_by_their_national_numbers() -> None:
    facts = a_stay()
    document = a_document(facts=facts)
    assert facts.attending_doctor is not None
    numbers = {
        "/*/h:author/h:assignedAuthor": facts.author.rpps,
        "/*/h:legalAuthenticator/h:assignedEntity": facts.legal_authenticator.rpps,
        "/*/h:participant[@typeCode='INF']/h:associatedEntity": facts.attending_doctor.rpps,
    }
    for path, rpps in numbers.items():
        assert values(document, f"{path}/h:id/@extension") == ["8" + rpps]
    custodian = "//h:representedCustodianOrganization/h:id/@extension"
    assert values(document, custodian) == ["1" + facts.establishment.finess_eg]
    assert values(document, "/*/h:author//h:code/@code") == [f"G15_10/{facts.author.specialty}"]


def test_an_unknown_attending_doctor_is_left_out() -> None:
    document = a_document(facts=a_stay(attending_doctor=None))
    assert values(document, "/*/h:participant/@typeCode") == []


def test_the_stay_is_found_by_its_administrative_number() -> None:
    facts = a_stay()
    document = a_document(facts=facts)
    encounter = "/*/h:componentOf/h:encompassingEncounter"
    assert document.stay_id == facts.stay_id
    assert values(document, f"{encounter}/h:id/@extension") == [facts.stay_id]
    assert values(document, f"{encounter}/h:code/@code") == ["IMP"]
    assert values(document, f"{encounter}//h:healthCareFacility/h:code/@code") == [
        facts.establishment.sector
    ]


SEASONS = [  # instant in UTC, as a document of Paris writes it
    (datetime(2026, 1, 15, 22, 59, 1, tzinfo=UTC), "20260115235901+0100"),
    (datetime(2026, 7, 15, 22, 59, 1, tzinfo=UTC), "20260716005901+0200"),
    (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "20261025023000+0200"),
    (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "20261025023000+0100"),
]


@pytest.mark.parametrize(("at", "written"), SEASONS)
def test_times_are_local_with_their_offset(at: datetime, written: str) -> None:
    assert values(a_document(created_at=at), "/*/h:effectiveTime/@value") == [written]


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        a_document(created_at=datetime(2026, 3, 9, 12, 0))


def test_a_replacement_names_the_version_it_replaces() -> None:
    document = a_document(version=2, replaces="1.2.250.1.999.1.1.5", set_id="1.2.250.1.999.1.1.4")
    assert values(document, "/*/h:relatedDocument/@typeCode") == ["RPLC"]
    assert values(document, "/*/h:relatedDocument//h:id/@root") == ["1.2.250.1.999.1.1.5"]
    assert values(document, "/*/h:setId/@root") == ["1.2.250.1.999.1.1.4"]
    assert values(document, "/*/h:versionNumber/@value") == ["2"]
    assert values(a_document(), "/*/h:relatedDocument/@typeCode") == []


@pytest.mark.parametrize(("version", "replaces"), [(1, "1.2.3"), (2, None)])
def test_version_and_replacement_must_agree(version: int, replaces: str | None) -> None:
    with pytest.raises(ValueError, match="version"):
        a_document(version=version, replaces=replaces)


def _without(kind: str) -> StayFacts:
    """A stay that has nothing to tell for this kind."""
    empty: dict[str, object] = {"CRO": {"act": None}, "CR_IMG": {"imaging": None}}.get(
        kind, {"treatments": (), "results": ()}
    )  # type: ignore[assignment]
    facts = a_stay()
    return replace(facts, case=replace(facts.case, **empty))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["CRO", "CR_IMG", "CR_BIO", "ORD"])
def test_nothing_is_reported_that_did_not_happen(kind: str) -> None:
    with pytest.raises(ValueError, match=f"nothing that a {kind} reports"):
        a_document(kind, facts=_without(kind))


def test_a_letter_lists_the_treatments_for_the_reader_and_for_software() -> None:
    facts = a_reportable_stay("LDL")
    document = a_document(facts=facts)
    section = "//h:section[h:code/@code='10183-2']"
    drugs = [treatment.drug for treatment in facts.case.treatments]
    assert values(document, f"{section}//h:content/text()") == drugs
    assert values(document, f"{section}//h:manufacturedMaterial/h:name/text()") == drugs
    anchors = set(values(document, "//@ID"))
    references = values(document, "//h:reference/@value")
    assert {reference.removeprefix("#") for reference in references} <= anchors


def test_a_letter_tells_where_the_patient_went() -> None:
    document = a_document(facts=a_stay(discharge=Discharge.NURSING_HOME))
    found = "//h:observation[h:code/@code='ORG-074']/h:value/@code"
    assert values(document, found) == [Discharge.NURSING_HOME.value]


def test_an_imaging_report_names_its_study_and_its_order() -> None:
    facts = a_reportable_stay("CR_IMG")
    document = a_document("CR_IMG", facts=facts)
    assert facts.case.imaging is not None
    event = "/*/h:documentationOf/h:serviceEvent"
    (study,) = values(document, f"{event}/h:id/@root")
    assert study.startswith(facts.establishment.oid + ".")
    assert values(document, f"{event}/h:code/h:translation/@code") == [
        facts.case.imaging.act.code,
        facts.case.imaging.modality.code,
        facts.case.imaging.region.code,
    ]
    assert len(values(document, "/*/h:inFulfillmentOf/h:order/h:id/@extension")) == 1
    accession = "/*/h:inFulfillmentOf/h:order/*[local-name()='accessionNumber']/@extension"
    assert len(values(document, accession)) == 1


def test_an_operation_is_timed_by_its_act() -> None:
    facts = a_reportable_stay("CRO")
    facts = replace(facts, performed_at=facts.admitted_at + timedelta(hours=1))
    assert facts.case.act is not None
    document = a_document("CRO", facts=facts)
    event = "/*/h:documentationOf/h:serviceEvent"
    written = values(document, f"{event}/h:effectiveTime/*/@value")
    low, high = (datetime.strptime(value, "%Y%m%d%H%M%S%z") for value in written)
    assert low == facts.performed_at
    assert high - low == timedelta(minutes=facts.case.act.minutes)
    assert values(document, f"{event}/h:code/@code") == [facts.case.act.act.code]


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.level == "N1"])
def test_a_report_is_a_readable_pdf_without_any_date_of_production(kind: str) -> None:
    pdf = pdf_of(a_document(kind, seed=2))
    assert pdf.startswith(b"%PDF-1.")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert 20_000 < len(pdf) < 60_000
    assert pdf.count(b"(D:2000") == pdf.count(b"(D:") == 2


def test_names_that_look_like_markup_stay_text() -> None:
    facts = a_stay()
    traits = replace(facts.patient.traits, birth_name="D'ARC & <FILS>")
    facts = replace(facts, patient=replace(facts.patient, traits=traits))
    document = a_document(facts=facts)
    assert values(document, "//h:patient/h:name/h:family[1]/text()") == ["D'ARC & <FILS>"]


def test_attributes_are_escaped_and_forbidden_characters_refused() -> None:
    assert tag("a", leaf("b", "<&>"), c='"\n<') == '<a c="&quot;&#10;&lt;"><b>&lt;&amp;&gt;</b></a>'
    with pytest.raises(ValueError, match="cannot carry"):
        text("a\x00b")


AGES = [  # date of birth, day, age
    ("1950-06-15", "2026-06-14", 75),
    ("1950-06-15", "2026-06-15", 76),
    ("1950-00-00", "2026-12-30", 75),
    ("1950-00-00", "2026-12-31", 76),
    ("1950-06-00", "2026-06-01", 76),
    ("2026-03-01", "2026-02-01", 0),
]


@pytest.mark.parametrize(("born", "day", "age"), AGES)
def test_ages_are_whole_years_even_for_lunar_dates(born: str, day: str, age: int) -> None:
    assert age_on(born, datetime.strptime(day, "%Y-%m-%d").date()) == age
