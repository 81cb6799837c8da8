"""DMP mock, messages, PDSm: the change of a DocumentReference by JSON Patch, both ways.

Three elements may change: status, securityLabel, the extension isArchived. Here a patch is
applied to them; what it may do is judged by ``rules``, then by those of ITI-57.
Sources: PDSm 3.1.1, flux 3 and 4; RFC 6902.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kit.fhir import Element, Resource
from kit.rules import Malformed
from kit.xds import vocabulary
from kit.xds.metadata import Coded, DocumentEntry
from mocks.dmp.messages.pdsm import datatypes as fhir
from mocks.dmp.messages.pdsm.document_reference import (
    CURRENT,
    DELETED,
    SUPERSEDED,
    status_of,
)

PATCH_TYPE = "application/json-patch+json"
ADD, REPLACE, REMOVE, TEST = "add", "replace", "remove", "test"
STATUS, LABELS, ARCHIVED = "status", "securityLabel", "isArchived"
_LABEL = re.compile(r"/securityLabel/(\d{1,3}|-)")
# The extension, by its index (it is the only one) or as the guide writes it.
_EXTENSION = re.compile(
    r"/extension/0/valueBoolean|/extension\[url:.*is-?archived.*\]/valueBoolean", re.I
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a patch; element: what it changes of the three, "" for another."""

    op: str
    path: str
    value: Any
    place: str

    @property
    def element(self) -> str:
        """Which of the three elements the path leads to."""
        if self.path == "/status":
            return STATUS
        if self.path == "/securityLabel" or _LABEL.fullmatch(self.path):
            return LABELS
        return ARCHIVED if _EXTENSION.fullmatch(self.path) else ""


@dataclass(frozen=True, slots=True)
class Visible:
    """The three elements: a status of FHIR, the labels, whether the document is archived."""

    status: str
    labels: tuple[Coded, ...]
    is_archived: bool

    @property
    def availability(self) -> str:
        """The status of XDS it says; a word FHIR does not have stays."""
        if self.status == DELETED:
            return vocabulary.DELETED
        if self.is_archived:
            return vocabulary.ARCHIVED
        known = {CURRENT: vocabulary.APPROVED, SUPERSEDED: vocabulary.DEPRECATED}
        return known.get(self.status, self.status)


def visible(entry: DocumentEntry) -> Visible:
    """The three elements of a registered entry."""
    is_archived = entry.availability_status == vocabulary.ARCHIVED
    return Visible(status_of(entry), entry.confidentiality_codes, is_archived)


def read_patch(body: Resource) -> tuple[Operation, ...]:
    """Read a JSON Patch. Raises Malformed when it has no operation, or one is not whole."""
    found = Element(body, "Patch").children("operations")
    if not found:
        raise Malformed("Patch", "an array of operations is expected, none seen")
    return tuple(map(_read_operation, found))


def _read_operation(item: Element) -> Operation:
    place = item.path.replace("Patch.operations", "Patch")
    op, path = item.text("op"), item.text("path")
    if not op or not path:
        raise Malformed(place, "op and path are expected")
    if op in (ADD, REPLACE, TEST) and "value" not in item.members:
        raise Malformed(place, f"the operation {op} has a value")
    return Operation(op, path, item.members.get("value"), place)


def write_patch(*operations: tuple[str, str, Any]) -> list[Resource]:
    """A JSON Patch: op, path, value."""
    return [
        {"op": op, "path": path} | ({} if op == REMOVE else {"value": value})
        for op, path, value in operations
    ]


def write_archived(*, is_archived: bool) -> list[Resource]:
    """Archive a document, or take it back."""
    return write_patch((REPLACE, "/extension/0/valueBoolean", is_archived))


def write_status(status: str) -> list[Resource]:
    """Another status."""
    return write_patch((REPLACE, "/status", status))


def write_labels(codes: Iterable[Coded]) -> list[Resource]:
    """Other security labels."""
    return write_patch((REPLACE, "/securityLabel", list(map(fhir.write_concept, codes))))


def applied(now: Visible, operations: Sequence[Operation]) -> Visible:
    """What the three elements become. Raises Malformed: a wrong value or index, a failed test."""
    for operation in operations:
        now = _APPLY[operation.element](now, operation)
    return now


def _status(now: Visible, operation: Operation) -> Visible:
    value = operation.value
    if operation.op == REMOVE or not isinstance(value, str):
        raise Malformed(operation.place, "status is a code and cannot be removed")
    _test(operation, now.status == value)
    return now if operation.op == TEST else Visible(value, now.labels, now.is_archived)


def _archived(now: Visible, operation: Operation) -> Visible:
    value = operation.value if operation.op != REMOVE else False
    if not isinstance(value, bool):
        raise Malformed(operation.place, "isArchived is true or false")
    _test(operation, now.is_archived == value)
    return now if operation.op == TEST else Visible(now.status, now.labels, value)


def _labels(now: Visible, operation: Operation) -> Visible:
    match = _LABEL.fullmatch(operation.path)
    value = operation.value
    if match is None:
        wanted = _concepts([] if operation.op == REMOVE else value, operation)
        _test(operation, now.labels == wanted)
        labels = now.labels if operation.op == TEST else wanted
    else:
        labels = _one_label(now.labels, match[1], operation)
    return Visible(now.status, labels, now.is_archived)


def _one_label(labels: tuple[Coded, ...], index: str, operation: Operation) -> tuple[Coded, ...]:
    limit = len(labels) + (1 if operation.op == ADD else 0)
    at = len(labels) if index == "-" else int(index)
    if at >= limit:
        raise Malformed(operation.place, f"there are {len(labels)} labels, none at {index}")
    if operation.op == REMOVE:
        return labels[:at] + labels[at + 1 :]
    (wanted,) = _concepts([operation.value], operation)
    if operation.op == TEST:
        _test(operation, labels[at] == wanted)
        return labels
    rest = labels[at + (operation.op == REPLACE) :]
    return (*labels[:at], wanted, *rest)


def _concepts(values: Any, operation: Operation) -> tuple[Coded, ...]:
    found = Element({"value": values}, operation.place).children("value")
    codes = tuple(map(fhir.read_concept, found))
    if None in codes:
        raise Malformed(operation.place, "a label is a CodeableConcept with a code")
    return tuple(code for code in codes if code)


def _test(operation: Operation, holds: bool) -> None:
    if operation.op == TEST and not holds:
        raise Malformed(operation.place, "the test does not hold")


_APPLY = {STATUS: _status, LABELS: _labels, ARCHIVED: _archived}
