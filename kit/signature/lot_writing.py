"""Kit, signature of a lot: how we write it. Same input, same bytes.

Not here: how one is judged (lot_checking).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from kit.pki import Credential, issuer_dn
from kit.signature.enveloped import RSA_SHA1
from kit.signature.lot_form import (
    CANONICAL_WITH_COMMENTS,
    DIGEST_OF,
    LOT_DIGEST,
    MANIFEST_ID,
    MANIFEST_TYPE,
    PROPERTIES_TYPE,
    PURPOSE_ID,
    PURPOSE_SOURCE,
    canonical_document,
    canonical_part,
    digest_of,
)
from kit.xml import NS, Element, build, qname, serialize


def write_lot_signature(
    lot_unique_id: str,
    documents: Iterable[tuple[str, bytes]],
    *,
    credential: Credential,
    signed_at: datetime,
    id_base: str,
    algorithm: str = RSA_SHA1,
) -> bytes:
    """Sign a lot (signature du lot de soumission): XAdES 1.1.1, XML with its declaration.

    documents: unique_id -> the bytes that are sent. id_base: an NCName, the signature's Id.
    algorithm: RSA_SHA1 is the published form; whether RSA_SHA256 is accepted is unconfirmed.
    Source: DMP examples.
    """
    digest = DIGEST_OF[algorithm]
    properties_id = f"{id_base}-SignedProperties"
    manifest = _manifest(lot_unique_id, documents, digest)
    properties = _signed_properties(credential, signed_at, properties_id, digest)
    signature = etree.Element(
        qname("ds:Signature"), {"Id": id_base}, nsmap={"ds": NS["ds"], "xades": NS["xades"]}
    )
    signature.append(_purpose(id_base))
    signature.append(build("ds:Object", manifest))
    qualifying = build("xades:QualifyingProperties", properties, Target=f"#{id_base}")
    signature.append(build("ds:Object", qualifying))
    references = (
        _reference(f"#{MANIFEST_ID}", digest, _part(manifest, digest), kind=MANIFEST_TYPE),
        _reference(f"#{properties_id}", digest, _part(properties, digest), kind=PROPERTIES_TYPE),
    )
    signed_info = build(
        "ds:SignedInfo",
        build("ds:CanonicalizationMethod", Algorithm=CANONICAL_WITH_COMMENTS),
        build("ds:SignatureMethod", Algorithm=algorithm),
        *references,
    )
    signature.insert(0, signed_info)
    signature.insert(1, build("ds:SignatureValue", _value(signed_info, credential, algorithm)))
    signature.insert(2, _key_info(credential))
    return serialize(signature, declaration=True)


def _part(element: Element, digest: str) -> str:
    return digest_of(canonical_part(element), digest)


def _reference(
    uri: str, digest: str, value: str, *, kind: str = "", transform: str = ""
) -> Element:
    reference = build("ds:Reference", URI=uri)
    if kind:
        reference.set("Type", kind)
    if transform:
        reference.append(build("ds:Transforms", build("ds:Transform", Algorithm=transform)))
    reference.append(build("ds:DigestMethod", Algorithm=digest))
    reference.append(build("ds:DigestValue", value))
    return reference


def _manifest(lot_unique_id: str, documents: Iterable[tuple[str, bytes]], digest: str) -> Element:
    manifest = build("ds:Manifest", Id=MANIFEST_ID)
    manifest.append(_reference(f"urn:oid:{lot_unique_id}", digest, LOT_DIGEST))
    for unique_id, content in documents:
        value = digest_of(canonical_document(content, (CANONICAL_WITH_COMMENTS,)), digest)
        manifest.append(
            _reference(f"urn:oid:{unique_id}", digest, value, transform=CANONICAL_WITH_COMMENTS)
        )
    return manifest


def _purpose(id_base: str) -> Element:
    purpose = build("ds:SignatureProperty", PURPOSE_SOURCE, Id=PURPOSE_ID, Target=f"#{id_base}")
    return build("ds:Object", build("ds:SignatureProperties", purpose))


def _signed_properties(
    credential: Credential, signed_at: datetime, identifier: str, digest: str
) -> Element:
    at = signed_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    certificates = (_certificate(item, digest) for item in credential.chain)
    implied = build("xades:SignaturePolicyImplied")
    return build(
        "xades:SignedProperties",
        build(
            "xades:SignedSignatureProperties",
            build("xades:SigningTime", at),
            build("xades:SigningCertificate", *certificates),
            build("xades:SignaturePolicyIdentifier", implied),
        ),
        Id=identifier,
    )


def _certificate(certificate: x509.Certificate, digest: str) -> Element:
    der = certificate.public_bytes(serialization.Encoding.DER)
    return build(
        "xades:Cert",
        build(
            "xades:CertDigest",
            build("xades:DigestMethod", Algorithm=digest),
            build("xades:DigestValue", digest_of(der, digest)),
        ),
        build(
            "xades:IssuerSerial",
            build("ds:X509IssuerName", issuer_dn(certificate)),
            build("ds:X509SerialNumber", str(certificate.serial_number)),
        ),
    )


def _value(signed_info: Element, credential: Credential, algorithm: str) -> str:
    content = canonical_part(signed_info, with_comments=True)
    hashed = hashes.SHA1() if algorithm == RSA_SHA1 else hashes.SHA256()  # noqa: S303 published form
    return base64.b64encode(credential.key.sign(content, padding.PKCS1v15(), hashed)).decode()


def _key_info(credential: Credential) -> Element:
    encoded = base64.b64encode(credential.certificate_der).decode()
    return build("ds:KeyInfo", build("ds:X509Data", build("ds:X509Certificate", encoded)))
