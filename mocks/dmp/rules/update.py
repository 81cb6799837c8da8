"""DMP mock, rules: what a change of status or visibility is refused for (ITI-57, TD3.3).

TD3.3a masks for professionals, TD3.3b shows to the patient and representatives, TD3.3c deletes,
TD3.3d archives. Not here: how a change is asked (``messages.update``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Protocol

from kit.rules import Finding, RuleBook
from kit.xds import vocabulary
from kit.xds.metadata import DocumentEntry
from mocks.dmp import errors
from mocks.dmp.messages.update import (
    MASKED,
    NOT_PATIENT,
    NOT_REPRESENTATIVES,
    StatusChange,
    Update,
)
from mocks.dmp.rules.access import guard
from mocks.dmp.rules.caller import DmpUser, forbidden, is_author, owns, same_ins
from mocks.dmp.rules.feeding import is_oid
from mocks.dmp.rules.query import is_masked, may_read_masked
from mocks.dmp.rules.rights import NOTES, Action, Note, User, note_of

update = RuleBook("TD3.3")

_SOURCE = "ITI TF-3 4.2.4.1; DMP examples"
_VISIBILITY = (MASKED, NOT_PATIENT, NOT_REPRESENTATIVES)
# (status now, status wanted) -> what it is in the rights matrix.
ACTION_OF_STATUSES = {
    (vocabulary.APPROVED, vocabulary.ARCHIVED): Action.ARCHIVE,
    (vocabulary.DEPRECATED, vocabulary.ARCHIVED): Action.ARCHIVE,
    (vocabulary.ARCHIVED, vocabulary.APPROVED): Action.ARCHIVE,
    (vocabulary.APPROVED, vocabulary.DELETED): Action.DELETE,
    (vocabulary.ARCHIVED, vocabulary.DELETED): Action.DELETE,
    (vocabulary.DEPRECATED, vocabulary.DELETED): Action.DELETE,
}
# What the registry adds or the client may spell otherwise: not compared.
_FREE = frozenset(
    "entry_uuid logical_id version is_opaque availability_status confidentiality_codes hash "
    "size_bytes uri repository_unique_id other_slots object_type".split()
)
_ATTENDING = (User.ATTENDING, User.STRONG_ATTENDING)


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
    visibility_cumul: bool = False


def actions_of(changes: Update, known: KnownEntries) -> list[tuple[str, Action]]:
    """(entryUUID, what is asked of it), status changes first; what is not offered is left out."""
    found = []
    for change in changes.changes:
        action = ACTION_OF_STATUSES.get((change.original, change.new))
        if action is not None:
            found.append((change.entry_uuid, action))
    for entry in changes.entries:
        current = known.entry(entry.entry_uuid)
        if current is not None:
            found += [(entry.entry_uuid, action) for action in _visibility_actions(current, entry)]
    return found


def _visibility_actions(current: DocumentEntry, wanted: DocumentEntry) -> Iterator[Action]:
    before, after = _codes(current), _codes(wanted)
    if MASKED in after - before:
        yield Action.MASK
    if MASKED in before - after:
        yield Action.UNMASK
    if (before - after) & {NOT_PATIENT, NOT_REPRESENTATIVES}:
        yield Action.SHOW


def _codes(entry: DocumentEntry) -> set[str]:
    return {code.code for code in entry.confidentiality_codes}


def transaction_of(changes: Update, known: KnownEntries) -> str:
    """TD3.3a, TD3.3b, TD3.3c or TD3.3d: the first thing asked."""
    actions = actions_of(changes, known)
    if actions:
        return actions[0][1].value.partition(" ")[0]
    return "TD3.3a" if changes.entries else "TD3.3c"


def _is_more_than_a_deletion(changes: Update) -> bool:
    return bool(changes.entries) or any(
        change.new != vocabulary.DELETED for change in changes.changes
    )


@update.rule(errors.FORBIDDEN, source="PDT-INF-526 v1.8, rows TD3.3; PDT-INF-606 v1.3")
def the_user_may_change_it(changes: Update, around: Updating) -> Iterator[Finding]:
    for action in dict.fromkeys(action for _, action in actions_of(changes, around.known)):
        yield from forbidden(action, around.user)


@update.rule(errors.PATIENT_ID_DOES_NOT_MATCH, source=_SOURCE)
def the_patient_is_that_of_the_vihf(changes: Update, around: Updating) -> Iterator[Finding]:
    if not same_ins(changes.lot.patient_id, around.user.patient_id):
        expected = around.user.patient_id.cx
        yield Finding(_lot(changes), "patientId", changes.lot.patient_cx, expected)


@update.rule(errors.AUTHOR_INSTITUTION, source="CI-SIS, partage; DMP errors")
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


@update.rule(errors.UPDATE_REFUSED, source="DMP examples: Archived, Approved again, Deleted")
def the_change_of_status_is_offered(changes: Update, _: Updating) -> Iterator[Finding]:
    wanted: dict[str, list[str]] = {original: [] for original, _ in ACTION_OF_STATUSES}
    for original, new in ACTION_OF_STATUSES:
        wanted[original].append(new)
    for change in changes.changes:
        if (change.original, change.new) not in ACTION_OF_STATUSES:
            expected = " or ".join(wanted.get(change.original, [vocabulary.DELETED]))
            yield Finding(change.entry_uuid, "NewStatus", change.new, expected)


@update.rule(errors.UPDATE_REFUSED, source=_SOURCE)
def the_document_is_known(changes: Update, around: Updating) -> Iterator[Finding]:
    named = [change.entry_uuid for change in changes.changes]
    named += [entry.entry_uuid for entry in changes.entries]
    for name in named:
        entry = around.known.entry(name)
        patient = entry.patient_id if entry else None
        if patient is None or patient.matricule not in around.matricules:
            expected = "the entryUUID, in its current version, of a document of this patient"
            yield Finding(name, "targetObject", name, expected)


@update.rule(errors.UPDATE_REFUSED, source="DMP examples: OriginalStatus must be the current one")
def the_original_status_is_the_current_one(changes: Update, around: Updating) -> Iterator[Finding]:
    for change, entry in _targets(changes, around):
        if entry is not None and change.original != entry.availability_status:
            expected = entry.availability_status
            yield Finding(change.entry_uuid, "OriginalStatus", change.original, expected)


@update.rule(errors.UPDATE_REFUSED, source="PDT-INF-526 v1.8, notes 8 and 9")
def the_document_is_the_users(changes: Update, around: Updating) -> Iterator[Finding]:
    user = around.user
    for name, action in actions_of(changes, around.known):
        entry = around.known.entry(name)
        note = note_of(action, user.user, user.access_mode)
        if entry is None or note not in (Note.WRITTEN_BY_THE_USER, Note.WRITTEN_BY_THE_STRUCTURE):
            continue
        if is_the_patients(entry) and user.user in _ATTENDING:
            continue
        imputed = around.known.imputed_to(name)
        if not owns(entry, imputed, user):
            seen = user.structure if user.is_server else user.person_id
            expected = f"{NOTES[note]}: its author, or the structure {imputed}"
            yield Finding(name, "author", seen, expected)


@update.rule(
    errors.UPDATE_REFUSED, source="DMP rights matrix: archive and delete by MT or the patient"
)
def a_document_of_the_patient_is_for_the_attending_doctor(
    changes: Update, around: Updating
) -> Iterator[Finding]:
    for name, action in actions_of(changes, around.known):
        entry = around.known.entry(name)
        is_theirs = entry is not None and is_the_patients(entry)
        is_kept = action in (Action.ARCHIVE, Action.DELETE)
        if is_theirs and is_kept and around.user.user not in _ATTENDING:
            yield Finding(name, "author", around.user.user.value, "the attending doctor")


@update.rule(errors.MASKED, source="PDT-INF-526 v1.8: a masked document is for author and MT")
def a_masked_document_is_not_touched(changes: Update, around: Updating) -> Iterator[Finding]:
    for entry in (around.known.entry(item.entry_uuid) for item in changes.entries):
        if entry is None or not is_masked(entry):
            continue
        if not (is_author(entry, around.user) or may_read_masked(entry, around.user)):
            expected = "its author or the attending doctor"
            yield Finding(entry.entry_uuid, MASKED, around.user.person_id, expected)


@update.rule(errors.UPDATE_REFUSED, source="third party: the full metadata are sent again")
def only_the_visibility_changes(changes: Update, around: Updating) -> Iterator[Finding]:
    for entry in changes.entries:
        current = around.known.entry(entry.entry_uuid)
        for item in fields(DocumentEntry) if current else ():
            seen, expected = getattr(entry, item.name), getattr(current, item.name)
            if item.name not in _FREE and seen != expected:
                yield Finding(entry.entry_uuid, item.name, str(seen)[:200], str(expected)[:200])


@update.rule(errors.UPDATE_REFUSED, source="TD3.3a, TD3.3b: what a professional may change")
def the_visibility_changes_as_it_may(changes: Update, around: Updating) -> Iterator[Finding]:
    for entry in changes.entries:
        current = around.known.entry(entry.entry_uuid)
        if current is None:
            continue
        before, after = _codes(current), _codes(entry)
        if before == after:
            yield Finding(entry.entry_uuid, "confidentialityCode", "unchanged", "a change")
        if hidden := (after - before) & {NOT_PATIENT, NOT_REPRESENTATIVES}:
            seen = f"{', '.join(sorted(hidden))} added"
            yield Finding(entry.entry_uuid, "confidentialityCode", seen, "TD3.3b only shows")
        if foreign := (before ^ after) - set(_VISIBILITY):
            seen = ", ".join(sorted(foreign))
            yield Finding(entry.entry_uuid, "confidentialityCode", seen, " or ".join(_VISIBILITY))
        if after >= {MASKED, NOT_PATIENT} and not around.visibility_cumul:
            seen = f"{MASKED} and {NOT_PATIENT}"
            yield Finding(entry.entry_uuid, "confidentialityCode", seen, "one of the two")


@update.rule(errors.UPDATE_REFUSED, source="ITI Metadata Update: PreviousVersion; unconfirmed")
def the_previous_version_is_the_current_one(changes: Update, around: Updating) -> Iterator[Finding]:
    for entry in changes.entries:
        current, told = around.known.entry(entry.entry_uuid), changes.previous_version(entry)
        if current is not None and told and told != str(current.version or 1):
            yield Finding(entry.entry_uuid, "PreviousVersion", told, str(current.version or 1))


guard(update, consults=_is_more_than_a_deletion)


def is_the_patients(entry: DocumentEntry) -> bool:
    """Whether the patient wrote a document (expression personnelle du patient)."""
    facility = entry.healthcare_facility_type_code
    return facility is not None and facility.code == "EXP_PATIENT"


def _lot(changes: Update) -> str:
    return changes.lot.unique_id or changes.lot.entry_uuid


def _targets(
    changes: Update, around: Updating
) -> Iterator[tuple[StatusChange, DocumentEntry | None]]:
    return ((change, around.known.entry(change.entry_uuid)) for change in changes.changes)
