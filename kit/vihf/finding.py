"""Kit, vihf: the assertion inside whatever a person has at hand: XML, envelope, MTOM, HTTP dump.

Any bytes may come: they are bounded and refused with a reason. Not here: reading what it says.
"""

from __future__ import annotations

import re

from kit import mtom
from kit.rules import Malformed
from kit.xml import Element, local_name, parse, qname

_START = re.compile(
    rb"(?:[A-Z]{3,10} \S{1,2000} HTTP/1\.[01]|HTTP/1\.[01] \d{3}[^\r\n]{0,200})\r?\n"
)
_HEADER = re.compile(rb"[A-Za-z][A-Za-z-]{0,60}:[ \t]?[^\r\n]{0,4000}\r?\n")
_BLANK = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(rb"--([!-~]{1,70}) *\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r\n")
MAX_CHUNKS = 100_000


def find_assertion(data: bytes) -> Element:
    """The one SAML 2.0 assertion of ``data``, in the tree it came in. Raises Malformed."""
    root = parse(message_in(data)[0], where="file")
    found = [item for item in root.iter(qname("saml2:Assertion")) if not _is_inside(item)]
    if len(found) > 1:
        raise Malformed("file", f"{len(found)} assertions: which one speaks is anyone's guess")
    if not found:
        raise Malformed("file", f"no SAML 2.0 assertion below {local_name(root)}")
    return found[0]


def _is_inside(assertion: Element) -> bool:
    return any(True for _ in assertion.iterancestors(qname("saml2:Assertion")))


def message_in(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The XML of a file that may begin with HTTP, with headers or with a boundary.

    With it come the attachments, by Content-ID without brackets. Raises Malformed.
    """
    data = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    start = _START.match(data)
    if start or _HEADER.match(data):
        blank = _BLANK.search(data)
        if blank is None:
            raise Malformed("file", "headers without the blank line that ends them")
        head = data[start.end() if start else 0 : blank.start()]
        return _body(head, data[blank.end() :])
    boundary = _BOUNDARY.match(data)
    if boundary:
        return _parts(f'multipart/related; boundary="{boundary[1].decode()}"', data)
    return data, {}


def _body(head: bytes, body: bytes) -> tuple[bytes, dict[str, bytes]]:
    headers = dict(_fields(head))
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _unchunked(body)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Malformed("Content-Encoding", "a compressed body is not read")
    content_type = headers.get("content-type", "")
    return _parts(content_type, body) if mtom.is_multipart(content_type) else (body, {})


def _fields(head: bytes) -> list[tuple[str, str]]:
    unfolded = re.sub(rb"\r?\n[ \t]+", b" ", head)
    lines = unfolded.decode("latin-1").splitlines()
    pairs = [line.partition(":") for line in lines]
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _parts(content_type: str, body: bytes) -> tuple[bytes, dict[str, bytes]]:
    if b"\r\n" not in body:  # an editor saved it: XML reads both line ends alike
        body = body.replace(b"\n", b"\r\n")
    return mtom.read_multipart(content_type, body)


def _unchunked(body: bytes) -> bytes:
    parts: list[bytes] = []
    position = 0
    for _ in range(MAX_CHUNKS):
        head = _CHUNK.match(body, position)
        if head is None:
            break
        size = int(head[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[head.end() : head.end() + size])
        position = head.end() + size + 2
    raise Malformed("Transfer-Encoding", "the chunks do not add up")
