"""Kit, signature of a lot: the words of its form, and canonical bytes. Source: DMP examples.

XAdES 1.1.1 around a manifest that names the lot and each of its documents by OID. Not here: the
entry that carries it in the metadata (xds).
"""

from __future__ import annotations

import base64
import hashlib

from lxml import etree

from kit.signature.enveloped import HASHES, RSA_SHA1, RSA_SHA256, SHA1, SHA256
from kit.xml import Element, parse

CANONICAL = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
CANONICAL_WITH_COMMENTS = CANONICAL + "#WithComments"
MANIFEST_ID = "IHEManifest"
MANIFEST_TYPE = "http://www.w3.org/2000/09/xmldsig#Manifest"
PROPERTIES_TYPE = "http://uri.etsi.org/01903/v1.1.1#SignedProperties"
PURPOSE_ID = "purposeOfSignature"
PURPOSE_SOURCE = "1.2.840.10065.1.12.1.14"  # ASTM E1762: the source signs what it sends
LOT_DIGEST = "AA=="  # a lot has no bytes: one zero stands for its digest

DIGEST_OF = {RSA_SHA1: SHA1, RSA_SHA256: SHA256}


def digest_of(content: bytes, method: str) -> str:
    """The digest in base64; ``method`` is an algorithm's URI."""
    return base64.b64encode(hashlib.new(HASHES[method], content).digest()).decode()


def canonical_part(element: Element, *, with_comments: bool = False) -> bytes:
    """Inclusive canonical XML of one element: the namespaces in scope around it come along."""
    return etree.tostring(element, method="c14n", with_comments=with_comments)


def canonical_document(
    content: bytes, transforms: tuple[str, ...], parsed: Element | None = None
) -> bytes:
    """The bytes a document's digest is made of: as they are, or canonical if so declared.

    parsed: any element of the tree already read from ``content``, so that it is not read again.
    Raises Malformed when canonical bytes are asked of what is no XML.
    """
    if not transforms:
        return content
    element = parse(content, where="document") if parsed is None else parsed
    tree = element.getroottree()
    return etree.tostring(
        tree, method="c14n", with_comments=transforms[-1] == CANONICAL_WITH_COMMENTS
    )
