"""Rules of TD0.3 to TD1.6: each has a row that refuses, and what is accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.rules import RuleBook
from mocks.dmp import errors
from mocks.dmp.messages import (
    Authorization,
    AuthorizationChange,
    Header,
    ListQuery,
    PatientQuery,
    PatientRecord,
    Record,
    Revision,
)
from mocks.dmp.rules import (
    Administering,
    Standing,
    authorization,
    authorization_of,
    authorized,
    find_patient,
    patient_list,
    revision,
    standing_of,
)
from mocks.dmp.rules.query import an_answer_is_not_too_long
from mocks.dmp.rules.rights import User
from tests.mocks.dmp.builders import ARC, DOCTOR_ID, INS, NOW, STRUCTURE, a_user
from tests.mocks.dmp.test_rules_registry import (
    BLOCKED,
    OPPOSED,
    OTHER_INS,
    SECRETIVE,
    SHARED,
    UNKNOWN,
    found,
)

OPEN, CLOSED = PatientRecord("open"), PatientRecord("closed")
DOCTOR = a_user(User.DOCTOR)
BY_DOCTOR = Administering(DOCTOR, OPEN)
OF_A_MINOR = replace(DOCTOR, standing=Standing(is_minor=True, are_minors_judged=True))
BY_NURSE = replace(BY_DOCTOR, user=a_user(User.PROFESSIONAL))
ADD, REMOVE = AuthorizationChange("AJOUT"), AuthorizationChange("SUPPRESSION")
ATTEND = AuthorizationChange("AJOUT", "MEDECIN_TRAITANT")
STOP = AuthorizationChange("SUPPRESSION", "MEDECIN_TRAITANT")
NO_RECORD = {("the_record_exists", errors.DMP_NOT_FOUND)}
IS_CLOSED = {("the_record_is_not_closed", errors.DMP_CLOSED)}
MAY_NOT_CHANGE = {("the_user_may_change_it", errors.FORBIDDEN)}

TD0_3: list[Any] = [
    (ADD, replace(BY_DOCTOR, user=UNKNOWN), set()),
    (ADD, BY_NURSE, set()),
    (ADD, replace(BY_DOCTOR, user=a_user(User.EMPLOYEE)), set()),
    (ADD, replace(BY_DOCTOR, user=a_user()), MAY_NOT_CHANGE),
    (ADD, replace(BY_DOCTOR, user=a_user(User.DOCTOR, access_mode="centre_15")), MAY_NOT_CHANGE),
    (REMOVE, replace(BY_DOCTOR, user=a_user(User.EMPLOYEE)), MAY_NOT_CHANGE),
    (ATTEND, BY_DOCTOR, set()),
    (ATTEND, BY_NURSE, {("only_a_doctor_attends", errors.FORBIDDEN)}),
    (STOP, replace(BY_DOCTOR, user=a_user(User.ATTENDING)), set()),
    (STOP, BY_DOCTOR, MAY_NOT_CHANGE),
    (
        AuthorizationChange("AJOUT", "CHIRURGIEN"),
        replace(BY_DOCTOR, user=DOCTOR),
        {("the_action_and_the_role_are_known", errors.REQUEST_REFUSED)},
    ),
    (ADD, replace(BY_DOCTOR, record=None), NO_RECORD),
    (ADD, replace(BY_DOCTOR, record=PatientRecord("none")), NO_RECORD),
    (ADD, replace(BY_DOCTOR, record=CLOSED), IS_CLOSED),
    (ADD, replace(BY_DOCTOR, user=BLOCKED), SHARED["blocked"]),
    (ADD, replace(BY_DOCTOR, user=SECRETIVE), SHARED["secret"]),
]
TD1_6: list[Any] = [
    ("TOUTE", BY_DOCTOR, set()),
    (
        "ACTIVE",
        replace(BY_DOCTOR, user=a_user()),
        {("the_user_may_see_who_is_authorised", errors.FORBIDDEN)},
    ),
    ("active", BY_DOCTOR, {("the_mode_is_known", errors.REQUEST_REFUSED)}),
    ("TOUTE", replace(BY_DOCTOR, record=None), NO_RECORD),
    ("TOUTE", replace(BY_DOCTOR, record=CLOSED), IS_CLOSED),
    ("TOUTE", replace(BY_DOCTOR, user=BLOCKED), SHARED["blocked"]),
    ("TOUTE", replace(BY_DOCTOR, user=UNKNOWN), SHARED["unknown"]),
    ("TOUTE", replace(BY_DOCTOR, user=SECRETIVE), SHARED["secret"]),
    (
        "TOUTE",
        replace(BY_DOCTOR, user=OPPOSED),
        SHARED["opposed"] | {("the_user_may_see_who_is_authorised", errors.FORBIDDEN)},
    ),
]
LIST = ListQuery("20260101000000", "LASTAUTORIZATION")
TD0_4: list[Any] = [
    (LIST, DOCTOR, set()),
    (LIST, a_user(), set()),
    (
        LIST,
        a_user(access_mode="centre_15"),
        {("the_user_may_list_records", errors.FORBIDDEN)},
    ),
    (
        replace(LIST, date_type="LASTDOC"),
        a_user(),
        {("a_server_lists_new_authorisations_only", errors.FORBIDDEN)},
    ),
    (
        ListQuery("hier", "LASTAUTHORIZATION"),
        DOCTOR,
        {("the_date_and_its_kind_are_known", errors.REQUEST_REFUSED)},
    ),
]
HEADER = Header("m1", "20260105080000", ARC, "Banc", "MODIF_DATA")
SOMEBODY = PatientQuery(HEADER, "TESTEUR", birth_date="1980-01-01")
REGULATOR = a_user(User.DOCTOR, access_mode="centre_15")
TD0_5: list[Any] = [
    (SOMEBODY, REGULATOR, set()),
    (SOMEBODY, DOCTOR, {("the_user_regulates", errors.FORBIDDEN)}),
    (
        replace(SOMEBODY, birth_date=""),
        REGULATOR,
        {("a_birth_date_is_asked", errors.REQUEST_REFUSED)},
    ),
]
RECORD = Record(INS, True, "X", "", "Y", "F", "1979-03-28", attached_to_mes=False)
CHANGE = Revision(HEADER, RECORD)
CLOSING = Revision(
    replace(HEADER, reason_code="FERM"),
    replace(RECORD, is_open=False, closing_motive="FERMETURE_DEMANDE_PATIENT"),
)
CREATION = Revision(
    replace(HEADER, reason_code="CREA_RD"), replace(RECORD, consents_to_opening=True)
)
OFFERED = Administering(DOCTOR, PatientRecord("none"), offers_obsolete=True)
TD1_3B: list[Any] = [
    (CHANGE, BY_DOCTOR, set()),
    (CLOSING, BY_DOCTOR, set()),
    (CREATION, OFFERED, set()),
    (
        replace(CREATION, header=replace(HEADER, reason_code="REACTIVATION_DMP")),
        replace(OFFERED, record=CLOSED),
        set(),
    ),
    (
        replace(CHANGE, header=replace(HEADER, reason_code="AUTRE")),
        BY_DOCTOR,
        {("the_reason_is_known", errors.REQUEST_REFUSED)},
    ),
    (
        CHANGE,
        replace(BY_DOCTOR, user=a_user(User.STRONG_EMPLOYEE)),
        {("the_user_may_change_the_record", errors.FORBIDDEN)},
    ),
    (
        CREATION,
        replace(OFFERED, offers_obsolete=False),
        {("creation_is_switched_on", errors.OBSOLETE)},
    ),
    (
        CREATION,
        replace(OFFERED, record=OPEN),
        {("a_record_is_created_once", errors.DMP_FOUND)},
    ),
    (
        replace(CHANGE, record=replace(RECORD, patient_id=OTHER_INS)),
        BY_DOCTOR,
        {("the_patient_is_that_of_the_vihf", errors.PATIENT_ID_DOES_NOT_MATCH)},
    ),
    (
        CHANGE,
        replace(BY_DOCTOR, record=None),
        {("the_record_to_change_exists", errors.DMP_NOT_FOUND)},
    ),
    (
        CLOSING,
        replace(BY_DOCTOR, record=CLOSED),
        {("the_record_to_change_is_open", errors.DMP_CLOSED)},
    ),
    (
        CLOSING,
        replace(BY_DOCTOR, record=PatientRecord("open", attached_to_mes=True)),
        {("the_patient_does_not_administer_it", errors.ATTACHED_TO_MES)},
    ),
    (
        replace(CLOSING, record=RECORD),
        BY_DOCTOR,
        {("a_closing_says_why", errors.REQUEST_REFUSED)},
    ),
    (
        replace(CREATION, record=RECORD),
        OFFERED,
        {("a_creation_has_a_consent", errors.REQUEST_REFUSED)},
    ),
    (CHANGE, replace(BY_DOCTOR, user=BLOCKED), SHARED["blocked"]),
    (CHANGE, replace(BY_DOCTOR, user=UNKNOWN), SHARED["unknown"]),
    (CHANGE, replace(BY_DOCTOR, user=SECRETIVE), SHARED["secret"]),
    (
        CHANGE,
        replace(BY_DOCTOR, user=OF_A_MINOR),
        {("a_representative_consents_for_a_minor", errors.MINOR)},
    ),
    (
        CHANGE,
        replace(BY_DOCTOR, user=OPPOSED),
        SHARED["opposed"] | {("the_user_may_change_the_record", errors.FORBIDDEN)},
    ),
]
BOOKS = [
    (authorization, TD0_3),
    (authorized, TD1_6),
    (patient_list, TD0_4),
    (find_patient, TD0_5),
    (revision, TD1_3B),
]
CASES = [(book, *row) for book, rows in BOOKS for row in rows]


@pytest.mark.parametrize(("book", "asked", "around", "expected"), CASES)
def test_administration(book: RuleBook, asked: Any, around: Any, expected: set[Any]) -> None:
    assert found(book, asked, around) == expected


@pytest.mark.parametrize(("book", "rows"), BOOKS)
def test_every_rule_has_a_row_that_refuses(book: RuleBook, rows: list[Any]) -> None:
    assert {row.name for row in book.rows} == {rule for row in rows for rule, _ in row[2]}


def test_an_answer_has_a_bound() -> None:
    assert list(an_answer_is_not_too_long(5, 5)) == []
    assert list(an_answer_is_not_too_long(6, 0)) == []
    (finding,) = an_answer_is_not_too_long(6, 5)
    assert (finding.seen, finding.field) == ("6", "totalResultCount")


# What the patient decided.

GIVEN = Authorization(DOCTOR_ID, started_at=NOW - timedelta(days=10))
SAID = [
    ([], 0, "ABSENTE"),
    ([GIVEN], 0, "VALIDE"),
    ([GIVEN], 11, "VALIDE"),
    ([GIVEN], 10, "EXPIREE"),
    ([replace(GIVEN, mode="INTERDITE")], 0, "INTERDITE"),
    ([replace(GIVEN, holder=STRUCTURE)], 0, "VALIDE"),
    ([replace(GIVEN, holder="899900000001")], 0, "ABSENTE"),
]


@pytest.mark.parametrize(("known", "days", "said"), SAID)
def test_an_authorisation_is_said(known: list[Authorization], days: int, said: str) -> None:
    assert authorization_of(DOCTOR, known, now=NOW, days=days) == said


def test_who_attends_is_in_another_column() -> None:
    known = [replace(GIVEN, role="MEDECIN_TRAITANT")]
    assert standing_of(DOCTOR, OPEN, known, now=NOW).user is User.ATTENDING
    strong = replace(DOCTOR, user=User.STRONG_DOCTOR)
    assert standing_of(strong, OPEN, known, now=NOW).user is User.STRONG_ATTENDING
    assert standing_of(DOCTOR, OPEN, [GIVEN], now=NOW).user is User.DOCTOR


def test_oppositions_are_those_of_the_access_mode() -> None:
    record = replace(OPEN, opposed_to_break_glass=True)
    for mode, opposed in (("normal", False), ("bris_de_glace", True), ("centre_15", False)):
        user = standing_of(replace(DOCTOR, access_mode=mode), record, [], now=NOW)
        assert user.standing.is_mode_opposed is opposed


def test_a_lenient_bench_authorises_but_never_whom_the_patient_blocked() -> None:
    free = standing_of(DOCTOR, OPEN, [], now=NOW, is_lenient=True)
    assert free.standing == Standing("VALIDE")
    blocked = [replace(GIVEN, mode="INTERDITE")]
    held = standing_of(DOCTOR, OPEN, blocked, now=NOW, is_lenient=True)
    assert held.standing.authorization == "INTERDITE"
