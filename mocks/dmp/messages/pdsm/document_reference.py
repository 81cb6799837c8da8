"""DMP mock, messages, PDSm: a DocumentReference and the document entry it says, both ways.

What XDS does not know (custodian, relatesTo, the bytes) stands beside the entry. An entry written
and read is the same entry, but for slots without a name, ``URI`` (the url leads here), and hours
or minutes that FHIR completes. Not here: what is required (``rules``), the Bundle (``bundle``).
Sources: PDSm 3.1.1, Comprehensive DocumentReference; IHE MHD 4.2, mapping to DocumentEntry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit.fhir import Element, Resource
from kit.xds import vocabulary
from kit.xds.hl7 import Cx, Xon
from kit.xds.metadata import Association, Coded, DocumentEntry
from mocks.dmp.messages.pdsm import datatypes as fhir
from mocks.dmp.messages.pdsm.people import (
    Contained,
    Holder,
    read_authenticator,
    read_author,
    read_organization_reference,
    read_source_patient,
    write_author,
    write_person,
    write_source_patient,
)
from mocks.dmp.messages.pdsm.references import (
    entry_uuid_of,
    read_subject,
    read_target,
    resource_id,
    write_custodian,
    write_subject,
)
from mocks.dmp.messages.retrieval import REPOSITORY_UNIQUE_ID

PROFILE = f"{fhir.PDSM}pdsm-comprehensive-document-reference"
IS_ARCHIVED = f"{fhir.PDSM}pdsm-ext-is-archived"
CURRENT, SUPERSEDED = "current", "superseded"
DELETED = "entered-in-error"  # undecided: MHD has no status for what is deleted
# relatesTo.code <-> kind of association. Source: IHE MHD, AssociationTypeVsRelatesTo.
RELATIONS: Mapping[str, str] = {
    "replaces": vocabulary.RPLC,
    "transforms": vocabulary.XFRM,
    "appends": vocabulary.APND,
    "signs": vocabulary.SIGNS,
}
_RELATION_OF = {kind: code for code, kind in RELATIONS.items()}
# Attribute of an entry that is one code -> its element, an object of one coding.
_CONCEPTS = (("type_code", "type"),)
_CONTEXT_CONCEPTS = (
    ("healthcare_facility_type_code", "facilityType"),
    ("practice_setting_code", "practiceSetting"),
)
_ATTACHMENT_TEXTS = (
    ("mime_type", "contentType"),
    ("language_code", "language"),
    ("title", "title"),
)


@dataclass(frozen=True, slots=True)
class Face:
    """How a server shows documents: its base URL."""

    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """One relatesTo: the kind of association, and its target as it was named."""

    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class Described:
    """A DocumentReference as it was sent: the entry, and what XDS does not know.

    url, data: where the bytes are, or the bytes in base64. path: of the resource in its message.
    """

    entry: DocumentEntry
    path: str
    status: str = ""
    date: str = ""
    doc_status: str = ""
    custodian: Xon | None = None
    relations: tuple[Relation, ...] = ()
    url: str = ""
    data: str = ""
    contents: int = 1
    contained_authors: bool = True


# Writing.


def write_document_reference(
    entry: DocumentEntry,
    face: Face,
    *,
    custodian: str = "",
    links: Iterable[Association] = (),
    updated_at: datetime | None = None,
    name: str = "",
) -> Resource:
    """The DocumentReference of a registered entry.

    custodian: Struct_IdNat of the structure it is imputed to. links: associations of the record.
    updated_at: when this version came. name: entryUUID of the current version, for a former one.
    """
    contained = Contained()
    authors = [
        write_author(author, f"author{number}", contained)
        for number, author in enumerate(entry.authors, 1)
    ]
    found: Resource = {
        "resourceType": "DocumentReference",
        "id": resource_id(name or entry.entry_uuid),
        "meta": _meta(entry, updated_at),
        "contained": contained.resources,
        "extension": [{"url": IS_ARCHIVED, "valueBoolean": _is_archived(entry)}],
        "masterIdentifier": fhir.write_unique_id(entry.unique_id),
        "identifier": list(_identifiers(entry)),
        "status": status_of(entry),
        "type": _concept(entry.type_code),
        "category": _concepts(entry.class_code),
        "subject": write_subject(entry.patient_id, entry.other_patient_id),
        "date": fhir.write_instant(entry.creation_time),
        "author": authors,
        "authenticator": _authenticator(entry, contained),
        "custodian": write_custodian(custodian),
        "relatesTo": list(_relations(entry, links)),
        "description": entry.description,
        "securityLabel": _concepts(*entry.confidentiality_codes),
        "content": [_content(entry, face)],
        "context": _context(entry, contained),
    }
    return _without_empty(found)


def _meta(entry: DocumentEntry, updated_at: datetime | None) -> Resource:
    version = {"versionId": str(entry.version or 1)}
    updated = {"lastUpdated": fhir.write_moment(updated_at)} if updated_at else {}
    return version | updated | {"profile": [PROFILE]}


def _without_empty(members: Resource) -> Resource:
    """FHIR JSON has no empty texts, arrays or objects."""
    return {name: value for name, value in members.items() if value not in ("", [], {}, None)}


def _is_archived(entry: DocumentEntry) -> bool:
    return entry.availability_status == vocabulary.ARCHIVED


def status_of(entry: DocumentEntry) -> str:
    """The status of a DocumentReference: what is archived is still current."""
    if entry.availability_status == vocabulary.DEPRECATED:
        return SUPERSEDED
    return DELETED if entry.availability_status == vocabulary.DELETED else CURRENT


def _identifiers(entry: DocumentEntry) -> Iterator[Resource]:
    yield fhir.write_uri(entry.entry_uuid, fhir.ENTRY_UUID)
    if entry.logical_id not in ("", entry.entry_uuid):
        yield {"system": fhir.URI, "value": entry.logical_id}


def _concept(code: Coded | None) -> Resource:
    return fhir.write_concept(code) if code else {}


def _concepts(*codes: Coded | None) -> list[Resource]:
    return [fhir.write_concept(code) for code in codes if code]


def _authenticator(entry: DocumentEntry, contained: Contained) -> Resource:
    person = entry.legal_authenticator
    return contained.add(write_person(person), "authenticator") if person else {}


def _relations(entry: DocumentEntry, links: Iterable[Association]) -> Iterator[Resource]:
    for link in links:
        if link.source == entry.entry_uuid and link.kind in _RELATION_OF:
            target = {"reference": f"DocumentReference/{resource_id(link.target)}"}
            yield {"code": _RELATION_OF[link.kind], "target": target}


def _content(entry: DocumentEntry, face: Face) -> Resource:
    attachment: Resource = {
        element: getattr(entry, attribute) for attribute, element in _ATTACHMENT_TEXTS
    }
    attachment |= {
        "url": binary_url(entry.unique_id, face),
        "size": entry.size_bytes,
        "hash": fhir.write_hash(entry.hash),
        "creation": fhir.write_time(entry.creation_time),
    }
    form = fhir.write_coding(entry.format_code) if entry.format_code else {}
    return _without_empty({"attachment": _without_empty(attachment), "format": form})


def binary_url(unique_id: str, face: Face) -> str:
    """Where the bytes of a document are: the uniqueId is the id of its Binary."""
    return f"{face.base_url}/Binary/{unique_id}" if face.base_url else f"Binary/{unique_id}"


def _context(entry: DocumentEntry, contained: Contained) -> Resource:
    times = (("start", entry.service_start_time), ("end", entry.service_stop_time))
    found: Resource = {
        "event": _concepts(*entry.event_codes),
        "period": {name: fhir.write_time(time) for name, time in times if time},
        "related": list(map(_write_reference, entry.reference_ids)),
    }
    found |= {name: _concept(getattr(entry, attr)) for attr, name in _CONTEXT_CONCEPTS}
    if entry.source_patient_id or entry.source_patient_info:
        source = write_source_patient(entry.source_patient_id, entry.source_patient_info)
        found["sourcePatientInfo"] = contained.add(source, "source-patient")
    return _without_empty(found)


def _write_reference(text: str) -> Resource:
    """An identifier of referenceIdList (CXi); its kind is a URI."""
    cx = Cx.read(text)
    identifier: Resource = fhir.write_identifier(cx.id, cx.authority)
    if cx.type:
        coding = {"system": fhir.URI, "code": cx.type}
        identifier = {"type": {"coding": [coding]}} | identifier
    return {"identifier": identifier}


# Reading.


def read_document_reference(resource: Element, name: str = "") -> Described:
    """Read a DocumentReference. name: its symbolic id in a lot; else the entryUUID it tells.

    Raises Malformed when an element is not of its type; rules judge the rest.
    """
    holder = Holder.of(resource)
    contents = resource.children("content")
    content = contents[0] if contents else Element({}, resource.place("content[0]"))
    attachment, context = content.child("attachment"), resource.child("context")
    authors = [read_author(item, holder) for item in resource.children("author")]
    entry = DocumentEntry(
        entry_uuid=name or _entry_uuid(resource),
        **_identity(resource),
        **_patient(resource, holder),
        **_codes(resource, content, context),
        **_attachment(resource, attachment),
        **_circumstances(context, holder),
        authors=tuple(author for author in authors if author),
        legal_authenticator=read_authenticator(resource.child("authenticator"), holder),
        description=resource.text("description"),
        availability_status=_availability(resource),
    )
    return Described(
        entry,
        resource.path,
        status=resource.text("status"),
        date=resource.text("date"),
        doc_status=resource.text("docStatus"),
        custodian=read_organization_reference(resource.child("custodian"), holder),
        relations=tuple(map(_read_relation, resource.children("relatesTo"))),
        url=attachment.text("url"),
        data=attachment.text("data"),
        contents=len(contents),
        contained_authors=None not in authors,
    )


def _entry_uuid(resource: Element) -> str:
    named = (item.text("value") for item in resource.children("identifier"))
    found = next((value for value in named if value.startswith(fhir.UUID)), "")
    return found or entry_uuid_of(resource.text("id"))


def _identity(resource: Element) -> dict[str, Any]:
    others = [item.text("value") for item in resource.children("identifier")]
    uuids = [value for value in others if value.startswith(fhir.UUID)]
    version = resource.child("meta").text("versionId")
    master = resource.child("masterIdentifier")
    return {
        "unique_id": fhir.read_unique_id(master) if master else "",
        "logical_id": uuids[-1] if uuids else "",
        "version": int(version) if version.isascii() and version.isdigit() else None,
    }


def _patient(resource: Element, holder: Holder) -> dict[str, Any]:
    ins, other = read_subject(resource.child("subject"), holder)
    return {"patient_id": ins, "other_patient_id": other}


def _codes(resource: Element, content: Element, context: Element) -> dict[str, Any]:
    categories = fhir.read_concepts(resource.children("category"))
    found: dict[str, Any] = {
        "class_code": categories[0] if categories else None,
        "format_code": fhir.read_coding(content.child("format")),
        "confidentiality_codes": fhir.read_concepts(resource.children("securityLabel")),
        "event_codes": fhir.read_concepts(context.children("event")),
    }
    found |= {attr: fhir.read_concept(resource.child(name)) for attr, name in _CONCEPTS}
    return found | {
        attr: fhir.read_concept(context.child(name)) for attr, name in _CONTEXT_CONCEPTS
    }


def _attachment(resource: Element, attachment: Element) -> dict[str, Any]:
    creation = attachment.text("creation") or resource.text("date")
    found: dict[str, Any] = {
        attribute: attachment.text(element) for attribute, element in _ATTACHMENT_TEXTS
    }
    url = attachment.text("url")
    return found | {
        "size_bytes": attachment.whole("size"),
        "hash": fhir.read_hash(attachment.text("hash")),
        "creation_time": fhir.read_time(creation),
        "repository_unique_id": REPOSITORY_UNIQUE_ID if "Binary/" in url else "",
    }


def _circumstances(context: Element, holder: Holder) -> dict[str, Any]:
    period = context.child("period")
    source = holder.follow(context.child("sourcePatientInfo"))
    patient_id, info = read_source_patient(source) if source else ("", ())
    related = (item.child("identifier") for item in context.children("related"))
    return {
        "service_start_time": fhir.read_time(period.text("start")),
        "service_stop_time": fhir.read_time(period.text("end")),
        "source_patient_id": patient_id,
        "source_patient_info": info,
        "reference_ids": tuple(_read_reference(item) for item in related if item),
    }


def _read_reference(identifier: Element) -> str:
    value, authority, kind = fhir.read_identifier(identifier)
    return Cx(value, authority, kind).write()


def _availability(resource: Element) -> str:
    status = resource.text("status")
    if resource.extension(IS_ARCHIVED).truth("valueBoolean") and status == CURRENT:
        return vocabulary.ARCHIVED
    known = {
        CURRENT: vocabulary.APPROVED,
        SUPERSEDED: vocabulary.DEPRECATED,
        DELETED: vocabulary.DELETED,
    }
    return known.get(status, status)


def _read_relation(relation: Element) -> Relation:
    """The target: an entryUUID, or ``urn:oid:`` and a uniqueId, or what it says instead."""
    target = relation.child("target")
    code = relation.text("code")
    return Relation(RELATIONS.get(code, code), read_target(target))
