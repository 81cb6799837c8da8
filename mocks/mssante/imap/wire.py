"""MSSanté mock, IMAP, wire: octets in and out of one connection, every read bounded.

Not here: commands. What follows STARTTLS in clear is thrown away (RFC 3501 §6.2.1, injection).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl

from kit.rules import Malformed

MAX_LINE = 16_384  # RFC 4954 asks 12 288 for a token; RFC 7162 advises 8 192 for commands
MAX_LITERALS = 20
MAX_LITERAL_BYTES = 65_536  # all literals of a command other than APPEND
LINGER_SECONDS = 0.5
LINGER_OCTETS = 4 * 1024 * 1024
HIGH_WATER = 256 * 1024

_LITERAL = re.compile(rb"\{(\d{1,10})(\+?)\}\Z")


class Closed(Exception):
    """The client is gone."""


class Unsynchronised(Malformed):
    """What follows can no longer be told from a command: the connection must end."""


class Wire(asyncio.Protocol):
    """One connection: a buffer one reads lines and octets from."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_closed = False
        self._is_paused = False
        self.is_secure = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._arrived.set()
        if len(self._buffer) > HIGH_WATER and not self._is_paused and self.transport:
            self._is_paused = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        self._end()
        return False

    def connection_lost(self, _: Exception | None) -> None:
        self._end()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _end(self) -> None:
        self._is_closed = True
        self._arrived.set()
        self._writable.set()

    async def _more(self) -> None:
        if self._is_closed:
            raise Closed
        if self._is_paused and self.transport:
            self._is_paused = False
            self.transport.resume_reading()
        self._arrived.clear()
        await self._arrived.wait()

    async def read_line(self) -> bytes:
        """A line without its CRLF. Raises Unsynchronised over MAX_LINE, Malformed at a lone LF."""
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > MAX_LINE:
                raise Unsynchronised("line", f"longer than {MAX_LINE} octets")
            await self._more()
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        if len(line) > MAX_LINE:
            raise Unsynchronised("line", f"longer than {MAX_LINE} octets")
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            raise Malformed("line", "a lone CR or LF, or a NUL (RFC 3501 §9)")
        return line[:-2]

    async def read_octets(self, count: int) -> bytes:
        """Exactly so many octets."""
        while len(self._buffer) < count:
            await self._more()
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found

    async def read_command(self, *, max_append: int) -> bytes:
        """A whole command with its literals in place, without the last CRLF.

        max_append: octets one literal of APPEND may have, 0 before authentication.
        Raises Malformed; Unsynchronised when the rest cannot be read any more.
        """
        data, total = b"", 0
        for _ in range(MAX_LITERALS + 1):
            data += await self.read_line()
            asked = _LITERAL.search(data)
            if asked is None:
                return data
            if asked[2]:
                raise Unsynchronised("literal", "LITERAL+ is not offered")
            size = int(asked[1])
            total += size
            longest = max_append if _is_append(data) else 0
            if total > max(longest, MAX_LITERAL_BYTES):
                raise Malformed("literal", f"{size} octets, more than this server reads")
            await self.write(b"+ go ahead\r\n")
            data += b"\r\n" + await self.read_octets(size)
        raise Unsynchronised("literal", f"more than {MAX_LITERALS} in one command")

    async def write(self, data: bytes) -> None:
        """Send octets; waits while the client is slow."""
        if self._is_closed or self.transport is None:
            raise Closed
        self.transport.write(data)
        await self._writable.wait()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on under TLS; what came in clear after STARTTLS is forgotten."""
        loop = asyncio.get_running_loop()
        assert self.transport is not None
        self._buffer.clear()
        secured = await loop.start_tls(self.transport, self, context, server_side=True)
        if secured is None:
            raise Closed
        self.transport = secured
        self.is_secure = True

    async def linger(self) -> None:
        """Read and forget for a moment: closing over unread octets would reset the connection.

        A reset destroys the last words on their way (RFC 9112 §9.6 has the same trap).
        """
        forgotten = 0
        with contextlib.suppress(TimeoutError, Closed):
            async with asyncio.timeout(LINGER_SECONDS):
                while forgotten < LINGER_OCTETS:
                    forgotten += len(self._buffer)
                    self._buffer.clear()
                    await self._more()

    def close(self) -> None:
        """End the connection after what was written."""
        if self.transport is not None:
            self.transport.close()

    def cut(self) -> None:
        """End the connection at once."""
        if self.transport is not None:
            self.transport.abort()

    async def cut_and_wait(self) -> None:
        """End the connection and wait until the loop has let it go."""
        self.cut()
        while not self._is_closed:
            self._arrived.clear()
            await self._arrived.wait()


def _is_append(data: bytes) -> bool:
    words = data[:200].split(b" ", 2)
    return len(words) > 1 and words[1].upper() == b"APPEND"
