"""DMP mock, rules: what a retrieval is refused for, document by document (ITI-43, TD3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kit.rules import Finding, RuleBook
from kit.xds.metadata import DocumentEntry
from mocks.dmp import errors
from mocks.dmp.messages.retrieval import REPOSITORY_UNIQUE_ID, DocumentRequest
from mocks.dmp.rules.access import guard
from mocks.dmp.rules.caller import DmpRecord, DmpUser, forbidden
from mocks.dmp.rules.query import is_masked, may_read_masked
from mocks.dmp.rules.rights import NOTES, Action, note_of

retrieval = RuleBook("TD3.2")


@dataclass(frozen=True, slots=True)
class Retrieving:
    """Around one document asked for: who asks, its entry (None: unknown), whose record it is in.

    matricules: every matricule of the patient the VIHF names, past ones too.
    """

    user: DmpUser
    entry: DocumentEntry | None
    matricules: frozenset[str]
    record: DmpRecord | None = None


@retrieval.rule(errors.FORBIDDEN, source="PDT-INF-526 v1.8, row TD3.2; PDT-INF-606 v1.3")
def the_user_may_read(asked: DocumentRequest, around: Retrieving) -> Iterator[Finding]:
    yield from forbidden(Action.RETRIEVE, around.user, asked.unique_id)


@retrieval.rule(errors.UNKNOWN_REPOSITORY, source="ITI TF-3 4.2.4.1")
def the_repository_is_that_of_the_dmp(asked: DocumentRequest, _: Retrieving) -> Iterator[Finding]:
    if asked.repository_unique_id != REPOSITORY_UNIQUE_ID:
        seen = asked.repository_unique_id
        yield Finding(asked.unique_id, "RepositoryUniqueId", seen, REPOSITORY_UNIQUE_ID)


@retrieval.rule(
    errors.DOCUMENT_UNIQUE_ID, source="ITI TF-3 4.2.4.1; integrators' reports, number 3"
)
def the_document_is_known(asked: DocumentRequest, around: Retrieving) -> Iterator[Finding]:
    if around.entry is None:
        expected = "the uniqueId of a document"
        if asked.unique_id.startswith("urn:uuid:"):
            expected += ", not its entryUUID"
        yield Finding(f"uniqueId={asked.unique_id}", "DocumentUniqueId", asked.unique_id, expected)


@retrieval.rule(errors.PATIENT_ID_DOES_NOT_MATCH, source="DMP errors: patientId of the VIHF")
def the_patient_is_that_of_the_vihf(
    asked: DocumentRequest, around: Retrieving
) -> Iterator[Finding]:
    patient = around.entry.patient_id if around.entry else None
    if patient is not None and patient.matricule not in around.matricules:
        expected = "a document of the patient in resource-id"
        yield Finding(asked.unique_id, "resource-id", around.user.patient_id.cx, expected)


@retrieval.rule(errors.DMP_CLOSED, source="DMP errors")
def the_record_is_open(asked: DocumentRequest, around: Retrieving) -> Iterator[Finding]:
    if around.record is not None and around.record.state == "closed":
        yield Finding(asked.unique_id, "resource-id", around.user.patient_id.cx, "an open DMP")


@retrieval.rule(errors.MASKED, source="PDT-INF-526 v1.8, row TD3.2 masked, notes 6 and 7")
def a_masked_document_is_for_whom_the_matrix_names(
    asked: DocumentRequest, around: Retrieving
) -> Iterator[Finding]:
    if around.entry is None or not is_masked(around.entry):
        return
    user = around.user
    if not may_read_masked(around.entry, user):
        note = note_of(Action.RETRIEVE_MASKED, user.user, user.access_mode)
        seen = f"{user.person_id}, {user.user.value}, mode {user.access_mode}"
        expected = NOTES[note] if note else "its author or the attending doctor"
        yield Finding(asked.unique_id, "confidentialityCode MASQUE_PS", seen, expected)


guard(retrieval)
