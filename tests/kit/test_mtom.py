"""MTOM: written, read, and refused."""

from __future__ import annotations

import email.parser
import email.policy

import pytest

from kit.mtom import include, included, read_multipart, write_multipart
from kit.rules import Malformed
from kit.xml import build

FILES = {"doc1@x": b"\x00\xff--B\r\n", "doc2@x": b""}


def written() -> tuple[str, bytes]:
    return write_multipart(b"<root/>", FILES, boundary="B42", action="urn:a")


def test_what_is_written_is_read() -> None:
    assert read_multipart(*written()) == (b"<root/>", FILES)


def test_the_standard_library_reads_it_too() -> None:
    content_type, body = written()
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    parts = {part["Content-ID"]: part.get_payload(decode=True) for part in message.iter_parts()}
    assert parts["<root@banc.test>"] == b"<root/>"


def test_the_root_may_come_last() -> None:
    body = (
        b"--B\r\nContent-ID: <doc@x>\r\n\r\nDOC\r\n--B\r\nContent-ID: <r@x>\r\n\r\n<root/>\r\n--B--"
    )
    found = read_multipart('multipart/related; boundary=B; start="<r@x>"', body)
    assert found == (b"<root/>", {"doc@x": b"DOC"})


BROKEN = [
    ("multipart/related", b"", "boundary"),
    ("multipart/related; boundary=B", b"nothing", "not in the body"),
    ("multipart/related; boundary=B", b"--B\r\n\r\nx", "truncated"),
    ("multipart/related; boundary=B", b"--B\r\nno blank line\r\n--B--", "blank line"),
    ('multipart/related; boundary=B; start="<q>"', b"--B\r\n\r\nx\r\n--B--", "start"),
    ("multipart/related; boundary=B", b"--B\r\n\r\nx\r\n--B\r\n\r\ny\r\n--B--", "repeated"),
    ("multipart/related; boundary=B", b"--B\r\n\r\n\r\n" * 70 + b"--B--", "more than"),
    ("multipart/related; boundary=B", b"--Bad\r\n\r\nx\r\n--B--", "blank line"),
    ("multipart/related; boundary=B" + ";a=b" * 1000, b"--B--", "longer than 2000"),
    ("multipart/related; boundary=B", b"--B--", "no part"),
    (
        "multipart/related; boundary=B",
        b"--B\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--B--",
        "base64",
    ),
]


@pytest.mark.parametrize(("content_type", "body", "why"), BROKEN)
def test_a_broken_body_is_refused_with_a_reason(content_type: str, body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read_multipart(content_type, body)


def test_an_include_finds_its_part_and_nothing_else() -> None:
    element = build("xds:Document", include("doc1@x"))
    assert included(element, FILES) == FILES["doc1@x"]
    assert included(build("xds:Document"), FILES) is None
    with pytest.raises(Malformed, match="no part"):
        included(build("xds:Document", include("doc9@x")), FILES)


def test_a_boundary_that_a_part_contains_is_not_used() -> None:
    files = {"doc@x": b"\r\n--B\r\nContent-ID: <forged@x>\r\n\r\n\r\n--B--"}
    content_type, body = write_multipart(b"<root/>", files, boundary="B")
    assert read_multipart(content_type, body) == (b"<root/>", files)


def test_a_preamble_and_padding_after_the_boundary_are_read() -> None:
    body = b"preamble\r\n--B  \r\nContent-ID: <r@x>\r\n\r\n<root/>\r\n--B--\r\nepilogue"
    assert read_multipart("multipart/related; boundary=B", body) == (b"<root/>", {})
