"""Banc, credentials: what a newcomer needs for a first try, all of it invented.

Not here: making certificates (kit.pki) or people (kit.world).
"""

from __future__ import annotations

from banc.parts import pki_of
from kit.pki import Credential
from kit.settings import Settings
from kit.world import world_of


def ready(settings: Settings) -> list[tuple[str, str]]:
    """Pairs of what it is and where it is, for the first invented establishment."""
    world = world_of(settings)
    establishment = world.establishments[0]
    authority = pki_of(settings)
    credentials = authority.establishment(establishment)
    doctor = world.professionals(establishment.finess_eg)[0]
    patient = world.patient(35_000_000)
    traits = patient.traits
    return [
        ("CA to trust", str(authority.ca_path)),
        ("Establishment", f"{establishment.name}, FINESS {establishment.finess_ej}"),
        ("TLS to the DMP", _pair(credentials.auth)),
        ("VIHF and lot signature", _pair(credentials.sign)),
        ("TLS to INSi", _pair(credentials.insi)),
        ("PKCS#12", f"{credentials.auth.p12_path}, password {settings.pkcs12_password}"),
        ("Mailbox", f"{doctor.mailbox}, password {settings.mssante_password}"),
        (
            "A patient",
            f"{traits.birth_name} {traits.first_names[0]}, {traits.sex}, {traits.birth_date}, "
            f"born in {traits.birth_place}, INS {patient.ins.matricule}",
        ),
    ]


def _pair(credential: Credential) -> str:
    return f"{credential.cert_path} + {credential.key_path.name}"
