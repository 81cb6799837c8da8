"""MSSanté mock, messages: the keys of SEARCH as a small tree, read and judged.

Not here: where the messages come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from kit.rules import Malformed
from mocks.mssante.messages.syntax import NumberSet, Scanner

MAX_KEYS = 200
MAX_NESTING = 16


class Candidate(Protocol):
    """What a key may ask about a message."""

    @property
    def sequence(self) -> int: ...
    @property
    def uid(self) -> int: ...
    @property
    def flags(self) -> frozenset[str]: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def received_on(self) -> date: ...
    @property
    def sent_on(self) -> date | None: ...

    def field(self, name: str) -> str | None:
        """A header field's values, decoded and joined; None when it is absent."""
        ...

    def text(self, *, with_header: bool) -> str:
        """The decoded texts of the message."""
        ...

    def highest(self, *, by_uid: bool) -> int:
        """What ``*`` stands for."""
        ...


@dataclass(frozen=True, slots=True)
class Key:
    """A criterion: a name, and whatever it compares with."""

    name: str
    keys: tuple[Key, ...] = ()
    text: str = ""
    field: str = ""
    day: date | None = None
    number: int = 0
    numbers: NumberSet | None = None

    @property
    def needs_header(self) -> bool:
        """Whether the header or a text must be read to judge it."""
        if self.keys:
            return any(key.needs_header for key in self.keys)
        return self.name in ("HEADER", "BODY", "TEXT", "SENTBEFORE", "SENTON", "SENTSINCE")


def read_search(scanner: Scanner) -> Key:
    """Read one or more keys; all must hold."""
    return _Reader(scanner).keys()


class _Reader:
    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._count = 0

    def keys(self, depth: int = 0) -> Key:
        found = [self._key(depth)]
        while self._scanner.take(b" "):
            found.append(self._key(depth))
        return found[0] if len(found) == 1 else Key("AND", tuple(found))

    def _key(self, depth: int) -> Key:
        self._count += 1
        if self._count > MAX_KEYS or depth > MAX_NESTING:
            raise Malformed("SEARCH", f"more than {MAX_KEYS} keys, or nested beyond {MAX_NESTING}")
        scanner = self._scanner
        if scanner.take(b"("):
            inner = self.keys(depth + 1)
            scanner.need(b")")
            return inner
        if any(scanner.sees(b"%d" % digit) for digit in range(10)) or scanner.sees(b"*"):
            return Key("SEQUENCE", numbers=scanner.numbers())
        return self._named(scanner.atom(), depth)

    def _named(self, name: str, depth: int) -> Key:
        scanner = self._scanner
        if name in _FLAGGED:
            return Key("FLAG", text=_FLAGGED[name])
        if name in _UNFLAGGED:
            return Key("NOT", (Key("FLAG", text=_UNFLAGGED[name]),))
        if name in ("ALL", "NEW"):
            new = (Key("FLAG", text="\\Recent"), Key("NOT", (Key("FLAG", text="\\Seen"),)))
            return Key("ALL") if name == "ALL" else Key("AND", new)
        scanner.space()
        if name == "NOT":
            return Key("NOT", (self._key(depth + 1),))
        if name == "OR":
            first = self._key(depth + 1)
            scanner.space()
            return Key("OR", (first, self._key(depth + 1)))
        return self._compared(name)

    def _compared(self, name: str) -> Key:
        scanner = self._scanner
        if name in _FIELDS:
            return Key("HEADER", text=scanner.text(), field=name)
        if name == "HEADER":
            field = scanner.text()
            scanner.space()
            return Key("HEADER", text=scanner.text(), field=field)
        if name in ("BODY", "TEXT"):
            return Key(name, text=scanner.text())
        if name in _DAYS:
            return Key(name, day=scanner.date())
        if name in ("LARGER", "SMALLER"):
            return Key(name, number=scanner.number())
        if name == "UID":
            return Key("UID", numbers=scanner.numbers())
        if name in ("KEYWORD", "UNKEYWORD"):
            key = Key("FLAG", text=scanner.flag())
            return key if name == "KEYWORD" else Key("NOT", (key,))
        raise Malformed("SEARCH", f"{name[:40]} is not a search key")


def matches(key: Key, message: Candidate) -> bool:
    """Whether a message meets a key."""
    if key.name in ("AND", "OR"):
        every = all if key.name == "AND" else any
        return every(matches(inner, message) for inner in key.keys)
    if key.name == "NOT":
        return not matches(key.keys[0], message)
    return _JUDGES[key.name](key, message)


def _has_number(key: Key, message: Candidate) -> bool:
    assert key.numbers is not None
    by_uid = key.name == "UID"
    number = message.uid if by_uid else message.sequence
    return bool(key.numbers.select([number], message.highest(by_uid=by_uid)))


def _has_field(key: Key, message: Candidate) -> bool:
    value = message.field(key.field)
    return value is not None and key.text.casefold() in value.casefold()


def _has_text(key: Key, message: Candidate) -> bool:
    return key.text.casefold() in message.text(with_header=key.name == "TEXT").casefold()


def _is_on(key: Key, message: Candidate) -> bool:
    day = message.sent_on if key.name.startswith("SENT") else message.received_on
    if day is None or key.day is None:
        return False
    word = key.name.removeprefix("SENT")
    return {"BEFORE": day < key.day, "ON": day == key.day, "SINCE": day >= key.day}[word]


_FLAGGED = {
    "ANSWERED": "\\Answered", "DELETED": "\\Deleted", "DRAFT": "\\Draft", "FLAGGED": "\\Flagged",
    "SEEN": "\\Seen", "RECENT": "\\Recent",
}  # fmt: skip
_UNFLAGGED = {
    "UNANSWERED": "\\Answered", "UNDELETED": "\\Deleted", "UNDRAFT": "\\Draft",
    "UNFLAGGED": "\\Flagged", "UNSEEN": "\\Seen", "OLD": "\\Recent",
}  # fmt: skip
_FIELDS = ("FROM", "TO", "CC", "BCC", "SUBJECT")
_DAYS = ("BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE")
_JUDGES: Mapping[str, Callable[[Key, Candidate], bool]] = {
    "ALL": lambda _, __: True,
    "FLAG": lambda key, message: key.text in message.flags,
    "LARGER": lambda key, message: message.size_bytes > key.number,
    "SMALLER": lambda key, message: message.size_bytes < key.number,
    "SEQUENCE": _has_number,
    "UID": _has_number,
    "HEADER": _has_field,
    "BODY": _has_text,
    "TEXT": _has_text,
    **dict.fromkeys(_DAYS, _is_on),
}
