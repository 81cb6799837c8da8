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
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

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
from kit.pki.trust import Trust
from kit.settings import Settings

# Suites offered to software; dmp.md 3 [C579, 07/2025], in OpenSSL's spelling.
TLS_SUITES = (
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA384",
)
LOOPBACK = ("127.0.0.1", "localhost")
DEFAULTS = Settings()
TlsMode = Literal["tls", "optional", "mtls"]  # client certificate: not asked, asked, required


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

    def __init__(self, folder: Path, settings: Settings, trust: Trust) -> None:
        self.folder = folder
        self.trust = trust
        self.ca_path = folder / "authorities" / "trust.pem"
        self._settings = settings
        self._issued: dict[Wish, Credential] = {}

    @classmethod
    def open(cls, folder: Path, settings: Settings = DEFAULTS) -> TestPki:
        """The authority of ``folder``, made on first use; safe in several processes at once.

        settings: ``pkcs12_password`` and ``server_names`` are read.
        """
        folder = folder.resolve()
        authorities = folder / "authorities"
        if not authorities.exists():
            with alone(folder):
                if not authorities.exists():
                    _make_authorities(authorities)
        return cls(folder, settings, Trust.read(authorities / "trust.pem"))

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
            host_names=dict.fromkeys((*LOOPBACK, *self._settings.server_names)),
        )

    def server_context(self, mode: TlsMode) -> ssl.SSLContext:
        """What a listener needs. mtls: a client certificate of ours is required."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _bound(context)
        server = self.server()
        context.load_cert_chain(server.chain_path, server.key_path)
        if mode != "tls":
            context.load_verify_locations(self.ca_path)
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
        made = make_certificate(wish, issuer)
        write_credential(folder, made, (issuer.certificate,), self._settings.pkcs12_password)

    def _issuer(self, wish: Wish) -> Issuer:
        authority = PROFILES[wish.kind].issuer
        if wish.fault is CertificateFault.OTHER_AUTHORITY:
            return self._stranger(authority)
        return read_issuer(self.folder / "authorities" / authority.name.lower())

    def _stranger(self, authority: Authority) -> Issuer:
        """An authority that bears the name of ours with another key, under no root of ours."""
        folder = self.folder / "strangers" / authority.name.lower()
        if not folder.exists():
            root = make_authority(Authority.ROOT, None)
            write_issuer(folder, make_authority(authority, root))
        return read_issuer(folder)


def _make_authorities(folder: Path) -> None:
    root = make_authority(Authority.ROOT, None)
    made = {Authority.ROOT: root}
    for authority in (Authority.ORGANIZATIONS, Authority.PERSONS, Authority.SERVERS):
        made[authority] = make_authority(authority, root)
    with appearing(folder) as new:
        for authority, issuer in made.items():
            write_issuer(new / authority.name.lower(), issuer)
        (new / "trust.pem").write_bytes(pem(*(issuer.certificate for issuer in made.values())))


def _bound(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(TLS_SUITES))


def _folder_name(wish: Wish) -> str:
    """Readable, and different for every wish."""
    mark = hashlib.sha256(repr(wish).encode()).hexdigest()[:10]
    plain = unicodedata.normalize("NFKD", wish.common_name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40]
    parts = (wish.struct_idnat, words, wish.fault.value if wish.fault else "", mark)
    return "-".join(part for part in parts if part)
