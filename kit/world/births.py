"""World, the calendar of births: from the index of a person to a date, a sex and a rank, and back.

Persons are ordered by birth date, then sex (F before M). One table of people born in each year is
all there is; days and sexes follow by arithmetic. The births to come follow the people alive on
1 January 2026, so that a newborn of a played day has an identity too. A day and sex hold from one
person (1916) to 1,250, on the first and last day of a year to 1,830, of whom a third are uncertain.
Not here: names, places, numbers.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import isleap
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise

POPULATION = 70_000_000  # people alive on 1 January 2026; births to come have higher indices
FIRST_YEAR, LAST_YEAR = 1916, 2030
LAST_COUNTED_YEAR = 2025

# Year of birth -> people alive, in thousands; years between follow a straight line.
_ALIVE = (
    (1916, 0.6), (1921, 5), (1925, 26), (1930, 190), (1935, 310), (1940, 370), (1945, 540),
    (1947, 720), (1950, 750), (1955, 790), (1960, 845), (1965, 885), (1972, 890), (1976, 800),
    (1980, 850), (1985, 820), (1990, 830), (1994, 780), (2000, 840), (2005, 840), (2010, 850),
    (2015, 800), (2020, 715), (2025, 650),
)  # fmt: skip

# Year of birth -> men among 1,000 people alive.
_MEN = (
    (1916, 130),
    (1930, 330),
    (1940, 430),
    (1950, 470),
    (1960, 487),
    (1990, 500),
    (2025, 512),
    (2030, 512),
)


@dataclass(frozen=True, slots=True)
class Stratum:
    """People of one sex born on one day, as indices ``start`` to ``start + count - 1``.

    The last ``uncertain`` of them were born abroad on a day nobody recorded, and are written down
    on the first or the last day of the year.
    """

    born_on: date
    sex: str
    start: int
    count: int
    uncertain: int

    @property
    def year(self) -> int:
        """The year of birth."""
        return self.born_on.year

    @property
    def indices(self) -> range:
        """The indices of its people."""
        return range(self.start, self.start + self.count)


def stratum_of(index: int) -> Stratum:
    """The stratum a person of the population belongs to. Raises IndexError out of range."""
    if not 0 <= index < TOTAL:
        raise IndexError(f"no person {index}: indices go from 0 to {TOTAL - 1}")
    year = FIRST_YEAR + bisect_right(_STARTS, index) - 1
    in_year, half_days, days = _year(year)
    half_day = ((index - _STARTS[year - FIRST_YEAR] + 1) * half_days - 1) // in_year
    if year > LAST_COUNTED_YEAR:
        day = half_day // 2
    else:
        day = 0 if half_day < 3 else min((half_day - 1) // 2, days - 1)
    born_on = date.fromordinal(date(year, 1, 1).toordinal() + day)
    women = stratum(born_on, "F")
    return women if index < women.start + women.count else stratum(born_on, "M")


def stratum(born_on: date, sex: str) -> Stratum:
    """The people of that sex born that day; empty outside the years of the world."""
    if not FIRST_YEAR <= born_on.year <= LAST_YEAR or sex not in {"F", "M"}:
        return Stratum(born_on, sex, start=0, count=0, uncertain=0)
    in_year, half_days, days = _year(born_on.year)
    day = born_on.toordinal() - date(born_on.year, 1, 1).toordinal()
    is_counted = born_on.year <= LAST_COUNTED_YEAR
    before = _half_days_before if is_counted else _even_half_days_before
    first = in_year * before(day, days) // half_days
    after = in_year * before(day + 1, days) // half_days
    men = (after - first) * _MEN_PER_THOUSAND[born_on.year - FIRST_YEAR] // 1000
    women = after - first - men
    start = _STARTS[born_on.year - FIRST_YEAR] + first
    count = women if sex == "F" else men
    uncertain = count // 3 if is_counted and day in (0, days - 1) else 0
    return Stratum(born_on, sex, start + (0 if sex == "F" else women), count, uncertain)


def born_between(first: date, last: date) -> range:
    """The indices of everybody born from ``first`` to ``last``, both included."""
    first, last = max(first, date(FIRST_YEAR, 1, 1)), min(last, date(LAST_YEAR, 12, 31))
    if last < first:
        return range(0)
    end = stratum(last, "M")
    return range(stratum(first, "F").start, end.start + end.count)


def _half_days_before(day: int, days: int) -> int:
    """A day counts as two half-days, the first and the last of a year as three."""
    return 2 * day + (1 if day else 0) + (1 if day == days else 0)


def _even_half_days_before(day: int, _: int) -> int:
    """A day of a year to come: every birth is recorded on its own."""
    return 2 * day


def _year(year: int) -> tuple[int, int, int]:
    """People born in a year, its weight in half-days, its days."""
    days = 366 if isleap(year) else 365
    at = year - FIRST_YEAR
    half_days = 2 * days + (2 if year <= LAST_COUNTED_YEAR else 0)
    return _STARTS[at + 1] - _STARTS[at], half_days, days


def _interpolated(points: tuple[tuple[int, float], ...]) -> list[float]:
    values = []
    for (year, value), (next_year, next_value) in pairwise(points):
        step = (next_value - value) / (next_year - year)
        values += [value + step * passed for passed in range(next_year - year)]
    return [*values, points[-1][1]]


def _starts() -> tuple[int, ...]:
    """The index of the first person of each year, and the one after the last person."""
    alive = _interpolated(_ALIVE)
    starts = [round(POPULATION * part / sum(alive)) for part in accumulate(alive, initial=0.0)]
    in_a_year = starts[-1] - starts[-2]
    to_come = range(1, LAST_YEAR - LAST_COUNTED_YEAR + 1)
    return (*starts, *(POPULATION + in_a_year * years for years in to_come))


_STARTS = _starts()
_MEN_PER_THOUSAND = tuple(round(value) for value in _interpolated(_MEN))
TOTAL = _STARTS[-1]  # people alive and births to come
