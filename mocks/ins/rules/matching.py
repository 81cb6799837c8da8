"""INS mock, rules: whom a search designates, and how an answer shows them.

Pure: no Flask, no XML, no SQL. Source: INSi captures; the real algorithm is not published.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from kit.identity import (
    NIR_OID,
    TEST_OID,
    Ins,
    InsLookup,
    completed_date,
    ins_key,
    is_matricule,
    normalized,
)
from mocks.ins.messages import AS_HELD, Individual, SearchRequest, Shape


def designated(
    request: SearchRequest, people: Iterable[Individual], mode: str
) -> tuple[Individual, ...]:
    """The persons a search designates among those born on that date with that sex.

    mode: ``strict`` (birth name and date as they are; the given first names are the first ones of
    the list, hyphen and space being equal: EXI ID 10) or ``lenient`` (hyphen, apostrophe and space
    are equal in the name too; any first name of the list, or a beginning of it; an incomplete date
    is that of EXI ID 11 and 12).
    """
    agree = _agrees_loosely if mode == "lenient" else _agrees_exactly
    return tuple(
        person
        for person in people
        if request.sex == person.traits.sex
        and request.birth_place in ("", person.traits.birth_place)
        and agree(request, person)
    )


def outcome(found: tuple[Individual, ...]) -> InsLookup:
    """00, 01 or 02."""
    if not found:
        return InsLookup.NONE
    return InsLookup.FOUND if len(found) == 1 else InsLookup.SEVERAL


def as_answered(
    person: Individual, oids: str, has_first_name: bool, shape: Shape = AS_HELD
) -> Individual:
    """The person as an answer shows them.

    oids: ``held`` (each number with its own), ``test`` (.10 for all) or ``production`` (.8 for
    those of the test arc, as the INSi test service does). has_first_name: fill TIQ/Prenom.
    """
    return replace(
        person,
        ins=_with_key(_with_oid(person.ins, oids), shape.keys),
        history=tuple(_with_key(_with_oid(past, oids), shape.keys) for past in person.history),
        first_name=person.traits.first_name if has_first_name else "",
        has_dates_first=shape.order == "dates_first",
    )


def _with_key(ins: Ins, keys: str) -> Ins:
    """The number with the right key, or with the wrong one of the official file: 76 gives 60."""
    if keys == "held" or not is_matricule(ins.matricule):
        return ins
    key = int(ins_key(ins.number))
    key = key if keys == "right" else (key - 16 - 1) % 97 + 1
    return replace(ins, matricule=f"{ins.number}{key:02d}")


def _with_oid(ins: Ins, oids: str) -> Ins:
    if oids == "test":
        return replace(ins, oid=TEST_OID)
    if oids == "production" and ins.oid == TEST_OID:
        return replace(ins, oid=NIR_OID)
    return ins


def _agrees_exactly(request: SearchRequest, person: Individual) -> bool:
    traits = person.traits
    return (
        request.birth_name == traits.birth_name
        and request.birth_date == traits.birth_date
        and _begins(request.first_names, traits.first_names)
    )


def _agrees_loosely(request: SearchRequest, person: Individual) -> bool:
    traits = person.traits
    known = [normalized(name) for name in traits.first_names]
    whole = " ".join(known) + " "
    return (
        normalized(request.birth_name) == normalized(traits.birth_name)
        and completed_date(request.birth_date) == completed_date(traits.birth_date)
        and all(
            name in known or whole.startswith(name + " ")
            for name in map(normalized, request.first_names)
        )
    )


def _begins(given: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Whether the first names given are the first of the list: one, some or all of them."""
    if given == known[: len(given)]:
        return True
    joined, whole = normalized(" ".join(given)), ""
    for name in known:
        whole = f"{whole} {normalized(name)}".strip()
        if whole == joined:
            return True
    return False


def is_born(person: Individual, today: date) -> bool:
    """Whether the person exists on that day: the country knows births to come."""
    return completed_date(person.traits.birth_date) <= today.isoformat()
