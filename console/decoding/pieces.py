"""Console, decoding, pieces: what is shown of a message: tables, texts, frames, downloads.

Every piece is bounded. Not here: reading any format.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from console.security import DOCUMENT_POLICY, DOCUMENT_STYLE
from kit.rules import Malformed

MAX_TEXT = 200_000  # characters of one text on a page
MAX_ROWS = 500
MAX_FRAME = 4 * 1024 * 1024  # characters of one rendered document on a page
MAX_DOCUMENTS = 20
log = logging.getLogger("banc")


@dataclass(frozen=True, slots=True)
class Block:
    """One thing on the page: a table, a text, a rendered document (frame) or a remark."""

    title: str
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""
    frame: str = ""
    note: str = ""
    head: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that can be downloaded."""

    name: str
    media_type: str
    content: bytes


@dataclass(slots=True)
class Decoded:
    """What was understood of one side, in the order it is shown."""

    blocks: list[Block] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    def table(
        self, title: str, rows: Iterable[tuple[str, ...]], head: tuple[str, ...] = ()
    ) -> None:
        """A table; the rows past MAX_ROWS are counted, not shown."""
        kept = tuple(rows)
        if not kept:
            return
        cut = len(kept) - MAX_ROWS
        note = f"{cut} lignes de plus ne sont pas affichées." if cut > 0 else ""
        self.blocks.append(Block(title, rows=kept[:MAX_ROWS], head=head, note=note))

    def text(self, title: str, text: str) -> None:
        """A text, cut when it is long."""
        shown, note = bounded(text)
        self.blocks.append(Block(title, text=shown, note=note))

    def note(self, title: str, note: str) -> None:
        """A remark."""
        self.blocks.append(Block(title, note=note))

    def frame(self, title: str, html: str) -> None:
        """A document as safe HTML, in a frame of its own."""
        if len(html) > MAX_FRAME:
            self.note(title, "Document trop long pour être affiché ; il peut être téléchargé.")
            return
        page = (
            '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{DOCUMENT_POLICY}">'
            f"<title>Document</title><style>{DOCUMENT_STYLE}</style></head><body>{html}</body></html>"
        )
        self.blocks.append(Block(title, frame=page))

    def attach(self, name: str, media_type: str, content: bytes) -> None:
        """A part to download."""
        self.attachments.append(Attachment(name, media_type, content))

    def attempt(self, title: str, read: Callable[..., None], *given: Any) -> None:
        """Read something from outside; what cannot be read is said, the raw bytes remain."""
        try:
            read(self, *given)
        except Malformed as problem:
            self.note(title, f"Illisible : {problem}")
        except Exception:  # bytes from outside must not take the page away
            log.exception("console: cannot decode %s", title)
            self.note(title, "Illisible pour la console ; les octets bruts restent affichés.")


def bounded(text: str) -> tuple[str, str]:
    """A text cut at MAX_TEXT, and the remark to show when it was."""
    if len(text) <= MAX_TEXT:
        return text, ""
    return text[:MAX_TEXT], f"Coupé : {len(text)} caractères en tout, {MAX_TEXT} affichés."
