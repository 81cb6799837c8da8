"""DMP mock, messages: the lot of documents of ITI-41 (DMP TD2.1), both ways.

A lot is its metadata (``kit.xds``), the bytes of each document, and the header of each CDA for
the rules to judge. Not here: the signature inside the signature's document (``kit.signature``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from kit import cda, mtom, xds
from kit.rules import Malformed
from kit.xds.metadata import DocumentEntry, Submission
from kit.xml import Element, build, find_all, need, need_attribute, qname
from mocks.dmp.messages.response import NAMES

PROVIDE_AND_REGISTER = qname("xds:ProvideAndRegisterDocumentSetRequest")
CDA_MIME_TYPE = "text/xml"


@dataclass(frozen=True, slots=True)
class ProvidedDocument:
    """One entry of a lot with its bytes.

    content: None when no part carries the document. header: None when the bytes are no CDA;
    ``unreadable`` then says why. body_flaw: why the body of an N1 document is not what it says.
    """

    entry: DocumentEntry
    content: bytes | None
    header: cda.CdaHeader | None = None
    unreadable: str = ""
    body_flaw: str = ""

    @property
    def hash(self) -> str:
        """SHA-1 of the bytes, hexadecimal, as the registry keeps it."""
        return hashlib.sha1(self.content or b"", usedforsecurity=False).hexdigest()

    @property
    def size_bytes(self) -> int:
        """How many bytes the document has."""
        return len(self.content or b"")


@dataclass(frozen=True, slots=True)
class ProvidedLot:
    """A lot as it was received; ``documents`` in message order, the signature apart.

    orphans: ids of parts without metadata.
    """

    submission: Submission
    documents: tuple[ProvidedDocument, ...]
    signature: ProvidedDocument | None = None
    orphans: tuple[str, ...] = ()

    @property
    def everything(self) -> tuple[ProvidedDocument, ...]:
        """Documents and signature."""
        return (*self.documents, *filter(None, [self.signature]))


def read_submission(body: Element, attachments: Mapping[str, bytes]) -> ProvidedLot:
    """Read a ProvideAndRegisterDocumentSetRequest (lot de soumission).

    attachments: Content-ID without brackets -> bytes, already decoded.
    Raises Malformed when an element needed to build the lot is absent; rules judge the rest.
    Source: ITI TF-2 3.41.4.1; CI-SIS, Partage de documents de santé.
    """
    submission = xds.read_submit_objects(need(body, "lcm:SubmitObjectsRequest"))
    contents = _contents(body, attachments)
    known = {entry.entry_uuid for entry in submission.documents}
    signature = submission.signature
    return ProvidedLot(
        submission,
        documents=tuple(
            read_document(entry, contents.get(entry.entry_uuid))
            for entry in submission.health_documents
        ),
        signature=ProvidedDocument(signature, contents.get(signature.entry_uuid))
        if signature
        else None,
        orphans=tuple(name for name in contents if name not in known),
    )


def _contents(body: Element, attachments: Mapping[str, bytes]) -> dict[str, bytes]:
    """Document/@id -> bytes. MTOM is required: a part for each (EX_2.1-1260)."""
    contents: dict[str, bytes] = {}
    for document in find_all(body, "xds:Document"):
        name = need_attribute(document, "id", where="xds:Document")
        content = mtom.included(document, attachments)
        if content is None:
            raise Malformed(f"Document[{name}]", "xop:Include is missing: MTOM is required")
        if name in contents:
            raise Malformed(f"Document[{name}]", "given twice")
        contents[name] = content
    return contents


def read_document(entry: DocumentEntry, content: bytes | None) -> ProvidedDocument:
    """An entry with its bytes; a CDA is read here."""
    if content is None or entry.mime_type != CDA_MIME_TYPE:
        return ProvidedDocument(entry, content)
    try:
        header = cda.read_header(content)
        flaw = _body_flaw(content) if header.media_type in _STARTS else ""
        return ProvidedDocument(entry, content, header, body_flaw=flaw)
    except Malformed as error:
        return ProvidedDocument(entry, content, unreadable=str(error))


def _body_flaw(content: bytes) -> str:
    """Why an unstructured body is not what its mediaType says, "" when nothing shows."""
    try:
        media_type, body = cda.read_unstructured_body(content)
    except Malformed as error:
        return str(error)
    start = _STARTS.get(media_type, b"")
    return "" if start in body[:1024] else f"{media_type}: {body[:8]!r}"


# What a body of each type has near its start.
_STARTS = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8", "text/rtf": b"{\\rtf"}


def write_submission(
    submission: Submission, contents: Mapping[str, bytes]
) -> tuple[Element, dict[str, bytes]]:
    """Write a ProvideAndRegisterDocumentSetRequest.

    contents: id of the entry in the lot (``Document01``) -> bytes.
    Returns the element, and the attachments of the message by Content-ID.
    """
    root = build(
        "xds:ProvideAndRegisterDocumentSetRequest",
        xds.write_submit_objects(submission),
        nsmap=NAMES,
    )
    attachments = {}
    for name, content in contents.items():
        content_id = f"{name}@lps.banc.test"
        attachments[content_id] = content
        root.append(build("xds:Document", mtom.include(content_id), id=name))
    return root, attachments
