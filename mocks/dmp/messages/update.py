"""DMP mock, messages: change of a document's status, ITI-57 (DMP TD3.3c), both ways.

Not here: updates that send the metadata again (TD3.3a, TD3.3b), which the mock does not offer.
Source: ITI TF-2 3.57; CI-SIS, Partage de documents de santé.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kit import xds
from kit.rules import Malformed
from kit.xds import vocabulary
from kit.xds.metadata import Association, Slot, Submission, SubmissionSet
from kit.xml import Element, qname

UPDATE = qname("lcm:SubmitObjectsRequest")
ORIGINAL_STATUS, NEW_STATUS = "OriginalStatus", "NewStatus"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One change asked for: the entryUUID, the status it should have now, the one it shall have."""

    entry_uuid: str
    original: str
    new: str


@dataclass(frozen=True, slots=True)
class Update:
    """A lot of status changes."""

    lot: SubmissionSet
    changes: tuple[StatusChange, ...]
    associations: tuple[Association, ...] = ()


def read_update(body: Element) -> Update:
    """Read the SubmitObjectsRequest of an UpdateDocumentSet.

    Raises Malformed when it changes no status.
    """
    submission = xds.read_submit_objects(body)
    links = tuple(submission.of_kind(vocabulary.UPDATE_AVAILABILITY_STATUS))
    if not links:
        raise Malformed(
            "SubmitObjectsRequest", "no Association of type UpdateAvailabilityStatus is there"
        )
    changes = tuple(
        StatusChange(
            link.target,
            "".join(link.values_of(ORIGINAL_STATUS)),
            "".join(link.values_of(NEW_STATUS)),
        )
        for link in links
    )
    return Update(submission.lot, changes, links)


def write_update(lot: SubmissionSet, changes: Iterable[StatusChange]) -> Element:
    """Write the SubmitObjectsRequest of an UpdateDocumentSet."""
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
