"""Banc, supervisor: the process that forks the parts of a bench and watches them.

It has no thread, imports every part once and forks; a part that died is forked again.
Not here: who starts it and asks whether the parts are ready (bench).
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from banc.bench import CANNOT_START, Part
from kit.database import OtherRelease
from kit.settings import Settings, from_env

log = logging.getLogger("banc")
PAUSE_SECONDS = 0.05
RESTART_SECONDS = 0.5
QUICK_DEATH_SECONDS = 5.0
MOST_QUICK_DEATHS = 5
NEVER = 78  # EX_CONFIG of sysexits.h: starting again would not help


def _run_and_leave(work: Callable[[], None]) -> None:
    code = 1
    try:
        work()
        code = 0
    except OtherRelease as error:
        print(f"{CANNOT_START}{error}")
        code = NEVER
    except SystemExit as ended:
        code = int(ended.code or 0) if not isinstance(ended.code, str) else 1
    except BaseException:
        log.exception("a part of the bench failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies (Linux; elsewhere nothing happens)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class _Stop(Exception):
    """A signal asked the supervisor to end."""


def supervise(settings: Settings, parts: tuple[Part, ...]) -> None:
    """Start the parts, start again one that ends, until SIGTERM or one dies again and again."""
    die_with_parent()
    signal.signal(signal.SIGTERM, _raise_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watched = _Watched(settings)
    try:
        for part in parts:
            watched.start(part)
        while watched.can_go_on:
            watched.restart_one_that_ends()
    except _Stop:
        pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end(list(watched.started))


class _Watched:
    """The parts that run; a part that keeps dying at once ends the bench."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._deaths: dict[str, int] = {}
        self.started: dict[int, tuple[Part, float]] = {}

    @property
    def can_go_on(self) -> bool:
        """False when a part died too often right after its start."""
        return all(deaths < MOST_QUICK_DEATHS for deaths in self._deaths.values())

    def start(self, part: Part) -> None:
        """Fork a part."""
        self.started[_fork(self._settings, part)] = (part, time.monotonic())

    def restart_one_that_ends(self) -> None:
        """Wait for a part to end and start it again."""
        pid, status = os.wait()
        if pid not in self.started:
            return
        part, began = self.started.pop(pid)
        is_quick = time.monotonic() - began < QUICK_DEATH_SECONDS
        self._deaths[part.name] = self._deaths.get(part.name, 0) + 1 if is_quick else 0
        if os.waitstatus_to_exitcode(status) == NEVER:
            self._deaths[part.name] = MOST_QUICK_DEATHS
        time.sleep(RESTART_SECONDS if self.can_go_on else 0)
        if self.can_go_on:
            self.start(part)


def _raise_stop(*_: object) -> None:
    raise _Stop


def _fork(settings: Settings, part: Part) -> int:
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent()
        _log_to(settings.data_dir / "log" / f"{part.name}.log")
        _run_and_leave(lambda: part.run(settings))
    return pid


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115 - lives as the process
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", force=True)


def _end(pids: list[int], patience_seconds: float = 4.0) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while pids and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            pids = [pid for pid in pids if os.waitpid(pid, os.WNOHANG) == (0, 0)]
        time.sleep(PAUSE_SECONDS)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def main(source: str, *arguments: str) -> None:
    """Supervise the parts that ``module:function`` gives for the settings of the environment."""
    module, _, function = source.partition(":")
    settings = from_env()
    supervise(settings, getattr(import_module(module), function)(settings, *arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
