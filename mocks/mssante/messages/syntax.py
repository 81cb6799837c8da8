"""MSSanté mock, messages: the small words of IMAP (RFC 3501 §9): atoms, strings, sets, dates.

A command is read whole, its literals in place (``{3}``, CRLF, three octets). Not here: commands.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from kit.rules import Malformed

MAX_NUMBER = 2**32 - 1
MAX_RANGES = 10_000
MAX_DEPTH = 16
MAX_ITEMS = 1_000

_ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_ASTRING = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
_PATTERN = re.compile(rb"[^\x00-\x20\x7f-\xff(){\"\\]+")
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\x00]|\\["\\])*)"')
_LITERAL = re.compile(rb"\{(\d{1,10})\}\r\n")
_NUMBER = re.compile(rb"\d{1,10}")
_SET = re.compile(rb"[0-9*:,]+")
_DATE = re.compile(rb'"?( ?\d{1,2})-([A-Za-z]{3})-(\d{4})"?')
_DATE_TIME = re.compile(rb'"([ \d]\d-[A-Za-z]{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4})"')
_FLAG = re.compile(rb"\\?[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SYSTEM_FLAGS = {
    flag.lower(): flag for flag in ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft")
}

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class NumberSet:
    """A set of sequence numbers or UIDs; 0 stands for ``*``, the highest there is."""

    ranges: tuple[tuple[int, int], ...]

    def select(self, numbers: Iterable[int], highest: int) -> list[int]:
        """Those of ``numbers`` that are in the set."""
        spans = [tuple(sorted((low or highest, high or highest))) for low, high in self.ranges]
        return [n for n in numbers if any(low <= n <= high for low, high in spans)]


class Scanner:
    """Reads a command from left to right. Every method raises Malformed at what it cannot read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def fail(self, expected: str) -> Malformed:
        """What to raise here."""
        seen = self._data[self._at : self._at + 20].decode("ascii", "replace")
        return Malformed(f"octet {self._at}", f"expected {expected}, seen {seen!r}")

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._data)

    def end(self) -> None:
        if not self.is_done:
            raise self.fail("the end of the command")

    def sees(self, text: bytes) -> bool:
        """Whether ``text`` comes next, in any case."""
        return self._data[self._at : self._at + len(text)].upper() == text

    def take(self, text: bytes) -> bool:
        """Step over ``text`` when it comes next."""
        if not self.sees(text):
            return False
        self._at += len(text)
        return True

    def need(self, text: bytes) -> None:
        if not self.take(text):
            raise self.fail(repr(text.decode()))

    def space(self) -> None:
        self.need(b" ")

    def atom(self) -> str:
        """An atom, in capitals."""
        return self._match(_ATOM, "an atom").decode("ascii").upper()

    def number(self) -> int:
        value = int(self._match(_NUMBER, "a number"))
        if value > MAX_NUMBER:
            raise self.fail("a number below 2^32")
        return value

    def astring(self) -> bytes:
        """An atom, a quoted string or a literal, as bytes."""
        if self.sees(b'"') or self.sees(b"{"):
            return self.string()
        return self._match(_ASTRING, "a string")

    def pattern(self) -> bytes:
        """The pattern of LIST: an astring that may hold wildcards."""
        if self.sees(b'"') or self.sees(b"{"):
            return self.string()
        return self._match(_PATTERN, "a pattern")

    def string(self) -> bytes:
        """A quoted string or a literal."""
        if self.sees(b"{"):
            return self._literal()
        quoted = _QUOTED.match(self._data, self._at)
        if quoted is None:
            raise self.fail("a quoted string")
        self._at = quoted.end()
        return re.sub(rb"\\(.)", rb"\1", quoted[1])

    def text(self) -> str:
        """An astring as text."""
        return _utf8(self.astring())

    def folder(self) -> str:
        """The name of a folder; INBOX in any case is INBOX."""
        return read_folder_name(self.astring())

    def numbers(self) -> NumberSet:
        """A sequence set."""
        text = self._match(_SET, "a set of numbers").decode()
        parts = text.split(",")
        if len(parts) > MAX_RANGES:
            raise self.fail(f"at most {MAX_RANGES} ranges")
        return NumberSet(tuple(self._range(part) for part in parts))

    def flag(self) -> str:
        """A flag; system flags in their own case, others as given."""
        flag = self._match(_FLAG, "a flag").decode("ascii")
        if not flag.startswith("\\"):
            return flag
        if flag.lower() not in _SYSTEM_FLAGS:
            raise self.fail("a system flag")
        return _SYSTEM_FLAGS[flag.lower()]

    def date(self) -> date:
        """A date such as 5-Jan-2026, quoted or not."""
        match = _DATE.match(self._data, self._at)
        try:
            if match is None:
                raise ValueError
            day, month, year = (part.decode() for part in match.groups())
            found = date(int(year), _MONTHS.index(month.lower()) + 1, int(day))
        except ValueError:
            raise self.fail("a date such as 5-Jan-2026") from None
        self._at = match.end()
        return found

    def date_time(self) -> datetime:
        """A quoted date and time."""
        match = _DATE_TIME.match(self._data, self._at)
        try:
            if match is None:
                raise ValueError
            text = match[1].decode().strip()
            day, month, rest = text.split("-", 2)
            number = _MONTHS.index(month.lower()) + 1
            stamp = f"{int(day):02d}-{number:02d}-{rest}"
            found = datetime.strptime(stamp, "%d-%m-%Y %H:%M:%S %z").astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.fail("a quoted date and time") from None
        self._at = match.end()
        return found

    def listed(self, read: Callable[[], Item]) -> tuple[Item, ...]:
        """A parenthesized list, maybe empty."""
        self.need(b"(")
        found: list[Item] = []
        while not self.take(b")"):
            if found:
                self.space()
            found.append(read())
            if len(found) > MAX_ITEMS:
                raise self.fail(f"at most {MAX_ITEMS} items")
        return tuple(found)

    def rest(self) -> str:
        """All that is left, as text."""
        left = self._data[self._at :].decode("ascii", "replace")
        self._at = len(self._data)
        return left

    def _literal(self) -> bytes:
        head = _LITERAL.match(self._data, self._at)
        if head is None:
            raise self.fail("a literal")
        start, size = head.end(), int(head[1])
        if start + size > len(self._data):
            raise self.fail("the octets of the literal")
        self._at = start + size
        found = self._data[start : self._at]
        if b"\0" in found:
            raise Malformed("literal", "a NUL octet (RFC 3501 §9, CHAR8)")
        return found

    def _range(self, text: str) -> tuple[int, int]:
        low, colon, high = text.partition(":")
        return self._bound(low), self._bound(high if colon else low)

    def _bound(self, text: str) -> int:
        if text == "*":
            return 0
        if not text.isdigit() or len(text) > 10 or not 0 < int(text) <= MAX_NUMBER:
            raise self.fail("a set of numbers above 0")
        return int(text)

    def _match(self, pattern: re.Pattern[bytes], expected: str) -> bytes:
        match = pattern.match(self._data, self._at)
        if match is None:
            raise self.fail(expected)
        self._at = match.end()
        return match[0]


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("string", "not UTF-8") from None


def read_folder_name(data: bytes) -> str:
    """A folder's name from modified UTF-7 (RFC 3501 §5.1.3)."""
    if data.upper() == b"INBOX":
        return "INBOX"
    try:
        text = data.decode("ascii")
        return re.sub(r"&([A-Za-z0-9+,]*)-", _decode_shift, text)
    except (UnicodeDecodeError, binascii.Error):
        raise Malformed("folder", "not modified UTF-7 (RFC 3501 §5.1.3)") from None


def _decode_shift(match: re.Match[str]) -> str:
    if not match[1]:
        return "&"
    data = match[1].replace(",", "/")
    return base64.b64decode(data + "=" * (-len(data) % 4)).decode("utf-16-be")


def write_folder_name(name: str) -> bytes:
    """A folder's name in modified UTF-7."""
    return re.sub(r"&|[^\x20-\x7e]+", _encode_shift, name).encode("ascii")


def _encode_shift(match: re.Match[str]) -> str:
    if match[0] == "&":
        return "&-"
    shifted = base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=")
    return f"&{shifted.replace('/', ',')}-"


def write_date_time(at: datetime) -> bytes:
    """INTERNALDATE."""
    month = _MONTHS[at.month - 1].capitalize()
    return f'"{at.day:2d}-{month}-{at.year:04d} {at:%H:%M:%S} +0000"'.encode()
