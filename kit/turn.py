"""Kit, turn: whose turn it is to write to an SQLite file, among threads and processes.

SQLite lets a waiting writer sleep up to 100 ms and look again: under load some wait a second
while others pass. Not here: the writing (database), nor any guarantee: SQLite's own lock holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from pathlib import Path

STEP_SECONDS = 0.0005


class Unavailable(Exception):
    """The database cannot take an exchange now: busy, full or gone. Nothing of it was kept."""


class Turn:
    """The turn of one file; ``path`` is a lock file beside it. A dead process gives it up."""

    def __init__(self, path: Path, wait_seconds: float) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._threads = threading.Lock()
        self._file: tuple[int, int] = (-1, 0)  # descriptor, process that opened it

    def take(self) -> None:
        """Wait for the turn. Raises Unavailable when it does not come in time."""
        if not self._threads.acquire(timeout=self._wait_seconds):
            raise Unavailable(f"busy for {self._wait_seconds} s")
        try:
            self._lock_file()
        except BaseException:
            self._threads.release()
            raise

    def _lock_file(self) -> None:
        descriptor = self._descriptor()
        for _ in range(int(self._wait_seconds / STEP_SECONDS)):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(STEP_SECONDS)
        raise Unavailable(f"busy for {self._wait_seconds} s")

    def _descriptor(self) -> int:
        descriptor, process = self._file
        if process != os.getpid():  # a lock is shared with the process one was forked from
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self._file = (descriptor, os.getpid())
        return descriptor

    def give(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._file[0], fcntl.LOCK_UN)
        self._threads.release()

    def close(self) -> None:
        """Forget the file; the turn must not be held."""
        descriptor, process = self._file
        if process == os.getpid():
            os.close(descriptor)
        self._file = (-1, 0)
