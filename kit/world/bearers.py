"""World, bearers: who of a whole day may bear a birth name, told without deriving anybody.

A name is taken apart into the places of the tables it can come from; the draws of a whole stratum
are compared with those places at once (numpy), and the few that agree write their name out. Not
here: persons, nor how a name is made (``names``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from kit.identity import normalized
from kit.world import names, surnames
from kit.world.births import Stratum
from kit.world.draws import Numbers, family_key, family_of, surnames_of

Flags = NDArray[np.bool_]
Eldest = Callable[[Stratum, int], int]  # the rank a person's birth name comes from


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a surname that begins a birth name may come from: places in the tables.

    composed: onset and ending in one number, ``onset * len(ENDINGS) + ending``.
    """

    composed: tuple[int, ...]
    plain: tuple[int, ...]
    worldwide: tuple[int, ...]
    vowels: tuple[int, ...]


class Bearers:
    """The birth names of a seed, by stratum. ``eldest`` tells twins."""

    __slots__ = ("_eldest", "_key")

    def __init__(self, seed: int, eldest: Eldest) -> None:
        self._key = family_key(seed)
        self._eldest = eldest

    def ranks(self, stratum: Stratum, wanted: str) -> list[int]:
        """Ranks in the stratum of those whose name may be ``wanted``, which is normalized."""
        first, last = stratum.start, stratum.start + stratum.count
        drawn = surnames_of(np.arange(first, last, dtype=np.uint64), self._key)
        found: list[int] = np.flatnonzero(_comes_from(drawn, sources_of(wanted))).tolist()
        twins = (rank + 1 for rank in found if self._is_younger_twin(stratum, rank + 1))
        maybe = sorted({*found, *twins})
        return [rank for rank in maybe if self._is_maybe(stratum, rank, wanted)]

    def _is_younger_twin(self, stratum: Stratum, rank: int) -> bool:
        return rank < stratum.count and self._eldest(stratum, rank) != rank

    def _is_maybe(self, stratum: Stratum, rank: int, wanted: str) -> bool:
        """Whether the name is the one wanted for one born at home, or for one born abroad."""
        family = family_of(stratum.start + self._eldest(stratum, rank), self._key)
        return any(
            normalized(names.birth_name(family, abroad=abroad)) == wanted
            for abroad in (False, True)
        )


@lru_cache(maxsize=4096)
def sources_of(wanted: str) -> Sources:
    """What ``wanted`` may begin with, or hold after a particle or an elision."""
    heads = [wanted[:place] for place in _places_of(wanted, " ")]
    families = {wanted, *heads, *_without(wanted, _PARTICLES)}
    return Sources(
        composed=tuple(sorted({code for family in families for code in _codes(family)})),
        plain=_found(families, _PLAIN),
        worldwide=_found(families, _WORLDWIDE),
        vowels=_found(_without(wanted, _ELISIONS), _VOWELS),
    )


def _comes_from(drawn: Numbers, sources: Sources) -> Flags:
    """Which surnames come from one of the places: more than do, never less."""
    rest = drawn // np.uint64(100)
    others, onset = _divided(rest, len(surnames.ONSETS))
    ending = _divided(others, len(surnames.ENDINGS))[1]
    code = onset * np.uint64(len(surnames.ENDINGS)) + ending
    found = _is_one(code, sources.composed)
    tables = (
        (rest, surnames.PLAIN, sources.plain),
        (rest, surnames.WORLDWIDE, sources.worldwide),
        (drawn, surnames.VOWELS, sources.vowels),
    )
    for values, table, places in tables:
        if places:
            found = found | _is_one(_positions(values, len(table)), places)
    return found


def _is_one(values: Numbers, wanted: Sequence[int]) -> Flags:
    found: Flags = np.zeros(len(values), dtype=np.bool_)
    for place in wanted:  # one or two, as a rule
        found |= values == np.uint64(place)
    return found


def _positions(values: Numbers, size: int) -> Numbers:
    """``names._one_of``: the first places of a table more often than the last."""
    above, first = _divided(values, size)
    return first * _divided(above, size)[1] // np.uint64(size)


def _divided(values: Numbers, size: int) -> tuple[Numbers, Numbers]:
    """Quotient and remainder: several times quicker than ``divmod`` of numpy."""
    quotient = values // np.uint64(size)
    return quotient, values - quotient * np.uint64(size)


def _places_in(table: Iterable[str]) -> dict[str, int]:
    return {normalized(name): place for place, name in enumerate(table)}


_PLAIN, _WORLDWIDE = _places_in(surnames.PLAIN), _places_in(surnames.WORLDWIDE)
_VOWELS, _ONSETS = _places_in(surnames.VOWELS), _places_in(surnames.ONSETS)
_PARTICLES, _ELISIONS = (
    frozenset(normalized(prefix) + " " for prefix in prefixes)
    for prefixes in (names.PARTICLES, names.ELISIONS)
)
_TAILS: dict[str, set[int]] = {}  # middle and ending -> places of the ending
for _middle, (_place, _ending) in product(surnames.MIDDLES, enumerate(surnames.ENDINGS)):
    _TAILS.setdefault(_middle + _ending, set()).add(_place)
_LONGEST_ONSET = max(map(len, surnames.ONSETS))


def _codes(family: str) -> Iterable[int]:
    """Every way to compose the name of an onset, a middle and an ending."""
    for length in range(1, min(len(family), _LONGEST_ONSET) + 1):
        onset = _ONSETS.get(family[:length])
        if onset is not None:
            for place in _TAILS.get(family[length:], ()):
                yield onset * len(surnames.ENDINGS) + place


def _without(wanted: str, starts: Iterable[str]) -> set[str]:
    """The name without each prefix it begins with, in the form that is compared."""
    return {wanted.removeprefix(start) for start in starts if wanted.startswith(start)}


def _found(families: Iterable[str], places: dict[str, int]) -> tuple[int, ...]:
    return tuple(sorted({places[family] for family in families if family in places}))


def _places_of(text: str, character: str) -> list[int]:
    return [place for place, found in enumerate(text) if found == character]
