"""DMP mock, messages, PDSm: one document published with its bytes inside (ITI-105), both ways.

The lot is derived from the DocumentReference, as MHD has it; what the simplified profile lets be
absent comes from the CDA, never what is there. Not here: what is refused (``rules``).
Sources: PDSm 3.1.1, flux 9 and 10; IHE MHD 4.2, ITI-105.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace

from kit import xds
from kit.cda import CdaHeader, entry_from_cda
from kit.fhir import Element, Resource
from kit.rules import Malformed
from kit.xds.metadata import Author, Coded, DocumentEntry, Submission, SubmissionSet
from kit.xds.tables import CONTENT_TYPE_SYSTEM
from mocks.dmp.messages.pdsm import datatypes as fhir
from mocks.dmp.messages.pdsm.document_reference import Described, read_document_reference
from mocks.dmp.messages.pdsm.provide import FhirLot, relations, write_provided_document
from mocks.dmp.messages.submission import ProvidedLot, read_document

PROFILE = f"{fhir.PDSM}pdsm-simplified-publish"
DOCUMENT, LOT = "Document01", "SubmissionSet01"
SOURCE_ID = "1.2.250.1.213.4.1.1.1"  # the DMP makes the lot
# Kind of stay in the CDA -> activity of the lot (JDV_J59): full stay, else outpatient.
FULL_STAY = Coded("03", CONTENT_TYPE_SYSTEM, "Hospitalisation complète")
OUTPATIENT = Coded("07", CONTENT_TYPE_SYSTEM, "Activité externe")
# Elements that the simplified profile lets be absent.
DERIVED = (
    "class_code", "format_code", "confidentiality_codes", "healthcare_facility_type_code",
    "practice_setting_code", "event_codes", "service_start_time", "service_stop_time",
    "language_code", "source_patient_id", "source_patient_info", "legal_authenticator",
    "creation_time", "reference_ids",
)  # fmt: skip


def read_simplified(resource: Resource, *, submitted_at: str) -> FhirLot:
    """Read the DocumentReference of ITI-105. Raises Malformed: no bytes, wrong types."""
    root = Element.of(resource)
    if root.text("resourceType") != "DocumentReference":
        raise Malformed("DocumentReference", "the resource is no DocumentReference")
    described = read_document_reference(root, DOCUMENT)
    content = fhir.read_base64(described.data)
    if content is None:
        raise Malformed("DocumentReference.content[0].attachment.data", "not base64")
    item = read_document(described.entry, content if described.data else None)
    entry = _completed(item.entry, item.header) if item.header else item.entry
    lot = _lot(described, entry, item.header, submitted_at)
    links = (xds.member_of(lot, entry), *relations((described,)))
    return FhirLot(
        ProvidedLot(Submission(lot, (entry,), links), (replace(item, entry=entry),)),
        (replace(described, entry=entry),),
        _places(described, lot),
        profiles=root.child("meta").texts("profile"),
    )


def _completed(entry: DocumentEntry, header: CdaHeader) -> DocumentEntry:
    derived = entry_from_cda(header)
    absent = {name: getattr(derived, name) for name in DERIVED if not getattr(entry, name)}
    return replace(entry, **absent)


def _lot(
    described: Described, entry: DocumentEntry, header: CdaHeader | None, submitted_at: str
) -> SubmissionSet:
    """The lot of one document: its author, for the structure that keeps it."""
    stay = header.encounter.code if header and header.encounter else None
    person = next((author.person for author in entry.authors if author.person), None)
    institutions = (described.custodian,) if described.custodian else ()
    return SubmissionSet(
        entry_uuid=LOT,
        unique_id=lot_unique_id(entry.unique_id),
        source_id=SOURCE_ID,
        patient_id=entry.patient_id,
        other_patient_id=entry.other_patient_id,
        content_type_code=FULL_STAY if stay and stay.code == "IMP" else OUTPATIENT,
        submission_time=submitted_at,
        authors=(Author(person, institutions),),
        title=entry.title,
    )


def lot_unique_id(unique_id: str) -> str:
    """The uniqueId of the lot of one document: a UUID of its own as an OID (2.25)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'{unique_id}/ITI-105').int}"


def _places(described: Described, lot: SubmissionSet) -> dict[str, str]:
    names = (described.entry.unique_id, DOCUMENT, LOT, lot.unique_id)
    targets = (relation.target for relation in described.relations)
    return dict.fromkeys((*names, *targets), described.path)


def write_simplified(entry: DocumentEntry, content: bytes, *, custodian: str) -> Resource:
    """The DocumentReference of a document, its bytes inside; custodian: Struct_IdNat."""
    shown = write_provided_document(entry, content, custodian=custodian)
    attachment = shown["content"][0]["attachment"]
    del attachment["url"]
    attachment["data"] = base64.b64encode(content).decode()
    return shown | {"meta": {"profile": [PROFILE]}}
