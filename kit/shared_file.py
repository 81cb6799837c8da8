"""Kit, shared file: a small JSON state that several processes read at every request.

A reader pays one ``stat``; a writer replaces the file whole, so no reader sees half of it.
Not here: anything large, or anything that must be part of a transaction (database).
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


class SharedFile:
    """JSON kept in one file, read again only when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._value: Any = None

    def read(self) -> Any:
        """The value kept, or None when there is none."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            self._seen, self._value = None, None
            return None
        mark = (found.st_mtime_ns, found.st_ino, found.st_size)
        if mark != self._seen:
            self._value = json.loads(self._path.read_text("utf-8"))
            self._seen = mark
        return self._value

    def write(self, value: Any) -> None:
        """Replace the value for every process."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".shared-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(name, self._path)

    def remove(self) -> None:
        """Keep nothing."""
        self._path.unlink(missing_ok=True)
