"""Kit, CDA, document: a file read once, and its body.

Whoever needs the header, the body and the tree of a document takes all from one ``Cda``. Not here:
what a header says (header.py) and how it is read (reading.py), what is refused (rules).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field

from kit.cda.header import BodyKind, CdaHeader
from kit.cda.reading import header_of, kind_of
from kit.rules import Malformed
from kit.xml import Element, find, parse, qname

_TEXT = "hl7:component/hl7:nonXMLBody/hl7:text"


@dataclass(frozen=True, slots=True)
class Cda:
    """A document that was read once.

    document: its ClinicalDocument; the tree around it is the whole file. Nobody changes it.
    """

    header: CdaHeader
    document: Element = field(repr=False, compare=False)
    _found: dict[str, list[Element]] = field(default_factory=dict, repr=False, compare=False)

    def once(self, place: str, ask: Callable[[Element], list[Element]]) -> list[Element]:
        """What ``ask`` finds in the document; a place is asked once, however many rules want it."""
        found = self._found.get(place)
        if found is None:
            found = self._found[place] = ask(self.document)
        return found


def read(data: bytes) -> Cda:
    """Read a CDA file. Raises Malformed."""
    document = clinical_document(data)
    return Cda(header_of(document), document)


def read_header(data: bytes) -> CdaHeader:
    """The header of a CDA file. Raises Malformed."""
    return header_of(clinical_document(data))


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
