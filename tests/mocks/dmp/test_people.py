"""Whose INS it is: people of the invented country, published identities, strangers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from kit.identity import DEMO_OID, NIA_OID, NIR_OID, TEST_OID, Ins
from kit.world.published import published_identities
from mocks.dmp.routes.people import is_held, stranger
from tests.mocks.dmp.builders import INS, a_document, a_hospital_vihf
from tests.mocks.dmp.conftest import Bench, codes_of, fault_of, registry_response

NOBODY = Ins.of("1750199999123", TEST_OID)
PUBLISHED = next(  # under a real OID, as it is published
    person for person in published_identities() if person.ins.matricule == "277076322082910"
)
HELD = [  # INS, all authorities taken, whether it is the person's
    (PUBLISHED.ins, False, True),
    (replace(PUBLISHED.ins, oid=TEST_OID), False, True),
    (replace(PUBLISHED.ins, oid=NIA_OID), False, False),
    (replace(PUBLISHED.ins, oid=DEMO_OID), True, True),
    (replace(PUBLISHED.ins, oid="1.2.3"), True, False),
    (INS, True, False),
]


@pytest.mark.parametrize(("ins", "takes_all", "held"), HELD)
def test_an_ins_is_held_under_its_authority_or_the_test_one(
    ins: Ins, takes_all: bool, held: bool
) -> None:
    assert is_held(PUBLISHED, ins, takes_all=takes_all) is held


STRANGERS = [  # number, sex, birth date
    ("1750199999123", "M", "1975-01-00"),
    ("2261199999123", "F", "2026-11-00"),
    ("2261299999123", "F", "1926-12-00"),
    ("7803099999123", "M", "1980-00-00"),
]


@pytest.mark.parametrize(("number", "sex", "born"), STRANGERS)
def test_a_stranger_is_what_the_number_says(number: str, sex: str, born: str) -> None:
    found = stranger(Ins.of(number, TEST_OID), date(2026, 11, 21))
    assert found is not None
    assert (found.traits.sex, found.traits.birth_date) == (sex, born)
    assert stranger(Ins(number + "00", TEST_OID), date(2026, 11, 21)) is None


def feed(bench: Bench, ins: Ins) -> list[str]:
    vihf = a_hospital_vihf(bench.pki, patient=ins.cx)
    return codes_of(bench.feed(a_document(ins=ins), vihf=vihf))


def test_nobody_has_a_record_unless_strangers_are_let_in(make_bench: Callable[..., Bench]) -> None:
    assert feed(make_bench(), NOBODY) == ["XDSUnknownPatientId"]
    bench = make_bench(dmp_unknown_ins="open")
    assert feed(bench, NOBODY) == []
    assert bench.client.get(f"/mon-espace-sante/{NOBODY.matricule}").status_code == 200


def test_a_real_number_is_refused_unless_every_authority_is_taken(
    make_bench: Callable[..., Bench],
) -> None:
    ins = PUBLISHED.ins
    assert ins.oid == NIR_OID
    strict, lenient = make_bench(), make_bench(dmp_ins_oids="all")
    vihf = a_hospital_vihf(strict.pki, patient=ins.cx)
    assert fault_of(strict.feed(a_document(ins=ins), vihf=vihf))[0] == "DMPSimVihfPatient"
    assert registry_response(lenient.feed(a_document(ins=ins), vihf=vihf)).accepted
