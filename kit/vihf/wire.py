"""Kit, vihf: the assertion as it is written on the wire, both ways.

Not here: the signature (kit.signature), whether what is said is right (rules).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from lxml import etree

from kit.pki import Credential
from kit.rules import Malformed
from kit.signature import RSA_SHA256, sign_enveloped
from kit.vihf.model import (
    CAPITAL_MODE_ATTRIBUTE,
    MODE_ATTRIBUTE,
    PurposeOfUse,
    Role,
    Vihf,
)
from kit.xml import NS, Element, build, find, find_all, qname

WHERE = "VIHF"
ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"

# Attribute@Name -> field of Vihf, for the attributes that hold one text; in the order written.
TEXTS = {
    "Identifiant_Structure": "structure",
    "Secteur_Activite": "sector",
    "urn:oasis:names:tc:xspa:1.0:subject:subject-id": "subject_name",
    "VIHF_Version": "vihf_version",
    MODE_ATTRIBUTE: "authentication",
    "urn:oasis:names:tc:xacml:2.0:resource:resource-id": "patient",
    "Ressource_URN": "resource_urn",
    "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code": "confidentiality",
    "LPS_ID": "lps_id",
    "LPS_Nom": "lps_name",
    "LPS_Version": "lps_version",
    "LPS_ID_HOMOLOGATION_DMP": "homologation",
}
NAMES = {name: attribute for attribute, name in TEXTS.items()} | {
    "roles": ROLE,
    "purpose": PURPOSE,
}
ATTRIBUTE_NAMES = frozenset(NAMES.values()) | {CAPITAL_MODE_ATTRIBUTE}

_SCOPE = {prefix: NS[prefix] for prefix in ("saml2", "xs", "xsi")}
_TEXT = etree.XPath("string()")  # a comment does not cut it, unlike .text


def write_vihf(vihf: Vihf, credential: Credential, *, algorithm: str = RSA_SHA256) -> Element:
    """The signed assertion. Same input, same bytes."""
    return sign_enveloped(
        write_unsigned(vihf), credential, after="saml2:Issuer", algorithm=algorithm
    )


def write_unsigned(vihf: Vihf) -> Element:
    """The assertion without its signature; empty fields are left out."""
    at = _written(vihf.issued_at)
    context = [build("saml2:AuthnContextClassRef", vihf.authn_context)]
    if vihf.authn_declaration:
        context.append(build("saml2:AuthnContextDecl", vihf.authn_declaration))
    authn = build("saml2:AuthnStatement", build("saml2:AuthnContext", *context), AuthnInstant=at)
    return build(
        "saml2:Assertion",
        build("saml2:Issuer", vihf.issuer, Format=vihf.issuer_format),
        build("saml2:Subject", build("saml2:NameID", vihf.name_id)),
        authn,
        build("saml2:AttributeStatement", *_attributes(vihf)),
        nsmap=_SCOPE,
        ID=vihf.id,
        IssueInstant=at,
        Version=vihf.saml_version,
    )


def _attributes(vihf: Vihf) -> Iterator[Element]:
    for name, field in TEXTS.items():
        written = vihf.mode_attribute if name == MODE_ATTRIBUTE else name
        if text := getattr(vihf, field):
            value = build("saml2:AttributeValue", text, nsmap=_SCOPE)
            value.set(qname("xsi:type"), "xs:string")
            yield build("saml2:Attribute", value, Name=written)
    if vihf.roles:
        roles = (build("saml2:AttributeValue", _coded("Role", role)) for role in vihf.roles)
        yield build("saml2:Attribute", *roles, Name=ROLE)
    if vihf.purpose:
        purpose = build("saml2:AttributeValue", _coded("PurposeOfUse", vihf.purpose))
        yield build("saml2:Attribute", purpose, Name=PURPOSE)


def _coded(name: str, value: Role | PurposeOfUse) -> Element:
    element = etree.Element(qname(f"hl7:{name}"), nsmap={None: NS["hl7"], "xsi": NS["xsi"]})
    element.set(qname("xsi:type"), "CE")
    element.set("code", value.code)
    element.set("codeSystem", value.system)
    if value.label:
        element.set("displayName", value.label)
    return element


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_vihf(assertion: Element) -> Vihf:
    """Read the assertion, signed or not.

    Raises Malformed when it is no SAML 2.0 assertion, has no ID or no readable IssueInstant, or
    says an attribute twice; rules judge the rest.
    """
    if assertion.tag != qname("saml2:Assertion"):
        raise Malformed(WHERE, f"{assertion.tag!r} is not a SAML 2.0 Assertion")
    found = _named(assertion)
    fields = {field: _single(found, name) for name, field in TEXTS.items()}
    mode = CAPITAL_MODE_ATTRIBUTE if CAPITAL_MODE_ATTRIBUTE in found else MODE_ATTRIBUTE
    if mode == CAPITAL_MODE_ATTRIBUTE:
        if MODE_ATTRIBUTE in found:
            raise Malformed(WHERE, f"{MODE_ATTRIBUTE} is there in both spellings")
        fields["authentication"] = _single(found, mode)
    issuer = _only(assertion, "saml2:Issuer")
    return Vihf(
        id=_identifier(assertion),
        issued_at=_instant(assertion.get("IssueInstant", "")),
        saml_version=assertion.get("Version", ""),
        issuer=_text(issuer),
        issuer_format="" if issuer is None else issuer.get("Format", ""),
        name_id=_text(_only(assertion, "saml2:Subject/saml2:NameID")),
        authn_context=_context(assertion, "saml2:AuthnContextClassRef"),
        authn_declaration=_context(assertion, "saml2:AuthnContextDecl"),
        roles=tuple(_role(value) for value in found.get(ROLE, ())),
        purpose=_purpose(found.get(PURPOSE, [])),
        mode_attribute=mode,
        **fields,
    )


def _identifier(assertion: Element) -> str:
    identifier = assertion.get("ID", "")
    if not identifier:
        raise Malformed(WHERE, "attribute ID is missing")
    return identifier


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(WHERE, f"IssueInstant {text!r} is not an instant") from None
    if at.tzinfo is None:
        raise Malformed(WHERE, f"IssueInstant {text!r} has no time zone")
    return at.astimezone(UTC)


def _only(element: Element, path: str) -> Element | None:
    """The one element at ``path``, or None. Raises Malformed when there are several."""
    found = find_all(element, path)
    if len(found) > 1:
        raise Malformed(WHERE, f"{path} is there {len(found)} times")
    return found[0] if found else None


def _context(assertion: Element, name: str) -> str:
    return _text(_only(assertion, f"saml2:AuthnStatement/saml2:AuthnContext/{name}"))


def _text(element: Element | None) -> str:
    return "" if element is None else str(_TEXT(element)).strip()


def _named(assertion: Element) -> dict[str, list[Element]]:
    """Attribute name -> its values."""
    found: dict[str, list[Element]] = {}
    for attribute in find_all(assertion, "saml2:AttributeStatement/saml2:Attribute"):
        name = attribute.get("Name", "")
        if name in found:
            raise Malformed(WHERE, f"attribute {name} is there twice")
        found[name] = find_all(attribute, "saml2:AttributeValue")
    return found


def _single(found: dict[str, list[Element]], name: str) -> str:
    values = found.get(name, [])
    if len(values) > 1:
        raise Malformed(WHERE, f"attribute {name} has {len(values)} values")
    return _text(values[0]) if values else ""


def _role(value: Element) -> Role:
    role = find(value, "hl7:Role")
    if role is None:
        raise Malformed(WHERE, f"attribute {ROLE} has a value without hl7:Role")
    return Role(role.get("code", ""), role.get("codeSystem", ""), role.get("displayName", ""))


def _purpose(values: list[Element]) -> PurposeOfUse | None:
    if len(values) > 1:
        raise Malformed(WHERE, f"attribute {PURPOSE} has {len(values)} values")
    purpose = find(values[0], "hl7:PurposeOfUse") if values else None
    if purpose is None:
        return None
    return PurposeOfUse(
        purpose.get("code", ""), purpose.get("codeSystem", ""), purpose.get("displayName", "")
    )
