"""Kit, FHIR: a resource read element by element; every element knows its FHIRPath.

An element of the wrong JSON type is Malformed and named; what is absent is "" or empty and left
to rules. Not here: what an element means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kit.fhir.reading import Resource
from kit.rules import Malformed

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Element:
    """An object of a resource: its members, and where it stands (``Bundle.entry[1].resource``)."""

    members: Mapping[str, Any]
    path: str

    @classmethod
    def of(cls, resource: Resource, path: str = "") -> Element:
        """A whole resource; its path is its type unless it stands somewhere."""
        return cls(resource, path or str(resource.get("resourceType", "Resource"))[:64])

    def __bool__(self) -> bool:
        return bool(self.members)

    def place(self, name: str) -> str:
        """The FHIRPath of a member."""
        return f"{self.path}.{name}"

    def text(self, name: str) -> str:
        """A member that is a string, "" when absent."""
        value = self.members.get(name, "")
        if not isinstance(value, str):
            raise Malformed(self.place(name), f"a string is expected, {_kind(value)} seen")
        return value.strip()

    def whole(self, name: str) -> int | None:
        """A member that is a whole number."""
        value = self.members.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise Malformed(self.place(name), f"a whole number is expected, {_kind(value)} seen")
        return value

    def truth(self, name: str) -> bool | None:
        """A member that is true or false."""
        value = self.members.get(name)
        if value is not None and not isinstance(value, bool):
            raise Malformed(self.place(name), f"true or false is expected, {_kind(value)} seen")
        return value

    def child(self, name: str) -> Element:
        """A member that is an object; an empty one when absent."""
        value = self.members.get(name, _NOTHING)
        if not isinstance(value, Mapping):
            raise Malformed(self.place(name), f"an object is expected, {_kind(value)} seen")
        return Element(value, self.place(name))

    def children(self, name: str) -> tuple[Element, ...]:
        """A member that is an array of objects."""
        return tuple(
            Element(value, place)
            for value, place in self._array(name, Mapping, "an array of objects")
        )

    def texts(self, name: str) -> tuple[str, ...]:
        """A member that is an array of strings."""
        return tuple(value for value, _ in self._array(name, str, "an array of strings"))

    def _array(self, name: str, kind: type, expected: str) -> Iterator[tuple[Any, str]]:
        values = self.members.get(name, [])
        if not isinstance(values, list):
            raise Malformed(self.place(name), f"{expected} is expected, {_kind(values)} seen")
        for number, value in enumerate(values):
            if not isinstance(value, kind):
                place = f"{self.place(name)}[{number}]"
                raise Malformed(place, f"{expected} is expected, {_kind(value)} seen")
            yield value, f"{self.place(name)}[{number}]"

    def extension(self, url: str) -> Element:
        """The first extension of this URL; an empty element when there is none."""
        return next(self.extensions(url), Element(_NOTHING, self.place("extension")))

    def extensions(self, url: str) -> Iterator[Element]:
        """The extensions of this URL."""
        return (item for item in self.children("extension") if item.text("url") == url)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")
