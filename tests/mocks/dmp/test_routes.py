"""The DMP on the wire: each transaction, its refusals, and its line in the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.clock import FixedClock
from kit.faults import Fault
from kit.identity import Ins
from kit.pki import CertificateKind, Person
from kit.service import service_of
from kit.vihf import Authentication, write_vihf
from kit.world import DmpRecord
from kit.xds import vocabulary
from kit.xml import Element
from mocks.dmp import messages
from mocks.dmp.messages import ExistenceQuery, find_documents, get_documents
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    OTHER_HOSPITAL,
    WORLD,
    a_card_vihf,
    a_document,
    a_hospital,
    a_hospital_vihf,
    a_lot,
    a_patient,
    a_vihf,
    an_author,
    an_entry,
    an_identity,
)
from tests.mocks.dmp.conftest import (
    Bench,
    codes_of,
    envelope_of,
    registry_response,
)


def entry_uuid_of(bench: Bench, unique_id: str, **vihf: Any) -> str:
    """TD3.1b, as a hospital server does it."""
    _, found = bench.find(get_documents(unique_id), a_hospital_vihf(bench.pki, **vihf))
    (reference,) = found.references
    return reference


def delete(bench: Bench, entry_uuid: str, *, vihf: Element | None = None, number: int = 5) -> Any:
    lot = messages.lot_of_update(an_identity(number), INS)
    return bench.send(
        messages.REGISTRY,
        messages.write_update(lot, [messages.deletion(entry_uuid)]),
        action=messages.ITI_57,
        vihf=a_hospital_vihf(bench.pki) if vihf is None else vihf,
    )


def existence_of(bench: Bench, ins: Ins, vihf: Element | None = None) -> messages.Existence:
    query = ExistenceQuery(ins, "5f0c5d0e", "20260105080000", ARC, "Banc")
    answer = bench.send(
        messages.PATIENTS,
        messages.write_existence(query),
        action=messages.TD0_2,
        vihf=a_hospital_vihf(bench.pki, patient=ins.cx) if vihf is None else vihf,
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return messages.read_existence_response(envelope_of(answer).body)


# Journey 1: feed, find, read back.


def test_a_document_is_fed_found_and_read_back_byte_for_byte(bench: Bench) -> None:
    content = a_document().replace(b"\n", b"\r\n") + b"\n<!-- end -->\r\n"
    assert registry_response(bench.feed(content)).accepted
    _, found = bench.find(find_documents(INS.cx))
    (entry,) = found.entries
    assert (entry.unique_id, entry.size_bytes) == (f"{ARC}.1", len(content))
    (document,) = bench.retrieve(entry.unique_id).documents
    assert document.content == content
    assert (document.mime_type, document.repository_unique_id) == (
        "text/xml",
        "1.2.250.1.213.4.1.1.1.2",
    )
    assert [(line.transaction, line.outcome) for line in bench.lines()] == [
        ("TD2.1", "accepted"),
        ("TD3.1", "accepted"),
        ("TD3.2", "accepted"),
    ]


def test_the_line_of_a_lot_says_what_indicators_count(bench: Bench) -> None:
    bench.feed(a_document(1), a_document(2), submitted_at=FixedClock().now() - timedelta(hours=3))
    line = bench.line
    assert (line.finess, line.software, line.subject, line.type_code) == (
        "0B9001005",
        "Banc 0.1",
        INS.matricule,
        "11490-0",
    )
    assert line.stated_at.hour == 5
    assert line.facts["lot"] == f"{ARC}.9.1"
    first, second = line.facts["documents"]
    assert len(first.pop("hash")) == 40
    assert first == {
        "unique_id": f"{ARC}.1",
        "type_code": "11490-0",
        "class_code": "10",
        "patient_id": INS.matricule,
        "ins_oid": INS.oid,
        "ins_qualified": True,
        "level": "N3",
        "replaces": None,
    }
    assert second["unique_id"] == f"{ARC}.2"


def test_an_answer_is_addressed_to_its_request(bench: Bench) -> None:
    envelope = envelope_of(bench.feed())
    assert envelope.action == "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse"
    assert envelope.relates_to == "urn:uuid:00000000-0000-4000-8000-000000000001"
    answer, _ = bench.find(find_documents(INS.cx))
    assert envelope_of(answer).action == "urn:ihe:iti:2007:RegistryStoredQueryResponse"


def test_a_replacement_deprecates_what_it_replaces(bench: Bench) -> None:
    bench.feed()
    old = entry_uuid_of(bench, f"{ARC}.1")
    again = bench.feed(a_document(2), number=2, replaced={"Document01": old})
    assert registry_response(again).accepted
    assert bench.line.facts["documents"][0]["replaces"] == f"{ARC}.1"
    _, found = bench.find(find_documents(INS.cx))
    assert [entry.unique_id for entry in found.entries] == [f"{ARC}.2"]
    _, deprecated = bench.find(find_documents(INS.cx, statuses=(vocabulary.DEPRECATED,)))
    assert [entry.unique_id for entry in deprecated.entries] == [f"{ARC}.1"]
    late = bench.feed(a_document(3), number=3, replaced={"Document01": old})
    assert codes_of(late) == ["XDSRegistryDeprecatedDocumentError"]


def test_a_server_finds_a_reference_and_deletes(bench: Bench) -> None:
    bench.feed()
    target = entry_uuid_of(bench, f"{ARC}.1")
    assert bench.line.transaction == "TD3.1b"
    assert registry_response(delete(bench, target)).accepted
    assert (bench.line.transaction, bench.line.facts) == ("TD3.3c", {"deleted": [f"{ARC}.1"]})
    _, found = bench.find(find_documents(INS.cx))
    assert found.entries == ()
    _, deleted = bench.find(find_documents(INS.cx, statuses=(vocabulary.DELETED,)))
    assert [entry.unique_id for entry in deleted.entries] == [f"{ARC}.1"]
    assert codes_of(delete(bench, target, number=6)) == ["XDSMetadataUpdateError"]


def test_a_server_neither_lists_nor_reads(bench: Bench) -> None:
    bench.feed()
    server = a_hospital_vihf(bench.pki)
    _, found = bench.find(find_documents(INS.cx), server)
    assert [error.code for error in found.errors] == ["DMPSimForbidden"]
    assert (bench.line.outcome, bench.line.codes) == ("refused", ("DMPSimForbidden",))
    retrieved = bench.retrieve(f"{ARC}.1", vihf=server)
    assert (retrieved.documents, [error.code for error in retrieved.errors]) == (
        (),
        ["DMPSimForbidden"],
    )


def test_another_structure_does_not_delete(bench: Bench) -> None:
    bench.feed()
    target = entry_uuid_of(bench, f"{ARC}.1")
    other = bench.pki.establishment(OTHER_HOSPITAL).sign
    structure = f"1{OTHER_HOSPITAL.finess_eg}"

    vihf = write_vihf(
        a_vihf(other, structure=structure, name_id=f"{structure}/1"),
        other,
    )
    lot = messages.lot_of_update(an_identity(5, author=an_author(structure)), INS)
    answer = bench.send(
        messages.REGISTRY,
        messages.write_update(lot, [messages.deletion(target)]),
        action=messages.ITI_57,
        vihf=vihf,
    )
    assert codes_of(answer) == ["XDSMetadataUpdateError"]
    assert bench.line.refusals[0]["rule"] == "the_document_is_the_users"
    assert bench.line.refusals[0]["rule_fr"] == "Le document est celui de l'utilisateur."


def test_what_is_unknown_comes_with_what_is_known(bench: Bench) -> None:
    bench.feed()
    partly = bench.retrieve(f"{ARC}.1", f"{ARC}.404")
    assert [document.unique_id for document in partly.documents] == [f"{ARC}.1"]
    assert partly.status.endswith("PartialSuccess")
    (error,) = partly.errors
    assert (error.code, error.location) == (
        "XDSDocumentUniqueIdError",
        f"uniqueId={ARC}.404/DocumentUniqueId",
    )
    assert bench.line.outcome == "accepted"
    nothing = bench.retrieve("urn:uuid:1")
    assert nothing.status.endswith("Failure")
    assert bench.line.codes == ("XDSDocumentUniqueIdError",)


def test_a_document_of_another_patient_is_not_given(bench: Bench) -> None:
    bench.feed()
    other = a_card_vihf(bench.pki, patient=a_patient(state="open").ins.cx)
    assert [error.code for error in bench.retrieve(f"{ARC}.1", vihf=other).errors] == [
        "XDSPatientIdDoesNotMatch"
    ]
    _, found = bench.find(get_documents(f"{ARC}.1"), other)
    assert (found.references, found.total) == ((), 0)


def test_a_document_filed_under_a_past_ins_is_still_found(bench: Bench) -> None:
    person = next(
        found
        for found in map(WORLD.patient, range(20000))
        if found.history
        and found.history[0].matricule != found.ins.matricule
        and found.history[0].oid == INS.oid
        and found.record == DmpRecord("open", attached_to_mes=True)
    )
    past = Ins(person.history[0].matricule, person.history[0].oid)
    vihf = a_hospital_vihf(bench.pki, patient=past.cx)
    assert registry_response(bench.feed(a_document(ins=past), vihf=vihf)).accepted
    now = a_card_vihf(bench.pki, patient=person.ins.cx)
    _, found = bench.find(find_documents(person.ins.cx), now)
    assert [entry.unique_id for entry in found.entries] == [f"{ARC}.1"]
    assert bench.retrieve(f"{ARC}.1", vihf=now).documents


# TD0.2

RECORDS = [
    ({"state": "open", "attached_to_mes": True}, "OK", True, True),
    ({"state": "open", "attached_to_mes": False}, "OK", True, False),
    ({"state": "closed"}, "OK", False, False),
]


@pytest.mark.parametrize(("wanted", "code", "is_open", "attached"), RECORDS)
def test_existence_of_a_record(
    bench: Bench, wanted: dict[str, Any], code: str, is_open: bool, attached: bool
) -> None:
    person = a_patient(**wanted)
    found = existence_of(bench, person.ins)
    assert found.query_response == code
    assert found.record is not None
    assert (found.record.is_open, found.record.attached_to_mes) == (is_open, attached)
    assert found.record.birth_name == person.traits.birth_name
    line = bench.line
    assert (line.transaction, line.facts) == ("TD0.2", {"found": True})


def test_no_record_is_not_an_error(bench: Bench) -> None:
    for ins in (a_patient(state="none").ins, Ins.of("1790351215189", INS.oid)):
        found = existence_of(bench, ins)
        assert (found.record, found.query_response) == (None, "NF")
        assert (bench.line.outcome, bench.line.facts) == ("accepted", {"found": False})


def test_a_refused_existence_is_an_application_error(bench: Bench) -> None:
    found = existence_of(
        bench, INS, a_hospital_vihf(bench.pki, patient=a_patient(state="open").ins.cx)
    )
    assert (found.query_response, found.error_code) == ("AE", "XDSPatientIdDoesNotMatch")
    assert bench.line.outcome == "refused"


# Refusals on the wire.

STATES = [
    ({"state": "closed"}, "DMPClosed"),
    ({"state": "none"}, "XDSUnknownPatientId"),
    ({"opposed_to_feeding": True}, "DMPSimFeedingOpposed"),
]


@pytest.mark.parametrize(("record", "code"), STATES)
def test_the_state_of_the_record_decides(bench: Bench, record: dict[str, Any], code: str) -> None:
    ins = a_patient(**record).ins
    answer = bench.feed(a_document(ins=ins), vihf=a_hospital_vihf(bench.pki, patient=ins.cx))
    assert codes_of(answer) == [code]
    assert (bench.line.outcome, bench.line.codes) == ("refused", (code,))
    assert bench.line.refusals[0]["seen"] == ins.cx


def test_a_closed_record_is_told_in_the_words_of_the_service(bench: Bench) -> None:
    ins = a_patient(state="closed").ins
    answer = bench.feed(a_document(ins=ins), vihf=a_hospital_vihf(bench.pki, patient=ins.cx))
    (error,) = registry_response(answer).errors
    assert error.context.startswith("DMP fermé")


def test_all_refusals_come_at_once_and_nothing_is_kept(bench: Bench) -> None:
    spoilt = an_entry(a_document(), title="", hash="00" * 20, class_code=None)
    answer = bench.feed(a_document(), entries=(spoilt,), author=an_author("1990000016"))
    errors = registry_response(answer).errors
    assert [error.location.rpartition("/")[2] for error in errors] == [
        "classCode",
        "title",
        "hash",
        "authorInstitution",
    ]
    assert "Aucun AuthorInstitution ne correspond à l'utilisateur du VIHF" in errors[-1].context
    assert (bench.line.outcome, len(bench.line.refusals)) == ("refused", 4)
    assert registry_response(bench.feed()).accepted


def test_the_same_lot_twice_is_a_duplicate(bench: Bench) -> None:
    bench.feed()
    assert set(codes_of(bench.feed())) == {"XDSDuplicateUniqueIdInRegistry"}
    changed = a_document(effective_time="20260105113000+0100")
    assert "XDSNonIdenticalHash" in codes_of(bench.feed(changed, number=2))


def test_an_unqualified_ins_is_refused_since_the_gate(
    make_bench: Callable[..., Bench], bench: Bench
) -> None:
    local = a_document(given="<given>ALIX</given>")
    assert codes_of(bench.feed(local)) == ["DMPSimInsNotQualified", "DMPSimCda"]
    assert bench.line.facts["documents"][0]["ins_qualified"] is False
    later = make_bench(dmp_ins_gate_on="2030-01-01", dmp_cda_checks="off")
    assert registry_response(later.feed(local)).accepted
    assert later.line.facts["documents"][0]["ins_qualified"] is False


def test_a_lot_is_signed_unless_the_bench_is_lenient(make_bench: Callable[..., Bench]) -> None:
    def feed_unsigned(bench: Bench) -> Any:
        submission, contents = a_lot(a_hospital(bench.pki).sign)
        kept = submission.health_documents
        names = {entry.entry_uuid for entry in kept}
        links = tuple(link for link in submission.associations if link.target in names)
        unsigned = replace(submission, documents=kept, associations=links)
        body, attachments = messages.write_submission(
            unsigned, {name: contents[name] for name in names}
        )
        return bench.send(
            messages.REPOSITORY,
            body,
            action=messages.ITI_41,
            vihf=a_hospital_vihf(bench.pki),
            attachments=attachments,
        )

    assert codes_of(feed_unsigned(make_bench())) == ["DMPSimLotSignature"]
    lenient = make_bench(dmp_lot_signature="lenient")
    assert registry_response(feed_unsigned(lenient)).accepted


def test_a_lot_signed_with_the_tls_key_is_refused(bench: Bench) -> None:
    submission, contents = a_lot(a_hospital(bench.pki).auth)
    body, attachments = messages.write_submission(submission, contents)
    answer = bench.send(
        messages.REPOSITORY,
        body,
        action=messages.ITI_41,
        vihf=a_hospital_vihf(bench.pki),
        attachments=attachments,
    )
    assert codes_of(answer) == ["DMPSimLotSignature"]
    (error,) = registry_response(answer).errors
    assert "a signature certificate" in error.context


def test_a_masked_document_is_for_its_author(bench: Bench) -> None:
    hidden = an_entry(a_document())
    masked = replace(
        hidden,
        confidentiality_codes=(
            *hidden.confidentiality_codes,
            replace(
                hidden.confidentiality_codes[0], code="MASQUE_PS", system="1.2.250.1.213.1.1.4.13"
            ),
        ),
    )
    assert registry_response(bench.feed(a_document(), entries=(masked,))).accepted
    _, found = bench.find(find_documents(INS.cx))
    assert len(found.entries) == 1

    other = bench.pki.issue(
        CertificateKind.PS_SIGN,
        common_name="899900000001",
        person=Person("Médecin", "Sam", "Essai"),
    )
    direct = {"name_id": "899900000001", "authentication": Authentication.DIRECT}
    vihf = write_vihf(a_vihf(other, **direct), other)
    _, unseen = bench.find(find_documents(INS.cx), vihf)
    assert unseen.entries == ()
    assert [error.code for error in bench.retrieve(f"{ARC}.1", vihf=vihf).errors] == [
        "DMPSimMaskedDocument"
    ]


def test_an_unknown_query_is_answered_in_the_form_of_a_query(bench: Bench) -> None:
    query = replace(find_documents(INS.cx), query_id="urn:uuid:0")
    answer, found = bench.find(query)
    assert answer.status_code == 200
    assert [error.code for error in found.errors] == ["XDSUnknownStoredQuery"]


def test_another_action_is_only_a_remark(bench: Bench) -> None:
    body, attachments = messages.write_submission(*a_lot(a_hospital(bench.pki).sign))
    answer = bench.send(
        messages.REPOSITORY,
        body,
        action="urn:ihe:iti:xds-b:2007:ProvideAndRegisterDocumentSet-b",
        vihf=a_hospital_vihf(bench.pki),
        attachments=attachments,
    )
    assert registry_response(answer).accepted
    assert "xds-b:2007" in bench.line.facts["lint"][0]


def test_an_armed_fault_answers_in_the_form_of_the_transaction(bench: Bench) -> None:
    service = service_of(bench.client.application)
    service.faults.arm(_fault("TD2.1", "XDSRepositoryBusy"))
    assert codes_of(bench.feed()) == ["XDSRepositoryBusy"]
    assert (bench.line.outcome, bench.line.codes) == ("injected", ("XDSRepositoryBusy",))
    service.faults.clear()
    assert registry_response(bench.feed()).accepted


def _fault(transaction: str, code: str) -> Fault:
    return Fault(id="f1", service="dmp", transaction=transaction, effect="code", value=code)


# Persistence.


def test_a_restart_loses_nothing(make_bench: Callable[..., Bench]) -> None:
    content = a_document()
    first = make_bench()
    assert registry_response(first.feed(content)).accepted
    service_of(first.client.application).database.close()
    second = make_bench()
    assert second.retrieve(f"{ARC}.1").documents[0].content == content
    assert [line.transaction for line in second.lines()] == ["TD2.1", "TD3.2"]
    assert "XDSDuplicateUniqueIdInRegistry" in codes_of(second.feed(content))


def test_a_reset_empties_everything(bench: Bench) -> None:
    bench.feed()
    assert bench.client.post("/_banc/reset").status_code == 200
    assert bench.lines() == []
    assert registry_response(bench.feed()).accepted
