"""Banc, validation, kinds: what a file is, by its content.

A name or an extension is never believed. Not here: judging it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from banc.validation.report import Kind
from kit.rules import Malformed
from kit.xml import Element, find, local_name, parse, qname

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_EBRIM2 = "{urn:oasis:names:tc:ebxml-regrep:registry:xsd:2.1}SubmitObjectsRequest"
_LOTS = (qname("xds:ProvideAndRegisterDocumentSetRequest"), qname("lcm:SubmitObjectsRequest"),
         _EBRIM2)  # fmt: skip
_DOCUMENT, _ASSERTION = qname("hl7:ClinicalDocument"), qname("saml2:Assertion")
_BODIES = ("soap:Body", "soap11:Body")


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose kind is known. root: what is judged; None for an archive.

    attachments: the parts of an MTOM message, by Content-ID. has_assertion: a message of which
    the assertion is judged too.
    """

    kind: Kind
    content: bytes = field(repr=False)
    root: Element | None = None
    attachments: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    has_assertion: bool = False


def opened(content: bytes) -> Opened:
    """What a file is. Raises Malformed when it is nothing that can be judged."""
    if not content.strip():
        raise Malformed("file", "it is empty")
    if content.startswith(_ZIP):
        return Opened(Kind.XDM, content)
    text, attachments = _message(content)
    root = parse(text, where="file")
    lot = _lot(root)
    has_assertion = next(root.iter(_ASSERTION), None) is not None
    if lot is not None:
        return Opened(Kind.METADATA, content, lot, attachments, has_assertion)
    if next(root.iter(_DOCUMENT), None) is not None:
        return Opened(Kind.CDA, text, root)
    if has_assertion:
        return Opened(Kind.VIHF, content, root, has_assertion=True)
    raise Malformed(
        "file",
        f"neither a CDA, an IHE_XDM.ZIP, a VIHF nor XDS metadata: its root is {local_name(root)}",
    )


def _message(content: bytes) -> tuple[bytes, Mapping[str, bytes]]:
    """The XML of a file and the attachments beside it."""
    if content.startswith(b"<"):
        return content, {}
    from kit.vihf.finding import message_in  # brings cryptography, a tenth of a second

    return message_in(content)


def _lot(root: Element) -> Element | None:
    """A lot of documents, itself or as the body of a message."""
    if root.tag in _LOTS:
        return root
    for name in _BODIES:
        body = find(root, name)
        if body is not None and len(body) and body[0].tag in _LOTS:
            return body[0]
    return None
