"""World, professionals: the invented people who care, in establishments and in town.

RPPS numbers stand in the test range (national identifiers 8997…) with a right key. Not here: the
directory that publishes them, the mailboxes' contents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kit.identity import rpps_key
from kit.world import names
from kit.world.draws import Draws, Family, drawing
from kit.world.places import DEPARTMENTS, Address, Department, address_in
from kit.world.structures import Establishment, Unit, slug

CITY_DOMAIN = "medecin.formation.mssante.fr"
DOCTORS_PER_UNIT = 3
CITY_DOCTORS_PER_DEPARTMENT = 8
DOCTOR, NURSE = "10", "60"  # TRE_G15

# Specialties of town (TRE_R38): mostly general practice.
_CITY_SPECIALTIES = ("SM54", "SM54", "SM54", "SM54", "SM54", "SM04", "SM41", "SM24")


@dataclass(frozen=True, slots=True)
class Professional:
    """A professional (PS). In town: no unit, no establishment."""

    rpps: str
    family: str
    given: str
    civility: str
    title: str
    profession: str
    specialty: str
    unit: str
    mailbox: str
    finess_eg: str
    department: str
    address: Address


class Staff:
    """Everybody who cares, in the world of a seed; built once, when first asked for."""

    __slots__ = ("by_rpps", "in_department", "in_establishment")

    def __init__(self, seed: int, establishments: Iterable[Establishment]) -> None:
        draw = drawing(seed, "professionals")
        hired = [_hired(draw, n, row) for n, row in enumerate(establishments, start=1)]
        in_town = _in_town(draw)
        self.in_establishment = {staff[0].finess_eg: staff for staff in hired}
        self.in_department = in_town
        self.by_rpps = {
            person.rpps: person for staff in (*hired, *in_town.values()) for person in staff
        }


def _hired(
    draw: Callable[[int], Draws], number: int, establishment: Establishment
) -> tuple[Professional, ...]:
    """Three doctors and a nurse for each unit."""
    mailboxes = _Mailboxes(establishment.mssante_domain)
    professions = (*[DOCTOR] * DOCTORS_PER_UNIT, NURSE)
    posts = [(unit, profession) for unit in establishment.units for profession in professions]
    return tuple(
        _of_unit(
            draw(number * 1000 + post),
            number * 1000 + post,
            establishment,
            unit,
            profession,
            mailboxes,
        )
        for post, (unit, profession) in enumerate(posts)
    )


def _of_unit(
    draws: Draws,
    serial: int,
    establishment: Establishment,
    unit: Unit,
    profession: str,
    mailboxes: _Mailboxes,
) -> Professional:
    sex, family, given = _name(draws)
    return Professional(
        rpps=rpps_of(serial),
        family=family,
        given=given,
        civility="M" if sex == "M" else "MME",
        title=_title(draws, profession, establishment.kind == "CHR"),
        profession=profession,
        specialty=unit.specialty if profession == DOCTOR else "",
        unit=unit.code,
        mailbox=mailboxes.address(given, family),
        finess_eg=establishment.finess_eg,
        department=establishment.department,
        address=establishment.address,
    )


def _in_town(draw: Callable[[int], Draws]) -> dict[str, tuple[Professional, ...]]:
    mailboxes = _Mailboxes(CITY_DOMAIN)
    return {
        code: tuple(
            _of_town(draw(serial), serial, department, specialty, mailboxes)
            for serial, specialty in enumerate(_CITY_SPECIALTIES, start=900_000 + 10 * number)
        )
        for number, (code, department) in enumerate(DEPARTMENTS.items())
    }


def _of_town(
    draws: Draws, serial: int, department: Department, specialty: str, mailboxes: _Mailboxes
) -> Professional:
    sex, family, given = _name(draws)
    commune = department.communes[draws.home % len(department.communes)]
    return Professional(
        rpps=rpps_of(serial),
        family=family,
        given=given,
        civility="M" if sex == "M" else "MME",
        title="DR",
        profession=DOCTOR,
        specialty=specialty,
        unit="",
        mailbox=mailboxes.address(given, family),
        finess_eg="",
        department=department.label,
        address=address_in(commune, draws.street),
    )


class _Mailboxes:
    """The addresses of a domain: given.family, with a number for whoever comes second."""

    __slots__ = ("_domain", "_given")

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._given: defaultdict[str, int] = defaultdict(int)

    def address(self, given: str, family: str) -> str:
        local = f"{slug(given)}.{slug(family)}"
        self._given[local] += 1
        count = self._given[local]
        return f"{local}{count if count > 1 else ''}@{self._domain}"


def _name(draws: Draws) -> tuple[str, str, str]:
    sex = "M" if draws.record & 1 else "F"
    year = 1960 + draws.history % 38
    surname = Family(draws.waiting, draws.incomplete, draws.former)  # free here: nobody waits
    family = names.birth_name(surname, abroad=False)
    return sex, family, names.first_names(draws, sex=sex, year=year, abroad=False)[0]


def _title(draws: Draws, profession: str, in_chr: bool) -> str:
    if profession != DOCTOR:
        return ""
    return "PR" if in_chr and draws.phone % 8 == 0 else "DR"


def rpps_of(serial: int) -> str:
    """A test RPPS number, with its key, from a serial of 7 digits at most."""
    first_ten = f"997{serial:07d}"
    return first_ten + rpps_key(first_ten)
