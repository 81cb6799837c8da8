"""MSSanté mock, messages: the commands of IMAP4rev1 as dataclasses, and their reader.

Not here: when a command is allowed and what it does (``imap``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kit.rules import Malformed
from mocks.mssante.messages.fetching import FetchItem, read_fetch_items
from mocks.mssante.messages.searching import Key, read_search
from mocks.mssante.messages.syntax import NumberSet, Scanner, read_folder_name

MAX_TAG = 64

_TAG = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]+")


@dataclass(frozen=True, slots=True)
class Nothing:
    """No argument."""


@dataclass(frozen=True, slots=True)
class Login:
    """LOGIN."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Authenticate:
    """AUTHENTICATE, with its initial response when there is one (SASL-IR)."""

    mechanism: str
    initial: str | None


@dataclass(frozen=True, slots=True)
class OnFolder:
    """SELECT, EXAMINE, CREATE, DELETE, SUBSCRIBE, UNSUBSCRIBE."""

    folder: str


@dataclass(frozen=True, slots=True)
class Rename:
    """RENAME."""

    folder: str
    new_name: str


@dataclass(frozen=True, slots=True)
class Listing:
    """LIST and LSUB."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Status:
    """STATUS."""

    folder: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Append:
    """APPEND."""

    folder: str
    flags: tuple[str, ...]
    at: datetime | None
    mail: bytes


@dataclass(frozen=True, slots=True)
class Fetch:
    """FETCH."""

    numbers: NumberSet
    items: tuple[FetchItem, ...]


@dataclass(frozen=True, slots=True)
class StoreFlags:
    """STORE. mode: ``=``, ``+`` or ``-``."""

    numbers: NumberSet
    mode: str
    flags: frozenset[str]
    silent: bool


@dataclass(frozen=True, slots=True)
class Search:
    """SEARCH."""

    charset: str
    key: Key


@dataclass(frozen=True, slots=True)
class Copy:
    """COPY."""

    numbers: NumberSet
    folder: str


Arguments = (
    Nothing | Login | Authenticate | OnFolder | Rename | Listing | Status | Append
    | Fetch | StoreFlags | Search | Copy
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """One command. by_uid: it was prefixed with UID."""

    tag: str
    name: str
    arguments: Arguments
    by_uid: bool = False


class UnreadableCommand(Malformed):
    """A command that cannot be read; ``tag`` and ``name`` as far as they could be."""

    def __init__(self, tag: str, name: str, where: str, why: str) -> None:
        super().__init__(where, why)
        self.tag = tag
        self.name = name


def read_tag(data: bytes) -> str:
    """The tag of a command, or ``*`` when there is none to answer with."""
    match = _TAG.match(data)
    return match[0].decode() if match and len(match[0]) <= MAX_TAG else "*"


def read_command(data: bytes) -> Command:
    """Read a command, without its last CRLF. Raises UnreadableCommand."""
    tag, name, by_uid = read_tag(data), "", False
    scanner = Scanner(data[len(tag) :])
    try:
        if tag == "*":
            raise Malformed("tag", "a tag of printable characters is missing")
        scanner.space()
        name = scanner.atom()
        if name == "UID":
            by_uid = True
            scanner.space()
            name = scanner.atom()
        arguments = _arguments(name, by_uid, scanner)
        scanner.end()
    except Malformed as error:
        raise UnreadableCommand(tag, name, error.where, error.why) from None
    return Command(tag, name, arguments, by_uid)


def _arguments(name: str, by_uid: bool, scanner: Scanner) -> Arguments:
    if name not in _READERS or (by_uid and name not in _BY_UID):
        raise Malformed("command", f"{name[:40]} is not a command of this server")
    return _READERS[name](scanner)


def _nothing(_: Scanner) -> Nothing:
    return Nothing()


def _login(scanner: Scanner) -> Login:
    scanner.space()
    user = scanner.text()
    scanner.space()
    return Login(user, scanner.text())


def _authenticate(scanner: Scanner) -> Authenticate:
    scanner.space()
    mechanism = scanner.atom()
    return Authenticate(mechanism, scanner.rest() if scanner.take(b" ") else None)


def _on_folder(scanner: Scanner) -> OnFolder:
    scanner.space()
    return OnFolder(scanner.folder())


def _rename(scanner: Scanner) -> Rename:
    scanner.space()
    folder = scanner.folder()
    scanner.space()
    return Rename(folder, scanner.folder())


def _listing(scanner: Scanner) -> Listing:
    scanner.space()
    reference = scanner.astring()
    scanner.space()
    return Listing(read_folder_name(reference + scanner.pattern()))


def _status(scanner: Scanner) -> Status:
    scanner.space()
    folder = scanner.folder()
    scanner.space()
    items = scanner.listed(scanner.atom)
    unknown = [item for item in items if item not in STATUS_ITEMS]
    if unknown or not items:
        raise Malformed("STATUS", f"items are {', '.join(STATUS_ITEMS)}")
    return Status(folder, items)


def _append(scanner: Scanner) -> Append:
    scanner.space()
    folder = scanner.folder()
    scanner.space()
    flags: tuple[str, ...] = ()
    if scanner.sees(b"("):
        flags = scanner.listed(scanner.flag)
        scanner.space()
    at = None
    if scanner.sees(b'"'):
        at = scanner.date_time()
        scanner.space()
    if not scanner.sees(b"{"):
        raise scanner.fail("a literal")
    return Append(folder, flags, at, scanner.string())


def _fetch(scanner: Scanner) -> Fetch:
    scanner.space()
    numbers = scanner.numbers()
    scanner.space()
    return Fetch(numbers, read_fetch_items(scanner))


def _store(scanner: Scanner) -> StoreFlags:
    scanner.space()
    numbers = scanner.numbers()
    scanner.space()
    mode = "+" if scanner.take(b"+") else "-" if scanner.take(b"-") else "="
    scanner.need(b"FLAGS")
    silent = scanner.take(b".SILENT")
    scanner.space()
    if scanner.sees(b"("):
        flags = scanner.listed(scanner.flag)
    else:
        flags = (scanner.flag(),)
        while scanner.take(b" "):
            flags = (*flags, scanner.flag())
    return StoreFlags(numbers, mode, frozenset(flags), silent)


def _search(scanner: Scanner) -> Search:
    scanner.space()
    charset = "US-ASCII"
    if scanner.take(b"CHARSET "):
        charset = scanner.text().upper()
        scanner.space()
    return Search(charset, read_search(scanner))


def _copy(scanner: Scanner) -> Copy:
    scanner.space()
    numbers = scanner.numbers()
    scanner.space()
    return Copy(numbers, scanner.folder())


STATUS_ITEMS = ("MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN")
_BY_UID = ("FETCH", "STORE", "SEARCH", "COPY")
_READERS: Mapping[str, Callable[[Scanner], Arguments]] = {
    "CAPABILITY": _nothing,
    "NOOP": _nothing,
    "LOGOUT": _nothing,
    "STARTTLS": _nothing,
    "ID": lambda scanner: (scanner.rest(), Nothing())[1],
    "NAMESPACE": _nothing,
    "LOGIN": _login,
    "AUTHENTICATE": _authenticate,
    "SELECT": _on_folder,
    "EXAMINE": _on_folder,
    "CREATE": _on_folder,
    "DELETE": _on_folder,
    "SUBSCRIBE": _on_folder,
    "UNSUBSCRIBE": _on_folder,
    "RENAME": _rename,
    "LIST": _listing,
    "LSUB": _listing,
    "STATUS": _status,
    "APPEND": _append,
    "IDLE": _nothing,
    "CHECK": _nothing,
    "CLOSE": _nothing,
    "EXPUNGE": _nothing,
    "FETCH": _fetch,
    "STORE": _store,
    "SEARCH": _search,
    "COPY": _copy,
}
