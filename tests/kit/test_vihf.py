"""Kit, vihf: both ways on the wire, each rule with both cases, the order of the stages."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import signxml
from lxml import etree
from signxml import CanonicalizationMethod

from kit.identity import DEMO_OID, NIR_OID, TEST_OID, Ins
from kit.pki import CertificateFault, CertificateKind, Credential, TestPki, holder_of
from kit.rules import Malformed, Refused
from kit.settings import Settings
from kit.signature import RSA_SHA1
from kit.vihf import (
    AccessMode,
    Authentication,
    AuthnContext,
    Circumstances,
    PurposeOfUse,
    Role,
    Vihf,
    VihfPolicy,
    access,
    attributes,
    policy_of,
    profession,
    read_vihf,
    signer,
    specialty,
    verify_vihf,
    version,
    write_vihf,
)
from kit.vihf.model import CLASSES
from kit.vihf.wire import TEXTS, write_unsigned
from kit.xml import NS, Element, parse, serialize
from tests.kit.trust_builders import (
    NOW,
    RPPS,
    SITE,
    STRUCTURE,
    a_card,
    a_doctor,
    a_hospital,
    a_vihf,
)

FULL = {
    "lps_id": "instance-1",
    "confidentiality": "S",
    "authn_declaration": "APP_BROWSER_AUTH",
    "vihf_version": "4.0",
    "authn_context": CLASSES + AuthnContext.MOBILE,
}


def around(pki: TestPki, **changes: Any) -> Circumstances:
    """Everything in order: the hospital's seal, its own structure, the right hour."""
    hospital = a_hospital(pki)
    usual = Circumstances(
        now=NOW,
        signer=hospital.sign.holder,
        structures=frozenset({STRUCTURE}),
        tls=hospital.auth.holder,
        tls_structures=frozenset({STRUCTURE}),
    )
    return replace(usual, **changes)


def received(vihf: Vihf, credential: Credential, **options: Any) -> Element:
    return parse(serialize(write_vihf(vihf, credential, **options)))


def at(element: Element, path: str) -> Element:
    found = element.find(path, NS)
    assert found is not None
    return found


# The wire.


@pytest.mark.parametrize("changes", [{}, FULL, {"roles": (), "purpose": None, "name_id": ""}])
def test_what_is_written_is_read(pki: TestPki, changes: dict[str, Any]) -> None:
    vihf = a_vihf(a_hospital(pki).sign, **changes)
    assert read_vihf(received(vihf, a_hospital(pki).sign)) == vihf


def test_every_field_of_a_text_attribute_exists() -> None:
    names = {field.name for field in dataclasses.fields(Vihf)}
    assert set(TEXTS.values()) <= names


def test_the_assertion_has_the_published_shape(pki: TestPki) -> None:
    assertion = received(a_vihf(a_hospital(pki).sign), a_hospital(pki).sign)
    names = [etree.QName(child).localname for child in assertion]
    assert names == ["Issuer", "Signature", "Subject", "AuthnStatement", "AttributeStatement"]
    assert assertion.get("IssueInstant") == "2026-01-05T08:00:00.000Z"
    role = at(assertion, ".//hl7:Role")
    assert role.get(f"{{{NS['xsi']}}}type") == "CE"
    assert (role.get("code"), role.get("codeSystem")) == ("10", "1.2.250.1.71.1.2.7")
    purpose = at(assertion, ".//hl7:PurposeOfUse")
    assert (purpose.get("code"), purpose.get("codeSystem")) == (
        "normal",
        "1.2.250.1.213.1.1.4.248",
    )


def test_same_vihf_gives_same_bytes(pki: TestPki) -> None:
    sign = a_hospital(pki).sign
    first, second = (serialize(write_vihf(a_vihf(sign), sign)) for _ in range(2))
    assert first == second


def test_a_comment_does_not_cut_a_text(pki: TestPki) -> None:
    text = serialize(write_unsigned(a_vihf(a_hospital(pki).sign)))
    cut = text.replace(
        RPPS.encode() + b"<", RPPS[:5].encode() + b"<!-- -->" + RPPS[5:].encode() + b"<"
    )
    assert cut != text
    assert read_vihf(parse(cut)).name_id == RPPS


def test_the_homologation_number_is_not_printed(pki: TestPki) -> None:
    assert "HOMOLOGATION-TEST" not in repr(a_vihf(a_hospital(pki).sign))


def rename(name: str, new: str):
    def change(assertion: Element) -> None:
        at(assertion, f".//saml2:Attribute[@Name='{name}']").set("Name", new)

    return change


def repeat(path: str):
    def change(assertion: Element) -> None:
        found = at(assertion, path)
        parent = found.getparent()
        assert parent is not None
        parent.append(etree.fromstring(etree.tostring(found)))

    return change


def put(name: str, value: str):
    def change(assertion: Element) -> None:
        assertion.set(name, value)

    return change


def add_capital_mode(assertion: Element) -> None:
    repeat(".//saml2:Attribute[@Name='Authentification_mode']")(assertion)
    assertion.findall(".//saml2:Attribute", NS)[-1].set("Name", "Authentification_Mode")


def empty_role(assertion: Element) -> None:
    role = at(assertion, ".//hl7:Role")
    role.getparent().remove(role)  # type: ignore[union-attr]


ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
UNREADABLE = [
    (lambda assertion: setattr(assertion, "tag", "Assertion"), "SAML 2.0"),
    (put("ID", ""), "ID"),
    (put("IssueInstant", "yesterday"), "not an instant"),
    (put("IssueInstant", "2026-01-05T08:00:00"), "time zone"),
    (repeat("saml2:Issuer"), "Issuer is there 2 times"),
    (repeat(".//saml2:NameID"), "NameID is there 2 times"),
    (repeat(".//saml2:Attribute"), "Identifiant_Structure is there twice"),
    (repeat(".//saml2:AttributeValue"), "Identifiant_Structure has 2 values"),
    (repeat(f".//saml2:Attribute[@Name='{PURPOSE}']/saml2:AttributeValue"), "has 2 values"),
    (rename("LPS_Nom", "LPS_Version"), "LPS_Version is there twice"),
    (add_capital_mode, "both spellings"),
    (empty_role, "without hl7:Role"),
]


@pytest.mark.parametrize(("spoil", "why"), UNREADABLE)
def test_an_ambiguous_or_unreadable_assertion_is_malformed(pki: TestPki, spoil, why) -> None:
    assertion = parse(serialize(write_unsigned(a_vihf(a_hospital(pki).sign))))
    spoil(assertion)
    with pytest.raises(Malformed, match=why):
        read_vihf(assertion)


# The rules: what is changed in the assertion, in what surrounds it, what is refused.

DIRECT = {"authentication": Authentication.DIRECT}
REINFORCED = {"authentication": Authentication.REINFORCED}
MACHINE = {"roles": (profession("AUTOMATE"),), "name_id": STRUCTURE + "/robot"}
OTHER = "1350000000"
CX = Ins.of("2790351215189", TEST_OID).cx
ATTRIBUTES = [
    ({}, {}, []),
    (FULL | REINFORCED, {}, []),
    # who speaks
    ({"issuer": "C=FR, O=x"}, {}, ["the_issuer_is_the_subject_of_the_certificate"]),
    ({"issuer_format": "x"}, {}, ["the_issuer_is_the_subject_of_the_certificate"]),
    ({"structure": OTHER}, {"tls": None}, ["the_structure_is_that_of_the_certificate"]),
    (
        {"structure": OTHER},
        {},
        ["the_structure_is_that_of_the_certificate", "the_connection_is_of_the_same_caller"],
    ),
    ({}, {"structures": frozenset()}, ["the_structure_is_that_of_the_certificate"]),
    (
        {"structure": SITE},
        {
            "structures": frozenset({STRUCTURE, SITE}),
            "tls_structures": frozenset({STRUCTURE, SITE}),
        },
        [],
    ),
    ({}, {"tls_structures": frozenset({OTHER})}, ["the_connection_is_of_the_same_caller"]),
    ({}, {"tls": None, "tls_structures": frozenset()}, []),
    (DIRECT, {"tls": None}, ["the_card_names_the_user"]),
    (DIRECT, {}, ["the_card_names_the_user", "the_connection_is_of_the_same_caller"]),
    # when
    ({}, {"now": NOW + timedelta(hours=1)}, []),
    ({}, {"now": NOW + timedelta(minutes=61)}, ["the_assertion_is_recent"]),
    ({}, {"now": NOW - timedelta(minutes=5)}, []),
    ({}, {"now": NOW - timedelta(minutes=6)}, ["the_assertion_is_recent"]),
    # each attribute
    *(
        ({name: ""}, {}, ["every_mandatory_attribute_is_there"])
        for name in (
            "issuer", "name_id", "structure", "sector", "vihf_version", "authentication",
            "patient", "resource_urn", "lps_name", "lps_version", "homologation", "subject_name",
        )
    ),
    ({"roles": ()}, {}, ["every_mandatory_attribute_is_there"]),
    ({"purpose": None}, {}, ["every_mandatory_attribute_is_there"]),
    ({"lps_id": ""}, {}, []),
    ({"vihf_version": "4.0"}, {}, []),
    ({"vihf_version": "2.0"}, {}, ["the_vihf_version_is_known"]),
    (
        {"mode_attribute": "Authentification_Mode"},
        {},
        ["the_mode_attribute_is_spelled_as_published"],
    ),
    ({"mode_attribute": "Authentification_Mode"}, {"accept_capital_mode": True}, []),
    ({"authentication": "directe"}, {}, ["the_authentication_mode_is_known"]),
    ({"name_id": "3750100125/1453"}, {}, []),
    ({"name_id": "00B6087510"}, {}, []),
    ({"name_id": "10000000000"}, {}, ["the_user_is_identified_nationally"]),
    ({"name_id": "dr.test"}, {}, ["the_user_is_identified_nationally"]),
    ({"authn_context": CLASSES + "Smartcard"}, {}, ["the_authentication_context_is_known"]),
    ({"authn_context": "Password"}, {}, ["the_authentication_context_is_known"]),
    ({"authn_context": ""}, {}, ["the_authentication_context_is_known"]),
    (REINFORCED, {}, ["the_declaration_goes_with_reinforced_authentication"]),
    (REINFORCED | {"authn_declaration": "CONF_EXI_PGSSIS"}, {}, []),
    (
        {"authn_declaration": "APP_BROWSER_AUTH"},
        {},
        ["the_declaration_goes_with_reinforced_authentication"],
    ),
    ({"sector": "SA01"}, {}, ["the_sector_is_a_coded_sector"]),
    ({"resource_urn": "urn:ror"}, {}, ["the_resource_is_the_dmp"]),
    ({"roles": (profession("99"),)}, {}, ["the_role_is_known"]),
    ({"roles": (Role("60", "1.2.3"),)}, {}, ["the_role_is_known"]),
    ({"roles": (profession("60"),)}, {}, []),
    ({"roles": (profession("SECRETARIAT_MEDICAL"),)}, {}, []),
    ({"roles": (*a_doctor(), specialty("SM01"))}, {}, ["the_role_is_known"]),
    ({"roles": a_doctor()[:1]}, {}, ["a_doctor_or_pharmacist_has_a_specialty"]),
    ({"roles": (profession("21"),)}, {}, ["a_doctor_or_pharmacist_has_a_specialty"]),
    (
        {"roles": (profession("10"), Role("SM26", "1.2.3"))},
        {},
        ["a_doctor_or_pharmacist_has_a_specialty"],
    ),
    (MACHINE, {}, []),
    (
        MACHINE | REINFORCED | {"authn_declaration": "APP_BROWSER_AUTH"},
        {},
        ["a_machine_speaks_by_indirect_authentication"],
    ),
    *(({"purpose": access(mode)}, {}, []) for mode in AccessMode),
    ({"purpose": PurposeOfUse("urgence")}, {}, ["the_access_mode_is_known"]),
    ({"purpose": PurposeOfUse("brisDeGlace")}, {}, ["the_access_mode_is_known"]),
    ({"purpose": PurposeOfUse("normal", "1.2.3")}, {}, ["the_access_mode_is_known"]),
    # patient and software
    ({"patient": CX.replace("89^", "88^")}, {}, ["the_patient_is_named_by_an_ins"]),
    ({"patient": "279035121518989"}, {}, ["the_patient_is_named_by_an_ins"]),
    ({"patient": CX.replace("ISO^NH", "ISO^PI")}, {}, ["the_patient_is_named_by_an_ins"]),
    ({"patient": CX.replace(TEST_OID, NIR_OID)}, {}, ["the_patient_is_named_by_an_ins"]),
    ({"patient": CX.replace(TEST_OID, DEMO_OID)}, {"ins_oids": frozenset({DEMO_OID})}, []),
    ({}, {"homologations": {"HOMOLOGATION-TEST": frozenset()}}, []),
    ({}, {"homologations": {}}, ["the_software_is_authorised"]),
    (
        {},
        {"homologations": {"HOMOLOGATION-TEST": frozenset({"TD2.1"})}, "transaction": "TD2.1"},
        [],
    ),
    (
        {},
        {"homologations": {"HOMOLOGATION-TEST": frozenset({"TD2.1"})}, "transaction": "TD3.2"},
        ["the_software_is_authorised"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "circumstances", "refused"), ATTRIBUTES)
def test_each_attribute_is_judged(pki: TestPki, changes, circumstances, refused) -> None:
    vihf = a_vihf(a_hospital(pki).sign, **changes)
    found = attributes.findings(vihf, around(pki, **circumstances))
    assert [refusal.rule for refusal in found] == refused
    for refusal in found:
        assert refusal.subject == vihf.id
        assert refusal.field
        assert refusal.expected
        assert "HOMOLOGATION-TEST" not in refusal.text


def test_each_rule_has_both_cases() -> None:
    refused = {name for *_, names in ATTRIBUTES for name in names}
    assert refused == {row.name for row in attributes.rows}
    assert ({}, {}, []) in ATTRIBUTES


def test_all_attributes_are_reported_together(pki: TestPki) -> None:
    vihf = a_vihf(a_hospital(pki).sign, sector="", lps_name="", structure=OTHER, patient="x")
    found = attributes.findings(vihf, around(pki))
    assert [refusal.field for refusal in found] == [
        "Identifiant_Structure",
        "TLS certificate OU",
        "Secteur_Activite",
        "LPS_Nom",
        "urn:oasis:names:tc:xacml:2.0:resource:resource-id",
    ]


def test_a_card_speaks_directly_for_its_holder(pki: TestPki) -> None:
    vihf = a_vihf(a_card(pki), authentication=Authentication.DIRECT, subject_name="")
    card = around(
        pki,
        signer=a_card(pki).holder,
        structures=frozenset(),
        tls=a_card(pki, CertificateKind.PS_AUTH).holder,
    )
    assert attributes.findings(vihf, card) == []


def test_the_version_is_a_book_of_its_own(pki: TestPki) -> None:
    sign = a_hospital(pki).sign
    assert version.findings(a_vihf(sign)) == []
    assert [item.seen for item in version.findings(a_vihf(sign, saml_version="1.1"))] == ["1.1"]


# All stages, in order.


def refusals(pki: TestPki, assertion: Element, **options: Any) -> list[tuple[str, str]]:
    try:
        verify_vihf(assertion, pki.trust, NOW, **options)
    except Refused as error:
        return [(item.code.code, item.rule) for item in error.refusals]
    return []


def test_a_right_assertion_is_verified(pki: TestPki) -> None:
    hospital = a_hospital(pki)
    vihf = a_vihf(hospital.sign)
    verified = verify_vihf(
        received(vihf, hospital.sign), pki.trust, NOW, tls=hospital.auth.certificate_der
    )
    assert verified.vihf == vihf
    assert verified.certificate == hospital.sign.certificate
    assert verified.vihf.ins.oid == TEST_OID
    assert verified.vihf.software == "Banc 0.1"


def test_a_card_is_verified_end_to_end(pki: TestPki) -> None:
    card = a_card(pki)
    vihf = a_vihf(card, authentication=Authentication.DIRECT)
    tls = a_card(pki, CertificateKind.PS_AUTH).certificate_der
    assert refusals(pki, received(vihf, card), tls=tls) == []
    other = a_hospital(pki).auth.certificate_der
    assert refusals(pki, received(vihf, card), tls=other) == [
        ("DMPSimStructureMismatch", "the_connection_is_of_the_same_caller")
    ]


def test_an_assertion_signed_by_signxml_is_verified(pki: TestPki) -> None:
    sign = a_hospital(pki).sign
    signed = signxml.XMLSigner(
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    ).sign(
        write_unsigned(a_vihf(sign)), key=sign.key, cert=[sign.certificate], id_attribute="ID",
        reference_uri=a_vihf(sign).id,
    )  # fmt: skip
    assert refusals(pki, parse(serialize(signed))) == []


def test_a_site_needs_its_legal_entity(pki: TestPki) -> None:
    hospital = a_hospital(pki)
    assertion = received(a_vihf(hospital.sign, structure=SITE), hospital.sign)
    tls = hospital.auth.certificate_der
    refused = ["the_structure_is_that_of_the_certificate", "the_connection_is_of_the_same_caller"]
    assert [rule for _, rule in refusals(pki, assertion, tls=tls)] == refused
    policy = VihfPolicy(sites_of=lambda unit: frozenset({SITE} if unit == STRUCTURE else ()))
    assert refusals(pki, assertion, tls=tls, policy=policy) == []


def test_an_authentication_certificate_may_not_sign(pki: TestPki) -> None:
    auth = a_hospital(pki).auth
    assertion = received(a_vihf(auth, sector=""), auth)
    with pytest.raises(Refused) as error:
        verify_vihf(assertion, pki.trust, NOW)
    (refusal,) = error.value.refusals  # the attributes are not looked at
    assert refusal.code.code == "DMPInvalidCertificate"
    assert refusal.code.confirmed
    assert refusal.code.meaning.startswith("Le certificat ayant signé le VIHF est invalide")
    assert refusal.seen.startswith("authentication: CN=CH de l'Île")


def test_the_signer_is_believed_or_told_why_not(pki: TestPki) -> None:
    for fault, field in [
        (CertificateFault.OTHER_AUTHORITY, "X509Certificate, unknown authority"),
        (CertificateFault.EXPIRED, "X509Certificate, expired"),
        (CertificateFault.NOT_YET_VALID, "X509Certificate, not yet valid"),
    ]:
        bad = pki.issue(CertificateKind.ORG_SIGN, common_name="x", fault=fault)
        with pytest.raises(Refused) as error:
            verify_vihf(received(a_vihf(bad), bad), pki.trust, NOW)
        assert [item.field for item in error.value.refusals] == [field]
        assert error.value.refusals[0].code.code == "DMPInvalidCertificate"
        assert not error.value.refusals[0].code.confirmed


def test_the_signer_book_has_both_cases(pki: TestPki) -> None:
    vihf = a_vihf(a_hospital(pki).sign)
    assert signer.findings(vihf, around(pki)) == []
    server = around(pki, signer=holder_of(pki.server().certificate))
    assert [item.rule for item in signer.findings(vihf, server)] == [
        "the_signing_certificate_is_a_signature_certificate"
    ]


def test_a_wrong_structure_is_refused_as_the_service_says_it(pki: TestPki) -> None:
    wrong = pki.issue(
        CertificateKind.ORG_SIGN, common_name="x", fault=CertificateFault.WRONG_STRUCTURE
    )
    with pytest.raises(Refused) as error:
        verify_vihf(received(a_vihf(wrong), wrong), pki.trust, NOW)
    (refusal,) = error.value.refusals
    assert refusal.code.meaning == "Erreur d'authentification de la personne morale"
    assert (refusal.seen, refusal.expected) == (STRUCTURE, wrong.holder.struct_idnat)


def test_the_stages_follow_one_another(pki: TestPki) -> None:
    """Version, then signature, then certificate, then attributes: the first one speaks."""
    auth = a_hospital(pki).auth
    old = received(a_vihf(auth, saml_version="1.1"), auth)
    at(old, "saml2:Issuer").text = "changed"
    assert refusals(pki, old) == [("DMPSimVihfVersion", "the_assertion_is_saml_2_0")]
    altered = received(a_vihf(auth), auth)
    at(altered, "saml2:Issuer").text = "changed"
    assert refusals(pki, altered) == [("DMPSimVihfSignature", "the_signature_is_valid")]


def test_a_refused_signature_says_which_flaw(pki: TestPki) -> None:
    unsigned = parse(serialize(write_unsigned(a_vihf(a_hospital(pki).sign))))
    with pytest.raises(Refused) as error:
        verify_vihf(unsigned, pki.trust, NOW)
    assert error.value.refusals[0].field == "ds:Signature, no signature"


def test_the_policy_follows_the_settings(pki: TestPki) -> None:
    sign = a_hospital(pki).sign
    old = received(a_vihf(sign, mode_attribute="Authentification_Mode"), sign, algorithm=RSA_SHA1)
    strict = Settings(vihf_accept_sha1=False, vihf_window_minutes=10)
    assert refusals(pki, old, policy=policy_of(strict)) == [
        ("DMPSimVihfSignature", "the_signature_is_valid")
    ]
    assert refusals(pki, old, policy=policy_of(Settings())) == [
        ("DMPSimVihfAttribute", "the_mode_attribute_is_spelled_as_published")
    ]
    lenient = policy_of(Settings(vihf_accept_capital_mode=True))
    assert refusals(pki, old, policy=lenient) == []
    assert policy_of(strict).window == timedelta(minutes=10)
