"""World, patients: 70 million people, each derived from the seed and an index, none stored.

Not here: the arithmetic of dates (``births``) and numbers (``register``), names (``names``,
``civil``), what changed in a life (``past``); the local identity a hospital keeps of a patient,
which is the simulator's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kit.identity import NIA_OID, TEST_OID, IdentityTraits, Ins, PastIns, normalized
from kit.world import births, civil, names, past, places
from kit.world.bearers import Bearers
from kit.world.births import Stratum
from kit.world.draws import Draws, drawing, family_key, family_of, scrambled
from kit.world.places import Address
from kit.world.register import Birth, Register

TWINS_PER_THOUSAND = 12  # people who have a twin of their sex in the world
WAITING_PER_THOUSAND = (
    20  # of those born abroad: their number is a waiting one, choice of the bench
)
NO_DAY_PER_THOUSAND = 60  # of those born abroad before 1990 and written down on a first of a month
NO_MONTH_PER_THOUSAND = 300  # of those whose day nobody recorded and who are written on 31 December
_LAST_INCOMPLETE_YEAR = 1989


@dataclass(frozen=True, slots=True)
class DmpRecord:
    """A person's shared record (DMP) and what they decided about it."""

    state: Literal["open", "none", "closed"]
    attached_to_mes: bool = False
    opposed_to_feeding: bool = False


OPEN_RECORD = DmpRecord("open", attached_to_mes=True)
NO_RECORD = DmpRecord("none")
_RECORDS = (  # bound in 1,000, record
    (14, NO_RECORD),
    (26, DmpRecord("closed")),
    (31, DmpRecord("open", attached_to_mes=True, opposed_to_feeding=True)),
    (50, DmpRecord("open", attached_to_mes=False)),
    (1000, OPEN_RECORD),
)


@dataclass(frozen=True, slots=True)
class Patient:
    """A person of the invented country, as the national identity base knows them.

    used_name, used_first_name: as the person spells them, with accents. former_traits: those of the
    civil register before a change of name, first name or sex; searches no longer find them.
    """

    index: int
    ins: Ins
    traits: IdentityTraits
    used_name: str
    used_first_name: str
    history: tuple[PastIns, ...]
    address: Address
    phone: str
    record: DmpRecord
    former_traits: tuple[IdentityTraits, ...] = ()

    @property
    def civil_name(self) -> str:
        """The birth name as the civil register spells it: capitals with accents and ligatures."""
        return civil.spelled(self.traits.birth_name)

    @property
    def civil_first_names(self) -> tuple[str, ...]:
        """The birth first names as the civil register spells them."""
        return tuple(map(civil.spelled, self.traits.first_names))

    @property
    def is_waiting(self) -> bool:
        """Whether the number is a waiting one (NIA): only its OID tells."""
        return self.ins.oid == NIA_OID


class Population:
    """The people of a seed: ``patient`` by index, ``find`` by birth, ``holder`` by number."""

    __slots__ = ("_bearers", "_draw", "_family_key", "_register", "_seed")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._register = Register(seed)
        self._bearers = Bearers(seed, self._eldest)
        self._draw = drawing(seed, "patients")
        self._family_key = family_key(seed)

    def patient(self, index: int) -> Patient:
        """The person of that index. Raises IndexError out of the population and births to come."""
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
        for rank in self._bearers.ranks(stratum, wanted):
            patient = self._patient(self._register.birth(stratum, rank))
            if normalized(patient.traits.birth_name) == wanted:
                yield patient

    def holder(self, number: str) -> Patient | None:
        """The person who holds, or held, a number of 13 characters."""
        own = past.permanent(number)
        for said in (own, past.of_other_sex(own)):
            for stratum, rank in self._register.find(said):
                return self._patient(self._register.birth(stratum, rank))
        return None

    def _eldest(self, stratum: Stratum, rank: int) -> int:
        """The rank a person's birth name comes from: their twin's when the twin is older."""
        twins = rank % 2 and scrambled(stratum.start + rank, self._seed) % 1000 < TWINS_PER_THOUSAND
        return rank - 1 if twins else rank

    def _patient(self, birth: Birth) -> Patient:
        stratum, rank = birth.stratum, birth.rank
        index, elder = stratum.start + rank, self._eldest(stratum, rank)
        draws = self._draw(index)
        traits = self._traits(birth, draws, elder)
        is_waiting = birth.place.is_abroad and draws.waiting % 1000 < WAITING_PER_THOUSAND
        lived = past.of(birth, draws, traits, self._register, is_waiting=is_waiting)
        used_name = names.used_name(
            draws, traits.birth_name, sex=stratum.sex, age=births.LAST_COUNTED_YEAR - stratum.year
        )
        return Patient(
            index=index,
            ins=Ins.of(birth.number, NIA_OID if is_waiting else TEST_OID),
            traits=traits,
            used_name=civil.spelled(used_name),
            used_first_name=civil.spelled(
                traits.first_names[-1 if draws.used_name % 1000 < 30 else 0]
            ),
            history=lived.history,
            address=_address(birth, draws),
            phone=f"063998{draws.phone % 10000:04d}",  # a range kept for fiction by the regulator
            record=NO_RECORD if is_waiting else _record(draws.record),
            former_traits=lived.former_traits,
        )

    def _traits(self, birth: Birth, draws: Draws, elder: int) -> IdentityTraits:
        stratum = birth.stratum
        abroad, twin_name = birth.place.is_abroad, ""
        if elder != birth.rank:
            twin = names.first_names(
                self._draw(stratum.start + elder), sex=stratum.sex, year=stratum.year, abroad=abroad
            )
            twin_name = twin[0]
        first_names = names.first_names(
            draws, sex=stratum.sex, year=stratum.year, abroad=abroad, other_than=twin_name
        )
        family = family_of(stratum.start + elder, self._family_key)
        return IdentityTraits(
            birth_name=names.birth_name(family, abroad=abroad),
            first_names=first_names,
            sex=stratum.sex,
            birth_date=_birth_date(birth, draws.incomplete % 1000),
            birth_place=birth.place.cog,
        )


def _birth_date(birth: Birth, share: int) -> str:
    """The date of the register, of which a part may be unknown (lunar date)."""
    stratum, born_on = birth.stratum, birth.stratum.born_on
    if birth.place.is_abroad and stratum.year <= _LAST_INCOMPLETE_YEAR:
        if born_on.day == 1 and share < NO_DAY_PER_THOUSAND:
            return f"{born_on:%Y-%m}-00"
        is_uncertain = birth.rank >= stratum.count - stratum.uncertain
        if is_uncertain and born_on.day == 31 and share < NO_MONTH_PER_THOUSAND:
            return f"{stratum.year}-00-00"
    return born_on.isoformat()


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
