"""World, past: what changed in a life: numbers, names, first names, sex; from a person's draws.

A past number leads back to its holder by arithmetic. Not here: who holds a number today
(``register``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kit.identity import TEST_OID, IdentityTraits, Ins, PastIns
from kit.world import births, names
from kit.world.draws import Draws
from kit.world.register import Birth, Register

# Bounds in 10,000 people
FORMER_NUMBER_ABROAD = 200  # a waiting number before the permanent one
SAME_NUMBER, OTHER_SEX = 20, 28  # born in France: the same number again; one of the other sex
OTHER_FIRST_NAME, OTHER_NAME = 15, 30  # changes of name that leave the number as it is

_FIRST_YEAR_OF_HISTORY = 2006  # INSi service: none before
_WAITING_DIGITS = {"1": "7", "2": "8"}
_PERMANENT_DIGITS = {"7": "1", "8": "2"}
_OTHER_DIGIT = {"1": "2", "2": "1"}
_OTHER_SEX = {"M": "F", "F": "M"}


@dataclass(frozen=True, slots=True)
class Past:
    """Past numbers, and the traits of the civil register before the last change."""

    history: tuple[PastIns, ...] = ()
    former_traits: tuple[IdentityTraits, ...] = ()


NOTHING = Past()


def of(
    birth: Birth, draws: Draws, traits: IdentityTraits, register: Register, *, is_waiting: bool
) -> Past:
    """What changed: nothing, for 99 in 100."""
    share = draws.history % 10_000
    if birth.place.is_abroad:
        if share < FORMER_NUMBER_ABROAD and not is_waiting:
            number = _WAITING_DIGITS[birth.number[0]] + birth.number[1:]
            return Past((_past(birth, number, draws.history),))
    elif share < SAME_NUMBER:
        return Past((_past(birth, birth.number, draws.history),))
    elif share < OTHER_SEX:
        return _of_other_sex(birth, draws, traits, register)
    if draws.former % 10_000 < OTHER_NAME:
        return Past((), (_former(birth, draws, traits),))
    return NOTHING


def permanent(number: str) -> str:
    """The number that followed a waiting one (7 or 8 first); any other as it is."""
    return _PERMANENT_DIGITS.get(number[0], number[0]) + number[1:]


def of_other_sex(number: str) -> str:
    """The same number with the digit of the other sex."""
    return _OTHER_DIGIT.get(number[0], number[0]) + number[1:]


def _of_other_sex(birth: Birth, draws: Draws, traits: IdentityTraits, register: Register) -> Past:
    """A corrected sex: past number and traits are of the other one, unless somebody has it."""
    number = of_other_sex(birth.number)
    if any(True for _ in register.find(number)):
        return NOTHING
    sex = _OTHER_SEX[traits.sex]
    first_names = names.first_names(draws, sex=sex, year=birth.stratum.year, abroad=False)
    former = replace(traits, sex=sex, first_names=first_names)
    return Past((_past(birth, number, draws.history),), (former,))


def _former(birth: Birth, draws: Draws, traits: IdentityTraits) -> IdentityTraits:
    """The traits before another first name, or another name, was given."""
    if draws.former % 10_000 < OTHER_FIRST_NAME:
        return replace(traits, first_names=_others(birth, draws, traits))
    return replace(traits, birth_name=names.another_name(draws.former, traits.birth_name))


def _others(birth: Birth, draws: Draws, traits: IdentityTraits) -> tuple[str, ...]:
    other = names.first_names(
        draws._replace(first_name=draws.former),
        sex=traits.sex,
        year=birth.stratum.year,
        abroad=birth.place.is_abroad,
        other_than=traits.first_name,
    )
    return (other[0], *(name for name in traits.first_names[1:] if name != other[0]))


def _past(birth: Birth, number: str, value: int) -> PastIns:
    """A past number, of the test arc even if it was a waiting one: documents may lie under it."""
    since = max(_FIRST_YEAR_OF_HISTORY, birth.stratum.year)
    until = since + value // 10_000 % max(1, births.LAST_COUNTED_YEAR - since)
    ins = Ins.of(number, TEST_OID)
    return PastIns(ins.matricule, ins.oid, f"{since}-12-31", f"{until + 1}-03-01")
