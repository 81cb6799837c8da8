"""Kit, vihf: an assertion explained line by line: each part with the rules it meets or breaks.

The rules are those of ``rules``; here each finds its line, and all stages are judged even when an
earlier one refuses, so that everything can be mended at once. Not here: printing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography import x509

from kit.french import sentence_of
from kit.pki import Distrust, Holder, Trust, Untrusted, holder_of, issuer_common_name
from kit.rules import Malformed, Refusal, Row
from kit.signature import SignatureRefused, certificate_in, verify_integrity
from kit.vihf import rules
from kit.vihf.checking import (
    SIGNATURE_RULE,
    SIGNATURE_SOURCE,
    USUAL,
    VihfPolicy,
    around,
    signature_refusal,
)
from kit.vihf.model import MODE_ATTRIBUTE, Authentication, PurposeOfUse, Role, Vihf
from kit.vihf.wire import ATTRIBUTE_NAMES, NAMES, read_vihf
from kit.xml import Element, find_all

LONGEST = 300  # characters told of a value that a stranger chose
HIDDEN = "(not shown)"
_HELD = "every_mandatory_attribute_is_there"
_NOBODY = Holder("", "", "", False, False)


class Verdict(StrEnum):
    """What became of a rule."""

    MET = "met"
    BROKEN = "broken"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule applied to a line. seen, expected: only when broken."""

    rule: str
    source: str
    verdict: Verdict
    code: str = ""
    seen: str = ""
    expected: str = ""

    @property
    def rule_fr(self) -> str:
        """The rule as a French sentence."""
        return sentence_of(__package__, self.rule)


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the assertion, as named on the wire, what it says, and its rules."""

    name: str
    value: str
    rules: tuple[Judged, ...] = ()
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A form for JSON, see docs/json.md."""
        rules = [asdict(rule) | {"rule_fr": rule.rule_fr} for rule in self.rules]
        return asdict(self) | {"rules": rules}


@dataclass(frozen=True, slots=True)
class Explanation:
    """All lines, in the order of the assertion."""

    lines: tuple[Line, ...]

    @property
    def broken(self) -> tuple[Judged, ...]:
        """Every broken rule."""
        return tuple(
            rule for line in self.lines for rule in line.rules if rule.verdict is Verdict.BROKEN
        )

    def as_dict(self) -> dict[str, Any]:
        """A form for JSON, see docs/json.md."""
        return {"lines": [line.as_dict() for line in self.lines]}


@dataclass(frozen=True, slots=True)
class _About:
    """Which field of a VIHF a line tells, and the rules that look at it."""

    name: str
    field: str
    rules: tuple[str, ...] = ()


def _attribute(field: str, *names: str) -> _About:
    return _About(NAMES[field], field, names)


ABOUT = (
    _About("Assertion/@ID", "id"),
    _About("Assertion/@Version", "saml_version", ("the_assertion_is_saml_2_0",)),
    _About("Assertion/@IssueInstant", "issued_at", ("the_assertion_is_recent",)),
    _About("Issuer", "issuer", (_HELD, "the_issuer_is_the_subject_of_the_certificate")),
    _About(
        "Subject/NameID",
        "name_id",
        (_HELD, "the_user_is_identified_nationally", "the_card_names_the_user"),
    ),
    _About("AuthnContextClassRef", "authn_context", ("the_authentication_context_is_known",)),
    _About(
        "AuthnContextDecl",
        "authn_declaration",
        ("the_declaration_goes_with_reinforced_authentication",),
    ),
    _attribute("structure", _HELD, "the_structure_is_that_of_the_certificate"),
    _attribute("sector", _HELD, "the_sector_is_a_coded_sector"),
    _attribute("subject_name", _HELD),
    _attribute("vihf_version", _HELD, "the_vihf_version_is_known"),
    _attribute(
        "authentication",
        _HELD,
        "the_mode_attribute_is_spelled_as_published",
        "the_authentication_mode_is_known",
        "a_machine_speaks_by_indirect_authentication",
    ),
    _attribute("patient", _HELD, "the_patient_is_named_by_an_ins"),
    _attribute("resource_urn", _HELD, "the_resource_is_the_dmp"),
    _attribute("confidentiality"),
    _attribute("lps_id"),
    _attribute("lps_name", _HELD),
    _attribute("lps_version", _HELD),
    _attribute("homologation", _HELD, "the_software_is_authorised"),
    _attribute("roles", _HELD, "the_role_is_known", "a_doctor_or_pharmacist_has_a_specialty"),
    _attribute("purpose", _HELD, "the_access_mode_is_known"),
)
SIGNER_RULES = (
    "the_signing_certificate_is_a_signature_certificate",
    "the_signing_certificate_is_believed",
)
CONNECTION_RULES = ("the_connection_is_of_the_same_caller",)
# Rules that compare with the certificate; without one they say nothing.
_NEEDS_SIGNER = frozenset(
    {
        *SIGNER_RULES,
        "the_issuer_is_the_subject_of_the_certificate",
        "the_structure_is_that_of_the_certificate",
        "the_card_names_the_user",
    }
)


def explain(
    assertion: Element,
    trust: Trust,
    now: datetime,
    *,
    tls: bytes | None = None,
    policy: VihfPolicy = USUAL,
    transaction: str = "",
) -> Explanation:
    """Tell all of an assertion. tls: the client certificate of the connection (DER), if known.

    Never raises for what the assertion says: what cannot be read is a line of its own.
    """
    signature, certificate = _signature(assertion, policy)
    certificate_line = _certificate_value(certificate, trust)
    try:
        vihf = read_vihf(assertion)
    except Malformed as error:
        carried = Line("X509Certificate", certificate_line)
        return Explanation((_unreadable(error), signature, carried))
    surrounding = around(
        certificate, trust, now, tls=tls, policy=policy, transaction=transaction
    ) if certificate is not None else _alone(now, policy)  # fmt: skip
    told = _Told(vihf, surrounding, has_signer=certificate is not None, has_tls=tls is not None)
    lines = tuple(told.line(row) for row in ABOUT if told.is_worth_a_line(row))
    after = 1 + next(n for n, line in enumerate(lines) if line.name == "Issuer")
    signed = Line("X509Certificate", certificate_line, told.of(SIGNER_RULES))
    connection = _connection_value(tls)
    others = tuple(_others(assertion, vihf))
    return Explanation(
        (
            *lines[:after],
            signature,
            signed,
            *lines[after:],
            *others,
            Line("TLS connection", connection, told.of(CONNECTION_RULES)),
        )
    )


class _Told:
    """Every refusal of the books, and the rules by name."""

    def __init__(
        self, vihf: Vihf, circumstances: rules.Circumstances, *, has_signer: bool, has_tls: bool
    ) -> None:
        self._vihf = vihf
        self._silent = frozenset() if has_signer else _NEEDS_SIGNER
        self._silent |= frozenset() if has_tls else frozenset(CONNECTION_RULES)
        self._refusals = (
            *rules.version.findings(vihf),
            *rules.signer.findings(vihf, circumstances),
            *rules.attributes.findings(vihf, circumstances),
        )

    def is_worth_a_line(self, row: _About) -> bool:
        return bool(_value(self._vihf, row)) or any(
            item.verdict is Verdict.BROKEN for item in self._judged(row)
        )

    def line(self, row: _About) -> Line:
        name = self._vihf.mode_attribute if row.name == MODE_ATTRIBUTE else row.name
        return Line(name, _value(self._vihf, row), tuple(self._judged(row)))

    def of(self, names: tuple[str, ...]) -> tuple[Judged, ...]:
        return tuple(item for name in names for item in self._judge(name, lambda _: True))

    def _judged(self, row: _About) -> Iterator[Judged]:
        def is_of_this_line(refusal: Refusal) -> bool:
            return refusal.rule != _HELD or refusal.field in (row.name, row.field)

        for name in row.rules:
            yield from self._judge(name, is_of_this_line)

    def _judge(self, name: str, is_ours: Callable[[Refusal], bool]) -> Iterator[Judged]:
        rule = ROWS[name]
        if name in self._silent:
            yield Judged(name, rule.source, Verdict.NOT_JUDGED)
            return
        found = [item for item in self._refusals if item.rule == name and is_ours(item)]
        for item in found:
            yield _broken(item)
        if not found:
            yield Judged(name, rule.source, Verdict.MET)


ROWS: dict[str, Row] = {
    row.name: row for book in (rules.version, rules.signer, rules.attributes) for row in book.rows
}


def _broken(item: Refusal) -> Judged:
    seen = HIDDEN if item.field == NAMES["homologation"] and item.seen else item.seen
    return Judged(
        item.rule, item.source, Verdict.BROKEN, item.code.code, _short(seen), _short(item.expected)
    )


def _short(text: str) -> str:
    plain = "".join(c if c.isprintable() else "�" for c in text)
    return plain if len(plain) <= LONGEST else plain[:LONGEST] + "…"


def _value(vihf: Vihf, row: _About) -> str:
    value = getattr(vihf, row.field)
    if row.field == "homologation" and value:
        return HIDDEN
    if isinstance(value, datetime):
        return value.isoformat()
    if row.field == "roles":
        return _short(", ".join(_coded(role) for role in value))
    if row.field == "purpose":
        return _short(_coded(value)) if value else ""
    return _short(value)


def _coded(value: Role | PurposeOfUse) -> str:
    return f"{value.code} of {value.system}" + (f" ({value.label})" if value.label else "")


def _unreadable(error: Malformed) -> Line:
    judged = Judged(
        "the_assertion_can_be_read", "DMP examples; SAML 2.0 core", Verdict.BROKEN,
        seen=_short(error.why), expected="one value for each part, in the published shape",
    )  # fmt: skip
    return Line("Assertion", "", (judged,))


def _signature(assertion: Element, policy: VihfPolicy) -> tuple[Line, x509.Certificate | None]:
    """The line of the signature, and the certificate it carries, wherever one can be read."""
    try:
        verified = verify_integrity(assertion, accept_sha1=policy.accept_sha1)
    except SignatureRefused as error:
        refusal = signature_refusal(assertion.get("ID", ""), error)
        line = Line("ds:Signature", _short(str(error.flaw)), (_broken(refusal),))
        return line, _carried(assertion)
    met = Judged(SIGNATURE_RULE, SIGNATURE_SOURCE, Verdict.MET)
    return Line("ds:Signature", verified.algorithm, (met,)), verified.certificate


def _carried(assertion: Element) -> x509.Certificate | None:
    try:
        return certificate_in(assertion)
    except SignatureRefused:
        return None


def _certificate_value(certificate: x509.Certificate | None, trust: Trust) -> str:
    if certificate is None:
        return ""
    holder = holder_of(certificate)
    try:
        chain = trust.chain(certificate)
    except Untrusted:
        chain = (certificate,)
    names = [holder_of(item).common_name for item in chain[1:]]
    above = " < ".join(names) or f"unknown authority {issuer_common_name(certificate)}"
    return _short(f"{holder.subject}; serial {certificate.serial_number:x}; issued by {above}")


def _connection_value(tls: bytes | None) -> str:
    return "" if tls is None else _short(holder_of(tls).subject)


def _alone(now: datetime, policy: VihfPolicy) -> rules.Circumstances:
    return rules.Circumstances(
        now=now,
        signer=_NOBODY,
        distrust=(Distrust.UNKNOWN_AUTHORITY, "", ""),
        window=policy.window,
        skew=policy.skew,
        accept_capital_mode=policy.accept_capital_mode,
        ins_oids=policy.ins_oids,
        homologations=policy.homologations,
    )


def _others(assertion: Element, vihf: Vihf) -> Iterator[Line]:
    """What is there and is no part of a VIHF."""
    qualifier = "".join(
        item.get("NameQualifier", "") for item in find_all(assertion, "saml2:Subject/saml2:NameID")
    )
    if qualifier in ("CPS", "PSC"):
        note = "this is the assertion of INSi, not a VIHF (INSi captures)"
        yield Line("Subject/NameID/@NameQualifier", qualifier, note=note)
    for item in find_all(assertion, "saml2:AttributeStatement/saml2:Attribute"):
        name = item.get("Name", "")
        if name not in ATTRIBUTE_NAMES:
            yield Line(_short(name), "", note="not an attribute of the VIHF: nobody reads it")
    if vihf.authentication == Authentication.REINFORCED:
        note = "reserved for consultation: it cannot feed a document (DMP examples, EX_AIR-010)"
        yield Line("mode", Authentication.REINFORCED, note=note)
