"""Kit, FHIR: the one reader of JSON that came over the wire, with bounds.

Not here: what the JSON means.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from kit.rules import Malformed

Resource = dict[str, Any]

# Possessive: linear in the body, whatever it holds.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


def read_json(data: bytes, *, where: str = "body", max_depth: int = 32) -> Resource:
    """Read one JSON object.

    Raises Malformed for bad UTF-8, bad JSON, nesting deeper than ``max_depth``, a name given
    twice in an object, a number that JSON does not have, or anything but an object.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(where, f"not UTF-8 at byte {error.start}") from error
    _refuse_depth(text, where, max_depth)
    value = _loads(text, where)
    if not isinstance(value, dict):
        raise Malformed(where, "not a JSON object")
    return value


def _refuse_depth(text: str, where: str, max_depth: int) -> None:
    depth = 0
    for found in _STRUCTURE.finditer(text):
        mark = found[0][0]
        if mark in "[{":
            depth += 1
            if depth > max_depth:
                raise Malformed(where, f"nested deeper than {max_depth} levels")
        elif mark in "]}":
            depth -= 1


def _loads(text: str, where: str) -> Any:
    def members(pairs: Iterable[tuple[str, Any]]) -> Resource:
        found: Resource = {}
        for name, value in pairs:
            if name in found:
                raise Malformed(where, f"the name {name!r} is given twice in one object")
            found[name] = value
        return found

    def constant(name: str) -> Any:
        raise Malformed(where, f"{name} is not JSON")

    def number(digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            raise Malformed(where, "a number is too large")
        return value

    try:
        return json.loads(
            text, object_pairs_hook=members, parse_constant=constant, parse_float=number
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise Malformed(where, f"not JSON: {error.msg}, {place}") from error
    except ValueError as error:
        raise Malformed(where, "a number is too long") from error
