"""Minors: majority, what representatives see, the secret connection, who is named for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kit.vihf import profession, specialty
from kit.xml import Element
from mocks.dmp import errors, messages
from mocks.dmp.messages import Representative, find_documents, with_visibility
from mocks.dmp.messages.record import MOTHER
from mocks.dmp.rules import Administering, Standing, existence, query, revision, user_of
from mocks.dmp.rules.minors import is_minor
from mocks.dmp.rules.rights import User
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    a_card,
    a_card_vihf,
    a_document,
    a_hospital_vihf,
    a_minor,
    a_user,
    a_vihf,
    an_entry,
)
from tests.mocks.dmp.conftest import Bench, codes_of, envelope_of, registry_response
from tests.mocks.dmp.test_rules_administration import CHANGE, CREATION, HEADER, OPEN

MINOR = a_minor()
SECRET = "INVISIBLE_REPRESENTANTS_LEGAUX"
AGES = [  # birth date, today, under age
    ("2008-01-05", date(2026, 1, 4), True),
    ("2008-01-05", date(2026, 1, 5), False),
    ("2008-02-29", date(2026, 2, 28), True),
    ("2008-02-29", date(2026, 3, 1), False),
    ("2008-01-00", date(2026, 1, 30), True),
    ("2008-00-00", date(2026, 12, 30), True),
    ("2008-00-00", date(2026, 12, 31), False),
    ("1979-03-28", date(2026, 1, 5), False),
    ("", date(2026, 1, 5), False),
]


@pytest.mark.parametrize(("born", "today", "under_age"), AGES)
def test_majority_is_at_eighteen_and_what_is_unknown_is_late(
    born: str, today: date, under_age: bool
) -> None:
    assert is_minor(born, today) is under_age


def vihf(bench: Bench, **changes: Any) -> Element:
    return a_hospital_vihf(bench.pki, **{"patient": MINOR.ins.cx} | changes)


def feed(bench: Bench, *codes: str, number: int = 1, secret: str = "") -> Any:
    cda = a_document(number, ins=MINOR.ins)
    entry = an_entry(cda)
    for code in codes:
        entry = with_visibility(entry, code, hidden=True)
    caller = vihf(bench, confidentiality=secret)
    return bench.feed(cda, entries=(entry,), number=number, vihf=caller)


def page(bench: Bench, query: str = "") -> dict[str, Any]:
    told = bench.client.get(f"/mon-espace-sante/{MINOR.ins.matricule}/api{query}").get_json()
    assert isinstance(told, dict)
    return told


def test_a_secret_access_is_told_to_the_minor_not_to_the_representative(bench: Bench) -> None:
    assert registry_response(feed(bench)).accepted
    for secret in ("", SECRET):
        caller = a_card_vihf(bench.pki, patient=MINOR.ins.cx, confidentiality=secret)
        assert bench.find(find_documents(MINOR.ins.cx), caller)[1].errors == ()
    assert [item["action"] for item in page(bench)["accesses"]] == ["TD3.1", "TD3.1", "TD2.1"]
    told = page(bench, "?vue=representant")["accesses"]
    assert [item["action"] for item in told] == ["TD3.1", "TD2.1"]


def test_a_secret_document_without_its_code_is_noted(bench: Bench) -> None:
    assert registry_response(feed(bench, secret=SECRET)).accepted
    assert bench.line.facts["lint"] == [
        f"{ARC}.1: confidentialityCode, absent; usual: {SECRET}",
    ]
    assert registry_response(feed(bench, SECRET, number=2, secret=SECRET)).accepted
    assert "lint" not in bench.line.facts


def test_the_representative_acts_for_the_minor_but_not_on_what_is_hidden(bench: Bench) -> None:
    feed(bench)
    feed(bench, SECRET, number=2)
    base = f"/mon-espace-sante/{MINOR.ins.matricule}/documents"
    for number, status in ((1, 200), (2, 404)):
        answer = bench.client.post(f"{base}/{ARC}.{number}/masquer?vue=representant", json={})
        assert answer.status_code == status
    assert page(bench)["accesses"][0]["name"] == "un représentant légal"
    assert {item["unique_id"]: item["masked"] for item in page(bench)["documents"]} == {
        f"{ARC}.1": True,
        f"{ARC}.2": False,
    }


def test_somebody_of_age_has_no_representative(bench: Bench) -> None:
    answer = bench.client.get(f"/mon-espace-sante/{INS.matricule}?vue=representant")
    assert answer.status_code == 404
    assert page(bench)["is_minor"] is True
    assert page(bench)["representatives"] == [item.name for item in _represented(bench)]


def _represented(bench: Bench) -> tuple[Representative, ...]:
    """As TD1.3a tells them."""
    query = messages.ExistenceQuery(
        MINOR.ins,
        message_id="m1",
        sent_at="20260105080000",
        sender_oid=ARC,
        sender_name="Banc",
        reason_code=messages.READ_RECORD,
    )
    answer = bench.send(
        messages.PATIENTS,
        messages.write_existence(query),
        action=messages.TD0_2,
        vihf=vihf(bench),
    )
    record = messages.read_existence_response(envelope_of(answer).body).record
    assert record is not None
    assert record.representatives[0].code in ("FTH", "MTH")
    return record.representatives


# What a strict bench refuses, and a lenient one notes.

ADULT = Standing(are_minors_judged=True)
CHILD = Standing(are_minors_judged=True, is_minor=True)
SECRECIES = [  # patient, confidentiality-code of the VIHF, fields refused
    (CHILD, "", []),
    (CHILD, SECRET, []),
    (ADULT, "", []),
    (ADULT, SECRET, ["a patient of age"]),
    (CHILD, "V", ["V"]),
    (replace(ADULT, are_minors_judged=False), "V", []),
]


@pytest.mark.parametrize(("standing", "secret", "seen"), SECRECIES)
def test_a_secret_connection_is_for_a_minor(
    standing: Standing, secret: str, seen: list[str]
) -> None:
    user = a_user(User.DOCTOR, standing=standing, secret=secret)
    asked = messages.ExistenceQuery(INS, "m1", "20260105080000", ARC, "Banc")
    found = [item for item in existence.findings(asked, user) if item.code == errors.MINOR]
    assert [item.seen for item in found] == seen
    assert {item.rule for item in found} <= {"a_secret_connection_is_for_a_minor"}


def test_every_book_on_a_record_has_the_rule_of_the_secret_connection() -> None:
    from mocks.dmp.rules import authorization, authorized, retrieval, submission, update

    for book in (authorization, authorized, existence, query, retrieval, revision, submission,
                 update):  # fmt: skip
        assert "a_secret_connection_is_for_a_minor" in {row.name for row in book.rows}, book.name


NAMED = (Representative("ESSAI ALIX", MOTHER),)
CONSENTS: list[tuple[Any, Standing, tuple[Representative, ...], int]] = [
    (CHANGE, CHILD, (), 1),
    (CHANGE, CHILD, NAMED, 0),
    (CHANGE, CHILD, (Representative("ESSAI ALIX", ""),), 1),
    (CREATION, CHILD, (), 1),
    (CHANGE, ADULT, (), 0),
    (CHANGE, replace(CHILD, are_minors_judged=False), (), 0),
    (replace(CHANGE, header=replace(HEADER, reason_code="FERM")), CHILD, (), 0),
]


@pytest.mark.parametrize(("asked", "standing", "named", "count"), CONSENTS)
def test_a_representative_consents_for_a_minor(
    asked: Any, standing: Standing, named: tuple[Representative, ...], count: int
) -> None:
    around = Administering(a_user(User.DOCTOR, standing=standing), OPEN, offers_obsolete=True)
    sent = replace(asked, record=replace(asked.record, representatives=named))
    found = [item for item in revision.findings(sent, around) if item.code == errors.MINOR]
    assert [item.rule for item in found] == ["a_representative_consents_for_a_minor"] * count


def test_only_a_minor_has_representatives(make_bench: Callable[..., Bench]) -> None:
    cda = a_document()
    hidden = with_visibility(an_entry(cda), SECRET, hidden=True)
    lenient, strict = make_bench(), make_bench(dmp_minors="strict")
    assert registry_response(lenient.feed(cda, entries=(hidden,))).accepted
    assert "a patient of age" in lenient.line.facts["lint"][0]
    # the two benches share a store: another document
    other = a_document(2)
    hidden = with_visibility(an_entry(other), SECRET, hidden=True)
    assert codes_of(strict.feed(other, entries=(hidden,), number=2)) == ["DMPSimMinor"]
    assert strict.line.refusals[0]["rule"] == "only_a_minor_has_representatives"
    assert registry_response(feed(strict, SECRET, number=3)).accepted


# Professions: the column of the matrix that each code of TRE_G15 falls in.

PROFESSIONS = [
    ("10", "SM26", User.DOCTOR),
    ("10", "SM25", User.OCCUPATIONAL),
    ("21", "SP01", User.PROFESSIONAL),
    ("40", "", User.PROFESSIONAL),
    ("50", "", User.PROFESSIONAL),
    ("60", "", User.PROFESSIONAL),
    ("SECRETARIAT_MEDICAL", "", User.EMPLOYEE),
]


@pytest.mark.parametrize(("code", "second", "column"), PROFESSIONS)
def test_a_profession_has_its_column(bench: Bench, code: str, second: str, column: User) -> None:
    roles = (profession(code), *((specialty(second),) if second else ()))
    said = a_vihf(a_card(bench.pki), roles=roles, authentication="DIRECTE")
    assert user_of(said, "1").user is column
