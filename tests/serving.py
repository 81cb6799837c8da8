"""Servers of the tests: an application in processes of its own, on the loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kit.server import Application, serve
from kit.settings import Settings


@contextmanager
def served(application: Application, settings: Settings) -> Iterator[int]:
    """The application, for as long as the block; gives the process above its workers."""
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            serve(application, settings)
        os._exit(0)
    try:
        _wait(application.listeners[0].port)
        yield pid
    finally:
        stop(pid)


def stop(pid: int) -> None:
    """End a server and wait for it; once is enough."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def _wait(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the server did not start")
