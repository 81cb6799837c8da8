"""DMP mock, rules of TD2.1: the lot as a whole, its signature, and what was there before it.

Pure but for the cryptography of the signature, which ``kit.signature`` does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from kit.pki import Trust
from kit.rules import Finding
from kit.signature import check_lot_signature
from kit.xds import vocabulary
from mocks.dmp import errors
from mocks.dmp.messages.assembling import SIGNATURE_CLASS, SIGNATURE_FORMAT
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot
from mocks.dmp.rules.feeding import ITI, Feeding, lot_name, name_of, submission


@submission.rule(errors.AUTHOR_INSTITUTION, source="CI-SIS, partage; DMP errors")
def an_author_institution_is_that_of_the_vihf(
    lot: ProvidedLot, around: Feeding
) -> Iterator[Finding]:
    institutions = [xon for author in lot.submission.lot.authors for xon in author.institutions]
    if around.user.structure not in {xon.id for xon in institutions}:
        seen = ", ".join(xon.write() for xon in institutions)
        yield Finding(lot_name(lot), "authorInstitution", seen, around.user.structure)


@submission.rule(errors.METADATA, source="CI-SIS, Partage de documents de santé: HasMember")
def every_entry_is_a_member_of_the_lot(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    sent = lot.submission
    members = {
        link.target
        for link in sent.of_kind(vocabulary.HAS_MEMBER)
        if link.source == sent.lot.entry_uuid
    }
    for item in lot.everything:
        if item.entry.entry_uuid not in members:
            yield Finding(name_of(item), "Association HasMember", "none", "one from the lot")


@submission.rule(errors.LOT_SIGNATURE, source="DMP examples: signature of the lot")
def the_lot_is_signed(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    if around.signature is not None:
        yield from around.signature
    elif around.policy.lot_signature == "strict":
        yield from signature_findings(lot, around.trust, around.now)


def signature_findings(lot: ProvidedLot, trust: Trust, at: datetime) -> Iterator[Finding]:
    """What the signature of a lot is refused for; costly, so done before the store is held."""
    if lot.signature is None:
        yield Finding(lot_name(lot), "ExtrinsicObject E1762", "none", "the signature of the lot")
        return
    signs = [link.source for link in lot.submission.of_kind(vocabulary.SIGNS)]
    if lot.signature.entry.entry_uuid not in signs:
        yield Finding(name_of(lot.signature), "Association signs", "none", "one to the lot")
    yield from _fixed_codes(lot.signature)
    yield from check_lot_signature(
        lot.signature.content or b"",
        lot.submission.lot.unique_id,
        [(item.entry.unique_id, item.content or b"") for item in lot.documents],
        trust=trust,
        at=at,
        parsed={item.entry.unique_id: item.cda.document for item in lot.documents if item.cda},
    )


@submission.rule(errors.DUPLICATE_UNIQUE_ID, source=ITI)
def a_unique_id_is_used_once(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    sent = lot.submission.lot
    if sent.unique_id and around.known.has_lot(sent.unique_id):
        yield Finding(lot_name(lot), "uniqueId", sent.unique_id, "a lot never sent before")
    for unique_id, count in Counter(item.entry.unique_id for item in lot.everything).items():
        if count > 1:
            yield Finding(unique_id, "uniqueId", f"{count} times in the lot", "once")
    for item, known in _known(lot, around):
        if known == item.hash:
            yield Finding(name_of(item), "uniqueId", item.entry.unique_id, "never used before")


@submission.rule(errors.NON_IDENTICAL_HASH, source=ITI)
def a_document_never_changes(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    for item, known in _known(lot, around):
        if known != item.hash:
            yield Finding(name_of(item), "uniqueId", item.hash, f"hash {known}, or a new uniqueId")


@submission.rule(errors.UNRESOLVED_REFERENCE, source=ITI)
def what_is_replaced_is_known(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    for link in lot.submission.of_kind(vocabulary.RPLC):
        target = around.known.entry(link.target)
        patient = target.patient_id if target else None
        if patient is None or patient.matricule not in around.matricules:
            wanted = "the entryUUID of a document of this patient"
            yield Finding(link.source, "Association RPLC", link.target, wanted)


@submission.rule(errors.DEPRECATED, source=ITI)
def what_is_replaced_is_approved(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    for link in lot.submission.of_kind(vocabulary.RPLC):
        target = around.known.entry(link.target)
        if target is not None and target.availability_status != vocabulary.APPROVED:
            yield Finding(
                link.target, "availabilityStatus", target.availability_status, vocabulary.APPROVED
            )


def _known(lot: ProvidedLot, around: Feeding) -> Iterator[tuple[ProvidedDocument, str]]:
    """The documents whose uniqueId was used before, with the hash it was used for."""
    hashes = around.known.hashes_of([item.entry.unique_id for item in lot.everything])
    for item in lot.everything:
        if item.entry.unique_id in hashes:
            yield item, hashes[item.entry.unique_id]


def _fixed_codes(signature: ProvidedDocument) -> Iterator[Finding]:
    """The codes that the entry of a signature always has."""
    entry = signature.entry
    rows = (
        ("mimeType", entry.mime_type, "text/xml"),
        ("classCode", entry.class_code.code if entry.class_code else "", SIGNATURE_CLASS.code),
        ("formatCode", entry.format_code.code if entry.format_code else "", SIGNATURE_FORMAT.code),
    )
    for field, seen, expected in rows:
        if seen != expected:
            yield Finding(name_of(signature), field, seen, expected)
