"""Kit, connection: what an entry point may ask of the connection under it.

Which listener, the body and the bytes of both sides, its end. Not here: opening and accepting
connections (server), the client's certificate (service).
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from flask import Request, Response
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from kit.rules import Malformed

PLAIN, TLS, MUTUAL_TLS = "plain", "tls", "mtls"
HEAD_BYTES = 64 * 1024
BROKEN_BODY = "banc.broken_body"  # environ: why the server could not read the body to its end


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request; ``error`` tells what is wrong with it, ``status`` its HTTP status."""

    content: bytes = b""
    error: Malformed | None = None
    status: int = 0


def read_body(request: Request) -> Body:
    """The bytes of a request's body, whatever they are worth."""
    try:
        content = request.get_data(cache=False)
    except RequestEntityTooLarge:
        limit = request.max_content_length
        return Body(error=Malformed("body", f"larger than {limit} bytes"), status=413)
    except ClientDisconnected:
        return Body(error=Malformed("body", "shorter than its Content-Length"), status=400)
    if broken := request.environ.get(BROKEN_BODY, ""):
        return Body(content, Malformed("body", broken), 400)
    if request.content_length is not None and len(content) < request.content_length:
        return Body(content, Malformed("body", "shorter than its Content-Length"), 400)
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        return Body(content, Malformed("Content-Encoding", f"{coding[:40]!r} is not read"), 415)
    return Body(content)


def listener_of(environ: Mapping[str, Any]) -> str:
    """The listener a request came in by: plain, tls or mtls."""
    return str(environ.get("banc.listener", PLAIN))


def raw_request(request: Request, body: bytes) -> bytes:
    """A request as HTTP wrote it: line, headers, body; for the journal."""
    target = request.full_path.rstrip("?")
    lines = [f"{request.method} {target} {request.environ.get('SERVER_PROTOCOL', 'HTTP/1.1')}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join(lines).encode("utf-8", "replace")[:HEAD_BYTES] + b"\r\n\r\n" + body


def raw_response(response: Response) -> bytes:
    """An answer as HTTP wrote it: status line, headers, body; for the journal."""
    lines = [f"HTTP/1.1 {response.status}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + response.get_data()


def cut(environ: MutableMapping[str, Any]) -> None:
    """Close the connection of a request at once, so that no answer arrives."""
    environ["banc.cut"] = True
    held = environ.get("gunicorn.socket")
    if held is not None:
        close_both_ways(held)


def close_both_ways(held: socket.socket) -> None:
    """End a connection whose other thread may be reading or writing; TLS is not asked."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(held, socket.SHUT_RDWR)
