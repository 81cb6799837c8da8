"""Kit, pki: which certificates are believed, at a given instant.

A revoked certificate is not believed at any instant, as TLS has it. Not here: what a believed
certificate may do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa

from kit.pki.certificates import KEY_BITS
from kit.pki.names import AnyCertificate, certificate_of, issuer_dn
from kit.pki.revocation import Find, NoStatus, RevocationLists

_LONGEST = 4  # certificates from the holder to the root, both counted


class Distrust(StrEnum):
    """Why a certificate is not believed."""

    UNKNOWN_AUTHORITY = "unknown authority"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"
    WEAK_KEY = "key too weak"
    REVOKED = "revoked"
    UNKNOWN_STATUS = "revocation unknown"


class Untrusted(Exception):
    """A certificate is not believed: ``reason``, the value seen and the value expected."""

    def __init__(self, reason: Distrust, seen: str, expected: str) -> None:
        super().__init__(f"{reason}: {seen}, expected {expected}")
        self.reason = reason
        self.seen = seen
        self.expected = expected


@dataclass(frozen=True, slots=True, eq=False)  # the key of a cache: hashed by identity
class Trust:
    """The roots we believe in and the issuing authorities under them.

    lists: where revocations are looked up; None asks nobody.
    """

    roots: tuple[x509.Certificate, ...]
    authorities: tuple[x509.Certificate, ...] = ()
    lists: RevocationLists | None = None

    @classmethod
    def read(cls, path: Path, lists: RevocationLists | None = None) -> Trust:
        """Trust a PEM bundle: what signed itself in it is a root."""
        found = x509.load_pem_x509_certificates(path.read_bytes())
        roots = tuple(item for item in found if item.issuer == item.subject)
        return cls(roots, tuple(item for item in found if item not in roots), lists)

    def chain(self, certificate: AnyCertificate) -> tuple[x509.Certificate, ...]:
        """The chain from the certificate to its root, valid or not. Raises Untrusted."""
        return _chain(self, certificate_of(certificate))

    def verify(self, certificate: AnyCertificate, at: datetime) -> tuple[x509.Certificate, ...]:
        """The chain from the certificate to its root, all valid ``at`` that instant.

        Raises Untrusted; the first reason found, from the holder up.
        """
        links = _links(self, certificate_of(certificate))
        find = None if self.lists is None else self.lists.open()
        for link in links:
            if at < link.since:
                raise Untrusted(Distrust.NOT_YET_VALID, at.isoformat(), _day(link.since, "from"))
            if at > link.until:
                raise Untrusted(Distrust.EXPIRED, at.isoformat(), _day(link.until, "until"))
            if link.rsa_bits < KEY_BITS:
                seen, expected = f"RSA of {link.rsa_bits} bits", f"{KEY_BITS} bits or more"
                raise Untrusted(Distrust.WEAK_KEY, seen, expected)
            if find is not None and link.issuer is not None:
                _check_status(find, link.serial, link.issuer)
        return tuple(link.certificate for link in links)


def _check_status(find: Find, serial: int, issuer: x509.Certificate) -> None:
    try:
        found = find(serial, issuer)
    except NoStatus as error:
        raise Untrusted(Distrust.UNKNOWN_STATUS, str(error), "a revocation list") from None
    if found is not None:
        seen = f"serial {serial:x} since {found.at.isoformat()}"
        raise Untrusted(Distrust.REVOKED, f"{seen} ({found.reason})", "a valid certificate")


def _day(at: datetime, word: str) -> str:
    return f"{word} {at.isoformat()}"


@dataclass(frozen=True, slots=True)
class _Link:
    """What is asked of a certificate of a chain. issuer: None of a root, which answers for itself.

    rsa_bits: of its key; a key of another kind is as good as long.
    """

    certificate: x509.Certificate
    issuer: x509.Certificate | None
    serial: int
    since: datetime
    until: datetime
    rsa_bits: int


@lru_cache(maxsize=4096)
def _links(trust: Trust, certificate: x509.Certificate) -> tuple[_Link, ...]:
    chain = trust.chain(certificate)
    return tuple(map(_link, chain, (*chain[1:], None)))


def _link(certificate: x509.Certificate, issuer: x509.Certificate | None) -> _Link:
    key = certificate.public_key()
    return _Link(
        certificate,
        issuer,
        certificate.serial_number,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        key.key_size if isinstance(key, rsa.RSAPublicKey) else KEY_BITS,
    )


@lru_cache(maxsize=4096)
def _chain(trust: Trust, certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
    chain = [certificate]
    while len(chain) < _LONGEST:
        issuer = _issuer(trust, chain[-1])
        if issuer is None:
            break
        chain.append(issuer)
        if issuer in trust.roots:
            return tuple(chain)
    known = ", ".join(root.subject.rfc4514_string() for root in trust.roots)
    raise Untrusted(Distrust.UNKNOWN_AUTHORITY, issuer_dn(chain[-1]), f"a chain to {known}")


def _issuer(trust: Trust, certificate: x509.Certificate) -> x509.Certificate | None:
    for candidate in trust.authorities + trust.roots:
        if candidate.subject != certificate.issuer or not _may_issue(candidate):
            continue
        try:
            certificate.verify_directly_issued_by(candidate)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return candidate
    return None


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return basic.ca and usage.key_cert_sign
