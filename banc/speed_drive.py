"""Banc, speed driver: a pool of client processes and threads with kept connections.

The same client drives both sides of a comparison. Not here: what is compared (measure_speed).
"""

from __future__ import annotations

import http.client
import multiprocessing
import smtplib
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from loadtests.mails import Mail
from loadtests.payloads import Payload

PROCESSES, THREADS = 2, 2
TIMEOUT_SECONDS = 60.0
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
    """A server to drive: ``connect`` opens a connection and gives what sends one item over it."""

    connect: Callable[[], Send]
    items: Sequence[Item] = field(default=())


def shoot(target: Target[Any]) -> Shot:
    """Send every item once, as fast as the pool can. Raises WrongAnswer."""
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(PROCESSES * THREADS)
    told = context.SimpleQueue()
    slices = [target.items[rank :: PROCESSES * THREADS] for rank in range(PROCESSES * THREADS)]
    processes = [
        context.Process(
            target=_process,
            args=(target.connect, slices[first::PROCESSES], gate, told),
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


def _process(connect: Callable[[], Send], slices: Sequence[Any], gate: Any, told: Any) -> None:
    threads = [
        threading.Thread(target=_thread, args=(connect, items, gate, told)) for items in slices
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _thread(connect: Callable[[], Send], items: Sequence[Any], gate: Any, told: Any) -> None:
    """Connect, wait for the others, send; what went wrong is told as a text."""
    try:
        send = connect()
        gate.wait(TIMEOUT_SECONDS)
        began, latencies = time.perf_counter(), []
        for item in items:
            at = time.perf_counter()
            send(item)
            latencies.append((time.perf_counter() - at) * 1000)
        told.put((began, time.perf_counter(), latencies))
    except (OSError, http.client.HTTPException, smtplib.SMTPException, threading.BrokenBarrierError,
            WrongAnswer) as error:  # fmt: skip
        gate.abort()
        told.put(f"{type(error).__name__}: {error}")


def https(
    host: str, port: int, context: ssl.SSLContext, *, headers: dict[str, str], strict: bool
) -> Callable[[], Send]:
    """A connection for payloads. strict: the answer must hold what the payload expects."""

    def connect() -> Send:
        connection = http.client.HTTPSConnection(
            host, port, context=context, timeout=TIMEOUT_SECONDS
        )
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def send(payload: Payload) -> None:
            sent = {**payload.headers, **headers}
            connection.request(payload.method, payload.path, payload.body or None, sent)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200 or (strict and payload.expects not in content):
                raise WrongAnswer(f"{payload.name}: HTTP {answer.status} {content[:1500]!r}")

        return send

    return connect


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
