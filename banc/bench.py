"""Banc, bench: starts and stops every part in one place; the embedded default.

The parts run under a supervisor, a fresh process of its own (supervisor).
Not here: what a part does (mocks, console), nor playing a scenario (simulator).
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kit.settings import Settings, inherited, to_env

READY_SECONDS = 45.0
PAUSE_SECONDS = 0.05
PORT_SECONDS = 1.0
CANNOT_START = "cannot start: "  # begins the last line of a part that says why


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


def port_ready(service: str, port: int) -> Callable[[Settings], bool]:
    """A health check: the port takes connections, where ``service`` is found."""

    def ask(settings: Settings) -> bool:
        try:
            with socket.create_connection((_reachable(settings.reach(service)), port), timeout=2):
                return True
        except OSError:
            return False

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
    """A port may be another's for a moment yet: that of a bench killed just now."""
    until = time.monotonic() + PORT_SECONDS
    while why := _taken(settings.host, address.port):
        if time.monotonic() > until:
            raise CannotStart(
                f"port {address.port} ({part.title}, {address.label}) is not free: {why}"
            )
        time.sleep(PAUSE_SECONDS)


def _taken(host: str, port: int) -> str:
    """Why nobody can listen on a port now, or an empty text."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


class Bench:
    """The parts of a bench, running under a supervisor process."""

    def __init__(
        self,
        settings: Settings,
        parts: tuple[Part, ...],
        *,
        source: str = "banc.parts:parts",
        arguments: tuple[str, ...] = (),
    ) -> None:
        """``source`` names the function that gives the parts, from settings and ``arguments``."""
        self.settings = settings
        self.parts = parts
        self._source = (source, *arguments)
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self, on_ready: Callable[[Part], None] = lambda _: None) -> None:
        """Start every part and return when each health check answered. Raises CannotStart."""
        check_can_start(self.settings, self.parts)
        # A fresh process: forking this one would carry its threads' locks into every part.
        self._supervisor = subprocess.Popen(
            [sys.executable, "-m", "banc.supervisor", *self._source],
            env=inherited() | to_env(self.settings),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
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
                raise CannotStart(
                    f"the bench stopped while it started; {self._last_words(waiting)}"
                )
            if time.monotonic() > deadline:
                why = self._last_words(waiting)
                raise CannotStart(f"not ready after {READY_SECONDS:.0f} s; {why}")
            time.sleep(PAUSE_SECONDS)

    def _last_words(self, waiting: list[Part]) -> str:
        told = []
        for part in waiting:
            path = self.settings.data_dir / "log" / f"{part.name}.log"
            lines = path.read_text("utf-8", "replace").split("\n") if path.is_file() else []
            last = next((line for line in reversed(lines) if line), "silent")
            if last.startswith(CANNOT_START):
                return f"{part.name}: {last.removeprefix(CANNOT_START)}"
            told.append(f"{part.name}: {last}")
        return "; ".join(told)

    def is_running(self) -> bool:
        """Whether the supervisor lives."""
        return self._supervisor is not None and self._supervisor.poll() is None

    def wait(self) -> bool:
        """Block until Ctrl-C (true) or until the supervisor ends by itself (false)."""
        try:
            while self.is_running():
                time.sleep(0.2)
        except KeyboardInterrupt:
            return True
        return False

    def stop(self) -> None:
        """Stop every part and wait for it."""
        if self._supervisor is not None:
            self._supervisor.terminate()
            self._supervisor.wait()
            self._supervisor = None


@contextmanager
def running(bench: Bench) -> Iterator[Bench]:
    """A bench that runs for as long as the block."""
    bench.start()
    try:
        yield bench
    finally:
        bench.stop()
