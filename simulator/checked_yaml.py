"""Simulator, checked YAML: reads a file whole and tells every mistake at once, with its line.

A reader takes a node and gives a value, or notes a mistake and gives WRONG. Readers compose:
``record`` reads a mapping by a table of fields. Not here: what a scenario holds (scenario).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1024 * 1024
REQUIRED: Any = object()
WRONG: Any = object()


@dataclass(slots=True)
class Page:
    """A file being read and the mistakes found so far, as (line, text)."""

    name: str
    found: list[tuple[int, str]] = field(default_factory=list)

    def wrong(self, node: yaml.Node | None, path: str, why: str) -> Any:
        """Note a mistake; gives WRONG."""
        line = node.start_mark.line + 1 if node is not None else 1
        where = f"{path}: " if path else ""
        self.found.append((line, f"{self.name}:{line}: {where}{why}"))
        return WRONG

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Every mistake, in the order of the lines."""
        return tuple(text for _, text in sorted(self.found, key=lambda row: row[0]))


Reader = Callable[[yaml.Node, str, Page], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a mapping: how its value is read, and its default when it may be absent."""

    read: Reader
    default: Any = REQUIRED


def compose(path: Path, page: Page) -> yaml.Node | None:
    """The root node of a file; None, with a mistake noted, when there is none."""
    root: yaml.Node | None = None
    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            page.wrong(None, "", f"more than {MAX_BYTES} bytes")
            return None
        root = yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader)
        if root is None:
            page.wrong(None, "", "the file is empty")
    except OSError as error:
        page.wrong(None, "", error.strerror or str(error))
    except UnicodeDecodeError:
        page.wrong(None, "", "not UTF-8")
    except yaml.YAMLError as error:
        _not_yaml(page, error)
    return root


def _not_yaml(page: Page, error: yaml.YAMLError) -> None:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    problem = getattr(error, "problem", None) or str(error)
    page.found.append((line, f"{page.name}:{line}: not YAML, {problem}"))


def text(pattern: str = r".+", expected: str = "a text") -> Reader:
    """A scalar whose text matches the whole pattern."""

    def read(node: yaml.Node, path: str, page: Page) -> Any:
        if not isinstance(node, yaml.ScalarNode) or not re.fullmatch(pattern, node.value):
            return page.wrong(node, path, f"{shown(node)} is not {expected}")
        return node.value

    return read


def one_of(*choices: str) -> Reader:
    """A scalar out of a list."""

    def read(node: yaml.Node, path: str, page: Page) -> Any:
        if not isinstance(node, yaml.ScalarNode) or node.value not in choices:
            return page.wrong(node, path, f"{shown(node)} is not one of {', '.join(choices)}")
        return node.value

    return read


def number(low: float, high: float, *, whole: bool = False) -> Reader:
    """A number from ``low`` to ``high``."""
    kind = "a whole number" if whole else "a number"

    def read(node: yaml.Node, path: str, page: Page) -> Any:
        value = _number(node, whole)
        if value is None or not low <= value <= high:
            return page.wrong(node, path, f"{shown(node)} is not {kind} from {low:g} to {high:g}")
        return value

    return read


def share() -> Reader:
    """A number from 0 to 1."""
    return number(0, 1)


def _number(node: yaml.Node, whole: bool) -> float | int | None:
    if not isinstance(node, yaml.ScalarNode):
        return None
    try:
        return int(node.value) if whole else float(node.value)
    except ValueError:
        return None


def flag(node: yaml.Node, path: str, page: Page) -> Any:
    """true or false."""
    if isinstance(node, yaml.ScalarNode) and node.value in ("true", "false"):
        return node.value == "true"
    return page.wrong(node, path, f"{shown(node)} is not true or false")


def instant(node: yaml.Node, path: str, page: Page) -> Any:
    """An instant with its time zone, ISO 8601."""
    try:
        found = datetime.fromisoformat(node.value) if isinstance(node, yaml.ScalarNode) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        return page.wrong(node, path, f"{shown(node)} is not an instant with its time zone")
    return found


def day(node: yaml.Node, path: str, page: Page) -> Any:
    """A civil day, YYYY-MM-DD."""
    try:
        return date.fromisoformat(node.value if isinstance(node, yaml.ScalarNode) else "")
    except ValueError:
        return page.wrong(node, path, f"{shown(node)} is not a day, YYYY-MM-DD")


def sequence(read_item: Reader, *, at_least: int = 0) -> Reader:
    """A list, as a tuple; WRONG items are noted and left out."""

    def read(node: yaml.Node, path: str, page: Page) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            return page.wrong(node, path, f"{shown(node)} is not a list")
        if len(node.value) < at_least:
            page.wrong(node, path, f"expected {at_least} or more, found {len(node.value)}")
        items = (read_item(item, f"{path}[{at}]", page) for at, item in enumerate(node.value))
        return tuple(item for item in items if item is not WRONG)

    return read


def shares(defaults: Mapping[str, float]) -> Reader:
    """A mapping of the names of ``defaults`` to shares; absent names keep theirs."""
    table = {name: Field(share(), value) for name, value in defaults.items()}
    return record(dict, table)


def record(make: Callable[..., Any], table: Mapping[str, Field]) -> Reader:
    """A mapping read by a table of fields, given by name to ``make``; WRONG when one is wrong."""

    def read(node: yaml.Node, path: str, page: Page) -> Any:
        if not isinstance(node, yaml.MappingNode):
            return page.wrong(node, path, f"{shown(node)} is not a mapping")
        given = _entries(node, path, page, table)
        values = {}
        for name, row in table.items():
            if name in given:
                values[name] = row.read(given[name], _below(path, name), page)
            elif row.default is REQUIRED:
                values[name] = page.wrong(node, _below(path, name), "missing")
            else:
                values[name] = row.default
        return WRONG if any(value is WRONG for value in values.values()) else make(**values)

    return read


def value_of(node: yaml.Node, name: str) -> yaml.Node:
    """The node of a key's value, or the mapping itself when the key is absent."""
    entries = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in entries if key.value == name), node)


def _entries(
    node: yaml.MappingNode, path: str, page: Page, table: Mapping[str, Field]
) -> dict[str, yaml.Node]:
    entries: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name not in table:
            page.wrong(key, _below(path, name), f"unknown; known here: {', '.join(table)}")
        elif name in entries:
            page.wrong(key, _below(path, name), "given twice")
        else:
            entries[name] = value
    return entries


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def shown(node: yaml.Node) -> str:
    """A node as a mistake quotes it."""
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value[:60])
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
