"""Kit, FHIR: a resource as XML, both ways; in memory it is what the JSON of FHIR says.

    <DocumentReference xmlns="http://hl7.org/fhir">      {"resourceType": "DocumentReference",
      <status value="current"/>                            "status": "current",
      <category><coding>…</coding></category>              "category": [{"coding": [{…}]}],
      <contained><Patient>…</Patient></contained>          "contained": [{"resourceType": …}]}

A resource whose type the tables do not have is read by type and id alone, and left to rules.
Not here: the order of elements (``definitions``), who asks for XML (``formats``).
Source: FHIR R4, XML representation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from kit import xml
from kit.fhir.definitions import (
    PRIMITIVES,
    RESOURCE,
    STRING,
    XHTML,
    Field,
    fields_of,
    is_resource,
)
from kit.fhir.reading import BODY, Resource
from kit.rules import Malformed

FHIR = "http://hl7.org/fhir"
HTML = "http://www.w3.org/1999/xhtml"
MAX_NODES = 200_000
_ATTRIBUTES = {"Extension": ("id", "url")}  # of any other element: its id
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?")


# Writing.


def write_xml(resource: Resource) -> bytes:
    """The bytes of a resource. Raises LookupError for an element that is none of its type."""
    root = etree.Element(_name(str(resource["resourceType"])), nsmap={None: FHIR})
    _fill(root, str(resource["resourceType"]), resource)
    return xml.serialize(root, declaration=True)


def _name(local: str) -> str:
    return f"{{{FHIR}}}{local}"


def _fill(element: xml.Element, kind: str, members: Resource) -> None:
    """Write the members of an object, in the order of its type."""
    fields, attributes = fields_of(kind), _attributes_of(kind)
    for name in attributes:
        if name in members:
            element.set(name, _text(members[name]))
    told = {name.removeprefix("_") for name in members} - {"resourceType", *attributes}
    if unknown := told - fields.keys():
        raise LookupError(f"{kind} has no {', '.join(sorted(unknown))}")
    for field in sorted((fields[name] for name in told), key=lambda field: field.place):
        beside = _several(members.get(f"_{field.name}"))
        for at, value in enumerate(_several(members.get(field.name)) or [None] * len(beside)):
            _write(element, field, value, beside[at] if at < len(beside) else None)


def _attributes_of(kind: str) -> tuple[str, ...]:
    return () if is_resource(kind) else _ATTRIBUTES.get(kind, ("id",))


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _write(parent: xml.Element, field: Field, value: Any, beside: Any) -> None:
    """One element; ``beside``: the id and the extensions of a primitive."""
    if field.kind == XHTML:
        parent.append(xml.parse(value.encode(), where=field.name))
        return
    element = etree.SubElement(parent, _name(field.name))
    if field.kind == RESOURCE:
        kind = str(value["resourceType"])
        _fill(etree.SubElement(element, _name(kind)), kind, value)
    elif field.kind not in PRIMITIVES:
        _fill(element, field.kind, value)
    else:
        if value is not None:
            element.set("value", _text(value))
        if beside:
            _fill(element, "Element", beside)


def _text(value: Any) -> str:
    """A primitive as an attribute holds it; a character that XML has not becomes U+FFFD."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("\ufffd", str(value))


# Reading.


def read_xml(
    data: bytes, *, where: str = BODY, max_depth: int = 32, max_nodes: int = MAX_NODES
) -> Resource:
    """Read one resource.

    Raises Malformed for what the safe parser refuses and, with its place, for an element that is
    unknown, out of order or given twice, an empty one, text outside attributes, a wrong value.
    """
    root = xml.parse(
        data, where=where, max_depth=max_depth, max_nodes=max_nodes, max_markup_bytes=len(data)
    )
    return _read_resource(root, _local(root, where))


def _local(element: xml.Element, where: str) -> str:
    name = etree.QName(element)
    if name.namespace != FHIR:
        seen = name.namespace or "none"
        raise Malformed(where, f"the element {name.localname} is of the namespace {seen}")
    return name.localname


def _read_resource(element: xml.Element, path: str) -> Resource:
    kind = etree.QName(element).localname
    found: Resource = {"resourceType": kind}
    if is_resource(kind):
        return found | _read_members(element, kind, path)
    named = element.find(_name("id"))
    return found | ({"id": named.get("value", "")} if named is not None else {})


def _read_members(element: xml.Element, kind: str, path: str) -> Resource:
    """The members of an object: its attributes, then its elements."""
    found = dict(_read_attributes(element, _attributes_of(kind), path))
    fields, last = fields_of(kind), Field("", STRING, True, -1)
    for child in _children(element, path):
        name = _local(child, path) if fields.get("div", last).kind != XHTML else _narrative(child)
        field = fields.get(name)
        if field is None:
            raise Malformed(f"{path}.{name}", f"{kind} has no such element")
        if field.place < last.place:
            raise Malformed(f"{path}.{name}", f"stands after {last.name}; the order is that of R4")
        if field.place == last.place and not (field.repeats and field.name == last.name):
            raise Malformed(f"{path}.{name}", f"given after {last.name}: once only")
        _keep(found, field, child, path)
        last = field
    if not found:
        raise Malformed(path, "the element is empty")
    return found


def _narrative(child: xml.Element) -> str:
    """The name of an element of a Narrative, whose div is of XHTML."""
    name = etree.QName(child)
    is_div = name.localname == "div"
    return name.localname if name.namespace == (HTML if is_div else FHIR) else f"no {name}"


def _read_attributes(
    element: xml.Element, names: tuple[str, ...], path: str
) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        name = str(key)
        if name.startswith("{"):  # xsi:schemaLocation
            continue
        if name not in names:
            raise Malformed(path, f"the attribute {name} is none of this element")
        if not value:
            raise Malformed(path, f"the attribute {name} is empty")
        yield name, str(value)


def _children(element: xml.Element, path: str) -> Iterator[xml.Element]:
    """The elements within; comments are left out, text is refused."""
    texts = [element.text, *(child.tail for child in element)]
    if any(text and text.strip() for text in texts):
        raise Malformed(path, "text stands outside the attribute value")
    return (child for child in element if isinstance(child.tag, str))


def _keep(found: Resource, field: Field, child: xml.Element, path: str) -> None:
    """Add what an element says to the members of its parent, as JSON has it."""
    held = found.setdefault(field.name, []) if field.repeats else None
    place = f"{path}.{field.name}" + ("" if held is None else f"[{len(held)}]")
    value, beside = _read_value(field, child, place)
    if held is None:
        found |= {field.name: value} if value is not None else {}
        found |= {f"_{field.name}": beside} if beside else {}
        return
    held.append(value)
    if beside or f"_{field.name}" in found:
        others = found.setdefault(f"_{field.name}", [])
        others += [None] * (len(held) - 1 - len(others))
        others.append(beside or None)


def _read_value(field: Field, child: xml.Element, place: str) -> tuple[Any, Resource]:
    """The value of an element, and what stands beside it when it is a primitive."""
    if field.kind == XHTML:
        return etree.tostring(child, encoding="unicode", with_tail=False), {}
    if field.kind == RESOURCE:
        held = list(_children(child, place))
        if len(held) != 1 or child.attrib:
            raise Malformed(place, f"one resource is expected, {len(held)} seen")
        _local(held[0], place)
        return _read_resource(held[0], place), {}
    if field.kind not in PRIMITIVES:
        return _read_members(child, field.kind, place), {}
    return _read_primitive(field.kind, child, place)


def _read_primitive(kind: str, child: xml.Element, place: str) -> tuple[Any, Resource]:
    told = dict(_read_attributes(child, ("value", "id"), place))
    beside: Resource = {"id": told["id"]} if "id" in told else {}
    for inner in _children(child, place):
        name = _local(inner, place)
        if name != "extension":
            raise Malformed(f"{place}.{name}", "a primitive has extensions only")
        _keep(beside, fields_of("Element")["extension"], inner, place)
    if "value" not in told and "extension" not in beside:
        raise Malformed(place, "the attribute value is missing")
    return _converted(kind, told.get("value"), place), beside


def _converted(kind: str, text: str | None, place: str) -> Any:
    """A primitive as JSON has it."""
    if text is None or kind == STRING:
        return text
    if kind == "boolean":
        if text not in ("true", "false"):
            raise Malformed(place, f"true or false is expected, {text[:40]!r} seen")
        return text == "true"
    if kind != "decimal" and _WHOLE.fullmatch(text):
        return int(text)
    if kind == "decimal" and _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    raise Malformed(place, f"a number ({kind}) is expected, {text[:40]!r} seen")
