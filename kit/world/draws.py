"""World, draws: the numbers a person's life is read from, a keyed hash of seed and index.

Pure and without state: asking twice gives the same. Not here: what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

_UNPACK = Struct("<14I").unpack


class Draws(NamedTuple):
    """Uniform numbers of 32 bits, one for each purpose, so that one purpose never moves another."""

    surname: int
    surname_shape: int
    second_surname: int
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


def scrambled(number: int, seed: int) -> int:
    """A quick hash of 64 bits, for choices that touch every person of a search."""
    mixed = (number * 0x9E3779B97F4A7C15 + seed * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ (mixed >> 31)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return mixed ^ (mixed >> 29)
