"""Simulator, gateway, messages, segments: octets -> segments with their fields, and back to text.

The ``hl7`` library splits; here are the bounds, the encodings of MSH-18 and the line ends (any on
read, CR on write). Not here: what a segment means (its readers).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import hl7

from kit.rules import Code, Malformed
from kit.xds.hl7 import escape
from simulator.gateway import errors
from simulator.rniv.hl7v2 import Fields

SEPARATORS = "MSH|^~\\&|"
CHARSETS = {"UNICODE UTF-8": "utf-8", "8859/15": "iso8859-15", "8859/1": "iso8859-1", "": "ascii"}
MAX_SEGMENTS, MAX_FIELDS, MAX_PARTS = 1000, 20_000, 20_000  # of one message
MAX_VALUE = 2000  # characters of a value that is not data
_ENDS = re.compile(r"\r\n|\r|\n")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_UNSAFE = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_NAME = re.compile("[A-Z][A-Z0-9]{2}")


class Misread(Malformed):
    """A message that cannot be read, with the code its acknowledgement bears."""

    def __init__(self, code: Code, where: str, why: str) -> None:
        super().__init__(where, why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; place: its name and rank among those of its name, ``OBX[2]``."""

    name: str
    place: str
    fields: Fields

    def text(self, field: int, component: int = 1, part: int = 1, repetition: int = 1) -> str:
        """A value, unescaped, "" when absent. Raises Misread when it holds what no line can."""
        where = f"{self.place}-{field}"
        try:
            found = self.fields.text(field, repetition, component, part)
        except (Malformed, ArithmeticError, hl7.HL7Exception) as error:
            raise Misread(errors.DATA_TYPE, where, str(error)) from None
        if len(found) > MAX_VALUE:
            raise Misread(errors.DATA_TYPE, where, f"longer than {MAX_VALUE} characters")
        if _UNSAFE.search(found):
            raise Misread(errors.DATA_TYPE, where, "holds a control character")
        return found

    def data(self, field: int, component: int) -> str:
        """A long value as it was sent, not unescaped."""
        repetitions = str(self.fields.segment[field]) if field < len(self.fields.segment) else ""
        parts = repetitions.split("^")
        return parts[component - 1] if component <= len(parts) else ""

    def count(self, field: int) -> int:
        """How many repetitions a field has."""
        return self.fields.count(field)


def read_segments(data: bytes) -> tuple[Segment, ...]:
    """The segments of a message, MSH first. Raises Misread."""
    text = _decoded(data)
    lines = [line.rstrip(" ") for line in _ENDS.split(text)]
    lines = [line for line in lines if line]
    _check_size(text, lines)
    try:
        message = hl7.parse("\r".join(lines))
    except (hl7.HL7Exception, IndexError, ValueError, KeyError) as error:
        raise Misread(errors.SEQUENCE, "message", str(error)) from None
    return tuple(_numbered(message))


def _decoded(data: bytes) -> str:
    """The text, in the encoding that MSH-18 names."""
    if not data.startswith(SEPARATORS.encode()):
        raise Misread(errors.SEQUENCE, "MSH", f"a message begins with {SEPARATORS}")
    first = re.split(rb"[\r\n]", data[:8192], maxsplit=1)[0].split(b"|")
    named = first[17].split(b"~")[0].decode("ascii", "replace") if len(first) > 17 else ""
    if named not in CHARSETS:
        known = ", ".join(name for name in CHARSETS if name)
        raise Misread(errors.TABLE_VALUE, "MSH-18", f"{named[:40]!r} is not one of {known}")
    try:
        text = data.decode(CHARSETS[named])
    except UnicodeDecodeError as error:
        why = f"octet {error.start} is not of {named or 'ASCII, which an empty MSH-18 means'}"
        raise Misread(errors.DATA_TYPE, "MSH-18", why) from None
    if _CONTROL.search(text.replace("\r", "\n")):
        raise Misread(errors.DATA_TYPE, "message", "holds a control character")
    return text


def _check_size(text: str, lines: list[str]) -> None:
    if len(lines) > MAX_SEGMENTS:
        raise Misread(errors.CARDINALITY, "message", f"more than {MAX_SEGMENTS} segments")
    if text.count("|") > MAX_FIELDS:
        raise Misread(errors.CARDINALITY, "message", f"more than {MAX_FIELDS} fields")
    if sum(map(text.count, "~^&\\")) > MAX_PARTS:
        raise Misread(errors.CARDINALITY, "message", f"more than {MAX_PARTS} parts of fields")
    for number, line in enumerate(lines, start=1):
        if not _NAME.fullmatch(line[:3]) or line[3:4] not in ("|", ""):
            raise Misread(errors.SEQUENCE, f"line {number}", f"{line[:8]!r} begins no segment")
        if number > 1 and line.startswith("MSH"):
            raise Misread(errors.SEQUENCE, f"line {number}", "a second MSH: one message a block")


def _numbered(message: Iterable[hl7.Segment]) -> Iterable[Segment]:
    seen: dict[str, int] = {}
    for found in message:
        name = str(found[0])
        seen[name] = seen.get(name, 0) + 1
        yield Segment(name, f"{name}[{seen[name]}]", Fields(found))


def first(segments: Iterable[Segment], name: str) -> Segment | None:
    """The first segment of a name."""
    return next((item for item in segments if item.name == name), None)


# Writing.


def value(text: str) -> str:
    """A text as a field holds it: separators escaped, control characters replaced."""
    return escape(_UNSAFE.sub("?", text))


def components(*texts: str) -> str:
    """Components of a field, escaped, trailing empty ones left out."""
    return "^".join(map(value, texts)).rstrip("^")


def line(name: str, fields: dict[int, str]) -> str:
    """A segment from its fields, written already, by number; trailing empty ones left out."""
    last = max((number for number, text in fields.items() if text), default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def joined(lines: Iterable[str]) -> str:
    """The text of a message: each segment ends with CR."""
    return "".join(f"{item}\r" for item in lines)


def encoded(text: str, charset: str) -> bytes:
    """The octets of a message in the encoding of MSH-18; what it has not becomes ``?``."""
    return text.encode(CHARSETS.get(charset, "utf-8"), "replace")
