"""Kit, pki: which certificates are believed, at a given instant.

A revoked certificate is not believed at any instant, as TLS has it. Not here: what a believed
certificate may do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa

from kit.pki.certificates import KEY_BITS
from kit.pki.names import AnyCertificate, certificate_of, issuer_dn
from kit.pki.revocation import NoStatus, RevocationLists

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
        chain = self.chain(certificate)
        for item, issuer in pairwise((*chain, chain[-1])):
            if at < item.not_valid_before_utc:
                raise Untrusted(
                    Distrust.NOT_YET_VALID, at.isoformat(), _day(item.not_valid_before_utc, "from")
                )
            if at > item.not_valid_after_utc:
                raise Untrusted(
                    Distrust.EXPIRED, at.isoformat(), _day(item.not_valid_after_utc, "until")
                )
            _check_key(item)
            self._check_status(item, issuer)
        return chain

    def _check_status(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        if self.lists is None or certificate is issuer:  # a root answers for itself
            return
        try:
            found = self.lists.find(certificate.serial_number, issuer)
        except NoStatus as error:
            raise Untrusted(Distrust.UNKNOWN_STATUS, str(error), "a revocation list") from None
        if found is not None:
            seen = f"serial {certificate.serial_number:x} since {found.at.isoformat()}"
            raise Untrusted(Distrust.REVOKED, f"{seen} ({found.reason})", "a valid certificate")


@lru_cache(maxsize=4096)
def _check_key(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < KEY_BITS:
        raise Untrusted(
            Distrust.WEAK_KEY, f"RSA of {key.key_size} bits", f"{KEY_BITS} bits or more"
        )


def _day(at: datetime, word: str) -> str:
    return f"{word} {at.isoformat()}"


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
