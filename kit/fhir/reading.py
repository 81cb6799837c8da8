"""Kit, FHIR: the one reader of JSON that came over the wire, with bounds.

Not here: what the JSON means.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from kit.rules import Malformed

Resource = dict[str, Any]

# Possessive: linear in the body, whatever it holds.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


BODY = "body"  # where a body is wrong as a whole
MAX_FIELDS, MAX_FORM_BYTES = 500, 64 * 1024


def read_json(
    data: bytes, *, where: str = BODY, max_depth: int = 32, max_values: int = 0
) -> Resource:
    """Read one JSON object.

    Raises Malformed for bad UTF-8, bad JSON, nesting deeper than ``max_depth``, about more than
    ``max_values`` values (0: no bound), a name given twice in an object, a number that JSON does
    not have, or anything but an object.
    """
    value = _read(data, where, max_depth, max_values)
    if not isinstance(value, dict):
        raise Malformed(where, "not a JSON object")
    return value


def read_json_patch(
    data: bytes, *, where: str = BODY, max_depth: int = 32, max_values: int = 2_000
) -> Resource:
    """Read a JSON Patch (RFC 6902): the array of its operations, under ``operations``."""
    value = _read(data, where, max_depth, max_values)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Malformed(where, "not a JSON array of operations")
    return {"operations": value}


def read_form(data: bytes, *, where: str = BODY, max_depth: int = 32) -> Resource:
    """Read the form of a search by POST: its fields in order, under ``parameters``."""
    del max_depth
    if len(data) > MAX_FORM_BYTES:
        raise Malformed(where, f"a form of more than {MAX_FORM_BYTES} bytes")
    try:
        pairs = parse_qsl(data.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise Malformed(where, f"not a form in UTF-8 of {MAX_FIELDS} fields at most") from error
    return {"parameters": pairs}


def _read(data: bytes, where: str, max_depth: int, max_values: int) -> Any:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(where, f"not UTF-8 at byte {error.start}") from error
    if max_values and sum(map(text.count, ",[{")) > max_values:
        raise Malformed(where, f"more than {max_values} values")
    _refuse_depth(text, where, max_depth)
    return _loads(text, where)


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
