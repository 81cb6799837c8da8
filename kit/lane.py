"""Kit, lane: the threads of a server process compute one after the other.

Python runs one of them at a time anyhow; threads that compete for it lose a twentieth of the
processor and keep the turn to write longer. Nobody waits long: behind an exchange that does not
come to an end the others pass after a moment, and who waits on purpose leaves.
Not here: the turn to write (turn), the server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

PATIENCE_SECONDS = 0.02


class Lane:
    """The lane of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Compute alone, or after ``PATIENCE_SECONDS`` beside who does not come to an end."""
        place = _Place(self._lock)
        mark = _here.set(place)
        try:
            yield
        finally:
            _here.reset(mark)
            place.leave()


class _Place:
    """The place of one exchange in the lane."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._is_ours = lock.acquire(timeout=PATIENCE_SECONDS)

    def leave(self) -> None:
        """Let the next one compute."""
        if self._is_ours:
            self._is_ours = False
            self._lock.release()


_here: ContextVar[_Place | None] = ContextVar("here", default=None)


def pause(seconds: float) -> None:
    """Wait on purpose (an injected delay, a law of latency) and hold nobody up."""
    place = _here.get()
    if place is not None:
        place.leave()
    time.sleep(seconds)
