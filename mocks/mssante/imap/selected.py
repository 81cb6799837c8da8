"""MSSanté mock, IMAP, selected: the folder a session has open: its sequence numbers and flags.

Others change the folder meanwhile; ``update`` says what the client must be told. Not here: SQL.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from mocks.mssante.messages.structure import write_list
from mocks.mssante.store import Folder, FolderStore, Seen

RECENT = "\\Recent"


@dataclass(frozen=True, slots=True)
class Update:
    """What changed in a folder since a session last looked."""

    fresh: tuple[Seen, ...] = ()
    present: tuple[int, ...] | None = None  # all UIDs, when some are gone
    change: int = -1


@dataclass(slots=True)
class Selected:
    """An open folder as one session sees it."""

    folder: Folder
    is_read_only: bool
    uids: list[int] = field(default_factory=list)
    flags: dict[int, frozenset[str]] = field(default_factory=dict)
    change: int = -1

    def sequence(self, uid: int) -> int:
        """The sequence number of a message, 0 when it is not here."""
        place = bisect_left(self.uids, uid)
        return place + 1 if self.uids[place : place + 1] == [uid] else 0

    def all_flags(self, uid: int) -> frozenset[str]:
        """The flags of a message for this session: \\Recent is its own."""
        kept = self.flags.get(uid, frozenset())
        return kept | {RECENT} if uid >= self.folder.recent_from else kept

    def recent(self) -> int:
        """How many messages are \\Recent for this session."""
        return sum(uid >= self.folder.recent_from for uid in self.uids)

    def numbered(self, uids: Sequence[int]) -> list[tuple[int, int]]:
        """Sequence number and UID of those messages that are still here."""
        return [(place, uid) for uid in uids if (place := self.sequence(uid))]

    def apply(self, update: Update) -> bytes:
        """Take an update in; the untagged answers that tell it."""
        lines = self._expunge(update.present) if update.present is not None else []
        known, before = set(self.uids), len(self.uids)
        changed = [seen for seen in update.fresh if self._differs(seen, known)]
        for seen in update.fresh:
            self.flags[seen.uid] = seen.flags
            if seen.uid not in known:
                self.uids.append(seen.uid)
        self.uids.sort()
        if len(self.uids) != before:
            lines += [b"* %d EXISTS" % len(self.uids), b"* %d RECENT" % self.recent()]
        lines += [self.write_flags(seen.uid) for seen in changed if seen.uid in known]
        self.change = max(self.change, update.change)
        return b"".join(line + b"\r\n" for line in lines)

    def write_flags(self, uid: int) -> bytes:
        """An untagged FETCH with the flags of a message."""
        flags = write_flags(self.all_flags(uid))
        return b"* %d FETCH (UID %d FLAGS %b)" % (self.sequence(uid), uid, flags)

    def _differs(self, seen: Seen, known: set[int]) -> bool:
        return seen.uid in known and self.flags.get(seen.uid) != seen.flags

    def _expunge(self, present: tuple[int, ...]) -> list[bytes]:
        kept, lines = set(present), []
        for place in range(len(self.uids), 0, -1):
            if self.uids[place - 1] not in kept:
                self.flags.pop(self.uids.pop(place - 1), None)
                lines.append(b"* %d EXPUNGE" % place)
        return lines


def look(store: FolderStore, selected: Selected) -> Update:
    """Ask the store what changed; blocking."""
    fresh, count, change = store.seen(selected.folder, above=selected.change)
    if count < 0:
        return Update(change=change)
    known = set(selected.uids)
    expected = len(known) + sum(seen.uid not in known for seen in fresh)
    present = None if count == expected else tuple(store.uids(selected.folder))
    return Update(tuple(fresh), present, change)


def write_flags(flags: frozenset[str]) -> bytes:
    """A list of flags in a fixed order."""
    return write_list(flag.encode() for flag in sorted(flags))
