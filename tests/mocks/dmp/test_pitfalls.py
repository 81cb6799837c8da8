"""What integrators stumble on: what is sent, what comes back, what the journal says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kit.identity import Ins
from kit.vihf import write_vihf
from kit.xds import vocabulary
from mocks.dmp import messages
from mocks.dmp.messages import Parameter, deletion, find_documents, get_documents
from tests.kit.documents import N1_TEMPLATE, a_cda
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    OTHER_HOSPITAL,
    STRUCTURE,
    a_card_vihf,
    a_document,
    a_hospital,
    a_hospital_vihf,
    a_patient,
    a_vihf,
    an_author,
    an_entry,
)
from tests.mocks.dmp.conftest import Bench, codes_of, fault_of, registry_response
from tests.mocks.dmp.test_registry import a_strangers_vihf, change, the_entry

OTHER_STRUCTURE = f"1{OTHER_HOSPITAL.finess_eg}"


def rules_of(bench: Bench) -> set[str]:
    """What the journal line of the last call explains."""
    told = bench.line.refusals
    assert all(item["source"] for item in told)
    return {item["rule"] for item in told}


def test_01_structure_certificate_and_author_institution_have_three_refusals(bench: Bench) -> None:
    foreign = a_hospital_vihf(bench.pki, structure=OTHER_STRUCTURE)
    code, reason = fault_of(bench.feed(vihf=foreign))
    assert code == "DMPSimStructureMismatch"
    assert "Erreur d'authentification de la personne morale" in reason
    assert rules_of(bench) == {"the_structure_is_that_of_the_certificate"}
    assert codes_of(bench.feed(author=an_author(OTHER_STRUCTURE))) == ["XDSRepositoryMetadataError"]
    assert rules_of(bench) == {"an_author_institution_is_that_of_the_vihf"}
    assert (bench.line.refusals[0]["seen"].count(OTHER_STRUCTURE), STRUCTURE) == (
        1,
        bench.line.refusals[0]["expected"],
    )
    tls = bench.pki.establishment(OTHER_HOSPITAL).auth.certificate_der
    answer = _find(bench, listener="mtls", der=tls)
    assert fault_of(answer)[0] == "DMPSimStructureMismatch"
    assert rules_of(bench) == {"the_connection_is_of_the_same_caller"}


def _find(bench: Bench, *, listener: str, der: bytes) -> Any:
    environ: dict[str, Any] = {"banc.listener": listener, "banc.peer_der": der}
    return bench.send(
        messages.REGISTRY,
        messages.write_query(get_documents(f"{ARC}.1")),
        action=messages.ITI_18,
        vihf=a_hospital_vihf(bench.pki),
        **environ,
    )


def test_02_the_authentication_certificate_does_not_sign(bench: Bench) -> None:
    signer = a_hospital(bench.pki).auth
    code, reason = fault_of(bench.feed(vihf=write_vihf(a_vihf(signer), signer)))
    assert code == "DMPInvalidCertificate"
    assert reason.startswith("Le certificat ayant signé le VIHF est invalide")
    assert rules_of(bench) == {"the_signing_certificate_is_a_signature_certificate"}


def test_03_an_entry_uuid_is_no_unique_id(bench: Bench) -> None:
    bench.feed()
    name = the_entry(bench).entry_uuid
    (error,) = bench.retrieve(name).errors
    assert error.code == "XDSDocumentUniqueIdError"
    assert "not its entryUUID" in bench.line.refusals[0]["expected"]


PATIENTS = [
    (Parameter("$XDSDocumentEntryPatientId", (INS.cx,), is_list=True), "XDSStoredQueryParamNumber"),
    (
        Parameter("$XDSDocumentEntryPatientId", (Ins(INS.matricule, "1.2.250.1.213.1.4.8").cx,)),
        "XDSPatientIdDoesNotMatch",
    ),
]


@pytest.mark.parametrize(("patient", "code"), PATIENTS)
def test_04_a_patient_in_parentheses_or_of_another_oid(
    bench: Bench, patient: Parameter, code: str
) -> None:
    query = find_documents(INS.cx)
    _, found = bench.find(replace(query, parameters=(patient, *query.parameters[1:])))
    assert [error.code for error in found.errors] == [code]
    assert bench.line.refusals[0]["field"] == "$XDSDocumentEntryPatientId"


def test_05_an_answer_in_several_parts_is_not_text(bench: Bench) -> None:
    content = a_document() + b"\n<!-- \xc3\xa9\r\n -->"
    bench.feed(content)
    assert bench.retrieve(f"{ARC}.1").documents[0].content == content


def test_06_a_unique_id_twice_and_an_id_with_an_extension(bench: Bench) -> None:
    bench.feed()
    assert set(codes_of(bench.feed(a_document(1), number=2))) == {"XDSDuplicateUniqueIdInRegistry"}
    assert "a_unique_id_is_used_once" in rules_of(bench)
    extended = a_document(unique_id=f'root="{ARC}.7" extension="1"')
    assert "XDSRepositoryMetadataError" in codes_of(bench.feed(extended, number=7))
    assert {"a_unique_id_is_an_oid_without_extension", "a_cda_id_has_no_extension"} <= rules_of(
        bench
    )


def test_07_and_12_an_old_class_is_refused_unless_lenient(
    make_bench: Callable[..., Bench],
) -> None:
    entry = an_entry(a_document())
    assert entry.class_code is not None
    old = replace(entry, class_code=replace(entry.class_code, code="31"))
    bench = make_bench()
    (error,) = registry_response(bench.feed(a_document(), entries=(old,))).errors
    assert error.code == "XDSRepositoryMetadataError"
    assert error.location.endswith("/classCode")
    assert rules_of(bench) == {"the_class_is_that_of_the_type"}
    lenient = make_bench(dmp_types="lenient")
    assert registry_response(lenient.feed(a_document(9), number=9)).accepted
    older = replace(an_entry(a_document(8)), class_code=old.class_code)
    assert registry_response(lenient.feed(a_document(8), entries=(older,), number=8)).accepted
    assert "classCode 31" in lenient.line.facts["lint"][0]


def test_08_local_time_sent_as_utc_is_accepted_and_flagged(bench: Bench) -> None:
    local = an_entry(a_document(), creation_time="20260105103000")
    assert registry_response(bench.feed(a_document(), entries=(local,))).accepted
    assert "creationTime" in bench.line.facts["lint"][0]


STATES = [
    ({"state": "closed"}, "DMPClosed", "the_record_is_open"),
    ({"state": "none"}, "XDSUnknownPatientId", "the_patient_has_a_record"),
    ({"opposed_to_feeding": True}, "DMPSimFeedingOpposed", "the_patient_is_not_opposed"),
]


@pytest.mark.parametrize(("record", "code", "rule"), STATES)
def test_09_the_states_of_a_record(
    bench: Bench, record: dict[str, Any], code: str, rule: str
) -> None:
    ins = a_patient(**record).ins
    answer = bench.feed(a_document(ins=ins), vihf=a_hospital_vihf(bench.pki, patient=ins.cx))
    assert (codes_of(answer), rules_of(bench)) == ([code], {rule})


def test_10_what_was_replaced_meanwhile_is_not_replaced_again(bench: Bench) -> None:
    bench.feed()
    old = the_entry(bench).entry_uuid
    bench.feed(a_document(2), number=2, replaced={"Document01": old})
    late = bench.feed(a_document(3), number=3, replaced={"Document01": old})
    assert codes_of(late) == ["XDSRegistryDeprecatedDocumentError"]
    assert rules_of(bench) == {"what_is_replaced_is_approved"}


def test_11_a_deletion_with_a_wrong_status_or_by_another(bench: Bench) -> None:
    bench.feed()
    name = the_entry(bench).entry_uuid
    assert codes_of(change(bench, deletion(name, vocabulary.ARCHIVED))) == [
        "XDSMetadataUpdateError"
    ]
    assert rules_of(bench) == {"the_original_status_is_the_current_one"}
    assert codes_of(change(bench, deletion(name), vihf=a_strangers_vihf(bench))) == [
        "XDSMetadataUpdateError"
    ]
    assert rules_of(bench) == {"the_document_is_the_users"}


def test_12_named_switches_for_what_examples_and_rules_dispute(
    make_bench: Callable[..., Bench],
) -> None:
    capital = {"mode_attribute": "Authentification_Mode"}
    strict, lenient = make_bench(), make_bench(vihf_accept_capital_mode=True)
    assert fault_of(strict.feed(vihf=a_hospital_vihf(strict.pki, **capital)))[0] == (
        "DMPSimVihfAttribute"
    )
    assert registry_response(
        lenient.feed(a_document(4), number=4, vihf=a_hospital_vihf(lenient.pki, **capital))
    ).accepted
    for version in ("3.0", "4.0"):
        vihf = a_hospital_vihf(strict.pki, vihf_version=version)
        number = int(version[0]) * 10
        assert registry_response(strict.feed(a_document(number), number=number, vihf=vihf)).accepted


def test_13_a_test_set_is_ones_own_and_is_reset(bench: Bench) -> None:
    bench.feed()
    bench.client.post("/mon-espace-sante/" + INS.matricule + "/fermer", json={})
    assert codes_of(bench.feed(a_document(2), number=2)) == ["DMPClosed"]
    assert bench.client.post("/_banc/reset").status_code == 200
    assert registry_response(bench.feed()).accepted


def test_a_lost_answer_is_found_by_td3_1b_before_any_retry(bench: Bench) -> None:
    bench.feed()
    _, found = bench.find(get_documents(f"{ARC}.1"), a_hospital_vihf(bench.pki))
    assert len(found.references) == 1
    assert bench.line.transaction == "TD3.1b"
    assert "XDSDuplicateUniqueIdInRegistry" in codes_of(bench.feed())


def test_a_hospital_server_reads_nothing_a_card_does(bench: Bench) -> None:
    bench.feed()
    assert [e.code for e in bench.retrieve(f"{ARC}.1", vihf=a_hospital_vihf(bench.pki)).errors] == [
        "DMPSimForbidden"
    ]
    assert bench.retrieve(f"{ARC}.1", vihf=a_card_vihf(bench.pki)).documents


BODIES = [("JVBERi0xLjQK", True), ("UEsDBBQAAAAI", False), ("not base64!", False)]


@pytest.mark.parametrize(("body", "accepted"), BODIES)
def test_a_pdf_that_is_none_is_refused(bench: Bench, body: str, accepted: bool) -> None:
    cda = a_cda(
        template=N1_TEMPLATE,
        unique_id=f'root="{ARC}.1"',
        ins=f'<id root="{INS.oid}" extension="{INS.matricule}"/>',
        body=f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{body}</text>'
        "</nonXMLBody>",
    )
    answer = registry_response(bench.feed(cda))
    assert answer.accepted is accepted
    if not accepted:
        assert rules_of(bench) == {"a_body_is_what_it_says"}
        assert bench.line.refusals[0]["field"] == "ClinicalDocument/component/nonXMLBody/text"
