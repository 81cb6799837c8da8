"""The DMP mock in processes of its own, on the plain listener, as `banc up` serves it."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from banc.ports import free_port
from kit.clock import FixedClock
from kit.pki import TestPki
from kit.server import Application, Listener
from kit.settings import Settings
from mocks.dmp import messages
from mocks.dmp.app import create_app
from tests.serving import served


@dataclass(frozen=True)
class ServedDmp:
    """A DMP that runs, and the process that started its workers."""

    port: int
    pid: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, kind: str, body: bytes, path: str = messages.REPOSITORY) -> tuple[int, bytes]:
        """Status and body of the answer to one call."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            with contextlib.suppress(BrokenPipeError):  # refused while it is still being sent
                connection.request("POST", path, body, {"Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def memory_mib(self) -> int:
        """The most memory a worker ever held, MiB; what it had from its parent included."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        peaks = [_peak_kib(Path(f"/proc/{child}/status")) for child in children]
        return max(peaks) // 1024


def _peak_kib(status: Path) -> int:
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


@contextmanager
def served_dmp(settings: Settings, pki: TestPki) -> Iterator[ServedDmp]:
    """The mock, served on a free port of the loopback for as long as the block."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / "pki").symlink_to(pki.folder, target_is_directory=True)
    port = free_port()

    def load() -> Flask:
        return create_app(settings, FixedClock())

    with served(Application("dmp", load, (Listener(port),)), settings) as pid:
        yield ServedDmp(port, pid)
