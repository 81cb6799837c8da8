"""World, draws: the numbers a person's life is read from, a keyed hash of seed and index.

Pure and without state: asking twice gives the same. Not here: what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_UNPACK = Struct("<14I").unpack
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = 0xFFFFFFFFFFFFFFFF

Numbers = NDArray[np.uint64]


class Draws(NamedTuple):
    """Uniform numbers of 32 bits, one for each purpose, so that one purpose never moves another."""

    waiting: int
    incomplete: int
    former: int
    first_name: int
    first_name_shape: int
    other_first_names: int
    used_name: int
    used_surname: int
    home: int
    street: int
    phone: int
    record: int
    history: int
    twins: int


def drawing(seed: int, purpose: str) -> Callable[[int], Draws]:
    """A function from a number (the index of a person) to their draws, for this seed."""
    key = blake2b(f"{seed}/{purpose}".encode(), digest_size=32).digest()

    def draw(number: int) -> Draws:
        digest = blake2b(number.to_bytes(8, "little"), digest_size=56, key=key).digest()
        return Draws._make(_UNPACK(digest))

    return draw


class Family(NamedTuple):
    """What a birth name is read from: a number for each purpose."""

    surname: int
    shape: int
    second_surname: int


def family_key(seed: int) -> int:
    """The key of the birth names of a seed."""
    return int.from_bytes(blake2b(f"{seed}/families".encode(), digest_size=8).digest(), "little")


def family_of(number: int, key: int) -> Family:
    """The family of a person: a quick hash, so that thousands can be told at once."""
    own = _mixed((number * _GOLDEN + key) & _WORD)
    return Family(own & 0xFFFFFFFF, own >> 32, _mixed((own + _GOLDEN) & _WORD) & 0xFFFFFFFF)


def surnames_of(numbers: Numbers, key: int) -> Numbers:
    """The surname of ``family_of`` for many people at once."""
    mixed = numbers * np.uint64(_GOLDEN) + np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
    return (mixed ^ (mixed >> np.uint64(31))) & np.uint64(0xFFFFFFFF)


def scrambled(number: int, seed: int) -> int:
    """A quick hash of 64 bits, for choices that touch every person of a search."""
    mixed = (number * _GOLDEN + seed * _FIRST) & _WORD
    mixed = (mixed ^ (mixed >> 31)) * _SECOND & _WORD
    return mixed ^ (mixed >> 29)


def _mixed(value: int) -> int:
    """The finalizer of splitmix64."""
    value = (value ^ (value >> 30)) * _FIRST & _WORD
    value = (value ^ (value >> 27)) * _SECOND & _WORD
    return value ^ (value >> 31)
