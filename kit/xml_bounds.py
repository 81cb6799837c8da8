"""Kit, XML bounds: counts what a document holds before anyone builds a tree of it.

The tree builder takes thirty times the bytes of a document made of empty elements; this pass
takes none. It also is where declarations are refused, whatever the encoding hides them in.
A document too small to be a bomb is spared the pass. Not here: the tree (xml).
"""

from __future__ import annotations

import re
from xml.parsers import expat

from kit.rules import Malformed

ENCODINGS = ("utf-8", "utf-16", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252")
NO_DECLARATION = "a document type or entity declaration is not accepted"
PIECE_BYTES = 64 * 1024
MAX_MARKUP_BYTES = 1024 * 1024  # of one tag, comment or instruction
MAX_ATTRIBUTES = 1000  # of one element, namespace declarations included
MAX_NAMES = 2000  # different names of one document: the tree builder never forgets a name
MAX_NAME_CHARACTERS = 256
SMALL_BYTES = 4 * 1024 * 1024
SMALL_MARKUPS = 20_000
SHORTEST_ELEMENT_BYTES = 4  # <a/>, and an attribute takes five:  a=""
_ENCODING = re.compile(rb"""<\?xml[^?>]*?encoding\s*=\s*["']([\w.-]+)["']""")


def is_small(data: bytes, max_nodes: int) -> bool:
    """Whether ``data`` declares nothing and is too small to become a large tree.

    False when in doubt. Each element takes a ``<`` and each attribute a ``=``, in UTF-8 and in
    every encoding that keeps ASCII.
    """
    return (
        len(data) <= SMALL_BYTES
        and data.startswith((b"<", b"\xef\xbb\xbf<"))
        and b"\0" not in data
        and b"<!DOCTYPE" not in data
        and _has_few_markups(data, min(SMALL_MARKUPS, max_nodes))
        and _keeps_ascii(data[:200])
    )


def _has_few_markups(data: bytes, most: int) -> bool:
    """At most ``most`` elements and twice as many attributes; short data have no room for more."""
    if len(data) <= SHORTEST_ELEMENT_BYTES * most:
        return True
    return data.count(b"<") <= most and data.count(b"=") <= 2 * most


def _keeps_ascii(head: bytes) -> bool:
    if b"encoding" not in head.partition(b"?>")[0]:
        return True
    found = _ENCODING.search(head)
    return found is not None and found[1].decode("ascii", "replace").lower() in ENCODINGS


def check(
    data: bytes,
    *,
    where: str,
    max_depth: int,
    max_nodes: int,
    max_markup_bytes: int = MAX_MARKUP_BYTES,
) -> None:
    """Return when ``data`` is well-formed and within bounds. Raises Malformed."""
    counter = _Counter(where, max_depth, max_nodes)
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.StartElementHandler = counter.start
    parser.EndElementHandler = counter.end
    parser.StartDoctypeDeclHandler = counter.declaration
    parser.XmlDeclHandler = counter.encoding
    parser.CommentHandler = parser.ProcessingInstructionHandler = counter.node
    try:
        _feed(parser, data, where, max_markup_bytes)
    except expat.ExpatError as error:
        why = f"{expat.ErrorString(error.code)}, line {error.lineno}, column {error.offset + 1}"
        raise Malformed(where, f"not well-formed XML, {why}") from None
    except (ValueError, LookupError) as error:  # an encoding that the reader does not know
        raise Malformed(where, f"not well-formed XML, {error}") from None


def _feed(parser: expat.XMLParserType, data: bytes, where: str, max_markup_bytes: int) -> None:
    if len(data) <= max_markup_bytes:  # no tag can be longer
        parser.Parse(data, True)
        return
    if hasattr(parser, "SetReparseDeferralEnabled"):
        parser.SetReparseDeferralEnabled(False)  # the bound below replaces it
    for start in range(0, len(data), PIECE_BYTES):
        parser.Parse(data[start : start + PIECE_BYTES], False)
        pending = start + PIECE_BYTES - parser.CurrentByteIndex
        if pending > max_markup_bytes + PIECE_BYTES:
            raise Malformed(where, f"a tag or comment is longer than {max_markup_bytes} bytes")
    parser.Parse(b"", True)


class _Counter:
    """What was met so far in one document."""

    def __init__(self, where: str, max_depth: int, max_nodes: int) -> None:
        self._where, self._max_depth, self._max_nodes = where, max_depth, max_nodes
        self._depth = self._nodes = self._attributes = 0
        self._names: set[str] = set()

    def start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        self._nodes += 1
        self._attributes += len(attributes) // 2
        self._names.add(name)
        self._names.update(attributes[::2])
        if self._depth > self._max_depth:
            raise self._refused(f"nested deeper than {self._max_depth}")
        if self._nodes > self._max_nodes:
            raise self._refused(f"more than {self._max_nodes} elements")
        if len(attributes) > 2 * MAX_ATTRIBUTES:
            raise self._refused(f"an element has more than {MAX_ATTRIBUTES} attributes")
        if self._attributes > 2 * self._max_nodes:
            raise self._refused(f"more than {2 * self._max_nodes} attributes")
        self._bound_names(name, attributes)

    def _bound_names(self, name: str, attributes: list[str]) -> None:
        if len(self._names) > MAX_NAMES:
            raise self._refused(f"more than {MAX_NAMES} different names")
        if len(name) > MAX_NAME_CHARACTERS or any(
            len(item) > MAX_NAME_CHARACTERS for item in attributes[::2]
        ):
            raise self._refused(f"a name is longer than {MAX_NAME_CHARACTERS} characters")

    def end(self, _: str) -> None:
        self._depth -= 1

    def node(self, *_: str) -> None:
        """A comment or a processing instruction, which takes as much room as an element."""
        self._nodes += 1
        if self._nodes > self._max_nodes:
            raise self._refused(f"more than {self._max_nodes} elements and comments")

    def declaration(self, *_: object) -> None:
        raise self._refused(NO_DECLARATION)

    def encoding(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ENCODINGS:
            raise self._refused(f"encoding {encoding[:40]!r}, expected one of UTF-8, UTF-16, "
                                "ISO-8859-1, ISO-8859-15, windows-1252")  # fmt: skip

    def _refused(self, why: str) -> Malformed:
        return Malformed(self._where, why)
