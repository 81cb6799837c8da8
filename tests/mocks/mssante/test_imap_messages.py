"""IMAP commands, sections and folder names, read and written without a server."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocks.mssante.messages.commands import (
    Append,
    Authenticate,
    Fetch,
    Listing,
    Login,
    OnFolder,
    Search,
    Status,
    StoreFlags,
    UnreadableCommand,
    read_command,
)
from mocks.mssante.messages.fetching import Section, header_bytes, section_bytes
from mocks.mssante.messages.mime import read_parts
from mocks.mssante.messages.syntax import (
    NumberSet,
    read_folder_name,
    write_date_time,
    write_folder_name,
)
from tests.mocks.mssante.test_messages import a_nested_mail

COMMANDS = [
    (b'a LOGIN {3}\r\na"b "p\\"\\\\q"', Login('a"b', 'p"\\q')),
    (b"a AUTHENTICATE plain", Authenticate("PLAIN", None)),
    (b"a AUTHENTICATE PLAIN =", Authenticate("PLAIN", "=")),
    (b"a SELECT inBOX", OnFolder("INBOX")),
    (b'a SELECT "Envoy&AOk-s"', OnFolder("Envoyés")),
    (b'a LIST "a/" %', Listing("a/%")),
    (b"a STATUS x (MESSAGES unseen)", Status("x", ("MESSAGES", "UNSEEN"))),
    (b"a STORE 1:3,* -FLAGS.SILENT (\\SEEN $x)",
     StoreFlags(NumberSet(((1, 3), (0, 0))), "-", frozenset({"\\Seen", "$x"}), True)),
    (b'a APPEND s (\\Seen) " 5-Jan-2026 10:30:00 +0100" {4}\r\nx\r\n\r',
     Append("s", ("\\Seen",), datetime(2026, 1, 5, 9, 30, tzinfo=UTC), b"x\r\n\r")),
]  # fmt: skip


@pytest.mark.parametrize(("line", "arguments"), COMMANDS)
def test_commands_are_read(line: bytes, arguments: object) -> None:
    command = read_command(line)
    assert (command.tag, command.arguments) == ("a", arguments)


def test_fetch_items_keep_the_label_of_the_answer() -> None:
    found = read_command(b'a UID FETCH 1 (BODY.PEEK[1.2.HEADER.FIELDS (a "b c")]<3.4> UID)')
    assert isinstance(found.arguments, Fetch)
    item, uid = found.arguments.items
    assert item.label == b"BODY[1.2.HEADER.FIELDS (A B C)]<3>"
    assert (item.partial, item.sets_seen, item.section) == (
        (3, 4), False, Section((1, 2), "HEADER.FIELDS", ("a", "b c")),
    )  # fmt: skip
    assert (uid.name, found.by_uid) == ("UID", True)
    macro = read_command(b"a FETCH 1 fast").arguments
    assert isinstance(macro, Fetch)
    assert [item.name for item in macro.items] == ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]


def test_search_knows_whether_it_needs_the_header() -> None:
    for text, needs in ((b"UNSEEN 1:3", False), (b"OR SEEN (NOT SUBJECT x)", True)):
        search = read_command(b"a SEARCH " + text).arguments
        assert isinstance(search, Search)
        assert search.key.needs_header is needs


@given(st.binary(max_size=80))
def test_any_octets_are_a_command_or_unreadable(octets: bytes) -> None:
    verbs = (b"", b"FETCH 1 ", b"SEARCH ", b"STORE 1 ", b"LIST ", b"APPEND ", b"SELECT ")
    for verb in verbs:
        with suppress(UnreadableCommand):
            assert read_command(b"a " + verb + octets).tag == "a"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_folder_names_survive_modified_utf_7(name: str) -> None:
    if name.upper() != "INBOX":
        assert read_folder_name(write_folder_name(name)) == name


def test_a_set_of_numbers() -> None:
    numbers = [2, 5, 9]
    for ranges, found in (
        (((1, 5),), [2, 5]),
        (((9, 3),), [5, 9]),
        (((0, 0),), [9]),
        (((20, 0),), [9]),  # RFC 3501 §6.4.8: 20:* holds the last even when it is below 20
    ):
        assert NumberSet(ranges).select(numbers, 9) == found


SECTIONS = [
    (Section(), lambda raw: raw),
    (Section((1, 1)), lambda raw: b"texte\r\n"),
    (Section((1, 2)), lambda raw: b"<p>texte</p>\r\n"),
    (Section((2,), "TEXT"), lambda raw: b"dedans\r\n"),
    (Section((2, 1)), lambda raw: b"dedans\r\n"),
    (Section((2,), "HEADER.FIELDS", ("from",)),
     lambda raw: b"From: alix.testeur@medecin.test\r\n\r\n"),
    (Section((3,)), lambda raw: b"AAE=\r\n"),
    (Section((3,), "HEADER"), lambda raw: None),
    (Section((1, 3)), lambda raw: None),
    (Section((2, 1, 1)), lambda raw: None),
    (Section((4,)), lambda raw: None),
]  # fmt: skip


@pytest.mark.parametrize(("section", "expected"), SECTIONS)
def test_sections(section: Section, expected: object) -> None:
    raw = a_nested_mail()
    assert callable(expected)
    assert section_bytes(raw, read_parts(raw), section) == expected(raw)


def test_a_mail_of_one_part_has_part_1() -> None:
    raw = b"Subject: x\r\n\r\nbody\r\n"
    root = read_parts(raw)
    assert section_bytes(raw, root, Section((1,))) == b"body\r\n"
    assert section_bytes(raw, root, Section((2,))) is None


def test_header_fields_keep_their_folding() -> None:
    header = b"A: one\r\n two\r\nB: b\r\na: three\r\n\r\n"
    picked = Section(text="HEADER.FIELDS", fields=("a",))
    assert header_bytes(header, picked) == b"A: one\r\n two\r\na: three\r\n\r\n"
    others = Section(text="HEADER.FIELDS.NOT", fields=("a",))
    assert header_bytes(header, others) == b"B: b\r\n\r\n"


def test_internal_dates() -> None:
    assert write_date_time(datetime(2026, 1, 5, 9, 30, tzinfo=UTC)) == (
        b'" 5-Jan-2026 09:30:00 +0000"'
    )
