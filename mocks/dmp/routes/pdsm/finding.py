"""DMP mock, entry points of the FHIR face: searches (ITI-66, ITI-67), reads, bytes (ITI-68).

Not here: which values a parameter is compared with (``messages.pdsm.search``), the rights.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from werkzeug.http import http_date

from kit.fhir import Call, Page, Port, Reply, Resource, page_links, read_query, write_searchset
from kit.fhir.port import refused
from kit.rules import Malformed, Refused
from kit.xds import vocabulary
from kit.xds.metadata import Association, DocumentEntry, SubmissionSet
from mocks.dmp import errors, messages, rules
from mocks.dmp.messages import DocumentRequest, StoredQuery, pdsm
from mocks.dmp.messages.pdsm.datatypes import ins_of
from mocks.dmp.messages.pdsm.search import IDENTIFIER, PATIENT, statuses
from mocks.dmp.routes import accesses, noting, repository
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.routes.pdsm.caller import about
from mocks.dmp.routes.pdsm.refusing import told
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.pdsm import search as search_rules
from mocks.dmp.store import Documents

_PAGING = ("_count", "_offset")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*", re.ASCII)
_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
"""A tag that says: not the whole resource."""


def add(port: Port, dmp: Dmp) -> None:
    """What is found and read."""

    @port.interaction("SEARCH", "DocumentReference", "List")
    @port.interaction("SEARCH-BY-POST", "DocumentReference", "List")
    def find(call: Call) -> Reply:
        """ITI-67, ITI-66: find documents or lots (recherche de fiches, de lots)."""
        given = (*call.parameters, *call.body.get("parameters", ()))
        is_strict = "handling=strict" in call.headers.get("Prefer", "")
        query = read_query(call.target.resource_type, given)
        asked = pdsm.read_search(query, is_strict=is_strict)
        with told():
            search_rules.check(asked)
        told_of = [f"parameter {name} is ignored: nobody knows it" for name in asked.ignored]
        if asked.resource_type == "List" and pdsm.asks_for_folders(asked):
            told_of.append("code folder finds nothing: folders (classeurs) are not kept")
        noting.remark(call.line, told_of)
        named = told(patient=PATIENT)
        with dmp.store.open(call.line.sandbox) as documents, named:
            shown = _found(dmp, call, asked, documents)
        call.line.facts["found"] = len(shown)
        kept = [(name, value) for name, value in given if name not in asked.ignored]
        return Reply(_page(call, asked, shown, kept))

    @port.interaction("READ", "DocumentReference", "List")
    def read(call: Call) -> Reply:
        """One fiche or one lot, by its id."""
        named = told(patient=f"{call.target.resource_type}.subject")
        with dmp.store.open(call.line.sandbox) as documents, named:
            item, user = readable(dmp, call, documents)
            (shown,) = _shown(dmp, call, [item], user, documents)
        return Reply(shown, headers=version_headers(shown))

    @port.interaction("READ", "Binary")
    def retrieve(call: Call) -> Reply:
        """ITI-68: the bytes of a document (consultation)."""
        request = DocumentRequest(call.target.resource_id)
        with dmp.store.open(call.line.sandbox) as documents, told():
            entry = documents.entry_of(request.unique_id)
            user = dmp.known(about(call, entry.patient_id if entry else None), documents)
            rules.retrieval.check(request, repository.around(dmp, user, request, documents))
            item = repository.retrieved(documents, request.unique_id)
            repository.note_readings(dmp, call.line, user, [item], documents)
        call.line.facts["retrieved"] = [item.unique_id]
        return _bytes(call, item)


def readable(
    dmp: Dmp, call: Call, documents: Documents
) -> tuple[DocumentEntry | SubmissionSet, DmpUser]:
    """The entry or the lot that a path names, and the caller. Raises Refused.

    A document answers to the entryUUID of each of its versions.
    """
    uuid = pdsm.entry_uuid_of(call.target.resource_id)
    item: DocumentEntry | SubmissionSet | None = (
        documents.lot(uuid) if call.target.resource_type == "List" else _current(uuid, documents)
    )
    user = about(call, item.patient_id if item else None)
    around = _asking(dmp, user, documents)
    rules.query.check(_query_of(item, uuid), around)
    if item is None or not _may_show(item, around.user):  # the answer does not tell which
        raise missing(call.target.resource_id, "the resource exists")
    return item, around.user


def _current(uuid: str, documents: Documents) -> DocumentEntry | None:
    """The document that has, or had in a former version, this entryUUID."""
    entry = documents.entry(uuid)
    return entry or documents.entry_of(documents.versions.unique_id_of(uuid))


def missing(name: str, rule: str) -> Refused:
    """The refusal of what is not there, or not for this caller."""
    home = rules.__name__
    return refused(errors.DOCUMENT_UNIQUE_ID, rule, subject=name, seen=name, home=home)


def _asking(dmp: Dmp, user: DmpUser, documents: Documents) -> rules.Asking:
    record = dmp.record(dmp.patient(user.patient_id), documents)
    return rules.Asking(dmp.known(user, documents), record)


def _found(dmp: Dmp, call: Call, asked: pdsm.Search, documents: Documents) -> list[Resource]:
    """What this user may see of what meets every criterion."""
    ins = ins_of(*pdsm.patient_of(asked))
    assert ins is not None
    user = about(call, ins)
    is_reference = user.is_server and bool(asked.given(IDENTIFIER))
    query = pdsm.stored_query(asked, ins.cx, is_reference=is_reference)
    around = _asking(dmp, user, documents)
    rules.query.check(query, around)
    if not is_reference:
        accesses.note(dmp, call.line, around.user, documents)
    matricules = dmp.matricules(ins)
    items: list[Any] = list(documents.find(query, matricules))
    if asked.resource_type == "List" and pdsm.asks_for_lots(asked):
        items = list(documents.find_lots(query, matricules))
    elif is_reference:
        items = [item for item in items if item.availability_status in statuses(asked)]
    found = _shown(dmp, call, items, around.user, documents, asked)
    rules.results.check(len(found), dmp.service.settings.dmp_max_results)
    return list(map(_reference, found)) if is_reference else found


def _shown(
    dmp: Dmp,
    call: Call,
    items: Iterable[DocumentEntry | SubmissionSet],
    user: DmpUser,
    documents: Documents,
    asked: pdsm.Search | None = None,
) -> list[Resource]:
    """Entries and lots as resources: those the user may see, and that meet what is asked."""
    seen = [item for item in items if _may_show(item, user)]
    query = messages.get_associations(*(item.entry_uuid for item in seen))
    links = documents.links(query, dmp.matricules(user.patient_id)) if seen else []
    kept = [item for item in seen if asked is None or pdsm.meets(asked, item, links)]
    face = pdsm.Face(call.base_url)
    written = []
    for item in kept:
        own = [link for link in links if link.source == item.entry_uuid]
        if isinstance(item, DocumentEntry):
            written.append(document_shown(item, face, documents, own))
            continue
        written.append(pdsm.write_submission_set(item, _members(own, user, documents)))
    return written


def _members(own: Iterable[Association], user: DmpUser, documents: Documents) -> list[str]:
    """The documents of a lot that the user may see, each by the id it has now.

    HasMember names the version that was sent (ITI TF-2 3.57 does not propagate it).
    """
    targets = (link.target for link in own if link.kind == vocabulary.HAS_MEMBER)
    entries = (_current(target, documents) for target in targets)
    return [entry.entry_uuid for entry in entries if entry and _may_show(entry, user)]


def document_shown(
    entry: DocumentEntry,
    face: pdsm.Face,
    documents: Documents,
    links: Iterable[Association] = (),
    name: str = "",
) -> Resource:
    """A document as a resource: who sent it, when this version came; name: see the writer."""
    came, told = documents.versions.provenance(entry), _by_current_id(links, documents)
    return pdsm.write_document_reference(
        entry, face, custodian=came.structure, links=told, updated_at=came.at, name=name
    )


def _by_current_id(links: Iterable[Association], documents: Documents) -> Iterable[Association]:
    """Each association once: XDS has one for each version of its target, FHIR for the document."""
    found: dict[tuple[str, str, str], Association] = {}
    for link in links:
        entry = _current(link.target, documents)
        target = entry.entry_uuid if entry else link.target
        found.setdefault((link.kind, link.source, target), replace(link, target=target))
    return found.values()


def _may_show(item: DocumentEntry | SubmissionSet, user: DmpUser) -> bool:
    return rules.may_show(item, user) if isinstance(item, DocumentEntry) else True


def _query_of(item: Any, uuid: str) -> StoredQuery:
    """The stored query that reading one resource is."""
    if isinstance(item, SubmissionSet):
        return messages.find_submission_sets(item.patient_cx)
    return messages.get_documents_and_associations(uuid)


def _reference(resource: Resource) -> Resource:
    """What who may only find a reference is told: the identifiers, and no more."""
    kept = ("resourceType", "id", "masterIdentifier", "identifier", "status")
    kind = resource["content"][0]["attachment"]["contentType"]
    meta = {"versionId": resource["meta"]["versionId"], "tag": [_SUBSETTED]}
    told_of = {name: resource[name] for name in kept if name in resource}
    return told_of | {"meta": meta, "content": [{"attachment": {"contentType": kind}}]}


def _page(
    call: Call, asked: pdsm.Search, shown: list[Resource], kept: list[tuple[str, str]]
) -> Resource:
    controls = asked.query.controls
    counts, offsets = ([value for name, value in controls if name == key] for key in _PAGING)
    count = min(whole_number(counts, "_count", pdsm.MAX_COUNT), pdsm.MAX_COUNT)
    offset = whole_number(offsets, "_offset", 0)
    page = Page(tuple(shown[offset : offset + count]), (), len(shown), offset, count)
    url = f"{call.base_url}/{asked.resource_type}"
    links = page_links(page, url=url, parameters=kept)
    return write_searchset(page, base_url=call.base_url, links=links)


def whole_number(values: Sequence[str], name: str, default: int) -> int:
    """The last value of a parameter that is a whole number. Raises Malformed."""
    text = values[-1] if values else str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Malformed(name, f"a whole number is expected, {text[:40]!r} seen")
    return int(text)


def version_headers(resource: Resource) -> dict[str, str]:
    """ETag and Last-Modified of a resource that has versions."""
    meta = resource.get("meta", {})
    if "versionId" not in meta:
        return {}
    updated = datetime.fromisoformat(meta["lastUpdated"])
    return {"ETag": etag(meta["versionId"]), "Last-Modified": http_date(updated)}


def etag(version: str) -> str:
    """The weak entity tag of a version."""
    return f'W/"{version}"'


def _bytes(call: Call, item: messages.RetrievedDocument) -> Reply:
    """The bytes as they were received; a Binary for who asks for FHIR."""
    if call.asked:
        data = base64.b64encode(item.content).decode()
        binary = {"resourceType": "Binary", "id": item.unique_id}
        return Reply(binary | {"contentType": item.mime_type, "data": data})
    is_plain = _MEDIA_TYPE.fullmatch(item.mime_type)
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    media_type = item.mime_type if is_plain else "application/octet-stream"
    return Reply({}, headers=headers, content=item.content, media_type=media_type)
