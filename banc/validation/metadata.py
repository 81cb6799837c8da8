"""Banc, validation, metadata: what is wrong in a lot of documents and the entries that tell them.

The rules are those of the DMP that need no record, no user and no earlier lot; each document
that came along is judged with its entry. Not here: the documents themselves (document), the
archive around them (archive).
Sources: as each rule names; CI-SIS, Partage de documents de santé.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from banc.validation import metadata_places
from banc.validation.report import Found, Problem, french, of_refusals, own, told
from kit import mtom, xds
from kit.cda.document import decode_base64
from kit.rules import Malformed, Row
from kit.settings import Settings
from kit.xds.metadata import DocumentEntry, Submission
from kit.xml import Element, find, find_all
from mocks.dmp import rules
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot, read_document

JudgeDocument = Callable[[ProvidedDocument], Found]
READABLE = "the metadata can be read"
SOURCE = "ITI TF-3 4.2"
_OWN_MODULES = ("mocks.dmp.rules.metadata", "mocks.dmp.rules.codes")
_WITHOUT_HISTORY = ("every_entry_is_a_member_of_the_lot", "one_lot_is_about_one_patient")
NEEDS_DOCUMENTS = ("an_entry_has_its_document", "a_document_has_its_entry")
# Told of the document itself, with its line.
OF_THE_DOCUMENT = ("a_document_is_a_readable_cda", "a_cda_id_has_no_extension")


@dataclass(frozen=True, slots=True)
class _Around:
    """What these rules ask of what stands around a lot: the policy of the bench only."""

    policy: rules.Policy


def rows(without: Collection[str] = ()) -> tuple[Row, ...]:
    """The rules of the DMP that look at the lot alone."""
    return tuple(
        row
        for row in rules.submission.rows
        if (row.check.__module__ in _OWN_MODULES or row.name in _WITHOUT_HISTORY)
        and row.name not in (*OF_THE_DOCUMENT, *without)
    )


def judge_message(
    lot: Element,
    attachments: Mapping[str, bytes],
    settings: Settings,
    judge_document: JudgeDocument,
) -> Found:
    """A lot with the documents that came in its message; without any, the metadata alone."""
    carried = find_all(lot, "xds:Document")
    try:
        submission = read_lot(lot)
        contents = dict(_contents(carried, attachments))
    except Malformed as error:
        return own([unreadable(error, lot)])
    return judge_lot(
        lot, provided(submission, contents), settings, judge_document,
        without=() if contents else NEEDS_DOCUMENTS,
    )  # fmt: skip


def read_lot(element: Element) -> Submission:
    """The lot of a SubmitObjectsRequest of ebRIM 3.0 or 2.1, or of the message around it.

    Raises Malformed.
    """
    inner = find(element, "lcm:SubmitObjectsRequest")
    return xds.read_submit_objects(xds.upgrade_ebrim2(element if inner is None else inner))


def judge_lot(
    root: Element,
    lot: ProvidedLot,
    settings: Settings,
    judge_document: JudgeDocument,
    *,
    without: Collection[str] = (),
) -> Found:
    """A lot that was read. root: where its elements are found again. without: rules left out."""
    policy = rules.Policy(
        datetime.min.replace(tzinfo=UTC), visibility_cumul=settings.dmp_visibility_cumul,
        types=settings.dmp_types,
    )  # fmt: skip
    around = _Around(policy)
    refusals = (row.refusal(found) for row in rows(without) for found in row.check(lot, around))
    found = of_refusals(
        refusals, lambda item: metadata_places.place(root, item.subject, item.field)
    )
    for item in lot.documents:
        if item.content is not None:
            found += judge_document(item)
    return found


def provided(submission: Submission, contents: Mapping[str, bytes]) -> ProvidedLot:
    """A lot as the rules want it. contents: id of the entry in the lot -> bytes."""

    def read(entry: DocumentEntry) -> ProvidedDocument:
        return read_document(entry, contents.get(entry.entry_uuid))

    signature = submission.signature
    known = {entry.entry_uuid for entry in submission.documents}
    return ProvidedLot(
        submission,
        tuple(map(read, submission.health_documents)),
        ProvidedDocument(signature, contents.get(signature.entry_uuid)) if signature else None,
        tuple(name for name in contents if name not in known),
    )


def unreadable(error: Malformed, root: Element | None = None) -> Problem:
    """The finding for metadata that cannot be built."""
    line = 0 if root is None else metadata_places.line_of_id(root, error.where)
    return Problem("banc", READABLE, SOURCE, told(error.why), line=line, path=told(error.where),
                   rule_fr=french(READABLE))  # fmt: skip


def _contents(
    carried: list[Element], attachments: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    for document in carried:
        included = mtom.included(document, attachments)
        if included is None and find(document, "xop:Include") is None:
            included = decode_base64(document)
        if included is not None:
            yield document.get("id", ""), included
