"""Kit, pki: the cards of invented professionals and the certificates of invented structures.

Who they are comes from the country (kit.world), those a user adds to it included, so every socle
knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar

from kit import psc
from kit.identity import ps_idnat, struct_idnat
from kit.pki.authority import TestPki
from kit.pki.certificates import CertificateKind, Person
from kit.pki.credentials import Credential
from kit.rules import Malformed
from kit.settings import Settings
from kit.world import Establishment, Professional, ProfessionalOrder, StructureOrder, World
from kit.world.created import Created

_Item = TypeVar("_Item")
_Order = TypeVar("_Order", StructureOrder, ProfessionalOrder)
_TITLES = {  # of TRE_G15, as a card spells them; IGC-Santé
    "10": "Médecin",
    "21": "Pharmacien",
    "40": "Chirurgien-Dentiste",
    "50": "Sage-Femme",
    "60": "Infirmier",
}


@dataclass(frozen=True, slots=True)
class TestProfessional:
    """A professional with their card: what agrees across the socles, in one place."""

    __test__ = False  # not a test class, whatever its name says to pytest

    person: Professional
    establishment: Establishment | None
    auth: Credential
    sign: Credential

    def as_dict(self, settings: Settings) -> dict[str, Any]:
        """What a page or a command tells; files apart. settings: where one logs in."""
        person, place = self.person, self.establishment
        return {
            "rpps": person.rpps,
            "ps_idnat": ps_idnat(person.rpps),
            "family": person.family,
            "given": person.given,
            "profession": person.profession,
            "specialty": person.specialty,
            "mailbox": person.mailbox,
            "mailbox_password": settings.mssante_password,
            "psc": psc.login_of(settings, ps_idnat(person.rpps)),
            "unit": person.unit,
            "finess_eg": person.finess_eg,
            "finess_ej": place.finess_ej if place else "",
            "establishment": place.name if place else "",
            "department": person.department,
        }


@dataclass(frozen=True, slots=True)
class TestStructure:
    """An establishment with its certificates."""

    __test__ = False  # not a test class, whatever its name says to pytest

    establishment: Establishment
    auth: Credential
    sign: Credential
    insi_auto: Credential
    insi_manual: Credential

    def as_dict(self) -> dict[str, str]:
        """What a page or a command tells; files apart."""
        place = self.establishment
        return {
            "name": place.name,
            "kind": place.kind,
            "finess_ej": place.finess_ej,
            "finess_eg": place.finess_eg,
            "struct_idnat": struct_idnat(place.finess_ej),
            "sector": place.sector,
            "department": place.department,
            "mssante_domain": place.mssante_domain,
            "units": " ".join(unit.code for unit in place.units),
        }


def card_holder(person: Professional) -> Person:
    """How a card names its holder."""
    return Person(_TITLES.get(person.profession, "Professionnel"), person.given, person.family)


def card(pki: TestPki, person: Professional, kind: CertificateKind) -> Credential:
    """One certificate of a professional's card (CPS)."""
    return pki.issue(kind, common_name=ps_idnat(person.rpps), person=card_holder(person))


def professional(pki: TestPki, person: Professional, world: World) -> TestProfessional:
    """A professional of the country, with both certificates of their card."""
    return TestProfessional(
        person,
        world.establishment(person.finess_eg),
        card(pki, person, CertificateKind.PS_AUTH),
        card(pki, person, CertificateKind.PS_SIGN),
    )


def structure(pki: TestPki, place: Establishment) -> TestStructure:
    """An establishment of the country, with its certificates."""
    automatic = pki.establishment(place)
    manual = pki.establishment(place, insi="INSI-MANU")
    return TestStructure(place, automatic.auth, automatic.sign, automatic.insi, manual.insi)


def add_structure(world: World, order: StructureOrder) -> Establishment:
    """Add a structure to the country. Raises Malformed naming the field."""
    return _created(world).add_structure(order)


def add_professional(world: World, order: ProfessionalOrder) -> Professional:
    """Add a professional to the country. Raises Malformed naming the field."""
    if order.rpps and world.professional(order.rpps):
        raise Malformed("rpps", f"{order.rpps} is a professional of the country")
    return _created(world).add_professional(order)


def structure_of(world: World, given: Mapping[str, str], number: int = 1) -> Establishment:
    """The structure that ``finess`` or ``number`` names; with a ``name``, one that is created."""
    _known_fields(given, StructureOrder, "finess")
    if given.get("name"):
        return add_structure(world, _read_order(given, StructureOrder))
    return choose_structure(world, given.get("finess", ""), number)


def professional_of(world: World, given: Mapping[str, str], number: int = 1) -> Professional:
    """The professional that ``rpps``, or finess, unit and number name; created with a ``family``.

    Raises Malformed.
    """
    _known_fields(given, ProfessionalOrder)
    if given.get("family") or given.get("given"):
        return add_professional(world, _read_order(given, ProfessionalOrder))
    rpps, finess, unit = (given.get(name, "") for name in ("rpps", "finess", "unit"))
    return choose_professional(world, rpps=rpps, finess=finess, unit=unit, number=number)


def _known_fields(given: Mapping[str, str], kind: type[_Order], *more: str) -> None:
    known = (*(item.name for item in fields(kind)), *more)
    for name in given:
        if name not in known:
            raise Malformed(name, "there is no such field; there are " + ", ".join(known))


def _read_order(given: Mapping[str, str], kind: type[_Order]) -> _Order:
    """An order from its fields by name. Raises Malformed naming a field that is missing."""
    names = {item.name: item.default is MISSING for item in fields(kind)}
    for name, is_needed in names.items():
        if is_needed and not given.get(name):
            raise Malformed(name, "expected a value: who is created has a name")
    return kind(**{name: given[name] for name in names if given.get(name)})


def _created(world: World) -> Created:
    assert world.created is not None, "a bench has a data folder"
    return world.created


def choose_structure(world: World, finess: str = "", number: int = 1) -> Establishment:
    """The establishment of a FINESS, else the ``number``-th of the country. Raises Malformed."""
    if finess:
        found = world.establishment(finess.removeprefix("1") if len(finess) == 10 else finess)
        if found is None:
            raise Malformed("finess", f"no establishment of the country has {finess!r}")
        return found
    return _nth(world.establishments, number)


def choose_professional(
    world: World, *, rpps: str = "", finess: str = "", unit: str = "", number: int = 1
) -> Professional:
    """The professional of an RPPS, else the ``number``-th of a structure's unit.

    Raises Malformed.
    """
    if rpps:
        found = world.professional(rpps[1:] if len(rpps) == 12 else rpps)
        if found is None:
            raise Malformed("rpps", f"no professional of the country has {rpps!r}")
        return found
    place = choose_structure(world, finess)
    if unit and place.unit(unit) is None:
        units = " ".join(item.code for item in place.units)
        raise Malformed("unit", f"{place.name} has no unit {unit!r}; it has {units}")
    staff = world.professionals(place.finess_eg)
    return _nth(tuple(item for item in staff if unit in ("", item.unit)), number)


def _nth(items: tuple[_Item, ...], number: int) -> _Item:
    if not 1 <= number <= len(items):
        raise Malformed("number", f"expected a number from 1 to {len(items)}")
    return items[number - 1]
