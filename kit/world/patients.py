"""World, patients: 70 million people, each derived from the seed and an index, none stored.

Not here: the arithmetic of dates (``births``) and numbers (``register``), names (``names``); the
local identity a hospital keeps of a patient, which is the simulator's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kit.identity import TEST_OID, IdentityTraits, Ins, PastIns, normalized
from kit.world import births, names, places
from kit.world.births import Stratum
from kit.world.draws import Draws, drawing, scrambled
from kit.world.places import Address
from kit.world.register import Birth, Register

TWINS_PER_THOUSAND = 12  # people who have a twin of their sex in the world


@dataclass(frozen=True, slots=True)
class DmpRecord:
    """A person's shared record (DMP) and what they decided about it."""

    state: Literal["open", "none", "closed"]
    attached_to_mes: bool = False
    opposed_to_feeding: bool = False


OPEN_RECORD = DmpRecord("open", attached_to_mes=True)
_RECORDS = (  # bound in 1,000, record
    (14, DmpRecord("none")),
    (26, DmpRecord("closed")),
    (31, DmpRecord("open", attached_to_mes=True, opposed_to_feeding=True)),
    (50, DmpRecord("open", attached_to_mes=False)),
    (1000, OPEN_RECORD),
)


@dataclass(frozen=True, slots=True)
class Patient:
    """A person of the invented country, as the national identity base knows them."""

    index: int
    ins: Ins
    traits: IdentityTraits
    used_name: str
    used_first_name: str
    history: tuple[PastIns, ...]
    address: Address
    phone: str
    record: DmpRecord


class Population:
    """The people of a seed: ``patient`` by index, ``find`` by birth, ``holder`` by number."""

    __slots__ = ("_draw", "_register", "_seed")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._register = Register(seed)
        self._draw = drawing(seed, "patients")

    def patient(self, index: int) -> Patient:
        """The person of that index. Raises IndexError out of 0 to 69,999,999."""
        stratum = births.stratum_of(index)
        return self._patient(self._register.birth(stratum, index - stratum.start))

    def find(self, born_on: date, sex: str, birth_name: str | None) -> Iterator[Patient]:
        """Everybody of that sex born that day, and of that birth name if one is given."""
        stratum = births.stratum(born_on, sex)
        if birth_name is None:
            for rank in range(stratum.count):
                yield self._patient(self._register.birth(stratum, rank))
            return
        wanted = normalized(birth_name)
        for rank in self._ranks_maybe_named(stratum, wanted):
            patient = self._patient(self._register.birth(stratum, rank))
            if normalized(patient.traits.birth_name) == wanted:
                yield patient

    def holder(self, number: str) -> Patient | None:
        """The person who holds, or held, a number of 13 characters."""
        sex = {"7": "1", "8": "2"}.get(number[0], number[0])
        for stratum, rank in self._register.find(sex + number[1:]):
            return self._patient(self._register.birth(stratum, rank))
        return None

    def _ranks_maybe_named(self, stratum: Stratum, wanted: str) -> Iterator[int]:
        """Ranks whose name may be ``wanted``: cheap, without looking where they were born."""
        initial = wanted[:1]
        for rank in range(stratum.count):
            draws = self._draw(stratum.start + self._eldest(stratum, rank))
            for abroad in (False, True):
                name = names.birth_name(draws, abroad=abroad)
                if name[0] == initial and normalized(name) == wanted:
                    yield rank
                    break

    def _eldest(self, stratum: Stratum, rank: int) -> int:
        """The rank a person's birth name comes from: their twin's when the twin is older."""
        twins = rank % 2 and scrambled(stratum.start + rank, self._seed) % 1000 < TWINS_PER_THOUSAND
        return rank - 1 if twins else rank

    def _patient(self, birth: Birth) -> Patient:
        stratum, rank = birth.stratum, birth.rank
        index, elder = stratum.start + rank, self._eldest(stratum, rank)
        draws = self._draw(index)
        traits = self._traits(birth, draws, elder)
        return Patient(
            index=index,
            ins=Ins.of(birth.number, TEST_OID),
            traits=traits,
            used_name=names.used_name(
                draws,
                traits.birth_name,
                sex=stratum.sex,
                age=births.LAST_YEAR - stratum.born_on.year,
            ),
            used_first_name=traits.first_names[-1 if draws.used_name % 1000 < 30 else 0],
            history=_history(birth, draws.history),
            address=_address(birth, draws),
            phone=f"063998{draws.phone % 10000:04d}",  # a range kept for fiction by the regulator
            record=_record(draws.record),
        )

    def _traits(self, birth: Birth, draws: Draws, elder: int) -> IdentityTraits:
        stratum = birth.stratum
        abroad, twin_name, family = birth.place.is_abroad, "", draws
        if elder != birth.rank:
            family = self._draw(stratum.start + elder)
            twin = names.first_names(
                family, sex=stratum.sex, year=stratum.born_on.year, abroad=abroad
            )
            twin_name = twin[0]
        first_names = names.first_names(
            draws,
            sex=stratum.sex,
            year=stratum.born_on.year,
            abroad=abroad,
            other_than=twin_name,
        )
        return IdentityTraits(
            birth_name=names.birth_name(family, abroad=abroad),
            first_names=first_names,
            sex=stratum.sex,
            birth_date=stratum.born_on.isoformat(),
            birth_place=birth.place.cog,
        )


def _address(birth: Birth, draws: Draws) -> Address:
    """Six in ten live in the department of their birth, the others anywhere."""
    homes = places.HOMES
    if draws.home % 10 < 6 and not birth.place.is_abroad:
        homes = places.HOMES_IN[birth.place.department]
    return places.address_in(homes.at(draws.home // 10 % homes.total), draws.street)


def _record(value: int) -> DmpRecord:
    share = value % 1000
    if share >= 50:
        return OPEN_RECORD
    return next(record for bound, record in _RECORDS if share < bound)


def _history(birth: Birth, value: int) -> tuple[PastIns, ...]:
    """One in 200 has a past INS: a temporary number (7 or 8 first) abroad, else the same one."""
    share = value % 10_000
    if share >= (200 if birth.place.is_abroad else 28):
        return ()
    temporary = {"1": "7", "2": "8"}[birth.number[0]] + birth.number[1:]
    past = Ins.of(temporary if birth.place.is_abroad else birth.number, TEST_OID)
    since = max(2006, birth.stratum.born_on.year)
    until = since + value // 10_000 % max(1, births.LAST_YEAR - since)
    return (PastIns(past.matricule, past.oid, f"{since}-12-31", f"{until + 1}-03-01"),)
