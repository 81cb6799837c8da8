"""Kit, XML: the table of namespaces, the one safe parser, and small readers.

Not here: any message. Whoever reads XML that came from outside reads it with ``parse``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeAlias, cast

from lxml import etree

from kit import xml_bounds
from kit.rules import Malformed

Element: TypeAlias = etree._Element

NS = {
    "soap": "http://www.w3.org/2003/05/soap-envelope",
    "soap11": "http://schemas.xmlsoap.org/soap/envelope/",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "xop": "http://www.w3.org/2004/08/xop/include",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xs": "http://www.w3.org/2001/XMLSchema",
    "saml2": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xades": "http://uri.etsi.org/01903/v1.1.1#",
    "hl7": "urn:hl7-org:v3",
    "lcm": "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0",
    "query": "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0",
    "rim": "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
    "rs": "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0",
    "xds": "urn:ihe:iti:xds-b:2007",
    "ctxbam": "urn:siram:bam:ctxbam",
    "ctxlps": "urn:siram:lps:ctxlps",
    "siram": "urn:siram",
    "recsans": "http://www.cnamts.fr/INSiRecSans",
    "recvit": "http://www.cnamts.fr/INSiRecVit",
    "resultat": "http://www.cnamts.fr/INSiResultat",
    "asipgdp": "asip:ci-sis:gdp:2010",
    "habilitations": "urn:si-dmp-habilitations",
    "patients": "urn:si-dmp-patients",
}

MAX_DEPTH = 128
MAX_NODES = 200_000
MAX_BYTES = 64 * 1024 * 1024


@lru_cache(maxsize=4096)
def qname(name: str) -> str:
    """``rim:Slot`` as lxml spells it, ``{namespace}Slot``."""
    prefix, _, local = name.rpartition(":")
    return f"{{{NS[prefix]}}}{local}" if prefix else local


def parse(
    data: bytes,
    *,
    where: str = "body",
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
    max_bytes: int = MAX_BYTES,
    max_markup_bytes: int = xml_bounds.MAX_MARKUP_BYTES,
) -> Element:
    """Read XML from outside: no DTD, no entity, no network, bounded in bytes, depth and nodes.

    A first pass counts a large document without building anything: a bomb costs no memory.
    max_markup_bytes: of one tag, where a format keeps whole files in an attribute.
    Raises Malformed naming ``where`` and the reason.
    """
    if len(data) > max_bytes:
        raise Malformed(where, f"{len(data)} bytes, at most {max_bytes} are read")
    is_small = xml_bounds.is_small(data, max_nodes)
    if not is_small:
        xml_bounds.check(
            data, where=where, max_depth=max_depth, max_nodes=max_nodes,
            max_markup_bytes=max_markup_bytes,
        )  # fmt: skip
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=True, remove_pis=False, strip_cdata=False, collect_ids=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Malformed(where, f"not well-formed XML, {error.msg}") from None
    except ValueError as error:
        raise Malformed(where, f"not well-formed XML, {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:  # two readers should agree on this
        raise Malformed(where, xml_bounds.NO_DECLARATION)
    if is_small and _deeper_than(max_depth)(root):
        raise Malformed(where, f"nested deeper than {max_depth}")
    return root


@lru_cache(maxsize=8)
def _deeper_than(depth: int) -> etree.XPath:
    """The question whether a tree is deeper than ``depth``: its steps stop where the tree does."""
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


def serialize(element: Element, *, declaration: bool = False) -> bytes:
    """The bytes of an element, UTF-8."""
    if declaration:
        return etree.tostring(element, encoding="UTF-8", xml_declaration=True)
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False)


def canonical(element: Element) -> bytes:
    """Exclusive canonical XML, for comparisons in tests and digests."""
    return etree.tostring(element, method="c14n", exclusive=True)


_STEP = re.compile(r"\{[^}]*\}|'[^']*'|\"[^\"]*\"|([A-Za-z]\w*):(?=[A-Za-z*])")


@lru_cache(maxsize=4096)
def _expanded(path: str) -> str:
    """A path with namespaces in place of prefixes: lxml sorts a whole table of them at each call.

    Raises SyntaxError for a prefix that NS does not have, as lxml does.
    """

    def written(step: re.Match[str]) -> str:
        prefix = step[1]
        if prefix is None:
            return step[0]
        if prefix not in NS:
            raise SyntaxError(f"prefix {prefix!r} not found in prefix map")
        return f"{{{NS[prefix]}}}"

    return _STEP.sub(written, path)


_NAMES = re.compile(r"(?:[A-Za-z]\w*:)?[A-Za-z]\w*(?:/(?:[A-Za-z]\w*:)?[A-Za-z]\w*)*", re.ASCII)


@lru_cache(maxsize=4096)
def _question(path: str) -> tuple[str, etree.XPath | None]:
    """A path of names only: one name as a tag, more as a compiled question; else ("", None).

    lxml's own search costs five times a question that is compiled once.
    """
    expanded = _expanded(path)  # knows every prefix
    if not _NAMES.fullmatch(path):
        return "", None
    if "/" not in path:
        return expanded, None
    used = {prefix: NS[prefix] for prefix in NS if f"{prefix}:" in path}
    return "", etree.XPath(path, namespaces=used, smart_strings=False)


def find(element: Element, path: str) -> Element | None:
    """The first element at ``path`` with the prefixes of NS, or None."""
    tag, question = _question(path)
    if tag:
        return next(element.iterchildren(tag), None)
    if question is None:
        return element.find(_expanded(path))
    found = cast(list[Element], question(element))
    return found[0] if found else None


def find_all(element: Element, path: str) -> list[Element]:
    """Every element at ``path`` with the prefixes of NS, in document order."""
    tag, question = _question(path)
    if tag:
        return list(element.iterchildren(tag))
    if question is None:
        return element.findall(_expanded(path))
    return cast(list[Element], question(element))


def children(*elements: Element) -> dict[str, list[Element]]:
    """The child elements by tag, each list in document order; of several elements together."""
    found: dict[Any, list[Element]] = {}  # lxml tags a comment with a function: nobody asks for it
    for element in elements:
        for child in element[:]:  # several times quicker than an iterator, of few children
            found.setdefault(child.tag, []).append(child)
    return found


def find_text(element: Element, path: str, default: str = "") -> str:
    """The stripped text at ``path``, or ``default``."""
    found = find(element, path)
    return (found.text or "").strip() if found is not None else default


def need(element: Element, path: str, *, where: str = "") -> Element:
    """The element at ``path``. Raises Malformed when it is absent."""
    found = find(element, path)
    if found is None:
        raise Malformed(where or local_name(element), f"element {path} is missing")
    return found


def need_text(element: Element, path: str, *, where: str = "") -> str:
    """The text at ``path``. Raises Malformed when it is absent or empty."""
    text = (need(element, path, where=where).text or "").strip()
    if not text:
        raise Malformed(where or local_name(element), f"element {path} is empty")
    return text


def need_attribute(element: Element, name: str, *, where: str = "") -> str:
    """An attribute's value. Raises Malformed when it is absent or empty."""
    value = element.get(name)
    if not value:
        raise Malformed(where or local_name(element), f"attribute {name} is missing")
    return value


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def build(name: str, *children: Element | str, nsmap: dict[str, str] | None = None,
          **attributes: str) -> Element:  # fmt: skip
    """An element from its prefixed name; text and child elements in order."""
    prefix = name.partition(":")[0] if ":" in name else ""
    scope = nsmap if nsmap is not None else ({prefix: NS[prefix]} if prefix else None)
    element = etree.Element(qname(name), attributes, nsmap=scope)
    for child in children:
        append(element, child)
    return element


def append(element: Element, child: Element | str) -> None:
    """Add a child element, or text after what is there."""
    if not isinstance(child, str):
        element.append(child)
    elif len(element):
        element[-1].tail = (element[-1].tail or "") + child
    else:
        element.text = (element.text or "") + child
