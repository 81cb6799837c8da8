"""DMP mock, messages, PDSm: a lot provided as a Bundle (ITI-65), both ways, and its answer.

A Bundle is read into the very lot that ITI-41 gives, so that the same rules judge it. Not here:
one document with its bytes inside (``simplified``), what is refused (``rules``).
Sources: PDSm 3.1.1, flux 1 and 2; IHE MHD 4.2, ITI-65.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from kit import xds
from kit.fhir import Element, Resource
from kit.rules import Malformed
from kit.xds import vocabulary
from kit.xds.metadata import Association, DocumentEntry, Submission
from mocks.dmp.messages.pdsm import datatypes as fhir
from mocks.dmp.messages.pdsm.document_reference import (
    Described,
    Face,
    read_document_reference,
    write_document_reference,
)
from mocks.dmp.messages.pdsm.references import entry_uuid_of, resource_id
from mocks.dmp.messages.pdsm.submission_set import (
    FOLDER,
    FOLDER_PROFILES,
    DescribedLot,
    read_submission_set,
    write_submission_set,
)
from mocks.dmp.messages.submission import ProvidedLot, read_document

PROFILE = f"{fhir.PDSM}pdsm-comprehensive-provide-document-bundle"
MHD_PROFILE = f"{fhir.MHD}StructureDefinition/IHE.MHD.Comprehensive.ProvideBundle"
TRANSACTION = "transaction"
POST, PATCH = "POST", "PATCH"
MAX_ENTRIES, MAX_RELATIONS = 300, 10  # of a Bundle, of a document; the bench's choice


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a Bundle: its place, its name in the message, its resource, what is asked."""

    path: str
    full_url: str
    resource: Element
    method: str
    url: str

    @property
    def kind(self) -> str:
        """The type of the resource."""
        return self.resource.text("resourceType")

    @property
    def folder(self) -> tuple[str, str] | None:
        """What says that a List is a folder (classeur), and in which element; None: it is none."""
        if self.kind != "List":
            return None
        codes = [item.text("code") for item in self.resource.child("code").children("coding")]
        profiles = self.resource.child("meta").texts("profile")
        if FOLDER in codes:
            return FOLDER, "code"
        named = next((name for name in profiles if name in FOLDER_PROFILES), "")
        return (named, "meta.profile") if named else None

    @property
    def names(self) -> tuple[str, str]:
        """What a reference of the same Bundle may call this entry."""
        return self.full_url, f"{self.kind}/{self.resource.text('id')}"


@dataclass(frozen=True, slots=True)
class FhirLot:
    """A lot as FHIR provided it: the lot for the rules of XDS, and what only FHIR says.

    places: name of the lot or of a document -> FHIRPath of its resource. entries: of the Bundle,
    none for a simplified publication. strangers: references of the List that lead nowhere.
    binaries: symbolic id of a document -> the entry with its bytes.
    """

    provided: ProvidedLot
    documents: tuple[Described, ...]
    places: Mapping[str, str]
    described_lot: DescribedLot | None = None
    entries: tuple[Entry, ...] = ()
    type: str = ""
    profiles: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    binaries: Mapping[str, Entry] = field(default_factory=dict)


# Reading.


def read_provide_bundle(resource: Resource) -> FhirLot:
    """Read the Bundle of ITI-65.

    Raises Malformed when there is no submission set, or an element is not of its type.
    """
    bundle = Element.of(resource)
    if bundle.text("resourceType") != "Bundle":
        raise Malformed("Bundle", "the resource is no Bundle")
    entries = tuple(_entries(bundle))
    sent = _submission_set(entries)
    found = [item for item in entries if item.kind == "DocumentReference" and item.method != PATCH]
    described = tuple(_document(item) for item in found)
    held = [item for item in entries if item.kind == "Binary"]
    named, members = _by_name(held), _by_name(found)
    binaries = {item.entry.entry_uuid: named[item.url] for item in described if item.url in named}
    contents = {item.full_url: _content(item.resource) for item in held}
    used = {symbol: contents[item.full_url] for symbol, item in binaries.items()}
    names = {item.full_url for item in binaries.values()}
    provided = ProvidedLot(
        _submission(sent, described, members),
        documents=tuple(
            read_document(item.entry, used.get(item.entry.entry_uuid)) for item in described
        ),
        orphans=tuple(name for name in contents if name not in names),
    )
    return FhirLot(
        provided,
        described,
        {item.full_url: f"{item.path}.resource" for item in held} | _places(sent, described),
        described_lot=sent,
        entries=entries,
        type=bundle.text("type"),
        profiles=bundle.child("meta").texts("profile"),
        strangers=tuple(name for name in sent.members if name not in members),
        binaries=binaries,
    )


def _entries(bundle: Element) -> Iterator[Entry]:
    seen = set()
    found = bundle.children("entry")
    if len(found) > MAX_ENTRIES:
        raise Malformed("Bundle.entry", f"{len(found)} entries, {MAX_ENTRIES} at most")
    for number, item in enumerate(found):
        request, resource = item.child("request"), item.child("resource")
        name = item.text("fullUrl") or f"{fhir.UUID}entry-{number}"
        if name in seen:
            raise Malformed(item.place("fullUrl"), f"{name[:80]} is given twice")
        seen.add(name)
        yield Entry(item.path, name, resource, request.text("method"), request.text("url"))


def _submission_set(entries: Iterable[Entry]) -> DescribedLot:
    lots = [
        read_submission_set(item.resource, item.full_url)
        for item in entries
        if item.kind == "List" and item.method != PATCH and not item.folder
    ]
    if len(lots) != 1:
        raise Malformed("Bundle.entry", f"one List submissionset is expected, {len(lots)} seen")
    return lots[0]


def _document(entry: Entry) -> Described:
    described = read_document_reference(entry.resource, entry.full_url)
    if len(described.relations) > MAX_RELATIONS:
        place = f"{described.path}.relatesTo"
        raise Malformed(place, f"{len(described.relations)} relations, {MAX_RELATIONS} at most")
    return described


def _by_name(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by whatever a reference may call them; a fullUrl wins."""
    found = {entry.names[1]: entry for entry in entries}
    return found | {entry.names[0]: entry for entry in entries}


def _content(binary: Element) -> bytes:
    content = fhir.read_base64(binary.text("data"))
    if content is None:
        raise Malformed(binary.place("data"), "not base64")
    return content


def _submission(
    sent: DescribedLot, described: Iterable[Described], members: Mapping[str, Entry]
) -> Submission:
    documents = tuple(item.entry for item in described)
    by_name = {entry.entry_uuid: entry for entry in documents}
    named = [members[name] for name in sent.members if name in members]
    links = [xds.member_of(sent.lot, by_name[item.full_url]) for item in named]
    links += relations(described)
    return Submission(sent.lot, documents, tuple(links))


def relations(described: Iterable[Described]) -> Iterator[Association]:
    """The associations that relatesTo says."""
    for item in described:
        for relation in item.relations:
            link = xds.replacement_of(item.entry, relation.target)
            yield replace(link, kind=relation.kind)


def _places(sent: DescribedLot, described: Iterable[Described]) -> dict[str, str]:
    """Whatever a refusal may be about -> where it is; the lot wins."""
    found: dict[str, str] = {}
    for item in described:
        names = (item.entry.unique_id, item.entry.entry_uuid)
        targets = (relation.target for relation in item.relations)
        found |= {name: item.path for name in (*names, *targets) if name not in found}
    return found | {sent.lot.unique_id: sent.path, sent.lot.entry_uuid: sent.path}


# What a PATCH inside the Bundle asks (UpdateDocumentRefs).


def read_superseding(entry: Entry) -> tuple[str, bool]:
    """The document a PATCH of the Bundle is about, and whether all it does is supersede it."""
    kind, _, name = entry.url.rpartition("/")
    target = entry_uuid_of(name) if kind == "DocumentReference" else entry.url.rpartition("|")[2]
    operations = [
        item for item in entry.resource.children("parameter") if item.text("name") == "operation"
    ]
    told = [_parts(item) for item in operations]
    wanted = {"type": "replace", "path": "DocumentReference.status", "value": "superseded"}
    return target, told == [wanted]


def _parts(operation: Element) -> dict[str, str]:
    return {
        part.text("name"): part.text("valueCode") or part.text("valueString")
        for part in operation.children("part")
    }


# The answer.


def write_provided(lot: FhirLot, created: Mapping[str, str]) -> Resource:
    """The transaction-response: an entry for each of the request, in its order.

    created: symbolic id of the List or of a DocumentReference -> entryUUID.
    """
    unique_ids = {
        lot.binaries[item.entry.entry_uuid].full_url: item.entry.unique_id for item in lot.documents
    }
    entries = []
    for entry in lot.entries:
        if entry.method == PATCH:
            entries.append({"response": {"status": "200"}})
            continue
        own = resource_id(created.get(entry.full_url, ""))
        name = unique_ids.get(entry.full_url, own)
        response = {"status": "201", "location": f"{entry.kind}/{name}", "etag": 'W/"1"'}
        entries.append({"response": response})
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


# Writing, as a client does.


def write_provide_bundle(
    submission: Submission, contents: Mapping[str, bytes], *, custodian: str
) -> Resource:
    """The Bundle of a lot; contents: id of an entry -> bytes; custodian: Struct_IdNat.

    The signature of the lot has no place in it. Same lot, same bytes.
    """
    documents = submission.health_documents
    names = {entry.entry_uuid: _name(submission, entry.entry_uuid) for entry in documents}
    lot_name = _name(submission, submission.lot.entry_uuid)
    lot = write_submission_set(replace(submission.lot, entry_uuid=lot_name), ())
    lot["entry"] = [{"item": {"reference": name}} for name in names.values()]
    lot["identifier"] = lot["identifier"][:1]
    entries = [_post(lot_name, lot)]
    for entry in documents:
        content = contents[entry.entry_uuid]
        binary = _name(submission, f"{entry.entry_uuid}/bytes")
        links = [link for link in submission.associations if link.source == entry.entry_uuid]
        shown = write_provided_document(entry, content, custodian=custodian, links=links)
        shown["content"][0]["attachment"]["url"] = binary
        data = base64.b64encode(content).decode()
        bytes_of = {"resourceType": "Binary", "contentType": entry.mime_type, "data": data}
        entries += [_post(names[entry.entry_uuid], shown), _post(binary, bytes_of)]
        entries += [_supersede(link) for link in links if link.kind == vocabulary.RPLC]
    meta = {"profile": [PROFILE]}
    return {"resourceType": "Bundle", "meta": meta, "type": TRANSACTION, "entry": entries}


def write_provided_document(
    entry: DocumentEntry, content: bytes, *, custodian: str, links: Iterable[Association] = ()
) -> Resource:
    """The DocumentReference of a document that is sent: it has no id yet."""
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    known = replace(entry, hash=digest, size_bytes=len(content))
    shown = write_document_reference(known, Face(), custodian=custodian, links=links)
    unsent = ("id", "identifier")
    return {name: value for name, value in shown.items() if name not in unsent}


def _name(submission: Submission, symbolic: str) -> str:
    made = uuid.uuid5(uuid.NAMESPACE_OID, f"{submission.lot.unique_id}/{symbolic}")
    return f"{fhir.UUID}{made}"


def _post(full_url: str, resource: Resource) -> Resource:
    request = {"method": POST, "url": resource["resourceType"]}
    sent = {name: value for name, value in resource.items() if name != "id"}
    return {"fullUrl": full_url, "resource": sent, "request": request}


def _supersede(link: Association) -> Resource:
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "DocumentReference.status"},
        {"name": "value", "valueCode": "superseded"},
    ]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    url = f"DocumentReference/{resource_id(link.target)}"
    return {"resource": patch, "request": {"method": PATCH, "url": url}}
