"""Console, decoding, HTTP: the head and the body of a message as the journal keeps it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIRST_LINE = re.compile(rb"(?:[A-Z]{3,10} [^\r\n]{1,8192} )?HTTP/\d")


@dataclass(frozen=True, slots=True)
class Http:
    """A request or an answer: its head as text, its body as bytes."""

    head: str
    body: bytes

    def header(self, name: str) -> str:
        """The first value of a header, "" when it is absent."""
        wanted = name.lower() + ":"
        for line in self.head.split("\r\n")[1:]:
            if line.lower().startswith(wanted):
                return line[len(wanted) :].strip()
        return ""

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()


def split_http(raw: bytes) -> Http | None:
    """Head and body; None when the bytes are no HTTP message (SMTP, IMAP)."""
    if not _FIRST_LINE.match(raw):
        return None
    head, _, body = raw.partition(b"\r\n\r\n")
    return Http(head.decode("utf-8", "replace"), body)
