"""ROR messages: the FHIRPath Patch of first-level elements (extended mode).

Outside the bed update only first-level attributes can be patched. Not here: capacity blocks
(bed_patch), what is refused (rules).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kit.fhir import Resource
from kit.rules import Malformed

REPLACE, ADD, DELETE = "replace", "add", "delete"
FIXED = ("resourceType", "id", "meta")


@dataclass(frozen=True, slots=True)
class ElementOperation:
    """One operation on one element; ``value`` is None when it deletes."""

    kind: str
    element: str
    value: Any = None


def read_element_patch(resource: Resource, resource_type: str) -> tuple[ElementOperation, ...]:
    """Read a Parameters resource. Raises Malformed when it is no such patch."""
    found = resource.get("parameter")
    if resource.get("resourceType") != "Parameters" or not isinstance(found, list) or not found:
        raise Malformed("body", "expected Parameters with at least one operation")
    return tuple(_read(item, resource_type, at) for at, item in enumerate(found))


def _read(item: Any, resource_type: str, at: int) -> ElementOperation:
    where = f"Parameters.parameter[{at}]"
    parts = item.get("part") if isinstance(item, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise Malformed(where, "expected an array of parts")
    named = {str(part.get("name")): part for part in parts}
    kind = named.get("type", {}).get("valueString", named.get("type", {}).get("valueCode"))
    path = named.get("path", {}).get("valueString", "")
    element = re.fullmatch(rf"{resource_type}\.([A-Za-z]+)", str(path))
    if kind not in (ADD, REPLACE, DELETE):
        raise Malformed(f"{where}.part[type]", "expected add, replace or delete")
    if not element or element[1] in FIXED:
        raise Malformed(f"{where}.part[path]", f"expected {resource_type}.<first-level element>")
    return ElementOperation(kind, element[1], _value(named, kind, where))


def _value(named: dict[str, Resource], kind: str, where: str) -> Any:
    values = [value for key, value in named.get("value", {}).items() if key.startswith("value")]
    if kind == DELETE:
        return None
    if len(values) != 1:
        raise Malformed(f"{where}.part[value]", "expected one value[x]")
    return values[0]


def patched(resource: Resource, operations: tuple[ElementOperation, ...]) -> Resource:
    """The resource after the operations; the rules judge what it became."""
    changed = dict(resource)
    for operation in operations:
        before = changed.pop(operation.element, None)
        if operation.kind == DELETE:
            continue
        if operation.kind == ADD and isinstance(before, list):
            changed[operation.element] = [*before, operation.value]
        else:
            is_list = isinstance(before, list) and not isinstance(operation.value, list)
            changed[operation.element] = [operation.value] if is_list else operation.value
    return changed
