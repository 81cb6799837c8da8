"""The administration of records on the wire: TD0.3 to TD1.6, and what consultation needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kit.identity import Ins
from kit.pki import CertificateKind, Person
from kit.vihf import AccessMode, Authentication, access, profession, write_vihf
from kit.xml import Element, qname
from mocks.dmp import messages
from mocks.dmp.messages import (
    AuthorizationChange,
    ExistenceQuery,
    Header,
    ListQuery,
    PatientQuery,
    Record,
    Revision,
    find_documents,
)
from mocks.dmp.routes import administering
from tests.mocks.dmp.builders import (
    ARC,
    DOCTOR_ID,
    INS,
    STRUCTURE,
    WORLD,
    a_card_vihf,
    a_hospital_vihf,
    a_patient,
    a_vihf,
)
from tests.mocks.dmp.conftest import Bench, envelope_of

ADD = AuthorizationChange("AJOUT")
REMOVE = AuthorizationChange("SUPPRESSION")
ATTEND = AuthorizationChange("AJOUT", "MEDECIN_TRAITANT")


@pytest.fixture
def strict(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench(dmp_authorization="strict")


def an_employee_vihf(bench: Bench, **changes: Any) -> Element:
    """A secretary with an employee card (CPE)."""
    name = f"{STRUCTURE}/77"
    card = bench.pki.issue(
        CertificateKind.PS_SIGN, common_name=name, person=Person("", "Lou", "Exemple")
    )
    known = {
        "name_id": name,
        "authentication": Authentication.DIRECT,
        "roles": (profession("SECRETARIAT_MEDICAL"),),
    }
    return write_vihf(a_vihf(card, **known | changes), card)


def authorise(bench: Bench, change: AuthorizationChange = ADD, vihf: Any = None) -> messages.Status:
    answer = bench.send(
        messages.HABILITATIONS,
        messages.write_set_authorization(change),
        action=messages.TD0_3,
        vihf=a_card_vihf(bench.pki) if vihf is None else vihf,
    )
    return messages.read_status(envelope_of(answer).body)


def listed(bench: Bench, mode: str = "TOUTE") -> messages.Status:
    answer = bench.send(
        messages.HABILITATIONS,
        messages.write_list_authorizations(mode),
        action=messages.TD1_6,
        vihf=a_card_vihf(bench.pki),
    )
    return messages.read_status(envelope_of(answer).body)


def asked(bench: Bench, reason: str = "TEST_EXST", ins: Ins = INS) -> Record | None:
    query = ExistenceQuery(ins, "m1", "20260105080000", ARC, "Banc", reason)
    answer = bench.send(
        messages.PATIENTS,
        messages.write_existence(query),
        action=messages.TD0_2,
        vihf=a_card_vihf(bench.pki, patient=ins.cx),
    )
    return messages.read_existence_response(envelope_of(answer).body).record


# TD0.3, TD1.6


def test_consultation_needs_an_authorisation_and_feeding_none(strict: Bench) -> None:
    assert b"Success" in strict.feed().get_data()
    _, found = strict.find(find_documents(INS.cx))
    assert [error.code for error in found.errors] == ["DMPSimNoAuthorization"]
    assert strict.line.refusals[0]["seen"] == "ABSENTE"
    first = asked(strict)
    assert first is not None
    assert first.authorization == "ABSENTE"
    assert authorise(strict).status == "DMPOk"
    _, found = strict.find(find_documents(INS.cx))
    assert len(found.entries) == 1
    then = asked(strict)
    assert then is not None
    assert (then.authorization, then.is_attending_doctor) == ("VALIDE", False)


def test_an_authorisation_twice_is_no_error(strict: Bench) -> None:
    assert authorise(strict).context == "Autorisation ajoutée"
    again = authorise(strict)
    assert (again.status, again.context) == (
        "DMPOk",
        "Autorisation déjà présente : rien n'a été fait",
    )
    assert (strict.line.transaction, strict.line.outcome) == ("TD0.3", "accepted")


def test_an_authorisation_is_removed(strict: Bench) -> None:
    authorise(strict)
    assert authorise(strict, REMOVE).context == "Autorisation supprimée"
    _, found = strict.find(find_documents(INS.cx))
    assert [error.code for error in found.errors] == ["DMPSimNoAuthorization"]
    assert "rien" in authorise(strict, REMOVE).context


def test_regulation_needs_no_authorisation(strict: Bench) -> None:
    strict.feed()
    vihf = a_card_vihf(strict.pki, purpose=access(AccessMode.REGULATION))
    _, found = strict.find(find_documents(INS.cx), vihf)
    assert len(found.entries) == 1


def test_a_doctor_attends_and_stops(strict: Bench) -> None:
    authorise(strict, ATTEND)
    found = asked(strict)
    assert found is not None
    assert found.is_attending_doctor
    (item,) = listed(strict).authorizations
    assert (item.holder, item.role, item.mode) == (DOCTOR_ID, "MEDECIN_TRAITANT", "ACTIVE")
    assert item.specialty == "G15_10/SM26"
    authorise(strict, AuthorizationChange("SUPPRESSION", "MEDECIN_TRAITANT"))
    (item,) = listed(strict, "ACTIVE").authorizations
    assert item.role == ""
    assert listed(strict, "INTERDITE").authorizations == ()


def test_an_employee_authorises_the_structure(strict: Bench) -> None:
    assert authorise(strict, vihf=an_employee_vihf(strict)).status == "DMPOk"
    _, found = strict.find(find_documents(INS.cx))
    assert found.errors == ()
    (item,) = listed(strict).authorizations
    assert (item.holder, item.holder_type) == (STRUCTURE, "Struct_IdNat")


def test_an_employee_feeds_by_td2_2(bench: Bench) -> None:
    assert b"Success" in bench.feed(vihf=an_employee_vihf(bench)).get_data()
    assert bench.line.transaction == "TD2.2"


def test_a_server_authorises_nobody(strict: Bench) -> None:
    told = authorise(strict, vihf=a_hospital_vihf(strict.pki))
    assert told.status == "DMPSimForbidden"
    assert "the user may change it" in told.context
    assert strict.line.codes == ("DMPSimForbidden",)


def test_an_authorisation_expires(make_bench: Callable[..., Bench], clock: Any) -> None:
    bench = make_bench(dmp_authorization="strict", dmp_authorization_days=1)
    authorise(bench)
    clock.advance(86400)
    vihf = a_card_vihf(bench.pki, issued_at=clock.now())
    _, found = bench.find(find_documents(INS.cx), vihf)
    assert [error.code for error in found.errors] == ["DMPSimNoAuthorization"]
    assert bench.line.refusals[0]["seen"] == "EXPIREE"
    again = authorise(bench, vihf=a_card_vihf(bench.pki, issued_at=clock.now()))
    assert again.context == "Autorisation ajoutée"


# TD0.4


def records_of(bench: Bench, query: ListQuery, vihf: Element) -> Any:
    answer = bench.send(
        messages.PATIENTS_SPECIFIC,
        messages.write_patient_list(query),
        action=messages.TD0_4,
        vihf=vihf,
    )
    return messages.read_patient_list_response(envelope_of(answer).body)


def test_the_records_i_may_open_are_listed(strict: Bench) -> None:
    query = ListQuery("20250101000000", "LASTAUTORIZATION")
    nobody = a_card_vihf(strict.pki, patient="")
    assert records_of(strict, query, nobody)[1] == ()
    authorise(strict)
    status, (item,) = records_of(strict, query, nobody)
    assert (status.status, item.patient_id, item.attending) == ("DMPOk", INS, False)
    assert records_of(strict, replace(query, start="20990101000000"), nobody)[1] == ()
    by_document = ListQuery("20250101000000", "LASTDOC")
    assert records_of(strict, by_document, nobody)[1] == ()
    strict.feed()
    assert len(records_of(strict, by_document, nobody)[1]) == 1


def test_a_server_lists_new_authorisations_of_its_structure(strict: Bench) -> None:
    authorise(strict)
    server = a_hospital_vihf(strict.pki, patient="")
    query = ListQuery("20250101000000", "LASTAUTORIZATION")
    assert len(records_of(strict, query, server)[1]) == 1
    status, _ = records_of(strict, replace(query, date_type="LASTDOC"), server)
    assert status.status == "DMPSimForbidden"


# TD0.5


def test_regulation_finds_a_patient_without_ins(bench: Bench) -> None:
    person = a_patient(state="open")
    header = Header("m1", "20260105080000", ARC, "Banc", "TEST_EXST")
    traits = person.traits
    query = PatientQuery(
        header, traits.birth_name, traits.first_names[0], traits.birth_date, traits.sex
    )

    def search(**vihf: Any) -> Any:
        answer = bench.send(
            messages.PATIENTS_PDQ,
            messages.write_patient_query(query),
            action=messages.TD0_5,
            vihf=a_card_vihf(bench.pki, patient="", **vihf),
        )
        return messages.read_patients_found(envelope_of(answer).body)

    found = search(purpose=access(AccessMode.REGULATION))
    best = found.matches[0]
    assert (best.record.patient_id, best.percent) == (person.ins, 100)
    assert (bench.line.transaction, bench.line.outcome) == ("TD0.5", "accepted")
    assert search().error_code == "DMPSimForbidden"


@pytest.mark.parametrize("day", ["1955-00-00", "1955-12-31"])
def test_a_lunar_date_is_found_as_told_and_as_completed(day: str) -> None:
    person = next(
        found
        for found in WORLD.find_patients("1955-12-31", "F")
        if found.traits.birth_date == "1955-00-00"
    )
    header = Header("m1", "20260105080000", ARC, "Banc", "TEST_EXST")
    query = PatientQuery(header, person.traits.birth_name, person.traits.first_names[0], day, "F")
    assert person in administering.candidates(WORLD, query)


# TD1.1 to TD1.4


def revise(bench: Bench, reason: str, record: Record) -> messages.Revised:
    header = Header("m1", "20260105080000", ARC, "Banc", reason)
    revision = Revision(header, record, DOCTOR_ID, STRUCTURE)
    answer = bench.send(
        messages.PATIENTS,
        messages.write_revision(revision),
        action=messages.TD1_1 if reason == "CREA_RD" else messages.REVISE,
        vihf=a_card_vihf(bench.pki, patient=record.patient_id.cx),
    )
    body = envelope_of(answer).body
    assert body.tag == qname(f"asipgdp:{revision.message}_Response")
    return messages.read_revised(body)


def shown(bench: Bench, **record: Any) -> Record:
    found = asked(bench, "CNSLT_DATA", a_patient(**record).ins)
    assert found is not None
    return found


def test_administrative_data_are_read_and_changed(bench: Bench) -> None:
    before = shown(bench, state="open", attached_to_mes=False)
    assert bench.line.transaction == "TD1.3a"
    assert (before.opposed_to_break_glass, before.birth_place != "") == (False, True)
    changed = replace(before, opposed_to_break_glass=True, telecoms=("tel:0600000000",))
    after = revise(bench, "MODIF_DATA", changed).record
    assert bench.line.transaction == "TD1.3b"
    assert after is not None
    assert (after.opposed_to_break_glass, after.telecoms) == (True, ("tel:0600000000",))
    assert shown(bench, state="open", attached_to_mes=False).telecoms == ("tel:0600000000",)
    vihf = a_card_vihf(
        bench.pki, patient=before.patient_id.cx, purpose=access(AccessMode.BREAK_GLASS)
    )
    _, found = bench.find(find_documents(before.patient_id.cx), vihf)
    assert [error.code for error in found.errors] == ["DMPSimModeOpposed"]


def test_a_record_is_closed_with_its_motive(bench: Bench) -> None:
    before = shown(bench, state="open", attached_to_mes=False)
    closing = replace(
        before,
        is_open=False,
        closing_motive="FERMETURE_DEMANDE_PATIENT",
        closing_reason="À la demande du patient",
    )
    after = revise(bench, "FERM", closing).record
    assert after is not None
    assert (after.is_open, bench.line.transaction) == (False, "TD1.4")
    told = asked(bench, ins=before.patient_id)
    assert told is not None
    assert (told.is_open, told.closing_motive) == (False, "FERMETURE_DEMANDE_PATIENT")
    assert (told.closed_on, told.closing_reason) == ("20260105080000", "À la demande du patient")
    again = revise(bench, "FERM", closing)
    assert (again.record, again.error_code) == (None, "DMPClosed")


def test_a_record_attached_to_mes_is_the_patients(bench: Bench) -> None:
    record = shown(bench, state="open", attached_to_mes=True)
    told = revise(bench, "MODIF_DATA", record)
    assert (told.error_code, bench.line.codes) == ("DMPSimAttachedToMes", ("DMPSimAttachedToMes",))


def test_creation_is_obsolete_unless_switched_on(make_bench: Callable[..., Bench]) -> None:
    person = a_patient(state="none")
    wanted = Record(
        person.ins, True, person.traits.birth_name, "", "A", "F", "1980-01-01", False,
        consents_to_opening=True,
    )  # fmt: skip
    bench = make_bench()
    assert revise(bench, "CREA_RD", wanted).error_code == "DMPSimObsolete"
    old = make_bench(dmp_obsolete_creation=True)
    created = revise(old, "CREA_RD", wanted).record
    assert created is not None
    assert (created.is_open, old.line.transaction) == (True, "TD1.1")
    assert revise(old, "CREA_RD", wanted).error_code == "DMPFound"
    assert asked(old, ins=person.ins) is not None


def test_a_closed_record_is_reactivated_when_switched_on(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(dmp_obsolete_creation=True)
    closed = shown(bench, state="closed")
    opened = revise(bench, "REACTIVATION_DMP", replace(closed, is_open=True)).record
    assert opened is not None
    assert (opened.is_open, bench.line.transaction) == (True, "TD1.2")
