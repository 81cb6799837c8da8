"""DMP mock, messages: the lot of documents of ITI-41 (DMP TD2.1), both ways.

A lot is its metadata (``kit.xds``), the bytes of each document, and each CDA, read once, for the
rules to judge. Not here: the signature inside the signature's document (``kit.signature``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from kit import mtom, xds
from kit.cda import Cda, CdaHeader, differences
from kit.cda import read as read_cda
from kit.rules import Finding, Malformed
from kit.xds.metadata import DocumentEntry, Submission
from kit.xml import Element, build, find_all, need, need_attribute, qname
from mocks.dmp.messages.response import NAMES

PROVIDE_AND_REGISTER = qname("xds:ProvideAndRegisterDocumentSetRequest")
CDA_MIME_TYPES = ("text/xml", "application/xslt+xml")  # the second: with its own stylesheet


@dataclass(frozen=True)  # no slots: what is derived is kept
class ProvidedDocument:
    """One entry of a lot with its bytes.

    content: None when no part carries the document. cda: None when the bytes are no CDA;
    ``unreadable`` then says why.
    """

    entry: DocumentEntry
    content: bytes | None
    cda: Cda | None = None
    unreadable: str = ""

    @property
    def header(self) -> CdaHeader | None:
        """What the header of the CDA says."""
        return self.cda.header if self.cda else None

    @cached_property
    def differences(self) -> tuple[Finding, ...]:
        """What the metadata say otherwise than the CDA."""
        return tuple(differences(self.entry, self.cda.header)) if self.cda else ()

    @cached_property
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
    """An entry with its bytes; a CDA is parsed here, and nowhere else."""
    if content is None or entry.mime_type not in CDA_MIME_TYPES:
        return ProvidedDocument(entry, content)
    try:
        return ProvidedDocument(entry, content, read_cda(content))
    except Malformed as error:
        return ProvidedDocument(entry, content, unreadable=str(error))


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
