"""Hostile clients against a served SOAP port: an answer or an end, one line at most, and on."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kit.pki import CertificateKind, TestPki
from kit.settings import Settings
from tests.kit.demo import TYPE, Served, envelope, served

HEAD = f"POST /port HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TYPE}\r\n".encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GOOD = envelope()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pki: TestPki) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    settings = replace(
        Settings(), data_dir=folder, workers=1, threads=2, max_body_bytes=3_000_000,
        request_seconds=2,
    )  # fmt: skip
    with served(settings, pki) as found:
        yield found


def sized(body: bytes, extra: bytes = b"", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return HEAD + extra + b"Content-Length: %d\r\n\r\n" % size + body


def say(running: Served, data: bytes) -> bytes:
    """Everything the server answers to ``data``, after which the client says no more."""
    with running.connect() as held:
        with contextlib.suppress(OSError):
            held.sendall(data)
            held.shutdown(socket.SHUT_WR)
        told = b""
        with contextlib.suppress(ConnectionError):
            while piece := held.recv(65536):
                told += piece
        return told


PARTS = b"--B\r\n\r\n\r\n" * 100_000 + b"--B--"
MULTIPART = HEAD.replace(TYPE.encode(), b"multipart/related; boundary=B")
HOSTILE = [  # what is sent, beginning of the answer, outcomes in the journal
    ("a chunk is cut", CHUNKED + b"100\r\nabc", b"HTTP/1.1 500", ["malformed"]),
    ("the last chunk is missing", CHUNKED + b"3\r\nabc\r\n", b"HTTP/1.1 500", ["malformed"]),
    ("a chunk has no size", CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n", b"HTTP/1.1 500", ["malformed"]),
    ("chunks above the bound", CHUNKED + b"2FAF080\r\n" + b"x" * 3_100_000, b"HTTP/1.1 413",
     ["malformed"]),
    ("a length above the bound", sized(b"x" * 3_000_001), b"HTTP/1.1 413", ["malformed"]),
    ("a length above the body", sized(GOOD, length=99_999), b"HTTP/1.1 500", ["malformed"]),
    ("a length below the body", sized(GOOD, b"Connection: close\r\n", length=20), b"HTTP/1.1 500",
     ["malformed"]),
    ("a negative length", sized(GOOD, length=-1), b"HTTP/1.1 400", []),
    ("two lengths", sized(GOOD, b"Content-Length: 3\r\n"), b"HTTP/1.1 400", []),
    ("length and chunks", sized(GOOD, b"Transfer-Encoding: chunked\r\n"), b"HTTP/1.1 400", []),
    ("a compressed body", sized(gzip.compress(GOOD), b"Content-Encoding: gzip\r\n"),
     b"HTTP/1.1 415", ["malformed"]),
    ("a header bomb", sized(GOOD, b"".join(b"X-%d: a\r\n" % n for n in range(500))),
     b"HTTP/1.1 431", []),
    ("a long header", sized(GOOD, b"X: " + b"a" * 100_000 + b"\r\n"), b"HTTP/1.1 431", []),
    ("a NUL in a header", sized(GOOD, b"X: a\0b\r\n"), b"HTTP/1.1 400", []),
    ("a NUL in the body", sized(GOOD.replace(b"hello", b"a\0b")), b"HTTP/1.1 500", ["malformed"]),
    ("a long Content-Type", sized(GOOD).replace(b"UTF-8", b";a=b" * 3000, 1), b"HTTP/1.1 500",
     ["malformed"]),
    ("100,000 parts", MULTIPART + b"Content-Length: %d\r\n\r\n" % len(PARTS) + PARTS,
     b"HTTP/1.1 500", ["malformed"]),
    ("200,000 elements too many", sized(b"<a>" + b"<b/>" * 400_000 + b"</a>"), b"HTTP/1.1 500",
     ["malformed"]),
    ("an unknown method", b"BREW /port HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 405",
     ["malformed"]),
    ("a wrong method", b"GET /port?wsdl HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 405",
     ["malformed"]),
    ("a wrong path", b"GET /%00/../ports HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404",
     ["malformed"]),
    ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"HTTP/1.1 400",
     []),
    ("two requests at once", sized(GOOD) * 2, b"HTTP/1.1 200", ["accepted", "accepted"]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "begins", "outcomes"), [row[1:] for row in HOSTILE],
                         ids=[row[0] for row in HOSTILE])  # fmt: skip
def test_each_request_gets_its_answer_and_at_most_one_line(
    running: Served, data: bytes, begins: bytes, outcomes: list[str]
) -> None:
    before = running.service.journal.count()
    told = say(running, data)
    assert told.startswith(begins)
    assert told.count(b"HTTP/1.1 ") == max(1, len(outcomes))
    lines = running.service.journal.find(newest_first=True, limit=1 + len(outcomes))
    assert running.service.journal.count() - before == len(outcomes)
    assert [line.outcome for line in lines[: len(outcomes)]] == outcomes
    assert running.ask() == 200


def test_a_slow_client_holds_a_thread_for_a_bounded_time(running: Served) -> None:
    """There are two threads; four clients stop in the middle of a header or a body."""
    with contextlib.ExitStack() as stack:
        for data in (HEAD, HEAD, sized(GOOD)[:-5], CHUNKED + b"5\r\nab"):
            stack.enter_context(running.connect()).sendall(data)
        assert running.ask(timeout=8) == 200


def test_a_client_that_does_not_take_its_answer_is_cut(running: Served) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            held = stack.enter_context(running.connect())
            held.sendall(sized(envelope("large")))
            assert held.recv(10)
        assert running.ask(timeout=8) == 200


def test_silent_clients_hold_no_thread(running: Served, pki: TestPki) -> None:
    credential = pki.issue(
        CertificateKind.ORG_AUTH_CLI, common_name="INSI-AUTO", organization="CH FICTIF",
        struct_idnat="10B0000001", department="Ille-et-Vilaine (35)",
    )  # fmt: skip
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        for port in [running.plain, running.mutual] * 10:
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert running.ask() == 200
        connection = http.client.HTTPSConnection(
            "127.0.0.1", running.mutual, context=pki.client_context(credential), timeout=10
        )
        connection.request("POST", "/port", GOOD, {"Content-Type": TYPE})
        assert connection.getresponse().status == 200
        connection.close()
    assert time.monotonic() - began < 3


def test_half_a_handshake_stops_nobody_else(running: Served) -> None:
    with socket.create_connection(("127.0.0.1", running.mutual)) as held:
        held.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert running.ask(timeout=5) == 200
    with pytest.raises(ssl.SSLError), running.connect() as plain:
        ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
    assert running.ask() == 200
