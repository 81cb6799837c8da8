"""The mail servers of the MSSanté mock in a thread, and conversations with them on the wire."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from banc.ports import free_port
from kit.clock import FixedClock
from kit.journal import Exchange
from kit.pki import TestPki
from kit.service import Service, create_service
from kit.settings import Settings
from mocks.mssante.app import serve_mail

PATIENCE = 20.0  # seconds
HUNG_UP = "(the server hung up)"


@pytest.fixture(scope="session")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test authority with its server certificate, made once."""
    folder = tmp_path_factory.mktemp("pki")
    TestPki.open(folder).server()
    return folder


class MailServers:
    """SMTP and IMAP on free ports, in a thread of this process."""

    def __init__(self, settings: Settings, clock: FixedClock, pki_folder: Path) -> None:
        ports = {"submission_port": free_port(), "imap_port": free_port()}
        self.settings = replace(settings, **ports)
        self.clock = clock
        shutil.copytree(pki_folder, settings.data_dir / "pki", dirs_exist_ok=True)
        self.tls = TestPki.open(settings.data_dir / "pki").client_context()
        self.service: Service = create_service("mssante", self.settings, clock)
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE), "the mail servers did not start"

    async def _run(self) -> None:
        serving = asyncio.ensure_future(serve_mail(self.settings, self.clock, self._ready.set))
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(serving.cancel)
        await asyncio.wait([serving])

    def stop(self) -> None:
        if self._thread.is_alive():
            self._stop()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the mail servers did not stop"
        self.service.database.close()

    def journal(self, transaction: str = "") -> list[Exchange]:
        filters = {"transaction": transaction} if transaction else {}
        return self.service.journal.find(**filters)

    def smtp(self) -> Conversation:
        return Conversation(self.settings.submission_port, self.tls)

    def imap(self) -> Conversation:
        return Conversation(self.settings.imap_port, self.tls)


class Conversation:
    """A conversation as written on the wire: ``says`` and ``hears``."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tls = tls
        self._left = b""

    def says(self, line: str | bytes) -> None:
        self.sends((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def sends(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def line(self) -> str:
        """The next line, or HUNG_UP."""
        while b"\r\n" not in self._left:
            octets = self._receive()
            if not octets:
                return HUNG_UP
            self._left += octets
        line, _, self._left = self._left.partition(b"\r\n")
        return line.decode()

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return b""

    def hears(self, pattern: str) -> str:
        """The next line, which must match."""
        line = self.line()
        assert re.match(pattern, line), f"heard {line!r}, expected {pattern!r}"
        return line

    def until(self, pattern: str) -> list[str]:
        """The lines up to the one that matches, which is the last."""
        lines = [self.line()]
        while lines[-1] != HUNG_UP and not re.match(pattern, lines[-1]):
            lines.append(self.line())
        assert lines[-1] != HUNG_UP, f"hung up before {pattern!r}: {lines}"
        return lines

    def starts_tls(self) -> None:
        assert not self._left
        self._socket = self._tls.wrap_socket(self._socket, server_hostname="localhost")

    def is_over(self) -> bool:
        return self.line() == HUNG_UP

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def servers(settings: Settings, clock: FixedClock, pki_folder: Path) -> Iterator[MailServers]:
    running = MailServers(settings, clock, pki_folder)
    running.start()
    yield running
    running.stop()
