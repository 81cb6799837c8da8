"""The safe parser: what it reads, what it will not."""

from __future__ import annotations

import pytest

from kit.rules import Malformed
from kit.xml import build, find_text, need_attribute, need_text, parse, serialize

BOMB = b"""<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"""
EXTERNAL = b"""<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"""
UTF16 = '<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>'.encode("utf-16")

HOSTILE = [
    (BOMB, "declaration"),
    (EXTERNAL, "declaration"),
    (UTF16, "declaration"),
    (b"<a>", "not well-formed"),
    (b"", "not well-formed"),
    (b"\xff\xfe\x00", "not well-formed"),
    (b"<a>&undefined;</a>", "not well-formed"),
    (b"<a>" * 200 + b"</a>" * 200, "nested deeper"),
    (b"<a>" + b"<b/>" * 201_000 + b"</a>", "more than"),
]


@pytest.mark.parametrize(("data", "why"), HOSTILE)
def test_hostile_xml_is_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why) as caught:
        parse(data, where="body")
    assert caught.value.where == "body"


def test_too_many_bytes_are_not_even_parsed() -> None:
    with pytest.raises(Malformed, match="at most 10"):
        parse(b"<a>12345678</a>", max_bytes=10)


def test_text_and_attributes_are_escaped() -> None:
    element = build("hl7:name", "<&>", root='"1"')
    assert parse(serialize(element)).text == "<&>"
    assert b"&lt;&amp;&gt;" in serialize(element)


def test_what_is_missing_is_named() -> None:
    element = parse(b'<a xmlns="urn:hl7-org:v3"><b> x </b><c/></a>')
    assert find_text(element, "hl7:b") == "x"
    assert need_text(element, "hl7:b") == "x"
    with pytest.raises(Malformed, match="hl7:c is empty"):
        need_text(element, "hl7:c")
    with pytest.raises(Malformed, match="hl7:d is missing"):
        need_text(element, "hl7:d")
    with pytest.raises(Malformed, match="attribute root"):
        need_attribute(element, "root")
