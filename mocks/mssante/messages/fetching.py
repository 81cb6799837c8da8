"""MSSanté mock, messages: the items of FETCH, and how each is written.

A body section is a slice of the submitted bytes. Not here: which messages, the \\Seen flag.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kit.rules import Malformed
from mocks.mssante.messages.mime import Part
from mocks.mssante.messages.syntax import Scanner

MAX_SECTION_DEPTH = 16

_MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
_PLAIN = ("FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "BODY")
_FIELD = re.compile(rb"^([^:\r\n]+):.*?\r\n(?![ \t])", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """What is between the brackets of BODY[…]: a path of part numbers, and which bytes of it."""

    path: tuple[int, ...] = ()
    text: str = ""  # "", HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, TEXT or MIME
    fields: tuple[str, ...] = ()

    @property
    def is_top_header(self) -> bool:
        """Whether the kept header of the message is enough."""
        return not self.path and self.text.startswith("HEADER")


@dataclass(frozen=True, slots=True)
class FetchItem:
    """One data item. label: its name in the answer; section: None when it is no body section."""

    name: str
    label: bytes
    section: Section | None = None
    sets_seen: bool = False
    partial: tuple[int, int] | None = None

    @property
    def needs_raw(self) -> bool:
        """Whether the whole message must be read."""
        if self.section is None:
            return self.name == "BODY"  # the structure without extensions is not kept
        return not self.section.is_top_header


def read_fetch_items(scanner: Scanner) -> tuple[FetchItem, ...]:
    """Read a macro, one item or a list of items."""
    for macro, names in _MACROS.items():
        if scanner.sees(macro.encode()) and scanner.take(macro.encode()):
            return tuple(FetchItem(name, name.encode()) for name in names)
    if scanner.sees(b"("):
        items = scanner.listed(lambda: _item(scanner))
        if not items:
            raise scanner.fail("an item")
        return items
    return (_item(scanner),)


def _item(scanner: Scanner) -> FetchItem:
    if scanner.take(b"RFC822.HEADER"):
        return FetchItem("RFC822.HEADER", b"RFC822.HEADER", Section(text="HEADER"))
    if scanner.take(b"RFC822.TEXT"):
        return FetchItem("RFC822.TEXT", b"RFC822.TEXT", Section(text="TEXT"), sets_seen=True)
    if scanner.sees(b"RFC822") and not scanner.sees(b"RFC822.SIZE"):
        scanner.need(b"RFC822")
        return FetchItem("RFC822", b"RFC822", Section(), sets_seen=True)
    if scanner.take(b"BODY.PEEK["):
        return _body(scanner, sets_seen=False)
    if scanner.take(b"BODY["):
        return _body(scanner, sets_seen=True)
    name = scanner.atom()
    if name not in _PLAIN:
        raise Malformed("FETCH", f"{name[:40]} is not an item of FETCH")
    return FetchItem(name, name.encode())


def _body(scanner: Scanner, *, sets_seen: bool) -> FetchItem:
    section = _section(scanner)
    scanner.need(b"]")
    label, partial = b"BODY[" + _label(section) + b"]", None
    if scanner.take(b"<"):
        start = scanner.number()
        scanner.need(b".")
        partial = (start, scanner.number())
        scanner.need(b">")
        if not partial[1]:
            raise scanner.fail("a count above 0")
        label += b"<%d>" % start
    return FetchItem("BODY[]", label, section, sets_seen, partial)


def _section(scanner: Scanner) -> Section:
    path: list[int] = []
    if scanner.sees(b"]"):
        return Section()
    while True:
        name = _section_text(scanner)
        if name == "MIME" and not path:
            raise scanner.fail("a part number before MIME")
        if name:
            return Section(tuple(path), name, _fields(scanner) if "FIELDS" in name else ())
        path.append(scanner.number())
        if not path[-1] or len(path) > MAX_SECTION_DEPTH:
            raise scanner.fail("a part number")
        if not scanner.take(b"."):
            return Section(tuple(path))


def _section_text(scanner: Scanner) -> str:
    for name in ("HEADER.FIELDS.NOT", "HEADER.FIELDS", "HEADER", "TEXT", "MIME"):
        if scanner.take(name.encode()):
            return name
    return ""


def _fields(scanner: Scanner) -> tuple[str, ...]:
    scanner.space()
    names = scanner.listed(lambda: scanner.astring().decode("ascii", "replace"))
    if not names:
        raise scanner.fail("a field name")
    return names


def _label(section: Section) -> bytes:
    words = [str(number) for number in section.path] + ([section.text] if section.text else [])
    label = ".".join(words)
    if section.fields:
        label += " (" + " ".join(name.upper() for name in section.fields) + ")"
    return label.encode("ascii", "replace")


def section_bytes(raw: bytes, root: Part, section: Section) -> bytes | None:
    """The bytes of a section, or None when the message has no such part."""
    part: Part | None = root
    for number in section.path:
        part = _child(part, number) if part else None
    if part is None:
        return None
    if not section.path:
        return _text_of(raw, root, section) if section.text else raw
    if section.text == "MIME":
        return raw[part.start : part.body]
    if not section.text:
        return raw[part.body : part.end]
    if part.media_type != "message/rfc822" or not part.children:
        return None
    return _text_of(raw, part.children[0], section)


def _child(part: Part, number: int) -> Part | None:
    """Part ``number``; of a mail that is no multipart, part 1 is its body."""
    holder = part.children[0] if part.media_type == "message/rfc822" and part.children else part
    if holder.is_multipart and holder.children:
        return holder.children[number - 1] if number <= len(holder.children) else None
    return holder if number == 1 and (holder is not part or part.start == 0) else None


def _text_of(raw: bytes, part: Part, section: Section) -> bytes:
    if section.text == "TEXT":
        return raw[part.body : part.end]
    return header_bytes(raw[part.start : part.body], section)


def header_bytes(header: bytes, section: Section) -> bytes:
    """A header, or those fields of it that the section names, with the empty line after them."""
    if section.text == "HEADER":
        return header
    wanted = {name.lower().encode("ascii", "replace") for name in section.fields}
    keep = section.text == "HEADER.FIELDS"
    found = [
        match[0]
        for match in _FIELD.finditer(header)
        if (match[1].strip().lower() in wanted) is keep
    ]
    return b"".join(found) + b"\r\n"


def write_section(item: FetchItem, data: bytes | None) -> bytes:
    """A body section in the answer: NIL, or a literal, cut when a part of it was asked."""
    if data is None:
        return item.label + b" NIL"
    if item.partial:
        start, count = item.partial
        data = data[start : start + count]
    return item.label + b" {%d}\r\n" % len(data) + data
