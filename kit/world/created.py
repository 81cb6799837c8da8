"""World, created: the structures and professionals that a user adds to the country of a bench.

One file of the data folder keeps what was ordered; every part reads it at each question and
derives the same people from it. A play never draws them: it stays what its seed says. Not here:
certificates, mailboxes (their socles ask the country).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast, get_args

from kit.identity import is_finess, valid_rpps
from kit.rules import Malformed
from kit.shared_file import SharedFile
from kit.world.places import DEPARTMENTS, address_in
from kit.world.professionals import DOCTOR, NURSE, Professional, rpps_of
from kit.world.structures import Establishment, Kind, establishment_of, establishments, slug

FILE = "country.json"
MAX_CREATED = 400  # of each: their numbers come from a range kept for them
_FIRST_STRUCTURE, _FIRST_PROFESSIONAL = 500, 970_000  # serials the country itself never uses
_PROFESSION = re.compile(r"[0-9]{2}")  # TRE_G15
_SPECIALTY = re.compile(r"S[MIC][0-9]{2}")  # TRE_R38
_LETTERS = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’-]){0,49}")


@dataclass(frozen=True, slots=True)
class StructureOrder:
    """A structure to create: its name, its kind (CHR, CH, CLINIQUE) and department (code).

    finess_ej, finess_eg: of the legal entity and of the site, when one has test numbers already.
    """

    name: str
    kind: str = "CH"
    department: str = "35"
    finess_ej: str = ""
    finess_eg: str = ""


@dataclass(frozen=True, slots=True)
class ProfessionalOrder:
    """A professional to create. profession: TRE_G15; specialty: TRE_R38, of a doctor.

    finess: where they work, empty in town; unit: a code of that place; rpps: one of one's own.
    """

    family: str
    given: str
    civility: str = "MME"
    profession: str = DOCTOR
    specialty: str = ""
    finess: str = ""
    unit: str = ""
    rpps: str = ""
    department: str = "35"


@dataclass(frozen=True, slots=True)
class Orders:
    """Everything that was ordered, in the order it was."""

    structures: tuple[StructureOrder, ...] = ()
    professionals: tuple[ProfessionalOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class Additions:
    """What the orders make."""

    structures: tuple[Establishment, ...] = ()
    professionals: tuple[Professional, ...] = ()

    def establishment(self, finess: str) -> Establishment | None:
        """The structure of a FINESS number, of its legal entity or of its site."""
        found = (item for item in self.structures if finess in (item.finess_ej, item.finess_eg))
        return next(found, None)

    def professional(self, rpps: str) -> Professional | None:
        """The professional of an RPPS number."""
        return next((item for item in self.professionals if item.rpps == rpps), None)


class Created:
    """What was added to the country of a data folder."""

    def __init__(self, folder: Path) -> None:
        self._file = SharedFile(folder / FILE)

    def all(self) -> Additions:
        """Everything, as it is now."""
        return additions_of(_orders(self._file.read()))

    def add_structure(self, order: StructureOrder) -> Establishment:
        """Create a structure. Raises Malformed naming the field."""

        def changed(value: Any) -> Any:
            orders = _orders(value)
            check_structure(order, additions_of(orders))
            return _written(Orders((*orders.structures, order), orders.professionals))

        self._file.change(changed)
        return self.all().structures[-1]

    def add_professional(self, order: ProfessionalOrder) -> Professional:
        """Create a professional. Raises Malformed naming the field."""

        def changed(value: Any) -> Any:
            orders = _orders(value)
            check_professional(order, additions_of(orders))
            return _written(Orders(orders.structures, (*orders.professionals, order)))

        self._file.change(changed)
        return self.all().professionals[-1]


def check_structure(order: StructureOrder, there: Additions) -> None:
    """Raises Malformed naming the first field that is wrong."""
    if not slug(order.name) or len(order.name) > 60 or not order.name.isprintable():
        raise Malformed("name", "expected a name of 1 to 60 characters")
    if order.kind not in get_args(Kind):
        raise Malformed("kind", "expected one of " + ", ".join(get_args(Kind)))
    if order.department not in DEPARTMENTS:
        raise Malformed("department", "expected the code of a department, as 35, 2A or 974")
    known = (*establishments(), *there.structures)
    if slug(order.name) in {slug(item.name) for item in known}:
        raise Malformed("name", f"the country has a structure of that name: {order.name!r}")
    if len(there.structures) == MAX_CREATED:
        raise Malformed("name", f"{MAX_CREATED} structures were created: no number is left")
    for name, finess in (("finess_ej", order.finess_ej), ("finess_eg", order.finess_eg)):
        if finess and not is_finess(finess):
            raise Malformed(name, "expected a FINESS number: 9 characters")
        if finess and _place(finess, there.structures):
            raise Malformed(name, f"{finess} is an establishment of the country")
    if order.finess_ej and order.finess_ej == order.finess_eg:
        raise Malformed("finess_eg", "a site and its legal entity have different numbers")


def check_professional(order: ProfessionalOrder, there: Additions) -> None:
    """Raises Malformed naming the first field that is wrong."""
    for name, value in (("family", order.family), ("given", order.given)):
        if not _LETTERS.fullmatch(value):
            raise Malformed(name, "expected letters, with spaces, hyphens or apostrophes inside")
    if order.civility not in ("M", "MME"):
        raise Malformed("civility", "expected M or MME")
    if not _PROFESSION.fullmatch(order.profession):
        raise Malformed("profession", f"expected a code of TRE_G15, as {DOCTOR} or {NURSE}")
    if order.specialty and not _SPECIALTY.fullmatch(order.specialty):
        raise Malformed("specialty", "expected a code of TRE_R38, as SM04")
    _check_place(order, there)
    if order.rpps and (not valid_rpps(order.rpps) or not order.rpps.startswith("997")):
        raise Malformed("rpps", "expected a test number: 11 digits from 997, with its key")
    if order.rpps and there.professional(order.rpps):
        raise Malformed("rpps", f"{order.rpps} was created before")
    if len(there.professionals) == MAX_CREATED:
        raise Malformed("family", f"{MAX_CREATED} were created: no number is left")


def _check_place(order: ProfessionalOrder, there: Additions) -> None:
    if order.department not in DEPARTMENTS:
        raise Malformed("department", "expected the code of a department, as 35, 2A or 974")
    if not order.finess:
        if order.unit:
            raise Malformed("unit", "a professional in town has no unit")
        return
    place = _place(order.finess, there.structures) if is_finess(order.finess) else None
    if place is None:
        raise Malformed("finess", f"no establishment of the country has {order.finess!r}")
    if order.unit and place.unit(order.unit) is None:
        units = " ".join(item.code for item in place.units)
        raise Malformed("unit", f"{place.name} has no unit {order.unit!r}; it has {units}")


@lru_cache(maxsize=16)
def additions_of(orders: Orders) -> Additions:
    """The structures and professionals that orders make: always the same."""
    structures = tuple(
        _structure(_FIRST_STRUCTURE + n, order) for n, order in enumerate(orders.structures)
    )
    people = tuple(
        _professional(_FIRST_PROFESSIONAL + n, order, structures)
        for n, order in enumerate(orders.professionals)
    )
    return Additions(structures, people)


def _structure(serial: int, order: StructureOrder) -> Establishment:
    kind = cast(Kind, order.kind)
    made = establishment_of(serial, kind, order.name, order.name, order.department)
    return replace(
        made,
        finess_ej=order.finess_ej or made.finess_ej,
        finess_eg=order.finess_eg or made.finess_eg,
    )


def _professional(
    serial: int, order: ProfessionalOrder, structures: tuple[Establishment, ...]
) -> Professional:
    place = _place(order.finess, structures) if order.finess else None
    department = DEPARTMENTS[order.department]
    local = f"{slug(order.given)}.{slug(order.family)}.{serial}"  # never an address of the country
    domain = place.mssante_domain if place else "medecin.formation.mssante.fr"
    return Professional(
        rpps=order.rpps or rpps_of(serial),
        family=order.family.upper(),
        given=order.given.upper(),
        civility=order.civility,
        title="DR" if order.profession == DOCTOR else "",
        profession=order.profession,
        specialty=order.specialty,
        unit=order.unit,
        mailbox=f"{local}@{domain}",
        finess_eg=place.finess_eg if place else "",
        department=place.department if place else department.label,
        address=place.address if place else address_in(department.communes[0], serial),
    )


def _place(finess: str, structures: tuple[Establishment, ...]) -> Establishment | None:
    known = (*structures, *establishments())
    found = (item for item in known if finess in (item.finess_ej, item.finess_eg))
    return next(found, None)


def _orders(value: Any) -> Orders:
    kept: Mapping[str, Any] = value or {}
    return Orders(
        tuple(StructureOrder(**item) for item in kept.get("structures", ())),
        tuple(ProfessionalOrder(**item) for item in kept.get("professionals", ())),
    )


def _written(orders: Orders) -> Any:
    return asdict(orders)
