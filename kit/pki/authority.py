"""Kit, pki: the test authority: a root, three issuing authorities, and what they issue.

Everything is files under one folder; asking twice for the same certificate reads it again. Not
here: the shape of the certificates (certificates), whether one is believed (trust).
"""

from __future__ import annotations

import hashlib
import re
import ssl
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from kit.pki import handshake
from kit.pki.certificates import (
    OTHER_STRUCT_IDNAT,
    PROFILES,
    VALID_FROM,
    VALID_UNTIL,
    Authority,
    CertificateFault,
    CertificateKind,
    Issuer,
    Person,
    Wish,
    make_authority,
    make_certificate,
)
from kit.pki.credentials import (
    Credential,
    alone,
    appearing,
    pem,
    read_credential,
    read_issuer,
    write_credential,
    write_issuer,
)
from kit.pki.names import AnyCertificate, certificate_of
from kit.pki.revocation import (
    BUNDLE,
    Reason,
    Revocation,
    RevocationLists,
    add_line,
    write_lists,
)
from kit.pki.trust import Trust
from kit.settings import Settings

# Suites offered to software; DMP TLS [C579, 07/2025], in OpenSSL's spelling.
TLS_SUITES = (
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA384",
)
REVOKED_AT = datetime(2016, 1, 1, tzinfo=UTC)  # of certificates made revoked
LOOPBACK = ("127.0.0.1", "localhost")
DEFAULTS = Settings()
TlsMode = Literal["tls", "optional", "mtls"]  # client certificate: not asked, asked, required


class NotOurs(Exception):
    """A certificate that this authority did not issue."""


class EstablishmentLike(Protocol):
    """What the authority asks of an establishment."""

    @property
    def finess_ej(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def department(self) -> str: ...


@dataclass(frozen=True, slots=True)
class EstablishmentCredentials:
    """The usual set of a hospital: TLS to the DMP, seal, and TLS to INSi with its forced CN."""

    auth: Credential
    sign: Credential
    insi: Credential


class TestPki:
    """The test authority whose files lie in ``folder``."""

    __test__ = False  # not a test class, whatever its name says to pytest

    def __init__(
        self, folder: Path, settings: Settings, trust: Trust, lists: RevocationLists
    ) -> None:
        self.folder = folder
        self.trust = trust
        self.lists = lists
        self.ca_path = folder / "authorities" / "trust.pem"
        self.password = settings.pkcs12_password
        self.published = settings.pki_address
        self._server_names = settings.server_names
        self._issued: dict[Wish, Credential] = {}
        self._known: dict[Path, x509.Certificate | None] = {}
        self._contexts: dict[TlsMode, tuple[tuple[int, int, int], ssl.SSLContext]] = {}

    @classmethod
    def open(cls, folder: Path, settings: Settings = DEFAULTS) -> TestPki:
        """The authority of ``folder``, made on first use; safe in several processes at once.

        settings: ``pkcs12_password``, ``server_names`` and ``pki_address`` are read.
        """
        folder = folder.resolve()
        authorities, bundle = folder / "authorities", folder / "crl" / BUNDLE
        if not bundle.exists():
            with alone(folder):
                if not authorities.exists():
                    _make_authorities(authorities, settings.pki_address)
                if not bundle.exists():
                    write_lists(bundle.parent, _issuers(authorities))
        lists = RevocationLists(bundle)
        return cls(folder, settings, Trust.read(authorities / "trust.pem", lists), lists)

    def issue(
        self,
        kind: CertificateKind,
        *,
        common_name: str,
        organization: str = "",
        struct_idnat: str = "",
        department: str = "",
        person: Person | None = None,
        host_names: Iterable[str] = (),
        valid_from: datetime = VALID_FROM,
        valid_until: datetime = VALID_UNTIL,
        fault: CertificateFault | None = None,
    ) -> Credential:
        """A certificate of ``kind``; the same arguments always give the same one.

        fault: make it wrong in exactly this way. A person's CN is their PS_IdNat.
        """
        if fault is CertificateFault.WRONG_STRUCTURE:
            struct_idnat = OTHER_STRUCT_IDNAT
        wish = Wish(
            kind, common_name, organization, struct_idnat, department, person,
            tuple(host_names), valid_from, valid_until, fault,
        )  # fmt: skip
        return self._of(wish)

    def establishment(
        self,
        establishment: EstablishmentLike,
        *,
        insi: Literal["INSI-AUTO", "INSI-MANU"] = "INSI-AUTO",
    ) -> EstablishmentCredentials:
        """The certificates of a legal entity (entité juridique)."""
        base = Wish(
            CertificateKind.ORG_AUTH_CLI,
            establishment.name,
            establishment.name,
            "1" + establishment.finess_ej,
            establishment.department,
        )
        wishes = (
            base,
            replace(base, kind=CertificateKind.ORG_SIGN),
            replace(base, common_name=insi),
        )
        return EstablishmentCredentials(*(self._of(wish) for wish in wishes))

    def server(self) -> Credential:
        """The certificate of our own listeners."""
        return self.issue(
            CertificateKind.SERV_SSL,
            common_name="localhost",
            organization="TESTBED",
            host_names=dict.fromkeys((*LOOPBACK, *self._server_names)),
        )

    def revoke(
        self, certificate: AnyCertificate, at: datetime, reason: Reason = Reason.UNSPECIFIED
    ) -> Revocation:
        """Put a certificate of ours on its authority's list; once there it stays as it is.

        at: real time, as the list is read by other clocks than ours. Raises NotOurs.
        """
        found = certificate_of(certificate)
        authority = self._issuing(found)
        line = Revocation(found.serial_number, at.replace(microsecond=0), reason)
        with alone(self.folder):
            self._list(authority, line)
        return self.lists.find(found.serial_number, self.issuer(authority).certificate) or line

    def _issuing(self, certificate: x509.Certificate) -> Authority:
        for authority in Authority:
            issuer = self.issuer(authority).certificate
            if issuer.subject == certificate.issuer and certificate != issuer:
                try:
                    certificate.verify_directly_issued_by(issuer)
                except InvalidSignature:
                    continue
                return authority
        raise NotOurs(f"{certificate.subject.rfc4514_string()} was not issued by this authority")

    def _list(self, authority: Authority, line: Revocation) -> None:
        add_line(self.folder / "crl", authority, self.issuer(authority), line)

    def issuer(self, authority: Authority) -> Issuer:
        """One of our authorities, with its key."""
        return _issuer_of(self.folder / "authorities" / authority.slug)

    def issued(self) -> tuple[x509.Certificate, ...]:
        """Every certificate in the folder that we issued: authorities and strangers left out."""
        for kind in CertificateKind:
            for path in (self.folder / kind).glob("*/certificate.pem"):
                if path not in self._known:
                    found = x509.load_pem_x509_certificate(path.read_bytes())
                    self._known[path] = found if self._is_ours(found) else None
        return tuple(item for item in self._known.values() if item is not None)

    def _is_ours(self, certificate: x509.Certificate) -> bool:
        try:
            self._issuing(certificate)
        except NotOurs:
            return False
        return True

    def status(self, issuer: x509.Certificate, serial: int) -> tuple[bool, Revocation | None]:
        """Whether ``issuer`` issued that number, and its revocation if there is one."""
        known = (*self.issued(), *self.trust.authorities)
        is_known = any(
            item.serial_number == serial and item.issuer == issuer.subject for item in known
        )
        return is_known, self.lists.find(serial, issuer)

    def revocation_of(self, certificate: x509.Certificate) -> Revocation | None:
        """The revocation of a certificate of ours, None also for one that is not ours."""
        try:
            authority = self._issuing(certificate)
        except NotOurs:
            return None
        return self.lists.find(certificate.serial_number, self.issuer(authority).certificate)

    def server_context(self, mode: TlsMode) -> ssl.SSLContext:
        """What a listener needs; ask again for each connection: it follows the revocation lists.

        mtls: a client certificate of ours is required. A revoked one is refused by the handshake.
        """
        mark, kept = self.lists.mark, self._contexts.get(mode)
        if kept is None or kept[0] != mark:
            kept = self._contexts[mode] = mark, self._server_context(mode)
        return kept[1]

    def _server_context(self, mode: TlsMode) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _bound(context)
        server = self.server()
        context.load_cert_chain(server.chain_path, server.key_path)
        if mode != "tls":
            context.load_verify_locations(self.ca_path)
            context.load_verify_locations(self.lists.path)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
            handshake.watch(context)
            context.verify_mode = ssl.CERT_REQUIRED if mode == "mtls" else ssl.CERT_OPTIONAL
        return context

    def client_context(self, credential: Credential | None = None) -> ssl.SSLContext:
        """What a client of the bench needs: trusts our authority only, checks the host name."""
        context = ssl.create_default_context(cafile=str(self.ca_path))
        _bound(context)
        if credential is not None:
            context.load_cert_chain(credential.chain_path, credential.key_path)
        return context

    def _of(self, wish: Wish) -> Credential:
        if wish not in self._issued:
            self._issued[wish] = self._kept(wish)
        return self._issued[wish]

    def _kept(self, wish: Wish) -> Credential:
        folder = self.folder / wish.kind / _folder_name(wish)
        if not folder.exists():
            with alone(self.folder):
                if not folder.exists():
                    self._make(wish, folder)
        return read_credential(folder)

    def _make(self, wish: Wish, folder: Path) -> None:
        issuer = self._issuer(wish)
        made = make_certificate(wish, issuer, self.published)
        if wish.fault is CertificateFault.REVOKED:
            revoked = Revocation(made.certificate.serial_number, REVOKED_AT, Reason.KEY_COMPROMISE)
            self._list(PROFILES[wish.kind].issuer, revoked)
        write_credential(folder, made, (issuer.certificate,), self.password)

    def _issuer(self, wish: Wish) -> Issuer:
        authority = PROFILES[wish.kind].issuer
        if wish.fault is CertificateFault.OTHER_AUTHORITY:
            return self._stranger(authority)
        return self.issuer(authority)

    def _stranger(self, authority: Authority) -> Issuer:
        """An authority that bears the name of ours with another key, under no root of ours."""
        folder = self.folder / "strangers" / authority.slug
        if not folder.exists():
            root = make_authority(Authority.ROOT, None)
            write_issuer(folder, make_authority(authority, root))
        return read_issuer(folder)


@lru_cache(maxsize=64)
def _issuer_of(folder: Path) -> Issuer:
    return read_issuer(folder)


def _issuers(folder: Path) -> dict[Authority, Issuer]:
    return {authority: read_issuer(folder / authority.slug) for authority in Authority}


def _make_authorities(folder: Path, published: str) -> None:
    root = make_authority(Authority.ROOT, None)
    made = {Authority.ROOT: root}
    for authority in (Authority.ORGANIZATIONS, Authority.PERSONS, Authority.SERVERS):
        made[authority] = make_authority(authority, root, published)
    with appearing(folder) as new:
        for authority, issuer in made.items():
            write_issuer(new / authority.slug, issuer)
        (new / "trust.pem").write_bytes(pem(*(issuer.certificate for issuer in made.values())))


def _bound(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(TLS_SUITES))


def _folder_name(wish: Wish) -> str:
    """Readable, and different for every wish."""
    mark = hashlib.sha256(repr(wish).encode()).hexdigest()[:10]
    plain = unicodedata.normalize("NFKD", wish.common_name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40]
    unit = re.sub(r"[^0-9A-Z]+", "", wish.struct_idnat.upper())[:20]
    parts = (unit, words, wish.fault.value if wish.fault else "", mark)
    return "-".join(part for part in parts if part)
