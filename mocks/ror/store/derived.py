"""ROR mock, store: the offer of the invented country, derived; nothing of it is stored.

Every establishment of the world is a legal entity, a site, and for each unit an internal
organization, an offer and its place. Dates and gaps come from a hash of the seed and the name:
most offers are fresh and complete, some are old or lack a contact or a street, so that the
quality rules have something to say. Not here: what came over the wire (overlay).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kit.fhir import Resource
from kit.world import Establishment, Unit, World
from mocks.ror.messages.capacity import Capacity
from mocks.ror.messages.healthcare_service import write_offer
from mocks.ror.messages.location import sync_id, write_place
from mocks.ror.messages.organization import Stamp, write_legal_entity, write_site, write_unit

# Dates are derived from this instant, not from the clock: the base never changes by itself.
REFERENCE_AT = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
YEAR_DAYS = 365
OLD_IN, WITHOUT_CONTACT_IN, WITHOUT_STREET_IN = 9, 13, 17  # one offer in so many
SENSITIVE_IN = 31
PRISON_MEDICINE = "089"  # quality rule CO3: always sensitive
DAY_MODES = {"09", "20", "29", "30", "31", "32", "33"}  # places, not beds

# A published trap: two places with one synchronisation id, for the answer 412.
TWIN_CODE = "DOUBLON"


@dataclass(frozen=True, slots=True)
class Draw:
    """Numbers that a seed and a name give, always the same."""

    seed: int
    name: str

    def number(self, what: str, bound: int) -> int:
        """A number from 0 to ``bound`` - 1."""
        text = f"{self.seed}/ror/{self.name}/{what}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") % bound

    def one_in(self, what: str, bound: int) -> bool:
        """True once in ``bound`` names."""
        return self.number(what, bound) == 0


def derive(world: World, seed: int, added: tuple[Establishment, ...] = ()) -> Iterator[Resource]:
    """Every resource of the base, organizations before what refers to them.

    added: the structures that a user added to the country.
    """
    for rank, establishment in enumerate((*world.establishments, *added)):
        yield from _establishment(establishment, seed)
        if rank == 0:
            yield from _twins(establishment, seed)


def _establishment(establishment: Establishment, seed: int) -> Iterator[Resource]:
    entity = _stamp(establishment, Draw(seed, f"EJ/{establishment.finess_ej}"))
    site = _stamp(establishment, Draw(seed, f"EG/{establishment.finess_eg}"))
    yield write_legal_entity(establishment, entity)
    yield write_site(establishment, site, part_of=entity.id)
    for unit in establishment.units:
        yield from _unit(establishment, unit, seed, site_id=site.id)


def _unit(
    establishment: Establishment, unit: Unit, seed: int, *, site_id: str
) -> Iterator[Resource]:
    name = f"{establishment.finess_eg}/{unit.code}"
    organization = _stamp(establishment, Draw(seed, f"OI/{name}"))
    offer = _stamp(establishment, Draw(seed, f"HS/{name}"))
    place = _stamp(establishment, Draw(seed, f"LOC/{name}"))
    draw = Draw(seed, name)
    yield write_unit(unit, organization, part_of=site_id)
    yield write_offer(
        unit,
        offer,
        provided_by=organization.id,
        locations=(place.id,),
        phone="" if draw.one_in("contact", WITHOUT_CONTACT_IN) else establishment.phone,
        is_sensitive=unit.activity == PRISON_MEDICINE or draw.one_in("sensitive", SENSITIVE_IN),
    )
    yield write_place(
        unit.name,
        place,
        establishment.address,
        sync=sync_id(establishment.finess_eg, unit.code),
        managed_by=site_id,
        capacities=_capacities(unit, place, draw),
        with_street=not draw.one_in("street", WITHOUT_STREET_IN),
    )


def _twins(establishment: Establishment, seed: int) -> Iterator[Resource]:
    site = _stamp(establishment, Draw(seed, f"EG/{establishment.finess_eg}"))
    for side in ("A", "B"):
        draw = Draw(seed, f"LOC/{establishment.finess_eg}/{TWIN_CODE}/{side}")
        yield write_place(
            f"Plateau technique {side}",
            _stamp(establishment, draw),
            establishment.address,
            sync=sync_id(establishment.finess_eg, TWIN_CODE),
            managed_by=site.id,
        )


def _stamp(establishment: Establishment, draw: Draw) -> Stamp:
    is_old = draw.name.startswith(("HS/", "LOC/")) and _is_old(draw)
    age_days = (YEAR_DAYS + 20 if is_old else 5) + draw.number("age", 330)
    updated_at = REFERENCE_AT - timedelta(days=age_days, minutes=draw.number("minute", 600))
    created_at = updated_at - timedelta(days=60 + draw.number("created", 2000))
    identifier = str(10**11 + draw.number("id", 9 * 10**11))
    return Stamp(identifier, establishment.region, created_at, updated_at)


def _is_old(draw: Draw) -> bool:
    """Offer and place of one unit are old together: an update is the newest date of both."""
    return Draw(draw.seed, draw.name.partition("/")[2]).one_in("old", OLD_IN)


def _capacities(unit: Unit, place: Stamp, draw: Draw) -> tuple[Capacity, ...]:
    if not unit.beds:
        return ()
    nature = "02" if unit.care_mode in DAY_MODES else "01"
    available = unit.beds * (5 + draw.number("available", 20)) // 100
    return (
        Capacity("01", unit.beds, place.updated_at, nature),
        Capacity("02", available, place.updated_at, nature, gender_capacity_available="03"),
    )
