"""Simulator, gateway, server: the MLLP port: connections, their bounds, armed faults.

One message after the other on a connection; what is no block ends it. Not here: what is answered
(desk).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from kit.database import Unavailable
from kit.faults import CODE, CUT, DELAY, LOSE
from simulator.gateway import errors
from simulator.gateway.desk import UNREAD, Desk, header_of
from simulator.gateway.framing import BadFrame, Frames, frame
from simulator.gateway.messages import Misread

log = logging.getLogger("banc")
MAX_CONNECTIONS = 200
IDLE_SECONDS = 600.0  # creators keep their connection
BUG = "banc bug: this is our mistake, the server log has the trace"
T = TypeVar("T")


class MllpServer:
    """The port. taken: called after each message that was accepted, or refused."""

    def __init__(self, desk: Desk, writer: Executor, taken: Callable[[], None]) -> None:
        self._desk = desk
        self._writer = writer
        self._taken = taken
        self._open: set[asyncio.StreamWriter] = set()
        self._settings = desk.service.settings

    async def listen(self) -> asyncio.Server:
        """Open the port."""
        return await asyncio.start_server(
            self._connected, self._settings.host, self._settings.gateway_port, backlog=128
        )

    async def hang_up(self) -> None:
        """End every connection; what was acknowledged is in the database already."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, TimeoutError, OSError):
            pass  # the client left, or takes no answer
        except Exception:
            log.exception("banc bug")
        finally:
            self._open.discard(writer)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = Frames(
            reader,
            max_bytes=self._settings.max_body_bytes,
            seconds=self._settings.request_seconds,
            idle_seconds=IDLE_SECONDS,
        )
        while True:
            try:
                message = await frames.next()
            except BadFrame as error:
                misread = Misread(errors.OTHER, error.where, error.why)
                await self._say(writer, await self._work(self._desk.malformed, misread, error.seen))
                return
            if message is None or not await self._answered(message, writer):
                return

    async def _answered(self, message: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer one message; False ends the connection."""
        said = header_of(message)
        transaction = said.type if said else UNREAD
        fault = self._desk.service.faults.draw(transaction, message)
        if fault is not None and fault.effect == DELAY:
            await asyncio.sleep(int(fault.value) / 1000)
        elif fault is not None and fault.effect in (CUT, CODE):
            answers = fault.effect == CODE
            value = fault.value if answers else CUT
            answer = await self._work(self._injected, message, transaction, value, answers)
            await self._say(writer, answer)
            return answers
        answer = await self._judged(message)
        self._taken()
        if fault is not None and fault.effect == LOSE:
            return False
        await self._say(writer, answer)
        return True

    def _injected(self, message: bytes, transaction: str, value: str, answers: bool) -> bytes:
        return self._desk.injected(message, transaction, value, answers=answers)

    async def _judged(self, message: bytes) -> bytes:
        try:
            return await self._work(self._desk.answer, message)
        except Unavailable as error:
            return self._desk.unavailable(message, f"not kept, send again: {error}")
        except Exception:
            log.exception("banc bug")
            return self._desk.unavailable(message, BUG)

    async def _work(self, job: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, job, *given)

    async def _say(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        if answer:
            writer.write(frame(answer))
            async with asyncio.timeout(self._settings.request_seconds):
                await writer.drain()
