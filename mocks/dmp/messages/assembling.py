"""DMP mock, messages: a signed lot put together from documents, as a client sends it.

Not here: the metadata of a document (``kit.cda.entry_from_cda``), the wire (``submission``).
Source: DMP examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kit import xds
from kit.identity import Ins
from kit.pki import Credential
from kit.signature import write_lot_signature
from kit.xds.metadata import Author, Coded, DocumentEntry, Submission, SubmissionSet
from kit.xds.tables import CONFIDENTIALITY_SYSTEM, CONTENT_TYPE_SYSTEM, VISIBILITY_SYSTEM

SIGNATURE_NAME = "Signature01"
SIGNATURE_TYPE = Coded("E1762", "ASTM", "Full Document")
SIGNATURE_CLASS = Coded("urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN", "Digital Signature")
SIGNATURE_FORMAT = Coded("http://www.w3.org/2000/09/xmldsig#", "URN", "Default signature style")
SIGNATURE_EVENT = Coded("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12", "Source")
FULL_STAY = Coded("03", CONTENT_TYPE_SYSTEM, "Hospitalisation complète")


@dataclass(frozen=True, slots=True)
class LotIdentity:
    """What names a lot: its OID, that of its signature, that of the sending software, its author.

    submitted_at is also when the lot is signed.
    """

    unique_id: str
    signature_unique_id: str
    source_id: str
    author: Author
    submitted_at: datetime
    content_type_code: Coded = FULL_STAY


def assemble(
    identity: LotIdentity,
    documents: Sequence[tuple[DocumentEntry, bytes]],
    *,
    signer: Credential,
    replaced: Mapping[str, str] | None = None,
) -> tuple[Submission, dict[str, bytes]]:
    """A lot, signed, and its contents by entry id; what ``write_submission`` takes.

    documents: at least one; each entry with its own symbolic id. replaced: symbolic id of a new
    document -> entryUUID of the one it replaces. Same input, same bytes.
    """
    first = documents[0][0]
    lot = _submission_set(identity, first.patient_id)
    signed = write_lot_signature(
        identity.unique_id,
        [(entry.unique_id, content) for entry, content in documents],
        credential=signer,
        signed_at=identity.submitted_at,
        id_base="lot-signature",
    )
    signature = signature_entry(identity, first)
    entries = (*(entry for entry, _ in documents), signature)
    links = [xds.member_of(lot, entry) for entry in entries]
    links.append(xds.signature_of(signature, lot))
    targets = replaced or {}
    links += [
        xds.replacement_of(entry, targets[entry.entry_uuid])
        for entry, _ in documents
        if entry.entry_uuid in targets
    ]
    contents = {entry.entry_uuid: content for entry, content in documents}
    return Submission(lot, entries, tuple(links)), contents | {SIGNATURE_NAME: signed}


def lot_of_update(identity: LotIdentity, patient_id: Ins) -> SubmissionSet:
    """The lot of a change of status: it holds no document and is not signed."""
    return _submission_set(identity, patient_id)


def _submission_set(identity: LotIdentity, patient_id: Ins | None) -> SubmissionSet:
    return SubmissionSet(
        entry_uuid="SubmissionSet01",
        unique_id=identity.unique_id,
        source_id=identity.source_id,
        patient_id=patient_id,
        content_type_code=identity.content_type_code,
        submission_time=xds.write_dtm(identity.submitted_at),
        authors=(identity.author,),
        title="Lot de documents",
    )


def signature_entry(identity: LotIdentity, like: DocumentEntry) -> DocumentEntry:
    """The entry that carries the lot's signature; facility and practice are the documents'."""
    return DocumentEntry(
        entry_uuid=SIGNATURE_NAME,
        unique_id=identity.signature_unique_id,
        patient_id=like.patient_id,
        mime_type="text/xml",
        class_code=SIGNATURE_CLASS,
        type_code=SIGNATURE_TYPE,
        format_code=SIGNATURE_FORMAT,
        event_codes=(SIGNATURE_EVENT,),
        confidentiality_codes=(
            Coded("N", CONFIDENTIALITY_SYSTEM, "Normal"),
            Coded("MASQUE_PS", VISIBILITY_SYSTEM, "Masqué aux professionnels de santé"),
            Coded("INVISIBLE_PATIENT", VISIBILITY_SYSTEM, "Non visible par le patient"),
        ),
        healthcare_facility_type_code=like.healthcare_facility_type_code,
        practice_setting_code=like.practice_setting_code,
        title="Source",
        creation_time=xds.write_dtm(identity.submitted_at),
        language_code="art",
        source_patient_id=like.source_patient_id,
        source_patient_info=like.source_patient_info,
        legal_authenticator=like.legal_authenticator,
        authors=(identity.author,),
    )
