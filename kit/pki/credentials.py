"""Kit, pki: a certificate with its key, and the files they live in.

One folder per certificate: certificate.pem, key.pem, chain.pem, bundle.p12. A folder appears
whole, by one rename. Not here: what a certificate says.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from kit.pki.certificates import Issuer
from kit.pki.names import Holder, holder_of


@dataclass(frozen=True)  # no slots: cached_property needs a dictionary
class Credential:
    """A certificate, its private key and their files."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False, compare=False)
    folder: Path = field(compare=False)

    @property
    def cert_path(self) -> Path:
        """The certificate alone, PEM."""
        return self.folder / "certificate.pem"

    @property
    def key_path(self) -> Path:
        """The private key, PEM (PKCS#8, not encrypted)."""
        return self.folder / "key.pem"

    @property
    def chain_path(self) -> Path:
        """The certificate and its issuing authorities without the root, PEM."""
        return self.folder / "chain.pem"

    @property
    def p12_path(self) -> Path:
        """Certificate, key and chain, PKCS#12, under the password of the settings."""
        return self.folder / "bundle.p12"

    @cached_property
    def certificate_der(self) -> bytes:
        """The certificate, DER: what a TLS listener hands over as its peer."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @cached_property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificate and its issuing authorities, without the root."""
        return tuple(x509.load_pem_x509_certificates(self.chain_path.read_bytes()))

    @cached_property
    def key_pem(self) -> bytes:
        """The private key, PEM."""
        return private_pem(self.key)

    @property
    def holder(self) -> Holder:
        """Who the certificate names."""
        return holder_of(self.certificate)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """A private key as PEM, PKCS#8, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates as one PEM text."""
    return b"".join(item.public_bytes(serialization.Encoding.PEM) for item in certificates)


def read_issuer(folder: Path) -> Issuer:
    """The certificate and key of a folder."""
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    key = serialization.load_pem_private_key(
        (folder / "key.pem").read_bytes(),
        password=None,
        unsafe_skip_rsa_key_validation=True,  # we wrote it; the check takes 40 ms a key
    )
    assert isinstance(key, rsa.RSAPrivateKey)
    return Issuer(certificate, key)


def read_credential(folder: Path) -> Credential:
    """The credential of a folder."""
    issuer = read_issuer(folder)
    return Credential(issuer.certificate, issuer.key, folder)


def write_issuer(folder: Path, issuer: Issuer) -> None:
    """Write an authority: certificate and key."""
    with appearing(folder) as new:
        _write_pair(new, issuer)


def write_credential(
    folder: Path, made: Issuer, chain: tuple[x509.Certificate, ...], password: str
) -> None:
    """Write a certificate, its key, its chain without the root, and all of it as PKCS#12."""
    bundle = pkcs12.serialize_key_and_certificates(
        folder.name.encode(),
        made.key,
        made.certificate,
        chain,
        serialization.BestAvailableEncryption(password.encode()),
    )
    with appearing(folder) as new:
        _write_pair(new, made)
        (new / "chain.pem").write_bytes(pem(made.certificate, *chain))
        _write_private(new / "bundle.p12", bundle)


def _write_pair(folder: Path, issuer: Issuer) -> None:
    (folder / "certificate.pem").write_bytes(pem(issuer.certificate))
    _write_private(folder / "key.pem", private_pem(issuer.key))


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes its name only when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        yield new
        new.chmod(0o755)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process and one thread at a time; the kernel frees the lock of a process that dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
