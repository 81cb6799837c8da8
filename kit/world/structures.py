"""World, structures: invented establishments with their units.

Names, towns and FINESS numbers are invented; department, region and geographic code are real, the
code being the one of the department's main commune. The numbers have the form of published test
ones (a letter in second place) and a right key. Not here: who works there (``professionals``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from kit.identity import finess_key, unaccented
from kit.world.places import DEPARTMENTS, Address

Kind = Literal["CHR", "CH", "CLINIQUE"]
OID_ARC = "1.2.250.1.999"  # an arc nobody holds


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of an establishment, coded as the ROR does.

    field: champ d'activité, "01" MCO, "02" SMR, "03" PSY (TRE_R227); activity: TRE_R211;
    care_mode: TRE_R213; specialty: of its doctors (TRE_R38). Beds, or places of a day unit; a unit
    that receives nobody for a stay has none.
    """

    code: str
    name: str
    field: str
    activity: str
    care_mode: str
    beds: int
    specialty: str


@dataclass(frozen=True, slots=True)
class Establishment:
    """An establishment (établissement): its legal entity, its one site, its units."""

    finess_ej: str
    finess_eg: str
    name: str
    kind: Kind
    sector: str
    category: str
    region: str
    department: str
    address: Address
    phone: str
    oid: str
    mssante_domain: str
    units: tuple[Unit, ...]

    @property
    def beds(self) -> int:
        return sum(unit.beds for unit in self.units)

    def unit(self, code: str) -> Unit | None:
        """The unit of that code."""
        return next((unit for unit in self.units if unit.code == code), None)


_SECTORS = {"CHR": "SA01", "CH": "SA01", "CLINIQUE": "SA04"}
_CATEGORIES = {"CHR": "101", "CH": "355", "CLINIQUE": "365"}  # TRE_R66
_LARGEST_UNIT = 30  # beds

# Kind, name, town, department, size in 100 of the usual one.
_ESTABLISHMENTS: tuple[tuple[Kind, str, str, str, int], ...] = (
    ("CHR", "CHR de Valombreuse", "Valombreuse", "35", 100),
    ("CHR", "CHR de Port-Anselme", "Port-Anselme", "33", 110),
    ("CHR", "CHR de Hautecombelle", "Hautecombelle", "69", 115),
    ("CHR", "CHR de Brumélie", "Brumélie", "59", 95),
    ("CH", "CH de Saint-Orbain", "Saint-Orbain", "35", 100),
    ("CH", "CH de Lignac-les-Sources", "Lignac-les-Sources", "31", 110),
    ("CH", "CH de Mérindelle", "Mérindelle", "63", 90),
    ("CH", "CH de Trois-Écluses", "Trois-Écluses", "54", 105),
    ("CH", "CH de Belvègue", "Belvègue", "13", 120),
    ("CH", "CH de Montaureil", "Montaureil", "91", 115),
    ("CH", "CH de Casavecchiola", "Casavecchiola", "2A", 60),
    ("CH", "CH de l'Anse-aux-Filaos", "L'Anse-aux-Filaos", "974", 95),
    ("CLINIQUE", "Clinique des Quatre-Tilleuls", "Valombreuse", "35", 100),
    ("CLINIQUE", "Clinique du Parc-Séverin", "Ormevilliers", "76", 120),
    ("CLINIQUE", "Clinique Sainte-Amarande", "Roquebellac", "34", 90),
    ("CLINIQUE", "Clinique de la Combe-Claire", "Hautecombelle", "69", 110),
    ("CLINIQUE", "Clinique du Val-Doré", "Nuzerolles", "21", 80),
    ("CLINIQUE", "Clinique des Bords-d'Aulne", "Chantaulne", "45", 100),
    ("CLINIQUE", "Clinique Jean-Vautrelle", "Pornévent", "44", 115),
    ("CLINIQUE", "Clinique des Alizés-Verts", "Morne-Safran", "971", 70),
)

# Stem of the code, name, field, activity, care mode, specialty, usual beds in a CHR, CH, CLINIQUE.
# None: no such unit there; 0: the unit has no beds.
_Row = tuple[str, str, str, str, str, str, int | None, int | None, int | None]
_UNITS: tuple[_Row, ...] = (
    ("URG", "Urgences", "01", "157", "33", "SM59", 0, 0, None),
    ("UHCD", "Hospitalisation de courte durée", "01", "157", "13", "SM59", 16, 8, None),
    ("REA", "Réanimation polyvalente", "01", "127", "28", "SM46", 40, 10, None),
    ("CARDIO", "Cardiologie", "01", "013", "28", "SM04", 90, 28, None),
    ("PNEUMO", "Pneumologie", "01", "114", "28", "SM41", 60, 24, None),
    ("GASTRO", "Gastro-entérologie", "01", "046", "28", "SM24", 60, 24, 12),
    ("NEURO", "Neurologie", "01", "097", "28", "SM32", 60, None, None),
    ("NEPHRO", "Néphrologie", "01", "095", "28", "SM30", 45, None, None),
    ("ONCO", "Oncologie médicale", "01", "102", "28", "SM36", 60, None, 14),
    ("MEDPOL", "Médecine polyvalente", "01", "083", "28", "SM54", 60, 50, 14),
    ("GERIA", "Gériatrie", "01", "050", "28", "SM18", 60, 30, None),
    ("INFECT", "Maladies infectieuses", "01", "077", "28", "SM58", 30, None, None),
    ("RHUMATO", "Rhumatologie", "01", "131", "28", "SM48", 30, None, None),
    ("CHIRDIG", "Chirurgie digestive", "01", "033", "28", "SM14", 60, 26, 24),
    ("ORTHO", "Chirurgie orthopédique", "01", "025", "28", "SM08", 90, 28, 28),
    ("URO", "Urologie", "01", "031", "28", "SM12", 30, None, 14),
    ("NEUROCHIR", "Neurochirurgie", "01", "096", "28", "SM31", 40, None, None),
    ("VASC", "Chirurgie vasculaire", "01", "032", "28", "SM13", 30, None, None),
    ("GYNECO", "Chirurgie gynécologique", "01", "022", "28", "SM20", 30, 10, 10),
    ("MATER", "Maternité", "01", "100", "28", "SM20", 60, 24, None),
    ("NEONAT", "Néonatalogie", "01", "094", "28", "SM87", 24, 6, None),
    ("PEDIA", "Pédiatrie", "01", "088", "28", "SM40", 45, 12, None),
    ("CHIRAMB", "Chirurgie ambulatoire", "01", "025", "09", "SM08", 30, 12, 24),
    ("HDJ", "Hôpital de jour de médecine", "01", "083", "29", "SM27", 30, 8, 8),
    ("CONS", "Consultations externes", "01", "083", "32", "SM54", 0, 0, 0),
    ("SMRLOCO", "Réadaptation locomotrice", "02", "233", "28", "SM29", 60, 30, 12),
    ("PSYAGE", "Psychiatrie du sujet âgé", "03", "051", "28", "SM42", 40, 20, None),
    ("PEDOPSY", "Pédopsychiatrie", "03", "227", "29", "SM43", 10, None, None),
    ("IMAGERIE", "Imagerie par scanner", "01", "070", "55", "SM74", 0, 0, 0),
    ("LABO", "Laboratoire d'hématologie", "01", "056", "55", "SM03", 0, 0, 0),
)
_COLUMNS = {"CHR": 6, "CH": 7, "CLINIQUE": 8}


@cache
def establishments() -> tuple[Establishment, ...]:
    """All of them, in a fixed order: the world's structures do not depend on its seed."""
    return tuple(establishment_of(n, *row) for n, row in enumerate(_ESTABLISHMENTS, start=1))


def slug(name: str) -> str:
    """A name as a part of a domain or an address: lower case, hyphens, ASCII."""
    return re.sub(r"[^a-z0-9]+", "-", unaccented(name).lower()).strip("-")


def establishment_of(
    serial: int, kind: Kind, name: str, town: str, department: str, size: int = 100
) -> Establishment:
    """The establishment of a serial from 1 to 999, with the units of its kind.

    department: its code. size: in 100 of the usual one.
    """
    row = DEPARTMENTS[department]
    main = row.communes[0]
    return Establishment(
        finess_ej=_finess(f"0B9{serial:03d}00"),
        finess_eg=_finess(f"1B9{serial:03d}01"),
        name=name,
        kind=kind,
        sector=_SECTORS[kind],
        category=_CATEGORIES[kind],
        region=row.region,
        department=row.label,
        address=Address(f"{serial} RUE DE L'HOPITAL", main.postal_code, unaccented(town), main.cog),
        phone=f"01990099{serial % 100:02d}",  # a range kept for fiction by the regulator
        oid=f"{OID_ARC}.{serial}",
        mssante_domain=f"{slug(name)}.formation.mssante.fr",
        units=_units(kind, size),
    )


def _finess(first_eight: str) -> str:
    return first_eight + finess_key(first_eight)


def _units(kind: Kind, size: int) -> tuple[Unit, ...]:
    units: list[Unit] = []
    for row in _UNITS:
        usual = row[_COLUMNS[kind]]
        if isinstance(usual, int):
            units += _units_of(row, usual * size // 100)
    return tuple(units)


def _units_of(row: _Row, beds: int) -> list[Unit]:
    """One unit, or several numbered ones where there are too many beds for one."""
    stem, name, field, activity, care_mode, specialty = row[:6]
    shares = _shared_out(beds)
    names = [name] if len(shares) == 1 else [f"{name} {n + 1}" for n in range(len(shares))]
    return [
        Unit(f"{stem}{n}", title, field, activity, care_mode, share, specialty)
        for n, (title, share) in enumerate(zip(names, shares, strict=True), start=1)
    ]


def _shared_out(beds: int) -> list[int]:
    """Beds cut in units of about the same size, none above the largest."""
    count = max(1, -(-beds // _LARGEST_UNIT))
    return [beds // count + (1 if number < beds % count else 0) for number in range(count)]
