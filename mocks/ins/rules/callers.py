"""INS mock, rules: who may call, in the order in which the service judges it.

Pure: no Flask, no XML, no SQL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from kit.pki import same_name
from kit.rules import Finding, RuleBook
from mocks.ins import errors
from mocks.ins.messages import (
    ACTIONS,
    Assertion,
    BamContext,
    Contexts,
    LpsContext,
    Signature,
)

access = RuleBook("INSi access")

CERTIFICATE_NAMES = ("INSI-MANU", "INSI-AUTO")  # INSi captures: exactly so, upper case, hyphen
ISSUERS = tuple(f"{mark}AC IGC-SANTE ELEMENTAIRE ORGANISATIONS" for mark in ("", "TEST ", "MOCK "))
ASSERTION_LIFE = timedelta(hours=1)  # INSi captures: a maintainer's note
CLOCK_SKEW = timedelta(minutes=5)  # choice of the bench, unconfirmed
NAME_QUALIFIERS = ("CPS", "PSC")
AUDIENCES = ("urn:ServiceIdentiteCertifiee", "/lps")  # ours begins or ends so, unconfirmed
FOREIGN_ATTRIBUTES = ("urn:dmp",)  # Ressource_URN of an assertion made for the DMP
MANDATORY_ATTRIBUTES = ("identifiantfacturation", "secteuractivite")
BAM_VERSION, LPS_VERSION = "01_02", "01_00"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and what the call says of itself; empty strings for what is absent."""

    listener: str
    common_name: str
    issuer: str
    finess: str
    assertion: Assertion | None
    signature: Signature
    contexts: Contexts
    action: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What the service knows when it judges a caller."""

    software: tuple[str, ...]
    now: datetime
    accepts_psc: bool = True
    actions: tuple[str, ...] = ACTIONS
    is_signer_strict: bool = True


# The order is that of INSi captures.


@access.rule(errors.ACCESS_LEVEL, source="INSi captures")
def mutual_tls_needs_a_client_certificate(caller: Caller, _: Policy) -> Iterator[Finding]:
    if caller.listener == "mtls" and not caller.common_name:
        yield Finding("certificat client", seen="aucun", expected="un certificat ORG AUTH_CLI")


@access.rule(errors.ACCESS_LEVEL, source="INSi captures")
def the_certificate_is_issued_for_organisations(caller: Caller, _: Policy) -> Iterator[Finding]:
    if caller.listener == "mtls" and caller.common_name and caller.issuer not in ISSUERS:
        yield Finding("certificat client", "Issuer CN", caller.issuer, " ou ".join(ISSUERS))


@access.rule(errors.ACCESS_LEVEL, source="INSi captures")
def the_certificate_is_made_for_insi(caller: Caller, _: Policy) -> Iterator[Finding]:
    if caller.listener == "mtls" and caller.common_name not in ("", *CERTIFICATE_NAMES):
        expected = " ou ".join(CERTIFICATE_NAMES)
        yield Finding("certificat client", "Subject CN", caller.common_name, expected)


@access.rule(errors.ASSERTION_MISSING, source="INSi captures")
def one_way_tls_needs_an_assertion(caller: Caller, _: Policy) -> Iterator[Finding]:
    if caller.listener == "tls" and caller.assertion is None:
        yield Finding("wsse:Security", "saml:Assertion", "absent", "une assertion CPS ou PSC")


def incomplete(said: Assertion, subject: str) -> Iterator[Finding]:
    """What any assertion of SAML 2.0 must hold and this one lacks."""
    present = (
        ("ID", said.id),
        ("Issuer", said.issuer),
        ("NameID", said.name_id),
        ("IssueInstant", "" if said.issued_at is None else "daté"),
    )
    for field, value in present:
        if not value:
            yield Finding(subject, field, "absent", "une valeur")
    if said.version != "2.0":
        yield Finding(subject, "Version", said.version, "2.0")


@access.rule(errors.ASSERTION_MISSING, source="INSi captures")
def an_assertion_is_complete(caller: Caller, _: Policy) -> Iterator[Finding]:
    if (said := _assertion(caller)) is None:
        return
    yield from incomplete(said, "saml:Assertion")
    if said.name_qualifier not in NAME_QUALIFIERS:
        expected = " ou ".join(NAME_QUALIFIERS)
        yield Finding("saml:Assertion", "NameQualifier", said.name_qualifier, expected)
    for name in MANDATORY_ATTRIBUTES:
        if not said.attribute(name):
            yield Finding("saml:Assertion", f"Attribute {name}", "absent", "une valeur")


@access.rule(errors.ASSERTION_SIGNATURE, source="INSi captures")
def a_card_assertion_is_signed(caller: Caller, _: Policy) -> Iterator[Finding]:
    said = _assertion(caller)
    if said and said.name_qualifier == "CPS" and not said.is_signed:
        yield Finding("saml:Assertion", "Signature", "absent", "la signature de la carte")


@access.rule(errors.ASSERTION_SIGNATURE, source="INSi captures, second-hand; BANC_INS_PSC")
def an_unsigned_psc_assertion_is_a_choice(caller: Caller, policy: Policy) -> Iterator[Finding]:
    said = _assertion(caller)
    if said and said.name_qualifier == "PSC" and not (said.is_signed or policy.accepts_psc):
        yield Finding("saml:Assertion", "Signature", "absent", "une signature : PSC est fermé ici")


@access.rule(errors.ASSERTION_SIGNATURE, source="INSi captures")
def the_signature_of_an_assertion_holds(caller: Caller, _: Policy) -> Iterator[Finding]:
    if _assertion(caller) and caller.signature.flaw:
        expected = "une signature de l'assertion, par une autorité reconnue"
        yield Finding("saml:Assertion", "Signature", caller.signature.flaw, expected)


@access.rule(errors.ASSERTION_SIGNATURE, source="INSi captures, as captured")
def a_card_speaks_for_its_holder(caller: Caller, _: Policy) -> Iterator[Finding]:
    said, signer = _assertion(caller), caller.signature.signer
    if said and said.name_qualifier == "CPS" and signer not in ("", said.name_id):
        yield Finding("saml:Assertion", "NameID", said.name_id, f"{signer}, CN du certificat")


@access.rule(errors.ASSERTION_SIGNATURE, source="IGC-Santé: usages of a card; BANC_INS_CARD_SIGNER")
def a_card_assertion_is_signed_to_be_signed(caller: Caller, policy: Policy) -> Iterator[Finding]:
    """The captures show the signature, not which of the two keys of a card made it."""
    said, signature = _assertion(caller), caller.signature
    if said is None or said.name_qualifier != "CPS" or not signature.signer:
        return
    if policy.is_signer_strict and not signature.may_sign:
        expected = "un certificat de signature (nonRepudiation)"
        yield Finding("saml:Assertion", "X509Certificate", "authentification", expected)


@access.rule(errors.ASSERTION_SIGNATURE, source="INSi captures; BANC_INS_CARD_SIGNER")
def the_issuer_of_a_card_assertion_is_its_signer(
    caller: Caller, policy: Policy
) -> Iterator[Finding]:
    said, subject = _assertion(caller), caller.signature.subject
    if said is None or said.name_qualifier != "CPS" or not (subject and policy.is_signer_strict):
        return
    if not same_name(said.issuer, subject):
        yield Finding("saml:Assertion", "Issuer", said.issuer, f"{subject}, nom du certificat")


@access.rule(errors.ASSERTION_ELSEWHERE, source="SAML 2.0 core 2.5.1.4; INSi captures shows none")
def an_assertion_is_made_for_this_service(caller: Caller, _: Policy) -> Iterator[Finding]:
    if (said := _assertion(caller)) is None:
        return
    if said.audiences and not any(map(_is_ours, said.audiences)):
        seen, expected = " ou ".join(said.audiences), "urn:ServiceIdentiteCertifiee…, ou rien"
        yield Finding("saml:Assertion", "Audience", seen, expected)
    if said.attribute("Ressource_URN") in FOREIGN_ATTRIBUTES:
        seen = said.attribute("Ressource_URN")
        yield Finding("saml:Assertion", "Attribute Ressource_URN", seen, "une assertion pour INSi")


@access.rule(errors.ASSERTION_TOO_OLD, source="INSi captures; tolerance of 5 minutes unconfirmed")
def an_assertion_is_fresh(caller: Caller, policy: Policy) -> Iterator[Finding]:
    said = _assertion(caller)
    if said is None or said.issued_at is None:
        return
    if not -CLOCK_SKEW <= policy.now - said.issued_at <= ASSERTION_LIFE:
        now = policy.now.isoformat(timespec="seconds")
        expected = f"moins d'une heure avant {now} (heure du banc)"
        yield Finding("saml:Assertion", "IssueInstant", said.issued_at.isoformat(), expected)


@access.rule(errors.SOFTWARE_UNKNOWN, source="INSi captures")
def the_software_is_authorized(caller: Caller, policy: Policy) -> Iterator[Finding]:
    lps = caller.contexts.lps
    if lps is not None and lps.idam not in policy.software:
        yield Finding("ContexteLPS", "LPS/IDAM", lps.idam or "absent", "un numéro connu du banc")


@access.rule(errors.CONTEXT, source="INSi service")
def a_call_has_both_contexts(caller: Caller, _: Policy) -> Iterator[Finding]:
    if caller.contexts.bam is None:
        yield Finding("soap:Header", "ContexteBAM", "absent", "présent")
    if caller.contexts.lps is None:
        yield Finding("soap:Header", "ContexteLPS", "absent", "présent")


@access.rule(errors.CONTEXT, source="INSi service")
def a_context_has_what_its_schema_requires(caller: Caller, _: Policy) -> Iterator[Finding]:
    if caller.contexts.bam is not None:
        yield from _context("ContexteBAM", caller.contexts.bam, BAM_VERSION, "CTXBAM")
        if not caller.contexts.bam.has_coverage:
            yield Finding("ContexteBAM", "COUVERTURE", "absent", "présent, vide sans carte Vitale")
    if caller.contexts.lps is not None:
        yield from _context("ContexteLPS", caller.contexts.lps, LPS_VERSION, "CTXLPS")


@access.rule(errors.CONTEXT, source="INSi service")
def a_call_is_addressed(caller: Caller, _: Policy) -> Iterator[Finding]:
    """The action may be that of the Content-Type: clients of the official WSDL send no other."""
    for field, value in (("wsa:Action", caller.action), ("wsa:MessageID", caller.message_id)):
        if not value:
            yield Finding("soap:Header", field, "absent", "présent")


@access.rule(errors.ACTION_UNKNOWN, source="INSi service")
def an_action_is_one_of_the_service(caller: Caller, policy: Policy) -> Iterator[Finding]:
    if caller.action and caller.action not in policy.actions:
        yield Finding("soap:Header", "wsa:Action", caller.action, " ou ".join(policy.actions))


def _assertion(caller: Caller) -> Assertion | None:
    """The assertion that speaks for the caller: with mutual TLS the certificate does."""
    return None if caller.listener == "mtls" else caller.assertion


def _is_ours(audience: str) -> bool:
    return audience.startswith(AUDIENCES[0]) or audience.endswith(AUDIENCES[1])


def _context(
    name: str, context: BamContext | LpsContext, version: str, nature: str
) -> Iterator[Finding]:
    if context.version != version:
        yield Finding(name, "@Version", context.version or "absent", version)
    if context.nature not in ("", nature):
        yield Finding(name, "@Nature", context.nature, f"{nature}, ou rien")
    if not context.id:
        yield Finding(name, "Id", "absent", "une valeur")
    if context.stated_at is None:
        yield Finding(name, "Temps", "absent ou illisible", "xsd:dateTime, en UTC")
