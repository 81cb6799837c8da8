"""ROR messages: the FHIRPath Patch of capacity blocks (mise à jour des lits), both ways.

Paths have one documented shape, which a small parser reads; an evaluator of FHIRPath would
accept any expression and could not say what is wrong with one. Not here: what is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kit.fhir import Resource
from kit.rules import Malformed
from mocks.ror.messages import capacity as blocks
from mocks.ror.messages.capacity import KEY, SUPPORTED_CAPACITY, Capacity, Key, Parts

ADD, REPLACE, DELETE = "add", "replace", "delete"
CAPACITY_PATH = f"Location.extension.where(url='{SUPPORTED_CAPACITY}')"
Criteria = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BedOperation:
    """One operation on one block, as it came.

    criteria: (part, code) pairs of the path; None when the path has not the documented shape.
    values: the blocks the operation carries, as parts; the service takes one.
    """

    kind: str
    path: str
    criteria: Criteria | None
    values: tuple[Parts, ...] = ()

    def matches(self, found: Sequence[Capacity]) -> list[int]:
        """The indices of the blocks that the path designates."""
        wanted = self.criteria or ()
        return [
            index
            for index, block in enumerate(found)
            if all(
                dict(zip(KEY, block.key, strict=True)).get(part) == code for part, code in wanted
            )
        ]

    def applied(self, found: Sequence[Capacity]) -> tuple[Capacity, ...]:
        """The blocks after this operation, which the rules have let pass."""
        if self.kind == ADD:
            return (*found, blocks.capacity_of(self.values[0]))
        index = self.matches(found)[0]
        new = (blocks.capacity_of(self.values[0]),) if self.kind == REPLACE else ()
        return (*found[:index], *new, *found[index + 1 :])


@dataclass(frozen=True, slots=True)
class BedPatch:
    """The operations of one request."""

    operations: tuple[BedOperation, ...]


def add(capacity: Capacity) -> BedOperation:
    """Add a block."""
    return BedOperation(ADD, CAPACITY_PATH, (), (blocks.parts_of(capacity),))


def replace(capacity: Capacity) -> BedOperation:
    """Replace the block that has the same key."""
    criteria = criteria_of(capacity.key)
    return BedOperation(
        REPLACE, write_capacity_path(criteria), criteria, (blocks.parts_of(capacity),)
    )


def delete(key: Key) -> BedOperation:
    """Delete the block with this key."""
    criteria = criteria_of(key)
    return BedOperation(DELETE, write_capacity_path(criteria), criteria)


def criteria_of(key: Key) -> Criteria:
    """The criteria that designate a key: one for each part that is present."""
    return tuple((part, code) for part, code in zip(KEY, key, strict=True) if code)


def write_capacity_path(criteria: Criteria) -> str:
    """The path of the blocks that meet ``criteria``."""
    if not criteria:
        return CAPACITY_PATH
    conditions = " and ".join(
        f"extension.where(url = '{part}' and valueCodeableConcept.coding.code = '{code}')"
        for part, code in criteria
    )
    return f"{CAPACITY_PATH}.where({conditions})"


def told(operation: BedOperation) -> tuple[str, int | None]:
    """What an accepted operation says: the key of its block, and how many; None when deleted."""
    if not operation.values:
        codes = dict(operation.criteria or ())
        return blocks.key_text(codes.get(part, "") for part in KEY), None
    block = blocks.capacity_of(operation.values[0])
    return blocks.key_text(block.key), block.nb_capacity


_CONDITION = (
    r"extension\s*\.\s*where\(\s*url\s*=\s*'(\w+)'"
    r"\s+and\s+valueCodeableConcept\s*\.\s*coding\s*\.\s*code\s*=\s*'([^']*)'\s*\)"
)
_PATH = re.compile(
    r"Location\.extension\.where\(\s*url\s*=\s*'" + re.escape(SUPPORTED_CAPACITY) + r"'\s*\)"
    r"(?:\.where\(\s*(?P<criteria>" + _CONDITION + r"(?:\s+and\s+" + _CONDITION + r")*)\s*\))?"
)


def read_capacity_path(text: str) -> Criteria | None:
    """The criteria of a path of the documented shape; None for any other."""
    found = _PATH.fullmatch(text.strip())
    if not found:
        return None
    return tuple(re.findall(_CONDITION, found["criteria"] or ""))


def write_bed_patch(patch: BedPatch) -> Resource:
    """The Parameters resource of a patch."""
    return {
        "resourceType": "Parameters",
        "parameter": [_write_operation(operation) for operation in patch.operations],
    }


def _write_operation(operation: BedOperation) -> Resource:
    part: list[Resource] = [
        {"name": "type", "valueString": operation.kind},
        {"name": "path", "valueString": operation.path},
    ]
    if operation.values:
        written = [blocks.write_capacity(blocks.capacity_of(parts)) for parts in operation.values]
        # A part without a name is no legal FHIR Patch; it is what the service takes.
        part.append({"name": "value", "part": [{"extension": written}]})
    return {"name": "operation", "part": part}


def read_bed_patch(resource: Resource) -> BedPatch:
    """Read a Parameters resource. Raises Malformed when it is no FHIRPath Patch."""
    if resource.get("resourceType") != "Parameters":
        raise Malformed("resourceType", f"{resource.get('resourceType')!r}, expected 'Parameters'")
    found = resource.get("parameter")
    if not isinstance(found, list) or not found:
        raise Malformed("Parameters.parameter", "expected at least one operation")
    return BedPatch(tuple(_read_operation(item, at) for at, item in enumerate(found)))


def _read_operation(item: Any, at: int) -> BedOperation:
    where = f"Parameters.parameter[{at}]"
    parts = item.get("part") if isinstance(item, dict) else None
    if not isinstance(parts, list) or item.get("name") != "operation":
        raise Malformed(where, "expected name 'operation' and an array of parts")
    named = {str(part.get("name")): part for part in parts if isinstance(part, dict)}
    kind, path = (_read_text(named, name, where) for name in ("type", "path"))
    return BedOperation(kind, path, read_capacity_path(path), _read_values(named, where))


def _read_text(named: dict[str, Resource], name: str, where: str) -> str:
    part = named.get(name, {})
    found = part.get("valueString", part.get("valueCode"))
    if not isinstance(found, str):
        raise Malformed(f"{where}.part[{name}]", "expected valueString")
    return found


def _read_values(named: dict[str, Resource], where: str) -> tuple[Parts, ...]:
    value = named.get("value")
    if value is None:
        return ()
    holders = value.get("part")
    if not isinstance(holders, list) or not all(isinstance(item, dict) for item in holders):
        raise Malformed(f"{where}.part[value]", "expected part: [{extension: [...]}]")
    found = [block for holder in holders for block in _blocks(holder, where)]
    return tuple(blocks.read_parts(block) for block in found)


def _blocks(holder: Resource, where: str) -> list[Resource]:
    found = holder.get("extension")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Malformed(f"{where}.part[value].part", "expected extension: [...]")
    for item in found:
        if item.get("url") != SUPPORTED_CAPACITY:
            raise Malformed(f"{where}.part[value].part.extension", f"expected {SUPPORTED_CAPACITY}")
    return found
