"""Simulator, RNIV, detection: how alike two identities are, and what that makes of them.

The clues are rows: a name, points, a test of two identities. Two identities are the same person
twice (doublon) or two persons of the same name (homonymes); one identity may hold two persons
(collision). Points and thresholds are the bench's own [D]: the framework publishes none. Not here:
which identities are compared (``store``), what a clerk decides (``merging``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from kit.identity import IdentityTraits, normalized
from simulator.rniv.record import COG_UNKNOWN, Identity

POTENTIAL_FROM, HOMONYM_FROM, SAME_PERSON_FROM = 80, 90, 45  # points
ALIKE_FROM = 0.8  # share of common letters: one of five may be another, or in another place


class Likeness(StrEnum):
    """What two identities, or one, are found to be (table 0445; COLP, COLV of one identity)."""

    NOTHING = ""
    POTENTIAL_DUPLICATE = "DPOT"
    PROVEN_DUPLICATE = "DOUA"
    HOMONYMS = "HOMD"
    POTENTIAL_COLLISION = "COLP"
    PROVEN_COLLISION = "COLV"


DUPLICATES = (Likeness.POTENTIAL_DUPLICATE, Likeness.PROVEN_DUPLICATE)


@dataclass(frozen=True, slots=True)
class Clue:
    """A row of the score: points when it holds of two identities' traits."""

    name: str
    points: int
    holds: Callable[[IdentityTraits, IdentityTraits], bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The score of two identities, the clues that made it, and what it says."""

    score: int
    clues: tuple[str, ...]
    likeness: Likeness


def _same_name(one: IdentityTraits, other: IdentityTraits) -> bool:
    return normalized(one.birth_name) == normalized(other.birth_name)


def _alike_name(one: IdentityTraits, other: IdentityTraits) -> bool:
    return not _same_name(one, other) and _are_near(one.birth_name, other.birth_name)


def _same_first_name(one: IdentityTraits, other: IdentityTraits) -> bool:
    return normalized(one.first_name) == normalized(other.first_name)


def _shared_first_name(one: IdentityTraits, other: IdentityTraits) -> bool:
    """Another order, one short of a compound, or one letter apart."""
    if _same_first_name(one, other):
        return False
    words = _words(one), _words(other)
    return bool(words[0] & words[1]) or _are_near(one.first_name, other.first_name)


def _no_shared_first_name(one: IdentityTraits, other: IdentityTraits) -> bool:
    return not _same_first_name(one, other) and not _shared_first_name(one, other)


def _same_date(one: IdentityTraits, other: IdentityTraits) -> bool:
    return one.birth_date == other.birth_date


def _swapped_date(one: IdentityTraits, other: IdentityTraits) -> bool:
    return not _same_date(one, other) and one.birth_date == swapped_date(other.birth_date)


def _near_date(one: IdentityTraits, other: IdentityTraits) -> bool:
    if _swapped_date(one, other) or len(one.birth_date) != len(other.birth_date):
        return False
    apart = sum(a != b for a, b in zip(one.birth_date, other.birth_date, strict=True))
    return apart == 1


def _same_sex(one: IdentityTraits, other: IdentityTraits) -> bool:
    return one.sex == other.sex


def _same_place(one: IdentityTraits, other: IdentityTraits) -> bool:
    return one.birth_place == other.birth_place != COG_UNKNOWN


CLUES: tuple[Clue, ...] = (
    Clue("same birth name", 35, _same_name),
    Clue("alike birth name", 22, _alike_name),
    Clue("same first name", 25, _same_first_name),
    Clue("shared first name", 15, _shared_first_name),
    Clue("no shared first name: twins, family", -30, _no_shared_first_name),
    Clue("same birth date", 30, _same_date),
    Clue("day and month swapped", 20, _swapped_date),
    Clue("birth date one digit apart", 15, _near_date),
    Clue("same sex", 5, _same_sex),
    Clue("same birth place", 10, _same_place),
)


def compare(one: Identity, other: Identity) -> Comparison:
    """The best score of two identities, under the traits in force and the used names."""
    pairs = [(a, b) for a in _faces(one) for b in _faces(other)]
    score, clues = max(_score(a, b) for a, b in pairs)
    return Comparison(score, clues, _likeness(one, other, score))


def holds_two_persons(identity: Identity) -> Likeness:
    """Whether traits that were replaced were another person's: a potential collision."""
    for former in identity.former_traits:
        score, _ = _score(former, identity.traits)
        if score < SAME_PERSON_FROM:
            return Likeness.POTENTIAL_COLLISION
    return Likeness.NOTHING


def swapped_date(text: str) -> str:
    """``1984-03-11`` -> ``1984-11-03``."""
    year, month, day = text.split("-")
    return f"{year}-{day}-{month}"


def _likeness(one: Identity, other: Identity, score: int) -> Likeness:
    """The number decides where both have one: the same is one person, another is two."""
    if one.ins and other.ins:
        if one.ins.matricule == other.ins.matricule:
            return Likeness.PROVEN_DUPLICATE
        return Likeness.HOMONYMS if score >= HOMONYM_FROM else Likeness.NOTHING
    return Likeness.POTENTIAL_DUPLICATE if score >= POTENTIAL_FROM else Likeness.NOTHING


def _faces(identity: Identity) -> tuple[IdentityTraits, ...]:
    """The traits, and again under the used name when there is one: some type it as birth name."""
    traits, used = identity.traits, identity.complement.used_name
    if not used:
        return (traits,)
    return traits, IdentityTraits(
        used, traits.first_names, traits.sex, traits.birth_date, traits.birth_place
    )


def _score(one: IdentityTraits, other: IdentityTraits) -> tuple[int, tuple[str, ...]]:
    held = [clue for clue in CLUES if clue.holds(one, other)]
    return sum(clue.points for clue in held), tuple(clue.name for clue in held)


def _are_near(one: str, other: str) -> bool:
    first, second = sorted((normalized(one), normalized(other)))  # the ratio is not symmetric
    return SequenceMatcher(None, first, second).ratio() >= ALIKE_FROM


def _words(traits: IdentityTraits) -> set[str]:
    return {word for name in traits.first_names for word in normalized(name).split()}
