"""Simulator, delivery, patience: waiting in real time for a service that is being started again.

A connection that is refused is the bench's affair, not the scenario's: it costs no attempt.
Not here: retries in simulated time (simulator.rounds).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.2
Found = TypeVar("Found")


async def patiently(
    ask: Callable[[], Awaitable[Found]],
    *,
    over: tuple[type[Exception], ...],
    seconds: float,
) -> Found:
    """What ``ask`` gives; asked again while it raises one of ``over``, for at most ``seconds``."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        try:
            return await ask()
        except over:
            if loop.time() >= deadline:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
