"""DMP mock, messages: retrieval of documents, ITI-43 (DMP TD3.2), both ways.

Not here: who may retrieve what (``rules``). Bytes are never touched: what was stored comes back.
Source: ITI TF-2 3.43.4.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kit import mtom
from kit.rules import Malformed, Refusal
from kit.xml import Element, build, find, find_all, find_text, need, need_text, qname
from mocks.dmp.messages.response import (
    FAILURE,
    NAMES,
    PARTIAL_SUCCESS,
    SUCCESS,
    RegistryError,
    read_registry_response,
    write_errors,
)

RETRIEVE = qname("xds:RetrieveDocumentSetRequest")
REPOSITORY_UNIQUE_ID = "1.2.250.1.213.4.1.1.1.2"  # the repository of the DMP


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """One document asked for."""

    unique_id: str
    repository_unique_id: str = REPOSITORY_UNIQUE_ID


@dataclass(frozen=True, slots=True)
class RetrievedDocument:
    """One document as it comes back."""

    unique_id: str
    content: bytes
    mime_type: str = "text/xml"
    repository_unique_id: str = REPOSITORY_UNIQUE_ID


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The answer to a retrieval."""

    status: str
    documents: tuple[RetrievedDocument, ...] = ()
    errors: tuple[RegistryError, ...] = ()


def read_retrieve(body: Element) -> tuple[DocumentRequest, ...]:
    """Read xds:RetrieveDocumentSetRequest; at least one document is asked for."""
    asked = find_all(body, "xds:DocumentRequest")
    if not asked:
        raise Malformed("RetrieveDocumentSetRequest", "element xds:DocumentRequest is missing")
    return tuple(
        DocumentRequest(
            need_text(item, "xds:DocumentUniqueId"), need_text(item, "xds:RepositoryUniqueId")
        )
        for item in asked
    )


def write_retrieve(requests: Iterable[DocumentRequest]) -> Element:
    """Write xds:RetrieveDocumentSetRequest."""
    root = build("xds:RetrieveDocumentSetRequest")
    for item in requests:
        root.append(build("xds:DocumentRequest", *_identifiers(item)))
    return root


def _identifiers(item: DocumentRequest | RetrievedDocument) -> tuple[Element, Element]:
    return (
        build("xds:RepositoryUniqueId", item.repository_unique_id),
        build("xds:DocumentUniqueId", item.unique_id),
    )


def write_retrieved(
    documents: Iterable[RetrievedDocument], refusals: Iterable[Refusal] = ()
) -> tuple[Element, dict[str, bytes]]:
    """The answer to a retrieval: its element, and its attachments by Content-ID."""
    found, refused = tuple(documents), tuple(refusals)
    outcome = build("rs:RegistryResponse", status=_status(bool(found), bool(refused)))
    if refused:
        outcome.append(write_errors(refused))
    root = build("xds:RetrieveDocumentSetResponse", outcome, nsmap=NAMES)
    attachments = {}
    for number, document in enumerate(found, 1):
        content_id = f"document{number}@dmp.banc.test"
        attachments[content_id] = document.content
        root.append(_response(document, content_id))
    return root, attachments


def _status(found: bool, refused: bool) -> str:
    if not refused:
        return SUCCESS
    return PARTIAL_SUCCESS if found else FAILURE


def _response(document: RetrievedDocument, content_id: str) -> Element:
    return build(
        "xds:DocumentResponse",
        *_identifiers(document),
        build("xds:mimeType", document.mime_type),
        build("xds:Document", mtom.include(content_id)),
    )


def read_retrieve_response(element: Element, attachments: Mapping[str, bytes]) -> Retrieved:
    """Read xds:RetrieveDocumentSetResponse with the attachments of the message."""
    response = read_registry_response(need(element, "rs:RegistryResponse"))
    documents = [
        RetrievedDocument(
            unique_id=need_text(item, "xds:DocumentUniqueId"),
            content=read_bytes(need(item, "xds:Document"), attachments),
            mime_type=find_text(item, "xds:mimeType"),
            repository_unique_id=need_text(item, "xds:RepositoryUniqueId"),
        )
        for item in find_all(element, "xds:DocumentResponse")
    ]
    return Retrieved(response.status, tuple(documents), response.errors)


def read_bytes(document: Element, attachments: Mapping[str, bytes]) -> bytes:
    """The bytes of an xds:Document: the part its xop:Include names, or its base64 text."""
    if find(document, "xop:Include") is not None:
        return mtom.included(document, attachments) or b""
    try:
        return b64decode("".join((document.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("Document", "neither xop:Include nor base64") from None
