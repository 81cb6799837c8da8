"""INS mock, rules: whom a search designates, and how an answer shows them.

Pure: no Flask, no XML, no SQL. Source: ins.md 2.10; the real algorithm is not published.
"""

from collections.abc import Iterable
from dataclasses import replace

from kit.identity import NIR_OID, TEST_OID, Ins, InsLookup, normalized
from mocks.ins.messages import Individual, SearchRequest


def designated(
    request: SearchRequest, people: Iterable[Individual], mode: str
) -> tuple[Individual, ...]:
    """The persons a search designates among those born on that date with that sex.

    mode: ``strict`` (the name as it is, first names in order) or ``lenient`` (hyphen,
    apostrophe and space are equal; any first name of the list, or a beginning of the list).
    """
    agree = _agrees_loosely if mode == "lenient" else _agrees_exactly
    return tuple(
        person
        for person in people
        if request.sex == person.traits.sex
        and request.birth_date == person.traits.birth_date
        and request.birth_place in ("", person.traits.birth_place)
        and agree(request, person)
    )


def outcome(found: tuple[Individual, ...]) -> InsLookup:
    """00, 01 or 02."""
    if not found:
        return InsLookup.NONE
    return InsLookup.FOUND if len(found) == 1 else InsLookup.SEVERAL


def as_answered(person: Individual, oids: str, has_first_name: bool) -> Individual:
    """The person as an answer shows them.

    oids: ``held`` (each number with its own), ``test`` (.10 for all) or ``production`` (.8 for
    those of the test arc, as the INSi test service does). has_first_name: fill TIQ/Prenom.
    """
    return replace(
        person,
        ins=_with_oid(person.ins, oids),
        history=tuple(_with_oid(past, oids) for past in person.history),
        first_name=person.traits.first_name if has_first_name else "",
    )


def _with_oid(ins: Ins, oids: str) -> Ins:
    if oids == "test":
        return replace(ins, oid=TEST_OID)
    if oids == "production" and ins.oid == TEST_OID:
        return replace(ins, oid=NIR_OID)
    return ins


def _agrees_exactly(request: SearchRequest, person: Individual) -> bool:
    given, known = request.first_names, person.traits.first_names
    return request.birth_name == person.traits.birth_name and given == known[: len(given)]


def _agrees_loosely(request: SearchRequest, person: Individual) -> bool:
    known = [normalized(name) for name in person.traits.first_names]
    whole = " ".join(known) + " "
    given = [normalized(name) for name in request.first_names]
    return normalized(request.birth_name) == normalized(person.traits.birth_name) and all(
        name in known or whole.startswith(name + " ") for name in given
    )
