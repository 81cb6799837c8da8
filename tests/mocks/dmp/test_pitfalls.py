"""What integrators stumble on, as a table: what is sent, the wire's answer, what the journal says.

The wire is read by the standard library. A row that is accepted says what the journal notes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from xml.etree import ElementTree

import pytest
from werkzeug.test import TestResponse

from kit.identity import Ins
from kit.signature import RSA_SHA1
from kit.vihf import write_vihf
from kit.xds import vocabulary
from kit.xds.metadata import Coded, DocumentEntry
from kit.xml import Element
from mocks.dmp import messages
from mocks.dmp.messages import Parameter, deletion, find_documents, get_documents
from mocks.dmp.messages.record import AT_THE_PATIENTS_DEMAND
from tests.kit.documents import N1_TEMPLATE
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    OTHER_HOSPITAL,
    a_card_vihf,
    a_document,
    a_hospital,
    a_hospital_vihf,
    a_patient,
    a_vihf,
    an_author,
    an_entry,
    an_identity,
)
from tests.mocks.dmp.conftest import Bench
from tests.mocks.dmp.test_registry import change, the_entry

OTHER_STRUCTURE = f"1{OTHER_HOSPITAL.finess_eg}"
SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
RS = "{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}"
HL7 = "{urn:hl7-org:v3}"
LETTER = an_entry(a_document())
Play = Callable[[Bench], TestResponse]


@dataclass(frozen=True)
class Pitfall:
    """One thing integrators do. code: "" when it is accepted. settings: of the bench it meets.

    rule, field: what the journal explains. text: what a person reads on the wire, too. lint: what
    the journal notes of something accepted.
    """

    number: int
    sent: str
    play: Play
    code: str = ""
    rule: str = ""
    field: str = ""
    text: str = ""
    lint: str = ""
    settings: tuple[tuple[str, object], ...] = ()


def xml_of(answer: TestResponse) -> ElementTree.Element:
    """The envelope of an answer, alone or as the first part of several."""
    data = answer.get_data()
    if answer.content_type.startswith("multipart/"):
        head = f"MIME-Version: 1.0\r\nContent-Type: {answer.content_type}\r\n\r\n".encode()
        first = next(BytesParser(policy=HTTP).parsebytes(head + data).iter_parts())
        data = first.get_payload(decode=True)
    return ElementTree.fromstring(data)


def told(answer: TestResponse) -> list[tuple[str, str]]:
    """(code, text) of every refusal on the wire, in whichever of its four places."""
    root = xml_of(answer)
    found = [
        (error.get("errorCode", ""), error.get("codeContext", ""))
        for error in root.iter(f"{RS}RegistryError")
    ]
    for fault in root.iter(f"{SOAP}Fault"):
        value = fault.findtext(f"{SOAP}Code/{SOAP}Subcode/{SOAP}Value") or ""
        reason = fault.findtext(f"{SOAP}Reason/{SOAP}Text") or ""
        found.append((value.partition(":")[2], reason))
    for detail in root.iter(f"{HL7}acknowledgementDetail"):
        code = detail.find(f"{HL7}code")
        assert code is not None
        found.append((code.get("code", ""), detail.findtext(f"{HL7}text") or ""))
    return found


# What is sent.


def feeding(**options: Any) -> Play:
    """A lot, whose options may be functions of the bench."""
    return lambda bench: bench.feed(
        *options.get("cdas", ()),
        **{
            name: value(bench) if callable(value) else value
            for name, value in options.items()
            if name != "cdas"
        },
    )


def with_entry(**changes: Any) -> Play:
    """A letter with other metadata than its own."""
    return feeding(cdas=(a_document(),), entries=(replace(LETTER, **changes),))


def as_hospital(**changes: Any) -> Callable[[Bench], Element]:
    return lambda bench: a_hospital_vihf(bench.pki, **changes)


def signed_by_the_other_key(bench: Bench) -> Element:
    signer = a_hospital(bench.pki).auth
    return write_vihf(a_vihf(signer), signer)


def signed_with_sha1(bench: Bench) -> Element:
    signer = a_hospital(bench.pki).sign
    return write_vihf(a_vihf(signer), signer, algorithm=RSA_SHA1)


def over_a_connection_of_another(bench: Bench) -> TestResponse:
    der = bench.pki.establishment(OTHER_HOSPITAL).auth.certificate_der
    environ: dict[str, Any] = {"banc.listener": "mtls", "banc.peer_der": der}
    return bench.send(
        messages.REGISTRY,
        messages.write_query(get_documents(f"{ARC}.1")),
        action=messages.ITI_18,
        vihf=a_hospital_vihf(bench.pki),
        **environ,
    )


def retrieved_by_entry_uuid(bench: Bench) -> TestResponse:
    bench.feed()
    asked = messages.DocumentRequest(the_entry(bench).entry_uuid)
    return bench.send(
        messages.REPOSITORY,
        messages.write_retrieve([asked]),
        action=messages.ITI_43,
        vihf=a_card_vihf(bench.pki),
    )


def searched_by(patient: Parameter, action: str = messages.ITI_18) -> Play:
    def play(bench: Bench) -> TestResponse:
        query = find_documents(INS.cx)
        asked = replace(query, parameters=(patient, *query.parameters[1:]))
        return bench.send(
            messages.REGISTRY,
            messages.write_query(asked),
            action=action,
            vihf=a_card_vihf(bench.pki),
        )

    return play


def sent_twice(bench: Bench) -> TestResponse:
    bench.feed()
    return bench.feed(a_document(1), number=2)


def to_the_record(**record: Any) -> Play:
    def play(bench: Bench) -> TestResponse:
        ins = a_patient(**record).ins
        vihf = a_hospital_vihf(bench.pki, patient=ins.cx)
        return bench.feed(a_document(ins=ins), vihf=vihf)

    return play


def closed_by_a_professional(bench: Bench) -> TestResponse:
    record = messages.Record(
        INS, False, "X", "", "Y", "F", "1979-03-28", True, closing_motive=AT_THE_PATIENTS_DEMAND
    )
    header = messages.Header("m1", "20260105080000", ARC, "Banc", "FERM")
    return bench.send(
        messages.PATIENTS,
        messages.write_revision(messages.Revision(header, record)),
        action=messages.REVISE,
        vihf=a_card_vihf(bench.pki),
    )


def replaced_late(bench: Bench) -> TestResponse:
    bench.feed()
    old = the_entry(bench).entry_uuid
    bench.feed(a_document(2), number=2, replaced={"Document01": old})
    return bench.feed(a_document(3), number=3, replaced={"Document01": old})


def deleted_from(status: str) -> Play:
    def play(bench: Bench) -> TestResponse:
        bench.feed()
        answer: TestResponse = change(bench, deletion(the_entry(bench).entry_uuid, status))
        return answer

    return play


def deleted_by_another_structure(bench: Bench) -> TestResponse:
    bench.feed()
    signer = bench.pki.establishment(OTHER_HOSPITAL).sign
    vihf = write_vihf(
        a_vihf(signer, structure=OTHER_STRUCTURE, name_id=f"{OTHER_STRUCTURE}/1"), signer
    )
    lot = messages.lot_of_update(an_identity(5, author=an_author(OTHER_STRUCTURE)), INS)
    body = messages.write_update(lot, [deletion(the_entry(bench).entry_uuid)])
    return bench.send(messages.REGISTRY, body, action=messages.ITI_57, vihf=vihf)


def fed_with_a_body(body: str) -> Play:
    text = f'<text mediaType="application/pdf" representation="B64">{body}</text>'
    cda = a_document(template=N1_TEMPLATE, body=f"<nonXMLBody>{text}</nonXMLBody>")
    return feeding(cdas=(cda,))


def about_two_patients() -> Play:
    other = Ins.of("1790351215189", INS.oid)
    entries = (LETTER, an_entry(a_document(2, ins=other), "Document02"))
    return feeding(cdas=(a_document(), a_document(2, ins=other)), entries=entries)


def code_of(entry: DocumentEntry, attribute: str, **changes: Any) -> dict[str, Coded]:
    """One code of the letter, otherwise."""
    return {attribute: replace(getattr(entry, attribute), **changes)}


def with_an_old_qualifier(cda: bytes) -> bytes:
    birth_name = b'<family qualifier="BR">'
    assert birth_name in cda
    return cda.replace(birth_name, b'<family qualifier="SP">USAGE</family>' + birth_name, 1)


def reset_then_fed(bench: Bench) -> TestResponse:
    bench.feed()
    bench.client.post(f"/mon-espace-sante/{INS.matricule}/fermer", json={})
    assert [code for code, _ in told(bench.feed(a_document(2), number=2))] == ["DMPClosed"]
    assert bench.client.post("/_banc/reset").status_code == 200
    return bench.feed()


PATIENT_ID = "$XDSDocumentEntryPatientId"
METADATA = "XDSRepositoryMetadataError"
LENIENT_TYPES = (("dmp_types", "lenient"),)
STRICT_SHA = (("vihf_accept_sha1", False),)
PITFALLS = [
    Pitfall(
        1,
        "a VIHF for another structure than its certificate's",
        feeding(vihf=as_hospital(structure=OTHER_STRUCTURE)),
        "DMPSimStructureMismatch",
        "the_structure_is_that_of_the_certificate",
        "Identifiant_Structure",
        "Erreur d'authentification de la personne morale",
    ),
    Pitfall(
        1,
        "a lot whose author is of another structure than the VIHF",
        feeding(author=an_author(OTHER_STRUCTURE)),
        METADATA,
        "an_author_institution_is_that_of_the_vihf",
        "authorInstitution",
        "Aucun AuthorInstitution ne correspond",
    ),
    Pitfall(
        1,
        "a TLS certificate of another structure",
        over_a_connection_of_another,
        "DMPSimStructureMismatch",
        "the_connection_is_of_the_same_caller",
        "TLS certificate OU",
    ),
    Pitfall(
        2,
        "a VIHF signed with the key of authentication",
        feeding(vihf=signed_by_the_other_key),
        "DMPInvalidCertificate",
        "the_signing_certificate_is_a_signature_certificate",
        text="Le certificat ayant signé le VIHF est invalide",
    ),
    Pitfall(
        3,
        "an entryUUID as uniqueId",
        retrieved_by_entry_uuid,
        "XDSDocumentUniqueIdError",
        "the_document_is_known",
        "DocumentUniqueId",
        "not its entryUUID",
    ),
    Pitfall(
        4,
        "a patientId in parentheses",
        searched_by(Parameter(PATIENT_ID, (INS.cx,), is_list=True)),
        "XDSStoredQueryParamNumber",
        "a_single_value_stands_alone",
        PATIENT_ID,
        "no parentheses",
    ),
    Pitfall(
        4,
        "a patientId of another authority",
        searched_by(Parameter(PATIENT_ID, (replace(INS, oid="1.2.250.1.213.1.4.8").cx,))),
        "XDSPatientIdDoesNotMatch",
        "the_patient_is_that_of_the_vihf",
        PATIENT_ID,
    ),
    Pitfall(
        6,
        "a uniqueId a second time",
        sent_twice,
        "XDSDuplicateUniqueIdInRegistry",
        "a_unique_id_is_used_once",
        "uniqueId",
    ),
    Pitfall(
        6,
        "a CDA whose id has an extension",
        feeding(cdas=(a_document(unique_id=f'root="{ARC}.7" extension="1"'),)),
        METADATA,
        "a_cda_id_has_no_extension",
        "ClinicalDocument/id",
    ),
    Pitfall(
        7,
        "an old class for the type",
        with_entry(**code_of(LETTER, "class_code", code="31")),
        METADATA,
        "the_class_is_that_of_the_type",
        "classCode",
    ),
    Pitfall(
        7,
        "a type outside the value set",
        with_entry(**code_of(LETTER, "type_code", code="00000-0")),
        METADATA,
        "codes_are_in_their_value_sets",
        "typeCode",
    ),
    Pitfall(
        7,
        "a format that is not the model's",
        with_entry(**code_of(LETTER, "format_code", code="urn:ihe:iti:xds-sd:pdf:2008")),
        METADATA,
        "the_format_is_that_of_the_model",
        "formatCode",
    ),
    Pitfall(
        8, "local time as UTC", with_entry(creation_time="20260105103000"), lint="creationTime"
    ),
    Pitfall(
        9,
        "a lot to a closed record",
        to_the_record(state="closed"),
        "DMPClosed",
        "the_record_is_open",
        "patientId",
        "DMP fermé",
    ),
    Pitfall(
        9,
        "a lot for somebody without a record",
        to_the_record(state="none"),
        "XDSUnknownPatientId",
        "the_patient_has_a_record",
        "patientId",
    ),
    Pitfall(
        9,
        "a lot against the patient's opposition",
        to_the_record(opposed_to_feeding=True),
        "DMPSimFeedingOpposed",
        "the_patient_is_not_opposed",
        "patientId",
    ),
    Pitfall(
        9,
        "a closing by a professional of a record attached to Mon espace santé",
        closed_by_a_professional,
        "DMPSimAttachedToMes",
        "the_patient_does_not_administer_it",
        "RATTACHEMENT_ENS",
    ),
    Pitfall(
        9,
        "a lot to a record not attached to Mon espace santé",
        to_the_record(attached_to_mes=False, state="open"),
    ),
    Pitfall(
        10,
        "a replacement of what was replaced meanwhile",
        replaced_late,
        "XDSRegistryDeprecatedDocumentError",
        "what_is_replaced_is_approved",
        "availabilityStatus",
    ),
    Pitfall(
        11,
        "a deletion from a status that is not the current one",
        deleted_from(vocabulary.ARCHIVED),
        "XDSMetadataUpdateError",
        "the_original_status_is_the_current_one",
        "OriginalStatus",
    ),
    Pitfall(
        11,
        "a deletion by another structure",
        deleted_by_another_structure,
        "XDSMetadataUpdateError",
        "the_document_is_the_users",
        "author",
    ),
    Pitfall(12, "a VIHF signed with SHA-1", feeding(vihf=signed_with_sha1)),
    Pitfall(
        12,
        "a VIHF signed with SHA-1, on a strict bench",
        feeding(vihf=signed_with_sha1),
        "DMPSimVihfSignature",
        "the_signature_is_valid",
        settings=STRICT_SHA,
    ),
    Pitfall(12, "VIHF_Version 3.0", feeding(vihf=as_hospital(vihf_version="3.0"))),
    Pitfall(12, "VIHF_Version 4.0", feeding(vihf=as_hospital(vihf_version="4.0"))),
    Pitfall(
        12,
        "Authentification_Mode with a capital",
        feeding(vihf=as_hospital(mode_attribute="Authentification_Mode")),
        "DMPSimVihfAttribute",
        "the_mode_attribute_is_spelled_as_published",
        "Authentification_mode",
    ),
    Pitfall(
        12,
        "Authentification_Mode with a capital, on a lenient bench",
        feeding(vihf=as_hospital(mode_attribute="Authentification_Mode")),
        settings=(("vihf_accept_capital_mode", True),),
    ),
    Pitfall(
        12,
        "an action of older clients",
        searched_by(
            Parameter(PATIENT_ID, (INS.cx,)), "urn:ihe:iti:xds-b:2007:RegistryStoredQuery-b"
        ),
        lint="action",
    ),
    Pitfall(
        12,
        "an old class, on a lenient bench",
        with_entry(**code_of(LETTER, "class_code", code="31")),
        lint="classCode 31",
        settings=LENIENT_TYPES,
    ),
    Pitfall(13, "a test set somebody spoilt, after a reset", reset_then_fed),
    Pitfall(
        14,
        "a conformity number nobody was given",
        feeding(vihf=as_hospital(homologation="DEMANDE-EN-COURS")),
    ),
    Pitfall(
        15,
        "a CDA the Windows kit refuses: an older qualifier of a used name",
        feeding(cdas=(with_an_old_qualifier(a_document()),)),
        "DMPSimCda",
        "a_name_of_the_patient_is_a_birth_name_or_a_used_one",
        "ClinicalDocument/recordTarget/patientRole/patient/name/family/@qualifier",
    ),
    # Hostile or broken, beside the fifteen.
    Pitfall(
        0,
        "a PDF that is a ZIP",
        fed_with_a_body("UEsDBBQAAAAI"),
        "DMPSimCda",
        "a_body_is_what_it_says",
        "ClinicalDocument/component/nonXMLBody/text",
    ),
    Pitfall(
        0,
        "a PDF that is no base64",
        fed_with_a_body("not base64!"),
        "DMPSimCda",
        "a_body_is_what_it_says",
        "ClinicalDocument/component/nonXMLBody/text",
    ),
    Pitfall(0, "a PDF that is one", fed_with_a_body("JVBERi0xLjQK")),
    Pitfall(
        0,
        "a lot about two patients",
        about_two_patients(),
        "XDSPatientIdDoesNotMatch",
        "one_lot_is_about_one_patient",
        "patientId",
    ),
    Pitfall(
        0,
        "a hash that differs",
        with_entry(hash="0" * 40),
        METADATA,
        "hash_and_size_are_those_of_the_bytes",
        "hash",
    ),
    Pitfall(
        0,
        "a size that differs",
        with_entry(size_bytes=1),
        METADATA,
        "hash_and_size_are_those_of_the_bytes",
        "size",
    ),
    Pitfall(
        0,
        "a type of the wrong code system",
        with_entry(**code_of(LETTER, "type_code", system="1.2.250.1.213.1.1.4.12")),
        METADATA,
        "codes_are_in_their_value_sets",
        "typeCode",
    ),
    Pitfall(
        0,
        "an INS that is not that of the VIHF",
        feeding(vihf=as_hospital(patient=Ins.of("1790351215189", INS.oid).cx)),
        "XDSPatientIdDoesNotMatch",
        "the_patient_is_that_of_the_vihf",
        "patientId",
    ),
]


@pytest.mark.parametrize("row", PITFALLS, ids=lambda row: f"{row.number}: {row.sent}")
def test_a_pitfall_is_explained_on_the_wire_and_in_the_journal(
    make_bench: Callable[..., Bench], row: Pitfall
) -> None:
    bench = make_bench(**dict(row.settings))
    answer = row.play(bench)
    wire = told(answer)
    line, explained = bench.line, bench.line.refusals
    if not row.code:
        assert (wire, line.outcome, explained) == ([], "accepted", ())
        assert any(row.lint in note for note in line.facts.get("lint", [""]))
        return
    assert row.code in [code for code, _ in wire]
    assert row.text in " ".join(text for _, text in wire)
    assert row.rule in {item["rule"] for item in explained}
    assert all(item["source"] for item in explained)
    broken = next(item for item in explained if item["rule"] == row.rule)
    assert row.field in broken["field"]
    # what the journal says of it is on the wire too, in words
    spoken = " ".join(text for _, text in wire)
    assert row.rule.replace("_", " ") in spoken
    assert broken["expected"] in spoken
    assert {item["code"] for item in explained} >= {code for code, _ in wire}


def test_every_pitfall_of_the_list_is_there() -> None:
    """5 has a test of its own, below."""
    assert {row.number for row in PITFALLS} == {*range(16)} - {5}


def test_5_an_answer_in_several_parts_is_not_text(bench: Bench) -> None:
    content = a_document().replace(b"UTF-8", b"ISO-8859-1", 1) + b"\n<!-- \xe9 -->"
    bench.feed(content)
    answer = bench.send(
        messages.REPOSITORY,
        messages.write_retrieve([messages.DocumentRequest(f"{ARC}.1")]),
        action=messages.ITI_43,
        vihf=a_card_vihf(bench.pki),
    )
    with pytest.raises(UnicodeDecodeError):
        answer.get_data().decode("utf-8")
    head = f"MIME-Version: 1.0\r\nContent-Type: {answer.content_type}\r\n\r\n".encode()
    parts = list(BytesParser(policy=HTTP).parsebytes(head + answer.get_data()).iter_parts())
    assert parts[1].get_payload(decode=True) == content


def test_a_lost_answer_is_found_by_td3_1b_before_any_retry(bench: Bench) -> None:
    bench.feed()
    _, found = bench.find(get_documents(f"{ARC}.1"), a_hospital_vihf(bench.pki))
    assert len(found.references) == 1
    assert bench.line.transaction == "TD3.1b"
    assert "XDSDuplicateUniqueIdInRegistry" in [code for code, _ in told(bench.feed())]


def test_a_hospital_server_reads_nothing_a_card_does(bench: Bench) -> None:
    bench.feed()
    assert [e.code for e in bench.retrieve(f"{ARC}.1", vihf=a_hospital_vihf(bench.pki)).errors] == [
        "DMPSimForbidden"
    ]
    assert bench.retrieve(f"{ARC}.1", vihf=a_card_vihf(bench.pki)).documents
