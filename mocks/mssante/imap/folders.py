"""MSSanté mock, IMAP, folders: opening, listing, creating and filling folders.

Not here: reading and marking messages (``mails``).
"""

from __future__ import annotations

import re

from kit.journal import Line
from kit.rules import Malformed
from mocks.mssante import errors
from mocks.mssante.imap.selected import Selected, look, write_flags
from mocks.mssante.imap.session import Done, No, Session, arguments
from mocks.mssante.messages.commands import Append, Command, Listing, OnFolder, Rename, Status
from mocks.mssante.messages.mime import read_parts
from mocks.mssante.messages.structure import write_string
from mocks.mssante.messages.syntax import write_folder_name
from mocks.mssante.store import Folder

INBOX = "INBOX"
SYSTEM = frozenset({"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"})
MAX_NAME = 150
MAX_FLAGS = 300  # octets of all flags of a message

_NAME = re.compile(r"[^\x00-\x1f\x7f%*\\]+")


async def select(session: Session, command: Command) -> Done:
    """SELECT and EXAMINE."""
    name = arguments(command, OnFolder).folder
    read_only = command.name == "EXAMINE"
    session.selected = None

    def opened(line: Line) -> tuple[Folder, int]:
        line.facts["folder"] = name
        folder = session.folders.open(name, take_recent=not read_only)
        if folder is None:
            raise No(errors.IMAP_NONEXISTENT, f"no folder {name[:60]!a}")
        line.facts["messages"] = session.folders.count(folder)
        return folder, session.folders.unseen(folder)

    folder, unseen = await session.record(command, f"{command.name} {name!a}", opened)
    selected = Selected(folder, read_only)
    selected.apply(await session.read(lambda: look(session.folders, selected)))
    await session.untagged(*_describe(selected, unseen))
    session.selected = selected
    return Done(f"{command.name} completed", "READ-ONLY" if read_only else "READ-WRITE")


def _describe(selected: Selected, unseen: int) -> list[bytes]:
    folder = selected.folder
    lines = [
        b"FLAGS " + write_flags(SYSTEM),
        b"%d EXISTS" % len(selected.uids),
        b"%d RECENT" % selected.recent(),
    ]
    if unseen:
        first = next((u for u in selected.uids if "\\Seen" not in selected.flags[u]), 0)
        lines += [b"OK [UNSEEN %d] first unseen" % selected.sequence(first)] if first else []
    kept = b"()" if selected.is_read_only else write_flags(SYSTEM | {"\\*"})
    return [
        *lines,
        b"OK [PERMANENTFLAGS " + kept + b"] kept",
        b"OK [UIDVALIDITY %d] valid" % folder.uid_validity,
        b"OK [UIDNEXT %d] next" % max(folder.next_uid, max(selected.uids, default=0) + 1),
    ]


async def status(session: Session, command: Command) -> Done:
    """STATUS."""
    given = arguments(command, Status)

    def count() -> dict[str, int]:
        folder = session.folders.open(given.folder)
        if folder is None:
            raise No(errors.IMAP_NONEXISTENT, f"no folder {given.folder[:60]!a}")
        uids = session.folders.uids(folder)
        return {
            "MESSAGES": len(uids),
            "RECENT": sum(uid >= folder.recent_from for uid in uids),
            "UIDNEXT": folder.next_uid,
            "UIDVALIDITY": folder.uid_validity,
            "UNSEEN": session.folders.unseen(folder),
        }

    found = await session.write(count)
    told = " ".join(f"{item} {found[item]}" for item in given.items).encode()
    name = write_string(write_folder_name(given.folder))
    await session.untagged(b"STATUS " + name + b" (" + told + b")")
    return Done("STATUS completed")


async def listing(session: Session, command: Command) -> Done:
    """LIST and LSUB; the hierarchy is parted by a slash."""
    pattern = arguments(command, Listing).pattern
    kind = command.name.encode()
    if not pattern:
        await session.untagged(kind + b' (\\Noselect) "/" ""')
        return Done(f"{command.name} completed")
    found = {folder.name: folder for folder in await session.read(session.folders.folders)}
    names = sorted({INBOX, *found}, key=lambda name: (name != INBOX, name))
    wanted = _pattern(pattern)
    for name in names:
        is_listed = command.name == "LIST" or name not in found or found[name].subscribed
        if is_listed and wanted.fullmatch(name):
            quoted = write_string(write_folder_name(name))
            await session.untagged(kind + b' (%b) "/" ' % _children(name, names) + quoted)
    return Done(f"{command.name} completed")


def _children(name: str, names: list[str]) -> bytes:
    has = any(other.startswith(f"{name}/") for other in names)
    return b"\\HasChildren" if has else b"\\HasNoChildren"


def _pattern(text: str) -> re.Pattern[str]:
    """``*`` matches all, ``%`` all but the slash; runs of wildcards are one."""
    text = re.sub(r"[*%]*\*[*%]*", "*", text)
    text = re.sub(r"%+", "%", text)
    if text.count("*") + text.count("%") > 10:
        raise Malformed("LIST", "more than 10 wildcards")
    parts = {"*": ".*", "%": "[^/]*"}
    body = "".join(parts.get(letter) or re.escape(letter) for letter in text)
    flags = re.IGNORECASE if text.upper() == INBOX else re.NOFLAG
    return re.compile(body, flags | re.DOTALL)


async def create(session: Session, command: Command) -> Done:
    """CREATE."""
    name = _new_name(arguments(command, OnFolder).folder.removesuffix("/"))
    if not await session.write(lambda: session.folders.create(name)):
        raise No(errors.IMAP_ALREADY_EXISTS, "the folder exists")
    return Done("CREATE completed")


async def delete(session: Session, command: Command) -> Done:
    """DELETE."""
    name = arguments(command, OnFolder).folder
    if name == INBOX:
        raise No(errors.IMAP_CANNOT, "INBOX cannot be deleted")
    if not await session.write(lambda: session.folders.delete(name)):
        raise No(errors.IMAP_NONEXISTENT, "no such folder")
    return Done("DELETE completed")


async def rename(session: Session, command: Command) -> Done:
    """RENAME, of any folder but INBOX."""
    given = arguments(command, Rename)
    new_name = _new_name(given.new_name)
    if given.folder == INBOX:
        raise No(errors.IMAP_CANNOT, "INBOX keeps its name here")
    if not await session.write(lambda: session.folders.rename(given.folder, new_name)):
        raise No(errors.IMAP_NONEXISTENT, "no such folder, or the new name is taken")
    return Done("RENAME completed")


async def subscribe(session: Session, command: Command) -> Done:
    """SUBSCRIBE and UNSUBSCRIBE."""
    name, wanted = arguments(command, OnFolder).folder, command.name == "SUBSCRIBE"

    def note() -> bool:
        return session.folders.open(name) is not None and session.folders.subscribe(
            name, wanted=wanted
        )

    if not await session.write(note):
        raise No(errors.IMAP_NONEXISTENT, "no such folder")
    return Done(f"{command.name} completed")


def _new_name(name: str) -> str:
    if name == INBOX:
        raise No(errors.IMAP_ALREADY_EXISTS, "INBOX exists")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise No(errors.IMAP_CANNOT, f"a name has 1 to {MAX_NAME} characters, no wildcard")
    return name


async def append(session: Session, command: Command) -> Done:
    """APPEND: a client keeps a copy of what it sent."""
    given = arguments(command, Append)
    flags = check_flags(frozenset(given.flags))
    assert session.mailbox is not None
    address = session.mailbox.address

    def keep() -> None:
        if session.folders.open(given.folder) is None:
            raise No(errors.IMAP_TRY_CREATE, "no such folder")
        session.desk.mails.deliver(
            given.mail, read_parts(given.mail), [address],
            folder=given.folder, flags=" ".join(sorted(flags)), at=given.at,
        )  # fmt: skip

    await session.write(keep)
    session.desk.watcher.nudge()
    await session.synchronise()
    return Done("APPEND completed")


def check_flags(flags: frozenset[str]) -> frozenset[str]:
    """Flags that fit beside a message."""
    if len(" ".join(flags)) > MAX_FLAGS:
        raise No(errors.IMAP_CANNOT, f"flags of more than {MAX_FLAGS} octets")
    return flags
