"""INS messages, assertion: the SAML assertion of a professional (CPS card or Pro Santé Connect).

It is not the VIHF of the DMP: other attributes, other signature policy, no condition of time. Not
here: whether it is complete, fresh and signed by whom it names (``rules``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kit.pki import Trust, Untrusted, holder_of
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
    """Who signed an assertion, or what is wrong with the signature.

    signer, subject: common name and whole name of the certificate. may_sign: it is one of
    signature, not of authentication.
    """

    signer: str = ""
    flaw: str = ""
    subject: str = ""
    may_sign: bool = True


def read_assertion(header: Element | None) -> Assertion | None:
    """Read the first assertion of wsse:Security; None when there is none.

    Raises Malformed when Security is repeated.
    """
    found = _assertion(header)
    return None if found is None else _read(found)


def read_signature(header: Element | None, trust: Callable[[], Trust], at: datetime) -> Signature:
    """Verify the assertion's signature; neither signer nor flaw when it has none."""
    return _signature(_assertion(header), trust, at)


def read_card_assertion(
    header: Element | None, trust: Callable[[], Trust], at: datetime, *, is_first: bool
) -> tuple[Assertion | None, Signature]:
    """The assertion of a Vitale card (WS_INS1) and its signature, None when there is none.

    is_first: nobody else has one, because the caller speaks by certificate (mutual TLS); else it
    is the second, after that of the professional. Raises Malformed.
    """
    found = _assertion(header, 0 if is_first else 1)
    return (None if found is None else _read(found)), _signature(found, trust, at)


def _signature(found: Element | None, trust: Callable[[], Trust], at: datetime) -> Signature:
    if found is None or found.find("ds:Signature", NS) is None:
        return Signature()
    try:
        verified = verify_enveloped(found, trust(), at)
    except (SignatureRefused, Untrusted) as error:
        return Signature(flaw=str(error))
    holder = holder_of(verified.certificate)
    return Signature(holder.common_name, "", holder.subject, holder.is_signature)


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


def _assertion(header: Element | None, place: int = 0) -> Element | None:
    security = [] if header is None else find_all(header, "wsse:Security")
    if len(security) > 1:
        raise Malformed("soap:Header", f"wsse:Security is there {len(security)} times")
    found = find_all(security[0], "saml2:Assertion") if security else []
    return found[place] if len(found) > place else None


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
