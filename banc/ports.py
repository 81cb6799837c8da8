"""Banc, ports: ports that nobody listens on, for benches and servers of one's own.

Below the range from which the system takes ports of outgoing connections, so that no client
takes one between the choice and its use; each process begins elsewhere and never gives one twice.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator

FIRST, LAST = 10_000, 32_000
STEP = 7_919  # a prime: neighbouring process numbers begin far apart


def _candidates() -> Iterator[int]:
    width = LAST - FIRST
    begin = os.getpid() * STEP % width
    return (FIRST + (begin + place) % width for place in itertools.count())


_next: dict[int, Iterator[int]] = {}


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on now."""
    candidates = _next.setdefault(os.getpid(), _candidates())
    for port in itertools.islice(candidates, LAST - FIRST):
        with socket.socket() as held:
            try:
                held.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {FIRST} and {LAST}")
