"""Kit, shared file: a small JSON state that several processes read at every request.

A reader pays one ``stat``; a writer replaces the file whole, so no reader sees half of it.
Not here: anything large, or anything that must be part of a transaction (database).
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


class SharedFile:
    """JSON kept in one file, read again only when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[tuple[int, int, int] | None, Any] = (None, None)

    def read(self) -> Any:
        """The value kept, or None when there is none."""
        try:
            mark = _mark(self._path)
        except FileNotFoundError:
            return None
        seen, value = self._seen
        if mark != seen:  # a file replaced in between is read again next time
            value = json.loads(self._path.read_text("utf-8"))
            self._seen = (mark, value)
        return value

    def write(self, value: Any) -> None:
        """Replace the value for every process."""
        self.change(lambda _: value)

    def change(self, changed: Callable[[Any], Any]) -> None:
        """Replace the value by a function of it; two that change at once do so in turn."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{self._path}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._replace(changed(self.read()))

    def _replace(self, value: Any) -> None:
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".shared-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file)
        if self._path.exists():  # a reader goes by this time, and the system's steps are coarse
            later = max(os.stat(name).st_mtime_ns, os.stat(self._path).st_mtime_ns + 1)
            os.utime(name, ns=(later, later))
        os.replace(name, self._path)

    def remove(self) -> None:
        """Keep nothing; the file stays, so that its times go on."""
        if self._path.exists():
            self.write(None)


def _mark(path: Path) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_ino, found.st_size
