"""MSSanté mock, IMAP, candidate: a stored message as SEARCH looks at it, read only as needed.

Not here: the keys (``messages.searching``).
"""

from __future__ import annotations

from datetime import date

from kit.rules import Malformed
from mocks.mssante.imap.selected import RECENT, Selected
from mocks.mssante.messages.mail import read_date
from mocks.mssante.messages.mime import Part, content, decode_words, read_fields, read_parts
from mocks.mssante.store import FolderStore, StoredMessage


class StoredCandidate:
    """One message of the open folder."""

    def __init__(
        self, store: FolderStore, selected: Selected, message: StoredMessage, sequence: int
    ) -> None:
        self._store = store
        self._selected = selected
        self._message = message
        self._fields: tuple[tuple[str, str], ...] | None = None
        self.sequence = sequence
        self.uid = message.uid
        self.size_bytes = message.size_bytes
        self.received_on = message.internal_at.date()

    @property
    def flags(self) -> frozenset[str]:
        recent = self.uid >= self._selected.folder.recent_from
        return self._message.flags | {RECENT} if recent else self._message.flags

    @property
    def sent_on(self) -> date | None:
        at = read_date(self.field("Date") or "")
        return at.date() if at else None

    def field(self, name: str) -> str | None:
        if self._fields is None:
            self._fields = read_fields(self._message.header)
        found = [value for key, value in self._fields if key.lower() == name.lower()]
        return decode_words(" ".join(found)) if found else None

    def text(self, *, with_header: bool) -> str:
        raw = self._store.raw(self._selected.folder, self.uid) or b""
        texts = [_text(raw, part) for part in read_parts(raw).walk()]
        header = [decode_words(value) for _, value in read_fields(self._message.header)]
        return "\n".join([*(header if with_header else []), *texts])

    def highest(self, *, by_uid: bool) -> int:
        uids = self._selected.uids
        return max(uids, default=0) if by_uid else len(uids)


def _text(raw: bytes, part: Part) -> str:
    """The text of a part, empty for what is no text."""
    if not part.media_type.startswith("text/"):
        return ""
    try:
        found = content(raw, part)
        return found.decode(part.parameters.get("charset", "utf-8"), "replace")
    except (Malformed, LookupError):
        return ""
