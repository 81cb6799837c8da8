"""INS messages, persons: a person of the base over the control channel, in JSON.

Not part of the teleservice: the bench's own way to change a person's number or traits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from kit.identity import Ins, PastIns
from kit.rules import Malformed
from mocks.ins.messages.search import Individual

_FORMS = {
    "matricule": (re.compile(r"\d{6}[AB0-9]\d{8}", re.ASCII), "13 characters and 2 of key"),
    "oid": (re.compile(r"[0-2](\.(0|[1-9]\d*))+", re.ASCII), "an OID"),
    "sex": (re.compile(r"[MF]"), "M or F"),
    "birth_date": (re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), "YYYY-MM-DD"),
    "birth_place": (re.compile(r"[0-9A-Z]{5}"), "a COG code of 5 characters"),
    "birth_name": (re.compile(r".{1,200}"), "1 to 200 characters"),
}


@dataclass(frozen=True, slots=True)
class Correction:
    """What changes of a person; None for what stays. A changed number enters the history."""

    matricule: str | None = None
    oid: str | None = None
    birth_name: str | None = None
    first_names: tuple[str, ...] | None = None
    sex: str | None = None
    birth_date: str | None = None
    birth_place: str | None = None

    def given(self) -> dict[str, Any]:
        """The changes, by field name."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in found.items() if value is not None}


def read_correction(given: Any) -> Correction:
    """Read a correction from JSON. Raises Malformed naming the field that is wrong."""
    if not isinstance(given, Mapping) or not given:
        raise Malformed("body", "expected an object with at least one field of a person")
    known = {item.name for item in fields(Correction)}
    for name, value in given.items():
        if name not in known:
            raise Malformed(str(name), f"not one of {', '.join(sorted(known))}")
        if name != "first_names":
            _judge(name, value)
    values = dict(given)
    if "first_names" in values:
        values["first_names"] = _first_names(values["first_names"])
    return Correction(**values)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a person is answered, on demand, as some official files are.

    order: ``schema``, or ``dates_first`` (TEST_2.04_cas2). keys: ``held``, ``right`` (by the
    formula) or ``wrong`` (TEST_2.08_cas2: 16 below the right one).
    """

    order: str = "schema"
    keys: str = "held"


AS_HELD = Shape()
_SHAPES = {"order": ("schema", "dates_first"), "keys": ("held", "right", "wrong")}


def read_shape(given: Any) -> Shape:
    """Read a shape from JSON. Raises Malformed naming the field that is wrong."""
    if not isinstance(given, Mapping) or not given:
        raise Malformed("body", "expected an object with order or keys")
    for name, value in given.items():
        if name not in _SHAPES:
            raise Malformed(str(name), f"not one of {', '.join(_SHAPES)}")
        if value not in _SHAPES[name]:
            raise Malformed(name, f"expected one of {', '.join(_SHAPES[name])}")
    return Shape(**given)


def read_merge(given: Any) -> str:
    """Read ``{"into": matricule}``: who remains when two identities are one person."""
    if not isinstance(given, Mapping) or set(given) != {"into"}:
        raise Malformed("body", 'expected {"into": matricule}')
    _judge("into", given["into"])
    return str(given["into"])


def write_person(person: Individual) -> dict[str, Any]:
    """A person as JSON."""
    return {
        "matricule": person.ins.matricule,
        "oid": person.ins.oid,
        "birth_name": person.traits.birth_name,
        "first_names": list(person.traits.first_names),
        "sex": person.traits.sex,
        "birth_date": person.traits.birth_date,
        "birth_place": person.traits.birth_place,
        "history": [_write_past(past) for past in person.history],
    }


def _write_past(past: Ins) -> dict[str, str]:
    written = {"matricule": past.matricule, "oid": past.oid}
    if isinstance(past, PastIns):
        written |= {"valid_from": past.valid_from, "valid_until": past.valid_until}
    return written


def _judge(name: str, value: Any) -> None:
    form, expected = _FORMS["matricule" if name == "into" else name]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Malformed(name, f"expected {expected}")


def _first_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Malformed("first_names", "expected a list of at least one name")
    if not all(isinstance(name, str) and 0 < len(name) <= 100 for name in value):
        raise Malformed("first_names", "each is a text of 1 to 100 characters")
    return tuple(value)
