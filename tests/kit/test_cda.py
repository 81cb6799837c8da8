"""CDA documents: header, metadata, safe rendering; the official examples."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kit import cda
from kit.identity import TEST_OID, Ins
from kit.rules import Malformed
from kit.xds import Coded, Xcn
from kit.xml import canonical
from tests.kit.documents import PDF, a_cda, a_pdf_cda, self_presenting, structured, unstructured


def test_the_header_is_read() -> None:
    header = cda.read_header(a_cda())
    assert (header.unique_id, header.set_id, header.version) == (
        "1.2.250.1.999.1.1",
        "1.2.250.1.999.1",
        1,
    )
    assert header.code == Coded("11490-0", "2.16.840.1.113883.6.1", "Lettre de liaison")
    assert header.patient.ins == Ins("279035121518989", TEST_OID)
    assert header.patient.local_id == cda.Identifier("1.2.250.1.999.7", "0123456")
    assert header.patient.traits.first_names == ("ALIX", "MARIE")
    assert header.patient.traits.birth_date == "1979-03-28"
    assert header.custodian is not None
    assert header.custodian.name == "CH D'ESSAI"
    assert header.encounter is not None
    assert header.encounter.facility_ids[0].extension == "1990000016"
    assert (header.body_kind, header.title) == ("N3", "Lettre de liaison")


def test_a_document_read_once_has_header_tree_and_body() -> None:
    document = cda.read(a_pdf_cda())
    assert document.header == cda.read_header(a_pdf_cda())
    assert cda.unstructured_body(document.document) == ("application/pdf", PDF)
    assert canonical(document.document) == canonical(cda.clinical_document(a_pdf_cda()))


PLACES = [
    "id",
    "author",
    "recordTarget/patientRole/id",
    "recordTarget/patientRole/patient/name/given",
    "documentationOf[1]/serviceEvent",
    "documentationOf[2]/serviceEvent/performer",
    "relatedDocument[@typeCode='RPLC']/parentDocument/id",
    "recordTarget/patientRole/patient/name/family[@qualifier='BR']",
    "component/structuredBody/component/section/title",
    "nobody/nothing",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_place_holds_what_xpath_finds(place: str) -> None:
    """Comments and instructions between elements are nobody's."""
    event = b"<documentationOf><!-- one --><serviceEvent/></documentationOf>"
    data = a_cda().replace(b"<component>", b"<?pi x?>" + event * 2 + b"<!-- two --><component>", 1)
    document = cda.read(data)
    steps = "/".join(f"h:{step}" for step in place.split("/"))
    expected = document.document.xpath(steps, namespaces={"h": "urn:hl7-org:v3"})
    assert list(document.at(place)) == expected == list(document.at(place))
    for name in ("root", "classCode"):
        values = document.document.xpath(f"{steps}/@{name}", namespaces={"h": "urn:hl7-org:v3"})
        assert document.values(f"{place}/@{name}") == values


def test_some_of_these_places_hold_something() -> None:
    document = cda.read(a_cda())
    assert sum(bool(document.at(place)) for place in PLACES) >= 4


@pytest.mark.parametrize(
    ("written", "kept"), [("00010101000000+1400", "00010101000000+1400"), ("٢٠٢٦", "٢٠٢٦")]
)
def test_a_time_that_no_clock_shows_stays_as_it_is(written: str, kept: str) -> None:
    assert cda.to_utc(written) == kept


def test_a_version_of_a_thousand_digits_is_no_version() -> None:
    endless = a_cda().replace(
        b'versionNumber value="1"', b'versionNumber value="%s"' % (b"1" * 9999)
    )
    document = cda.read(endless)
    assert document.header.version is None
    assert [refusal.rule for refusal in cda.check(document)] == ["the_version_is_a_number"]


def test_the_entry_follows_from_the_header() -> None:
    entry = cda.entry_from_cda(a_cda(), visibility=("INVISIBLE_PATIENT",))
    assert entry.patient_cx == "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH"
    assert entry.source_patient_id == "0123456^^^&1.2.250.1.999.7&ISO^PI"
    assert entry.source_patient_info == ("PID-5|ESSAI^ALIX^^^^^L", "PID-7|19790328", "PID-8|F")
    assert entry.class_code is not None
    assert entry.class_code.code == "10"
    assert entry.format_code is not None
    assert entry.format_code.code == "urn:asip:ci-sis:ldl-ses:2017"
    assert entry.practice_setting_code is not None
    assert entry.practice_setting_code.code == "ETABLISSEMENT"
    assert entry.creation_time == "20260105093000"
    assert (entry.service_start_time, entry.service_stop_time) == ("202607010630", "20260705")
    assert [code.code for code in entry.confidentiality_codes] == ["N", "INVISIBLE_PATIENT"]
    assert [code.code for code in entry.event_codes] == ["IMP", "Z00"]
    assert entry.reference_ids == ("42^^^&1.2.250.1.999.9&ISO^urn:ihe:iti:xds:2013:order",)
    assert (entry.hash, entry.size_bytes, entry.mime_type) == ("", None, "text/xml")


def test_people_software_and_internal_ids_are_told_apart() -> None:
    entry = cda.entry_from_cda(a_cda())
    oid = "1.2.250.1.71.4.2.1"
    doctor = Xcn("810000000017", "TESTEUR", "Camille", "", "", oid, "D", "IDNPS")
    robot = Xcn("1990000016/robot", "Modèle", "Logiciel", "", "", oid, "U", "RI")
    assert [author.person for author in entry.authors] == [doctor, robot]
    assert entry.authors[0].roles == ("Médecin traitant",)
    assert entry.authors[0].institutions[0].id == "1990000016"
    assert entry.legal_authenticator is not None
    assert entry.legal_authenticator.id_type == "EI"


def test_a_pdf_document_is_n1_with_its_bytes() -> None:
    document = a_pdf_cda()
    entry = cda.entry_from_cda(document)
    assert cda.body_kind(document) == "N1"
    assert cda.read_unstructured_body(document) == ("application/pdf", PDF)
    assert entry.format_code is not None
    assert entry.format_code.code == "urn:ihe:iti:xds-sd:pdf:2008"


def test_a_self_presenting_document_is_read_like_the_document() -> None:
    entry = cda.entry_from_cda(self_presenting(a_cda()))
    assert entry.mime_type == "application/xslt+xml"
    assert entry.unique_id == "1.2.250.1.999.1.1"


def test_an_id_with_an_extension_is_shown_as_xds_would() -> None:
    document = a_cda(unique_id='root="1.2.3" extension="4"')
    assert cda.entry_from_cda(document).unique_id == "1.2.3^4"


def test_a_replacement_names_the_document_replaced() -> None:
    related = (
        '<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3.4"/>'
        "</parentDocument></relatedDocument>"
    )
    assert cda.read_header(a_cda(related=related)).replaces == cda.Identifier("1.2.3.4")
    assert cda.read_header(a_cda()).replaces is None


QUALIFIED = [
    (a_cda(), True),
    (a_cda(ins=""), False),
    (a_cda(ins='<id root="1.2.250.1.213.1.4.10"/>'), False),
    (a_cda(given="<given>ALIX</given>"), False),
]


@pytest.mark.parametrize(("document", "qualified"), QUALIFIED)
def test_an_ins_is_qualified_with_its_traits(document: bytes, qualified: bool) -> None:
    assert cda.has_qualified_ins(cda.read_header(document)) is qualified


TIMES = [
    ("20260105103000+0100", "20260105093000"),
    ("20260701003000+0200", "20260630223000"),
    ("202607011030+0200", "202607010830"),
    ("20260105103000.123+0000", "20260105103000"),
    ("20260701103000", "20260701083000"),
    ("20260105", "20260105"),
    ("20260105+0100", "20260105"),
    ("20261345103000+0100", "20261345103000+0100"),
    ("yesterday", "yesterday"),
    ("", ""),
]


@pytest.mark.parametrize(("stated", "utc"), TIMES)
def test_times_become_utc(stated: str, utc: str) -> None:
    assert cda.to_utc(stated) == utc


UNREADABLE = [
    b"",
    b"not xml",
    b"<ClinicalDocument/>",
    b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>',
    a_cda()[:-200],
    a_cda(unique_id='nullFlavor="UNK"'),
    a_cda().replace(b"recordTarget", b"recordTargets"),
    b"<!DOCTYPE x [<!ENTITY e 'x'>]>" + a_cda().split(b"?>", 2)[2],
]


@pytest.mark.parametrize("document", UNREADABLE)
def test_what_is_no_document_is_malformed(document: bytes) -> None:
    with pytest.raises(Malformed):
        cda.read_header(document)


def test_a_broken_body_is_malformed_only_when_it_is_read() -> None:
    document = a_pdf_cda().replace(b'representation="B64">', b'representation="B64">*')
    assert cda.read_header(document).body_kind == "N1"
    with pytest.raises(Malformed):
        cda.read_unstructured_body(document)
    assert "illisible" in cda.render_html(document)


class Seen(HTMLParser):
    """Tags and attributes of a page, as a browser would find them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


HOSTILE = (
    '<paragraph onclick="alert(1)">&lt;script&gt;alert(2)&lt;/script&gt;</paragraph>'
    '<script xmlns="http://www.w3.org/1999/xhtml">alert(3)</script>'
    '<linkHtml href="javascript:alert(4)">lien</linkHtml>'
    '<content styleCode="Bold" style="background:url(http://evil.test)">gras</content>'
    '<table><tbody><tr><td colspan="2" rowspan="x&quot; onload=&quot;y">c</td></tr></tbody></table>'
    '<iframe xmlns="http://www.w3.org/1999/xhtml" src="http://evil.test"/><br/>'
    '<list listType="ordered"><item>un</item></list><!-- remarque -->fin'
    '<renderMultiMedia referencedObject="M1"/><renderMultiMedia referencedObject="M2"/>'
    '<renderMultiMedia referencedObject="none"/>'
)
MEDIA = (
    '<entry><observationMedia classCode="OBS" moodCode="EVN" ID="M1">'
    '<value mediaType="image/png" representation="B64">iVBORw0KGgo=</value></observationMedia>'
    '</entry><entry><observationMedia classCode="OBS" moodCode="EVN" ID="M2">'
    '<value mediaType="image/svg+xml" representation="B64">PHN2Zy8+</value></observationMedia>'
    "</entry>"
)


def test_nothing_of_a_hostile_document_is_executed() -> None:
    seen = Seen(cda.render_html(a_cda(body=structured(HOSTILE, MEDIA))))
    assert not seen.tags & {"script", "iframe", "object", "embed", "style", "link", "form", "svg"}
    assert {name for name, _ in seen.attributes} <= {"class", "colspan", "alt", "src"}
    assert all("evil" not in value for _, value in seen.attributes)
    assert ("src", "data:image/png;base64,iVBORw0KGgo=") in seen.attributes
    assert "<script>alert(2)</script>" in seen.words  # shown as text
    assert "image/svg+xml" in seen.words
    assert {"ol", "strong", "br", "td"} <= seen.tags
    assert "remarque" not in seen.words


def test_a_pdf_is_offered_and_a_false_one_is_not() -> None:
    assert 'href="data:application/pdf;base64,' in cda.render_html(a_pdf_cda())
    false = a_cda(body=unstructured(b"<html>"))
    assert "href" not in cda.render_html(false)


TIMES = [  # as a document writes it, as a person reads it
    ("20251014103652+0200", "14/10/2025 10:36"),
    ("20251014", "14/10/2025"),
    ("202510", "202510"),
    ("hier", "hier"),
]


@pytest.mark.parametrize(("written", "read"), TIMES)
def test_a_time_is_shown_as_people_read_it(written: str, read: str) -> None:
    document = re.sub(
        rb'<effectiveTime value="[^"]*"/>', b'<effectiveTime value="%b"/>' % written.encode(),
        a_pdf_cda(), count=1,
    )  # fmt: skip
    assert f"<tr><th>Date</th><td>{read}</td></tr>" in cda.render_html(document)


EXAMPLES = [  # type, class, format, level
    ("ANEST-CR-CPA_2022.01", "34749-2", "10", "urn:asip:ci-sis:cr-cpa:2020", "N3"),
    ("BIO-CR-BIO_2024.01_Electrophorese", "11502-2", "10", "urn:ihe:lab:xd-lab:2008", "N3"),
    ("BIO-CR-BIO_2024.01_Microbiologie_V1", "11502-2", "10", "urn:ihe:lab:xd-lab:2008", "N3"),
    ("BIO-CR-BIO_2024.01_TSH_1", "11502-2", "10", "urn:ihe:lab:xd-lab:2008", "N3"),
    ("DOC_NON_STRUCTURE_CDA-R2-N1", "11502-2", "10", "urn:ihe:iti:xds-sd:pdf:2008", "N1"),
    ("IMG-DA-IMG_2024.01_Radiographie_Scanner_Genou", "55115-0", "42",
     "urn:ans:ci-sis:img-da:2022", "N3"),
    ("IMG_CR_IMG_2024.01", "18748-4", "31",
     "urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013", "N3"),
    ("LDL-EES_2022.01", "18761-7", "11", "urn:asip:ci-sis:ldl-ees:2017", "N3"),
    ("LDL-SES_2022.01", "11490-0", "10", "urn:asip:ci-sis:ldl-ses:2017", "N3"),
    ("VSM_1.4_2022.01", "SYNTH", "11", "urn:asip:ci-sis:vsm:2012", "N3"),
    ("eDISP-MED_2024.01", "60593-1", "43", "urn:ihe:pharm:dis:2010", "N3"),
    ("eP-MED-DM_2024.01_PosoStruct", "57833-6", "42", "urn:ihe:pharm:pre:2010", "N3"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "type_code", "class_code", "format_code", "level"), EXAMPLES)
def test_official_examples_are_read(
    conformance: Path, name: str, type_code: str, class_code: str, format_code: str, level: str
) -> None:
    document = (conformance / "cda" / "ExemplesCDA" / f"{name}.xml").read_bytes()
    header, entry = cda.read_header(document), cda.entry_from_cda(document)
    assert header.body_kind == level
    assert header.patient.traits.birth_place == "51215"
    assert entry.type_code is not None
    assert entry.type_code.code == type_code
    assert entry.class_code is not None
    assert entry.class_code.code == class_code
    assert entry.format_code is not None
    assert entry.format_code.code == format_code
    assert len(entry.creation_time) == 14
    assert entry.practice_setting_code is not None
    assert entry.healthcare_facility_type_code is not None
    assert all(author.institutions for author in entry.authors)
    seen = Seen(cda.render_html(document))
    assert header.title.split()[0] in seen.words
    assert not seen.tags & {"script", "iframe", "object", "link"}
