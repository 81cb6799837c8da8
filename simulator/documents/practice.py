"""Simulator, documents, practice: where a doctor of town works (cabinet).

Not here: establishments (kit.world), how an organisation is written (people).
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.world import Address, Professional

OID_ARC = "1.2.250.1.999.1000"  # below the arc of the invented country, one arc an RPPS
PRIVATE_PRACTICE = "SA07"  # JDV_J02
FIRST_RANK = "001"  # of the places one works at


@dataclass(frozen=True, slots=True)
class Practice:
    """The practice of a doctor, in the place of an establishment."""

    doctor: Professional

    @property
    def number(self) -> str:
        """Struct_IdNat: 4, then RPPS and rank."""
        return f"4{self.doctor.rpps}{FIRST_RANK}"

    @property
    def name(self) -> str:
        return f"Cabinet du Dr {self.doctor.given} {self.doctor.family}"

    @property
    def address(self) -> Address:
        return self.doctor.address

    @property
    def phone(self) -> str:
        return ""

    @property
    def sector(self) -> str:
        return PRIVATE_PRACTICE

    @property
    def oid(self) -> str:
        """Of the numbers its software gives."""
        return f"{OID_ARC}.{int(self.doctor.rpps)}"
