"""Kit, signature of a lot: everything that is wrong with one, told in findings.

Not here: the code a service answers with. Source of each check: DMP examples, XML-DSig core,
IHE DSG (manifest).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from kit.pki import Trust, Untrusted, certificate_of, is_signature_certificate, subject_dn
from kit.rules import Finding, Malformed
from kit.signature.enveloped import HASHES, METHODS, RSA_SHA1, RSA_SHA256, made_by
from kit.signature.lot_form import (
    CANONICAL,
    CANONICAL_WITH_COMMENTS,
    LOT_DIGEST,
    MANIFEST_ID,
    PURPOSE_SOURCE,
    canonical_document,
    canonical_part,
    digest_of,
)
from kit.xml import Element, find, find_all, find_text, parse, qname

_NONE: Mapping[str, Element] = {}
_PROPERTIES = "ds:Object/xades:QualifyingProperties/xades:SignedProperties"


@dataclass(frozen=True, slots=True)
class _Reference:
    uri: str
    transforms: tuple[str, ...]
    method: str
    digest: str


def check_lot_signature(
    xml: bytes,
    lot_unique_id: str,
    documents: Iterable[tuple[str, bytes]],
    *,
    trust: Trust,
    at: datetime,
    accept_sha256: bool = True,
    parsed: Mapping[str, Element] = _NONE,
) -> list[Finding]:
    """What is wrong with the signature of a lot; an empty list when nothing is.

    documents: unique_id -> the bytes received. parsed: unique_id -> an element of the tree read
    from them, where it was read already. The subject of a finding is the document's
    unique_id where one is at fault, else the lot's.
    """
    try:
        signature = parse(xml, where="lot signature")
    except Malformed as error:
        return [Finding(lot_unique_id, "ds:Signature", error.why, "well-formed XML")]
    if signature.tag != qname("ds:Signature"):
        return [Finding(lot_unique_id, "root element", str(signature.tag), "ds:Signature")]
    accepted = (RSA_SHA1, RSA_SHA256) if accept_sha256 else (RSA_SHA1,)
    return [
        *_algorithms(signature, lot_unique_id, accepted),
        *_references(signature, lot_unique_id),
        *_purpose(signature, lot_unique_id),
        *_manifest(signature, lot_unique_id, dict(documents), parsed),
        *_signer(signature, lot_unique_id, trust, at),
    ]


def _attribute(signature: Element, path: str, name: str) -> str:
    found = find(signature, path)
    return "" if found is None else found.get(name, "")


def _algorithms(signature: Element, lot: str, accepted: tuple[str, ...]) -> Iterator[Finding]:
    method = _attribute(signature, "ds:SignedInfo/ds:SignatureMethod", "Algorithm")
    if method not in accepted:
        yield Finding(lot, "SignatureMethod", method, " or ".join(accepted))
    canonical = _attribute(signature, "ds:SignedInfo/ds:CanonicalizationMethod", "Algorithm")
    if canonical not in (CANONICAL, CANONICAL_WITH_COMMENTS):
        yield Finding(lot, "CanonicalizationMethod", canonical, CANONICAL_WITH_COMMENTS)


def _read_reference(element: Element) -> _Reference:
    return _Reference(
        uri=element.get("URI", ""),
        transforms=tuple(
            item.get("Algorithm", "") for item in find_all(element, "ds:Transforms/ds:Transform")
        ),
        method=_attribute(element, "ds:DigestMethod", "Algorithm"),
        digest="".join(find_text(element, "ds:DigestValue").split()),
    )


def _references(signature: Element, lot: str) -> Iterator[Finding]:
    """The manifest and the signed properties: there once, referred to once, unchanged."""
    references = [
        _read_reference(item) for item in find_all(signature, "ds:SignedInfo/ds:Reference")
    ]
    parts = {"#" + MANIFEST_ID: find_all(signature, "ds:Object/ds:Manifest")}
    properties = find_all(signature, _PROPERTIES)
    parts["#" + (properties[0].get("Id", "") if properties else "SignedProperties")] = properties
    seen = sorted(reference.uri for reference in references)
    if seen != sorted(parts):
        yield Finding(lot, "SignedInfo/Reference", ", ".join(seen), ", ".join(sorted(parts)))
    identified = [item for item in signature.iter() if item.get("Id") is not None]
    for reference in references:
        same = [item for item in identified if f"#{item.get('Id')}" == reference.uri]
        yield from _part(lot, reference, parts.get(reference.uri, []), same)


def _part(
    lot: str, reference: _Reference, found: list[Element], same: list[Element]
) -> Iterator[Finding]:
    if len(found) != 1 or same != found:
        yield Finding(lot, reference.uri, f"{len(same)} elements", "one element with that Id")
    elif problem := _unusable(reference):
        yield Finding(lot, reference.uri, problem, "c14n 2001 and SHA-1 or SHA-256")
    else:
        digest = digest_of(canonical_part(found[0]), reference.method)
        if digest != reference.digest:
            yield Finding(lot, reference.uri, reference.digest, f"digest {digest}")


def _unusable(reference: _Reference) -> str:
    """An algorithm we do not take, or ""."""
    if reference.method not in HASHES:
        return reference.method or "no DigestMethod"
    known = (CANONICAL, CANONICAL_WITH_COMMENTS)
    return next((item for item in reference.transforms if item not in known), "")


def _purpose(signature: Element, lot: str) -> Iterator[Finding]:
    path = "ds:Object/ds:SignatureProperties/ds:SignatureProperty"
    seen = find_text(signature, path)
    if seen != PURPOSE_SOURCE:
        yield Finding(lot, "purposeOfSignature", seen, PURPOSE_SOURCE)
    if not find_text(signature, f"{_PROPERTIES}//xades:SigningTime"):
        yield Finding(lot, "SigningTime", "", "an instant")


def _manifest(
    signature: Element, lot: str, documents: Mapping[str, bytes], parsed: Mapping[str, Element]
) -> Iterator[Finding]:
    """The manifest names the lot and each document once, with its digest, and nothing else."""
    entries = [
        _read_reference(item) for item in find_all(signature, "ds:Object/ds:Manifest/ds:Reference")
    ]
    by_uri = {entry.uri: entry for entry in entries}
    if len(by_uri) != len(entries):
        yield Finding(lot, "Manifest", f"{len(entries)} references", f"{len(by_uri)} different")
    own = by_uri.pop(f"urn:oid:{lot}", None)
    if own is None or own.digest != LOT_DIGEST:
        seen = "" if own is None else own.digest
        yield Finding(lot, f"Manifest urn:oid:{lot}", seen, LOT_DIGEST)
    for unique_id, content in documents.items():
        entry = by_uri.pop(f"urn:oid:{unique_id}", None)
        yield from _document(unique_id, content, entry, parsed.get(unique_id))
    for uri in by_uri:
        yield Finding(lot, "Manifest", uri, "only the lot and its documents")


def _document(
    unique_id: str, content: bytes, entry: _Reference | None, parsed: Element | None
) -> Iterator[Finding]:
    if entry is None:
        yield Finding(unique_id, "Manifest", "", f"a reference urn:oid:{unique_id}")
        return
    if problem := _unusable(entry):
        yield Finding(unique_id, "Manifest", problem, "c14n 2001 and SHA-1 or SHA-256")
        return
    try:
        digest = digest_of(canonical_document(content, entry.transforms, parsed), entry.method)
    except Malformed as error:
        yield Finding(unique_id, "document", error.why, "XML, as the transform declares")
        return
    if digest != entry.digest:
        yield Finding(unique_id, "Manifest DigestValue", entry.digest, digest)


def _signer(signature: Element, lot: str, trust: Trust, at: datetime) -> Iterator[Finding]:
    """The certificate is one that signs, is believed, is the one stated, and made the value."""
    encoded = find_text(signature, "ds:KeyInfo/ds:X509Data/ds:X509Certificate")
    try:
        der = base64.b64decode("".join(encoded.split()))
        certificate = certificate_of(der)
    except (ValueError, binascii.Error):
        yield Finding(lot, "X509Certificate", encoded[:40], "base64 of DER")
        return
    if not is_signature_certificate(certificate):
        yield Finding(lot, "X509Certificate", subject_dn(certificate), "a signature certificate")
    try:
        trust.verify(certificate, at)
    except Untrusted as error:
        yield Finding(lot, f"X509Certificate {error.reason}", error.seen, error.expected)
    yield from _stated(signature, lot, der)
    yield from _value(signature, lot, certificate)


def _stated(signature: Element, lot: str, der: bytes) -> Iterator[Finding]:
    first = find(signature, f"{_PROPERTIES}//xades:SigningCertificate/xades:Cert/xades:CertDigest")
    if first is None:
        yield Finding(lot, "SigningCertificate", "", "the digest of the signing certificate")
        return
    method = next((item.get("Algorithm", "") for item in first), "")
    seen = "".join((first[-1].text or "").split()) if len(first) else ""
    expected = digest_of(der, method) if method in HASHES else "SHA-1 or SHA-256"
    if seen != expected:
        yield Finding(lot, "SigningCertificate", seen, expected)


def _value(signature: Element, lot: str, certificate: x509.Certificate) -> Iterator[Finding]:
    signed_info = find(signature, "ds:SignedInfo")
    method = _attribute(signature, "ds:SignedInfo/ds:SignatureMethod", "Algorithm")
    canonical = _attribute(signature, "ds:SignedInfo/ds:CanonicalizationMethod", "Algorithm")
    if signed_info is None or method not in METHODS:
        yield Finding(lot, "SignatureValue", method, "an RSA signature of SignedInfo")
        return
    content = canonical_part(signed_info, with_comments=canonical == CANONICAL_WITH_COMMENTS)
    if not made_by(certificate, find_text(signature, "ds:SignatureValue"), content, method):
        yield Finding(lot, "SignatureValue", "", "the value made by the certificate's key")
