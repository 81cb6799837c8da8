"""INS messages, assertion: the SAML assertion of a professional (CPS card or Pro Santé Connect).

It is not the VIHF of the DMP: other attributes, other signature policy, no condition of time. Not
here: whether it is complete, fresh and signed by whom it names (``rules``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kit.pki import Trust, Untrusted, common_name
from kit.rules import Malformed
from kit.signature import SignatureRefused, verify_enveloped
from kit.xml import NS, Element, build, find_all, find_text
from mocks.ins.messages.contexts import read_instant, write_instant

_AUDIENCE = "saml2:Conditions/saml2:AudienceRestriction/saml2:Audience"
_ISSUER_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a professional's assertion says. name_qualifier: ``CPS`` or ``PSC``."""

    id: str
    issued_at: datetime | None
    issuer: str
    name_id: str
    name_qualifier: str
    attributes: tuple[tuple[str, str], ...] = ()
    version: str = "2.0"
    is_signed: bool = False
    audiences: tuple[str, ...] = ()

    def attribute(self, name: str) -> str:
        """An attribute's value; an older editor kit capitalises the names, so case is ignored."""
        for known, value in self.attributes:
            if known.lower() == name.lower():
                return value
        return ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed an assertion, or what is wrong with the signature."""

    signer: str = ""
    flaw: str = ""


def read_assertion(header: Element | None) -> Assertion | None:
    """Read the first assertion of wsse:Security; None when there is none.

    A second one is that of a Vitale card (WS_INS1). Raises Malformed when Security is repeated.
    """
    found = _assertion(header)
    return None if found is None else _read(found)


def read_signature(header: Element | None, trust: Callable[[], Trust], at: datetime) -> Signature:
    """Verify the assertion's signature; neither signer nor flaw when it has none."""
    found = _assertion(header)
    if found is None or found.find("ds:Signature", NS) is None:
        return Signature()
    try:
        verified = verify_enveloped(found, trust(), at)
    except (SignatureRefused, Untrusted) as error:
        return Signature(flaw=str(error))
    return Signature(signer=common_name(verified.certificate))


def has_card_assertion(header: Element | None) -> bool:
    """Whether a second assertion is there: that of a Vitale card (WS_INS1)."""
    security = [] if header is None else find_all(header, "wsse:Security")
    return any(len(find_all(block, "saml2:Assertion")) > 1 for block in security)


def write_assertion(assertion: Assertion) -> Element:
    """The wsse:Security header block with its assertion, unsigned."""
    attributes = build("saml2:AttributeStatement")
    for name, value in assertion.attributes:
        content = build("saml2:AttributeValue", value)
        attributes.append(build("saml2:Attribute", content, Name=name))
    name_id = build("saml2:NameID", assertion.name_id, NameQualifier=assertion.name_qualifier)
    audiences = [build("saml2:Audience", text) for text in assertion.audiences]
    restriction = [build("saml2:AudienceRestriction", *audiences)] if audiences else []
    element = build(
        "saml2:Assertion",
        build("saml2:Issuer", assertion.issuer, Format=_ISSUER_FORMAT),
        build("saml2:Subject", name_id),
        *(build("saml2:Conditions", item) for item in restriction),
        attributes,
        ID=assertion.id,
        IssueInstant=write_instant(assertion.issued_at),
        Version=assertion.version,
    )
    return build("wsse:Security", element)


def _assertion(header: Element | None) -> Element | None:
    security = [] if header is None else find_all(header, "wsse:Security")
    if len(security) > 1:
        raise Malformed("soap:Header", f"wsse:Security is there {len(security)} times")
    return security[0].find("saml2:Assertion", NS) if security else None


def _read(assertion: Element) -> Assertion:
    name_id = assertion.find("saml2:Subject/saml2:NameID", NS)
    return Assertion(
        id=assertion.get("ID", ""),
        issued_at=read_instant(assertion.get("IssueInstant", "")),
        issuer=find_text(assertion, "saml2:Issuer"),
        name_id=find_text(assertion, "saml2:Subject/saml2:NameID"),
        name_qualifier="" if name_id is None else name_id.get("NameQualifier", ""),
        attributes=tuple(
            (attribute.get("Name", ""), find_text(attribute, "saml2:AttributeValue"))
            for attribute in find_all(assertion, "saml2:AttributeStatement/saml2:Attribute")
        ),
        version=assertion.get("Version", ""),
        is_signed=assertion.find("ds:Signature", NS) is not None,
        audiences=tuple((found.text or "").strip() for found in find_all(assertion, _AUDIENCE)),
    )
