"""DMP mock, rules of TD2.1: entries and documents, one for the other, and what must be filled in.

Not here: value sets (``codes``), what a CDA says (``conformity``, ``agreement``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.rules import Finding
from mocks.dmp import errors
from mocks.dmp.messages.submission import ProvidedLot
from mocks.dmp.rules.feeding import (
    ITI,
    MAX_OID,
    Feeding,
    cdas,
    is_dtm,
    is_oid,
    lot_name,
    name_of,
    submission,
)

_METADATA = "CI-SIS, Partage de documents de santé: metadata of a document"

# Required attributes: of an entry, of a signature entry, of the lot. Attribute, name on the wire.
ENTRY_REQUIRED = (
    ("unique_id", "uniqueId"),
    ("patient_cx", "patientId"),
    ("mime_type", "mimeType"),
    ("class_code", "classCode"),
    ("type_code", "typeCode"),
    ("format_code", "formatCode"),
    ("confidentiality_codes", "confidentialityCode"),
    ("healthcare_facility_type_code", "healthcareFacilityTypeCode"),
    ("practice_setting_code", "practiceSettingCode"),
    ("title", "title"),
    ("creation_time", "creationTime"),
    ("service_start_time", "serviceStartTime"),
    ("language_code", "languageCode"),
    ("source_patient_id", "sourcePatientId"),
    ("source_patient_info", "sourcePatientInfo"),
    ("legal_authenticator", "legalAuthenticator"),
    ("authors", "author"),
)
SIGNATURE_REQUIRED = ENTRY_REQUIRED[:8]
LOT_REQUIRED = (
    ("unique_id", "uniqueId"),
    ("source_id", "sourceId"),
    ("patient_cx", "patientId"),
    ("content_type_code", "contentTypeCode"),
    ("submission_time", "submissionTime"),
    ("authors", "author"),
)
ENTRY_TIMES = (
    ("creation_time", "creationTime"),
    ("service_start_time", "serviceStartTime"),
    ("service_stop_time", "serviceStopTime"),
)


@submission.rule(errors.METADATA, source=ITI)
def a_lot_has_a_document(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    if not lot.documents:
        yield Finding(lot_name(lot), "ExtrinsicObject", "0", "one document or more")


@submission.rule(errors.MISSING_DOCUMENT, source=ITI)
def an_entry_has_its_document(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    for item in lot.everything:
        if item.content is None:
            wanted = f"a Document with id {item.entry.entry_uuid}"
            yield Finding(name_of(item), "Document", "none", wanted)


@submission.rule(errors.MISSING_METADATA, source=ITI)
def a_document_has_its_entry(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    for name in lot.orphans:
        yield Finding(name, "ExtrinsicObject/@id", "none", "same letters and case as Document/@id")


@submission.rule(errors.METADATA, source=_METADATA)
def what_is_required_is_there(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    rows = [(lot.submission.lot, lot_name(lot), LOT_REQUIRED)]
    described: list[tuple[Any, str, tuple[tuple[str, str], ...]]] = [*rows]
    described += [(item.entry, name_of(item), ENTRY_REQUIRED) for item in lot.documents]
    if lot.signature:
        described.append((lot.signature.entry, name_of(lot.signature), SIGNATURE_REQUIRED))
    for thing, subject, required in described:
        for attribute, field in required:
            if not getattr(thing, attribute):
                yield Finding(subject, field, "", "a value")


@submission.rule(errors.METADATA, source=ITI)
def hash_and_size_are_those_of_the_bytes(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    for item in lot.everything:
        if item.content is None:
            continue
        if item.entry.hash and item.entry.hash.lower() != item.hash:
            yield Finding(name_of(item), "hash", item.entry.hash, item.hash)
        if item.entry.size_bytes not in (None, item.size_bytes):
            yield Finding(name_of(item), "size", str(item.entry.size_bytes), str(item.size_bytes))


@submission.rule(errors.METADATA, source="ITI TF-3 4.2.3.1.7: DTM, UTC")
def times_are_utc(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    times = [(lot_name(lot), "submissionTime", lot.submission.lot.submission_time)]
    for item in lot.everything:
        times += [(name_of(item), field, getattr(item.entry, name)) for name, field in ENTRY_TIMES]
    for subject, field, value in times:
        if value and not is_dtm(value):
            yield Finding(subject, field, value, "YYYYMMDDhhmmss, UTC, no zone")


@submission.rule(errors.METADATA, source="HL7v2 volet: root^extension is not accepted by the DMP")
def a_unique_id_is_an_oid_without_extension(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    identifiers = [(lot_name(lot), lot.submission.lot.unique_id)]
    identifiers += [(name_of(item), item.entry.unique_id) for item in lot.everything]
    for subject, value in identifiers:
        if value and not is_oid(value):
            yield Finding(subject, "uniqueId", value, f"an OID of {MAX_OID} characters at most")


@submission.rule(errors.METADATA, source="CI-SIS, Structuration minimale")
def a_document_is_a_readable_cda(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    for item in lot.documents:
        if item.unreadable:
            yield Finding(name_of(item), "ClinicalDocument", item.unreadable, "a CDA R2 document")


@submission.rule(errors.METADATA, source="HL7v2 volet: root^extension is not accepted by the DMP")
def a_cda_id_has_no_extension(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    for item, header in cdas(lot):
        if header.id.extension:
            yield Finding(name_of(item), "ClinicalDocument/id", header.id.text, "a root only")
