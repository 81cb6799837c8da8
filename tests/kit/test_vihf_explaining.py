"""Kit, vihf: an assertion found in any file, and explained line by line."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kit import mtom
from kit.pki import CertificateFault, CertificateKind, TestPki
from kit.rules import Malformed, Refused
from kit.soap import write_envelope
from kit.vihf import (
    Authentication,
    Explanation,
    Verdict,
    attributes,
    explain,
    find_assertion,
    signer,
    verify_vihf,
    version,
    write_vihf,
)
from kit.vihf.explaining import ABOUT, CONNECTION_RULES, SIGNER_RULES
from kit.vihf.finding import MAX_CHUNKS
from kit.xml import NS, Element, build, serialize
from tests.kit.trust_builders import NOW, a_card, a_hospital, a_vihf

BOUNDARY = "banc-boundary"


@pytest.fixture
def assertion(pki: TestPki) -> bytes:
    sign = a_hospital(pki).sign
    return serialize(write_vihf(a_vihf(sign), sign))


def an_envelope(assertion: bytes) -> bytes:
    security = build("wsse:Security", find_assertion(assertion))
    return write_envelope(build("xds:Body"), action="urn:x", header_blocks=[security])


def a_multipart(assertion: bytes) -> tuple[str, bytes]:
    parts = {"doc@banc.test": b"--not a boundary\r\n\0\xff"}
    return mtom.write_multipart(an_envelope(assertion), parts, boundary=BOUNDARY)


def chunked(body: bytes) -> bytes:
    half = len(body) // 2
    sides = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])]
    return b"".join(sides) + b"0\r\n\r\n"


def dumps(assertion: bytes) -> dict[str, bytes]:
    """Every way in which people hand over an assertion."""
    content_type, body = a_multipart(assertion)
    typed = b"Content-Type: " + content_type.encode() + b"\r\n"
    post = b"POST /repository HTTP/1.1\r\nHost: localhost\r\n"
    return {
        "assertion": assertion,
        "with a mark": b"\xef\xbb\xbf" + assertion,
        "envelope": an_envelope(assertion),
        "multipart": body,
        "multipart with headers": typed + b"\r\n" + body,
        "multipart, folded header": typed.replace(b"; start=", b";\r\n start=") + b"\r\n" + body,
        "HTTP": post + typed + b"\r\n" + body,
        "HTTP without multipart": post + b"\r\n" + an_envelope(assertion),
        "HTTP in chunks": post
        + b"Transfer-Encoding: chunked\r\n"
        + typed
        + b"\r\n"
        + chunked(body),
        "HTTP answer": b"HTTP/1.1 200 OK\r\n\r\n" + an_envelope(assertion),
        "line ends of an editor": (post + typed + b"\r\n" + body).replace(b"\r\n", b"\n"),
    }


NAMES = list(dumps(b'<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"/>'))


@pytest.mark.parametrize("name", NAMES)
def test_an_assertion_is_found_and_still_verifies(pki: TestPki, assertion: bytes, name) -> None:
    found = find_assertion(dumps(assertion)[name])
    assert verify_vihf(found, pki.trust, NOW).vihf.name_id.startswith("8")
    assert explain(found, pki.trust, NOW).broken == ()


HOSTILE = [
    b"",
    b"\0" * 100,
    b"not xml",
    b"<a",
    b"<a/>",
    b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    b"<a>" * 1000 + b"</a>" * 1000,
    b"POST / HTTP/1.1\r\nHost: x",
    b"POST / HTTP/1.1\r\nContent-Type: multipart/related\r\n\r\n<a/>",
    b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\n<a/>",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n<a/>",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * (MAX_CHUNKS + 1),
    b"--b\r\n\r\n<a/>",
    b"--b\r\n\r\n<a/>\r\n--b--",
    b"Content-Type: multipart/related; boundary=\xff\r\n\r\n",
    b"A" * 1_000_000,
    b"PK\x03\x04" + b"\0" * 1000,
]


@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data[:30]))
def test_a_file_without_an_assertion_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        find_assertion(data)


def test_two_assertions_are_one_too_many(assertion: bytes) -> None:
    with pytest.raises(Malformed, match="2 assertions"):
        find_assertion(b"<a>" + assertion + assertion + b"</a>")


# Explained.


def explained(pki: TestPki, changes: dict[str, Any], **options: Any) -> Explanation:
    sign = a_hospital(pki).sign
    received = find_assertion(serialize(write_vihf(a_vihf(sign, **changes), sign)))
    return explain(received, pki.trust, NOW, **options)


def broken(found: Explanation) -> list[tuple[str, str]]:
    return [
        (line.name, rule.rule)
        for line in found.lines
        for rule in line.rules
        if rule.verdict is Verdict.BROKEN
    ]


def test_every_rule_has_its_line() -> None:
    rules = {row.name for book in (version, signer, attributes) for row in book.rows}
    told = {name for row in ABOUT for name in row.rules}
    assert told | {*SIGNER_RULES, *CONNECTION_RULES} == rules


def test_a_right_assertion_meets_every_rule(pki: TestPki, assertion: bytes) -> None:
    found = explain(
        find_assertion(assertion), pki.trust, NOW, tls=a_hospital(pki).auth.certificate_der
    )
    names = [line.name for line in found.lines]
    assert names[:6] == [
        "Assertion/@ID",
        "Assertion/@Version",
        "Assertion/@IssueInstant",
        "Issuer",
        "ds:Signature",
        "X509Certificate",
    ]
    judged = [rule for line in found.lines for rule in line.rules]
    assert {rule.verdict for rule in judged} == {Verdict.MET}
    assert all(rule.source for rule in judged)
    certificate = found.lines[5].value
    assert "MOCK AC IGC-SANTE ELEMENTAIRE ORGANISATIONS < MOCK AC RACINE" in certificate


BROKEN = [  # what is changed, the line, the rule it breaks
    ({"saml_version": "1.1"}, "Assertion/@Version", "the_assertion_is_saml_2_0"),
    ({"issued_at": NOW.replace(year=2020)}, "Assertion/@IssueInstant", "the_assertion_is_recent"),
    ({"issuer": "CN=x"}, "Issuer", "the_issuer_is_the_subject_of_the_certificate"),
    ({"issuer": ""}, "Issuer", "every_mandatory_attribute_is_there"),
    ({"name_id": "12"}, "Subject/NameID", "the_user_is_identified_nationally"),
    ({"structure": ""}, "Identifiant_Structure", "every_mandatory_attribute_is_there"),
    (
        {"structure": "10B9999999"},
        "Identifiant_Structure",
        "the_structure_is_that_of_the_certificate",
    ),
    ({"sector": "x"}, "Secteur_Activite", "the_sector_is_a_coded_sector"),
    ({"vihf_version": "2.0"}, "VIHF_Version", "the_vihf_version_is_known"),
    ({"homologation": ""}, "LPS_ID_HOMOLOGATION_DMP", "every_mandatory_attribute_is_there"),
    (
        {"patient": "x"},
        "urn:oasis:names:tc:xacml:2.0:resource:resource-id",
        "the_patient_is_named_by_an_ins",
    ),
    ({"purpose": None}, "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse",
     "every_mandatory_attribute_is_there"),
    ({"roles": ()}, "urn:oasis:names:tc:xacml:2.0:subject:role",
     "every_mandatory_attribute_is_there"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "line", "rule"), BROKEN)
def test_a_broken_rule_stands_on_its_line_and_only_there(pki, changes, line, rule) -> None:
    assert broken(explained(pki, changes)) == [(line, rule)]


def test_a_capital_letter_is_told_as_it_was_written(pki: TestPki) -> None:
    found = explained(pki, {"mode_attribute": "Authentification_Mode"})
    rule = "the_mode_attribute_is_spelled_as_published"
    assert broken(found) == [("Authentification_Mode", rule)]


def test_all_stages_are_told_at_once(pki: TestPki, assertion: bytes) -> None:
    """The service stops at the first stage that refuses; who mends wants them all."""
    spoilt = assertion.replace(b"SA01", b"SAxx").replace(b'Version="2.0"', b'Version="1.0"')
    found = broken(explain(find_assertion(spoilt), pki.trust, NOW))
    assert found == [
        ("Assertion/@Version", "the_assertion_is_saml_2_0"),
        ("ds:Signature", "the_signature_is_valid"),
        ("Secteur_Activite", "the_sector_is_a_coded_sector"),
    ]


CERTIFICATES = [  # fault, what is told of it
    (CertificateFault.REVOKED, "the_signing_certificate_is_believed"),
    (CertificateFault.EXPIRED, "the_signing_certificate_is_believed"),
    (CertificateFault.OTHER_AUTHORITY, "the_signing_certificate_is_believed"),
    (CertificateFault.WEAK_KEY, "the_signing_certificate_is_believed"),
    (CertificateFault.WRONG_USE, "the_signing_certificate_is_a_signature_certificate"),
]


@pytest.mark.parametrize(("fault", "rule"), CERTIFICATES)
def test_the_certificate_has_a_line(pki: TestPki, fault, rule) -> None:
    usual = a_hospital(pki).sign.holder
    bad = pki.issue(
        CertificateKind.ORG_SIGN, common_name=usual.common_name, organization=usual.common_name,
        struct_idnat=usual.struct_idnat, department="Ille-et-Vilaine (35)", fault=fault,
    )  # fmt: skip
    received = find_assertion(serialize(write_vihf(a_vihf(bad), bad)))
    found = explain(received, pki.trust, NOW)
    assert broken(found) == [("X509Certificate", rule)]
    with pytest.raises(Refused) as error:
        verify_vihf(received, pki.trust, NOW)
    assert error.value.refusals[0].rule == rule


def test_without_a_signature_what_needs_it_is_not_judged(pki: TestPki, assertion: bytes) -> None:
    bare = find_assertion(assertion)
    bare.remove(bare.find("ds:Signature", NS))
    found = explain(bare, pki.trust, NOW)
    assert broken(found) == [("ds:Signature", "the_signature_is_valid")]
    silent = {
        rule.rule
        for line in found.lines
        for rule in line.rules
        if rule.verdict is Verdict.NOT_JUDGED
    }
    assert {*SIGNER_RULES, *CONNECTION_RULES} < silent
    assert "the_structure_is_that_of_the_certificate" in silent


def test_the_connection_is_judged_when_it_is_known(pki: TestPki, assertion: bytes) -> None:
    card = a_card(pki, CertificateKind.PS_AUTH)
    found = explain(find_assertion(assertion), pki.trust, NOW, tls=card.certificate_der)
    assert broken(found) == [("TLS connection", "the_connection_is_of_the_same_caller")]


def test_an_unreadable_assertion_is_told_with_its_signature(pki: TestPki, assertion: bytes) -> None:
    found = find_assertion(assertion)
    del found.attrib["IssueInstant"]
    lines = explain(found, pki.trust, NOW).lines
    assert [line.name for line in lines] == ["Assertion", "ds:Signature", "X509Certificate"]
    assert "IssueInstant" in lines[0].rules[0].seen


def test_an_assertion_of_insi_is_recognised(pki: TestPki) -> None:
    element: Element = build(
        "saml2:Assertion",
        build("saml2:Subject", build("saml2:NameID", "8x", NameQualifier="CPS")),
        build("saml2:AttributeStatement", build("saml2:Attribute", Name="secteurActivite")),
        ID="_1", IssueInstant="2026-01-05T08:00:00Z", Version="2.0",
    )  # fmt: skip
    found = explain(find_assertion(serialize(element)), pki.trust, NOW)
    notes = [line.note for line in found.lines if line.note]
    assert "INSi" in notes[0]
    assert "nobody reads it" in notes[1]


def test_reinforced_authentication_says_what_it_cannot_do(pki: TestPki) -> None:
    changes = {"authentication": Authentication.REINFORCED, "authn_declaration": "APP_BROWSER_AUTH"}
    found = explained(pki, changes)
    assert found.broken == ()
    assert any("cannot feed" in line.note for line in found.lines)


def test_the_homologation_number_is_not_told(pki: TestPki) -> None:
    from kit.vihf import VihfPolicy

    found = explained(pki, {}, policy=VihfPolicy(homologations={}))
    assert broken(found) == [("LPS_ID_HOMOLOGATION_DMP", "the_software_is_authorised")]
    assert "HOMOLOGATION-TEST" not in str(found)


def test_what_a_stranger_writes_is_cut_and_harmless(pki: TestPki) -> None:
    found = explained(pki, {"lps_name": "a\u202eb" + "x" * 10_000, "sector": "y" * 10_000})
    assert max(len(line.value) for line in found.lines) <= 301
    assert max(len(rule.seen) for line in found.lines for rule in line.rules) <= 301
    assert "\u202e" not in str(found)


def test_bytes_at_random_are_told_or_refused_never_a_bug(pki: TestPki, assertion: bytes) -> None:
    """Whatever one byte becomes: Malformed, or an explanation; never valid again by accident."""
    draw = random.Random(3)
    valid = 0
    for _ in range(300):
        position = draw.randrange(len(assertion))
        spoilt = bytearray(assertion)
        spoilt[position] = draw.randrange(256)
        try:
            found = explain(find_assertion(bytes(spoilt)), pki.trust, NOW)
        except Malformed:
            continue
        valid += not found.broken and bytes(spoilt) != assertion
    assert valid == 0
