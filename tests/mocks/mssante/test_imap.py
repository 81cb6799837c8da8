"""IMAP as a conversation: states, bounds, reading, marking, and what others change meanwhile."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from kit.faults import read_fault
from mocks.mssante.messages.mime import read_parts
from mocks.mssante.store import MailStore
from tests.mocks.mssante.builders import (
    a_correspondent,
    a_document_mail,
    a_text_mail,
    an_address,
)
from tests.mocks.mssante.conftest import HUNG_UP, Conversation, MailServers

Deliver = Callable[..., None]


@pytest.fixture
def deliver(servers: MailServers) -> Deliver:
    """Puts mails into a box as another process would: through the database alone."""
    store = MailStore(servers.service.database, servers.clock)

    def put(*mails: bytes, to: str = "") -> None:
        for raw in mails or (a_text_mail(an_address(), a_correspondent()),):
            store.deliver(raw, read_parts(raw), [to or a_correspondent()])

    return put


def secured(servers: MailServers) -> Conversation:
    talk = servers.imap()
    talk.hears(r"\* OK \[CAPABILITY IMAP4rev1 .*STARTTLS LOGINDISABLED\]")
    talk.says("a STARTTLS")
    talk.hears("a OK ")
    talk.starts_tls()
    return talk


def opened(servers: MailServers, user: str = "") -> Conversation:
    talk = secured(servers)
    talk.says(f'b LOGIN {user or a_correspondent()} "banc"')
    talk.hears("b OK ")
    return talk


def selected(servers: MailServers, verb: str = "SELECT") -> Conversation:
    talk = opened(servers)
    talk.says(f"c {verb} INBOX")
    talk.until("c OK ")
    return talk


def asks(talk: Conversation, command: str | bytes) -> list[str]:
    """One command; its untagged answers, then its tagged one."""
    data = command.encode() if isinstance(command, str) else command
    talk.says(b"z " + data)
    return talk.until(r"z (OK|NO|BAD) ")


def test_nothing_is_opened_in_clear(servers: MailServers) -> None:
    talk = servers.imap()
    talk.hears(r"\* OK ")
    assert asks(talk, f"LOGIN {a_correspondent()} banc")[-1].startswith("z NO [PRIVACYREQUIRED]")
    assert asks(talk, "AUTHENTICATE PLAIN")[-1].startswith("z NO [PRIVACYREQUIRED]")
    assert asks(talk, "SELECT INBOX")[-1].startswith("z BAD [CLIENTBUG] SELECT: only when auth")
    assert servers.journal() == []


def test_capabilities_follow_the_state(servers: MailServers) -> None:
    talk = secured(servers)
    assert "AUTH=PLAIN" in asks(talk, "CAPABILITY")[0]
    assert asks(talk, f"LOGIN {a_correspondent()} banc")[-1].startswith(
        "z OK [CAPABILITY IMAP4rev1 IDLE"
    )
    assert asks(talk, "STARTTLS")[-1].startswith("z BAD ")
    assert asks(talk, "LOGOUT") == ["* BYE see you soon", "z OK LOGOUT completed"]
    assert talk.is_over()


def test_commands_in_clear_behind_starttls_are_forgotten(servers: MailServers) -> None:
    talk = servers.imap()
    talk.hears(r"\* OK ")
    talk.sends(b"a STARTTLS\r\nb LOGOUT\r\n")
    talk.hears("a OK ")
    talk.starts_tls()
    talk.says("c NOOP")
    talk.hears("c OK ")


def test_authenticate_plain_in_one_and_in_two_steps(servers: MailServers) -> None:
    response = base64.b64encode(f"\0{a_correspondent()}\0banc".encode()).decode()
    talk = secured(servers)
    assert asks(talk, f"AUTHENTICATE PLAIN {response}")[-1].startswith("z OK ")
    talk = secured(servers)
    talk.says("b AUTHENTICATE PLAIN")
    talk.hears(r"\+ $")
    talk.says(response)
    talk.hears("b OK ")
    assert [line.transaction for line in servers.journal()] == ["IMAP.AUTHENTICATE"] * 2


def test_wrong_credentials_are_refused_without_keeping_the_password(servers: MailServers) -> None:
    talk = secured(servers)
    assert asks(talk, f"LOGIN {a_correspondent()} wrong")[-1].startswith(
        "z NO [AUTHENTICATIONFAILED]"
    )
    talk.says("b LOGIN {8}")
    talk.hears(r"\+ ")
    talk.sends(b"nobody@x {5}\r\n")
    talk.hears(r"\+ ")
    talk.says("wrong")
    talk.hears(r"b NO \[AUTHENTICATIONFAILED\]")
    lines = servers.journal("IMAP.LOGIN")
    assert [(line.outcome, line.codes) for line in lines] == [
        ("unauthorized", ("AUTHENTICATIONFAILED",))
    ] * 2
    kept = [servers.service.journal.raw(line.id) for line in lines]
    assert all(raw and b"wrong" not in raw[0] + raw[1] for raw in kept)


def test_select_describes_the_folder_and_recent_is_told_once(
    servers: MailServers, deliver: Deliver
) -> None:
    deliver()
    deliver()
    talk = opened(servers)
    found = asks(talk, "SELECT inbox")
    assert "* 2 EXISTS" in found
    assert "* 2 RECENT" in found
    assert "* OK [UNSEEN 1] first unseen" in found
    assert "* OK [UIDNEXT 3] next" in found
    assert found[-1] == "z OK [READ-WRITE] SELECT completed"
    assert "* 0 RECENT" in asks(talk, "EXAMINE INBOX")
    assert asks(talk, "SELECT other")[-1].startswith("z NO [NONEXISTENT]")
    assert asks(talk, "FETCH 1 FLAGS")[-1].startswith("z BAD ")
    assert [line.outcome for line in servers.journal("IMAP.SELECT")] == ["accepted", "refused"]


def test_an_empty_box_can_be_selected(servers: MailServers) -> None:
    talk = selected(servers)
    assert asks(talk, "UID FETCH 1:* FLAGS") == ["z OK FETCH completed"]
    assert asks(talk, "SEARCH ALL") == ["* SEARCH", "z OK SEARCH completed"]
    assert asks(talk, "FETCH 1:* FLAGS")[-1].startswith("z BAD ")


def test_fetch_hands_out_the_submitted_bytes(servers: MailServers, deliver: Deliver) -> None:
    raw = a_document_mail(an_address(), [a_correspondent()])
    deliver(raw)
    talk = selected(servers)
    talk.says("d FETCH 1 (RFC822.SIZE BODY.PEEK[])")
    size = len(raw)
    talk.hears(rf"\* 1 FETCH \(RFC822.SIZE {size} BODY\[\] \{{{size}\}}")
    assert "\r\n".join(talk.until("d OK ")).encode() == raw + b")\r\nd OK FETCH completed"


def test_parts_of_a_document_mail(servers: MailServers, deliver: Deliver) -> None:
    deliver(a_document_mail(an_address(), [a_correspondent()]))
    talk = selected(servers)
    structure = asks(talk, "FETCH 1 BODYSTRUCTURE")[0]
    assert '("APPLICATION" "ZIP" ("NAME" "IHE_XDM.zip")' in structure
    assert '("ATTACHMENT" ("FILENAME" "IHE_XDM.zip"))' in structure
    assert asks(talk, "FETCH 1 BODY")[0].endswith('"MIXED"))')
    assert asks(talk, "FETCH 1 BODY.PEEK[1]")[1] == "Bonjour,"
    mime = asks(talk, "FETCH 1 BODY.PEEK[2.MIME]")
    assert "Content-Transfer-Encoding: base64" in mime
    fields = asks(talk, "FETCH 1 BODY.PEEK[HEADER.FIELDS (x-mss-nil Date)]")
    assert fields[1:3] == ["Date: Mon, 05 Jan 2026 09:30:00 +0000", "X-MSS-NIL: TEST000001"]
    assert asks(talk, "FETCH 1 BODY.PEEK[9]")[0] == "* 1 FETCH (BODY[9] NIL)"
    assert asks(talk, "FETCH 1 BODY.PEEK[TEXT]<2.6>")[0] == "* 1 FETCH (BODY[TEXT]<2> {6}"


def test_reading_a_body_sets_seen_and_is_one_line(servers: MailServers, deliver: Deliver) -> None:
    deliver()
    talk = selected(servers)
    assert asks(talk, "FETCH 1 (FLAGS BODY.PEEK[HEADER])")[0].startswith(
        r"* 1 FETCH (FLAGS (\Recent)"
    )
    assert servers.journal("IMAP.FETCH") == []
    assert asks(talk, "UID FETCH 1 BODY[TEXT]")[-2] == r" FLAGS (\Recent \Seen))"
    assert asks(talk, "FETCH 1 BODY[TEXT]")[-2] == ")"
    lines = servers.journal("IMAP.FETCH")
    assert [line.facts["uids"] for line in lines] == [[1], [1]]
    assert lines[0].facts["mailbox"] == a_correspondent()


def test_examine_changes_nothing(servers: MailServers, deliver: Deliver) -> None:
    deliver()
    talk = selected(servers, "EXAMINE")
    asks(talk, "FETCH 1 BODY[]")
    assert asks(talk, "FETCH 1 FLAGS")[0] == r"* 1 FETCH (FLAGS (\Recent))"
    for command in (r"STORE 1 +FLAGS (\Seen)", "EXPUNGE"):
        assert asks(talk, command)[-1].startswith("z NO [READ-ONLY]")


def test_flags_are_set_added_and_removed(servers: MailServers, deliver: Deliver) -> None:
    deliver()
    talk = selected(servers, "SELECT")
    steps = [
        (r"STORE 1 FLAGS (\seen $Junk)", r"* 1 FETCH (FLAGS ($Junk \Recent \Seen))"),
        (r"STORE 1 +FLAGS \Flagged", r"* 1 FETCH (FLAGS ($Junk \Flagged \Recent \Seen))"),
        (r"UID STORE 1 -FLAGS ($Junk)", r"* 1 FETCH (UID 1 FLAGS (\Flagged \Recent \Seen))"),
    ]
    for command, answer in steps:
        assert asks(talk, command) == [answer, talk_end(command)]
    assert asks(talk, r"STORE 1 FLAGS.SILENT ()") == ["z OK STORE completed"]
    assert asks(talk, r"STORE 1 FLAGS (\Other)")[-1].startswith("z BAD ")
    assert asks(talk, f"STORE 1 FLAGS ({'k' * 301})")[-1].startswith("z NO [CANNOT]")


def talk_end(command: str) -> str:
    return "z OK STORE completed"


def test_expunge_and_close(servers: MailServers, deliver: Deliver) -> None:
    for _ in range(4):
        deliver()
    talk = selected(servers)
    asks(talk, r"STORE 1,3 +FLAGS.SILENT (\Deleted)")
    assert asks(talk, "EXPUNGE") == [
        "* 3 EXPUNGE",
        "* 1 EXPUNGE",
        "z OK EXPUNGE completed",
    ]
    assert asks(talk, "FETCH 1:* UID")[:2] == ["* 1 FETCH (UID 2)", "* 2 FETCH (UID 4)"]
    asks(talk, r"STORE 1 +FLAGS.SILENT (\Deleted)")
    assert asks(talk, "CLOSE") == ["z OK CLOSE completed"]
    assert asks(talk, "STATUS INBOX (MESSAGES UIDNEXT)")[0] == (
        '* STATUS "INBOX" (MESSAGES 1 UIDNEXT 5)'
    )


SEARCHES = [
    ("ALL", "1 2 3"),
    ("UNSEEN", "1 3"),
    ("SEEN", "2"),
    ("SUBJECT résultats".encode(), "2"),
    ('HEADER X-MSS-NIL ""', "1 2 3"),
    ("HEADER X-MSS-MES FIN", ""),
    ("FROM autre", "3"),
    (f"TO {a_correspondent()}", "1 2 3"),
    ("SINCE 5-Jan-2026 BEFORE 6-Jan-2026", "1 2 3"),
    ("SINCE 6-Jan-2026", ""),
    ("SENTON 5-Jan-2026", "1 2 3"),
    ("UID 2:*", "2 3"),
    ("2:*", "2 3"),
    ("NOT 2", "1 3"),
    ("OR 1 SUBJECT sultats", "1 2"),
    ("(UNSEEN FROM autre)", "3"),
    ("LARGER 100000", ""),
    ("BODY bonjour", "1 2 3"),
    ("TEXT autre", "3"),
    ("KEYWORD $Junk", "2"),
    ("UNKEYWORD $Junk", "1 3"),
    ("DELETED", ""),
    ("NEW", "1 3"),
]


def test_search(servers: MailServers, deliver: Deliver) -> None:
    deliver(
        a_text_mail(an_address(), a_correspondent()),
        a_text_mail(an_address(), a_correspondent(), Subject="=?utf-8?q?r=C3=A9sultats?="),
        a_text_mail("autre@ch.test", a_correspondent()),
    )
    talk = selected(servers)
    asks(talk, r"STORE 2 FLAGS.SILENT (\Seen $Junk)")
    for key, found in SEARCHES:
        data = key if isinstance(key, bytes) else key.encode()
        if b"\xc3" in data:
            word = data.rpartition(b" ")[2]
            talk.says(b"z SEARCH CHARSET UTF-8 SUBJECT {%d}" % len(word))
            talk.hears(r"\+ ")
            talk.says(word)
            answer = talk.until("z ")
        else:
            answer = asks(talk, b"SEARCH " + data)
        assert answer == [f"* SEARCH {found}".rstrip(), "z OK SEARCH completed"], key
    assert asks(talk, "UID SEARCH 3")[0] == "* SEARCH 3"
    assert asks(talk, "SEARCH CHARSET KOI8-R ALL")[-1].startswith("z NO [BADCHARSET")


def test_folders_are_listed_created_renamed_and_deleted(servers: MailServers) -> None:
    talk = opened(servers)
    assert asks(talk, 'LIST "" *')[0] == r'* LIST (\HasNoChildren) "/" "INBOX"'
    for name in ("Envoy&AOk-s", "Envoy&AOk-s/2026"):
        assert asks(talk, f'CREATE "{name}"')[-1] == "z OK CREATE completed"
    assert asks(talk, "CREATE Envoy&AOk-s")[-1].startswith("z NO [ALREADYEXISTS]")
    assert asks(talk, "CREATE inbox")[-1].startswith("z NO [ALREADYEXISTS]")
    assert asks(talk, 'LIST "" %')[:2] == [
        r'* LIST (\HasNoChildren) "/" "INBOX"', r'* LIST (\HasChildren) "/" "Envoy&AOk-s"',
    ]  # fmt: skip
    assert asks(talk, 'LIST "" ""')[0] == r'* LIST (\Noselect) "/" ""'
    assert asks(talk, "RENAME Envoy&AOk-s/2026 Archives")[-1] == "z OK RENAME completed"
    assert asks(talk, "UNSUBSCRIBE Archives")[-1].startswith("z OK ")
    assert not any("Archives" in line for line in asks(talk, 'LSUB "" *'))
    assert asks(talk, "DELETE Archives")[-1].startswith("z OK ")
    assert asks(talk, "DELETE Archives")[-1].startswith("z NO [NONEXISTENT]")
    assert asks(talk, "DELETE INBOX")[-1].startswith("z NO [CANNOT]")
    assert asks(talk, "STATUS Archives (MESSAGES)")[-1].startswith("z NO [NONEXISTENT]")


def test_append_and_copy_between_folders(servers: MailServers) -> None:
    talk = opened(servers)
    raw = a_text_mail(a_correspondent(), an_address())
    assert asks(talk, "CREATE Sent")[-1].startswith("z OK ")
    talk.says(f'd APPEND Sent (\\Seen) "05-Jan-2026 10:30:00 +0100" {{{len(raw)}}}')
    talk.hears(r"\+ ")
    talk.says(raw)
    talk.hears("d OK APPEND")
    assert "* 1 EXISTS" in asks(talk, "SELECT Sent")
    assert asks(talk, "FETCH 1 (FLAGS INTERNALDATE)")[0] == (
        r'* 1 FETCH (FLAGS (\Recent \Seen) INTERNALDATE " 5-Jan-2026 09:30:00 +0000")'
    )
    assert asks(talk, "COPY 1 INBOX")[-1].startswith("z NO [TRYCREATE]")
    assert asks(talk, "SELECT INBOX")[-1].startswith("z OK ")
    asks(talk, "SELECT Sent")
    assert asks(talk, "COPY 1 INBOX") == ["z OK COPY completed"]
    assert asks(talk, "STATUS INBOX (MESSAGES UNSEEN)")[0] == (
        '* STATUS "INBOX" (MESSAGES 1 UNSEEN 0)'
    )


def test_append_to_no_folder_is_refused(servers: MailServers) -> None:
    talk = opened(servers)
    talk.says("d APPEND None {5}")
    talk.hears(r"\+ ")
    talk.says("x\r\n\r\n")
    talk.hears(r"d NO \[TRYCREATE\]")


def test_new_mail_of_another_process_is_told_at_noop(
    servers: MailServers, deliver: Deliver
) -> None:
    talk = selected(servers)
    assert asks(talk, "NOOP") == ["z OK NOOP completed"]
    deliver()
    assert asks(talk, "NOOP")[:2] == ["* 1 EXISTS", "* 1 RECENT"]
    other = selected(servers)
    asks(other, r"STORE 1 +FLAGS (\Flagged)")
    assert asks(talk, "NOOP")[0] == r"* 1 FETCH (UID 1 FLAGS (\Flagged \Recent))"
    asks(other, r"STORE 1 +FLAGS (\Deleted)")
    asks(other, "EXPUNGE")
    assert asks(talk, "FETCH 1 UID") == ["z OK FETCH completed"]
    assert asks(talk, "CHECK") == ["* 1 EXPUNGE", "z OK CHECK completed"]


def test_idle_is_woken_by_another_process(servers: MailServers, deliver: Deliver) -> None:
    talk = selected(servers)
    talk.says("d IDLE")
    talk.hears(r"\+ idling")
    for count in (1, 2):
        deliver()
        talk.hears(rf"\* {count} EXISTS")
        talk.hears(rf"\* {count} RECENT")
    talk.says("DONE")
    talk.hears("d OK IDLE completed")
    line = servers.journal("IMAP.IDLE")[0]
    assert (line.outcome, line.facts["woken"]) == ("accepted", 2)


def test_idle_needs_done_and_a_client_that_leaves_harms_nobody(servers: MailServers) -> None:
    talk = selected(servers)
    talk.says("d IDLE")
    talk.hears(r"\+ ")
    talk.says("e NOOP")
    talk.hears(r"d BAD \[CLIENTBUG\] IDLE: expected DONE")
    talk.says("f IDLE")
    talk.hears(r"\+ ")
    talk.close()
    assert asks(selected(servers), "NOOP") == ["z OK NOOP completed"]


BAD = [
    b"",
    b"  ",
    b"a",
    b"a NONSENSE",
    b"a FETCH",
    b"a FETCH 1",
    b"a FETCH 0 FLAGS",
    b"a FETCH 1 NONE",
    b"a FETCH 1 BODY[1.]",
    b"a FETCH 1 BODY[MIME]",
    b"a FETCH 1 BODY[HEADER.FIELDS ()]",
    b"a FETCH 1 BODY[]<0.0>",
    b"a FETCH 99999999999 FLAGS",
    b"a FETCH 7 FLAGS",
    b"a UID NOOP",
    b"a STORE 1 FLAGS (\\Seen",
    b"a SEARCH",
    b"a SEARCH NONE",
    b"a SEARCH SINCE 31-Feb-2026",
    b"a SEARCH " + b"(" * 40 + b"ALL" + b")" * 40,
    b"a SEARCH " + b"NOT " * 40 + b"ALL",
    b"a STATUS INBOX (NONE)",
    b"a STATUS INBOX ()",
    b'a LIST "" "' + b"*a" * 20 + b'"',
    b"a NOOP x",
    b'a SELECT "x',
    b"a SELECT &AAAAA-",
    b"\xff\xfe \x00",
    b"a LOGIN \x00 b",
]


@pytest.mark.parametrize("command", BAD)
def test_what_cannot_be_read_is_bad_and_the_session_goes_on(
    servers: MailServers, command: bytes
) -> None:
    talk = selected(servers)
    talk.says(command)
    talk.hears(r"(a|\*) BAD \[CLIENTBUG\] ")
    assert asks(talk, "NOOP")[-1] == "z OK NOOP completed"


def test_a_lone_lf_is_bad(servers: MailServers) -> None:
    talk = selected(servers)
    talk.sends(b"a NOOP\n")
    talk.hears(r"\* BAD \[CLIENTBUG\] line: a lone CR or LF")


def test_a_literal_cannot_bring_a_command(servers: MailServers) -> None:
    talk = opened(servers)
    text = b"x\r\nq LOGOUT"
    talk.says(b"a SELECT {%d}" % len(text))
    talk.hears(r"\+ ")
    talk.says(text)
    answer = talk.hears(r"a (NO|BAD) ")
    assert "\n" not in answer
    assert asks(talk, "NOOP")[-1] == "z OK NOOP completed"


def test_a_name_cannot_bring_an_answer(servers: MailServers) -> None:
    talk = opened(servers)
    text = b"x\r\n* OK injected\r\nCREATE"
    talk.says(b"a CREATE {%d}" % len(text))
    talk.hears(r"\+ ")
    talk.says(text)
    talk.hears(r"a NO \[CANNOT\]")
    asks(talk, "NOOP")


TOO_MUCH = [
    (b"a LOGIN {65537}", r"\* BAD \[CLIENTBUG\] literal"),
    (b"a LOGIN {9999999999}", r"\* BAD \[CLIENTBUG\] literal"),
    (b"a APPEND INBOX {31457281}", r"\* BAD \[CLIENTBUG\] literal"),
    (b"a LOGIN {5+}", r"\* BYE \[CLIENTBUG\] literal: LITERAL\+"),
    (b"a NOOP " + b"x" * 17_000, r"\* BYE \[CLIENTBUG\] line: longer"),
    (b"x" * 400_000, r"\* BYE \[CLIENTBUG\] line: longer"),
]


@pytest.mark.parametrize(("command", "answer"), TOO_MUCH)
def test_octets_are_bounded(servers: MailServers, command: bytes, answer: str) -> None:
    talk = opened(servers)
    talk.says(command)
    talk.hears(answer)


def test_before_login_a_literal_is_small_whatever_the_command(servers: MailServers) -> None:
    talk = secured(servers)
    talk.says("a APPEND INBOX {1000000}")
    talk.hears(r"\* BAD \[CLIENTBUG\] literal")


def test_ten_mistakes_in_a_row_end_the_conversation(servers: MailServers) -> None:
    talk = secured(servers)
    for _ in range(10):
        talk.says("a NONSENSE")
        talk.hears("a BAD ")
    talk.hears(r"\* BYE too many mistakes")
    assert talk.is_over()


FAULTS = [
    ({"effect": "code", "value": "UNAVAILABLE"}, r"c NO \[UNAVAILABLE\] injected", "injected"),
    ({"effect": "cut"}, re.escape(HUNG_UP), "injected"),
    ({"effect": "delay_ms", "value": "1"}, r"\* FLAGS", "accepted"),
]


@pytest.mark.parametrize(("fault", "answer", "outcome"), FAULTS)
def test_armed_faults(
    servers: MailServers, fault: dict[str, str], answer: str, outcome: str
) -> None:
    given = {"id": "f", "transaction": "IMAP.SELECT"} | fault
    servers.service.faults.arm(read_fault(given, "mssante"))
    talk = opened(servers)
    talk.says("c SELECT INBOX")
    talk.hears(answer)
    assert [line.outcome for line in servers.journal("IMAP.SELECT")] == [outcome]
