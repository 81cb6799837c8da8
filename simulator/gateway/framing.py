"""Simulator, gateway, framing: MLLP blocks on a stream, read within bounds, written strictly.

A block is VT, the message, FS CR. Between blocks line ends are let through. Not here: HL7.
Source: HL7 v2, Transport Specification MLLP, release 1.
"""

from __future__ import annotations

import asyncio

from kit.rules import Malformed

START, END, CR = b"\x0b", b"\x1c", b"\x0d"
_BETWEEN = b"\r\n"
_STEP = 64 * 1024  # octets read at once
TRAILER_SECONDS = 2.0  # for the CR after FS


class BadFrame(Malformed):
    """Octets that are no MLLP block; ``seen`` holds their beginning."""

    def __init__(self, why: str, seen: bytes) -> None:
        super().__init__("MLLP", why)
        self.seen = seen[:4096]


def frame(message: bytes) -> bytes:
    """A message as a block. Raises ValueError when it holds an octet of the framing."""
    if START in message or END in message:
        raise ValueError("a message holds no octet of the framing")
    return START + message + END + CR


class Frames:
    """The blocks that come on one connection, several in turn."""

    def __init__(
        self, reader: asyncio.StreamReader, *, max_bytes: int, seconds: float, idle_seconds: float
    ) -> None:
        """max_bytes: of one message; seconds: to send it whole; idle_seconds: between two."""
        self._reader = reader
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._held = bytearray()

    async def next(self) -> bytes | None:
        """The next message, None when the other side has nothing more to say.

        Raises BadFrame; the stream is then of no use.
        """
        if not await self._begins():
            return None
        try:
            async with asyncio.timeout(self._seconds):
                return await self._message()
        except TimeoutError:
            raise BadFrame(f"not whole after {self._seconds:g} s", bytes(self._held)) from None

    async def _begins(self) -> bool:
        """Wait for the VT that begins a block."""
        while True:
            del self._held[: len(self._held) - len(self._held.lstrip(_BETWEEN))]
            if self._held[:1] == START:
                del self._held[:1]
                return True
            if self._held:
                raise BadFrame("a block begins with VT (0x0B)", bytes(self._held))
            try:
                async with asyncio.timeout(self._idle_seconds):
                    if not await self._more():
                        return False
            except TimeoutError:
                return False

    async def _message(self) -> bytes:
        searched = 0
        while (end := self._held.find(END, searched)) < 0:
            self._check(self._held)
            searched = len(self._held)
            if not await self._more():
                raise BadFrame("the connection ended inside a block", bytes(self._held))
        message = bytes(self._held[:end])
        self._check(message)
        del self._held[: end + 1]
        await self._trailer(message)
        return message

    def _check(self, content: bytes | bytearray) -> None:
        if len(content) > self._max_bytes:
            raise BadFrame(f"more than {self._max_bytes} octets", bytes(content[:4096]))
        if START in content:
            raise BadFrame("VT (0x0B) inside a block", bytes(content))

    async def _trailer(self, message: bytes) -> None:
        """The CR after FS."""
        try:
            async with asyncio.timeout(TRAILER_SECONDS):
                while not self._held:
                    if not await self._more():
                        raise BadFrame("FS (0x1C) is followed by CR", message)
        except TimeoutError:
            raise BadFrame("FS (0x1C) is followed by CR", message) from None
        if self._held[:1] != CR:
            raise BadFrame("FS (0x1C) is followed by CR", message)
        del self._held[:1]

    async def _more(self) -> bool:
        try:
            found = await self._reader.read(_STEP)
        except (ConnectionError, OSError):
            return False
        self._held += found
        return bool(found)
