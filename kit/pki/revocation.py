"""Kit, pki: revocation lists (CRL): signed by the authorities, kept in files, asked at every check.

One DER file an authority, and all of them in one PEM bundle, for OpenSSL and for Trust. The lists
hold as long as the authorities: the bench clock may show any year. Not here: OCSP (ocsp), the
addresses where lists are published (publication).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from kit.pki.certificates import VALID_FROM, VALID_UNTIL, Authority, Issuer

BUNDLE = "all.pem"
_PEM = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


class Reason(StrEnum):
    """Why a certificate is revoked (RFC 5280 5.3.1), those that never end."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION = "cessationOfOperation"


@dataclass(frozen=True, slots=True)
class Revocation:
    """One line of a revocation list."""

    serial: int
    at: datetime
    reason: Reason = Reason.UNSPECIFIED


_Mark = tuple[int, int, int]
Find = Callable[[int, x509.Certificate], Revocation | None]


class NoStatus(Exception):
    """No list that the issuer signed can be read: whether a certificate is revoked is unknown."""


class RevocationLists:
    """The lists of a bundle, read again when the file changed; one ``stat`` a question."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: _Lists | None = None

    @property
    def mark(self) -> _Mark:
        """Changes whenever the file does. Raises NoStatus when it is absent."""
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise NoStatus(f"{self.path.name}: {error.strerror}") from None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def find(self, serial: int, issuer: x509.Certificate) -> Revocation | None:
        """The revocation of what ``issuer`` issued under that number. Raises NoStatus."""
        return self.open()(serial, issuer)

    def open(self) -> Find:
        """``find`` for the questions of one moment: the file is looked at by the first of them."""
        found: list[_Lists] = []

        def find(serial: int, issuer: x509.Certificate) -> Revocation | None:
            if not found:
                found.append(self._current())
            return found[0].of(issuer).get(serial)

        return find

    def _current(self) -> _Lists:
        mark, read = self.mark, self._read
        if read is None or read.mark != mark:
            read = self._read = _Lists(mark, read_bundle(self.path.read_bytes()))
        return read


class _Lists:
    """The lists of a bundle as it was read once; mark: the file's, then."""

    def __init__(self, mark: _Mark, lists: tuple[x509.CertificateRevocationList, ...]) -> None:
        self.mark = mark
        self._lists = lists
        self._of: dict[x509.Certificate, dict[int, Revocation]] = {}

    def of(self, issuer: x509.Certificate) -> dict[int, Revocation]:
        """Serial number -> its line, of an issuer's list. Raises NoStatus."""
        known = self._of.get(issuer)
        if known is None:
            known = self._of[issuer] = _listed(self._lists, issuer)
        return known


def _listed(
    lists: tuple[x509.CertificateRevocationList, ...], issuer: x509.Certificate
) -> dict[int, Revocation]:
    key = issuer.public_key()
    for found in lists:
        if found.issuer == issuer.subject and found.is_signature_valid(key):  # type: ignore[arg-type]
            return read_lines(found)
    raise NoStatus(f"no revocation list signed by {issuer.subject.rfc4514_string()}")


def read_bundle(data: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """The lists of a PEM text. Raises NoStatus when one is unreadable."""
    try:
        return tuple(x509.load_pem_x509_crl(part) for part in _PEM.findall(data))
    except ValueError as error:
        raise NoStatus(f"unreadable revocation list: {error}") from None


def read_lines(found: x509.CertificateRevocationList) -> dict[int, Revocation]:
    """Serial number -> its line."""
    lines = (
        Revocation(item.serial_number, item.revocation_date_utc, _reason(item)) for item in found
    )
    return {line.serial: line for line in lines}


def _reason(item: x509.RevokedCertificate) -> Reason:
    try:
        value = item.extensions.get_extension_for_class(x509.CRLReason).value
        return Reason(value.reason.value)
    except (x509.ExtensionNotFound, ValueError):
        return Reason.UNSPECIFIED


def make_list(issuer: Issuer, lines: Mapping[int, Revocation]) -> x509.CertificateRevocationList:
    """The signed list of an authority; its date is that of its latest line."""
    since = max((line.at for line in lines.values()), default=VALID_FROM)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(since)
        .next_update(VALID_UNTIL)
        .add_extension(x509.CRLNumber(len(lines) + 1), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), False
        )
    )
    for line in sorted(lines.values(), key=lambda line: (line.at, line.serial)):
        builder = builder.add_revoked_certificate(_line(line))
    return builder.sign(issuer.key, hashes.SHA256())


def _line(line: Revocation) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(line.serial).revocation_date(line.at)
    if line.reason is not Reason.UNSPECIFIED:  # RFC 5280 5.3.1: unspecified is left out
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags(line.reason.value)), False)
    return builder.build()


def write_lists(folder: Path, issuers: Mapping[Authority, Issuer]) -> None:
    """An empty list for each authority that has none, and the bundle of all."""
    folder.mkdir(parents=True, exist_ok=True)
    for authority, issuer in issuers.items():
        path = list_path(folder, authority)
        if not path.exists():
            _replace(path, make_list(issuer, {}).public_bytes(serialization.Encoding.DER))
    _bundle(folder)


def add_line(folder: Path, authority: Authority, issuer: Issuer, line: Revocation) -> None:
    """Add a line to an authority's list; one that is there already stays as it is."""
    path = list_path(folder, authority)
    lines = read_lines(x509.load_der_x509_crl(path.read_bytes()))
    if line.serial in lines:
        return
    made = make_list(issuer, lines | {line.serial: line})
    _replace(path, made.public_bytes(serialization.Encoding.DER))
    _bundle(folder)


def list_path(folder: Path, authority: Authority) -> Path:
    """The file of an authority's list, DER."""
    return folder / f"{authority.slug}.crl"


def _bundle(folder: Path) -> None:
    lists = [x509.load_der_x509_crl(path.read_bytes()) for path in sorted(folder.glob("*.crl"))]
    _replace(
        folder / BUNDLE, b"".join(found.public_bytes(serialization.Encoding.PEM) for found in lists)
    )


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(name, 0o644)
    os.replace(name, path)
