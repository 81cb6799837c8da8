"""DMP mock, messages: change of a document's status or visibility, ITI-57 (DMP TD3.3), both ways.

A status changes by an association (TD3.3c, TD3.3d); visibility by metadata sent again with other
confidentiality codes (TD3.3a, TD3.3b; third party). Not here: what may change (``rules``).
Source: ITI TF-2 3.57; CI-SIS, Partage de documents de santé.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kit import xds
from kit.rules import Malformed
from kit.xds import vocabulary
from kit.xds.metadata import Association, Coded, DocumentEntry, Slot, Submission, SubmissionSet
from kit.xds.tables import VISIBILITY_SYSTEM
from kit.xml import Element, qname

UPDATE = qname("lcm:SubmitObjectsRequest")
ORIGINAL_STATUS, NEW_STATUS = "OriginalStatus", "NewStatus"
PREVIOUS_VERSION = "PreviousVersion"
MASKED, NOT_PATIENT = "MASQUE_PS", "INVISIBLE_PATIENT"
NOT_REPRESENTATIVES = "INVISIBLE_REPRESENTANTS_LEGAUX"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One change asked for: the entryUUID, the status it should have now, the one it shall have."""

    entry_uuid: str
    original: str
    new: str


@dataclass(frozen=True, slots=True)
class Update:
    """A lot of status changes, or of entries whose visibility changes.

    entries: the metadata sent again; each has the entryUUID of the version it starts from.
    """

    lot: SubmissionSet
    changes: tuple[StatusChange, ...]
    associations: tuple[Association, ...] = ()
    entries: tuple[DocumentEntry, ...] = ()

    def previous_version(self, entry: DocumentEntry) -> str:
        """The PreviousVersion an entry's HasMember tells, "" when it tells none."""
        values = (
            link.values_of(PREVIOUS_VERSION)
            for link in self.associations
            if link.target == entry.entry_uuid
        )
        return next(("".join(found) for found in values if found), "")


def read_update(body: Element) -> Update:
    """Read the SubmitObjectsRequest of an UpdateDocumentSet.

    Raises Malformed when it changes nothing.
    """
    submission = xds.read_submit_objects(body)
    links = tuple(submission.of_kind(vocabulary.UPDATE_AVAILABILITY_STATUS))
    if not links and not submission.documents:
        raise Malformed(
            "SubmitObjectsRequest",
            "neither an Association of type UpdateAvailabilityStatus nor an ExtrinsicObject",
        )
    changes = tuple(
        StatusChange(
            link.target,
            "".join(link.values_of(ORIGINAL_STATUS)),
            "".join(link.values_of(NEW_STATUS)),
        )
        for link in links
    )
    kept = links + tuple(submission.of_kind(vocabulary.HAS_MEMBER))
    return Update(submission.lot, changes, kept, submission.documents)


def write_visibility(lot: SubmissionSet, entries: Iterable[DocumentEntry]) -> Element:
    """Write the SubmitObjectsRequest that sends metadata again with other confidentiality."""
    sent = tuple(entries)
    links = tuple(
        Association(
            kind=vocabulary.HAS_MEMBER,
            source=lot.entry_uuid,
            target=entry.entry_uuid,
            slots=(
                Slot(vocabulary.SUBMISSION_SET_STATUS, (vocabulary.ORIGINAL,)),
                Slot(PREVIOUS_VERSION, (str(entry.version or 1),)),
            ),
        )
        for entry in sent
    )
    return xds.write_submit_objects(Submission(lot, sent, links))


def write_update(lot: SubmissionSet, changes: Iterable[StatusChange]) -> Element:
    """Write the SubmitObjectsRequest of an UpdateDocumentSet that changes statuses."""
    links = tuple(
        Association(
            kind=vocabulary.UPDATE_AVAILABILITY_STATUS,
            source=lot.entry_uuid,
            target=change.entry_uuid,
            slots=(
                Slot(ORIGINAL_STATUS, (change.original,)),
                Slot(NEW_STATUS, (change.new,)),
                Slot(vocabulary.SUBMISSION_SET_STATUS, (vocabulary.ORIGINAL,)),
            ),
        )
        for change in changes
    )
    return xds.write_submit_objects(Submission(lot, (), links))


def deletion(entry_uuid: str, original: str = vocabulary.APPROVED) -> StatusChange:
    """TD3.3c: the logical deletion of a document (suppression)."""
    return StatusChange(entry_uuid, original, vocabulary.DELETED)


def archiving(entry_uuid: str) -> StatusChange:
    """TD3.3d: put a document aside (archivage)."""
    return StatusChange(entry_uuid, vocabulary.APPROVED, vocabulary.ARCHIVED)


def unarchiving(entry_uuid: str) -> StatusChange:
    """TD3.3d: take a document back (désarchivage)."""
    return StatusChange(entry_uuid, vocabulary.ARCHIVED, vocabulary.APPROVED)


def with_visibility(entry: DocumentEntry, code: str, *, hidden: bool) -> DocumentEntry:
    """An entry with one visibility code, or without it."""
    kept = tuple(item for item in entry.confidentiality_codes if item.code != code)
    added = (Coded(code, VISIBILITY_SYSTEM, code),) if hidden else ()
    return replace(entry, confidentiality_codes=kept + added)
