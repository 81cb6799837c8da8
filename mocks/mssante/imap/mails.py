"""MSSanté mock, IMAP, mails: FETCH, STORE, SEARCH, COPY, EXPUNGE, CLOSE, IDLE.

Not here: how an item is written (``messages.fetching``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

from kit.journal import Line
from kit.rules import Malformed
from mocks.mssante import errors
from mocks.mssante.imap.candidate import StoredCandidate
from mocks.mssante.imap.folders import check_flags
from mocks.mssante.imap.selected import Selected, write_flags
from mocks.mssante.imap.session import IDLE_SECONDS, Done, No, Session, arguments
from mocks.mssante.messages.commands import Command, Copy, Fetch, Search, StoreFlags
from mocks.mssante.messages.fetching import (
    FetchItem,
    header_bytes,
    section_bytes,
    write_section,
)
from mocks.mssante.messages.mime import Part, read_parts
from mocks.mssante.messages.searching import Key, matches
from mocks.mssante.messages.structure import write_structure
from mocks.mssante.messages.syntax import NumberSet, write_date_time
from mocks.mssante.store import FolderStore, Seen, StoredMessage

BATCH = 50  # messages of one answer that are in memory together
BODY_BATCH = 4  # the same when their bodies are read
SEEN = frozenset({"\\Seen"})
CHARSETS = ("US-ASCII", "UTF-8")


def _open(session: Session) -> Selected:
    assert session.selected is not None  # the table of states holds this
    return session.selected


def _wanted(session: Session, command: Command, numbers: NumberSet) -> list[int]:
    """The UIDs a command is about, ascending."""
    selected = _open(session)
    if command.by_uid:
        return numbers.select(selected.uids, max(selected.uids, default=0))
    count = len(selected.uids)
    asked = [bound for span in numbers.ranges for bound in span]
    if max(asked, default=0) > count or not count:
        raise Malformed("sequence set", f"the folder holds {count} messages")
    return [selected.uids[place - 1] for place in numbers.select(range(1, count + 1), count)]


async def fetch(session: Session, command: Command) -> Done:
    """FETCH. Reading a body is a line of the journal; it sets \\Seen unless it peeks."""
    given, selected = arguments(command, Fetch), _open(session)
    uids = _wanted(session, command, given.numbers)
    items = _with_uid(given.items) if command.by_uid else given.items
    if any(item.section is not None and item.needs_raw for item in items):
        marked = await _note_reading(session, command, uids, items)
        items = (*items, _FLAGS) if marked and _FLAGS not in items else items
    for start in range(0, len(uids), size := _batch_size(items)):
        rows = selected.numbered(uids[start : start + size])
        answer = partial(_write_messages, session.folders, selected, rows, items)
        await session.wire.write(await session.read(answer))
    if command.by_uid:
        await session.synchronise()
    return Done("FETCH completed")


_FLAGS = FetchItem("FLAGS", b"FLAGS")


def _with_uid(items: tuple[FetchItem, ...]) -> tuple[FetchItem, ...]:
    """UID FETCH always answers the UID (RFC 3501 §6.4.8)."""
    uid = FetchItem("UID", b"UID")
    return items if uid in items else (uid, *items)


def _batch_size(items: tuple[FetchItem, ...]) -> int:
    return BODY_BATCH if any(item.needs_raw for item in items) else BATCH


async def _note_reading(
    session: Session, command: Command, uids: list[int], items: tuple[FetchItem, ...]
) -> bool:
    """Journal that bodies are read, and mark them; whether a flag changed."""
    selected = _open(session)
    marks = any(item.sets_seen for item in items) and not selected.is_read_only
    unread = [uid for uid in uids if "\\Seen" not in selected.flags.get(uid, SEEN)]

    def note(line: Line) -> list[Seen]:
        line.facts |= {"folder": selected.folder.name, "uids": uids[:1000], "messages": len(uids)}
        if not marks or not unread:
            return []
        return session.folders.change_flags(selected.folder, unread, "+", SEEN)

    names = " ".join(item.label.decode("ascii", "replace") for item in items)
    shown = f"{'UID ' * command.by_uid}FETCH {len(uids)} messages ({names[:200]})"
    changed = await session.record(command, shown, note)
    for seen in changed:
        selected.flags[seen.uid] = seen.flags
    return bool(changed)


def _write_messages(
    store: FolderStore,
    selected: Selected,
    rows: Sequence[tuple[int, int]],
    items: tuple[FetchItem, ...],
) -> bytes:
    """The FETCH answers of some messages; one that is gone has none."""
    places = {uid: place for place, uid in rows}
    messages = store.messages(selected.folder, list(places))
    return b"".join(
        b"* %d FETCH (%b)\r\n" % (places[message.uid], b" ".join(written))
        for message in messages
        if (written := list(_write_items(store, selected, message, items)))
    )


def _write_items(
    store: FolderStore, selected: Selected, message: StoredMessage, items: tuple[FetchItem, ...]
) -> Iterator[bytes]:
    raw, root = b"", None
    if any(item.needs_raw for item in items):
        found = store.raw(selected.folder, message.uid)
        if found is None:
            return
        raw, root = found, read_parts(found)
    for item in items:
        if item.section is None:
            yield item.label + b" " + _write_plain(item.name, selected, message, root)
        elif item.section.is_top_header:
            yield write_section(item, header_bytes(message.header, item.section))
        else:
            assert root is not None
            yield write_section(item, section_bytes(raw, root, item.section))


def _write_plain(name: str, selected: Selected, message: StoredMessage, root: Part | None) -> bytes:
    if name == "FLAGS":
        return write_flags(selected.all_flags(message.uid))
    if name == "BODY":
        assert root is not None
        return write_structure(root, extended=False)
    return {
        "UID": b"%d" % message.uid,
        "INTERNALDATE": write_date_time(message.internal_at),
        "RFC822.SIZE": b"%d" % message.size_bytes,
        "ENVELOPE": message.envelope,
        "BODYSTRUCTURE": message.structure,
    }[name]


async def store(session: Session, command: Command) -> Done:
    """STORE."""
    given, selected = arguments(command, StoreFlags), _open(session)
    uids = _wanted(session, command, given.numbers)
    if selected.is_read_only:
        raise No(errors.IMAP_READ_ONLY, "the folder is open for reading")
    flags = check_flags(given.flags)
    change = partial(session.folders.change_flags, selected.folder, uids, given.mode, flags)
    changed = await session.write(change)
    for seen in changed:
        selected.flags[seen.uid] = seen.flags
    if not given.silent:
        lines = [_flags_line(selected, seen.uid, command) for seen in changed]
        await session.untagged(*lines)
    session.desk.watcher.nudge()
    return Done("STORE completed")


def _flags_line(selected: Selected, uid: int, command: Command) -> bytes:
    flags = write_flags(selected.all_flags(uid))
    told = b"UID %d FLAGS %b" % (uid, flags) if command.by_uid else b"FLAGS " + flags
    return b"%d FETCH (%b)" % (selected.sequence(uid), told)


async def search(session: Session, command: Command) -> Done:
    """SEARCH; answers sequence numbers, or UIDs after UID."""
    given, selected = arguments(command, Search), _open(session)
    if given.charset not in CHARSETS:
        raise No(errors.IMAP_BAD_CHARSET, "UTF-8 or US-ASCII")
    found: list[int] = []
    uids = list(selected.uids)
    for start in range(0, len(uids), BATCH):
        rows = selected.numbered(uids[start : start + BATCH])
        judged = partial(_search_some, session.folders, selected, rows, given.key)
        found += await session.read(judged)
    numbers = found if command.by_uid else [place for place, _ in selected.numbered(found)]
    await session.untagged(b" ".join([b"SEARCH", *(b"%d" % number for number in numbers)]))
    if command.by_uid:
        await session.synchronise()
    return Done("SEARCH completed")


def _search_some(
    store: FolderStore, selected: Selected, rows: Sequence[tuple[int, int]], key: Key
) -> list[int]:
    places = {uid: place for place, uid in rows}
    messages = store.messages(selected.folder, list(places))
    return [
        message.uid
        for message in messages
        if matches(key, StoredCandidate(store, selected, message, places[message.uid]))
    ]


async def copy(session: Session, command: Command) -> Done:
    """COPY."""
    given, selected = arguments(command, Copy), _open(session)
    uids = _wanted(session, command, given.numbers)
    if not await session.write(lambda: session.folders.copy(selected.folder, uids, given.folder)):
        raise No(errors.IMAP_TRY_CREATE, "no such folder")
    session.desk.watcher.nudge()
    await session.synchronise()
    return Done("COPY completed")


async def expunge(session: Session, _: Command) -> Done:
    """EXPUNGE."""
    selected = _open(session)
    if selected.is_read_only:
        raise No(errors.IMAP_READ_ONLY, "the folder is open for reading")
    await session.write(lambda: session.folders.expunge(selected.folder))
    session.desk.watcher.nudge()
    await session.synchronise()
    return Done("EXPUNGE completed")


async def close(session: Session, _: Command) -> Done:
    """CLOSE: expunge without telling, and leave the folder."""
    selected = _open(session)
    session.selected = None
    if not selected.is_read_only:
        await session.write(lambda: session.folders.expunge(selected.folder))
        session.desk.watcher.nudge()
    return Done("CLOSE completed")


async def idle(session: Session, command: Command) -> Done:
    """IDLE (RFC 2177): tell what changes until the client says DONE."""
    selected = _open(session)
    await session.synchronise()
    await session.wire.write(b"+ idling\r\n")
    ends = asyncio.ensure_future(session.wire.read_line())
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            told = await _tell(session, selected, ends)
    finally:
        ends.cancel()
    line = await ends
    await session.record(command, "IDLE", partial(_note_idle, selected, told))
    if line.upper() != b"DONE":
        raise Malformed("IDLE", "expected DONE")
    return Done("IDLE completed")


async def _tell(session: Session, selected: Selected, ends: asyncio.Future[bytes]) -> int:
    """Tell each change until ``ends``; how often."""
    told = 0
    while not ends.done():
        folder = selected.folder.id
        waits = asyncio.ensure_future(session.desk.watcher.changed(folder, selected.change))
        await asyncio.wait((ends, waits), return_when=asyncio.FIRST_COMPLETED)
        if waits.done():
            told += 1
            await session.synchronise()
        else:
            waits.cancel()
    return told


def _note_idle(selected: Selected, told: int, line: Line) -> None:
    line.facts |= {"folder": selected.folder.name, "woken": told}
