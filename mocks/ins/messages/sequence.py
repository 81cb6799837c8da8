"""INS messages, sequence: the children of an element in the order of its schema, each once.

Not here: any element of the service.
"""

from __future__ import annotations

from collections.abc import Sequence

from kit.rules import Malformed
from kit.xml import Element, local_name


def read_sequence(
    element: Element, namespace: str, names: Sequence[str], *, repeated: str = ""
) -> dict[str, Element]:
    """The children by name. ``repeated`` may be there several times: its first one is kept.

    Raises Malformed for an element that is unknown, out of its place, or there twice.
    """
    where, found, place = local_name(element), dict[str, Element](), 0
    for child in element.iterchildren(tag="*"):
        own, name = f"{{{namespace}}}", local_name(child)
        if child.tag != own + name or name not in names:
            raise Malformed(where, f"{child.tag!r} is not an element of the request")
        if names.index(name) < place:
            raise Malformed(where, f"{name} is not in its place: {' '.join(names)}")
        if name in found and name != repeated:
            raise Malformed(where, f"{name} is there 2 times, at most once")
        place = names.index(name)
        found.setdefault(name, child)
    return found


def only_text(element: Element) -> str:
    """The text as sent. Raises Malformed when there is an element inside."""
    if len(element):
        raise Malformed(local_name(element), "text only, no element inside")
    return element.text or ""
