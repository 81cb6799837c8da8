"""Kit, SOAP: the envelope and its WS-Addressing headers, read and written.

Not here: what travels in the body, nor multipart (mtom).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from kit.rules import Malformed
from kit.soap.faults import SoapFault
from kit.xml import NS, Element, build, find, find_text, local_name, qname, serialize

ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A SOAP 1.2 envelope that was read: its header, the one element of its body, addressing."""

    header: Element | None
    body: Element
    action: str = ""
    message_id: str = ""
    relates_to: str = ""


def read_envelope(root: Element) -> Envelope:
    """Read a SOAP 1.2 envelope. Raises Malformed, or SoapFault for another version of SOAP."""
    if root.tag == qname("soap11:Envelope"):
        raise SoapFault("VersionMismatch", reason="SOAP 1.2 attendu", outcome="malformed")
    if root.tag != qname("soap:Envelope"):
        raise Malformed("envelope", f"expected soap:Envelope, found {local_name(root)}")
    body = find(root, "soap:Body")
    if body is None:
        raise Malformed("envelope", "soap:Body is missing")
    roots = [child for child in body if isinstance(child.tag, str)]
    if len(roots) != 1:
        raise Malformed("soap:Body", f"expected one element, found {len(roots)}")
    header = find(root, "soap:Header")
    said = [""] * 3 if header is None else [
        find_text(header, f"wsa:{name}") for name in ("Action", "MessageID", "RelatesTo")
    ]  # fmt: skip
    return Envelope(header, roots[0], *said)


def write_envelope(
    body: Element,
    *,
    action: str = "",
    to: str = "",
    message_id: str = "",
    relates_to: str = "",
    header_blocks: Iterable[Element] = (),
    is_answer: bool = False,
) -> bytes:
    """A SOAP 1.2 envelope; without addressing and blocks it has no header."""
    envelope = build("soap:Envelope", nsmap={"soap": NS["soap"], "wsa": NS["wsa"]})
    header = _add(envelope, "soap:Header")
    _address(header, action, to, message_id, is_answer)
    header.extend(header_blocks)
    if relates_to:
        _add(header, "wsa:RelatesTo", relates_to)
    if not len(header):
        envelope.remove(header)
    _add(envelope, "soap:Body").append(body)
    return serialize(envelope, declaration=True)


def _address(header: Element, action: str, to: str, message_id: str, is_answer: bool) -> None:
    if action:
        block = _add(header, "wsa:Action", action)
        if not is_answer:
            block.set(qname("soap:mustUnderstand"), "true")
    if message_id:
        _add(header, "wsa:MessageID", message_id)
    if to:
        _add(header, "wsa:To", to)
    if action and not is_answer:
        _add(_add(header, "wsa:ReplyTo"), "wsa:Address", ANONYMOUS)


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    """A new child; making it in place costs a seventh of making it and moving it."""
    child = etree.SubElement(parent, qname(name))
    child.text = text
    return child
