"""Kit, pki: the shape of each kind of certificate, and how one is made.

Distinguished names, usages and sizes: IGC-Santé. Not here: files (credentials), who asks
for what (authority).
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

KEY_BITS = 2048  # IGC-Santé
WEAK_KEY_BITS = 1024  # OpenSSL refuses it from security level 2 on, the default of most systems
# The bench clock may show another year than the machine, and TLS always goes by the machine:
# certificates must hold in all of them. The real ones last three years.
VALID_FROM = datetime(2015, 1, 1, tzinfo=UTC)
VALID_UNTIL = datetime(2049, 12, 31, tzinfo=UTC)  # last year that needs no GeneralizedTime
EXPIRED_AFTER = datetime(2016, 1, 1, tzinfo=UTC)
NOT_VALID_BEFORE = datetime(2049, 12, 1, tzinfo=UTC)
OTHER_STRUCT_IDNAT = "10B9999999"  # a FINESS no establishment of the invented country has


class CertificateKind(StrEnum):
    """The offers of IGC-Santé that software meets."""

    ORG_AUTH_CLI = "org-auth-cli"
    ORG_SIGN = "org-sign"
    PS_AUTH = "ps-auth"
    PS_SIGN = "ps-sign"
    SERV_SSL = "serv-ssl"


class CertificateFault(StrEnum):
    """What is wrong with a certificate made on purpose for a test."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    OTHER_AUTHORITY = "other-authority"
    WRONG_STRUCTURE = "wrong-structure"
    REVOKED = "revoked"
    WRONG_USE = "wrong-use"
    WEAK_KEY = "weak-key"


class Authority(StrEnum):
    """Our authorities, by the CN they bear. Real ones have no ``MOCK``, test ones have ``TEST``."""

    ROOT = "MOCK AC RACINE IGC-SANTE ELEMENTAIRE"
    ORGANIZATIONS = "MOCK AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"
    PERSONS = "MOCK AC IGC-SANTE FORT PERSONNES"
    SERVERS = "MOCK AC IGC-SANTE ELEMENTAIRE SERVEURS"

    @property
    def slug(self) -> str:
        """Its name in files and addresses: root, organizations, persons, servers."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Profile:
    """Who issues a kind of certificate and what its key is for."""

    issuer: Authority
    key_usages: frozenset[str]
    extended_usage: x509.ObjectIdentifier


_SIGNS = frozenset({"content_commitment"}), ExtendedKeyUsageOID.EMAIL_PROTECTION
_AUTHENTICATES = frozenset({"digital_signature"}), ExtendedKeyUsageOID.CLIENT_AUTH

PROFILES = {
    CertificateKind.ORG_AUTH_CLI: Profile(Authority.ORGANIZATIONS, *_AUTHENTICATES),
    CertificateKind.ORG_SIGN: Profile(Authority.ORGANIZATIONS, *_SIGNS),
    CertificateKind.PS_AUTH: Profile(Authority.PERSONS, *_AUTHENTICATES),
    CertificateKind.PS_SIGN: Profile(Authority.PERSONS, *_SIGNS),
    CertificateKind.SERV_SSL: Profile(
        Authority.SERVERS,
        frozenset({"digital_signature", "key_encipherment"}),
        ExtendedKeyUsageOID.SERVER_AUTH,
    ),
}


@dataclass(frozen=True, slots=True)
class Person:
    """The holder of a card, as its certificate names them."""

    title: str
    given: str
    family: str


@dataclass(frozen=True, slots=True)
class Wish:
    """All that decides what a certificate says. Two equal wishes are one certificate."""

    kind: CertificateKind
    common_name: str
    organization: str = ""
    struct_idnat: str = ""
    department: str = ""
    person: Person | None = None
    host_names: tuple[str, ...] = ()
    valid_from: datetime = VALID_FROM
    valid_until: datetime = VALID_UNTIL
    fault: CertificateFault | None = None


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority at work."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def crl_url(base: str, authority: Authority) -> str:
    """Where the revocation list of an authority is published, below the address ``base``."""
    return f"{base}/{authority.slug}.crl"


def certificate_url(base: str, authority: Authority) -> str:
    """Where the certificate of an authority is published."""
    return f"{base}/{authority.slug}.crt"


def ocsp_url(base: str) -> str:
    """Where the OCSP responder of all our authorities answers."""
    return f"{base}/ocsp"


def new_key(bits: int = KEY_BITS) -> rsa.RSAPrivateKey:
    """A fresh RSA key, about 60 ms."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def authority_name(authority: Authority) -> x509.Name:
    """The distinguished name of one of our authorities."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TESTBED"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE MOCK"),
            x509.NameAttribute(NameOID.COMMON_NAME, authority.value),
        ]
    )


def subject_of(wish: Wish) -> x509.Name:
    """C, ST, O, OU, CN for organisations and servers; C, title and one RDN of three for people."""
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")
    if wish.person is not None:
        holder = [
            x509.NameAttribute(NameOID.GIVEN_NAME, wish.person.given),
            x509.NameAttribute(NameOID.COMMON_NAME, wish.common_name),
            x509.NameAttribute(NameOID.SURNAME, wish.person.family),
        ]
        title = x509.NameAttribute(NameOID.TITLE, wish.person.title)
        return x509.Name(
            [
                x509.RelativeDistinguishedName([country]),
                x509.RelativeDistinguishedName([title]),
                x509.RelativeDistinguishedName(holder),
            ]
        )
    parts = [
        (NameOID.STATE_OR_PROVINCE_NAME, wish.department),
        (NameOID.ORGANIZATION_NAME, wish.organization[:64]),  # RFC 5280: ub-organization-name 64
        (NameOID.ORGANIZATIONAL_UNIT_NAME, wish.struct_idnat),
        (NameOID.COMMON_NAME, wish.common_name[:64]),
    ]
    return x509.Name([country, *(x509.NameAttribute(oid, text) for oid, text in parts if text)])


def make_authority(authority: Authority, parent: Issuer | None, published: str = "") -> Issuer:
    """A root when there is no parent, else an issuing authority under it.

    published: the address below which revocation lists are found; "" leaves it out.
    """
    key = new_key()
    name = authority_name(authority)
    signer = parent or Issuer(_unsigned_root(name, key), key)
    builder = (
        _builder(name, signer.certificate.subject, key, VALID_FROM, VALID_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if parent else 1), True)
        .add_extension(_key_usage(frozenset({"key_cert_sign", "crl_sign"})), True)
        .add_extension(_authority_key(signer.key), False)
    )
    if parent and published:
        builder = _with_addresses(builder, published, Authority.ROOT)
    return Issuer(builder.sign(signer.key, hashes.SHA256()), key)


def make_certificate(wish: Wish, issuer: Issuer, published: str = "") -> Issuer:
    """The certificate and key a wish asks for; the fault, if any, is the only thing wrong."""
    key = new_key(WEAK_KEY_BITS if wish.fault is CertificateFault.WEAK_KEY else KEY_BITS)
    profile, (since, until) = _profile(wish), _validity(wish)
    builder = (
        _builder(subject_of(wish), issuer.certificate.subject, key, since, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(_key_usage(profile.key_usages), True)
        .add_extension(x509.ExtendedKeyUsage([profile.extended_usage]), False)
        .add_extension(_authority_key(issuer.key), False)
    )
    if wish.host_names:
        builder = builder.add_extension(_alternative_names(wish.host_names), False)
    if published:
        builder = _with_addresses(builder, published, profile.issuer)
    return Issuer(builder.sign(issuer.key, hashes.SHA256()), key)


def _profile(wish: Wish) -> Profile:
    """The profile of a kind; with the wrong use, a signature where TLS is meant and vice versa."""
    right = PROFILES[wish.kind]
    if wish.fault is not CertificateFault.WRONG_USE:
        return right
    signs = right.extended_usage == ExtendedKeyUsageOID.CLIENT_AUTH
    return Profile(right.issuer, *(_SIGNS if signs else _AUTHENTICATES))


def _with_addresses(
    builder: x509.CertificateBuilder, published: str, issuer: Authority
) -> x509.CertificateBuilder:
    """Say where the status of the certificate can be asked, and the issuer's certificate found."""
    point = x509.DistributionPoint([_at(crl_url(published, issuer))], None, None, None)
    kinds = AuthorityInformationAccessOID
    access = (
        x509.AccessDescription(kinds.OCSP, _at(ocsp_url(published))),
        x509.AccessDescription(kinds.CA_ISSUERS, _at(certificate_url(published, issuer))),
    )
    return builder.add_extension(x509.CRLDistributionPoints([point]), False).add_extension(
        x509.AuthorityInformationAccess(access), False
    )


def _at(url: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(url)


def _validity(wish: Wish) -> tuple[datetime, datetime]:
    if wish.fault is CertificateFault.EXPIRED:
        return VALID_FROM, EXPIRED_AFTER
    if wish.fault is CertificateFault.NOT_YET_VALID:
        return NOT_VALID_BEFORE, VALID_UNTIL
    return wish.valid_from, wish.valid_until


def _unsigned_root(name: x509.Name, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """A throw-away certificate that only lends its name to the root that signs itself."""
    return _builder(name, name, key, VALID_FROM, VALID_UNTIL).sign(key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(_serial(key))
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )


def _serial(key: rsa.RSAPrivateKey) -> int:
    """A positive serial number of 15 bytes that follows from the key."""
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return int.from_bytes(hashlib.sha256(public).digest()[:15], "big")


def _authority_key(key: rsa.RSAPrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _key_usage(names: frozenset[str]) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in names for name in every})


def _alternative_names(hosts: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative_name(host) for host in hosts])


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
