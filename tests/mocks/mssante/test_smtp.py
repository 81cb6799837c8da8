"""SMTP submission as a conversation: what is answered, what is kept, what the journal says."""

from __future__ import annotations

import base64
import smtplib
import socket
from collections.abc import Iterator

import pytest

from kit.faults import read_fault
from mocks.mssante.messages.addresses import citizen_address
from mocks.mssante.store import FolderStore
from tests.mocks.mssante.builders import (
    a_citizen,
    a_correspondent,
    a_document_mail,
    a_text_mail,
    a_zip,
    an_address,
    an_xdm,
)
from tests.mocks.mssante.conftest import HUNG_UP, Conversation, MailServers


def a_response(user: str, password: str = "banc") -> str:
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def greeted(servers: MailServers) -> Conversation:
    talk = servers.smtp()
    talk.hears("220 smtp.operateur.test Banc MSSante")
    talk.says("EHLO client.test")
    talk.until("250 ")
    return talk


def secured(servers: MailServers) -> Conversation:
    talk = greeted(servers)
    talk.says("STARTTLS")
    talk.hears("220 ")
    talk.starts_tls()
    talk.says("EHLO client.test")
    talk.until("250 ")
    return talk


def opened(servers: MailServers, user: str = "") -> Conversation:
    talk = secured(servers)
    talk.says(f"AUTH PLAIN {a_response(user or an_address())}")
    talk.hears("235 2.7.0 ")
    return talk


def sends(talk: Conversation, raw: bytes, *recipients: str, sender: str = "") -> list[str]:
    """One mail transaction; the reply of DATA."""
    talk.says(f"MAIL FROM:<{sender or an_address()}>")
    talk.hears("250 ")
    for recipient in recipients:
        talk.says(f"RCPT TO:<{recipient}>")
        talk.hears("250 2.1.5 ")
    talk.says("DATA")
    talk.hears("354 ")
    talk.sends(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    return talk.until(r"\d\d\d ")


def box(servers: MailServers, address: str) -> list[bytes]:
    """The mails of an INBOX."""
    store = FolderStore(servers.service.database, servers.clock, address)
    folder = store.find("INBOX")
    found = [store.raw(folder, uid) for uid in store.uids(folder)] if folder else []
    return [raw for raw in found if raw is not None]


def test_the_extensions_before_and_after_starttls(servers: MailServers) -> None:
    talk = servers.smtp()
    talk.hears("220 ")
    talk.says("EHLO client.test")
    before = talk.until("250 ")
    assert "250-STARTTLS" in before
    assert not any("AUTH" in line for line in before)
    talk.says("STARTTLS")
    talk.hears("220 ")
    talk.starts_tls()
    talk.says("EHLO client.test")
    after = talk.until("250 ")
    assert {"250-AUTH LOGIN PLAIN", "250-DSN", "250-SIZE 31457280"} <= set(after)
    assert "250-STARTTLS" not in after


def test_auth_and_mail_need_tls_and_mail_needs_auth(servers: MailServers) -> None:
    talk = greeted(servers)
    talk.says(f"AUTH PLAIN {a_response(an_address())}")
    talk.hears("530 5.7.0 STARTTLS must come first")
    talk.says(f"MAIL FROM:<{an_address()}>")
    talk.hears("530 5.7.0 STARTTLS")
    talk.says("STARTTLS")
    talk.hears("220 ")
    talk.starts_tls()
    talk.says("EHLO client.test")
    talk.until("250 ")
    talk.says(f"MAIL FROM:<{an_address()}>")
    talk.hears("530 5.7.0 authentication required")
    lines = servers.journal()
    assert [(line.transaction, line.outcome) for line in lines] == [
        ("SMTP.AUTH", "unauthorized"), ("SMTP.MAIL", "unauthorized"),
        ("SMTP.MAIL", "unauthorized"),
    ]  # fmt: skip


def test_commands_sent_in_clear_behind_starttls_are_forgotten(servers: MailServers) -> None:
    talk = greeted(servers)
    talk.sends(b"STARTTLS\r\nRSET\r\nVRFY x\r\n")
    talk.hears("220 ")
    talk.starts_tls()
    talk.says("NOOP")
    talk.hears("250 OK$")
    talk.says("QUIT")
    talk.hears("221 ")


def test_wrong_credentials_are_refused_and_the_third_time_ends(servers: MailServers) -> None:
    talk = secured(servers)
    for user, password in ((an_address(), "wrong"), ("nobody@x.test", "banc")):
        talk.says(f"AUTH PLAIN {a_response(user, password)}")
        talk.hears("535 5.7.8 authentication credentials invalid")
    talk.says("AUTH LOGIN")
    for answer in (an_address(), "wrong"):
        talk.hears("334 ")
        talk.says(base64.b64encode(answer.encode()).decode())
    talk.hears("535 ")
    talk.hears("421 4.7.0 ")
    assert talk.is_over()
    lines = servers.journal("SMTP.AUTH")
    assert [line.outcome for line in lines] == ["unauthorized"] * 3
    kept = [servers.service.journal.raw(line.id) for line in lines]
    assert all(raw and b"wrong" not in raw[0] and b"AUTH PLAIN " in raw[0] for raw in kept[:2])


def test_auth_login_opens_and_a_second_auth_is_out_of_order(servers: MailServers) -> None:
    talk = secured(servers)
    talk.says("auth login " + base64.b64encode(an_address().encode()).decode())
    talk.hears("334 ")
    talk.says(base64.b64encode(b"banc").decode())
    talk.hears("235 ")
    talk.says(f"AUTH PLAIN {a_response(an_address())}")
    talk.hears("503 ")


@pytest.mark.parametrize("length", [400, 4_000, 12_000])
def test_a_long_token_does_not_break_the_line(servers: MailServers, length: int) -> None:
    talk = secured(servers)
    talk.says("AUTH PLAIN " + base64.b64encode(b"\0u@x.test\0" + b"t" * length).decode()[:12_288])
    reply = talk.line()
    assert reply.startswith(("535 5.7.8", "501 5.5.2"))
    talk.says("NOOP")
    talk.hears("250 ")


def test_a_mail_is_delivered_with_its_trace_and_one_line(servers: MailServers) -> None:
    raw = a_text_mail(an_address(), a_correspondent(), body="Bonjour.\r\n.dot\r\n")
    reply = sends(opened(servers), raw, a_correspondent())
    assert reply[0].startswith("250 2.0.0 OK ")
    found = box(servers, a_correspondent())
    assert len(found) == 1
    assert found[0].startswith(f"Return-Path: <{an_address()}>\r\nReceived: from ".encode())
    assert found[0].endswith(raw)
    line = servers.journal("SMTP.DATA")[0]
    assert (line.outcome, line.software, line.listener) == ("accepted", "TEST000001", "tls")
    assert line.stated_at.isoformat() == "2026-01-05T09:30:00+00:00"
    assert line.finess
    assert line.facts["message_id"] == "<1@ch.test>"
    assert line.facts["to"] == [
        {"address": a_correspondent(), "kind": "pro", "status": "delivered"}
    ]
    assert servers.service.journal.raw(line.id) == (raw, reply[0].encode())


def test_a_document_travels_and_its_line_names_it(servers: MailServers) -> None:
    patient = citizen_address(a_citizen().ins.matricule)
    raw = a_document_mail(an_address(), [a_correspondent(), patient])
    assert sends(opened(servers), raw, a_correspondent(), patient)[0].startswith("250 ")
    assert box(servers, a_correspondent())[0].endswith(raw)
    assert box(servers, patient)[0].endswith(raw)
    line = servers.journal("SMTP.DATA")[0]
    assert (line.subject, line.type_code) == ("279035121518989", "11490-0")
    assert line.facts["xdm"] is True
    assert [item["type_code"] for item in line.facts["documents"]] == ["11490-0", "11490-0"]
    assert line.facts["x_mss"] == {"CODECDA": "11490-0", "INS": "O", "NIL": "TEST000001"}
    assert [item["kind"] for item in line.facts["to"]] == ["pro", "citizen"]
    rules = [found["rule"] for found in line.facts["findings"]]
    assert rules == ["a_citizen_receives_their_own_documents"]


def test_recipients_outside_and_unknown_are_refused_each_with_a_reason(
    servers: MailServers,
) -> None:
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{an_address()}>")
    talk.hears("250 ")
    talk.says("RCPT TO:<someone@elsewhere.test>")
    talk.hears("554 5.7.1 domain not in the trust list: .*elsewhere.test.*liste blanche")
    talk.says("RCPT TO:<nobody@medecin.formation.mssante.fr>")
    talk.hears("550 5.1.1 no such mailbox: .*nobody@medecin")
    talk.says("DATA")
    talk.hears("503 ")
    lines = servers.journal("SMTP.RCPT")
    assert [(line.outcome, line.codes) for line in lines] == [
        ("refused", ("554 5.7.1",)), ("refused", ("550 5.1.1",)),
    ]  # fmt: skip


def test_the_sender_owns_the_envelope_and_the_author(servers: MailServers) -> None:
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{a_correspondent()}>")
    talk.hears("553 5.7.1 the sender is not the authenticated mailbox")
    raw = a_text_mail(a_correspondent(), a_correspondent(1))
    assert sends(talk, raw, a_correspondent(1))[0].startswith("553 5.7.1 ")
    assert box(servers, a_correspondent(1)) == []
    line = servers.journal("SMTP.DATA")[0]
    assert (line.outcome, line.codes) == ("refused", ("553 5.7.1",))
    assert line.refusals[0]["rule"] == "the_author_is_the_mailbox"


def test_a_receipt_has_no_return_path(servers: MailServers) -> None:
    talk = opened(servers)
    talk.says("MAIL FROM:<>")
    talk.hears("250 ")
    talk.says(f"RCPT TO:<{a_correspondent()}> NOTIFY=NEVER")
    talk.hears("250 ")
    talk.says("DATA")
    talk.hears("354 ")
    talk.sends(a_text_mail(an_address(), a_correspondent()) + b".\r\n")
    talk.hears("250 ")
    assert box(servers, a_correspondent())[0].startswith(b"Return-Path: <>\r\n")


def test_dsn_parameters_are_read_and_wrong_ones_refused(servers: MailServers) -> None:
    talk = opened(servers)
    for wrong in ("RET=ALL", "ENVID=a+0", "RET=FULL RET=FULL", "ENVID="):
        talk.says(f"MAIL FROM:<{an_address()}> {wrong}")
        talk.hears("501 5.5.4 ")
    talk.says(f"MAIL FROM:<{an_address()}> RET=FULL ENVID=QQ314159 SIZE=500 BODY=8BITMIME")
    talk.hears("250 ")
    for wrong in ("NOTIFY=NEVER,SUCCESS", "NOTIFY=SOON", "ORCPT=rfc822", "ORCPT=rfc822;a\x7fb"):
        talk.says(f"RCPT TO:<{a_correspondent()}> {wrong}")
        talk.hears("501 5.5.4 ")
    talk.says(f"RCPT TO:<{a_correspondent()}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@x.test")
    talk.hears("250 ")
    talk.says("DATA")
    talk.hears("354 ")
    talk.sends(a_text_mail(an_address(), a_correspondent()) + b".\r\n")
    talk.hears("250 ")
    report = box(servers, an_address())[0].decode()
    assert "Subject: Successful Mail Delivery Report\r\n" in report
    assert "Original-Envelope-Id: QQ314159\r\n" in report
    assert "Original-Recipient: rfc822;a+2Bb@x.test\r\n" in report
    assert "Action: delivered\r\nStatus: 2.0.0\r\n" in report
    assert "Content-Type: message/rfc822\r\n" in report


@pytest.mark.parametrize("address", ["<a b@x.test>", "<a@>", "a@x.test", '<"a"@x.test>', "<>"])
def test_a_malformed_recipient_is_told_so(servers: MailServers, address: str) -> None:
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{an_address()}>")
    talk.hears("250 ")
    talk.says(f"RCPT TO:{address}")
    talk.hears("501 5.1.3 malformed address")
    assert servers.journal("SMTP.RCPT")[0].outcome == "malformed"


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        (b"one\ntwo\r\n", "550 5.6.0 a lone CR or LF"),
        (b"one\r\n\n.\n\r\nMAIL FROM:<x@x.test>\r\n", "550 5.6.0 a lone CR or LF"),
        (b"one\r\n\r.\r\n", "550 5.6.0 a lone CR or LF"),
        (b"nul \0\r\n", "550 5.6.0 a NUL octet"),
        (b"x" * 999 + b"\r\n", "550 5.6.0 a line longer than 998 octets"),
        (b"x" * 20_000 + b"\r\n", "550 5.6.0 a line longer than 998 octets"),
    ],
)
def test_a_body_that_smuggles_or_overflows_is_refused(
    servers: MailServers, body: bytes, reply: str
) -> None:
    talk = opened(servers)
    raw = a_text_mail(an_address(), a_correspondent(), body="") + body
    assert sends(talk, raw, a_correspondent())[0].startswith(reply)
    talk.says("NOOP")
    talk.hears("250 ")
    assert box(servers, a_correspondent()) == []
    assert [line.outcome for line in servers.journal("SMTP.DATA")] == ["refused"]


def test_every_refusal_of_a_mail_is_told(servers: MailServers) -> None:
    raw = b"From: a@x.test\r\nFrom: b@x.test\r\nno field\r\nDate: x\r\n\r\nbody\r\n"
    reply = sends(opened(servers), raw, a_correspondent())
    assert [line[:9] for line in reply] == ["550-5.6.0"] * 4 + ["550 5.6.0"]
    told = ("every header line is a field", "a field appears once", "there is one author")
    assert [rule in line for rule, line in zip(told, reply, strict=False)] == [True] * 3
    assert "the author is the mailbox" in reply[3]


def test_a_message_over_the_size_is_refused_before_and_after(servers: MailServers) -> None:
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{an_address()}> SIZE=31457281")
    talk.hears("552 5.3.4 ")
    assert servers.journal("SMTP.MAIL")[0].codes == ("552 5.3.4",)


def test_a_climbing_or_exploding_archive_is_refused(servers: MailServers) -> None:
    talk = opened(servers)
    bombs = (a_zip(up__up__etc__passwd=b"x"), a_zip(IHE_XDM__bomb=b"\0" * 3_000_000))
    for archive in bombs:
        raw = a_document_mail(an_address(), [a_correspondent()], archive=archive)
        reply = sends(talk, raw, a_correspondent())
        assert reply[0].startswith("554 5.7.1 an archive that is dangerous to open")
    assert box(servers, a_correspondent()) == []
    assert [line.outcome for line in servers.journal("SMTP.DATA")] == ["refused"] * 2


def test_an_unreadable_archive_travels_and_is_found(servers: MailServers) -> None:
    raw = a_document_mail(an_address(), [a_correspondent()], archive=an_xdm()[:-40])
    assert sends(opened(servers), raw, a_correspondent())[0].startswith("250 ")
    rules = {found["rule"] for found in servers.journal("SMTP.DATA")[0].facts["findings"]}
    assert "the_archive_can_be_read" in rules


def test_citizens_bounce_for_four_reasons(servers: MailServers) -> None:
    closed, unknown = a_citizen(state="closed"), a_citizen(state="none")
    recipients = [
        citizen_address(closed.ins.matricule),
        citizen_address(unknown.ins.matricule),
        "nobody@patient.mssante.fr",
    ]
    raw = a_text_mail(an_address(), *recipients)
    assert sends(opened(servers), raw, *recipients)[0].startswith("250 ")
    assert all(box(servers, address) == [] for address in recipients)
    bounces = box(servers, an_address())
    assert len(bounces) == 1
    bounce = bounces[0].decode()
    assert "Subject: Undelivered Mail Returned to Sender\r\n" in bounce
    assert "From: Mail Delivery System <MAILER-DAEMON@patient.mssante.fr>\r\n" in bounce
    for status in ("5.2.1", "5.1.1", "5.1.3"):
        assert f"Action: failed\r\nStatus: {status}\r\n" in bounce
    told = servers.journal("SMTP.DATA")[0].facts["to"]
    assert [item["status"] for item in told] == ["bounced"] * 3


def test_a_message_over_25_mb_bounces_from_the_citizen(servers: MailServers) -> None:
    patient = citizen_address(a_citizen().ins.matricule)
    body = (("x" * 900 + "\r\n") * 27_800) + "\r\n"
    raw = a_text_mail(an_address(), patient, body=body)
    assert 25_000_000 < len(raw) < 31_000_000
    assert sends(opened(servers), raw, patient)[0].startswith("250 ")
    assert b"Status: 5.3.4\r\n" in box(servers, an_address())[0]
    assert box(servers, patient) == []


def test_notify_never_keeps_a_bounce_away(servers: MailServers) -> None:
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{an_address()}>")
    talk.hears("250 ")
    talk.says("RCPT TO:<nobody@patient.mssante.fr> NOTIFY=NEVER")
    talk.hears("250 ")
    talk.says("DATA")
    talk.hears("354 ")
    talk.sends(a_text_mail(an_address(), "nobody@patient.mssante.fr") + b".\r\n")
    talk.hears("250 ")
    assert box(servers, an_address()) == []


def test_a_header_of_the_original_cannot_add_fields_to_a_bounce(servers: MailServers) -> None:
    raw = a_text_mail(
        an_address(), "x@patient.mssante.fr", Subject="=?utf-8?q?x=0D=0AX-Evil:_yes?="
    )
    assert sends(opened(servers), raw, "x@patient.mssante.fr")[0].startswith("250 ")
    assert b"\r\nX-Evil" not in box(servers, an_address())[0]


def test_one_recipient_too_many_is_refused_for_now(servers: MailServers) -> None:
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{an_address()}>")
    talk.hears("250 ")
    for _ in range(servers.settings.mssante_max_recipients):
        talk.says(f"RCPT TO:<{a_correspondent()}>")
        talk.hears("250 ")
    talk.says(f"RCPT TO:<{a_correspondent()}>")
    talk.hears("452 4.5.3 ")


def test_rset_forgets_the_recipients(servers: MailServers) -> None:
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{an_address()}> RET=FULL")
    talk.hears("250 ")
    talk.says(f"MAIL FROM:<{an_address()}> RET=HDRS")
    talk.hears("503 ")
    talk.says(f"RCPT TO:<{a_correspondent()}>")
    talk.hears("250 ")
    talk.says("RSET")
    talk.hears("250 ")
    talk.says("DATA")
    talk.hears("503 ")
    raw = a_text_mail(an_address(), a_correspondent(1))
    assert sends(talk, raw, a_correspondent(1))[0].startswith("250 ")
    assert box(servers, a_correspondent()) == []


def test_a_cut_before_the_end_of_data_delivers_nothing(servers: MailServers) -> None:
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{an_address()}>")
    talk.hears("250 ")
    talk.says(f"RCPT TO:<{a_correspondent()}>")
    talk.hears("250 ")
    talk.says("DATA")
    talk.hears("354 ")
    talk.sends(a_text_mail(an_address(), a_correspondent()))
    talk.close()
    sends(opened(servers), a_text_mail(an_address(), a_correspondent(1)), a_correspondent(1))
    assert box(servers, a_correspondent()) == []


FAULTS = [
    ({"effect": "code", "value": "451 4.3.2"}, "451 4.3.2 injected fault", "injected", 0),
    ({"effect": "code", "value": "x\r\n250 OK"}, "451 4.3.0 injected fault", "injected", 0),
    ({"effect": "delay_ms", "value": "1"}, "250 2.0.0 OK", "accepted", 1),
    ({"effect": "cut"}, HUNG_UP, "injected", 0),
    ({"effect": "lose"}, HUNG_UP, "accepted", 1),
]


@pytest.mark.parametrize(("fault", "reply", "outcome", "delivered"), FAULTS)
def test_armed_faults(
    servers: MailServers, fault: dict[str, str], reply: str, outcome: str, delivered: int
) -> None:
    given = {"id": "f", "transaction": "SMTP.DATA"} | fault
    servers.service.faults.arm(read_fault(given, "mssante"))
    talk = opened(servers)
    talk.says(f"MAIL FROM:<{an_address()}>")
    talk.hears("250 ")
    talk.says(f"RCPT TO:<{a_correspondent()}>")
    talk.hears("250 ")
    talk.says("DATA")
    talk.hears("354 ")
    talk.sends(a_text_mail(an_address(), a_correspondent()) + b".\r\n")
    assert talk.line().startswith(reply)
    assert [line.outcome for line in servers.journal("SMTP.DATA")] == [outcome]
    assert len(box(servers, a_correspondent())) == delivered


@pytest.fixture
def client(servers: MailServers) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("localhost", servers.settings.submission_port, timeout=20) as client:
        assert client.sock is not None
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.starttls(context=servers.tls)
        client.login(an_address(), "banc")
        yield client


def test_a_mail_keeps_every_box_though_its_bytes_are_kept_once(
    servers: MailServers, client: smtplib.SMTP
) -> None:
    recipients = [a_correspondent(number) for number in range(3)]
    assert client.sendmail(an_address(), recipients, a_text_mail(an_address(), *recipients)) == {}
    assert len({box(servers, address)[0] for address in recipients}) == 1
