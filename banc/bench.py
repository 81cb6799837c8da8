"""Banc, bench: starts, watches and stops every part in one place; the embedded default.

A supervisor process without threads forks the parts and forks again one that died.
Not here: what a part does (mocks, console), nor playing a scenario (simulator).
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kit.settings import Settings

log = logging.getLogger("banc")
READY_SECONDS = 45.0
PAUSE_SECONDS = 0.05
RESTART_SECONDS = 0.5


class CannotStart(Exception):
    """The bench cannot start; the text is one clear line for the user."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a part listens: what for, the port, and what the connection demands."""

    label: str
    port: int
    url: str
    access: str


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the bench: its name, where it listens, how it runs and how it is asked."""

    name: str
    title: str
    addresses: tuple[Address, ...]
    run: Callable[[Settings], None]
    is_ready: Callable[[Settings], bool]


def http_ready(service: str, port: int) -> Callable[[Settings], bool]:
    """A health check: ``/_banc/health`` answers 200, where ``service`` is found."""

    def ask(settings: Settings) -> bool:
        host = _reachable(settings.reach(service))
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", "/_banc/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


def banner_ready(service: str, *ports: int) -> Callable[[Settings], bool]:
    """A health check: each port greets with a line, where ``service`` is found."""

    def ask(settings: Settings) -> bool:
        return all(_greets(_reachable(settings.reach(service)), port) for port in ports)

    return ask


def _greets(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2) as held:
            return bool(held.recv(64))
    except OSError:
        return False


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104


def check_can_start(settings: Settings, parts: tuple[Part, ...]) -> None:
    """Raises CannotStart for a taken port or a data folder that cannot be written."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        probe = settings.data_dir / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        why = error.strerror or str(error)
        raise CannotStart(f"data folder {settings.data_dir} cannot be written: {why}") from None
    for part in parts:
        for address in part.addresses:
            _check_port(settings, part, address)


def _check_port(settings: Settings, part: Part, address: Address) -> None:
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((settings.host, address.port))
        except OSError as error:
            why = error.strerror or str(error)
            raise CannotStart(
                f"port {address.port} ({part.title}, {address.label}) is not free: {why}"
            ) from None


class Bench:
    """The parts of a bench, running under a supervisor process."""

    def __init__(self, settings: Settings, parts: tuple[Part, ...]) -> None:
        self.settings = settings
        self.parts = parts
        self._supervisor = 0

    def start(self, on_ready: Callable[[Part], None] = lambda _: None) -> None:
        """Start every part and return when each health check answered. Raises CannotStart."""
        check_can_start(self.settings, self.parts)
        sys.stdout.flush()
        sys.stderr.flush()
        self._supervisor = os.fork()
        if not self._supervisor:
            _run_and_leave(lambda: _supervise(self.settings, self.parts))
        try:
            self._wait_until_ready(on_ready)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self, on_ready: Callable[[Part], None]) -> None:
        waiting, deadline = list(self.parts), time.monotonic() + READY_SECONDS
        while waiting:
            for part in [item for item in waiting if item.is_ready(self.settings)]:
                waiting.remove(part)
                on_ready(part)
            if not self.is_running():
                raise CannotStart("the bench stopped while it started; its log says why")
            if time.monotonic() > deadline:
                names = ", ".join(part.name for part in waiting)
                raise CannotStart(f"not ready after {READY_SECONDS:.0f} s: {names}")
            time.sleep(PAUSE_SECONDS)

    def is_running(self) -> bool:
        """Whether the supervisor lives."""
        if not self._supervisor:
            return False
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(self._supervisor, os.WNOHANG) == (0, 0):
                return True
        self._supervisor = 0
        return False

    def wait(self) -> None:
        """Block until the supervisor ends."""
        while self.is_running():
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop every part and wait for it."""
        if self._supervisor:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._supervisor, signal.SIGTERM)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._supervisor, 0)
            self._supervisor = 0


@contextmanager
def running(settings: Settings, parts: tuple[Part, ...]) -> Iterator[Bench]:
    """A bench that runs for as long as the block."""
    bench = Bench(settings, parts)
    bench.start()
    try:
        yield bench
    finally:
        bench.stop()


def _run_and_leave(work: Callable[[], None]) -> None:
    code = 1
    try:
        work()
        code = 0
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


def _supervise(settings: Settings, parts: tuple[Part, ...]) -> None:
    die_with_parent()
    signal.signal(signal.SIGTERM, _raise_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setpgid(0, 0)
    started = {_fork(settings, part): part for part in parts}
    try:
        while True:
            pid, _ = os.wait()
            part = started.pop(pid, None)
            if part is not None:
                log.warning("%s ended and is started again", part.name)
                time.sleep(RESTART_SECONDS)
                started[_fork(settings, part)] = part
    except _Stop:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end(list(started))


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
