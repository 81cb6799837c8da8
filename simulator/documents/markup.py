"""Simulator, documents, markup: the one place where text becomes XML.

A writer of trees would do; this one writes bytes directly because a played month needs hundreds
of documents a second. Elements are `Xml`, which only `tag`, `text` and `join` make: a plain
string cannot slip in unescaped, the type checker refuses it.
Not here: any element name of the CDA.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NewType

Xml = NewType("Xml", str)

NOTHING = Xml("")
TYPE = "xsi:type"

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 2.2
_SPECIAL = re.compile('[\x00-\x1f&<>"\ud800-\udfff\ufffe\uffff]')  # whatever may need a change
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def _escape(value: str, table: dict[int, str]) -> str:
    if _SPECIAL.search(value) is None:  # most values: one look instead of a copy
        return value
    if _FORBIDDEN.search(value):
        raise ValueError(f"{value!r} holds a character that XML cannot carry")
    return value.translate(table)


def text(value: str) -> Xml:
    """Character data, escaped."""
    return Xml(_escape(value, _TEXT))


def tag(name: str, *children: Xml, **attributes: str) -> Xml:
    """An element; attributes in the order given, values escaped."""
    written = "".join([f' {key}="{_escape(attributes[key], _ATTRIBUTE)}"' for key in attributes])
    if not children:
        return Xml(f"<{name}{written}/>")
    return Xml(f"<{name}{written}>{''.join(children)}</{name}>")


def leaf(name: str, value: str, **attributes: str) -> Xml:
    """An element that holds nothing but text."""
    return tag(name, text(value), **attributes)


def join(parts: Iterable[Xml]) -> Xml:
    """Elements one after the other."""
    return Xml("".join(parts))
