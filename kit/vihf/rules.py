"""Kit, vihf: what an assertion is refused for, in the order of DMP examples.

Three books, checked one after the other: ``version``, ``signer``, ``attributes``. All refusals of
a book are reported together. Pure: no XML, no file, no clock. Not here: the signature's value
(kit.signature), rights and blocked users (the mock).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kit.identity import TEST_OID
from kit.pki import Distrust, Holder, same_name
from kit.rules import Finding, Malformed, RuleBook
from kit.vihf import codes
from kit.vihf.model import (
    ACCESS_MODES,
    AUTHORS,
    CAPITAL_MODE_ATTRIBUTE,
    CLASSES,
    ISSUER_FORMAT,
    MACHINES,
    MODE_ATTRIBUTE,
    NON_PROFESSIONALS,
    PROFESSION_CODES,
    PROFESSIONS,
    RESOURCE_URN,
    SPECIALTIES,
    WITH_SPECIALTY,
    AccessMode,
    Authentication,
    AuthnContext,
    Declaration,
    Role,
    Vihf,
)
from kit.vihf.wire import NAMES

_S4 = "DMP examples"
_NAME_ID = re.compile(r"8[0-9A-Z]{11}|0[0-9A-Z]{9}|[1-6][0-9A-Z]{8,19}/\S.*")
_SECTOR = re.compile(r"SA\d\d\^1\.2\.250\.1\.71\.4\.2\.4")
_MANDATORY = (
    "issuer", "name_id", "structure", "sector", "roles", "vihf_version", "authentication",
    "patient", "resource_urn", "purpose", "lps_name", "lps_version", "homologation",
)  # fmt: skip

# Transactions about no patient yet: their VIHF needs no resource-id; deduced.
WITHOUT_PATIENT = frozenset({"TD0.4", "TD0.5"})

version, signer, attributes = RuleBook("VIHF version"), RuleBook("VIHF signer"), RuleBook("VIHF")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What surrounds an assertion when it is judged.

    structures: the Struct_IdNat the signer may speak for: its own OU and its sites.
    tls: the holder of the connection's client certificate, None without mutual TLS.
    homologations: software number -> transactions it covers (empty: all); None: any number.
    """

    now: datetime
    signer: Holder
    distrust: tuple[Distrust, str, str] | None = None  # reason, seen, expected
    structures: frozenset[str] = frozenset()
    tls: Holder | None = None
    tls_structures: frozenset[str] = frozenset()
    window: timedelta = timedelta(hours=1)
    skew: timedelta = timedelta(minutes=5)
    accept_capital_mode: bool = False
    ins_oids: frozenset[str] = frozenset({TEST_OID})
    homologations: Mapping[str, frozenset[str]] | None = None
    transaction: str = ""


def _seen(vihf: Vihf, field: str, seen: str, expected: str) -> Finding:
    return Finding(vihf.id, NAMES.get(field, field), seen, expected)


def _is_direct(vihf: Vihf) -> bool:
    return vihf.authentication == Authentication.DIRECT


# The version, before anything else.


@version.rule(codes.SAML_VERSION, source=_S4)
def the_assertion_is_saml_2_0(vihf: Vihf) -> Iterator[Finding]:
    if vihf.saml_version != "2.0":
        yield _seen(vihf, "Assertion/@Version", vihf.saml_version, "2.0")


# The certificate that signed.


@signer.rule(codes.INVALID_CERTIFICATE, source="DMP TLS; DMP errors")
def the_signing_certificate_is_a_signature_certificate(
    vihf: Vihf, around: Circumstances
) -> Iterator[Finding]:
    if not around.signer.is_signature:
        kind = "authentication" if around.signer.is_authentication else "other use"
        seen = f"{kind}: {around.signer.subject}"
        yield _seen(vihf, "X509Certificate", seen, "a signature certificate (ORG_SIGN, card)")


@signer.rule(codes.UNTRUSTED_CERTIFICATE, source=_S4)
def the_signing_certificate_is_believed(vihf: Vihf, around: Circumstances) -> Iterator[Finding]:
    if around.distrust is not None:
        reason, seen, expected = around.distrust
        yield _seen(vihf, f"X509Certificate, {reason}", seen, expected)


# Who speaks, for whom, over which connection.


@attributes.rule(codes.CALLER, source=_S4)
def the_issuer_is_the_subject_of_the_certificate(
    vihf: Vihf, around: Circumstances
) -> Iterator[Finding]:
    if vihf.issuer and not same_name(vihf.issuer, around.signer.subject):
        yield _seen(vihf, "issuer", vihf.issuer, around.signer.subject)
    if vihf.issuer_format != ISSUER_FORMAT:
        yield _seen(vihf, "Issuer/@Format", vihf.issuer_format, ISSUER_FORMAT)


@attributes.rule(codes.LEGAL_PERSON, source="DMP TLS (EX_GEN-1450), 4 and 9")
def the_structure_is_that_of_the_certificate(
    vihf: Vihf, around: Circumstances
) -> Iterator[Finding]:
    if _is_direct(vihf) or not vihf.structure:
        return
    if vihf.structure not in around.structures:
        expected = " or ".join(sorted(around.structures)) or "a certificate with an OU"
        yield _seen(vihf, "structure", vihf.structure, expected)


@attributes.rule(codes.CALLER, source="DMP examples, direct authentication; deduced")
def the_card_names_the_user(vihf: Vihf, around: Circumstances) -> Iterator[Finding]:
    if _is_direct(vihf) and vihf.name_id != around.signer.common_name:
        yield _seen(vihf, "name_id", vihf.name_id, around.signer.common_name)


@attributes.rule(codes.LEGAL_PERSON, source=_S4)
def the_connection_is_of_the_same_caller(vihf: Vihf, around: Circumstances) -> Iterator[Finding]:
    if around.tls is None:
        return
    if _is_direct(vihf):
        if around.tls.common_name != vihf.name_id:
            yield _seen(vihf, "TLS certificate CN", around.tls.common_name, vihf.name_id)
    elif vihf.structure and vihf.structure not in around.tls_structures:
        yield _seen(vihf, "TLS certificate OU", around.tls.struct_idnat, vihf.structure)


@attributes.rule(codes.INSTANT, source="DMP examples; the width of the window is unconfirmed")
def the_assertion_is_recent(vihf: Vihf, around: Circumstances) -> Iterator[Finding]:
    first, last = around.now - around.window, around.now + around.skew
    if not first <= vihf.issued_at <= last:
        expected = f"from {first.isoformat()} to {last.isoformat()}"
        yield _seen(vihf, "Assertion/@IssueInstant", vihf.issued_at.isoformat(), expected)


# Each attribute.


@attributes.rule(codes.ATTRIBUTE, source=_S4)
def every_mandatory_attribute_is_there(vihf: Vihf, around: Circumstances) -> Iterator[Finding]:
    named = () if _is_direct(vihf) else ("subject_name",)
    spared = {"patient"} if around.transaction in WITHOUT_PATIENT else set()
    for field in (*_MANDATORY, *named):
        if field not in spared and not getattr(vihf, field):
            yield _seen(vihf, field, "", "present")


@attributes.rule(codes.ATTRIBUTE, source=_S4)
def the_vihf_version_is_known(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    if vihf.vihf_version not in ("", "3.0", "4.0"):
        yield _seen(vihf, "vihf_version", vihf.vihf_version, "3.0 or 4.0")


@attributes.rule(codes.ATTRIBUTE, source="DMP examples, official examples")
def the_mode_attribute_is_spelled_as_published(
    vihf: Vihf, around: Circumstances
) -> Iterator[Finding]:
    if vihf.mode_attribute == CAPITAL_MODE_ATTRIBUTE and not around.accept_capital_mode:
        yield _seen(vihf, "authentication", CAPITAL_MODE_ATTRIBUTE, MODE_ATTRIBUTE)


@attributes.rule(codes.ATTRIBUTE, source=_S4)
def the_authentication_mode_is_known(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    if vihf.authentication and vihf.authentication not in tuple(Authentication):
        yield _seen(vihf, "authentication", vihf.authentication, " or ".join(Authentication))


@attributes.rule(codes.ATTRIBUTE, source="DMP examples")
def the_user_is_identified_nationally(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    if vihf.name_id and not _NAME_ID.fullmatch(vihf.name_id):
        expected = "8 + RPPS, 0 + ADELI, or a structure's identifier / an internal one"
        yield _seen(vihf, "Subject/NameID", vihf.name_id, expected)


@attributes.rule(codes.ATTRIBUTE, source=_S4)
def the_authentication_context_is_known(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    prefix, _sep, name = vihf.authn_context.rpartition(":")
    if prefix + ":" != CLASSES or name not in tuple(AuthnContext):
        expected = CLASSES + " followed by " + " or ".join(AuthnContext)
        yield _seen(vihf, "AuthnContextClassRef", vihf.authn_context, expected)


@attributes.rule(codes.ATTRIBUTE, source="DMP examples (EX_AIR-050)")
def the_declaration_goes_with_reinforced_authentication(
    vihf: Vihf, _: Circumstances
) -> Iterator[Finding]:
    reinforced = vihf.authentication == Authentication.REINFORCED
    accepted: tuple[str, ...] = tuple(Declaration) if reinforced else ("",)
    if vihf.authn_declaration not in accepted:
        expected = " or ".join(accepted) or f"absent outside {Authentication.REINFORCED}"
        yield _seen(vihf, "AuthnContextDecl", vihf.authn_declaration, expected)


@attributes.rule(codes.ATTRIBUTE, source=_S4)
def the_sector_is_a_coded_sector(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    if vihf.sector and not _SECTOR.fullmatch(vihf.sector):
        yield _seen(vihf, "sector", vihf.sector, "SAnn^1.2.250.1.71.4.2.4")


@attributes.rule(codes.ATTRIBUTE, source=_S4)
def the_resource_is_the_dmp(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    if vihf.resource_urn not in ("", RESOURCE_URN):
        yield _seen(vihf, "resource_urn", vihf.resource_urn, RESOURCE_URN)


@attributes.rule(codes.ATTRIBUTE, source="DMP examples, JDV_J65; codes other than 10 unconfirmed")
def the_role_is_known(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    if not vihf.roles:
        return
    first = vihf.roles[0]
    if not _is_known(first):
        seen = f"{first.code} in {first.system}"
        expected = f"a profession of {PROFESSIONS} or an author of {AUTHORS}"
        yield _seen(vihf, "roles", seen, expected)
    if len(vihf.roles) > 2:
        yield _seen(vihf, "roles", f"{len(vihf.roles)} values", "1 or 2")


def _is_known(role: Role) -> bool:
    known = {PROFESSIONS: PROFESSION_CODES, AUTHORS: NON_PROFESSIONALS}
    return role.code in known.get(role.system, ())


@attributes.rule(codes.ATTRIBUTE, source=_S4)
def a_doctor_or_pharmacist_has_a_specialty(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    second = vihf.roles[1] if len(vihf.roles) > 1 else None
    seen = f"{second.code} in {second.system}" if second else ""
    if second and second.system != SPECIALTIES:
        yield _seen(vihf, "roles", seen, f"a second value in {SPECIALTIES}")
    elif second is None and vihf.profession in WITH_SPECIALTY:
        yield _seen(vihf, "roles", f"{vihf.profession} alone", f"a value in {SPECIALTIES} too")


@attributes.rule(codes.ATTRIBUTE, source="DMP examples, role consistent with the mode; deduced")
def a_machine_speaks_by_indirect_authentication(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    if vihf.profession in MACHINES and vihf.authentication in (
        Authentication.DIRECT,
        Authentication.REINFORCED,
    ):
        yield _seen(vihf, "authentication", vihf.authentication, Authentication.INDIRECT)


@attributes.rule(codes.ATTRIBUTE, source="DMP examples, TRE_R248")
def the_access_mode_is_known(vihf: Vihf, _: Circumstances) -> Iterator[Finding]:
    if vihf.purpose is None:
        return
    if vihf.purpose.code not in tuple(AccessMode):
        yield _seen(vihf, "purpose", vihf.purpose.code, " or ".join(AccessMode))
    if vihf.purpose.system != ACCESS_MODES:
        yield _seen(vihf, "purpose", vihf.purpose.system, ACCESS_MODES)


# The patient and the software.


@attributes.rule(codes.PATIENT, source="DMP examples")
def the_patient_is_named_by_an_ins(vihf: Vihf, around: Circumstances) -> Iterator[Finding]:
    if not vihf.patient:
        return
    try:
        ins = vihf.ins
    except Malformed:
        yield _seen(vihf, "patient", vihf.patient, "<matricule>^^^&<OID>&ISO^NH")
        return
    if not ins.has_valid_key:
        yield _seen(vihf, "patient", ins.matricule, "13 characters and their key")
    if ins.oid not in around.ins_oids:
        yield _seen(vihf, "patient", ins.oid, " or ".join(sorted(around.ins_oids)))


@attributes.rule(codes.HOMOLOGATION, source=_S4)
def the_software_is_authorised(vihf: Vihf, around: Circumstances) -> Iterator[Finding]:
    if around.homologations is None or not vihf.homologation:
        return
    covered = around.homologations.get(vihf.homologation)
    if covered is None:
        yield _seen(vihf, "homologation", "(not shown)", "a number known to the bench")
    elif covered and around.transaction not in covered:
        yield _seen(vihf, "homologation", around.transaction, " or ".join(sorted(covered)))
