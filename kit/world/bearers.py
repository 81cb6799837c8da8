"""World, bearers: who of a whole day may bear a birth name, told without deriving anybody.

The birth names of a stratum are hashed all at once (numpy) from the same draws as ``names``; a
hash that agrees is a candidate, whose name is then written out and compared. Not here: persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kit.identity import normalized
from kit.world import names, surnames
from kit.world.births import Stratum
from kit.world.draws import Numbers, all_scrambled, families_of, family_key

CACHED_DAYS = 512  # strata kept, each some 16 kB
_BASE = 0x9E3779B97F4A7C15 | 1
_WORD = 0xFFFFFFFFFFFFFFFF

Hashes = tuple[Numbers, Numbers]  # of a text, and the factor of what follows it


class Bearers:
    """The birth names of a seed, by stratum."""

    __slots__ = ("_hashes", "_key", "_seed", "_twins")

    def __init__(self, seed: int, twins_per_thousand: int) -> None:
        self._seed = seed
        self._key = family_key(seed)
        self._twins = twins_per_thousand
        self._hashes = lru_cache(CACHED_DAYS)(self._hashes_of)

    def ranks(self, stratum: Stratum, wanted: str) -> list[int]:
        """Ranks in the stratum of those whose name may be ``wanted``, which is normalized."""
        at_home, abroad = self._hashes(stratum)
        sought = np.uint64(hash_of(wanted))
        found: list[int] = np.flatnonzero((at_home == sought) | (abroad == sought)).tolist()
        return found

    def elders(self, numbers: Numbers, ranks: Numbers) -> Numbers:
        """The index each one's birth name comes from: the elder twin's for the younger."""
        _, drawn = _divided(all_scrambled(numbers, self._seed), 1000)
        is_younger = (ranks & np.uint64(1) == 1) & (drawn < np.uint64(self._twins))
        found: Numbers = numbers - is_younger.astype(np.uint64)
        return found

    def _hashes_of(self, stratum: Stratum) -> tuple[Numbers, Numbers]:
        """Hashes of the names if born at home, and if born abroad."""
        ranks = np.arange(stratum.count, dtype=np.uint64)
        numbers = self.elders(ranks + np.uint64(stratum.start), ranks)
        surname, shape, second = families_of(numbers, self._key)
        rest, share = _divided(shape, 1000)
        names_of = _family_names(surname)
        at_home = names_of.at_home[0].copy()
        abroad = names_of.abroad[0].copy()
        prefixed = np.flatnonzero((share >= names.DOUBLE) & (share < names.WITH_PARTICLE))
        at_home[prefixed] = _prefixed(
            share[prefixed], rest[prefixed], surname[prefixed], at_home[prefixed]
        )
        abroad[prefixed] = at_home[prefixed]
        double = np.flatnonzero(share < names.DOUBLE)
        others = _family_names(second[double])
        at_home[double] = _doubled(names_of.at_home, double, others.at_home)
        abroad[double] = _doubled(names_of.abroad, double, others.abroad)
        return at_home, abroad


def hash_of(text: str) -> int:
    """A hash of 64 bits, such that that of two texts in a row follows from theirs."""
    value = 0
    for character in reversed(text):
        value = (value * _BASE + ord(character)) & _WORD
    return value


def _row(texts: Iterable[str]) -> Hashes:
    """The hashes of a table of texts, as a search compares them."""
    written = tuple(texts)
    hashes = np.array([hash_of(text) for text in written], dtype=np.uint64)
    factors = np.array([pow(_BASE, len(text), 1 << 64) for text in written], dtype=np.uint64)
    return hashes, factors


def _normal(texts: Sequence[str]) -> Hashes:
    return _row(normalized(text) for text in texts)


_PLAIN, _WORLDWIDE = _normal(surnames.PLAIN), _normal(surnames.WORLDWIDE)
_ONSETS, _VOWELS = _normal(surnames.ONSETS), _normal(surnames.VOWELS)
_TAILS = _row(middle + ending for middle in surnames.MIDDLES for ending in surnames.ENDINGS)
_PARTICLES = _row(normalized(text) + " " for text in names.PARTICLES)
_ELISIONS = _row(normalized(text) + " " for text in names.ELISIONS)
_SPACE = _row([" "])


@dataclass(frozen=True, slots=True)
class _FamilyNames:
    """Hashes of family names, as of people born at home and of people born abroad."""

    at_home: Hashes
    abroad: Hashes


def _family_names(values: Numbers) -> _FamilyNames:
    """``names._family_name`` of many values."""
    rest, choice = _divided(values, 100)
    others, onset = _divided(rest, len(surnames.ONSETS))
    others, ending = _divided(others, len(surnames.ENDINGS))
    middle = _positions(others, len(surnames.MIDDLES))
    after = _taken(_TAILS, middle * np.uint64(len(surnames.ENDINGS)) + ending)
    composed = _joined(_taken(_ONSETS, onset), after)
    foreign = _taken(_WORLDWIDE, _positions(rest, len(surnames.WORLDWIDE)))
    plain = _taken(_PLAIN, _positions(rest, len(surnames.PLAIN)))
    at_home = _chosen(choice < names.FOREIGN, foreign, composed)
    at_home = _chosen(choice < names.PLAIN, plain, at_home)
    return _FamilyNames(at_home, _chosen(choice < names.FOREIGN_ABROAD, foreign, at_home))


def _doubled(first: Hashes, places: NDArray[np.intp], second: Hashes) -> Numbers:
    """The hashes of two family names with a space between them."""
    space = (np.repeat(_SPACE[0], len(places)), np.repeat(_SPACE[1], len(places)))
    own = (first[0].take(places), first[1].take(places))
    return _joined(own, _joined(space, second))[0]


def _prefixed(share: Numbers, rest: Numbers, surname: Numbers, native: Numbers) -> Numbers:
    """The hashes of names with an elision, which are of their own table, or with a particle."""
    is_elided = share < names.ELIDED
    vowel = _taken(_VOWELS, _positions(surname, len(surnames.VOWELS)))[0]
    elision = _taken(_ELISIONS, (share >= names.LONG_ELISION).astype(np.uint64))
    particle = _taken(_PARTICLES, rest % np.uint64(len(names.PARTICLES)))
    prefix = _chosen(is_elided, elision, particle)
    own = np.where(is_elided, vowel, native)
    return _joined(prefix, (own, own))[0]


def _positions(values: Numbers, size: int) -> Numbers:
    """``names._one_of``: the first places of a table more often than the last."""
    above, first = _divided(values, size)
    return first * _divided(above, size)[1] // np.uint64(size)


def _divided(values: Numbers, size: int) -> tuple[Numbers, Numbers]:
    """Quotient and remainder: several times quicker than ``divmod`` of numpy."""
    quotient = values // np.uint64(size)
    return quotient, values - quotient * np.uint64(size)


def _taken(row: Hashes, places: Numbers) -> Hashes:
    at = places.astype(np.intp)
    return row[0].take(at), row[1].take(at)


def _joined(first: Hashes, then: Hashes) -> Hashes:
    return first[0] + first[1] * then[0], first[1] * then[1]


def _chosen(condition: NDArray[np.bool_], one: Hashes, other: Hashes) -> Hashes:
    return np.where(condition, one[0], other[0]), np.where(condition, one[1], other[1])
