"""DMP mock, rules: what a stored query is refused for (ITI-18, TD3.1), and what it may show.

Not here: which entries meet the query (``store``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kit.rules import Finding, RuleBook
from kit.xds import read_ins, vocabulary
from kit.xds.metadata import DocumentEntry
from mocks.dmp import errors
from mocks.dmp.messages.query import (
    ENTRY_UUID,
    FIND_BY_REFERENCE,
    FIND_DOCUMENTS,
    FIND_SUBMISSION_SETS,
    GET_ASSOCIATIONS,
    GET_DOCUMENTS,
    GET_DOCUMENTS_AND_ASSOCIATIONS,
    LEAF_CLASS,
    LOGICAL_ID,
    LOT_AUTHOR,
    LOT_CONTENT_TYPE,
    LOT_FROM,
    LOT_PATIENT_ID,
    LOT_SOURCE,
    LOT_STATUS,
    LOT_TO,
    METADATA_LEVEL,
    OBJECT_REF,
    OBJECTS,
    PATIENT_ID,
    REFERENCES,
    STATUS,
    UNIQUE_ID,
    StoredQuery,
)
from mocks.dmp.rules.access import guard
from mocks.dmp.rules.caller import DmpRecord, DmpUser, forbidden, is_author, same_ins
from mocks.dmp.rules.feeding import is_dtm
from mocks.dmp.rules.rights import Action, Note, allowed, note_of

query = RuleBook("TD3.1")

_ITI = "ITI TF-2 3.18.4.1.2.3.7"
# Parameters each query needs: one of each group.
REQUIRED = {
    FIND_DOCUMENTS: ((PATIENT_ID,), (STATUS,)),
    GET_DOCUMENTS: ((UNIQUE_ID, ENTRY_UUID, LOGICAL_ID),),
    FIND_SUBMISSION_SETS: ((LOT_PATIENT_ID,), (LOT_STATUS,)),
    GET_ASSOCIATIONS: ((OBJECTS,),),
    GET_DOCUMENTS_AND_ASSOCIATIONS: ((UNIQUE_ID, ENTRY_UUID),),
    FIND_BY_REFERENCE: ((PATIENT_ID,), (STATUS,), (REFERENCES,)),
}
_PREFIX = "$XDSDocumentEntry"
_FILTERS = frozenset(
    _PREFIX + name
    for name in (
        "PatientId Status ClassCode TypeCode FormatCode PracticeSettingCode EventCodeList "
        "HealthcareFacilityTypeCode ConfidentialityCode AuthorPerson Type ReferenceIdList "
        "CreationTimeFrom CreationTimeTo ServiceStartTimeFrom ServiceStartTimeTo "
        "ServiceStopTimeFrom ServiceStopTimeTo"
    ).split()
)
# Parameters each query knows; others are ignored and noted in the journal.
KNOWN = {
    FIND_DOCUMENTS: _FILTERS - {REFERENCES} | {METADATA_LEVEL},
    FIND_BY_REFERENCE: _FILTERS,
    GET_DOCUMENTS: frozenset({UNIQUE_ID, ENTRY_UUID, LOGICAL_ID, METADATA_LEVEL}),
    GET_DOCUMENTS_AND_ASSOCIATIONS: frozenset({UNIQUE_ID, ENTRY_UUID, METADATA_LEVEL}),
    GET_ASSOCIATIONS: frozenset({OBJECTS}),
    FIND_SUBMISSION_SETS: frozenset(
        {LOT_PATIENT_ID, LOT_STATUS, LOT_FROM, LOT_TO, LOT_SOURCE, LOT_AUTHOR, LOT_CONTENT_TYPE}
    ),
}
_STATUSES = frozenset(
    {
        vocabulary.APPROVED,
        vocabulary.DEPRECATED,
        vocabulary.ARCHIVED,
        vocabulary.DELETED,
        vocabulary.SUBMITTED,
    }
)
_TIME_SUFFIXES = ("TimeFrom", "TimeTo")


@dataclass(frozen=True, slots=True)
class Asking:
    """Around a query: who asks, and the record of the patient their VIHF names (None: unknown)."""

    user: DmpUser
    record: DmpRecord | None


@query.rule(errors.FORBIDDEN, source="PDT-INF-526 v1.8, rows TD3.1; PDT-INF-606 v1.3")
def the_user_may_search(asked: StoredQuery, around: Asking) -> Iterator[Finding]:
    action = Action.FIND_REFERENCE if asked.is_reference_search else Action.LIST
    yield from forbidden(action, around.user)


@query.rule(errors.UNKNOWN_STORED_QUERY, source=_ITI)
def the_query_is_offered(asked: StoredQuery, _: Asking) -> Iterator[Finding]:
    if asked.query_id not in REQUIRED:
        yield Finding("AdhocQuery", "id", asked.query_id, " or ".join(REQUIRED))


@query.rule(errors.STORED_QUERY_VALUE, source="ITI TF-2 3.18.4.1.2.2: returnType")
def the_return_type_is_known(asked: StoredQuery, _: Asking) -> Iterator[Finding]:
    if asked.return_type not in (LEAF_CLASS, OBJECT_REF):
        expected = f"{LEAF_CLASS} or {OBJECT_REF}"
        yield Finding("ResponseOption", "returnType", asked.return_type, expected)


@query.rule(errors.STORED_QUERY_MISSING_PARAM, source=_ITI)
def required_parameters_are_there(asked: StoredQuery, _: Asking) -> Iterator[Finding]:
    for group in REQUIRED.get(asked.query_id, ()):
        if not any(asked.values(name) for name in group):
            yield Finding("AdhocQuery", " or ".join(group), "", "a value")


@query.rule(errors.STORED_QUERY_PARAM_NUMBER, source=_ITI)
def a_single_value_stands_alone(asked: StoredQuery, _: Asking) -> Iterator[Finding]:
    for parameter in asked.parameters:
        is_single = parameter.name in (PATIENT_ID, LOT_PATIENT_ID) or parameter.name.endswith(
            _TIME_SUFFIXES
        )
        if is_single and (parameter.is_list or len(parameter.values) > 1):
            seen = f"{len(parameter.values)} values, list: {parameter.is_list}"
            yield Finding("AdhocQuery", parameter.name, seen, "one value, no parentheses")


@query.rule(errors.STORED_QUERY_VALUE, source="ITI TF-3 4.2.3.1.7: DTM, UTC")
def times_are_times(asked: StoredQuery, _: Asking) -> Iterator[Finding]:
    for parameter in asked.parameters:
        if parameter.name.endswith(_TIME_SUFFIXES):
            for value in parameter.values:
                if not is_dtm(value):
                    yield Finding("AdhocQuery", parameter.name, value, "YYYYMMDDhhmmss, UTC")


@query.rule(
    errors.PATIENT_ID_DOES_NOT_MATCH, source="DMP errors: patientId is not that of the VIHF"
)
def the_patient_is_that_of_the_vihf(asked: StoredQuery, around: Asking) -> Iterator[Finding]:
    for name in (PATIENT_ID, LOT_PATIENT_ID):
        for value in asked.values(name):
            if not same_ins(read_ins(value), around.user.patient_id):
                yield Finding("AdhocQuery", name, value, around.user.patient_id.cx)


@query.rule(errors.STORED_QUERY_VALUE, source="DMP examples: statuses of the DMP")
def the_statuses_are_known(asked: StoredQuery, _: Asking) -> Iterator[Finding]:
    for name in (STATUS, LOT_STATUS):
        for value in asked.values(name):
            if value not in _STATUSES:
                yield Finding("AdhocQuery", name, value, " or ".join(sorted(_STATUSES)))


@query.rule(errors.UNKNOWN_PATIENT, source="ITI TF-3 4.2.4.1")
def the_patient_has_a_record(_: StoredQuery, around: Asking) -> Iterator[Finding]:
    if around.record is None or around.record.state == "none":
        yield Finding("VIHF", "resource-id", around.user.patient_id.cx, "an INS with a DMP")


@query.rule(errors.DMP_CLOSED, source="DMP errors")
def the_record_is_open(asked: StoredQuery, around: Asking) -> Iterator[Finding]:
    is_closed = around.record is not None and around.record.state == "closed"
    if is_closed and not asked.is_reference_search:
        yield Finding("VIHF", "resource-id", around.user.patient_id.cx, "an open DMP")


guard(query, consults=lambda asked: not asked.is_reference_search)


results = RuleBook("TD3.1, the answer")


@results.rule(errors.TOO_MANY_RESULTS, source="ITI TF-3 4.2.4.1; the bound is the bench's")
def an_answer_is_not_too_long(count: int, most: int) -> Iterator[Finding]:
    if most and count > most:
        yield Finding("AdhocQuery", "totalResultCount", str(count), f"{most} LeafClass at most")


def remarks_on(asked: StoredQuery) -> list[str]:
    """Parameters the query does not have: ignored, as the standard has it, and told."""
    known = KNOWN.get(asked.query_id)
    if known is None:
        return []
    return [
        f"parameter {item.name} is ignored: the query does not have it"
        for item in asked.parameters
        if item.name not in known
    ]


def is_masked(entry: DocumentEntry) -> bool:
    """Whether a document is hidden from professionals (masqué aux PS)."""
    return any(code.code == "MASQUE_PS" for code in entry.confidentiality_codes)


def may_read_masked(entry: DocumentEntry, user: DmpUser) -> bool:
    """Whether the row "masked" of the matrix and its notes let a user see a masked document."""
    if not allowed(Action.RETRIEVE_MASKED, user.user, user.access_mode):
        return False
    note = note_of(Action.RETRIEVE_MASKED, user.user, user.access_mode)
    if note == Note.OWN_MASKED:
        return is_author(entry, user)
    return note != Note.PATIENT_ALLOWED or user.standing.may_read_masked


def may_show(entry: DocumentEntry, user: DmpUser) -> bool:
    """Whether an entry belongs in an answer.

    The signature of a lot never does; a masked document for its author, the attending doctor, a
    structure that looks for a reference, or where the patient allowed it.
    """
    if entry.is_signature:
        return False
    return (
        not is_masked(entry)
        or user.is_server
        or is_author(entry, user)
        or may_read_masked(entry, user)
    )
