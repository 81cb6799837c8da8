"""MSSanté mock, messages: a submitted mail as the rules look at it.

Read once from the bytes; the bytes themselves stay what they are. Not here: the MIME tree
(``mime``), the documents inside the archive (``archive``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mocks.mssante.messages.addresses import Address, read_addresses
from mocks.mssante.messages.archive import Archive, Document, is_archive, read_archives
from mocks.mssante.messages.mime import Part, decode_words, read_parts, strays

X_MSS = ("CODECDA", "INS", "NIL", "MES")
ONCE = ("From", "Sender", "Reply-To", "To", "Cc", "Date", "Subject", "Message-ID", "In-Reply-To",
        "References")  # RFC 5322 §3.6  # fmt: skip

_MESSAGE_ID = re.compile(r"<[^<>\s@]+@[^<>\s@]+>")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text of the mail."""

    filename: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TextPart:
    """A part of the body that is read on the screen."""

    media_type: str
    charset: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says: header, texts, attachments, documents; and how its bytes are."""

    size_bytes: int
    senders: tuple[Address, ...] = ()
    recipients: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    receipt_to: tuple[Address, ...] = ()
    subject: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    stray_references: bool = False
    date: datetime | None = None
    media_type: str = "text/plain"
    x_mss: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[TextPart, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    archives: tuple[Archive, ...] = ()
    repeated_fields: tuple[str, ...] = ()
    stray_lines: tuple[str, ...] = ()
    bare_line_ends: int = 0
    longest_line: int = 0
    has_nul: bool = False

    @property
    def documents(self) -> tuple[Document, ...]:
        """Every document of every archive, in order."""
        return tuple(document for archive in self.archives for document in archive.documents)

    @property
    def cdas(self) -> tuple[Document, ...]:
        """The documents that are CDA."""
        return tuple(document for document in self.documents if document.is_cda)


def read_mail(raw: bytes) -> tuple[Mail, Part]:
    """Read a mail and its tree of parts. Raises Malformed when a bound is passed."""
    root = read_parts(raw)
    return _mail(raw, root), root


def _mail(raw: bytes, root: Part) -> Mail:
    leaves = _leaves(root)
    texts = [part for part in leaves if _is_text(part)]
    attached = [part for part in leaves if not _is_text(part)]
    return Mail(
        size_bytes=len(raw),
        senders=_addresses(root, "From"),
        recipients=_addresses(root, "To", "Cc"),
        reply_to=_addresses(root, "Reply-To"),
        receipt_to=_addresses(root, "Disposition-Notification-To"),
        subject=decode_words(root.first("Subject")),
        message_id=root.first("Message-ID").strip(),
        references=_references(root),
        stray_references=_has_stray_references(root),
        date=read_date(root.first("Date")),
        media_type=root.media_type,
        x_mss={name: root.first(f"X-MSS-{name}") for name in X_MSS if root.all(f"X-MSS-{name}")},
        texts=tuple(TextPart(part.media_type, _charset(part)) for part in texts),
        attachments=tuple(_attachment(part) for part in attached),
        archives=read_archives(raw, [part for part in attached if is_archive(part)]),
        repeated_fields=tuple(name for name in ONCE if len(root.all(name)) > 1),
        stray_lines=tuple(strays(raw[: root.body])),
        bare_line_ends=_bare_line_ends(raw),
        longest_line=max(map(len, raw.split(b"\r\n"))),
        has_nul=b"\0" in raw,
    )


def read_date(text: str) -> datetime | None:
    """A Date header in UTC, or None when it is absent or cannot be read."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    try:
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _leaves(part: Part) -> list[Part]:
    """The parts that hold content; a forwarded mail is one."""
    if part.is_multipart and part.children:
        return [leaf for child in part.children for leaf in _leaves(child)]
    return [part]


def _is_text(part: Part) -> bool:
    inline = part.disposition != "attachment" and not part.filename
    return inline and part.media_type.startswith("text/")


def _charset(part: Part) -> str:
    return part.parameters.get("charset", "us-ascii").lower()


def _attachment(part: Part) -> Attachment:
    return Attachment(part.filename, part.media_type, part.end - part.body)


def _addresses(root: Part, *names: str) -> tuple[Address, ...]:
    found = (item for name in names for value in root.all(name) for item in read_addresses(value))
    return tuple(Address(decode_words(name), address.lower()) for name, address in found)


def _references(root: Part) -> tuple[str, ...]:
    values = " ".join((*root.all("In-Reply-To"), *root.all("References")))
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(values)))


def _has_stray_references(root: Part) -> bool:
    """Whether In-Reply-To or References hold something that is no message identifier."""
    values = " ".join((*root.all("In-Reply-To"), *root.all("References")))
    return bool(_MESSAGE_ID.sub("", values).strip())


def is_message_id(text: str) -> bool:
    """Whether the text is one message identifier (RFC 5322 §3.6.4)."""
    return bool(_MESSAGE_ID.fullmatch(text))


def _bare_line_ends(raw: bytes) -> int:
    """How many CR and LF stand alone."""
    pairs = raw.count(b"\r\n")
    return raw.count(b"\r") + raw.count(b"\n") - 2 * pairs
