"""Simulator, delivery, sender: who sends: an establishment, its certificates, its software.

Not here: people who write documents (each call says its author).
"""

from __future__ import annotations

from dataclasses import dataclass

from kit import xds
from kit.identity import Ins, ps_idnat, struct_idnat
from kit.pki import EstablishmentCredentials
from kit.vihf import (
    AccessMode,
    Authentication,
    Vihf,
    access,
    profession,
    specialty,
    write_vihf,
)
from kit.vihf.model import SECTORS
from kit.world import Establishment, Professional
from kit.xds.metadata import Author
from kit.xml import Element
from mocks.dmp.messages.update import NOT_REPRESENTATIVES
from simulator.delivery import Stamp
from simulator.streams import uuid


@dataclass(frozen=True, slots=True)
class Software:
    """The software that sends, under the numbers each service knows it by."""

    name: str
    version: str
    homologation: str  # DMP
    idam: str  # INSi
    nil: str  # MSSanté


@dataclass(frozen=True, slots=True)
class Sender:
    """An establishment as a client: certificates of its legal entity, identity of its site."""

    establishment: Establishment
    credentials: EstablishmentCredentials
    software: Software

    @property
    def structure(self) -> str:
        """Struct_IdNat of the geographic site, as VIHF and metadata carry it."""
        return struct_idnat(self.establishment.finess_eg)

    def author_of_lots(self, doctor: Professional) -> Author:
        """The author of a lot: a doctor of the establishment."""
        return Author(
            person=xds.national_person(ps_idnat(doctor.rpps), doctor.family, doctor.given),
            institutions=(xds.national_structure(self.structure, self.establishment.name),),
        )

    def vihf(
        self, patient: Ins, doctor: Professional, stamp: Stamp, *, is_secret: bool = False
    ) -> Element:
        """The signed assertion of one call, indirect authentication.

        is_secret: a connection the representatives of a minor are not told (EX_0.1-1100).
        """
        sign = self.credentials.sign
        said = Vihf(
            id=f"_{uuid(stamp.stream)}",
            issued_at=stamp.at,
            issuer=sign.holder.subject,
            name_id=ps_idnat(doctor.rpps),
            structure=self.structure,
            sector=f"{self.establishment.sector}^{SECTORS}",
            roles=(profession(doctor.profession), specialty(doctor.specialty)),
            authentication=Authentication.INDIRECT,
            patient=patient.cx,
            purpose=access(AccessMode.NORMAL),
            lps_name=self.software.name,
            lps_version=self.software.version,
            homologation=self.software.homologation,
            subject_name=f"{doctor.given} {doctor.family}",
            confidentiality=NOT_REPRESENTATIVES if is_secret else "",
        )
        return write_vihf(said, sign)
