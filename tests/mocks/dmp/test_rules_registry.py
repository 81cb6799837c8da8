"""Rules of TD0.2, TD3.1, TD3.2 and TD3.3c: each has a row that refuses, and what is accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from kit.identity import Ins
from kit.rules import Code, RuleBook
from kit.world import DmpRecord
from kit.xds import vocabulary
from kit.xds.metadata import Association, Coded, DocumentEntry, Slot
from kit.xds.tables import VISIBILITY_SYSTEM
from mocks.dmp import errors
from mocks.dmp.messages import (
    DocumentRequest,
    ExistenceQuery,
    Parameter,
    StatusChange,
    StoredQuery,
    Update,
    archiving,
    deletion,
    find_documents,
    get_documents,
    lot_of_update,
    with_visibility,
)
from mocks.dmp.rules import (
    Asking,
    Retrieving,
    Standing,
    Updating,
    existence,
    may_show,
    query,
    retrieval,
    update,
)
from mocks.dmp.rules.rights import User
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    STRUCTURE,
    a_document,
    a_user,
    an_author,
    an_entry,
    an_identity,
)

OTHER_INS = Ins.of("1790351215189", INS.oid)
DOCTOR = a_user(User.DOCTOR)
BLOCKED = replace(DOCTOR, standing=Standing("INTERDITE"))
UNKNOWN = replace(DOCTOR, standing=Standing("ABSENTE"))
OPPOSED = replace(
    DOCTOR, access_mode="bris_de_glace", standing=Standing("ABSENTE", is_mode_opposed=True)
)
SECRETIVE = replace(  # a secret connection to the record of somebody of age, on a strict bench
    DOCTOR, secret="INVISIBLE_REPRESENTANTS_LEGAUX", standing=Standing(are_minors_judged=True)
)
IN_EMERGENCY = replace(UNKNOWN, access_mode="centre_15")
ATTENDING = a_user(User.ATTENDING, person_id="899900000001")
SHARED = {  # what each book of consultation refuses whoever asks
    "blocked": {("the_professional_is_not_blocked", errors.BLOCKED)},
    "unknown": {("the_user_is_authorised", errors.NOT_AUTHORISED)},
    "secret": {("a_secret_connection_is_for_a_minor", errors.MINOR)},
    "opposed": {("the_patient_accepts_the_access_mode", errors.MODE_OPPOSED)},
}
ENTRY = an_entry(a_document(), "urn:uuid:1", availability_status=vocabulary.APPROVED)
MASKED = replace(ENTRY, confidentiality_codes=(Coded("MASQUE_PS", VISIBILITY_SYSTEM),))


def found(book: RuleBook, *args: Any) -> set[tuple[str, Code]]:
    return {(item.rule, item.code) for item in book.findings(*args)}


# TD0.2

ASKED = ExistenceQuery(INS, "m1", "20260105080000", ARC, "Banc")
EXISTENCE_ROWS = [
    (
        ASKED,
        a_user(access_mode="bris_de_glace"),
        {("the_user_may_ask", errors.FORBIDDEN)},
    ),
    (
        replace(ASKED, reason_code="FERM"),
        a_user(),
        {("the_reason_is_a_question", errors.REQUEST_REFUSED)},
    ),
    (
        replace(ASKED, patient_id=OTHER_INS),
        a_user(),
        {("the_patient_is_that_of_the_vihf", errors.PATIENT_ID_DOES_NOT_MATCH)},
    ),
    (
        replace(ASKED, reason_code="CNSLT_DATA"),
        BLOCKED,
        {("a_blocked_professional_reads_no_data", errors.BLOCKED)},
    ),
    (ASKED, BLOCKED, set()),
    (ASKED, SECRETIVE, SHARED["secret"]),
    (ASKED, a_user(), set()),
    (ASKED, DOCTOR, set()),
    (replace(ASKED, reason_code="CNSLT_DATA"), DOCTOR, set()),
]


@pytest.mark.parametrize(("asked", "user", "expected"), EXISTENCE_ROWS)
def test_existence(asked: ExistenceQuery, user: Any, expected: set[Any]) -> None:
    assert found(existence, asked, user) == expected


# TD3.1

LIST, REFERENCE = find_documents(INS.cx), get_documents(f"{ARC}.1")
OPEN = Asking(DOCTOR, DmpRecord("open"))
SERVER = replace(OPEN, user=a_user())


def with_parameter(*parameters: Parameter) -> StoredQuery:
    names = {parameter.name for parameter in parameters}
    kept = tuple(item for item in LIST.parameters if item.name not in names)
    return replace(LIST, parameters=kept + parameters)


CX = "$XDSDocumentEntryPatientId"
QUERY_ROWS: list[tuple[StoredQuery, Asking, set[tuple[str, Code]]]] = [
    (LIST, OPEN, set()),
    (REFERENCE, OPEN, set()),
    (REFERENCE, SERVER, set()),
    (REFERENCE, replace(SERVER, record=DmpRecord("closed")), set()),
    (LIST, SERVER, {("the_user_may_search", errors.FORBIDDEN)}),
    (
        replace(REFERENCE, return_type="LeafClass"),
        SERVER,
        {("the_user_may_search", errors.FORBIDDEN)},
    ),
    (
        replace(LIST, query_id="urn:uuid:0"),
        OPEN,
        {("the_query_is_offered", errors.UNKNOWN_STORED_QUERY)},
    ),
    (
        replace(LIST, return_type="Everything"),
        OPEN,
        {("the_return_type_is_known", errors.STORED_QUERY_VALUE)},
    ),
    (
        replace(LIST, parameters=()),
        OPEN,
        {("required_parameters_are_there", errors.STORED_QUERY_MISSING_PARAM)},
    ),
    (
        with_parameter(Parameter(CX, (INS.cx,), is_list=True)),
        OPEN,
        {("a_single_value_stands_alone", errors.STORED_QUERY_PARAM_NUMBER)},
    ),
    (
        with_parameter(Parameter("$XDSDocumentEntryCreationTimeFrom", ("January",))),
        OPEN,
        {("times_are_times", errors.STORED_QUERY_VALUE)},
    ),
    (
        with_parameter(Parameter(CX, (OTHER_INS.cx,))),
        OPEN,
        {("the_patient_is_that_of_the_vihf", errors.PATIENT_ID_DOES_NOT_MATCH)},
    ),
    (
        LIST,
        replace(OPEN, record=None),
        {("the_patient_has_a_record", errors.UNKNOWN_PATIENT)},
    ),
    (
        LIST,
        replace(OPEN, record=DmpRecord("closed")),
        {("the_record_is_open", errors.DMP_CLOSED)},
    ),
    (
        with_parameter(Parameter("$XDSDocumentEntryStatus", ("Approved",), is_list=True)),
        OPEN,
        {("the_statuses_are_known", errors.STORED_QUERY_VALUE)},
    ),
    (LIST, replace(OPEN, user=BLOCKED), SHARED["blocked"]),
    (LIST, replace(OPEN, user=UNKNOWN), SHARED["unknown"]),
    (LIST, replace(OPEN, user=SECRETIVE), SHARED["secret"]),
    (LIST, replace(OPEN, user=OPPOSED), SHARED["opposed"]),
    (LIST, replace(OPEN, user=IN_EMERGENCY), set()),
    (REFERENCE, replace(OPEN, user=UNKNOWN), set()),
    (REFERENCE, replace(OPEN, user=BLOCKED), SHARED["blocked"]),
]


@pytest.mark.parametrize(("asked", "around", "expected"), QUERY_ROWS)
def test_query(asked: StoredQuery, around: Asking, expected: set[Any]) -> None:
    assert found(query, asked, around) == expected


SHOWN = [
    (ENTRY, DOCTOR, True),
    (ENTRY, a_user(User.DOCTOR, person_id="899900000001"), True),
    (MASKED, DOCTOR, True),
    (MASKED, a_user(User.DOCTOR, person_id="899900000001"), False),
    (MASKED, ATTENDING, True),
    (MASKED, replace(IN_EMERGENCY, person_id="899900000001"), False),
    (
        MASKED,
        a_user(
            User.DOCTOR,
            person_id="899900000001",
            access_mode="bris_de_glace",
            standing=Standing(may_read_masked=True),
        ),
        True,
    ),
    (replace(ENTRY, type_code=Coded("E1762", "ASTM")), DOCTOR, False),
]


@pytest.mark.parametrize(("entry", "user", "shown"), SHOWN)
def test_a_masked_document_is_shown_to_its_author_only(
    entry: DocumentEntry, user: Any, shown: bool
) -> None:
    assert may_show(entry, user) is shown


# TD3.2

REQUEST = DocumentRequest(f"{ARC}.1")
READING = Retrieving(DOCTOR, ENTRY, frozenset({INS.matricule}))
RETRIEVAL_ROWS = [
    (REQUEST, READING, set()),
    (REQUEST, replace(READING, entry=MASKED), set()),
    (REQUEST, replace(READING, user=a_user()), {("the_user_may_read", errors.FORBIDDEN)}),
    (
        replace(REQUEST, repository_unique_id="1.2.3"),
        READING,
        {("the_repository_is_that_of_the_dmp", errors.UNKNOWN_REPOSITORY)},
    ),
    (
        REQUEST,
        replace(READING, entry=None),
        {("the_document_is_known", errors.DOCUMENT_UNIQUE_ID)},
    ),
    (
        REQUEST,
        replace(READING, matricules=frozenset({OTHER_INS.matricule})),
        {("the_patient_is_that_of_the_vihf", errors.PATIENT_ID_DOES_NOT_MATCH)},
    ),
    (
        REQUEST,
        replace(READING, entry=MASKED, user=a_user(User.DOCTOR, person_id="899900000001")),
        {("a_masked_document_is_for_whom_the_matrix_names", errors.MASKED)},
    ),
    (
        REQUEST,
        replace(READING, entry=MASKED, user=a_user(User.DOCTOR, access_mode="centre_15")),
        {("a_masked_document_is_for_whom_the_matrix_names", errors.MASKED)},
    ),
    (REQUEST, replace(READING, entry=MASKED, user=ATTENDING), set()),
    (
        REQUEST,
        replace(READING, record=DmpRecord("closed")),
        {("the_record_is_open", errors.DMP_CLOSED)},
    ),
    (REQUEST, replace(READING, user=BLOCKED), SHARED["blocked"]),
    (REQUEST, replace(READING, user=UNKNOWN), SHARED["unknown"]),
    (REQUEST, replace(READING, user=SECRETIVE), SHARED["secret"]),
    (REQUEST, replace(READING, user=OPPOSED), SHARED["opposed"]),
    (REQUEST, replace(READING, user=IN_EMERGENCY), set()),
]


@pytest.mark.parametrize(("asked", "around", "expected"), RETRIEVAL_ROWS)
def test_retrieval(asked: DocumentRequest, around: Retrieving, expected: set[Any]) -> None:
    assert found(retrieval, asked, around) == expected


def test_an_entry_uuid_in_place_of_a_unique_id_is_explained() -> None:
    asked = DocumentRequest("urn:uuid:1")
    (refusal,) = retrieval.findings(asked, replace(READING, entry=None))
    assert "not its entryUUID" in refusal.expected
    assert refusal.subject == "uniqueId=urn:uuid:1"


# TD3.3c


@dataclass(frozen=True)
class Known:
    entries: tuple[DocumentEntry, ...] = (ENTRY,)
    lots: tuple[str, ...] = ()
    sender: str = STRUCTURE

    def has_lot(self, unique_id: str) -> bool:
        return unique_id in self.lots

    def entry(self, entry_uuid: str) -> DocumentEntry | None:
        return next((item for item in self.entries if item.entry_uuid == entry_uuid), None)

    def imputed_to(self, entry_uuid: str) -> str:
        return self.sender if self.entry(entry_uuid) else ""


LOT = lot_of_update(an_identity(), INS)
DELETION = Update(LOT, (deletion("urn:uuid:1"),))
UPDATING = Updating(a_user(), Known(), frozenset({INS.matricule}))
STRANGER = a_user(User.DOCTOR, person_id="899900000001")
BY_DOCTOR = replace(UPDATING, user=DOCTOR)
SYSTEM = VISIBILITY_SYSTEM
MASKING = Update(LOT, (), entries=(with_visibility(ENTRY, "MASQUE_PS", hidden=True),))
UNMASKING = Update(LOT, (), entries=(with_visibility(MASKED, "MASQUE_PS", hidden=False),))
OF_MASKED = replace(BY_DOCTOR, known=Known((MASKED,)))
INVISIBLE = with_visibility(ENTRY, "INVISIBLE_PATIENT", hidden=True)
SHOWING = Update(LOT, (), entries=(with_visibility(INVISIBLE, "INVISIBLE_PATIENT", hidden=False),))
OF_INVISIBLE = replace(BY_DOCTOR, known=Known((INVISIBLE,)))
ARCHIVING = Update(LOT, (archiving("urn:uuid:1"),))
THEIRS = replace(ENTRY, healthcare_facility_type_code=Coded("EXP_PATIENT", "x"))
VISIBILITY_REFUSED = {("the_visibility_changes_as_it_may", errors.UPDATE_REFUSED)}
UPDATE_ROWS = [
    (MASKING, BY_DOCTOR, set()),
    (MASKING, replace(BY_DOCTOR, user=STRANGER), set()),
    (MASKING, UPDATING, {("the_user_may_change_it", errors.FORBIDDEN)}),
    (UNMASKING, OF_MASKED, set()),
    (UNMASKING, replace(OF_MASKED, user=ATTENDING), set()),
    (
        UNMASKING,
        replace(OF_MASKED, user=STRANGER),
        {
            ("the_document_is_the_users", errors.UPDATE_REFUSED),
            ("a_masked_document_is_not_touched", errors.MASKED),
        },
    ),
    (SHOWING, replace(OF_INVISIBLE, user=STRANGER), set()),
    (Update(LOT, (), entries=(INVISIBLE,)), BY_DOCTOR, VISIBILITY_REFUSED),
    (Update(LOT, (), entries=(ENTRY,)), BY_DOCTOR, VISIBILITY_REFUSED),
    (
        Update(LOT, (), entries=(with_visibility(INVISIBLE, "MASQUE_PS", hidden=True),)),
        OF_INVISIBLE,
        VISIBILITY_REFUSED,
    ),
    (
        replace(MASKING, entries=(replace(MASKING.entries[0], title="Autre"),)),
        BY_DOCTOR,
        {("only_the_visibility_changes", errors.UPDATE_REFUSED)},
    ),
    (
        replace(
            MASKING,
            associations=(Association("m", "l", "urn:uuid:1", (Slot("PreviousVersion", ("7",)),)),),
        ),
        BY_DOCTOR,
        {("the_previous_version_is_the_current_one", errors.UPDATE_REFUSED)},
    ),
    (ARCHIVING, BY_DOCTOR, set()),
    (ARCHIVING, UPDATING, {("the_user_may_change_it", errors.FORBIDDEN)}),
    (
        ARCHIVING,
        replace(BY_DOCTOR, user=STRANGER),
        {("the_document_is_the_users", errors.UPDATE_REFUSED)},
    ),
    (ARCHIVING, replace(BY_DOCTOR, user=ATTENDING, known=Known((THEIRS,))), set()),
    (
        ARCHIVING,
        replace(BY_DOCTOR, known=Known((THEIRS,))),
        {("a_document_of_the_patient_is_for_the_attending_doctor", errors.UPDATE_REFUSED)},
    ),
    (ARCHIVING, replace(BY_DOCTOR, user=BLOCKED), SHARED["blocked"]),
    (ARCHIVING, replace(BY_DOCTOR, user=UNKNOWN), SHARED["unknown"]),
    (ARCHIVING, replace(BY_DOCTOR, user=SECRETIVE), SHARED["secret"]),
    (
        ARCHIVING,
        replace(BY_DOCTOR, user=replace(OPPOSED, access_mode="centre_15")),
        SHARED["opposed"],
    ),
    (DELETION, replace(BY_DOCTOR, user=UNKNOWN), set()),
    (DELETION, UPDATING, set()),
    (DELETION, replace(UPDATING, user=DOCTOR), set()),
    (
        DELETION,
        replace(UPDATING, user=a_user(access_mode="bris_de_glace")),
        {("the_user_may_change_it", errors.FORBIDDEN)},
    ),
    (
        replace(DELETION, lot=replace(LOT, patient_id=OTHER_INS)),
        UPDATING,
        {("the_patient_is_that_of_the_vihf", errors.PATIENT_ID_DOES_NOT_MATCH)},
    ),
    (
        replace(DELETION, lot=replace(LOT, authors=(an_author("1990000016"),))),
        UPDATING,
        {("an_author_institution_is_that_of_the_vihf", errors.AUTHOR_INSTITUTION)},
    ),
    (
        replace(DELETION, lot=replace(LOT, unique_id="lot-1")),
        UPDATING,
        {("the_lot_has_its_own_unique_id", errors.METADATA)},
    ),
    (
        DELETION,
        replace(UPDATING, known=Known(lots=(LOT.unique_id,))),
        {("a_lot_is_sent_once", errors.DUPLICATE_UNIQUE_ID)},
    ),
    (
        replace(
            DELETION,
            changes=(StatusChange("urn:uuid:1", vocabulary.APPROVED, vocabulary.DEPRECATED),),
        ),
        UPDATING,
        {("the_change_of_status_is_offered", errors.UPDATE_REFUSED)},
    ),
    (
        replace(DELETION, changes=(deletion("urn:uuid:2"),)),
        UPDATING,
        {("the_document_is_known", errors.UPDATE_REFUSED)},
    ),
    (
        replace(DELETION, changes=(deletion("urn:uuid:1", vocabulary.ARCHIVED),)),
        UPDATING,
        {("the_original_status_is_the_current_one", errors.UPDATE_REFUSED)},
    ),
    (
        DELETION,
        replace(UPDATING, known=Known(sender="1990000099")),
        {("the_document_is_the_users", errors.UPDATE_REFUSED)},
    ),
    (
        DELETION,
        replace(UPDATING, user=STRANGER),
        {("the_document_is_the_users", errors.UPDATE_REFUSED)},
    ),
]


@pytest.mark.parametrize(("changes", "around", "expected"), UPDATE_ROWS)
def test_update(changes: Update, around: Updating, expected: set[Any]) -> None:
    assert found(update, changes, around) == expected


BOOKS = [
    (existence, EXISTENCE_ROWS),
    (query, QUERY_ROWS),
    (retrieval, RETRIEVAL_ROWS),
    (update, UPDATE_ROWS),
]


@pytest.mark.parametrize(("book", "rows"), BOOKS)
def test_every_rule_has_a_row_that_refuses(book: RuleBook, rows: list[Any]) -> None:
    refusing = {rule for row in rows for rule, _ in row[2]}
    assert {row.name for row in book.rows} == refusing
