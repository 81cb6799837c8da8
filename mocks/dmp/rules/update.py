"""DMP mock, rules: what a change of status is refused for (ITI-57, TD3.3c)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kit.rules import Finding, RuleBook
from kit.xds import vocabulary
from kit.xds.metadata import DocumentEntry
from mocks.dmp import errors
from mocks.dmp.messages.update import StatusChange, Update
from mocks.dmp.rules.caller import DmpUser, forbidden, owns, same_ins
from mocks.dmp.rules.feeding import is_oid
from mocks.dmp.rules.rights import Action

update = RuleBook("TD3.3c")

_SOURCE = "ITI TF-3 4.2.4.1; dmp.md 7.6"


class KnownEntries(Protocol):
    """What a rule may ask the store."""

    def has_lot(self, unique_id: str) -> bool: ...
    def entry(self, entry_uuid: str) -> DocumentEntry | None: ...
    def imputed_to(self, entry_uuid: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Updating:
    """Around an update: who asks, what is known, every matricule of the patient."""

    user: DmpUser
    known: KnownEntries
    matricules: frozenset[str]


@update.rule(errors.FORBIDDEN, source="PDT-INF-526 v1.8, row TD3.3c; PDT-INF-606 v1.3")
def the_user_may_delete(_: Update, around: Updating) -> Iterator[Finding]:
    yield from forbidden(Action.DELETE, around.user)


@update.rule(errors.PATIENT_ID_DOES_NOT_MATCH, source=_SOURCE)
def the_patient_is_that_of_the_vihf(changes: Update, around: Updating) -> Iterator[Finding]:
    if not same_ins(changes.lot.patient_id, around.user.patient_id):
        expected = around.user.patient_id.cx
        yield Finding(_lot(changes), "patientId", changes.lot.patient_cx, expected)


@update.rule(errors.AUTHOR_INSTITUTION, source="dmp.md 8.2 and 9")
def an_author_institution_is_that_of_the_vihf(
    changes: Update, around: Updating
) -> Iterator[Finding]:
    institutions = [xon for author in changes.lot.authors for xon in author.institutions]
    if around.user.structure not in {xon.id for xon in institutions}:
        seen = ", ".join(xon.write() for xon in institutions)
        yield Finding(_lot(changes), "authorInstitution", seen, around.user.structure)


@update.rule(errors.METADATA, source=_SOURCE)
def the_lot_has_its_own_unique_id(changes: Update, _: Updating) -> Iterator[Finding]:
    if not is_oid(changes.lot.unique_id):
        yield Finding(_lot(changes), "uniqueId", changes.lot.unique_id, "an OID")


@update.rule(errors.DUPLICATE_UNIQUE_ID, source=_SOURCE)
def a_lot_is_sent_once(changes: Update, around: Updating) -> Iterator[Finding]:
    if around.known.has_lot(changes.lot.unique_id):
        yield Finding(_lot(changes), "uniqueId", changes.lot.unique_id, "a lot never sent before")


@update.rule(errors.UPDATE_REFUSED, source="bench: only TD3.3c is offered")
def the_new_status_is_deleted(changes: Update, _: Updating) -> Iterator[Finding]:
    for change in changes.changes:
        if change.new != vocabulary.DELETED:
            yield Finding(change.entry_uuid, "NewStatus", change.new, vocabulary.DELETED)


@update.rule(errors.UPDATE_REFUSED, source=_SOURCE)
def the_document_is_known(changes: Update, around: Updating) -> Iterator[Finding]:
    for change, entry in _targets(changes, around):
        patient = entry.patient_id if entry else None
        if patient is None or patient.matricule not in around.matricules:
            expected = "the entryUUID of a document of this patient"
            yield Finding(change.entry_uuid, "targetObject", change.entry_uuid, expected)


@update.rule(errors.UPDATE_REFUSED, source="dmp.md 7.6: OriginalStatus must be the current one")
def the_original_status_is_the_current_one(changes: Update, around: Updating) -> Iterator[Finding]:
    for change, entry in _targets(changes, around):
        if entry is not None and change.original != entry.availability_status:
            expected = entry.availability_status
            yield Finding(change.entry_uuid, "OriginalStatus", change.original, expected)


@update.rule(errors.UPDATE_REFUSED, source="PDT-INF-526 v1.8, notes 8 and 9")
def the_document_is_the_users(changes: Update, around: Updating) -> Iterator[Finding]:
    for change, entry in _targets(changes, around):
        if entry is None:
            continue
        imputed = around.known.imputed_to(change.entry_uuid)
        if not owns(entry, imputed, around.user):
            user = around.user
            seen = user.structure if user.is_server else user.person_id
            expected = f"its author, or the structure {imputed}"
            yield Finding(change.entry_uuid, "author", seen, expected)


def _lot(changes: Update) -> str:
    return changes.lot.unique_id or changes.lot.entry_uuid


def _targets(
    changes: Update, around: Updating
) -> Iterator[tuple[StatusChange, DocumentEntry | None]]:
    return ((change, around.known.entry(change.entry_uuid)) for change in changes.changes)
