"""Kit, vihf: the checks of an assertion, from its XML to its attributes, as the DMP does them.

XML, SAML version, signature, signing certificate, then all attributes together. Not here: each
rule (rules), how a refusal is answered (the mock).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509

from kit.identity import INS_OIDS, TEST_OID
from kit.pki import Distrust, Trust, Untrusted, holder_of
from kit.rules import Refusal, Refused
from kit.settings import Settings
from kit.signature import SignatureRefused, Verified, verify_integrity
from kit.vihf import codes, rules
from kit.vihf.model import Vihf
from kit.vihf.wire import read_vihf
from kit.xml import Element

SIGNATURE_RULE, SIGNATURE_SOURCE = "the_signature_is_valid", "DMP examples; XML-DSig core"
SitesOf = Callable[[str], frozenset[str]]


def _no_sites(_: str) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class VihfPolicy:
    """How strict the bench is with assertions; see ``Circumstances`` for the last three.

    sites_of: Struct_IdNat of a legal entity -> those of its sites, for which it may speak.
    """

    window: timedelta = timedelta(hours=1)
    skew: timedelta = timedelta(minutes=5)
    accept_sha1: bool = True
    accept_capital_mode: bool = False
    sites_of: SitesOf = _no_sites
    ins_oids: frozenset[str] = frozenset({TEST_OID})
    homologations: Mapping[str, frozenset[str]] | None = field(default=None)


USUAL = VihfPolicy()


@dataclass(frozen=True, slots=True)
class VihfVerified:
    """An assertion that passed every check, and the certificate that signed it."""

    vihf: Vihf
    certificate: x509.Certificate


def policy_of(settings: Settings, sites_of: SitesOf = _no_sites) -> VihfPolicy:
    """The policy the settings ask for."""
    return VihfPolicy(
        window=timedelta(minutes=settings.vihf_window_minutes),
        accept_sha1=settings.vihf_accept_sha1,
        accept_capital_mode=settings.vihf_accept_capital_mode,
        sites_of=sites_of,
        ins_oids=frozenset(INS_OIDS if settings.dmp_ins_oids == "all" else {TEST_OID}),
    )


def verify_vihf(
    assertion: Element,
    trust: Trust,
    now: datetime,
    *,
    tls: bytes | None = None,
    policy: VihfPolicy = USUAL,
    transaction: str = "",
    vihf: Vihf | None = None,
) -> VihfVerified:
    """Judge an assertion. tls: the client certificate of the connection (DER), if there is one.

    vihf: what ``read_vihf`` made of this very assertion, when it was read already.
    Raises Malformed when it cannot be read; Refused with all refusals of the first stage that
    refuses.
    """
    vihf = vihf or read_vihf(assertion)
    rules.version.check(vihf)
    certificate = _signed(assertion, vihf, policy).certificate
    here = around(certificate, trust, now, tls=tls, policy=policy, transaction=transaction)
    rules.signer.check(vihf, here)
    rules.attributes.check(vihf, here)
    return VihfVerified(vihf, certificate)


def _signed(assertion: Element, vihf: Vihf, policy: VihfPolicy) -> Verified:
    try:
        return verify_integrity(assertion, accept_sha1=policy.accept_sha1)
    except SignatureRefused as error:
        raise Refused([signature_refusal(vihf.id, error)]) from error


def signature_refusal(subject: str, error: SignatureRefused) -> Refusal:
    """What is wrong with a signature, told as a broken rule."""
    return Refusal(
        code=codes.SIGNATURE,
        rule=SIGNATURE_RULE,
        source=SIGNATURE_SOURCE,
        subject=subject,
        field=f"ds:Signature, {error.flaw}",
        seen=error.seen,
        expected=error.expected,
        home=__package__,
    )


def around(
    certificate: x509.Certificate,
    trust: Trust,
    now: datetime,
    *,
    tls: bytes | None,
    policy: VihfPolicy,
    transaction: str,
) -> rules.Circumstances:
    """What surrounds an assertion signed with ``certificate``."""
    signer = holder_of(certificate)
    caller = holder_of(tls) if tls else None
    return rules.Circumstances(
        now=now,
        signer=signer,
        distrust=_distrust(certificate, trust, now),
        structures=_structures(signer.struct_idnat, policy),
        tls=caller,
        tls_structures=_structures(caller.struct_idnat if caller else "", policy),
        window=policy.window,
        skew=policy.skew,
        accept_capital_mode=policy.accept_capital_mode,
        ins_oids=policy.ins_oids,
        homologations=policy.homologations,
        transaction=transaction,
    )


def _structures(unit: str, policy: VihfPolicy) -> frozenset[str]:
    return frozenset({unit}) | policy.sites_of(unit) if unit else frozenset()


def _distrust(
    certificate: x509.Certificate, trust: Trust, now: datetime
) -> tuple[Distrust, str, str] | None:
    try:
        trust.verify(certificate, now)
    except Untrusted as error:
        return error.reason, error.seen, error.expected
    return None
