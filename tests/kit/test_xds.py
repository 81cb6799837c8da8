"""XDS metadata: identifiers, lots and entries, both ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from kit import xds
from kit.identity import TEST_OID, Ins
from kit.rules import Malformed
from kit.xds import vocabulary as v
from kit.xds.tables import CLASS_OF_TYPE, CLASSES, DOCUMENT_TYPES, TEMPLATE_FORMATS
from kit.xml import Element, find, find_all, parse, qname, serialize

PATIENT = Ins.of("2790351215189", TEST_OID)
DOCTOR = xds.national_person("810000000017", "ESSAI", "Alix")
HOSPITAL = xds.national_structure("1990000016", "CH D'ESSAI & FILS")


def an_entry(**changes: object) -> xds.DocumentEntry:
    """A complete entry as a hospital sends it."""
    entry = xds.DocumentEntry(
        entry_uuid="Document01",
        unique_id="1.2.250.1.999.1.1",
        patient_id=PATIENT,
        mime_type="text/xml",
        class_code=xds.class_of("11490-0"),
        type_code=xds.Coded("11490-0", "2.16.840.1.113883.6.1", "Lettre de liaison"),
        format_code=xds.format_of(("1.2.250.1.213.1.1.1.29",)),
        confidentiality_codes=(
            xds.Coded("N", "2.16.840.1.113883.5.25", "Normal"),
            xds.Coded("INVISIBLE_PATIENT", "1.2.250.1.213.1.1.4.13", "Non visible"),
        ),
        healthcare_facility_type_code=xds.Coded("SA01", "1.2.250.1.71.4.2.4", "Public"),
        practice_setting_code=xds.Coded("ETABLISSEMENT", "1.2.250.1.213.1.1.4.9", "Ets"),
        event_codes=(xds.Coded("IMP", "2.16.840.1.113883.5.4", "Séjour"),),
        title="Lettre de liaison à la sortie",
        creation_time="20260105093000",
        service_start_time="20260101093000",
        service_stop_time="20260105083000",
        language_code="fr-FR",
        source_patient_id="123^^^&1.2.250.1.999.7&ISO^PI",
        source_patient_info=("PID-5|ESSAI^ALIX^^^^^L", "PID-7|19790328", "PID-8|F"),
        legal_authenticator=DOCTOR,
        authors=(
            xds.Author(
                person=DOCTOR,
                institutions=(HOSPITAL,),
                specialties=(xds.Coded("G15_10/SM26", "1.2.250.1.213.1.1.4.5", "Médecin"),),
            ),
        ),
        reference_ids=("77^^^&1.2.250.1.999.7&ISO^urn:ihe:iti:xds:2013:order",),
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def a_lot() -> xds.SubmissionSet:
    return xds.SubmissionSet(
        entry_uuid="SubmissionSet01",
        unique_id="1.2.250.1.999.2.1",
        source_id="1.2.250.1.999.2",
        patient_id=PATIENT,
        content_type_code=xds.Coded("03", "1.2.250.1.213.2.2", "Séjour"),
        submission_time="20260105094500",
        authors=(xds.Author(person=DOCTOR, institutions=(HOSPITAL,)),),
        title="Sortie",
    )


def a_submission() -> xds.Submission:
    lot, entry = a_lot(), an_entry()
    signature = xds.DocumentEntry("Signature01", type_code=xds.Coded("E1762", "ASTM"))
    links = (
        xds.member_of(lot, entry),
        xds.member_of(lot, signature),
        xds.signature_of(signature, lot),
        xds.replacement_of(entry, "urn:uuid:6d1f5ab6-0000-4000-8000-000000000001"),
    )
    links = tuple(replace(link, entry_uuid=f"as{n}") for n, link in enumerate(links))
    return xds.Submission(lot, (entry, signature), links)


AS_A_QUERY_ANSWERS = an_entry(
    entry_uuid="urn:uuid:6d1f5ab6-0000-4000-8000-000000000002",
    logical_id="urn:uuid:6d1f5ab6-0000-4000-8000-000000000002",
    availability_status=v.APPROVED,
    version=1,
    is_opaque=False,
    hash="da39a3ee5e6b4b0d3255bfef95601890afd80709",
    size_bytes=0,
    repository_unique_id="1.2.250.1.213.4.1.1.1.2",
    other_slots=(xds.Slot("urn:editor:own", ("kept", "aside")),),
)


@pytest.mark.parametrize(
    "entry", [an_entry(), AS_A_QUERY_ANSWERS, xds.DocumentEntry("D", object_type="")]
)
def test_an_entry_is_read_as_it_was_written(entry: xds.DocumentEntry) -> None:
    wire = serialize(xds.write_extrinsic_object(entry))
    assert xds.read_extrinsic_object(parse(wire)) == entry


def test_a_lot_is_read_as_it_was_written_and_written_the_same_twice() -> None:
    first = serialize(xds.write_submit_objects(a_submission()))
    assert xds.read_submit_objects(parse(first)) == a_submission()
    assert serialize(xds.write_submit_objects(a_submission())) == first


def test_the_wire_is_what_the_standard_names() -> None:
    """An independent walk: plain XPath on the bytes, no reader of ours."""
    root = etree.fromstring(serialize(xds.write_submit_objects(a_submission())))
    rim = {"r": "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"}
    code = (
        "string(//r:ExtrinsicObject[1]/r:Classification"
        "[@classificationScheme='urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a']/{})"
    )
    assert root.xpath(code.format("@nodeRepresentation"), namespaces=rim) == "10"
    slot = "r:Slot[@name='codingScheme']//r:Value"
    assert root.xpath(code.format(slot), namespaces=rim) == "1.2.250.1.213.1.1.4.1"
    patient = (
        "string(//r:ExtrinsicObject[1]/r:ExternalIdentifier"
        "[@identificationScheme='urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427']/@value)"
    )
    expected = f"{PATIENT.matricule}^^^&1.2.250.1.213.1.4.10&ISO^NH"
    assert root.xpath(patient, namespaces=rim) == expected
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_the_order_of_elements_does_not_matter() -> None:
    root = xds.write_submit_objects(a_submission())
    for parent in list(root.iter()):
        parent[:] = list(reversed(parent))
    read = xds.read_submit_objects(root)
    assert read.lot.unique_id == a_lot().unique_id
    assert {entry.entry_uuid for entry in read.documents} == {"Document01", "Signature01"}


def test_the_signature_is_told_from_the_health_documents() -> None:
    submission = a_submission()
    assert submission.signature is not None
    assert [entry.entry_uuid for entry in submission.health_documents] == ["Document01"]
    assert [link.target for link in submission.of_kind(v.RPLC)] == [
        "urn:uuid:6d1f5ab6-0000-4000-8000-000000000001"
    ]


def _without_lot(root: Element) -> None:
    for package in find_all(root, "rim:RegistryObjectList/rim:RegistryPackage"):
        package.getparent().remove(package)  # type: ignore[union-attr]


def _two_lots(root: Element) -> None:
    root[0].append(xds.write_registry_package(replace(a_lot(), entry_uuid="other")))


def _entry_without_id(root: Element) -> None:
    del find_all(root, "rim:RegistryObjectList/rim:ExtrinsicObject")[0].attrib["id"]


def _association_without_target(root: Element) -> None:
    del find_all(root, "rim:RegistryObjectList/rim:Association")[0].attrib["targetObject"]


def _two_types(root: Element) -> None:
    entry = find_all(root, "rim:RegistryObjectList/rim:ExtrinsicObject")[0]
    wanted = f"rim:Classification[@classificationScheme='{v.DOCUMENT_TYPE_CODE}']"
    found = find(entry, wanted)
    assert found is not None
    entry.append(parse(serialize(found)))


def _two_unique_ids(root: Element) -> None:
    entry = find_all(root, "rim:RegistryObjectList/rim:ExtrinsicObject")[0]
    entry.append(parse(serialize(find_all(entry, "rim:ExternalIdentifier")[0])))


def _size_in_words(root: Element) -> None:
    entry = find_all(root, "rim:RegistryObjectList/rim:ExtrinsicObject")[0]
    xds.write_slot(entry, xds.Slot("size", ("twelve",)))


def _two_creation_times(root: Element) -> None:
    entry = find_all(root, "rim:RegistryObjectList/rim:ExtrinsicObject")[0]
    xds.write_slot(entry, xds.Slot("creationTime", ("20260101",)))


def _foreign_root(root: Element) -> None:
    root.tag = "SubmitObjectsRequest"


def _empty(root: Element) -> None:
    root[:] = []


UNREADABLE = [
    (_without_lot, "SubmitObjectsRequest"),
    (_two_lots, "SubmitObjectsRequest"),
    (_entry_without_id, "ExtrinsicObject[]/@id"),
    (_association_without_target, "Association[as0]/@targetObject"),
    (_two_types, "ExtrinsicObject[Document01]/Classification"),
    (_two_unique_ids, "ExtrinsicObject[Document01]/ExternalIdentifier"),
    (_size_in_words, "ExtrinsicObject[Document01]/Slot[size]"),
    (_two_creation_times, "ExtrinsicObject[Document01]/Slot[creationTime]"),
    (_foreign_root, "SubmitObjectsRequest"),
    (_empty, "SubmitObjectsRequest"),
]


@pytest.mark.parametrize(("spoil", "where"), UNREADABLE, ids=lambda x: getattr(x, "__name__", ""))
def test_what_cannot_be_built_is_malformed_at_its_place(spoil: object, where: str) -> None:
    root = xds.write_submit_objects(a_submission())
    spoil(root)  # type: ignore[operator]
    with pytest.raises(Malformed) as caught:
        xds.read_submit_objects(root)
    assert caught.value.where.startswith(where)


def test_what_is_absent_stays_absent() -> None:
    root = xds.write_submit_objects(xds.Submission(a_lot(), (xds.DocumentEntry("Document01"),)))
    entry = xds.read_submit_objects(root).documents[0]
    assert (entry.unique_id, entry.patient_id, entry.class_code) == ("", None, None)


FOREIGN_PATIENTS = [
    "123^^^&1.3.6.1.4.1.21367&ISO",
    f"{PATIENT.matricule}^^^&1.2.250.1.213.1.4.10&ISO^PI",
    "('x')",
]


@pytest.mark.parametrize("patient", FOREIGN_PATIENTS)
def test_a_patient_who_is_no_ins_is_kept_as_it_came(patient: str) -> None:
    entry = an_entry(patient_id=None, other_patient_id=patient)
    read = xds.read_extrinsic_object(xds.write_extrinsic_object(entry))
    assert (read.patient_id, read.patient_cx) == (None, patient)


def test_the_date_after_an_ins_is_left_out() -> None:
    assert xds.read_ins(f"{PATIENT.cx}^^20190101") == PATIENT


def test_a_folder_beside_the_lot_is_no_lot() -> None:
    root = xds.write_submit_objects(a_submission())
    folder = xds.write_registry_package(replace(a_lot(), entry_uuid="Folder01"))
    etree.SubElement(
        folder,
        qname("rim:Classification"),
        classifiedObject="Folder01",
        classificationNode=v.FOLDER_NODE,
    )
    root[0].insert(0, folder)
    assert xds.read_submit_objects(root).lot.entry_uuid == "SubmissionSet01"


def test_a_long_uri_is_put_together() -> None:
    extrinsic = xds.write_extrinsic_object(an_entry())
    xds.write_slot(extrinsic, xds.Slot("URI", ("2|01.XML", "1|DOC00")))
    assert xds.read_extrinsic_object(extrinsic).uri == "DOC0001.XML"


CODECS = [
    (
        xds.Xcn,
        "801234567897^DAVID^Charles^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
        xds.national_person("801234567897", "DAVID", "Charles"),
    ),
    (
        xds.Xcn,
        "42^Modele^Logiciel^^^^^^&1.2.250.1.999&ISO^U^^^RI",
        xds.Xcn("42", "Modele", "Logiciel", "", "", "1.2.250.1.999", "U", "RI"),
    ),
    (
        xds.Xon,
        "CH \\T\\ FILS^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1990000016",
        xds.national_structure("1990000016", "CH & FILS"),
    ),
    (xds.Xon, "PHR", xds.Xon("PHR")),
    (xds.Cx, "7^^^&1.2.3&ISO^PI", xds.Cx("7", "1.2.3", "PI")),
    (xds.Coded, "SM26^Généraliste^1.2.3", xds.Coded("SM26", "1.2.3", "Généraliste")),
]


@pytest.mark.parametrize(("codec", "text", "value"), CODECS)
def test_values_of_hl7_are_read_and_written(codec: type, text: str, value: xds.Cx) -> None:
    assert codec.read(text) == value  # type: ignore[attr-defined]
    assert value.write() == text


@given(st.builds(xds.Xcn, *[st.text(alphabet="aé^&|~\\ ESTFR", max_size=8)] * 5))
def test_separators_in_names_survive(person: xds.Xcn) -> None:
    assert xds.Xcn.read(person.write()) == person


def test_times_are_utc_to_the_second() -> None:
    local = datetime(2026, 7, 1, 10, 30, tzinfo=timezone(timedelta(hours=2)))
    assert xds.write_dtm(local) == "20260701083000"
    assert xds.read_dtm("20260701083000") == local
    assert xds.read_dtm("2026") == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "202", "20260230", "20260101T10", "2026-01-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        xds.read_dtm(text)


def test_each_type_has_a_class_and_each_template_a_format() -> None:
    assert set(CLASS_OF_TYPE.values()) == set(CLASSES)
    assert {(row.code, row.system) for row in DOCUMENT_TYPES} <= set(CLASS_OF_TYPE)
    assert len({row.code for row in DOCUMENT_TYPES}) == len(DOCUMENT_TYPES)
    for row in DOCUMENT_TYPES:
        if row.template and row.code != "18776-5":  # no format of its own in ASS_A11
            assert xds.format_of((row.template,)).code == TEMPLATE_FORMATS[row.template]


FORMATS = [
    (("1.3.6.1.4.1.19376.1.2.20",), "application/pdf", "urn:ihe:iti:xds-sd:pdf:2008"),
    (("1.3.6.1.4.1.19376.1.2.20",), "text/rtf", "urn:ihe:iti-fr:xds-sd:rtf:2010"),
    (("1.2.250.1.213.1.1.1.1", "1.2.250.1.213.1.1.1.55"), "", "urn:ihe:lab:xd-lab:2008"),
    (("1.2.3",), "", "urn:asipSante:modelesHorsProfils:2011"),
]


@pytest.mark.parametrize(("templates", "media_type", "code"), FORMATS)
def test_the_format_follows_from_template_or_media_type(
    templates: tuple[str, ...], media_type: str, code: str
) -> None:
    assert xds.format_of(templates, media_type).code == code


def test_an_unknown_type_has_no_class() -> None:
    assert xds.class_of("00000-0") is None
    assert xds.document_type("00000-0") is None


def test_old_ebrim_is_upgraded_and_anything_else_left_alone() -> None:
    new = xds.write_submit_objects(a_submission())
    assert xds.upgrade_ebrim2(new) is new
    old = serialize(new)
    old = old.replace(b"xsd:lcm:3.0", b"registry:xsd:2.1").replace(b"xsd:rim:3.0", b"rim:xsd:2.1")
    old = old.replace(b"RegistryObjectList", b"LeafRegistryObjectList")
    old = old.replace(b"urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember", b"HasMember")
    assert xds.read_submit_objects(xds.upgrade_ebrim2(parse(old))) == a_submission()
