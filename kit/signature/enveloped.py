"""Kit, signature: one signature inside the element it signs, in the only form we read.

The form is closed on purpose: an element that is moved, doubled or signed twice is refused before
any cryptography, and what is verified is the very element the caller goes on to read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import cast

import xmlsec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from kit.pki import Credential, Trust, certificate_of
from kit.xml import NS, Element, build, find, find_text, local_name, need, qname

ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
DIGESTS = {RSA_SHA1: SHA1, RSA_SHA256: SHA256}
HASHES = {SHA1: "sha1", SHA256: "sha256"}
METHODS = {RSA_SHA1: hashes.SHA1, RSA_SHA256: hashes.SHA256}

_IDENTIFIERS = etree.XPath(
    "count(//@*[. = $id][local-name()='ID' or local-name()='Id' or local-name()='id'])"
)
_VALUES = etree.XPath("//@*", smart_strings=False)
_COMMENTED_TEXT = etree.XPath("boolean(.//*[(comment() or processing-instruction()) and not(*)])")
_INCLUSIVE = f"{{{EXCLUSIVE}}}InclusiveNamespaces"


class SignatureFlaw(StrEnum):
    """What is wrong with a signature."""

    ABSENT = "no signature"
    SEVERAL = "several signatures"
    MISPLACED = "signature not directly in the element it signs"
    IDENTIFIER = "identifier absent or not unique"
    FORM = "form not accepted"
    ALGORITHM = "algorithm not accepted"
    REFERENCE = "reference to something else"
    COMMENT = "comment inside a text"
    CERTIFICATE = "certificate unreadable"
    DIGEST = "content changed after it was signed"
    VALUE = "signature value wrong"


class SignatureRefused(Exception):
    """A signature is not accepted: ``flaw``, the value seen and the value expected."""

    def __init__(self, flaw: SignatureFlaw, seen: str = "", expected: str = "") -> None:
        super().__init__(f"{flaw}: seen {seen!r}, expected {expected}")
        self.flaw = flaw
        self.seen = seen
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds: by whom, and with which algorithm."""

    certificate: x509.Certificate
    algorithm: str


def sign_enveloped(
    element: Element,
    credential: Credential,
    *,
    after: str = "",
    id_attribute: str = "ID",
    algorithm: str = RSA_SHA256,
) -> Element:
    """Put the signature of ``element`` into it: first, or behind its child ``after``.

    Exclusive canonicalization; the certificate lies in KeyInfo. Same input, same bytes.
    Returns the same element.
    """
    signature = _template(element.attrib[id_attribute], algorithm)
    previous = element.find(after, NS) if after else None
    element.insert(0 if previous is None else element.index(previous) + 1, signature)
    xmlsec.tree.add_ids(element, [id_attribute])
    context = xmlsec.SignatureContext()
    context.key = _private_key(credential.key_pem)
    context.sign(signature)
    encoded = base64.b64encode(credential.certificate_der).decode()
    signature.append(
        build("ds:KeyInfo", build("ds:X509Data", build("ds:X509Certificate", encoded)))
    )
    return element


def _template(identifier: str, algorithm: str) -> Element:
    transforms = build(
        "ds:Transforms",
        build("ds:Transform", Algorithm=ENVELOPED),
        build("ds:Transform", Algorithm=EXCLUSIVE),
    )
    reference = build(
        "ds:Reference",
        transforms,
        build("ds:DigestMethod", Algorithm=DIGESTS[algorithm]),
        build("ds:DigestValue"),
        URI=f"#{identifier}",
    )
    signed_info = build(
        "ds:SignedInfo",
        build("ds:CanonicalizationMethod", Algorithm=EXCLUSIVE),
        build("ds:SignatureMethod", Algorithm=algorithm),
        reference,
    )
    return build("ds:Signature", signed_info, build("ds:SignatureValue"))


@lru_cache(maxsize=256)
def _private_key(pem: bytes) -> xmlsec.Key:
    return xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)


def verify_enveloped(
    element: Element,
    trust: Trust,
    at: datetime,
    *,
    accept_sha1: bool = False,
    id_attribute: str = "ID",
) -> Verified:
    """Verify the signature of ``element`` and that its certificate is believed ``at`` an instant.

    Raises SignatureRefused, or Untrusted when only the certificate is at fault.
    """
    verified = verify_integrity(element, accept_sha1=accept_sha1, id_attribute=id_attribute)
    trust.verify(verified.certificate, at)
    return verified


def verify_integrity(
    element: Element, *, accept_sha1: bool = False, id_attribute: str = "ID"
) -> Verified:
    """Verify the signature of ``element`` against the certificate it carries, believed or not.

    Raises SignatureRefused.
    """
    signature = _only_signature(element)
    algorithm = _check_form(signature, accept_sha1)
    _check_reference(signature, element, id_attribute)
    if _COMMENTED_TEXT(element):
        raise SignatureRefused(SignatureFlaw.COMMENT, "<!-- -->", "text without comments")
    certificate = _certificate(signature)
    _check_values(element, certificate, algorithm)
    return Verified(certificate, algorithm)


def _only_signature(element: Element) -> Element:
    found = list(element.iter(qname("ds:Signature")))
    if not found:
        raise SignatureRefused(SignatureFlaw.ABSENT, "", "one ds:Signature")
    if len(found) > 1:
        raise SignatureRefused(SignatureFlaw.SEVERAL, str(len(found)), "one ds:Signature")
    parent = found[0].getparent()
    if parent is not element:
        seen = local_name(parent) if parent is not None else ""
        raise SignatureRefused(SignatureFlaw.MISPLACED, seen, local_name(element))
    return found[0]


def _children(element: Element, *expected: str) -> tuple[Element, ...]:
    """The child elements, which must be exactly those expected."""
    children = tuple(child for child in element if isinstance(child.tag, str))
    seen = tuple(str(child.tag) for child in children)
    if seen != tuple(qname(name) for name in expected):
        raise SignatureRefused(
            SignatureFlaw.FORM,
            f"{local_name(element)}: " + ", ".join(local_name(child) for child in children),
            ", ".join(expected),
        )
    return children


def _algorithm(element: Element, accepted: Sequence[str]) -> str:
    seen = element.get("Algorithm", "")
    if seen not in accepted:
        raise SignatureRefused(SignatureFlaw.ALGORITHM, seen, " or ".join(accepted))
    return seen


def _check_form(signature: Element, accept_sha1: bool) -> str:
    """The algorithm of a signature that has the one accepted form."""
    signed_info, _, _ = _children(signature, "ds:SignedInfo", "ds:SignatureValue", "ds:KeyInfo")
    canonicalization, method, reference = _children(
        signed_info, "ds:CanonicalizationMethod", "ds:SignatureMethod", "ds:Reference"
    )
    transforms, digest, _ = _children(
        reference, "ds:Transforms", "ds:DigestMethod", "ds:DigestValue"
    )
    enveloped, exclusive = _children(transforms, "ds:Transform", "ds:Transform")
    _children(enveloped)
    _children(method)
    _children(digest)
    for canonical in (canonicalization, exclusive):
        _algorithm(canonical, (EXCLUSIVE,))
        if [child.tag for child in canonical] not in ([], [_INCLUSIVE]):
            raise SignatureRefused(SignatureFlaw.FORM, "content in a canonicalization", "none")
    _algorithm(enveloped, (ENVELOPED,))
    _algorithm(digest, (SHA256, SHA1) if accept_sha1 else (SHA256,))
    return _algorithm(method, (RSA_SHA256, RSA_SHA1) if accept_sha1 else (RSA_SHA256,))


def _check_reference(signature: Element, element: Element, id_attribute: str) -> None:
    identifier = element.get(id_attribute, "")
    count = _times_given(element, identifier) if identifier else 0
    if count != 1:
        raise SignatureRefused(
            SignatureFlaw.IDENTIFIER, f"{id_attribute}={identifier!r}, {count} times", "once"
        )
    seen = need(signature, "ds:SignedInfo/ds:Reference").get("URI", "")
    if seen != f"#{identifier}":
        raise SignatureRefused(SignatureFlaw.REFERENCE, seen, f"#{identifier}")


def _times_given(element: Element, identifier: str) -> int:
    """How often the document gives ``identifier``, which is that of ``element``."""
    tree = element.getroottree()
    if cast(list[str], _VALUES(tree)).count(identifier) == 1:  # the cheap question first
        return 1
    return int(_IDENTIFIERS(tree, id=identifier))


def certificate_in(element: Element) -> x509.Certificate:
    """The certificate that the signature of ``element`` carries, nothing being verified.

    Only to tell who claims to have signed. Raises SignatureRefused.
    """
    return _certificate(_only_signature(element))


def _certificate(signature: Element) -> x509.Certificate:
    """The first certificate of KeyInfo. Others may follow: we look for the chain ourselves."""
    found = find(signature, "ds:KeyInfo/ds:X509Data/ds:X509Certificate")
    if found is None:
        raise SignatureRefused(SignatureFlaw.CERTIFICATE, "none", "X509Certificate in KeyInfo")
    try:
        certificate = certificate_of(base64.b64decode("".join((found.text or "").split())))
        key = certificate.public_key()
    except (ValueError, binascii.Error) as error:
        raise SignatureRefused(SignatureFlaw.CERTIFICATE, str(error), "base64 of DER") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise SignatureRefused(SignatureFlaw.CERTIFICATE, type(key).__name__, "an RSA key")
    return certificate


def alone(element: Element) -> Element:
    """The element as a document of its own, the namespaces in scope around it kept.

    So nothing around it can be referred to, and inclusive canonicalization sees them.
    """
    own = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    return etree.fromstring(etree.tostring(element), own)


def _check_values(element: Element, certificate: x509.Certificate, algorithm: str) -> None:
    """Compute both values again. The form is closed: nothing here is chosen by the message."""
    signature = need(element, "ds:Signature")
    signed_info = need(signature, "ds:SignedInfo")
    reference = need(signed_info, "ds:Reference")
    _, exclusive = _children(need(reference, "ds:Transforms"), "ds:Transform", "ds:Transform")
    copy = alone(element)  # what is moved in a tree may change its prefixes
    _remove(need(copy, "ds:Signature"))
    content = _canonical(copy, exclusive)
    name = HASHES[need(reference, "ds:DigestMethod").get("Algorithm", "")]
    digest = base64.b64encode(hashlib.new(name, content).digest()).decode()
    seen = "".join(find_text(reference, "ds:DigestValue").split())
    if digest != seen:
        raise SignatureRefused(SignatureFlaw.DIGEST, digest, seen)
    if not made_by(
        certificate,
        find_text(signature, "ds:SignatureValue"),
        _canonical(signed_info, need(signed_info, "ds:CanonicalizationMethod")),
        algorithm,
    ):
        expected = "the value made by the certificate's key"
        raise SignatureRefused(SignatureFlaw.VALUE, "", expected)


def _canonical(element: Element, method: Element) -> bytes:
    """Exclusive canonical XML, with the prefixes its algorithm's element lists."""
    inclusive = method.find(_INCLUSIVE)
    prefixes = [] if inclusive is None else inclusive.get("PrefixList", "").split()
    return etree.tostring(
        element, method="c14n", exclusive=True, with_comments=False,
        inclusive_ns_prefixes=prefixes,
    )  # fmt: skip


def made_by(certificate: x509.Certificate, value: str, content: bytes, algorithm: str) -> bool:
    """Whether the RSA key of a certificate made the signature ``value``, base64."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        signed = base64.b64decode("".join(value.split()))
        key.verify(signed, content, padding.PKCS1v15(), METHODS[algorithm]())
    except (InvalidSignature, ValueError):
        return False
    return True


def _remove(child: Element) -> None:
    """Take an element out and leave the text behind it in place."""
    parent, previous = child.getparent(), child.getprevious()
    assert parent is not None
    if previous is not None:
        previous.tail = (previous.tail or "") + (child.tail or "")
    else:
        parent.text = (parent.text or "") + (child.tail or "")
    parent.remove(child)
