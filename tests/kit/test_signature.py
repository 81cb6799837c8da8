"""Kit, enveloped signature: what is accepted, every way to cheat we know of, and outside judges."""

from __future__ import annotations

import copy
import threading

import pytest
import signxml
import xmlsec
from cryptography.hazmat.primitives import serialization
from lxml import etree
from signxml import CanonicalizationMethod, SignatureConfiguration

from kit.pki import CertificateFault, CertificateKind, Distrust, TestPki, Untrusted
from kit.signature import (
    RSA_SHA1,
    RSA_SHA256,
    SignatureFlaw,
    SignatureRefused,
    sign_enveloped,
    verify_enveloped,
    verify_integrity,
)
from kit.xml import NS, Element, need, parse, serialize
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
    assert flaw_of(need(envelope, "soap:Header/saml2:Assertion")) is None


def test_prefixes_around_do_not_change_those_of_the_signature(pki: TestPki) -> None:
    """An envelope may give the same namespaces other names."""
    signed = serialize(a_signed_assertion(pki)).decode()
    around = f'<s:E xmlns:s="urn:s" xmlns:x="{NS["ds"]}" xmlns:y="{NS["saml2"]}">{signed}</s:E>'
    envelope = parse(around.encode())
    assert flaw_of(envelope[0]) is None
    assert serialize(envelope) == around.encode()


def test_comments_between_elements_are_harmless(pki: TestPki) -> None:
    signed = a_signed_assertion(pki)
    signed.insert(1, etree.Comment("a note"))
    assert flaw_of(signed) is None


@pytest.mark.parametrize("behind", [None, "", " \n ", "text behind it"])
@pytest.mark.parametrize("is_first", [False, True])
def test_an_element_is_as_it_was_after_it_is_verified(
    pki: TestPki, is_first: bool, behind: str | None
) -> None:
    """Its signature is left out of what is judged, not taken away: another reader agrees."""
    signed = parse(serialize(a_signed_assertion(pki)))
    signature = need(signed, "ds:Signature")
    if is_first:
        signed.insert(0, signature)
    signature.tail = behind
    before = serialize(signed)
    seen = flaw_of(signed)
    assert serialize(signed) == before
    copied = parse(before)
    xmlsec.tree.add_ids(copied, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(
        a_hospital(pki).sign.certificate.public_bytes(serialization.Encoding.PEM),
        xmlsec.constants.KeyDataFormatCertPem,
    )
    try:
        context.verify(need(copied, "ds:Signature"))
    except xmlsec.Error:
        assert seen is SignatureFlaw.DIGEST
    else:
        assert seen is None


def test_a_comment_among_the_transforms_is_harmless(pki: TestPki) -> None:
    """It is signed, as all of SignedInfo, and canonical form leaves it out."""
    signed = a_signed_assertion(pki)
    need(signed, "ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms").insert(
        1, etree.Comment("between")
    )
    assert flaw_of(parse(serialize(signed))) is None


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
    need(signed, "saml2:Subject/saml2:NameID").text = "899900063481"
    return signed


def change_attribute(signed: Element) -> Element:
    signed.set("Version", "2.1")
    return signed


def change_whitespace(signed: Element) -> Element:
    need(signed, "saml2:Issuer").tail = "\n "
    return signed


def change_digest(signed: Element) -> Element:
    need(signed, ".//ds:DigestValue").text = "A" * 43 + "="
    return signed


def change_value(signed: Element) -> Element:
    value = need(signed, ".//ds:SignatureValue")
    value.text = "AAAA" + (value.text or "")[4:]
    return signed


def change_method_order(signed: Element) -> Element:
    transforms = need(signed, ".//ds:Transforms")
    transforms.append(transforms[0])
    return signed


def no_signature(signed: Element) -> Element:
    signed.remove(need(signed, "ds:Signature"))
    return signed


def second_signature(signed: Element) -> Element:
    signed.append(copy.deepcopy(need(signed, "ds:Signature")))
    return signed


def hidden_signature(signed: Element) -> Element:
    need(signed, "saml2:Subject").append(need(signed, "ds:Signature"))
    return signed


def moved_into_the_signature(signed: Element) -> Element:
    """Wrapping: the signed original lies in ds:Object, what is read around it is forged."""
    forged = copy.deepcopy(signed)
    signature = need(forged, "ds:Signature")
    etree.SubElement(signature, f"{{{NS['ds']}}}Object").append(signed)
    signature_of_original = need(signed, "ds:Signature")
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
    etree.SubElement(need(signed, "saml2:Subject"), "extra", Id="_1")
    return signed


def no_identifier(signed: Element) -> Element:
    del signed.attrib["ID"]
    return signed


def whole_document(signed: Element) -> Element:
    need(signed, ".//ds:Reference").set("URI", "")
    return signed


def second_reference(signed: Element) -> Element:
    info = need(signed, ".//ds:SignedInfo")
    info.append(copy.deepcopy(need(info, "ds:Reference")))
    return signed


def other_transform(signed: Element) -> Element:
    need(signed, ".//ds:Transforms")[1].set(
        "Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116"
    )
    return signed


def xpath_in_transform(signed: Element) -> Element:
    etree.SubElement(need(signed, ".//ds:Transforms")[0], f"{{{NS['ds']}}}XPath").text = "false()"
    return signed


def content_in_canonicalization(signed: Element) -> Element:
    etree.SubElement(need(signed, ".//ds:CanonicalizationMethod"), "extra")
    return signed


def hmac(signed: Element) -> Element:
    method = "http://www.w3.org/2000/09/xmldsig#hmac-sha256"
    need(signed, ".//ds:SignatureMethod").set("Algorithm", method)
    return signed


def truncated_output(signed: Element) -> Element:
    method = need(signed, ".//ds:SignatureMethod")
    etree.SubElement(method, f"{{{NS['ds']}}}HMACOutputLength").text = "8"
    return signed


def comment_in_text(signed: Element) -> Element:
    name = need(signed, "saml2:Subject/saml2:NameID")
    name.text = "899900"
    comment = etree.Comment("")
    comment.tail = "063480"
    name.append(comment)
    return signed


def instruction_in_text(signed: Element) -> Element:
    need(signed, "saml2:Subject/saml2:NameID").append(etree.ProcessingInstruction("x", "y"))
    return signed


def key_without_certificate(signed: Element) -> Element:
    need(signed, ".//ds:X509Data").clear()
    return signed


def unreadable_certificate(signed: Element) -> Element:
    need(signed, ".//ds:X509Certificate").text = "MIIB"
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
    need(signed, ".//ds:X509Certificate").text = other
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
