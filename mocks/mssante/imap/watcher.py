"""MSSanté mock, IMAP, watcher: wakes the sessions that wait, whichever process delivered.

One small question to the database every ``poll_seconds`` for all waiting sessions together, none
when nobody waits; a delivery of this process asks at once. Not here: what changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

from kit.database import Unavailable

POLL_SECONDS = 0.25


class Watcher:
    """Waits for folders to change."""

    def __init__(
        self,
        ask: Callable[[Sequence[int]], Mapping[int, int]],
        executor: Executor,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._ask = ask
        self._executor = executor
        self._poll_seconds = poll_seconds
        self._waiting: dict[asyncio.Future[None], tuple[int, int]] = {}
        self._nudge = asyncio.Event()

    def nudge(self) -> None:
        """Something was delivered here: ask now. Call it from the loop."""
        self._nudge.set()

    async def changed(self, folder_id: int, change: int) -> None:
        """Return when the folder's change is no longer ``change``."""
        mark: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[mark] = (folder_id, change)
        self._nudge.set()
        try:
            await mark
        finally:
            self._waiting.pop(mark, None)

    async def run(self) -> None:
        """Ask for as long as the server lives."""
        while True:
            await self._pause()
            if self._waiting:
                await self._wake()

    async def _pause(self) -> None:
        """Until a nudge, or for one period when somebody waits."""
        try:
            async with asyncio.timeout(self._poll_seconds if self._waiting else None):
                await self._nudge.wait()
        except TimeoutError:
            return
        self._nudge.clear()

    async def _wake(self) -> None:
        folders = sorted({folder_id for folder_id, _ in self._waiting.values()})
        loop = asyncio.get_running_loop()
        try:
            now = await loop.run_in_executor(self._executor, self._ask, folders)
        except Unavailable:
            return  # asked again after one period
        for mark, (folder_id, change) in list(self._waiting.items()):
            if now.get(folder_id, -1) != change and not mark.done():
                mark.set_result(None)
