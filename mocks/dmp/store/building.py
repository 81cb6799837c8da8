"""DMP mock, store: what JSON holds of frozen dataclasses to themselves.

Not here: which objects are kept (``documents``), writing them (``kit.engines``).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_Reader = Callable[[Any], Any]


def build(kind: type[_T], values: Mapping[str, Any]) -> _T:
    """The dataclass whose JSON was read as ``values``."""
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
