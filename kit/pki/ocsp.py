"""Kit, pki: the OCSP responder (RFC 6960): each authority signs for what it issued itself.

Pure: bytes in, bytes out. Not here: HTTP (publication), revoking (authority).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from kit.pki.certificates import Issuer
from kit.pki.revocation import Revocation

MAX_REQUEST_BYTES = 4096
HOLDS_FOR = timedelta(hours=1)
# Authority's certificate, serial -> known and its revocation, or None when it issued no such thing.
StatusOf = Callable[[x509.Certificate, int], tuple[bool, Revocation | None]]


def answer(request: bytes, issuers: Iterable[Issuer], status_of: StatusOf, now: datetime) -> bytes:
    """The DER answer to a DER request about one certificate; an error answer when unreadable.

    now: real time, since clients compare with their own clock.
    """
    if len(request) > MAX_REQUEST_BYTES:
        return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    try:
        asked = ocsp.load_der_ocsp_request(request)
        algorithm = asked.hash_algorithm
        nonce = _nonce(asked)
    except (ValueError, NotImplementedError, UnsupportedAlgorithm, x509.DuplicateExtension):
        return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    for issuer in issuers:
        if _hashes(issuer, algorithm) == (asked.issuer_name_hash, asked.issuer_key_hash):
            return _signed(asked, nonce, issuer, status_of, now.replace(microsecond=0))
    return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    built = ocsp.OCSPResponseBuilder.build_unsuccessful(status)
    return built.public_bytes(serialization.Encoding.DER)


def _nonce(asked: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    try:
        return asked.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None


def _hashes(issuer: Issuer, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """Of the authority's name and of its public key, as a request names it (RFC 6960 4.1.1)."""
    key = issuer.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.PKCS1
    )
    return _digest(algorithm, issuer.certificate.subject.public_bytes()), _digest(algorithm, key)


def _digest(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()


def _signed(
    asked: ocsp.OCSPRequest,
    nonce: x509.OCSPNonce | None,
    issuer: Issuer,
    status_of: StatusOf,
    now: datetime,
) -> bytes:
    is_known, revoked = status_of(issuer.certificate, asked.serial_number)
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        asked.issuer_name_hash,
        asked.issuer_key_hash,
        asked.serial_number,
        asked.hash_algorithm,
        _status(is_known, revoked),
        now,
        now + HOLDS_FOR,
        revoked.at if revoked else None,
        x509.ReasonFlags(revoked.reason.value) if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    if nonce is not None:
        builder = builder.add_extension(nonce, False)
    made = builder.sign(issuer.key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def _status(is_known: bool, revoked: Revocation | None) -> ocsp.OCSPCertStatus:
    if revoked:
        return ocsp.OCSPCertStatus.REVOKED
    return ocsp.OCSPCertStatus.GOOD if is_known else ocsp.OCSPCertStatus.UNKNOWN
