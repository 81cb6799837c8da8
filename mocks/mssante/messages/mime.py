"""MSSanté mock, messages: a mail as a tree of parts that point into its own bytes.

IMAP hands out slices of the very bytes that were submitted, so nothing is generated again.
Not here: what the headers mean to MSSanté (``mail``).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message as HeaderReader

from kit.rules import Malformed

MAX_DEPTH = 16
MAX_PARTS = 256
MAX_HEADER_BYTES = 256 * 1024
MAX_FIELDS = 1_000

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME part: ``raw[start:body]`` is its header, ``raw[body:end]`` its content."""

    start: int
    body: int
    end: int
    headers: tuple[tuple[str, str], ...]
    media_type: str
    parameters: Mapping[str, str]
    encoding: str
    disposition: str
    disposition_parameters: Mapping[str, str]
    lines: int
    children: tuple[Part, ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header, unfolded, in order."""
        wanted = name.lower()
        return tuple(value for field, value in self.headers if field.lower() == wanted)

    def first(self, name: str) -> str:
        """The first value of a header, or an empty text."""
        return next(iter(self.all(name)), "")

    @property
    def filename(self) -> str:
        """The name of an attachment, decoded; empty when the part has none."""
        found = self.disposition_parameters.get("filename") or self.parameters.get("name", "")
        return decode_words(found)

    @property
    def is_multipart(self) -> bool:
        return self.media_type.startswith("multipart/")

    def walk(self) -> Iterator[Part]:
        """This part and every part in it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def decode_words(text: str) -> str:
    """A header's value with its RFC 2047 encoded words decoded; what cannot be is left."""
    if "=?" not in text:
        return text
    try:
        pieces = decode_header(text)
        return "".join(
            piece if isinstance(piece, str) else piece.decode(charset or "ascii", "replace")
            for piece, charset in pieces
        )
    except (LookupError, ValueError, binascii.Error):
        return text


def content(raw: bytes, part: Part) -> bytes:
    """The content of a part with its transfer encoding undone.

    Raises Malformed when base64 cannot be read.
    """
    body = raw[part.body : part.end]
    if part.encoding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error as error:
            raise Malformed(part.filename or part.media_type, f"base64: {error}") from None
    if part.encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body


def read_parts(raw: bytes) -> Part:
    """Read the tree of parts. Raises Malformed when it passes MAX_DEPTH, MAX_PARTS or a bound."""
    return _Reader(raw).part(0, len(raw), 0)


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._parts = 0

    def part(self, start: int, end: int, depth: int) -> Part:
        self._parts += 1
        if depth > MAX_DEPTH:
            raise Malformed("MIME structure", f"nested deeper than {MAX_DEPTH}")
        if self._parts > MAX_PARTS:
            raise Malformed("MIME structure", f"more than {MAX_PARTS} parts")
        body = self._body(start, end)
        headers = read_fields(self._raw[start:body])
        media, parameters = _typed(headers, "Content-Type", "text/plain")
        disposition, disposition_parameters = _typed(headers, "Content-Disposition", "")
        return Part(
            start=start,
            body=body,
            end=end,
            headers=headers,
            media_type=media,
            parameters=parameters,
            encoding=_first(headers, "Content-Transfer-Encoding").strip().lower() or "7bit",
            disposition=disposition,
            disposition_parameters=disposition_parameters,
            lines=self._lines(body, end),
            children=self._children(media, parameters, body, end, depth),
        )

    def _body(self, start: int, end: int) -> int:
        if self._raw.startswith(b"\r\n", start):
            return start + 2
        blank = self._raw.find(b"\r\n\r\n", start, end)
        body = end if blank < 0 else blank + 4
        if body - start > MAX_HEADER_BYTES:
            raise Malformed("header", f"more than {MAX_HEADER_BYTES} bytes")
        return body

    def _lines(self, body: int, end: int) -> int:
        full = self._raw.count(b"\n", body, end)
        return full + (end > body and not self._raw.endswith(b"\n", body, end))

    def _children(
        self, media: str, parameters: Mapping[str, str], body: int, end: int, depth: int
    ) -> tuple[Part, ...]:
        if media == "message/rfc822":
            return (self.part(body, end, depth + 1),)
        boundary = parameters.get("boundary", "")
        if not media.startswith("multipart/") or not boundary:
            return ()
        spans = self._spans(boundary.encode("utf-8", "surrogateescape"), body, end)
        return tuple(self.part(first, last, depth + 1) for first, last in spans)

    def _spans(self, boundary: bytes, body: int, end: int) -> Iterator[tuple[int, int]]:
        """Where each child begins and ends (RFC 2046 §5.1.1)."""
        open_at = -1
        for at, after, last in self._delimiters(b"--" + boundary, body, end):
            if open_at >= 0:
                yield open_at, max(open_at, at)
            open_at = after
            if last:
                return
        if open_at >= 0:
            yield open_at, end

    def _delimiters(self, mark: bytes, body: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Each delimiter line: where the part before it ends, where the next begins, is it last."""
        at = body
        while (at := self._raw.find(mark, at, end)) >= 0:
            follows = at + len(mark)
            if at != body and self._raw[at - 2 : at] != b"\r\n":
                at = follows
                continue
            last = self._raw.startswith(b"--", follows)
            line_end = self._raw.find(b"\r\n", follows, end)
            line_end = end if line_end < 0 else line_end
            rest = self._raw[follows + 2 * last : line_end]
            if not rest.strip(b" \t"):
                yield max(body, at - 2), min(line_end + 2, end), last
            at = follows


def read_fields(header: bytes) -> tuple[tuple[str, str], ...]:
    """The header fields in order, unfolded. A line that is no field is left out: see ``strays``."""
    found = []
    for line in _FOLD.sub(b"", header).split(b"\r\n"):
        match = _FIELD.fullmatch(line)
        if match:
            name, value = match.groups()
            found.append((name.decode("ascii"), value.strip().decode("utf-8", "surrogateescape")))
    if len(found) > MAX_FIELDS:
        raise Malformed("header", f"more than {MAX_FIELDS} fields")
    return tuple(found)


def strays(header: bytes) -> list[str]:
    """The lines of a header that are no field."""
    lines = _FOLD.sub(b"", header).split(b"\r\n")
    return [line.decode("latin-1") for line in lines if line and not _FIELD.fullmatch(line)]


def _first(headers: tuple[tuple[str, str], ...], name: str) -> str:
    wanted = name.lower()
    return next((value for field, value in headers if field.lower() == wanted), "")


def _typed(
    headers: tuple[tuple[str, str], ...], name: str, default: str
) -> tuple[str, Mapping[str, str]]:
    """A header of the form ``value; name=value``, RFC 2231 continuations joined."""
    text = _first(headers, name)
    if not text:
        return default, {}
    reader = HeaderReader()
    reader["X"] = text.encode("utf-8", "replace").decode("utf-8")
    pairs = reader.get_params([], header="X")
    value = pairs[0][0].strip().lower() if pairs else default
    if name == "Content-Type" and value.count("/") != 1:
        value = default
    return value, {key.lower(): _plain(parameter) for key, parameter in pairs[1:]}


def _plain(value: object) -> str:
    """A parameter's value; RFC 2231 gives (charset, language, text)."""
    if isinstance(value, tuple):
        charset, _, text = value
        try:
            return bytes(text, "raw-unicode-escape").decode(charset or "us-ascii", "replace")
        except LookupError:
            return str(text)
    return str(value)
