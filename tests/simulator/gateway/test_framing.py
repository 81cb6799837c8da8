"""MLLP blocks: what is read, what ends a connection."""

from __future__ import annotations

import asyncio

import pytest

from simulator.gateway.framing import BadFrame, Frames, frame


async def read(octets: bytes, *, size: int = 1000, ends: bool = True) -> list[bytes]:
    """Every message of a stream."""
    reader = asyncio.StreamReader()
    reader.feed_data(octets)
    if ends:
        reader.feed_eof()
    frames = Frames(reader, max_bytes=size, seconds=0.05, idle_seconds=0.05)
    found = []
    while (message := await frames.next()) is not None:
        found.append(message)
    return found


STREAMS = [  # octets, messages
    (b"", []),
    (b"\x0bMSH\x1c\r", [b"MSH"]),
    (b"\x0ba\x1c\r\x0bb\x1c\r", [b"a", b"b"]),
    (b"\r\n\x0ba\x1c\r\n\n\x0bb\x1c\r", [b"a", b"b"]),
    (b"\x0b\x1c\r", [b""]),
    (b"\x0b" + b"x" * 1000 + b"\x1c\r", [b"x" * 1000]),
]


@pytest.mark.parametrize(("octets", "messages"), STREAMS)
def test_blocks_are_read_one_after_the_other(octets: bytes, messages: list[bytes]) -> None:
    assert asyncio.run(read(octets)) == messages


BAD = [  # octets, whether the stream ends there, why
    (b"MSH|^~\\&|", True, "begins with VT"),
    (b"GET / HTTP/1.1\r\n\r\n", True, "begins with VT"),
    (b"\x0bMSH", True, "ended inside"),
    (b"\x0bMSH", False, "not whole after"),
    (b"\x0bMSH\x1c", True, "followed by CR"),
    (b"\x0bMSH\x1c", False, "not whole|followed by CR"),
    (b"\x0bMSH\x1cx", True, "followed by CR"),
    (b"\x0bMSH\x0bMSH\x1c\r", True, "inside a block"),
    (b"\x0b" + b"x" * 1001 + b"\x1c\r", True, "more than 1000"),
    (b"\x0b" + b"x" * 5000, False, "more than 1000"),
    (b"\x0ba\x1c\rb", True, "begins with VT"),
]


@pytest.mark.parametrize(("octets", "ends", "why"), BAD)
def test_what_is_no_block_is_told(octets: bytes, ends: bool, why: str) -> None:
    with pytest.raises(BadFrame, match=why):
        asyncio.run(read(octets, ends=ends))


def test_a_block_in_single_octets_is_read() -> None:
    async def drip() -> bytes | None:
        reader = asyncio.StreamReader()
        frames = Frames(reader, max_bytes=100, seconds=5, idle_seconds=5)
        found = asyncio.create_task(frames.next())
        for octet in frame(b"MSH|a"):
            reader.feed_data(bytes([octet]))
            await asyncio.sleep(0)
        return await found

    assert asyncio.run(drip()) == b"MSH|a"


def test_no_octet_of_the_framing_is_written_in_a_message() -> None:
    for octet in (b"\x0b", b"\x1c"):
        with pytest.raises(ValueError, match="framing"):
            frame(b"MSH" + octet)
