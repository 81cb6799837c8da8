"""Kit, signature of a lot: what it says, every way to spoil it, and an outside judge."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest
import signxml
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration
from signxml import SignatureMethod as Method

from kit.pki import CertificateFault, CertificateKind, TestPki
from kit.signature import (
    RSA_SHA1,
    RSA_SHA256,
    check_lot_signature,
    write_lot_signature,
)
from kit.xml import NS, need, parse, serialize
from tests.kit.trust_builders import NOW, a_hospital

# The signature of a lot.

LOT = "1.2.250.1.999.1.7"
CDA = b'<?xml version="1.0"?><?style x?><!-- kept --><doc  b="2" a="1">\xc3\xa9<e/></doc>'
DOCUMENTS = (("1.2.250.1.999.1.8", CDA), ("1.2.250.1.999.1.9", b"<doc/>"))


def a_lot_signature(pki: TestPki, algorithm: str = RSA_SHA1) -> bytes:
    return write_lot_signature(
        LOT, DOCUMENTS, credential=a_hospital(pki).sign, signed_at=NOW, id_base="Sig01",
        algorithm=algorithm,
    )  # fmt: skip


def findings(pki: TestPki, xml: bytes, documents=DOCUMENTS, **options) -> list[tuple[str, str]]:
    found = check_lot_signature(xml, LOT, documents, trust=pki.trust, at=NOW, **options)
    assert all(item.expected for item in found)
    return [(item.subject, item.field) for item in found]


@pytest.mark.parametrize("algorithm", [RSA_SHA1, RSA_SHA256])
def test_a_lot_signature_is_complete(pki: TestPki, algorithm: str) -> None:
    assert findings(pki, a_lot_signature(pki, algorithm)) == []


def test_a_document_read_before_is_not_read_again(pki: TestPki) -> None:
    xml, (unique_id, _) = a_lot_signature(pki), DOCUMENTS[0]
    assert findings(pki, xml, parsed={unique_id: parse(CDA)[0]}) == []
    other = {unique_id: parse(b"<doc/>")}
    assert findings(pki, xml, parsed=other) == [(unique_id, "Manifest DigestValue")]


@pytest.mark.parametrize("algorithm", [RSA_SHA1, RSA_SHA256])
def test_signxml_verifies_the_signature_of_a_lot(pki: TestPki, algorithm: str) -> None:
    accepted = SignatureConfiguration(
        require_x509=True,
        location="./",
        expect_references=2,
        signature_methods=frozenset({Method.RSA_SHA1, Method.RSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA1, DigestAlgorithm.SHA256}),
    )
    results = signxml.XMLVerifier().verify(
        a_lot_signature(pki, algorithm), x509_cert=a_hospital(pki).sign.certificate,
        id_attribute="Id", expect_config=accepted,
        validate_schema=False,  # IHE DSG puts text where the schema wants an element
    )  # fmt: skip
    assert [etree.QName(item.signed_xml).localname for item in results] == [
        "Manifest", "SignedProperties",
    ]  # fmt: skip


def test_the_lot_signature_says_what_the_guide_wants(pki: TestPki) -> None:
    signature = parse(a_lot_signature(pki))
    uris = [item.get("URI") for item in signature.iterfind(".//ds:Manifest/ds:Reference", NS)]
    assert uris == [f"urn:oid:{LOT}", *(f"urn:oid:{unique_id}" for unique_id, _ in DOCUMENTS)]
    assert signature.findtext(".//ds:Manifest//ds:DigestValue", "", NS) == "AA=="
    assert signature.findtext(".//xades:SigningTime", "", NS) == "2026-01-05T08:00:00.000Z"
    assert len(signature.findall(".//xades:Cert", NS)) == 2
    assert signature.find(".//xades:SignaturePolicyImplied", NS) is not None


def test_same_lot_gives_same_bytes(pki: TestPki) -> None:
    assert a_lot_signature(pki) == a_lot_signature(pki)


def test_a_document_may_be_digested_as_its_bytes(pki: TestPki) -> None:
    """No transform, as for documents that are no XML: the octets count."""
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.sha1(b"%PDF").digest()).decode()
    signature = parse(a_lot_signature(pki))
    entry = signature.findall(".//ds:Manifest/ds:Reference", NS)[2]
    entry.remove(need(entry, "ds:Transforms"))
    need(entry, "ds:DigestValue").text = digest
    documents = (DOCUMENTS[0], (DOCUMENTS[1][0], b"%PDF"))
    assert findings(pki, serialize(signature), documents) == [(LOT, "#IHEManifest")]


def spoil(path: str, text: str = "", **attributes: str):
    def change(xml: bytes) -> bytes:
        signature = parse(xml)
        found = need(signature, path)
        found.text = text or found.text
        for name, value in attributes.items():
            found.set(name, value)
        return serialize(signature)

    return change


def drop(path: str):
    def change(xml: bytes) -> bytes:
        signature = parse(xml)
        found = need(signature, path)
        found.getparent().remove(found)
        return serialize(signature)

    return change


def move_manifest(xml: bytes) -> bytes:
    """Wrapping: a second manifest with the same Id."""
    signature = parse(xml)
    signature.append(copy.deepcopy(need(signature, "ds:Object[2]")))
    return serialize(signature)


def same_id_elsewhere(xml: bytes) -> bytes:
    signature = parse(xml)
    need(signature, "ds:KeyInfo").set("Id", "IHEManifest")
    return serialize(signature)


MANIFEST = (LOT, "#IHEManifest")
VALUE = (LOT, "SignatureValue")
LOTS = [  # what is spoilt, what is found
    (lambda xml: b"<a>", [(LOT, "ds:Signature")]),
    (lambda xml: b"<a/>", [(LOT, "root element")]),
    (spoil(".//ds:SignatureMethod", Algorithm="urn:x"), [(LOT, "SignatureMethod"), VALUE]),
    (
        spoil(".//ds:CanonicalizationMethod", Algorithm="urn:x"),
        [(LOT, "CanonicalizationMethod"), VALUE],
    ),
    (spoil(".//ds:SignedInfo//ds:DigestValue", "AAAA"), [MANIFEST, VALUE]),
    (spoil(".//ds:SignedInfo//ds:DigestMethod", Algorithm="urn:x"), [MANIFEST, VALUE]),
    (spoil(".//ds:SignatureValue", "AAAA"), [VALUE]),
    (spoil(".//ds:Manifest//ds:DigestValue", "AB=="), [MANIFEST, (LOT, f"Manifest urn:oid:{LOT}")]),
    (spoil(".//xades:SigningTime", "2026-01-05T08:00:01Z"), [(LOT, "#Sig01-SignedProperties")]),
    (spoil(".//ds:SignatureProperty", "1.2"), [(LOT, "purposeOfSignature")]),
    (spoil(".//ds:X509Certificate", "MIIB"), [(LOT, "X509Certificate")]),
    (drop("ds:SignedInfo/ds:Reference"), [(LOT, "SignedInfo/Reference"), VALUE]),
    (
        drop("ds:SignedInfo"),
        [
            (LOT, "SignatureMethod"),
            (LOT, "CanonicalizationMethod"),
            (LOT, "SignedInfo/Reference"),
            VALUE,
        ],
    ),
    (
        drop(".//xades:SigningCertificate"),
        [(LOT, "#Sig01-SignedProperties"), (LOT, "SigningCertificate")],
    ),
    (same_id_elsewhere, [MANIFEST]),
    (move_manifest, [MANIFEST, (LOT, "Manifest")]),
]


@pytest.mark.parametrize(("spoilt", "expected"), LOTS)
def test_a_spoilt_lot_signature_says_what_is_wrong(pki: TestPki, spoilt, expected) -> None:
    assert findings(pki, spoilt(a_lot_signature(pki))) == expected


OTHERS = [  # documents that came with the lot, what is found
    (
        (DOCUMENTS[0], (DOCUMENTS[1][0], b"<doc>x</doc>")),
        [(DOCUMENTS[1][0], "Manifest DigestValue")],
    ),
    ((DOCUMENTS[0], (DOCUMENTS[1][0], b"<doc ></doc >")), []),
    ((DOCUMENTS[0], (DOCUMENTS[1][0], b"%PDF")), [(DOCUMENTS[1][0], "document")]),
    (DOCUMENTS[:1], [(LOT, "Manifest")]),
    ((*DOCUMENTS, ("1.2.3", b"<doc/>")), [("1.2.3", "Manifest")]),
]


@pytest.mark.parametrize(("documents", "expected"), OTHERS)
def test_each_document_must_be_the_one_signed(pki: TestPki, documents, expected) -> None:
    assert findings(pki, a_lot_signature(pki), documents) == expected


def test_sha256_can_be_refused_in_a_lot(pki: TestPki) -> None:
    xml = a_lot_signature(pki, RSA_SHA256)
    assert findings(pki, xml, accept_sha256=False) == [(LOT, "SignatureMethod")]


def test_the_lot_must_be_signed_by_a_believed_signature_certificate(pki: TestPki) -> None:
    def signed_with(credential):
        return write_lot_signature(
            LOT, DOCUMENTS, credential=credential, signed_at=NOW, id_base="Sig01"
        )

    authentication = signed_with(a_hospital(pki).auth)
    assert findings(pki, authentication) == [(LOT, "X509Certificate")]
    fault = CertificateFault.OTHER_AUTHORITY
    stranger = pki.issue(CertificateKind.ORG_SIGN, common_name="x", fault=fault)
    assert findings(pki, signed_with(stranger)) == [(LOT, "X509Certificate unknown authority")]
    late = check_lot_signature(
        a_lot_signature(pki), LOT, DOCUMENTS, trust=pki.trust, at=datetime(2050, 1, 1, tzinfo=UTC)
    )
    assert [item.field for item in late] == ["X509Certificate expired"]
