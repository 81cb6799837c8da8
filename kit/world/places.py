"""World, places: communes, departments and countries, and drawing one by its weight.

Not here: the facts themselves (``gazetteer``), who is born where (``register``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from kit.world import gazetteer

REGIONS = gazetteer.REGIONS


@dataclass(frozen=True, slots=True)
class Place:
    """A commune or a country of birth. ``weight``: inhabitants, in thousands."""

    cog: str
    name: str
    weight: int
    postal_code: str = ""
    department: str = ""

    @property
    def is_abroad(self) -> bool:
        return self.cog.startswith("99")

    def nir_code(self, year: int) -> str:
        """The five characters of the NIR: Corsica was one department, 20, before 1976."""
        if year < 1976 and self.cog[:2] in {"2A", "2B"}:
            return "20" + self.cog[2:]
        return self.cog


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the commune of code ``cog``."""

    line: str
    postal_code: str
    city: str
    cog: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department, the code of its region, its communes (largest first)."""

    code: str
    name: str
    region: str
    communes: tuple[Place, ...]

    @property
    def label(self) -> str:
        """As certificates write it: ``Ille-et-Vilaine (35)``."""
        return f"{self.name} ({self.code})"


@dataclass(frozen=True, slots=True)
class Weighted:
    """Places with their weights summed up, to draw from or to cut in shares."""

    places: tuple[Place, ...]
    bounds: tuple[int, ...]

    @classmethod
    def of(cls, places: Sequence[Place], weights: Sequence[int]) -> Weighted:
        return cls(tuple(places), tuple(accumulate(weights)))

    @property
    def total(self) -> int:
        return self.bounds[-1]

    def at(self, share: int) -> Place:
        """The place that holds ``share``, from 0 to ``total`` - 1."""
        return self.places[bisect_right(self.bounds, share)]


def _departments() -> dict[str, Department]:
    paragraphs = gazetteer.DEPARTMENTS.strip().removeprefix("# ").split("\n# ")
    return {department.code: department for department in map(_department, paragraphs)}


def _department(paragraph: str) -> Department:
    title, *lines = paragraph.splitlines()
    region, code, name = title.split(" ", 2)
    rows = (row.split(" ", 3) for row in ";".join(lines).replace("; ", ";").split(";"))
    communes = (Place(cog, city, int(weight), postal, code) for cog, postal, weight, city in rows)
    return Department(code, name, region, tuple(communes))


DEPARTMENTS = _departments()
COMMUNES = tuple(commune for row in DEPARTMENTS.values() for commune in row.communes)
COUNTRIES = tuple(Place(cog, name, since) for cog, name, _, since in gazetteer.COUNTRIES)
HOMES = Weighted.of(COMMUNES, [commune.weight for commune in COMMUNES])
HOMES_IN = {
    code: Weighted.of(row.communes, [commune.weight for commune in row.communes])
    for code, row in DEPARTMENTS.items()
}
_STREETS = (
    "RUE DES TILLEULS", "RUE DE LA FONTAINE", "ALLEE DES ERABLES", "RUE DU MOULIN",
    "AVENUE DE LA GARE", "RUE DES LAVANDIERES", "CHEMIN DU LAVOIR", "RUE DU PRESSOIR",
    "PLACE DU MARCHE", "RUE DES TISSERANDS", "IMPASSE DES GLYCINES", "RUE DU VERGER",
    "BOULEVARD DE L'OUEST", "RUE DE L'ECLUSE", "RUE DU FOUR", "AVENUE DES CEDRES",
    "RUE DES CHARRONS", "QUAI DES BATELIERS", "RUE DE LA POMPE", "SENTIER DES VIGNES",
)  # fmt: skip
_NAMES = {place.cog: place.name for place in (*COMMUNES, *COUNTRIES)}


def name_of(cog: str) -> str:
    """The name of a commune or country the world knows, in capitals; empty for any other."""
    return _NAMES.get(cog) or gazetteer.PUBLISHED_BIRTHPLACES.get(cog, "")


def department_of(label: str) -> Department | None:
    """The department of a label ``Ille-et-Vilaine (35)``, of its bare name or code."""
    code = label.rpartition("(")[2].removesuffix(")")
    if code in DEPARTMENTS:
        return DEPARTMENTS[code]
    return next((row for row in DEPARTMENTS.values() if row.name == label), None)


def address_in(commune: Place, value: int) -> Address:
    """An invented address in a commune, from a number drawn."""
    line = f"{1 + value % 120} {_STREETS[value // 120 % len(_STREETS)]}"
    return Address(line, commune.postal_code, commune.name, commune.cog)
