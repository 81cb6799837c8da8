"""A medical summary (VSM) fed by the software of a doctor in town, with their card."""

from __future__ import annotations

from kit import xds
from kit.pki import CertificateKind
from kit.pki.people import card
from kit.vihf import Authentication, specialty, write_vihf
from kit.xds.metadata import Author
from mocks.dmp import messages
from simulator.documents import ClinicalDocument, StayFacts
from simulator.documents.practice import Practice
from simulator.sample import Wish, draw_document, draw_stay
from tests.mocks.dmp.builders import WORLD, a_lot, a_vihf
from tests.mocks.dmp.conftest import Bench, registry_response


def a_summary() -> tuple[ClinicalDocument, StayFacts]:
    """The first whose person has an open record."""
    wishes = (Wish("VSM", seed) for seed in range(20))
    wish = next(wish for wish in wishes if draw_stay(wish, WORLD).patient.record.state == "open")
    return draw_document(wish, WORLD), draw_stay(wish, WORLD)


def test_a_summary_of_a_doctor_in_town_is_accepted(bench: Bench) -> None:
    document, facts = a_summary()
    doctor = facts.attending_doctor
    assert doctor
    practice, signer = Practice(doctor), card(bench.pki, doctor, CertificateKind.PS_SIGN)
    author = Author(
        person=xds.national_person("8" + doctor.rpps, doctor.family, doctor.given),
        institutions=(xds.national_structure(practice.number, practice.name),),
    )
    lot, contents = a_lot(signer, document.cda, author=author)
    vihf = a_vihf(
        signer,
        name_id="8" + doctor.rpps,
        authentication=Authentication.DIRECT,
        structure=practice.number,
        sector=f"{practice.sector}^1.2.250.1.71.4.2.4",
        patient=document.patient.ins.cx,
        roles=(a_vihf(signer).roles[0], specialty(doctor.specialty)),
    )
    body, attachments = messages.write_submission(lot, contents)
    answer = bench.send(
        messages.REPOSITORY,
        body,
        action=messages.ITI_41,
        vihf=write_vihf(vihf, signer),
        attachments=attachments,
    )
    assert registry_response(answer).errors == ()
    (told,) = bench.line.facts["documents"]
    assert (told["type_code"], told["class_code"], told["level"]) == ("SYNTH", "11", "N3")
