"""Banc, validation, resident: the process that keeps the official kit loaded.

It listens on a socket in a private folder, judges one document at a time, and ends when it was
idle for long, when its folder has gone, when it has grown too large, or on SIGTERM. A document
that takes too long ends it: the next caller starts another. Not here: starting and asking it
(calling), the judging (judge).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from banc.validation import frames
from banc.validation.judge import CannotJudge, Judge
from banc.validation.official import OfficialKit, open_kit
from banc.validation.report import Found
from banc.validation.stylesheets import WrongKit
from kit.rules import Malformed

log = logging.getLogger("banc")
SOCKET, LOCK, PID = "socket", "lock", "pid"
LOOK_SECONDS = 2.0  # how often an idle process looks at its folder
CLIENT_SECONDS = 30.0  # a caller has to send its document, and to take an answer
MOST_SECONDS = 300.0
MAX_MIB = 3_000
MAX_WAITING = 64
MAX_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds without a call after which it ends; seconds for one document, loading included.

    A document that takes longer ends the process: the kernel does it, whatever the engine does.
    """

    idle_seconds: float
    most_seconds: float


class _Ended(Exception):
    """A signal asked the process to end."""


def main(
    folder: str, kit: str, memory: str, digest: str, idle_seconds: str, most_seconds: str
) -> None:
    """Serve until there is no reason to. Another process that holds the lock wins."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    here = Path(folder)
    with contextlib.suppress(_Ended), open(here / LOCK, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        opened = open_kit(Path(kit))
        if opened.digest == digest:  # else it changed since the caller looked, who asks again
            _serve(here, opened, Path(memory), Limits(float(idle_seconds), float(most_seconds)))


def _end(*_: object) -> None:
    raise _Ended


def _serve(folder: Path, kit: OfficialKit, memory: Path, limits: Limits) -> None:
    os.chdir(folder)  # the path of a socket is short
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(SOCKET)
        mask = os.umask(0o177)
        listener.bind(SOCKET)
        os.umask(mask)
        listener.listen(MAX_WAITING)
        Path(PID).write_text(str(os.getpid()), "ascii")
        Resident(listener, kit, memory, limits).run()
    finally:
        listener.close()
        for name in (SOCKET, PID):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        log.info("ended")


class Resident:
    """The loop over callers. The judge is made at the first document."""

    def __init__(
        self, listener: socket.socket, kit: OfficialKit, memory: Path, limits: Limits
    ) -> None:
        self._listener, self._kit, self._memory, self._limits = listener, kit, memory, limits
        self._judge: Judge | None = None
        self._told: dict[str, dict[str, Any]] = {}

    def run(self) -> None:
        """Answer until idle for long."""
        self._listener.settimeout(LOOK_SECONDS)
        until = time.monotonic() + self._limits.idle_seconds
        while time.monotonic() < until and os.path.exists(SOCKET) and _resident_mib() < MAX_MIB:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection:
                self._answer(connection)
            until = time.monotonic() + self._limits.idle_seconds

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(CLIENT_SECONDS)
        try:
            asked = frames.receive_json(connection)
            content = frames.receive(connection)
            frames.send_json(connection, {"taken": True})
            signal.setitimer(signal.ITIMER_REAL, self._limits.most_seconds)
            told = self._remembered(connection, asked, content)
            signal.setitimer(signal.ITIMER_REAL, 0)
            frames.send_json(connection, told)
        except (frames.Closed, TimeoutError) as error:
            log.info("a caller went away: %s", error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _remembered(
        self, connection: socket.socket, asked: dict[str, Any], content: bytes
    ) -> dict[str, Any]:
        """The answer, kept for a caller that went away before it was there and asks again."""
        key = f"{hashlib.sha256(content).hexdigest()} {asked.get('profiles')}"
        told = self._told.pop(key, None) or self._judged(connection, asked, content)
        self._told[key] = told
        if len(self._told) > MAX_REMEMBERED:
            del self._told[next(iter(self._told))]
        return told

    def _judged(
        self, connection: socket.socket, asked: dict[str, Any], content: bytes
    ) -> dict[str, Any]:
        def say(what: str) -> None:
            with contextlib.suppress(frames.Closed):
                frames.send_json(connection, {"loading": what})

        try:
            if self._judge is None:
                self._judge = Judge(self._kit, self._memory)
            self._judge.say = say
            found = self._judge.judge(content, profiles=bool(asked.get("profiles", True)))
        except (CannotJudge, Malformed, WrongKit) as error:
            return {"error": str(error)}
        return {"found": as_told(found)}


def as_told(found: Found) -> dict[str, Any]:
    """A form for the wire."""
    return asdict(found)


def _resident_mib() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // (1024 * 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
