"""Banc, validation, frames: messages over a socket, each with its length before it.

Not here: what they say (resident, calling).
"""

from __future__ import annotations

import json
import socket
from typing import Any

MAX_FRAME_BYTES = 80 * 1024 * 1024
_LENGTH_BYTES = 8


class Closed(Exception):
    """The other side went away, or does not speak as it should."""


def send(connection: socket.socket, content: bytes) -> None:
    """One frame. Raises Closed."""
    try:
        connection.sendall(len(content).to_bytes(_LENGTH_BYTES, "big") + content)
    except OSError as error:
        raise Closed(str(error)) from None


def receive(connection: socket.socket) -> bytes:
    """One whole frame. Raises Closed, and TimeoutError when nothing comes in time."""
    length = int.from_bytes(_exactly(connection, _LENGTH_BYTES), "big")
    if length > MAX_FRAME_BYTES:
        raise Closed(f"a frame of {length} bytes, at most {MAX_FRAME_BYTES} are read")
    return _exactly(connection, length)


def send_json(connection: socket.socket, told: Any) -> None:
    """One value as JSON."""
    send(connection, json.dumps(told, ensure_ascii=False).encode())


def receive_json(connection: socket.socket) -> dict[str, Any]:
    """One JSON object. Raises Closed, TimeoutError."""
    try:
        told = json.loads(receive(connection))
    except ValueError as error:
        raise Closed(str(error)) from None
    if not isinstance(told, dict):
        raise Closed("not an object")
    return told


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        try:
            piece = connection.recv(min(count - len(found), 1024 * 1024))
        except TimeoutError:
            raise
        except OSError as error:
            raise Closed(str(error)) from None
        if not piece:
            raise Closed("the connection ended")
        found += piece
    return bytes(found)
