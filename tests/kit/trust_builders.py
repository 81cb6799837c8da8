"""Builders of certificates and assertions: valid by default, spoil one thing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from kit.identity import TEST_OID, Ins
from kit.pki import Credential, EstablishmentCredentials, Person, TestPki
from kit.pki.certificates import CertificateKind
from kit.vihf import AccessMode, Authentication, Role, Vihf, access, profession, specialty

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
RPPS = "899900063480"
FINESS = "0B0172805"
STRUCTURE = "1" + FINESS
SITE = "10B0172813"


@dataclass(frozen=True, slots=True)
class AnEstablishment:
    finess_ej: str = FINESS
    name: str = "CH de l'Île, Nord"
    department: str = "Ille-et-Vilaine (35)"


def a_hospital(pki: TestPki) -> EstablishmentCredentials:
    return pki.establishment(AnEstablishment())


def a_card(pki: TestPki, kind: CertificateKind = CertificateKind.PS_SIGN) -> Credential:
    person = Person("Médecin", "Aurore", "Testeuse")
    return pki.issue(kind, common_name=RPPS, person=person)


def a_doctor() -> tuple[Role, ...]:
    return profession("10", "Médecin"), specialty("SM26", "Médecine générale")


def a_vihf(signer: Credential, **changes: Any) -> Vihf:
    """A hospital's software that feeds a document for a doctor."""
    vihf = Vihf(
        id="_5f0c5d0e-0000-4000-8000-000000000001",
        issued_at=NOW,
        issuer=signer.holder.subject,
        name_id=RPPS,
        structure=STRUCTURE,
        sector="SA01^1.2.250.1.71.4.2.4",
        roles=a_doctor(),
        authentication=Authentication.INDIRECT,
        patient=Ins.of("2790351215189", TEST_OID).cx,
        purpose=access(AccessMode.NORMAL, "Accès normal"),
        lps_name="Banc",
        lps_version="0.1",
        homologation="HOMOLOGATION-TEST",
        subject_name="AURORE TESTEUSE",
    )
    return replace(vihf, **changes)
