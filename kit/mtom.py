"""Kit, MTOM: multipart/related with XOP, read and written.

Not here: SOAP (soap), MIME mail (mail). The reader works on bytes, never on text, and is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import Message
from functools import lru_cache
from urllib.parse import quote, unquote

from kit.rules import Malformed
from kit.xml import Element, build, qname

MAX_PARTS = 64
MAX_HEAD_BYTES = 16 * 1024
MAX_TYPE_CHARACTERS = 2000
XOP_TYPE = "application/xop+xml"
_FOLD = re.compile(r"\r\n[ \t]+")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


def is_multipart(content_type: str) -> bool:
    """Whether a Content-Type announces multipart/related."""
    return _header(content_type)[0] == "multipart/related"


def parameter(content_type: str, name: str) -> str:
    """A parameter of a Content-Type, or an empty text."""
    return _header(content_type)[1].get(name, "")


@lru_cache(maxsize=64)  # a request asks several times
def _header(content_type: str) -> tuple[str, dict[str, str]]:
    """The media type and its parameters, the first of a name."""
    if len(content_type) > MAX_TYPE_CHARACTERS:  # its reader is slow on thousands of parameters
        raise Malformed("Content-Type", f"longer than {MAX_TYPE_CHARACTERS} characters")
    message = Message()
    message["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    found = reversed(message.get_params([]))
    return message.get_content_type(), {
        name.lower(): value if isinstance(value, str) else "" for name, value in found
    }


def read_multipart(content_type: str, body: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Read multipart/related: the root part, and the others by Content-ID without brackets.

    Raises Malformed. Source: RFC 2387, RFC 2046 §5.1, XOP 1.0.
    """
    boundary = parameter(content_type, "boundary")
    if not _BOUNDARY.fullmatch(boundary):
        raise Malformed("Content-Type", "multipart/related without a valid boundary")
    parts = [_part(chunk) for chunk in _chunks(boundary.encode("ascii"), body)]
    if not parts:
        raise Malformed("multipart", "no part")
    return _root_and_others(parts, parameter(content_type, "start").strip("<> "))


def _chunks(boundary: bytes, body: bytes) -> list[bytes]:
    delimiter = b"\r\n--" + boundary
    first = b"--" + boundary
    at = 0 if body.startswith(first) else body.find(delimiter)
    if at < 0:
        raise Malformed("multipart", "the boundary of the Content-Type is not in the body")
    at += len(first) if not at else len(delimiter)
    chunks: list[bytes] = []
    while not body.startswith(b"--", at):
        end = body.find(delimiter, at)
        if end < 0:
            raise Malformed("multipart", "the closing boundary is missing: the body is truncated")
        if len(chunks) == MAX_PARTS:
            raise Malformed("multipart", f"more than {MAX_PARTS} parts")
        chunks.append(body[at:end])
        at = end + len(delimiter)
    return chunks


def _part(chunk: bytes) -> tuple[dict[str, str], bytes]:
    head, blank, content = chunk.partition(b"\r\n\r\n")
    if not blank or head.partition(b"\r\n")[0].strip(b" \t"):
        raise Malformed("multipart", "a part has no blank line after its headers")
    if len(head) > MAX_HEAD_BYTES:
        raise Malformed("multipart", f"the headers of a part exceed {MAX_HEAD_BYTES} bytes")
    headers = _headers(head)
    encoding = headers.get("content-transfer-encoding", "binary").lower()
    if encoding not in {"binary", "8bit", "7bit"}:
        raise Malformed("Content-Transfer-Encoding", f"{encoding[:40]!r} is not read in MTOM")
    return headers, content


def _headers(head: bytes) -> dict[str, str]:
    """The headers of a part by lower-case name, the first of a name, folded lines joined."""
    lines = _FOLD.sub(" ", head.decode("utf-8", "replace")).strip().split("\r\n")
    named = [line.partition(":") for line in lines if line]
    if any(not colon for _, colon, _ in named):
        raise Malformed("multipart", "a line among the headers of a part is no header")
    return {name.strip().lower(): value.strip() for name, _, value in reversed(named)}


def _root_and_others(
    parts: list[tuple[dict[str, str], bytes]], start: str
) -> tuple[bytes, dict[str, bytes]]:
    names = [headers.get("content-id", "").strip("<>") for headers, _ in parts]
    if start and start not in names:
        raise Malformed("Content-Type", f"no part has the Content-ID of start, {start[:200]!r}")
    root = names.index(start) if start else 0
    others: dict[str, bytes] = {}
    for place, (name, (_, content)) in enumerate(zip(names, parts, strict=True)):
        if place == root:
            continue
        if not name or name in others:
            raise Malformed("Content-ID", f"missing or repeated in part {place + 1}")
        others[name] = content
    return parts[root][1], others


def write_multipart(
    root: bytes,
    attachments: Mapping[str, bytes],
    *,
    boundary: str,
    action: str = "",
    root_id: str = "root@banc.test",
) -> tuple[str, bytes]:
    """Write multipart/related: the Content-Type and the body.

    A boundary that a part contains is lengthened until none does.
    """
    while any(boundary.encode() in part for part in (root, *attachments.values())):
        boundary += "x"
    sides = [f"--{boundary}\r\nContent-Type: {XOP_TYPE}; charset=UTF-8; "
             f'type="application/soap+xml"\r\nContent-Transfer-Encoding: binary\r\n'
             f"Content-ID: <{root_id}>\r\n\r\n".encode(), root]  # fmt: skip
    for name, content in attachments.items():
        sides.append(
            f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <{name}>\r\n\r\n".encode()
        )
        sides.append(content)
    sides.append(f"\r\n--{boundary}--\r\n".encode())
    acts = f'; action="{action}"' if action else ""
    content_type = (
        f'multipart/related; boundary="{boundary}"; type="{XOP_TYPE}"; '
        f'start="<{root_id}>"; start-info="application/soap+xml"{acts}'
    )
    return content_type, b"".join(sides)


def include(content_id: str) -> Element:
    """The ``xop:Include`` that stands for an attachment."""
    return build("xop:Include", href="cid:" + quote(content_id, safe="@.-_~"))


def included(element: Element, attachments: Mapping[str, bytes]) -> bytes | None:
    """The attachment an element's ``xop:Include`` refers to; None when it has no include.

    Raises Malformed when the part is not there.
    """
    found = element.find(qname("xop:Include"))
    if found is None:
        return None
    href = found.get("href", "")
    name = unquote(href.removeprefix("cid:"))
    if not href.startswith("cid:") or name not in attachments:
        raise Malformed("xop:Include", f"no part has the Content-ID of href {href[:200]!r}")
    return attachments[name]
