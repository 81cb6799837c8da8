"""Banc, speed driver: a pool of client processes and threads with kept connections.

The same client drives both sides of a comparison, and does next to nothing: requests are bytes
before the clock starts. Not here: what is compared (measure_speed).
"""

from __future__ import annotations

import multiprocessing
import re
import smtplib
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from loadtests.mails import Mail
from loadtests.payloads import Payload

PROCESSES, THREADS = 2, 2
TIMEOUT_SECONDS = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
Item = TypeVar("Item")
Send = Callable[[Any], None]


class WrongAnswer(Exception):
    """A server did not do what was asked, so nothing was measured."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One measurement: how many requests a second, and the latency of each in ms."""

    per_second: float
    latencies_ms: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests did not exceed."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(frozen=True)
class Target(Generic[Item]):
    """A server to drive: ``connect`` opens a connection and gives what sends one item over it.

    prepare: what is made of each item before the clock starts. per_second: send at this pace,
    latencies counted from when each was due; 0: as fast as the pool can.
    """

    connect: Callable[[], Send]
    items: Sequence[Item] = field(default=())
    prepare: Callable[[Any], Any] = lambda item: item
    per_second: float = 0.0


def shoot(target: Target[Any]) -> Shot:
    """Send every item once. Raises WrongAnswer."""
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(PROCESSES * THREADS)
    told = context.SimpleQueue()
    slices = [target.items[rank :: PROCESSES * THREADS] for rank in range(PROCESSES * THREADS)]
    processes = [
        context.Process(
            target=_process,
            args=(target, slices[first::PROCESSES], gate, told),
            daemon=True,
        )
        for first in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    results = [told.get() for _ in slices]
    for process in processes:
        process.join()
    wrong = [result for result in results if isinstance(result, str)]
    if wrong:
        raise WrongAnswer(wrong[0])
    began, ended = min(r[0] for r in results), max(r[1] for r in results)
    latencies = tuple(latency for result in results for latency in result[2])
    return Shot(len(latencies) / (ended - began), latencies)


def _process(target: Target[Any], slices: Sequence[Any], gate: Any, told: Any) -> None:
    threads = [
        threading.Thread(target=_thread, args=(target, items, gate, told)) for items in slices
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _thread(target: Target[Any], items: Sequence[Any], gate: Any, told: Any) -> None:
    """Connect, wait for the others, send; what went wrong is told as a text."""
    interval = PROCESSES * THREADS / target.per_second if target.per_second else 0.0
    try:
        prepared, send = [target.prepare(item) for item in items], target.connect()
        gate.wait(TIMEOUT_SECONDS)
        began, latencies = time.perf_counter(), []
        for number, item in enumerate(prepared):
            at = time.perf_counter()
            if interval:
                due = began + number * interval
                time.sleep(max(0.0, due - at))
                at = due
            send(item)
            latencies.append((time.perf_counter() - at) * 1000)
        told.put((began, time.perf_counter(), latencies))
    except (OSError, smtplib.SMTPException, threading.BrokenBarrierError, WrongAnswer) as error:
        gate.abort()
        told.put(f"{type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Message:
    """A request as the bytes that go over the wire, and what its answer must hold."""

    content: bytes
    expects: bytes


def written(payload: Payload, headers: Mapping[str, str], *, strict: bool) -> Message:
    """A payload as a request. strict: the answer must hold what the payload expects."""
    said = {"Host": "localhost", "Content-Length": str(len(payload.body))}
    lines = [f"{payload.method} {payload.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (said | {**payload.headers, **headers}).items()]
    head = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"
    return Message(head + payload.body, payload.expects if strict else b"")


def https(host: str, port: int, context: ssl.SSLContext) -> Callable[[], Send]:
    """A connection for messages, kept alive; it reads an answer whole."""

    def connect() -> Send:
        plain = socket.create_connection((host, port), TIMEOUT_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        held = context.wrap_socket(plain, server_hostname=host)

        def send(message: Message) -> None:
            held.sendall(message.content)
            head, content = _answer(held)
            if not head.startswith(b"HTTP/1.1 200 ") or message.expects not in content:
                raise WrongAnswer(f"{head[:40]!r} {content[:1500]!r}")

        return send

    return connect


def _answer(held: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one answer with a Content-Length."""
    received, blank = b"", -1
    while blank < 0:
        received += _more(held)
        blank = received.find(b"\r\n\r\n")
    head, content = received[: blank + 2], received[blank + 4 :]
    found = _LENGTH.search(head)
    if found is None:
        raise WrongAnswer(f"an answer without Content-Length: {head!r}")
    while len(content) < int(found[1]):
        content += _more(held)
    return head, content


def _more(held: socket.socket) -> bytes:
    piece = held.recv(65536)
    if not piece:
        raise WrongAnswer("the server closed the connection")
    return piece


def smtp(
    host: str, port: int, context: ssl.SSLContext, *, user: str, password: str
) -> Callable[[], Send]:
    """A connection for mails."""

    def connect() -> Send:
        client = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        assert client.sock is not None
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.starttls(context=context)
        client.login(user, password)

        def send(mail: Mail) -> None:
            client.sendmail(mail.sender, [mail.recipient], mail.content)

        return send

    return connect


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and most."""
    return statistics.median(values), min(values), max(values)
