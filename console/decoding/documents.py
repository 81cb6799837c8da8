"""Console, decoding, documents: a document of a lot, of a mail or of an answer.

Not here: what carried it (soap, mail).
"""

from __future__ import annotations

from lxml import etree

from console.decoding.pieces import Decoded
from kit.cda import read_header, read_unstructured_body, render_html
from kit.rules import Malformed
from kit.xml import Element, local_name, parse, serialize

UNSTRUCTURED = "N1"
LONG_TEXT = 400  # characters of an element's text shown whole; base64 is longer


def decode_document(decoded: Decoded, name: str, content: bytes) -> None:
    """Show a CDA document, indent other XML, offer anything for download."""
    root = _xml(content)
    suffix = "" if root is None or name.lower().endswith(".xml") else ".xml"
    decoded.attach(
        name + suffix, "application/octet-stream" if root is None else "text/xml", content
    )
    if root is None:
        return
    if local_name(root) == "ClinicalDocument":
        decoded.attempt(name, _cda, name, content)
    else:
        decoded.text(f"{name} ({local_name(root)})", indented(root))


def _xml(content: bytes) -> Element | None:
    if content.lstrip()[:1] != b"<":
        return None
    try:
        return parse(content)
    except Malformed:
        return None


def _cda(decoded: Decoded, name: str, content: bytes) -> None:
    header = read_header(content)
    if header.body_kind == UNSTRUCTURED:
        media_type, body = read_unstructured_body(content)
        suffix = ".pdf" if media_type == "application/pdf" else ""
        decoded.attach(f"{name}, corps{suffix}", media_type, body)
    decoded.frame(f"Document : {header.title or name}", render_html(content))


def indented(root: Element) -> str:
    """XML with lines and indents; long texts (base64) are cut. Works on a copy."""
    copy = parse(serialize(root))
    for element in copy.iter():
        text = element.text or ""
        if isinstance(element.tag, str) and len(text) > LONG_TEXT and not len(element):
            element.text = f"{text[:64]}… ({len(text)} caractères)"
    etree.indent(copy, "  ")
    return etree.tostring(copy, encoding="unicode")
