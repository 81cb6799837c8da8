"""The safe parser: what it reads, what it will not."""

from __future__ import annotations

import os
import resource

import pytest

from kit.rules import Malformed
from kit.xml import (
    NS,
    build,
    find,
    find_all,
    find_text,
    need_attribute,
    need_text,
    parse,
    serialize,
)

BOMB = b"""<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"""
EXTERNAL = b"""<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"""
PARAMETER = b"""<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><a/>"""
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
    (PARAMETER, "declaration"),
    (b"<a>" + b"<!---->" * 201_000 + b"</a>", "more than"),
    (b"<a " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b"/>", "more than 1000 attributes"),
    (b"<a " + b" ".join(b'xmlns:a%d="u"' % n for n in range(50_000)) + b"/>", "1000 attributes"),
    (b"<a>" + b'<b a="" b="" c="" d=""/>' * 101_000 + b"</a>", "more than 400000 attributes"),
    (b"<a>" + b"".join(b"<b%d/>" % n for n in range(21_000)) + b"</a>", "different names"),
    (b"<a>" + b"<c/>" * 21_000 + b"<" + b"b" * 300 + b"/></a>", "longer than 256 characters"),
    (b'<a b="' + b"x" * 5_000_000 + b'"/>', "a tag or comment is longer"),
    (b"<a><!--" + b"x" * 5_000_000 + b"--></a>", "a tag or comment is longer"),
    (b"<a>\0</a>", "not well-formed"),
    (b"<" + b"a" * 300 + b">" * 2, "not well-formed"),
]


@pytest.mark.parametrize(("data", "why"), HOSTILE)
def test_hostile_xml_is_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why) as caught:
        parse(data, where="body")
    assert caught.value.where == "body"


HIDING = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7", "cp037", "shift_jis")
CLAIMS = (None, "utf-8", "utf-16", "utf-7", "UCS-4", "IBM037", "EBCDIC-CP-BE", "ISO-2022-JP", "HZ")


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("encoding", HIDING)
def test_no_encoding_hides_a_declaration(encoding: str, claim: str | None) -> None:
    said = f'<?xml version="1.0" encoding="{claim}"?>' if claim else ""
    for text in (said + EXTERNAL.decode(), said + "+ADwAIQ-DOCTYPE a+AD4-<a/>"):
        if encoding == "utf-7" or not text.endswith("-<a/>"):
            data = text.encode("ascii" if "+AD" in text else encoding)
            with pytest.raises(Malformed):
                parse(data)


def test_other_encodings_of_the_field_are_read() -> None:
    for encoding in ("UTF-16", "ISO-8859-1", "windows-1252"):
        said = f'<?xml version="1.0" encoding="{encoding}"?><a>é</a>'
        assert parse(said.encode(encoding)).text == "é"
    assert parse(b"\xef\xbb\xbf<a/>").tag == "a"


def test_a_bomb_is_refused_before_it_takes_memory() -> None:
    """Eight megabytes of empty elements would be 250 MB of tree."""
    bomb = b"<a>" + b"<b/>" * 2_000_000 + b"</a>"
    heard, told = os.pipe()
    pid = os.fork()
    if not pid:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            parse(bomb)
        except Malformed:
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            os.write(told, str(grown // 1024).encode())
        os._exit(0)
    os.close(told)
    os.waitpid(pid, 0)
    assert int(os.read(heard, 20)) < 50
    os.close(heard)


def test_nothing_is_included_from_elsewhere() -> None:
    asked = b'<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/etc/passwd"/></a>'
    assert b"include" in serialize(parse(asked))


def test_what_is_long_but_plain_is_read() -> None:
    text = b"QUJD\n" * 2_000_000
    assert len(parse(b"<a>" + text + b"</a>").text or "") == len(text)
    assert len(parse(b"<a>" + b"<b/>" * 150_000 + b"</a>")) == 150_000
    assert len(parse(b"<a>" * 100 + b"</a>" * 100)) == 1


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


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("ds:Object", ["1", "2", "2b"]),
        ("ds:Object/ds:Manifest", ["3", "4"]),
        ("ds:Object/ds:Manifest[2]", []),
        ("ds:Object//ds:Manifest", ["3", "4"]),
        ("ds:Object/*", ["3", "4"]),
        ("{http://www.w3.org/2000/09/xmldsig#}Object/ds:Manifest", ["3", "4"]),
        ("hl7:Object", []),
        ("Object/Manifest", ["6"]),
        (".", ["0"]),
    ],
)
def test_a_path_finds_what_lxml_finds(path: str, names: list[str]) -> None:
    """The first branch of a path may end before its last step."""
    root = parse(
        b'<r xmlns:d="http://www.w3.org/2000/09/xmldsig#" n="0"><d:Object n="1"/>'
        b'<d:Object n="2"><d:Manifest n="3"/></d:Object><d:Object n="2b"><d:Manifest n="4"/>'
        b'</d:Object><Object n="5"><Manifest n="6"/></Object></r>'
    )
    assert [item.get("n") for item in find_all(root, path)] == names
    first = find(root, path)
    assert (first.get("n") if first is not None else None) == next(iter(names), None)
    assert find_all(root, path) == root.findall(path, NS)


@pytest.mark.parametrize("path", ["nobody:Slot", "ds:Object/nobody:Slot"])
def test_a_prefix_nobody_declared_is_a_mistake_of_ours(path: str) -> None:
    root = parse(b"<r/>")
    for ask in (find, find_all, find_text):
        with pytest.raises(SyntaxError, match="nobody"):
            ask(root, path)


@pytest.mark.parametrize("data", [b"<b/>" * 40, b"<b></b>" * 40, b"<?b?>" * 40, b"<!---->" * 40])
def test_a_short_document_obeys_the_bound_of_nodes(data: bytes) -> None:
    with pytest.raises(Malformed, match="more than 39 elements"):
        parse(b"<a>" + data + b"</a>", max_nodes=39)
