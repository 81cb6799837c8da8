"""Kit, signature: what is accepted, every way to cheat we know of, and outside judges."""

from __future__ import annotations

import copy
import threading
from datetime import UTC, datetime

import pytest
import signxml
import xmlsec
from cryptography.hazmat.primitives import serialization
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureConfiguration
from signxml import SignatureMethod as Method

from kit.pki import CertificateFault, CertificateKind, Distrust, TestPki, Untrusted
from kit.signature import (
    RSA_SHA1,
    RSA_SHA256,
    SignatureFlaw,
    SignatureRefused,
    check_lot_signature,
    sign_enveloped,
    verify_enveloped,
    verify_integrity,
    write_lot_signature,
)
from kit.xml import NS, Element, parse, serialize
from tests.kit.trust_builders import NOW, a_hospital

ASSERTION = (
    b'<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0">'
    b"<a:Issuer>CN=x</a:Issuer>\n"
    b"<a:Subject><a:NameID>899900063480</a:NameID></a:Subject></a:Assertion>"
)
SAML2 = SignatureConfiguration(require_x509=True, location="./")


def a_signed_assertion(pki: TestPki, algorithm: str = RSA_SHA256) -> Element:
    """As received: written, then read again."""
    signed = sign_enveloped(
        parse(ASSERTION), a_hospital(pki).sign, after="saml2:Issuer", algorithm=algorithm
    )
    return parse(serialize(signed))


def flaw_of(element: Element, **options: bool) -> SignatureFlaw | None:
    try:
        verify_integrity(element, **options)
    except SignatureRefused as error:
        return error.flaw
    return None


def at(element: Element, path: str) -> Element:
    found = element.find(path, NS)
    assert found is not None
    return found


# What is accepted.


def test_a_signature_is_verified_with_its_certificate(pki: TestPki) -> None:
    verified = verify_enveloped(a_signed_assertion(pki), pki.trust, NOW)
    assert verified.certificate == a_hospital(pki).sign.certificate
    assert verified.algorithm == RSA_SHA256


def test_the_signature_stands_behind_the_issuer(pki: TestPki) -> None:
    names = [etree.QName(child).localname for child in a_signed_assertion(pki)]
    assert names == ["Issuer", "Signature", "Subject"]


def test_same_input_gives_same_bytes(pki: TestPki) -> None:
    assert serialize(a_signed_assertion(pki)) == serialize(a_signed_assertion(pki))


def test_sha1_is_accepted_only_when_asked(pki: TestPki) -> None:
    old = a_signed_assertion(pki, RSA_SHA1)
    assert flaw_of(old) is SignatureFlaw.ALGORITHM
    assert verify_integrity(old, accept_sha1=True).algorithm == RSA_SHA1


def test_an_assertion_holds_inside_an_envelope(pki: TestPki) -> None:
    around = (
        f'<s:Envelope xmlns:s="{NS["soap"]}" xmlns="urn:default" xmlns:saml2="urn:other">'
        f"<s:Header>%s</s:Header><s:Body Id='_2'/></s:Envelope>"
    )
    envelope = parse((around % serialize(a_signed_assertion(pki)).decode()).encode())
    assert flaw_of(at(envelope, "soap:Header/saml2:Assertion")) is None


def test_comments_between_elements_are_harmless(pki: TestPki) -> None:
    signed = a_signed_assertion(pki)
    signed.insert(1, etree.Comment("a note"))
    assert flaw_of(signed) is None


def test_threads_verify_at_the_same_time(pki: TestPki) -> None:
    data, flaws = serialize(a_signed_assertion(pki)), []

    def verify() -> None:
        flaws.extend(flaw_of(parse(data)) for _ in range(50))

    threads = [threading.Thread(target=verify) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert flaws == [None] * 200


# Every way to cheat.


def change_text(signed: Element) -> Element:
    at(signed, "saml2:Subject/saml2:NameID").text = "899900063481"
    return signed


def change_attribute(signed: Element) -> Element:
    signed.set("Version", "2.1")
    return signed


def change_whitespace(signed: Element) -> Element:
    at(signed, "saml2:Issuer").tail = "\n "
    return signed


def change_digest(signed: Element) -> Element:
    at(signed, ".//ds:DigestValue").text = "A" * 43 + "="
    return signed


def change_value(signed: Element) -> Element:
    value = at(signed, ".//ds:SignatureValue")
    value.text = "AAAA" + (value.text or "")[4:]
    return signed


def change_method_order(signed: Element) -> Element:
    transforms = at(signed, ".//ds:Transforms")
    transforms.append(transforms[0])
    return signed


def no_signature(signed: Element) -> Element:
    signed.remove(at(signed, "ds:Signature"))
    return signed


def second_signature(signed: Element) -> Element:
    signed.append(copy.deepcopy(at(signed, "ds:Signature")))
    return signed


def hidden_signature(signed: Element) -> Element:
    at(signed, "saml2:Subject").append(at(signed, "ds:Signature"))
    return signed


def moved_into_the_signature(signed: Element) -> Element:
    """Wrapping: the signed original lies in ds:Object, what is read around it is forged."""
    forged = copy.deepcopy(signed)
    signature = at(forged, "ds:Signature")
    etree.SubElement(signature, f"{{{NS['ds']}}}Object").append(signed)
    signature_of_original = at(signed, "ds:Signature")
    signed.remove(signature_of_original)
    change_text(forged).set("ID", "_evil")
    return forged


def moved_beside_a_forged_one(signed: Element) -> Element:
    """Wrapping: the forged assertion refers to the original elsewhere in the message."""
    forged = change_text(copy.deepcopy(signed))
    forged.set("ID", "_evil")
    root = etree.Element("root")
    root.extend([forged, signed])
    return forged


def identifier_twice(signed: Element) -> Element:
    forged = change_text(copy.deepcopy(signed))
    root = etree.Element("root")
    root.extend([signed, forged])
    return forged


def identifier_of_another_kind(signed: Element) -> Element:
    etree.SubElement(at(signed, "saml2:Subject"), "extra", Id="_1")
    return signed


def no_identifier(signed: Element) -> Element:
    del signed.attrib["ID"]
    return signed


def whole_document(signed: Element) -> Element:
    at(signed, ".//ds:Reference").set("URI", "")
    return signed


def second_reference(signed: Element) -> Element:
    info = at(signed, ".//ds:SignedInfo")
    info.append(copy.deepcopy(at(info, "ds:Reference")))
    return signed


def other_transform(signed: Element) -> Element:
    at(signed, ".//ds:Transforms")[1].set(
        "Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116"
    )
    return signed


def xpath_in_transform(signed: Element) -> Element:
    etree.SubElement(at(signed, ".//ds:Transforms")[0], f"{{{NS['ds']}}}XPath").text = "false()"
    return signed


def content_in_canonicalization(signed: Element) -> Element:
    etree.SubElement(at(signed, ".//ds:CanonicalizationMethod"), "extra")
    return signed


def hmac(signed: Element) -> Element:
    method = "http://www.w3.org/2000/09/xmldsig#hmac-sha256"
    at(signed, ".//ds:SignatureMethod").set("Algorithm", method)
    return signed


def truncated_output(signed: Element) -> Element:
    method = at(signed, ".//ds:SignatureMethod")
    etree.SubElement(method, f"{{{NS['ds']}}}HMACOutputLength").text = "8"
    return signed


def comment_in_text(signed: Element) -> Element:
    name = at(signed, "saml2:Subject/saml2:NameID")
    name.text = "899900"
    comment = etree.Comment("")
    comment.tail = "063480"
    name.append(comment)
    return signed


def instruction_in_text(signed: Element) -> Element:
    at(signed, "saml2:Subject/saml2:NameID").append(etree.ProcessingInstruction("x", "y"))
    return signed


def key_without_certificate(signed: Element) -> Element:
    at(signed, ".//ds:X509Data").clear()
    return signed


def unreadable_certificate(signed: Element) -> Element:
    at(signed, ".//ds:X509Certificate").text = "MIIB"
    return signed


ATTACKS = [
    (change_text, SignatureFlaw.DIGEST),
    (change_attribute, SignatureFlaw.DIGEST),
    (change_whitespace, SignatureFlaw.DIGEST),
    (change_digest, SignatureFlaw.DIGEST),
    (change_value, SignatureFlaw.VALUE),
    (change_method_order, SignatureFlaw.ALGORITHM),
    (no_signature, SignatureFlaw.ABSENT),
    (second_signature, SignatureFlaw.SEVERAL),
    (hidden_signature, SignatureFlaw.MISPLACED),
    (moved_into_the_signature, SignatureFlaw.FORM),
    (moved_beside_a_forged_one, SignatureFlaw.REFERENCE),
    (identifier_twice, SignatureFlaw.IDENTIFIER),
    (identifier_of_another_kind, SignatureFlaw.IDENTIFIER),
    (no_identifier, SignatureFlaw.IDENTIFIER),
    (whole_document, SignatureFlaw.REFERENCE),
    (second_reference, SignatureFlaw.FORM),
    (other_transform, SignatureFlaw.ALGORITHM),
    (xpath_in_transform, SignatureFlaw.FORM),
    (content_in_canonicalization, SignatureFlaw.FORM),
    (hmac, SignatureFlaw.ALGORITHM),
    (truncated_output, SignatureFlaw.FORM),
    (comment_in_text, SignatureFlaw.COMMENT),
    (instruction_in_text, SignatureFlaw.COMMENT),
    (key_without_certificate, SignatureFlaw.CERTIFICATE),
    (unreadable_certificate, SignatureFlaw.CERTIFICATE),
]


@pytest.mark.parametrize(
    ("attack", "flaw"), ATTACKS, ids=lambda item: getattr(item, "__name__", "")
)
def test_a_spoilt_signature_is_refused(pki: TestPki, attack, flaw) -> None:
    assert flaw_of(attack(a_signed_assertion(pki))) is flaw


def test_another_certificate_does_not_verify(pki: TestPki) -> None:
    signed = a_signed_assertion(pki)
    other = xml_certificate(a_hospital(pki).auth.certificate)
    at(signed, ".//ds:X509Certificate").text = other
    assert flaw_of(signed) is SignatureFlaw.VALUE


def xml_certificate(certificate) -> str:
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return "".join(pem.splitlines()[1:-1])


SIGNERS = [
    (CertificateFault.OTHER_AUTHORITY, Distrust.UNKNOWN_AUTHORITY),
    (CertificateFault.EXPIRED, Distrust.EXPIRED),
]


@pytest.mark.parametrize(("fault", "reason"), SIGNERS)
def test_a_good_signature_by_a_bad_certificate_is_refused(pki: TestPki, fault, reason) -> None:
    credential = pki.issue(CertificateKind.ORG_SIGN, common_name="x", fault=fault)
    signed = sign_enveloped(parse(ASSERTION), credential)
    assert flaw_of(signed) is None
    with pytest.raises(Untrusted) as error:
        verify_enveloped(signed, pki.trust, NOW)
    assert error.value.reason is reason


# Outside judges: what others sign we verify, what we sign they verify.


def test_an_assertion_signed_by_signxml_verifies(pki: TestPki) -> None:
    sign = a_hospital(pki).sign
    signer = signxml.XMLSigner(
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    )
    signed = signer.sign(
        parse(ASSERTION), key=sign.key, cert=[sign.certificate], reference_uri="_1",
        id_attribute="ID",
    )  # fmt: skip
    received = parse(serialize(signed))
    assert verify_enveloped(received, pki.trust, NOW).certificate == sign.certificate
    assert flaw_of(change_text(received)) is SignatureFlaw.DIGEST


def test_a_prefix_list_is_read(pki: TestPki) -> None:
    """InclusiveNamespaces: Java libraries write it; the prefix may be declared far above."""
    sign = a_hospital(pki).sign
    envelope = parse(b'<e xmlns:xs="urn:xs">' + ASSERTION + b"</e>")
    assertion = envelope[0]
    signature = xmlsec.template.create(
        assertion, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256
    )
    assertion.insert(1, signature)
    reference = xmlsec.template.add_reference(
        signature, xmlsec.constants.TransformSha256, uri="#_1"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    exclusive = xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    xmlsec.template.transform_add_c14n_inclusive_namespaces(exclusive, "xs")
    data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.template.x509_data_add_certificate(data)
    xmlsec.tree.add_ids(assertion, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(sign.key_path), xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_file(str(sign.cert_path), xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)
    received = parse(serialize(envelope))[0]
    assert verify_integrity(received).certificate == sign.certificate
    assert flaw_of(change_text(received)) is SignatureFlaw.DIGEST


def test_signxml_verifies_what_we_sign(pki: TestPki) -> None:
    sign = a_hospital(pki).sign
    result = signxml.XMLVerifier().verify(
        serialize(a_signed_assertion(pki)), x509_cert=sign.certificate, id_attribute="ID",
        expect_config=SAML2,
    )  # fmt: skip
    assert result.signed_xml.get("ID") == "_1"


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
    entry.remove(at(entry, "ds:Transforms"))
    at(entry, "ds:DigestValue").text = digest
    documents = (DOCUMENTS[0], (DOCUMENTS[1][0], b"%PDF"))
    assert findings(pki, serialize(signature), documents) == [(LOT, "#IHEManifest")]


def spoil(path: str, text: str = "", **attributes: str):
    def change(xml: bytes) -> bytes:
        signature = parse(xml)
        found = at(signature, path)
        found.text = text or found.text
        for name, value in attributes.items():
            found.set(name, value)
        return serialize(signature)

    return change


def drop(path: str):
    def change(xml: bytes) -> bytes:
        signature = parse(xml)
        found = at(signature, path)
        found.getparent().remove(found)
        return serialize(signature)

    return change


def move_manifest(xml: bytes) -> bytes:
    """Wrapping: a second manifest with the same Id."""
    signature = parse(xml)
    signature.append(copy.deepcopy(at(signature, "ds:Object[2]")))
    return serialize(signature)


def same_id_elsewhere(xml: bytes) -> bytes:
    signature = parse(xml)
    at(signature, "ds:KeyInfo").set("Id", "IHEManifest")
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
