"""World, names: how a person's draws become a birth name, first names and a used name.

Upper case A-Z without diacritics, as INSi returns them. Not here: the tables (``surnames``,
``given_names``).
"""

from __future__ import annotations

from functools import cache

from kit.world import given_names, surnames
from kit.world.draws import Draws, Family

# Bounds in 1,000 birth names; the hashes of ``bearers`` follow the same ones.
DOUBLE, LONG_ELISION, ELIDED, WITH_PARTICLE = 40, 50, 55, 70
FOREIGN_ABROAD, PLAIN, FOREIGN = 60, 14, 16  # bounds in 100 family names
PARTICLES = ("DE ", "DE ", "DE LA ", "DU ", "LE ", "LA ")
ELISIONS = ("D'", "DE L'")
JOINTS = (" ", "-", "-", "--")
_TABLES = {"M": given_names.MEN, "F": given_names.WOMEN}
_WORLDWIDE = {"M": given_names.WORLDWIDE_MEN, "F": given_names.WORLDWIDE_WOMEN}
_JOINING = {"M": given_names.JOINING_MEN, "F": given_names.JOINING_WOMEN}
_SPACED = {"M": given_names.SPACED_MEN, "F": given_names.SPACED_WOMEN}


def birth_name(family: Family, *, abroad: bool) -> str:
    """A birth name: 93 % plain, 4 % double, 3 % with a particle or an apostrophe."""
    shape, rest = family.shape % 1000, family.shape // 1000
    if shape < DOUBLE:
        joint = JOINTS[rest % len(JOINTS)]
        second = _family_name(family.second_surname, abroad=abroad)
        return _family_name(family.surname, abroad=abroad) + joint + second
    if shape < ELIDED:
        prefix = ELISIONS[shape >= LONG_ELISION]
        return prefix + _one_of(surnames.VOWELS, family.surname)
    if shape < WITH_PARTICLE:
        particle = PARTICLES[rest % len(PARTICLES)]
        return particle + _family_name(family.surname, abroad=False)
    return _family_name(family.surname, abroad=abroad)


def used_name(draws: Draws, own: str, *, sex: str, age: int) -> str:
    """The name a person goes by: for half of the women above 30, somebody else's."""
    if sex == "F" and age > 30 and draws.used_name % 100 < 48:
        return _family_name(draws.used_surname, abroad=False)
    return own


def another_name(value: int, own: str) -> str:
    """A family name that is not ``own``."""
    found = _family_name(value, abroad=False)
    return found if found != own else _family_name(value + 1, abroad=False)


def first_names(
    draws: Draws, *, sex: str, year: int, abroad: bool, other_than: str = ""
) -> tuple[str, ...]:
    """One to four birth first names of the decade; the first is not ``other_than`` (a twin's)."""
    decade = min(max(year // 10 * 10, given_names.FIRST_DECADE), given_names.LAST_DECADE)
    first = _first_name(draws, sex, decade, abroad=abroad)
    if first == other_than:
        first = _drawn(sex, decade, draws.first_name >> 8, other_than)
    wanted = (1, 2, 2, 3, 3, 3, 3, 4)[draws.other_first_names & 7]
    names = [first]
    for shift in (3, 11, 19):
        name = _drawn(
            sex, max(decade - 20, given_names.FIRST_DECADE), draws.other_first_names >> shift
        )
        if len(names) < wanted and name not in names:
            names.append(name)
    return tuple(names)


def _family_name(value: int, *, abroad: bool) -> str:
    choice, rest = value % 100, value // 100
    if abroad and choice < FOREIGN_ABROAD:
        return _one_of(surnames.WORLDWIDE, rest)
    if choice < PLAIN:
        return _one_of(surnames.PLAIN, rest)
    if choice < FOREIGN:
        return _one_of(surnames.WORLDWIDE, rest)
    rest, onset = divmod(rest, len(surnames.ONSETS))
    rest, ending = divmod(rest, len(surnames.ENDINGS))
    return surnames.ONSETS[onset] + _one_of(surnames.MIDDLES, rest) + surnames.ENDINGS[ending]


def _one_of(names: tuple[str, ...], value: int) -> str:
    """A name of the table, the first ones more often than the last."""
    size = len(names)
    return names[(value % size) * (value // size % size) // size]


def _first_name(draws: Draws, sex: str, decade: int, *, abroad: bool) -> str:
    shape = draws.first_name_shape % 1000
    if abroad and shape < 550:
        return _one_of(_WORLDWIDE[sex], draws.first_name)
    if shape > 990:
        return _one_of(_SPACED[sex], draws.first_name)
    name = _drawn(sex, decade, draws.first_name)
    if shape > 930:
        half = _JOINING[sex][draws.first_name_shape // 1000 % len(_JOINING[sex])]
        return name if half == name else f"{half}-{name}"
    return name


def _drawn(sex: str, decade: int, value: int, other_than: str = "") -> str:
    slots = _slots(sex, decade)
    name = slots[value % len(slots)]
    while name == other_than:
        value += 97
        name = slots[value % len(slots)]
    return name


@cache
def _slots(sex: str, decade: int) -> tuple[str, ...]:
    """The names of a decade and its neighbours, each as often as it is given."""
    tables = _TABLES[sex]
    own = _repeated(tables[decade], 40)
    near = [tables.get(other, ()) for other in (decade - 10, decade + 10)]
    return (*own, *(name for names in near for name in _repeated(names, 8)))


def _repeated(names: tuple[str, ...], most: int) -> list[str]:
    """A list where the name of rank r comes about ``most`` / (1 + r / 6) times, once at least."""
    return [
        name for rank, name in enumerate(names) for _ in range(max(1, round(most / (1 + rank / 6))))
    ]
