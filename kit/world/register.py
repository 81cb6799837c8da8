"""World, the register of births: birthplace and NIR of each person, and the way back.

The people of a stratum are dealt out to the birthplaces by their shares: a person's position in
the deal gives both the place and the order number, so no number is given twice and a number leads
to its person without a search. Not here: names, and any key but the one of the NIR.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kit.world import births, gazetteer
from kit.world.births import Stratum
from kit.world.draws import scrambled
from kit.world.places import COMMUNES, COUNTRIES, Place, Weighted

BORN_ABROAD = 0.13
ORDERS_PER_DAY = 32  # 31 days x 32 = 992 order numbers: 993 to 999 are never given
SPARE_ORDERS = range(993, 1000)
# Months that do not exist, for days nobody recorded: written on 1 January or on 31 December.
UNCERTAIN_MONTHS = {"20": (1, 1), "30": (12, 31)}

_STEP = 7919  # a prime above any number of pairs in a stratum
_GRAIN = 4096  # of the daily shift, so that small places too get their share over the years
# The oldest share their two digits of year with children: they count from the other end.
_LAST_YEAR_OF_THE_OLD = births.LAST_YEAR - 100


@dataclass(frozen=True, slots=True)
class Birth:
    """Where a person stands in the register."""

    stratum: Stratum
    rank: int
    place: Place
    number: str


@dataclass(frozen=True, slots=True)
class _Deal:
    """The part of a stratum that is dealt out at once: certain days, or uncertain ones."""

    first_rank: int
    size: int
    shift: int
    places: Weighted

    def position(self, rank: int) -> int:
        """Where a rank comes in the deal; the two of a pair stay side by side."""
        pair, second = divmod(rank - self.first_rank, 2)
        pairs = self.size // 2
        if pair >= pairs:
            return self.size - 1
        return 2 * ((_STEP * pair + self.shift) % pairs) + second

    def rank(self, position: int) -> int:
        """The rank that comes at ``position``."""
        pair, second = divmod(position, 2)
        pairs = self.size // 2
        if pair >= pairs:
            return self.first_rank + self.size - 1
        return self.first_rank + 2 * ((pair - self.shift) * pow(_STEP, -1, pairs) % pairs) + second

    def place_number(self, position: int) -> int:
        share = (position * _GRAIN + self.shift % _GRAIN) * self.places.total
        return bisect_right(self.places.bounds, share // (self.size * _GRAIN))

    def first_position(self, place_number: int) -> int:
        """The first position dealt to a place, or to a later one when it gets none."""
        bound = self.places.bounds[place_number - 1] if place_number else 0
        grains = -(-bound * self.size * _GRAIN // self.places.total)
        return max(0, -((self.shift % _GRAIN - grains) // _GRAIN))


def _all_places(countries: list[int]) -> Weighted:
    """Communes and countries in one row, a share of ``BORN_ABROAD`` to the countries."""
    inhabitants = sum(commune.weight for commune in COMMUNES)
    at_home = round((1 - BORN_ABROAD) / BORN_ABROAD * sum(countries))
    communes = [commune.weight * at_home for commune in COMMUNES]
    return Weighted.of(
        (*COMMUNES, *COUNTRIES), [*communes, *(weight * inhabitants for weight in countries)]
    )


_BEFORE_1970 = [before for _, _, before, _ in gazetteer.COUNTRIES]
_SINCE_1970 = [since for *_, since in gazetteer.COUNTRIES]
_CERTAIN = (_all_places(_BEFORE_1970), _all_places(_SINCE_1970))
_UNCERTAIN = (Weighted.of(COUNTRIES, _BEFORE_1970), Weighted.of(COUNTRIES, _SINCE_1970))
_CERTAIN_RANKS = {
    place.nir_code(year): rank
    for year in (1975, 1976)
    for rank, place in enumerate(_CERTAIN[0].places)
}
_UNCERTAIN_RANKS = {place.cog: rank for rank, place in enumerate(COUNTRIES)}


class Register:
    """Who is born where, with which number, in the world of a seed."""

    __slots__ = ("_seed",)

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def birth(self, stratum: Stratum, rank: int) -> Birth:
        """The birth of the person of that rank in the stratum, from 0."""
        deal = self._deal(stratum, uncertain=rank >= stratum.count - stratum.uncertain)
        position = deal.position(rank)
        number = deal.place_number(position)
        turn = position - deal.first_position(number)
        place = deal.places.places[number]
        return Birth(stratum, rank, place, _number(stratum, place, deal, turn))

    def find(self, number: str) -> Iterator[tuple[Stratum, int]]:
        """The stratum and rank of whoever holds a number of 13 characters; one at most."""
        sex = {"1": "M", "2": "F"}.get(number[0])
        order = int(number[10:])
        for century in (1900, 2000):
            born_on, uncertain = _date(century + int(number[1:3]), number[3:5], order)
            if sex is None or born_on is None:
                continue
            stratum = births.stratum(born_on, sex)
            deal = self._deal(stratum, uncertain=uncertain)
            rank = _rank(deal, number[5:10], _turn(born_on, order, uncertain=uncertain))
            if rank is not None and self.birth(stratum, rank).number == number:
                yield stratum, rank

    def _deal(self, stratum: Stratum, *, uncertain: bool) -> _Deal:
        recent = stratum.born_on.year >= 1970
        certain = stratum.count - stratum.uncertain
        shift = scrambled(stratum.start, self._seed) >> 24
        if uncertain:
            return _Deal(certain, stratum.uncertain, shift, _UNCERTAIN[recent])
        return _Deal(0, certain, shift, _CERTAIN[recent])


def _number(stratum: Stratum, place: Place, deal: _Deal, turn: int) -> str:
    born_on = stratum.born_on
    old = born_on.year <= _LAST_YEAR_OF_THE_OLD
    if deal.first_rank:
        month = "20" if born_on.month == 1 else "30"
        order = 999 - turn if old else 1 + turn
    else:
        month = f"{born_on.month:02d}"
        slot = ORDERS_PER_DAY - 1 - turn if old else turn
        order = 1 + ORDERS_PER_DAY * (born_on.day - 1) + slot
    sex = "1" if stratum.sex == "M" else "2"
    return f"{sex}{born_on.year % 100:02d}{month}{place.nir_code(born_on.year)}{order:03d}"


def _date(year: int, month: str, order: int) -> tuple[date | None, bool]:
    """The birth date a number tells, and whether it was written for want of a better one."""
    if not births.FIRST_YEAR <= year <= births.LAST_YEAR:
        return None, False
    if month in UNCERTAIN_MONTHS:
        return date(year, *UNCERTAIN_MONTHS[month]), True
    try:
        return date(year, int(month), 1 + (order - 1) // ORDERS_PER_DAY), False
    except ValueError:
        return None, False


def _turn(born_on: date, order: int, *, uncertain: bool) -> int:
    """Which of the people of a place and day the order number tells, from 0."""
    old = born_on.year <= _LAST_YEAR_OF_THE_OLD
    if uncertain:
        return 999 - order if old else order - 1
    slot = (order - 1) % ORDERS_PER_DAY
    return ORDERS_PER_DAY - 1 - slot if old else slot


def _rank(deal: _Deal, code: str, turn: int) -> int | None:
    number = (_UNCERTAIN_RANKS if deal.first_rank else _CERTAIN_RANKS).get(code)
    if number is None or turn < 0 or deal.size == 0:
        return None
    position = deal.first_position(number) + turn
    if position >= min(deal.size, deal.first_position(number + 1)):
        return None
    return deal.rank(position)
