"""DMP mock and the simulator's documents: what we write is accepted, filed and shown as it is."""

from __future__ import annotations

import pytest

from kit.cda import entry_from_cda, read_header, render_html
from kit.world import Patient
from kit.world.patients import OPEN_RECORD
from simulator.documents import KINDS as ALL_KINDS
from simulator.sample import Wish, draw_document
from tests.mocks.dmp.builders import a_hospital_vihf
from tests.mocks.dmp.conftest import Bench, bench, make_bench, pki, registry_response
from tests.simulator.stays import a_document, world

__all__ = ["bench", "make_bench", "pki"]  # fixtures

KINDS = [  # kind, level, format, words that its page shows
    ("CR_BIO", "N3", "urn:ihe:lab:xd-lab:2008", "Valeurs de référence"),
    ("CR_ACP", "N1", "urn:ihe:iti:xds-sd:pdf:2008", "Document PDF"),
]


@pytest.mark.parametrize(("kind", "level", "format_code", "shown"), KINDS)
@pytest.mark.parametrize("seed", [21, 23, 25])  # of people who have a DMP
def test_an_examination_is_accepted_and_filed_as_what_it_is(
    bench: Bench, kind: str, level: str, format_code: str, shown: str, seed: int
) -> None:
    document = a_document(kind, seed)
    ins = read_header(document.cda).patient.ins
    assert ins is not None
    answer = bench.feed(document.cda, vihf=a_hospital_vihf(bench.pki, patient=ins.cx))
    assert registry_response(answer).errors == ()
    (facts,) = bench.line.facts["documents"]
    assert (facts["level"], facts["ins_qualified"]) == (level, True)
    assert facts["type_code"] == document.type_code
    derived = entry_from_cda(document.cda)
    assert derived.format_code is not None
    assert derived.format_code.code == format_code
    assert shown in render_html(document.cda)


LUNAR = [  # birth date of the register, as documents write it
    ("1950-06-00", "19500601"),
    ("1955-00-00", "19551231"),
]


def somebody_born(day: str) -> Patient:
    born = (person for sex in ("F", "M") for person in world().find_patients(day, sex))
    return next(
        person
        for person in born
        if person.traits.birth_date == day and person.record == OPEN_RECORD
    )


@pytest.mark.parametrize(("day", "written"), LUNAR)
def test_every_kind_about_somebody_of_a_lunar_birth_date_is_accepted(
    bench: Bench, day: str, written: str
) -> None:
    person = somebody_born(day)
    vihf = a_hospital_vihf(bench.pki, patient=person.ins.cx)
    for number, kind in enumerate(ALL_KINDS, 1):
        cda = draw_document(Wish(kind, 1, patient=person.ins.matricule), world()).cda
        assert read_header(cda).patient.birth_time == written
        assert f"PID-7|{written}" in entry_from_cda(cda).source_patient_info
        answer = bench.feed(cda, vihf=vihf, number=number)
        assert registry_response(answer).errors == (), kind
        assert "lint" not in bench.line.facts, kind
