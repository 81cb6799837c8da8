"""Kit, pki: a certificate as one orders it, by a form, an API or the command line.

An order is text; it is completed from the invented country and judged before a key is made. Not
here: making the certificate (certificates), HTTP (publication).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from kit.identity import is_finess, struct_idnat
from kit.pki.authority import TestPki
from kit.pki.certificates import CertificateFault, CertificateKind, Person
from kit.pki.credentials import Credential
from kit.pki.names import STRUCT_IDNAT, certificate_of, issuer_dn, subject_dn
from kit.pki.people import card_holder
from kit.rules import Malformed
from kit.world import World

PERSONAL = frozenset({CertificateKind.PS_AUTH, CertificateKind.PS_SIGN})
# Field -> longest text, RFC 5280 A.1 (upper bounds of X.520).
LONGEST = {
    "common_name": 64, "structure": 20, "organization": 64, "department": 128, "title": 64,
    "given": 64, "family": 64,
}  # fmt: skip
FIELDS = ("kind", *LONGEST, "host_names", "fault")
MAX_HOST_NAMES = 20
USAGES = {
    ExtendedKeyUsageOID.CLIENT_AUTH: "client",
    ExtendedKeyUsageOID.SERVER_AUTH: "server",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "signature",
}
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Order:
    """A certificate that may be made as it is written here."""

    kind: CertificateKind
    common_name: str
    organization: str = ""
    struct_idnat: str = ""
    department: str = ""
    person: Person | None = None
    host_names: tuple[str, ...] = ()
    fault: CertificateFault | None = None


def read_order(given: Mapping[str, Any], world: World) -> Order:
    """Read an order; what it leaves out of a structure or professional we know is completed.

    given: ``kind``, ``common_name``, ``structure`` (FINESS or Struct_IdNat), ``organization``,
    ``department``, ``title``, ``given``, ``family``, ``host_names`` (a list), ``fault``.
    Raises Malformed naming the field.
    """
    for name in given:
        if name not in FIELDS:
            raise Malformed(name, "there is no such field; there are " + ", ".join(FIELDS))
    kind = _choice(given, "kind", CertificateKind)
    if kind is None:
        raise Malformed("kind", "expected one of " + ", ".join(CertificateKind))
    texts = {name: _text(given, name) for name in LONGEST}
    if not texts["common_name"]:
        raise Malformed("common_name", "a certificate needs a name (CN)")
    fault = _choice(given, "fault", CertificateFault)
    if kind in PERSONAL:
        return _personal(kind, texts, fault, world)
    return _impersonal(kind, texts, fault, _host_names(given), world)


def _personal(
    kind: CertificateKind, texts: Mapping[str, str], fault: CertificateFault | None, world: World
) -> Order:
    for name in ("structure", "organization", "department"):
        if texts[name]:
            raise Malformed(name, "a card names a person and no structure")
    if fault is CertificateFault.WRONG_STRUCTURE:
        raise Malformed("fault", "a card has no structure that could be wrong")
    known = world.professional(texts["common_name"][1:])
    person = Person(texts["title"], texts["given"], texts["family"])
    if known is not None and person == Person("", "", ""):
        person = card_holder(known)
    for name, value in (("title", person.title), ("given", person.given),
                        ("family", person.family)):  # fmt: skip
        if not value:
            raise Malformed(name, "a card names title, given name and family name")
    return Order(kind, texts["common_name"], person=person, fault=fault)


def _impersonal(
    kind: CertificateKind,
    texts: Mapping[str, str],
    fault: CertificateFault | None,
    host_names: tuple[str, ...],
    world: World,
) -> Order:
    for name in ("title", "given", "family"):
        if texts[name]:
            raise Malformed(name, "only a card names a person")
    unit = struct_idnat(texts["structure"]) if is_finess(texts["structure"]) else texts["structure"]
    if not STRUCT_IDNAT.fullmatch(unit) and (unit or kind is not CertificateKind.SERV_SSL):
        raise Malformed("structure", "expected a FINESS or Struct_IdNat (type digit and number)")
    if host_names and kind is not CertificateKind.SERV_SSL:
        raise Malformed("host_names", "only a server certificate names hosts")
    known = world.establishment(unit[1:])
    organization = texts["organization"] or (known.name if known else "")
    department = texts["department"] or (known.department if known else "")
    return Order(
        kind, texts["common_name"], organization, unit, department, None, host_names, fault
    )


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or not value.isprintable():
        raise Malformed(name, "expected a text of one line")
    if len(value) > LONGEST[name]:
        raise Malformed(name, f"at most {LONGEST[name]} characters")
    return value.strip()


def _choice(given: Mapping[str, Any], name: str, choices: type[_Choice]) -> _Choice | None:
    value = given.get(name) or None
    if value is None:
        return None
    if value not in tuple(choices):
        raise Malformed(name, "expected one of " + ", ".join(choices))
    return choices(value)


def _host_names(given: Mapping[str, Any]) -> tuple[str, ...]:
    names = given.get("host_names", [])
    if not isinstance(names, list | tuple) or len(names) > MAX_HOST_NAMES:
        raise Malformed("host_names", f"expected a list of {MAX_HOST_NAMES} names at most")
    for name in names:
        if not isinstance(name, str) or not 0 < len(name) < 254 or not name.isascii():
            raise Malformed("host_names", f"{name!r} is no host name")
    return tuple(names)


def fill(pki: TestPki, order: Order) -> Credential:
    """The certificate of an order; the same order gives the same one."""
    return pki.issue(
        order.kind,
        common_name=order.common_name,
        organization=order.organization,
        struct_idnat=order.struct_idnat,
        department=order.department,
        person=order.person,
        host_names=order.host_names,
        fault=order.fault,
    )


def told(credential: Credential, pki: TestPki) -> dict[str, Any]:
    """All of a credential as JSON can carry it, the test key included."""
    return told_certificate(credential.certificate, pki) | {
        "certificate_pem": credential.cert_path.read_text("ascii"),
        "chain_pem": credential.chain_path.read_text("ascii"),
        "key_pem": credential.key_pem.decode("ascii"),
        "pkcs12_base64": base64.b64encode(credential.p12_path.read_bytes()).decode("ascii"),
        "pkcs12_password": pki.password,
        "ca_pem": pki.ca_path.read_text("ascii"),
    }


def told_certificate(certificate: x509.Certificate, pki: TestPki) -> dict[str, Any]:
    """What a certificate says, and whether it is revoked."""
    revoked = pki.revocation_of(certificate)
    return {
        "subject": subject_dn(certificate),
        "issuer": issuer_dn(certificate),
        "serial": f"{certificate.serial_number:x}",
        "usage": _usage(certificate),
        "valid_from": certificate.not_valid_before_utc.isoformat(),
        "valid_until": certificate.not_valid_after_utc.isoformat(),
        "revoked_at": revoked.at.isoformat() if revoked else None,
        "reason": revoked.reason.value if revoked else None,
    }


def _usage(certificate: x509.Certificate) -> str:
    """What it is for: client, server, signature or authority."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return "authority"
    return next((word for oid, word in USAGES.items() if oid in found), "")


def find_issued(pki: TestPki, serial: str) -> x509.Certificate:
    """The certificate of ours with that serial number (hexadecimal). Raises Malformed."""
    wanted = serial.replace(":", "").strip().lower().lstrip("0")
    found = [item for item in pki.issued() if f"{item.serial_number:x}" == wanted]
    if not found:
        raise Malformed("serial", f"no certificate of this authority has the number {serial!r}")
    return found[0]


def read_certificate(data: bytes) -> x509.Certificate:
    """A certificate from PEM or DER. Raises Malformed."""
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificate(data)
        return certificate_of(data)
    except ValueError as error:
        raise Malformed("certificate", f"neither PEM nor DER: {error}") from None


def der(certificate: x509.Certificate) -> bytes:
    """The certificate as a TLS listener hands it over."""
    return certificate.public_bytes(serialization.Encoding.DER)


def read_instant(text: str) -> datetime:
    """An instant with its zone, ISO 8601. Raises Malformed."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Malformed("at", "expected an instant with a time zone, ISO 8601")
    return at
