"""DMP mock, messages, PDSm: a List of the kind submissionset and the lot it says, both ways.

Not here: what is required (``rules``), the documents of the lot (``document_reference``).
Sources: PDSm 3.1.1, SubmissionSet Comprehensive; IHE MHD 4.2, mapping to SubmissionSet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from kit.fhir import Element, Resource
from kit.xds import vocabulary
from kit.xds.metadata import Author, SubmissionSet
from mocks.dmp.messages.pdsm import datatypes as fhir
from mocks.dmp.messages.pdsm.people import (
    AUTHOR_ORG,
    Contained,
    Holder,
    read_author,
    read_organization_reference,
    write_author,
)
from mocks.dmp.messages.pdsm.references import (
    entry_uuid_of,
    read_subject,
    resource_id,
    write_subject,
)

PROFILE = f"{fhir.PDSM}pdsm-submissionset-comprehensive"
FOLDER_PROFILES = (
    f"{fhir.PDSM}pdsm-folder-comprehensive",
    f"{fhir.MHD}StructureDefinition/IHE.MHD.Comprehensive.Folder",
)
KINDS = f"{fhir.MHD}CodeSystem/MHDlistTypes"
SUBMISSION_SET, FOLDER = "submissionset", "folder"
DESIGNATION_TYPE = f"{fhir.MHD}StructureDefinition/ihe-designationType"
SOURCE_ID = f"{fhir.MHD}StructureDefinition/ihe-sourceId"
RECIPIENT = f"{fhir.PDSM}pdsm-ext-intended-recipient"
CURRENT = "current"


@dataclass(frozen=True, slots=True)
class DescribedLot:
    """A List as it was sent: the lot, and what XDS says elsewhere. members: references."""

    lot: SubmissionSet
    path: str
    kind: str = ""
    status: str = ""
    mode: str = ""
    members: tuple[str, ...] = ()


def write_submission_set(lot: SubmissionSet, members: Iterable[str]) -> Resource:
    """The List of a registered lot; members: entryUUIDs of its documents."""
    contained = Contained()
    source, *others = [
        write_author(author, f"source{number}", contained)
        for number, author in enumerate(lot.authors, 1)
    ] or [{}]
    extensions = list(_extensions(lot))
    found: Resource = {
        "resourceType": "List",
        "id": resource_id(lot.entry_uuid),
        "meta": {"profile": [PROFILE]},
        "contained": contained.resources,
        "extension": extensions,
        "identifier": [
            fhir.write_unique_id(lot.unique_id),
            fhir.write_uri(lot.entry_uuid, fhir.ENTRY_UUID),
        ],
        "status": CURRENT,
        "mode": "working",
        "title": lot.title,
        "code": {"coding": [{"system": KINDS, "code": SUBMISSION_SET}]},
        "subject": write_subject(lot.patient_id, lot.other_patient_id),
        "date": fhir.write_time(lot.submission_time),
        "source": source | _other_sources(others),
        "note": [{"text": lot.description}] if lot.description else [],
        "entry": [
            {"item": {"reference": f"DocumentReference/{resource_id(name)}"}} for name in members
        ],
    }
    return {name: value for name, value in found.items() if value not in ("", [], {})}


def _extensions(lot: SubmissionSet) -> Iterable[Resource]:
    if lot.content_type_code is not None:
        concept = fhir.write_concept(lot.content_type_code)
        yield {"url": DESIGNATION_TYPE, "valueCodeableConcept": concept}
    if lot.source_id:
        yield {"url": SOURCE_ID, "valueIdentifier": _source_id(lot.source_id)}
    for recipient in lot.intended_recipients:
        yield {"url": RECIPIENT, "valueReference": {"display": recipient}}


def _source_id(source_id: str) -> Resource:
    return {"system": fhir.URI, "value": f"{fhir.OID}{source_id}"}


def _other_sources(references: list[Resource]) -> Resource:
    """Lots of several authors: further ones as authorOrg, which may repeat."""
    rows = [{"url": AUTHOR_ORG, "valueReference": item} for item in references]
    return {"extension": rows} if rows else {}


def read_submission_set(resource: Element, name: str = "") -> DescribedLot:
    """Read a List. name: its symbolic id in a message; else the entryUUID it tells.

    Raises Malformed when an element is not of its type; rules judge the rest.
    """
    holder = Holder.of(resource)
    ins, other = read_subject(resource.child("subject"), holder)
    code = fhir.read_concept(resource.child("code"))
    notes = [item.text("text") for item in resource.children("note")]
    lot = SubmissionSet(
        entry_uuid=name or entry_uuid_of(resource.text("id")),
        **_identity(resource),
        patient_id=ins,
        other_patient_id=other,
        submission_time=fhir.read_time(resource.text("date")),
        authors=_authors(resource.child("source"), holder),
        title=resource.text("title"),
        description=notes[0] if notes else "",
        intended_recipients=tuple(
            item.child("valueReference").text("display") for item in resource.extensions(RECIPIENT)
        ),
        availability_status=vocabulary.APPROVED if resource.text("status") == CURRENT else "",
    )
    return DescribedLot(
        lot,
        resource.path,
        kind=code.code if code else "",
        status=resource.text("status"),
        mode=resource.text("mode"),
        members=tuple(item.child("item").text("reference") for item in resource.children("entry")),
    )


def _identity(resource: Element) -> dict[str, Any]:
    identifiers = resource.children("identifier")
    own = [item for item in identifiers if fhir.kind_of(item) == fhir.UNIQUE_ID]
    source = resource.extension(SOURCE_ID).child("valueIdentifier")
    designation = resource.extension(DESIGNATION_TYPE).child("valueCodeableConcept")
    return {
        "unique_id": fhir.read_unique_id(own[0]) if own else "",
        "source_id": fhir.read_unique_id(source) if source else "",
        "content_type_code": fhir.read_concept(designation),
    }


def _authors(source: Element, holder: Holder) -> tuple[Author, ...]:
    """The author: ``source``, with the structure of authorOrg; further authors besides."""
    first = read_author(source, holder)
    authors = [first] if first else []
    for item in source.extensions(AUTHOR_ORG):
        reference = item.child("valueReference")
        held = holder.follow(reference)
        if held is not None and held.text("resourceType") != "Organization":
            if further := read_author(reference, holder):
                authors.append(further)
            continue
        if xon := read_organization_reference(reference, holder):
            author = authors[0] if authors else Author()
            if xon not in author.institutions:
                authors[:1] = [replace(author, institutions=(*author.institutions, xon))]
    return tuple(authors)
