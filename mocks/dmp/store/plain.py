"""DMP mock, store: frozen dataclasses to what JSON holds, and back.

Not here: which objects are kept (``documents``).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_Reader = Callable[[Any], Any]


def plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON holds it: a dictionary; JSON itself makes lists of tuples."""
    names, get, nested = _fields(type(value))  # type: ignore[arg-type]
    found = dict(zip(names, get(value), strict=True))
    for name in nested:
        inner = found[name]
        if type(inner) is tuple:
            found[name] = [plain(item) for item in inner]
        elif inner is not None:
            found[name] = plain(inner)
    return found


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], Any], tuple[str, ...]]:
    """The fields of a dataclass, what gets all their values, those that hold dataclasses."""
    names = tuple(item.name for item in fields(kind))
    readers = _readers(kind)  # type: ignore[arg-type]
    nested = tuple(name for name, read in readers.items() if read not in (None, tuple))
    return names, attrgetter(*names), nested


def build(kind: type[_T], values: Mapping[str, Any]) -> _T:
    """The dataclass that ``plain`` was made of."""
    readers = _readers(kind)  # type: ignore[arg-type]
    return kind(
        **{
            name: value if (read := readers[name]) is None or value is None else read(value)
            for name, value in values.items()
        }
    )


@cache
def _readers(kind: type[Any]) -> dict[str, _Reader | None]:
    """Field -> what makes its value of what JSON holds; None for a value that stays as it is."""
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items()}


def _reader(hint: Any) -> _Reader | None:
    if isinstance(hint, types.UnionType):  # ``X | None``
        return _reader(get_args(hint)[0])
    if get_origin(hint) is tuple:
        of_item = _reader(get_args(hint)[0])
        return tuple if of_item is None else lambda items: tuple(map(of_item, items))
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda values: build(hint, values)
    return None
