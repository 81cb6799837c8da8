"""Banc, trust: what stands behind ``banc pki``, ``banc vihf`` and ``banc datamatrix``.

Each function returns plain values; a mistake of the user is Malformed, Refused or NotOurs. Not
here: options (trust_verbs), tables on a screen (trust_screens).
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from banc.lps import Lps
from kit import datamatrix
from kit.clock import bench_clock
from kit.identity import TEST_OID, IdentityStatus, Ins, is_matricule, ps_idnat
from kit.pki import CertificateKind, Credential, Reason, TestPki, Trust, issuing, people
from kit.rules import Malformed, Refusal
from kit.settings import Settings
from kit.signature import alone, sign_enveloped
from kit.vihf import (
    AccessMode,
    Authentication,
    Explanation,
    explain,
    find_assertion,
    policy_of,
)
from kit.world import Patient, World, world_of
from kit.xml import serialize
from mocks.ins.messages import Assertion, write_assertion

MODES = {
    "indirect": Authentication.INDIRECT,
    "direct": Authentication.DIRECT,
    "reinforced": Authentication.REINFORCED,
}
MAX_FILE_BYTES = 64 * 1024 * 1024
DEFAULT_PATIENT = 35_000_000  # the one ``banc pki`` shows


def authority(settings: Settings) -> TestPki:
    """The test authority of the bench."""
    return TestPki.open(settings.data_dir / "pki", settings)


# Certificates.


def issue(settings: Settings, order: Mapping[str, Any], out: Path | None) -> Issued:
    """Issue what an order says; into ``out`` when given."""
    pki = authority(settings)
    given = {name: value for name, value in order.items() if value}
    read = issuing.read_order(given, world_of(settings))
    return _handed_over(pki, issuing.fill(pki, read), out)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and where its files are."""

    facts: Mapping[str, Any]
    files: Mapping[str, Path]
    password: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        files = {name: str(path) for name, path in self.files.items()}
        return {**self.facts, "files": files, "pkcs12_password": self.password}


def _handed_over(pki: TestPki, credential: Credential, out: Path | None) -> Issued:
    files = {
        "certificate": credential.cert_path,
        "key": credential.key_path,
        "chain": credential.chain_path,
        "pkcs12": credential.p12_path,
        "ca": pki.ca_path,
    }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        files = {name: Path(shutil.copy(path, out)) for name, path in files.items()}
    return Issued(issuing.told_certificate(credential.certificate, pki), files, pki.password)


def revoke(settings: Settings, what: str, reason: str) -> dict[str, Any]:
    """Revoke a certificate by its file (PEM or DER) or its serial number; what it is now."""
    pki, path = authority(settings), Path(what)
    if reason not in tuple(Reason):
        raise Malformed("reason", "expected one of " + ", ".join(Reason))
    found = (
        issuing.read_certificate(read_file(path))
        if path.is_file()
        else issuing.find_issued(pki, what)
    )
    pki.revoke(found, bench_clock(settings.data_dir).wall(), Reason(reason))
    return issuing.told_certificate(found, pki)


@dataclass(frozen=True, slots=True)
class Someone:
    """A professional or a structure: what is true of them, and their certificates."""

    facts: Mapping[str, Any]
    certificates: Mapping[str, Issued]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        held = {name: item.as_dict() for name, item in self.certificates.items()}
        return {**self.facts, "certificates": held}


def professional(
    settings: Settings, given: Mapping[str, str], *, number: int = 1, out: Path | None
) -> Someone:
    """A professional, chosen or created, with the card and the mailbox that go with them.

    given: ``rpps``, or ``finess`` and ``unit``; ``family`` and ``given`` create one.
    """
    pki, world = authority(settings), world_of(settings)
    made = people.professional(pki, people.professional_of(world, _filled(given), number), world)
    return Someone(made.as_dict(settings), _held(pki, {"auth": made.auth, "sign": made.sign}, out))


def structure(
    settings: Settings, given: Mapping[str, str], *, number: int = 1, out: Path | None
) -> Someone:
    """An establishment, chosen by ``finess`` or created by ``name``, with its certificates."""
    pki = authority(settings)
    place = people.structure_of(world_of(settings), _filled(given), number)
    made = people.structure(pki, place)
    names = ("auth", "sign", "insi_auto", "insi_manual")
    return Someone(made.as_dict(), _held(pki, {name: getattr(made, name) for name in names}, out))


def _filled(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value}


def _held(
    pki: TestPki, credentials: Mapping[str, Credential], out: Path | None
) -> dict[str, Issued]:
    return {
        name: _handed_over(pki, item, out / name if out else None)
        for name, item in credentials.items()
    }


# Assertions.


def write_vihf(
    settings: Settings, *, finess: str, rpps: str, patient: str, mode: str, purpose: str
) -> bytes:
    """An example VIHF, signed: the exact bytes, since layout would break the signature."""
    if mode not in MODES:
        raise Malformed("mode", "expected one of " + ", ".join(MODES))
    if purpose not in tuple(AccessMode):
        raise Malformed("purpose", "expected one of " + ", ".join(AccessMode))
    world, pki = world_of(settings), authority(settings)
    doctor = people.choose_professional(world, rpps=rpps, finess=finess)
    place = people.choose_structure(world, finess or doctor.finess_eg)
    lps = Lps(
        settings, bench_clock(settings.data_dir), uuid.uuid4, place, doctor, pki,
        pki.establishment(place),
    )  # fmt: skip
    ins = _person(world, patient).ins if not patient or world.by_matricule(patient) else None
    if ins is None and not is_matricule(patient):
        raise Malformed("patient", "expected a matricule of 15 characters")
    named = ins or Ins(patient, TEST_OID)
    return serialize(lps.vihf(named, MODES[mode], AccessMode(purpose)))


def _person(world: World, matricule: str) -> Patient:
    found = world.by_matricule(matricule) if matricule else world.patient(DEFAULT_PATIENT)
    if found is None:
        raise Malformed("patient", f"nobody in the country has the matricule {matricule!r}")
    return found


def write_card_assertion(settings: Settings, *, finess: str, rpps: str) -> bytes:
    """An example of the assertion of INSi, signed with a professional's card (CPS)."""
    world, pki = world_of(settings), authority(settings)
    doctor = people.choose_professional(world, rpps=rpps, finess=finess)
    place = people.choose_structure(world, finess or doctor.finess_eg)
    sign = people.card(pki, doctor, CertificateKind.PS_SIGN)
    said = [("identifiantFacturation", place.finess_eg), ("secteurActivite", place.sector)]
    said += [("codeSpecialite", doctor.specialty)] if doctor.specialty else []
    security = write_assertion(
        Assertion(
            id=f"_{uuid.uuid4()}",
            issued_at=bench_clock(settings.data_dir).now(),
            issuer=sign.holder.subject,
            name_id=ps_idnat(doctor.rpps),
            name_qualifier="CPS",
            attributes=tuple(said),
        )
    )
    return serialize(sign_enveloped(alone(security[0]), sign, after="saml2:Issuer"))


def explain_vihf(
    settings: Settings,
    data: bytes,
    *,
    at: datetime | None = None,
    ca: Path | None = None,
    tls: Path | None = None,
) -> Explanation:
    """Explain the assertion in a file: XML, envelope, MTOM or HTTP dump.

    at: the instant at which it is judged, bench time by default. ca: authorities to trust instead
    of the bench's. tls: the client certificate of the connection.
    """
    trust = authority(settings).trust if ca is None else _trust(ca)
    world = world_of(settings)
    peer = issuing.read_certificate(read_file(tls)) if tls else None
    return explain(
        find_assertion(data),
        trust,
        at or bench_clock(settings.data_dir).now(),
        tls=issuing.der(peer) if peer else None,
        policy=policy_of(settings, lambda unit: _sites(world, unit)),
    )


def _trust(path: Path) -> Trust:
    try:
        trust = Trust.read(path)
    except (OSError, ValueError) as error:
        raise Malformed(str(path), f"no PEM bundle of authorities: {error}") from None
    if not trust.roots:
        raise Malformed(str(path), "no root: a certificate that signed itself is expected")
    return trust


def _sites(world: World, unit: str) -> frozenset[str]:
    found = world.establishment(unit[1:])
    is_entity = found is not None and unit == f"1{found.finess_ej}"
    return frozenset({f"1{found.finess_eg}"}) if found and is_entity else frozenset()


# Datamatrix.


def write_datamatrix(settings: Settings, patient: str, status: str) -> tuple[str, bytes]:
    """The text and the picture of a person's INS datamatrix. Raises Refused unless qualified."""
    known = {item.name.lower(): item for item in IdentityStatus}
    if status not in known:
        raise Malformed("status", "expected one of " + ", ".join(known))
    person = _person(world_of(settings), patient)
    found = datamatrix.InsDatamatrix.of(person.ins, person.traits)
    text = datamatrix.write_text(found, known[status])
    return text, datamatrix.write_png(text)


def read_datamatrix(data: bytes) -> tuple[datamatrix.InsDatamatrix, list[Refusal]]:
    """What a picture, or the text of one, says; and what is wrong with it."""
    text = (
        data.decode("ascii", "replace").rstrip("\r\n")
        if data.startswith(b"IS")
        else datamatrix.read_png(data)
    )
    found = datamatrix.read_text(text)
    return found, datamatrix.content.findings(found)


def read_file(path: Path) -> bytes:
    """A file's bytes, within bounds. Raises Malformed."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Malformed(str(path), error.strerror or "cannot be read") from None
    if len(data) > MAX_FILE_BYTES:
        raise Malformed(str(path), f"larger than {MAX_FILE_BYTES} bytes")
    return data
