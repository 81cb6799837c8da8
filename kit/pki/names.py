"""Kit, pki: what a certificate says of its holder, and distinguished names as people write them.

Not here: whether the certificate can be trusted (trust).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AnyCertificate: TypeAlias = bytes | x509.Certificate

STRUCT_IDNAT = re.compile(r"[0-6][0-9A-Z]{8,19}")  # type digit + FINESS, SIREN, SIRET… DMP examples

_TYPES = {
    "CN": "2.5.4.3",
    "SURNAME": "2.5.4.4",
    "SN": "2.5.4.4",
    "SERIALNUMBER": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "S": "2.5.4.8",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "T": "2.5.4.12",
    "TITLE": "2.5.4.12",
    "GN": "2.5.4.42",
    "G": "2.5.4.42",
    "GIVENNAME": "2.5.4.42",
}
_PART = re.compile(
    r"\s*([A-Za-z0-9.]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|(?:[^,;+\\]|\\.)*?)\s*(?:[,;+]|$)"
)
_ESCAPE = re.compile(rb"\\([0-9A-Fa-f]{2})|\\(.)")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a certificate names, and what its key is for."""

    subject: str  # RFC 4514, most specific part first
    common_name: str
    struct_idnat: str  # "" when no OU is one: a person's card
    is_signature: bool
    is_authentication: bool


@lru_cache(maxsize=4096)
def _loaded(der: bytes) -> x509.Certificate:
    found = x509.load_der_x509_certificate(der)
    try:  # the library reads these when asked; a stranger's certificate may hold anything there
        _ = found.extensions, found.subject, found.issuer, found.not_valid_after_utc
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(f"error parsing extensions: {error}") from None
    return found


def certificate_of(certificate: AnyCertificate) -> x509.Certificate:
    """The certificate itself, from its DER bytes if need be. Raises ValueError when unreadable."""
    return _loaded(certificate) if isinstance(certificate, bytes) else certificate


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(item.value) for item in name.get_attributes_for_oid(oid))


def common_name(certificate: AnyCertificate) -> str:
    """The subject's CN, or ""."""
    return next(iter(_values(certificate_of(certificate).subject, NameOID.COMMON_NAME)), "")


def issuer_common_name(certificate: AnyCertificate) -> str:
    """The issuer's CN, or ""."""
    return next(iter(_values(certificate_of(certificate).issuer, NameOID.COMMON_NAME)), "")


def organizational_units(certificate: AnyCertificate) -> tuple[str, ...]:
    """The subject's OUs, in certificate order."""
    return _values(certificate_of(certificate).subject, NameOID.ORGANIZATIONAL_UNIT_NAME)


def struct_idnat(certificate: AnyCertificate) -> str:
    """The structure the certificate was given to (Struct_IdNat), or "". Source: DMP TLS."""
    units = organizational_units(certificate)
    return next((unit for unit in units if STRUCT_IDNAT.fullmatch(unit)), "")


def subject_dn(certificate: AnyCertificate) -> str:
    """The subject, RFC 4514: ``CN=…,OU=…,O=…,ST=…,C=FR``."""
    return certificate_of(certificate).subject.rfc4514_string()


def issuer_dn(certificate: AnyCertificate) -> str:
    """The issuer, RFC 4514."""
    return certificate_of(certificate).issuer.rfc4514_string()


def _usages(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(found.value)


def is_authentication_certificate(certificate: AnyCertificate) -> bool:
    """The key opens TLS connections (ORG_AUTH_CLI, card authentication)."""
    return ExtendedKeyUsageOID.CLIENT_AUTH in _usages(certificate_of(certificate))


def is_signature_certificate(certificate: AnyCertificate) -> bool:
    """The key signs (ORG_SIGN, card signature): nonRepudiation, and never client TLS."""
    loaded = certificate_of(certificate)
    try:
        usage = loaded.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.content_commitment and not is_authentication_certificate(loaded)


@lru_cache(maxsize=4096)
def _holder(certificate: x509.Certificate) -> Holder:
    return Holder(
        subject=subject_dn(certificate),
        common_name=common_name(certificate),
        struct_idnat=struct_idnat(certificate),
        is_signature=is_signature_certificate(certificate),
        is_authentication=is_authentication_certificate(certificate),
    )


def holder_of(certificate: AnyCertificate) -> Holder:
    """All a rule needs to know of a certificate's holder."""
    return _holder(certificate_of(certificate))


def _unescaped(raw: str) -> str:
    text = raw[1:-1] if raw.startswith('"') else raw
    if text.startswith("#"):  # RFC 4514 2.4: the DER of the string, in hexadecimal
        return bytes.fromhex(text[1:])[2:].decode("utf-8", "replace")
    plain = _ESCAPE.sub(
        lambda match: bytes.fromhex(match[1].decode()) if match[1] else match[2], text.encode()
    )
    return plain.decode("utf-8", "replace")


@lru_cache(maxsize=4096)
def _read_name(text: str) -> frozenset[tuple[str, str]] | None:
    """The parts of a distinguished name as (OID, value), unordered; None when unreadable."""
    parts, position = set(), 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            return None
        try:
            value = _unescaped(match[2])
        except ValueError:
            return None
        kind = match[1].upper().removeprefix("OID.")
        parts.add((_TYPES.get(kind, kind), " ".join(value.split()).casefold()))
        position = match.end()
    return frozenset(parts)


def same_name(one: str, other: str) -> bool:
    """Two spellings of one distinguished name: either order, any usual alias, any escaping."""
    read = _read_name(one)
    return bool(read) and read == _read_name(other)
