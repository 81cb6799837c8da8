"""Banc, validation, calling: asks the resident judge, and starts one when there is none.

A judge is known by a folder below the data folder, named by the digest of kit, code and Saxon:
when one of them changes, another judge answers. Not here: what it does (resident).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from banc.validation import frames, resident
from banc.validation.judge import CannotJudge, Progress, saxon_version
from banc.validation.official import OfficialKit, open_kit
from banc.validation.report import Found, Step, problem_from
from kit.rules import Malformed
from kit.settings import inherited

IDLE_MINUTES = 15.0  # a judge without a call ends
START_SECONDS = 20.0
END_SECONDS = 10.0
PAUSE_SECONDS = 0.02
PATIENCE_SECONDS = resident.MOST_SECONDS * 4  # other callers may come first
FOLDER = "validation"
MOST_FOLDERS = 4
LOG = "log"


class StillLoading(Exception):
    """The judge did not answer in the time the caller had."""


ATTEMPTS = 3  # a judge that is ending when it is found takes nothing


class _NotTaken(Exception):
    """The judge ended before it had the document."""


@dataclass(frozen=True, slots=True)
class Caller:
    """How to reach the judge of one kit. folder: its own; memory: compiled stylesheets."""

    kit: OfficialKit
    folder: Path
    memory: Path
    idle_seconds: float
    most_seconds: float = resident.MOST_SECONDS

    def judge(
        self,
        content: bytes,
        *,
        profiles: bool = True,
        patience: float = PATIENCE_SECONDS,
        say: Progress = lambda _: None,
    ) -> Found:
        """What the kit says of a document.

        patience: seconds to wait for the answer. say: told what is loading.
        Raises CannotJudge, StillLoading.
        """
        until = time.monotonic() + patience
        for _ in range(ATTEMPTS):
            with contextlib.suppress(_NotTaken):
                return self._asked(content, profiles, until, say)
        raise CannotJudge(f"the judge ends before it reads: see {self.folder / LOG}")

    def _asked(self, content: bytes, profiles: bool, until: float, say: Progress) -> Found:
        with self._connected() as connection:
            try:
                frames.send_json(connection, {"profiles": profiles})
                frames.send(connection, content)
            except frames.Closed as error:
                raise _NotTaken from error
            return _answer(connection, until, say)

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        connection = _connect(self.folder) or self._started()
        try:
            connection.settimeout(resident.CLIENT_SECONDS)
            yield connection
        except frames.Closed:
            raise CannotJudge(
                "the judge ended while it judged this document"
                f" (more than {self.most_seconds:.0f} s, or a failure): see {self.folder / LOG}"
            ) from None
        finally:
            connection.close()

    def _started(self) -> socket.socket:
        _private(self.folder)
        _prune(self.folder)
        arguments = (str(self.folder), str(self.kit.folder), str(self.memory), self.kit.digest,
                     str(self.idle_seconds), str(self.most_seconds))  # fmt: skip
        with open(self.folder / LOG, "ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own module, paths as arguments
                [sys.executable, "-m", "banc.validation.resident", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=inherited(),
                start_new_session=True,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            connection = _connect(self.folder)
            if connection is not None:
                return connection
            if process.poll() not in (None, 0):
                break
            time.sleep(PAUSE_SECONDS)
        raise CannotJudge(f"the judge does not start: see {self.folder / LOG}")


def caller_of(kit: Path, data_dir: Path, idle_minutes: float = IDLE_MINUTES) -> Caller:
    """How to reach the judge of a kit. Raises WrongKit, CannotJudge."""
    saxon = saxon_version()
    here = (data_dir / FOLDER).absolute()
    _private(here)
    opened = open_kit(kit, here / "kits.json")
    state = "\n".join([opened.digest, saxon, version("lxml"), _code()])
    folder = here / hashlib.sha256(state.encode()).hexdigest()[:16]
    return Caller(opened, folder, folder / "stylesheets", idle_minutes * 60.0)


def stop_all(data_dir: Path) -> int:
    """End every judge below a data folder; how many there were."""
    return sum(map(stop, sorted((data_dir / FOLDER).glob(f"*/{resident.PID}"))))


def stop(pid_file: Path) -> bool:
    """End a judge, and wait until it has ended; False when there was none."""
    try:
        pid = int(pid_file.read_text("ascii"))
    except (OSError, ValueError):
        return False
    if _connect(pid_file.parent) is None:
        pid_file.unlink(missing_ok=True)  # it was killed: the number may be another's by now
        return False
    until = time.monotonic() + END_SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        while pid_file.exists() and time.monotonic() < until:
            _reap(pid)
            os.kill(pid, 0)
            time.sleep(PAUSE_SECONDS)
        if pid_file.exists():
            os.kill(pid, signal.SIGKILL)
            pid_file.unlink(missing_ok=True)
    return True


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _answer(connection: socket.socket, until: float, say: Progress) -> Found:
    is_taken = False
    while True:
        left = until - time.monotonic()
        if left <= 0:
            raise StillLoading
        connection.settimeout(left)
        try:
            told = frames.receive_json(connection)
        except TimeoutError:
            raise StillLoading from None
        except frames.Closed:
            if is_taken:
                raise
            raise _NotTaken from None
        if "taken" in told:
            is_taken = True
        elif "loading" in told:
            say(str(told["loading"]))
        elif "error" in told:
            raise CannotJudge(str(told["error"]))
        else:
            return _found(told)


def _found(told: dict[str, object]) -> Found:
    found = told.get("found")
    if not isinstance(found, dict):
        raise Malformed("judge", "an answer of another version")
    return Found(
        tuple(map(problem_from, found["problems"])),
        tuple(Step(**step) for step in found["steps"]),
        tuple(found["notes"]),
        found["more"],
    )


def _connect(folder: Path) -> socket.socket | None:
    """A connection to the socket of a folder, whatever the length of its path."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(resident.CLIENT_SECONDS)
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        connection.close()
        return None
    try:
        connection.connect(f"/proc/self/fd/{handle}/{resident.SOCKET}")
    except OSError:
        connection.close()
        return None
    finally:
        os.close(handle)
    return connection


def _private(folder: Path) -> None:
    """A folder that only its owner enters. Raises CannotJudge when it is another's."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = folder.stat()
        if seen.st_uid != os.geteuid():
            raise CannotJudge(f"{folder} belongs to somebody else")
        if seen.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise CannotJudge(f"{folder}: {error.strerror}") from None


def _prune(wanted: Path) -> None:
    """Forget what judges of older kits and codes compiled, but for the last ones."""
    others = [item for item in wanted.parent.iterdir() if item.is_dir() and item != wanted]
    others.sort(key=lambda item: item.stat().st_mtime, reverse=True)
    for folder in others[MOST_FOLDERS - 1 :]:
        connection = _connect(folder)
        if connection is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            connection.close()


@cache
def _code() -> str:
    """A digest of this package: another version of it is another judge."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
