"""The bench: starts whole or says why not, watches its parts, stops them all."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from banc.bench import CannotStart, check_can_start
from banc.control import ask, journal_size, lines, reset_bench
from banc.parts import parts
from banc.private import on_free_ports, private_bench
from kit.settings import Settings, to_env
from tests.conftest import ROOT


def test_a_taken_port_is_one_clear_line(settings: Settings) -> None:
    settings = on_free_ports(settings)
    with socket.socket() as held:
        held.bind(("127.0.0.1", settings.ror_port))
        held.listen()
        with pytest.raises(CannotStart, match=f"port {settings.ror_port} .ROR, HTTP. is not free"):
            check_can_start(settings, parts(settings))


def test_a_port_that_becomes_free_in_a_moment_is_waited_for(settings: Settings) -> None:
    """Right after kill -9 the system may still hold the ports of the former bench."""
    settings = on_free_ports(settings)
    with socket.socket() as held:
        held.bind(("127.0.0.1", settings.ror_port))
        held.listen()
        leaving = threading.Timer(0.2, held.close)
        leaving.start()
        check_can_start(settings, parts(settings))
        assert held.fileno() == -1
        leaving.join()


def test_a_folder_that_cannot_be_written_is_one_clear_line(settings: Settings) -> None:
    blocked = replace(settings, data_dir=Path("/proc/nowhere"))
    with pytest.raises(CannotStart, match="data folder /proc/nowhere cannot be written"):
        check_can_start(blocked, parts(blocked))


def test_the_command_line_says_it_and_exits_with_2(settings: Settings) -> None:
    settings = on_free_ports(settings)
    with socket.socket() as held:
        held.bind(("127.0.0.1", settings.dmp_port))
        held.listen()
        found = subprocess.run(
            [sys.executable, "-m", "banc", "up"], cwd=ROOT, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], **to_env(settings)}, check=False,
        )  # fmt: skip
    assert found.returncode == 2
    assert f"port {settings.dmp_port} (DMP, HTTP) is not free" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_folder_of_another_release_is_one_clear_line(settings: Settings) -> None:
    """And nothing is tried five times: starting again would not help."""
    settings = on_free_ports(settings)
    database = settings.data_dir / "ror.sqlite"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE exchange (id TEXT)")
    for command in (["up"], ["part", "ror"]):
        found = subprocess.run(
            [sys.executable, "-m", "banc", *command], cwd=ROOT, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], **to_env(settings)}, check=False, timeout=60,
        )  # fmt: skip
        assert found.returncode == 2, found.stderr
        assert f"{database} was written by another release of Banc" in found.stderr
        assert "delete it and lose what it holds" in found.stderr
        assert "Traceback" not in found.stderr + found.stdout
        assert "silent" not in found.stderr
    words = "cannot start: "
    assert (settings.data_dir / "log" / "ror.log").read_text().count(words) == 1


def test_every_part_answers_and_none_is_left_behind() -> None:
    with private_bench() as bench:
        settings = bench.settings
        assert all(part.is_ready(settings) for part in bench.parts)
        assert journal_size(settings) == 0
        reset_bench(settings)
    assert not any(part.is_ready(settings) for part in bench.parts)


def test_a_killed_part_is_started_again() -> None:
    with private_bench() as bench:
        part = next(item for item in bench.parts if item.name == "ror")
        for pid in _listeners(part.addresses[0].port):
            os.kill(pid, signal.SIGKILL)
        assert _becomes(lambda: part.is_ready(bench.settings))


def _listeners(port: int) -> list[int]:
    """The processes that hold the listening socket of ``port`` (Linux)."""
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    holders = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            links = [os.readlink(link) for link in (folder / "fd").iterdir()]
        except OSError:
            continue
        if any(link == f"socket:[{inode}]" for inode in inodes for link in links):
            holders.append(int(folder.name))
    return [pid for pid in holders if pid != os.getpid()]


def _becomes(condition: object, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def test_the_journals_are_read_together() -> None:
    with private_bench() as bench:
        ask(bench.settings, "ins", "GET", "/health")
        assert list(lines(bench.settings, service="", limit=5, follow=False)) == []
