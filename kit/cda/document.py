"""Kit, CDA, document: a file read once, and its body.

Whoever needs the header, the body and the tree of a document takes all from one ``Cda``. Not here:
what a header says (header.py) and how it is read (reading.py), what is refused (rules).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar, cast

from lxml import etree

from kit.cda.header import BodyKind, CdaHeader
from kit.cda.reading import header_of, kind_of
from kit.rules import Malformed
from kit.xml import NS, Element, children, find, parse, qname

_TEXT = "hl7:component/hl7:nonXMLBody/hl7:text"
_HL7 = f"{{{NS['hl7']}}}"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Cda:
    """A document that was read once.

    document: its ClinicalDocument; the tree around it is the whole file. Nobody changes it. A place
    is a path of HL7 names below it, ``author/assignedAuthor``, looked for once; a step may have a
    condition of XPath.
    """

    header: CdaHeader
    document: Element = field(repr=False, compare=False)
    _inside: dict[str, dict[str, list[Element]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _found: dict[Callable[[Element], Any], Any] = field(
        default_factory=dict, repr=False, compare=False
    )

    def at(self, place: str) -> Sequence[Element]:
        """The elements at a place, in document order."""
        above, _, name = place.rpartition("/")
        inside, tag = self._within(above), _HL7 + name
        if name.endswith("]") and tag not in inside:
            inside[tag] = [found for top in self._tops(above) for found in _chosen(name)(top)]
        return inside.get(tag, ())

    def values(self, place: str) -> list[str]:
        """The attributes at a place, ``author/time/@value``, stripped."""
        above, _, name = place.rpartition("/@")
        return [value.strip() for item in self.at(above) if (value := item.get(name)) is not None]

    def once(self, ask: Callable[[Element], _T]) -> _T:
        """What ``ask`` makes of the document, made once, however many rules want it."""
        if ask not in self._found:
            self._found[ask] = ask(self.document)
        found: _T = self._found[ask]
        return found

    def _within(self, place: str) -> dict[str, list[Element]]:
        found = self._inside.get(place)
        if found is None:
            found = self._inside[place] = children(*self._tops(place))
        return found

    def _tops(self, place: str) -> Sequence[Element]:
        return self.at(place) if place else (self.document,)


@lru_cache(maxsize=64)
def _chosen(step: str) -> Callable[[Element], list[Element]]:
    """A step with a condition, ``documentationOf[1]``, as a question."""
    asked = etree.XPath(f"hl7:{step}", namespaces={"hl7": NS["hl7"]}, smart_strings=False)
    return cast(Callable[[Element], list[Element]], asked)


def read(data: bytes) -> Cda:
    """Read a CDA file. Raises Malformed."""
    document = clinical_document(data)
    own = children(document)
    return Cda(header_of(document, own), document, {"": own})


def read_header(data: bytes) -> CdaHeader:
    """The header of a CDA file. Raises Malformed."""
    document = clinical_document(data)
    return header_of(document, children(document))


def clinical_document(data: bytes) -> Element:
    """The ClinicalDocument of a file, itself or wrapped in a stylesheet (self-presenting).

    Raises Malformed.
    """
    root = parse(data, where="CDA")
    found = next(root.iter(qname("hl7:ClinicalDocument")), None)
    if found is None:
        raise Malformed("CDA", "no ClinicalDocument of urn:hl7-org:v3")
    return found


def body_kind(data: bytes) -> BodyKind:
    """N1 for a body that is no XML, N3 for a structured one, "" when there is none."""
    return kind_of(clinical_document(data))


def read_unstructured_body(data: bytes) -> tuple[str, bytes]:
    """Media type and bytes of an N1 body. Raises Malformed when there is none, or no base64."""
    return unstructured_body(clinical_document(data))


def unstructured_body(document: Element) -> tuple[str, bytes]:
    """Media type and bytes of the N1 body of a ClinicalDocument. Raises Malformed."""
    text = find(document, _TEXT)
    if text is None:
        raise Malformed("ClinicalDocument/component", "no nonXMLBody")
    return text.get("mediaType", ""), decode_base64(text)


def decode_base64(element: Element) -> bytes:
    """The bytes an element carries in base64. Raises Malformed."""
    try:
        return base64.b64decode("".join("".join(element.itertext()).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(str(element.tag).rpartition("}")[2], f"not base64, {error}") from None
