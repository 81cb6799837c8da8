"""Simulator, gateway, MLLP client: one message to a creator, and its acknowledgement.

Not here: which message (rounds), where to (carrier).
"""

from __future__ import annotations

import asyncio
import contextlib

from kit.rules import Malformed
from simulator.delivery import Attempt, Outcome
from simulator.gateway.framing import Frames, frame
from simulator.gateway.messages import ACCEPTED, Acknowledgement, read_acknowledgement

TRANSACTION, NO_ANSWER, UNREADABLE = "ZAM", "NO_ANSWER", "UNREADABLE_ACK"
SECONDS = 10.0
MAX_ANSWER = 64 * 1024  # octets


async def send(host: str, port: int, message: bytes, seconds: float = SECONDS) -> Attempt:
    """Send a message; AA is delivered, AE and AR are final, anything else is tried again.

    The text of the attempt is the acknowledgement as it came.
    """
    try:
        async with asyncio.timeout(seconds):
            answer = await _exchanged(host, port, message, seconds)
    except (TimeoutError, OSError, Malformed) as error:
        return Attempt(TRANSACTION, Outcome.FAILED, NO_ANSWER, f"{type(error).__name__}: {error}")
    try:
        said = read_acknowledgement(answer)
    except Malformed as error:
        return Attempt(TRANSACTION, Outcome.FAILED, UNREADABLE, str(error))
    outcome = Outcome.DELIVERED if said.code in (ACCEPTED, "CA") else Outcome.REFUSED
    return Attempt(TRANSACTION, outcome, said.code, _told(said))


async def _exchanged(host: str, port: int, message: bytes, seconds: float) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(frame(message))
        await writer.drain()
        frames = Frames(reader, max_bytes=MAX_ANSWER, seconds=seconds, idle_seconds=seconds)
        answer = await frames.next()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    if answer is None:
        raise Malformed("MLLP", "no acknowledgement came")
    return answer


def _told(said: Acknowledgement) -> str:
    return "; ".join(problem.told or problem.text for problem in said.problems)
