"""DMP mock, store, registering: what the repository and the registry add to what was sent.

Not here: the rows' tables, when something is registered (``documents``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_OID

from kit.uuids import name_based
from kit.xds import vocabulary
from kit.xds.metadata import Association, DocumentEntry, SubmissionSet
from mocks.dmp.messages.retrieval import REPOSITORY_UNIQUE_ID
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot
from mocks.dmp.store.building import build


def registered_lot(entry_uuid: str, kept: Mapping[str, Any]) -> SubmissionSet:
    """A lot as the registry answers it."""
    lot = build(SubmissionSet, kept)
    return replace(lot, entry_uuid=entry_uuid, availability_status=vocabulary.APPROVED)


def registered_link(lot: SubmissionSet, link: Association, names: Mapping[str, str]) -> Association:
    """An association between registered objects, with an id of its own."""
    source = names.get(link.source, link.source)
    target = names.get(link.target, link.target)
    name = given_uuid(lot, f"{link.kind}/{source}/{target}")
    return replace(link, source=source, target=target, entry_uuid=name)


def given_uuid(lot: SubmissionSet, symbolic: str) -> str:
    """The entryUUID we give: a function of the lot, so the same run gives the same ones."""
    return f"urn:uuid:{name_based(NAMESPACE_OID, f'{lot.unique_id}/{symbolic}')}"


def names_of(lot: ProvidedLot) -> dict[str, str]:
    """Symbolic ids of a lot -> entryUUIDs; the empty name is the lot's own."""
    sent = lot.submission.lot
    symbolic = [sent.entry_uuid, *(item.entry.entry_uuid for item in lot.everything)]
    names = {name: given_uuid(sent, name) for name in symbolic}
    return names | {"": names[sent.entry_uuid]}


def registered(item: ProvidedDocument, entry_uuid: str) -> DocumentEntry:
    """The entry with what the repository and the registry add to it."""
    return replace(
        item.entry,
        entry_uuid=entry_uuid,
        logical_id=entry_uuid,
        version=1,
        is_opaque=False,
        hash=item.hash,
        size_bytes=item.size_bytes,
        repository_unique_id=REPOSITORY_UNIQUE_ID,
        availability_status=vocabulary.APPROVED,
    )


def entry_row(entry: DocumentEntry, lot_uuid: str, content: bytes) -> dict[str, Any]:
    """An entry as its table holds it."""
    return {
        "entry_uuid": entry.entry_uuid,
        "unique_id": entry.unique_id,
        "lot_uuid": lot_uuid,
        "matricule": entry.patient_id.matricule if entry.patient_id else "",
        "status": entry.availability_status,
        "type_code": entry.type_code.code if entry.type_code else "",
        "hash": entry.hash,
        "metadata": entry,
        "bytes": content,
    }
