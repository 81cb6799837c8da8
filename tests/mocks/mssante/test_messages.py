"""MSSanté messages: mails as trees of parts, addresses, envelopes, lists and notifications."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.rules import Code, Malformed, Refusal
from kit.world import World
from mocks.mssante.messages.addresses import (
    citizen_address,
    is_citizen,
    matricule_of,
    read_address,
)
from mocks.mssante.messages.envelope import (
    Envelope,
    Recipient,
    read_mail_parameters,
    read_path,
    read_rcpt_parameters,
    write_refusals,
)
from mocks.mssante.messages.mail import read_date, read_mail
from mocks.mssante.messages.mailboxes import (
    CitizenMessaging,
    Directory,
    MailboxKind,
    application_mailbox,
    establishment_mailboxes,
    read_mailbox,
)
from mocks.mssante.messages.mime import content, decode_words, read_parts
from mocks.mssante.messages.notifications import Outcome, write_notification
from mocks.mssante.messages.structure import write_envelope, write_string, write_structure
from mocks.mssante.messages.trust_list import (
    TrustList,
    domains_of,
    read_trust_list,
    write_trust_list,
)
from tests.kit.documents import a_cda
from tests.mocks.mssante.builders import (
    DOCTOR,
    SENDER,
    a_citizen,
    a_document_mail,
    a_text_mail,
    an_xdm,
    world,
)

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def a_nested_mail() -> bytes:
    """A text, an HTML alternative, a forwarded mail and an attachment."""
    inner = EmailMessage(SMTP)
    inner["Subject"], inner["From"] = "intérieur", DOCTOR
    inner.set_content("dedans\n")
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"], mail["Subject"] = SENDER, DOCTOR, "dehors"
    mail.set_content("texte\n")
    mail.add_alternative("<p>texte</p>", subtype="html")
    mail.make_mixed()
    mail.add_attachment(inner)
    mail.add_attachment(b"\0\1", "application", "octet-stream", filename="résultat é.bin")
    return mail.as_bytes()


def test_a_tree_points_into_its_own_bytes() -> None:
    raw = a_nested_mail()
    root = read_parts(raw)
    kinds = [part.media_type for part in root.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
        "message/rfc822", "text/plain", "application/octet-stream",
    ]  # fmt: skip
    attachment = root.children[-1]
    assert (attachment.filename, content(raw, attachment)) == ("résultat é.bin", b"\0\1")
    forwarded = root.children[1].children[0]
    assert decode_words(forwarded.first("Subject")) == "intérieur"
    assert raw[root.children[1].body :].startswith(b"Subject: =?utf-8?")


def test_the_tree_is_the_one_of_the_standard_library() -> None:
    raw = a_nested_mail()
    judged = [part.get_content_type() for part in message_from_bytes(raw).walk()]
    assert [part.media_type for part in read_parts(raw).walk()] == judged


HOSTILE = [
    b"",
    b"\r\n",
    b"no header",
    b"Content-Type: multipart/mixed\r\n\r\n--\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nunfinished",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--bb\r\n\r\n--b \t\r\n\r\nx\r\n--b--",
    b"Content-Type: /\r\n\r\n",
    b"Content-Type: text/plain; charset*=none'x'%ff\r\n\r\n",
    b"Subject: =?x?b?****?=\r\nSubject: =?utf-8?b?/w==?=\r\n\r\n",
    b"From: \xff\xfe\r\nDate: 99 Foo\r\n\r\n",
]


@pytest.mark.parametrize("raw", HOSTILE)
def test_a_hostile_mail_is_read_and_written_as_structure(raw: bytes) -> None:
    mail, root = read_mail(raw)
    assert mail.size_bytes == len(raw)
    assert write_structure(root).startswith(b"(")
    assert write_envelope(root).startswith(b"(")


@given(st.binary(max_size=400))
def test_any_octets_are_read_or_malformed(octets: bytes) -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\nFrom: a@x.test\r\n\r\n--b\r\n"
    for raw in (octets, head + octets, octets.replace(b"\n", b"\r\n")):
        try:
            mail, root = read_mail(raw)
        except Malformed:
            continue
        assert root.end == mail.size_bytes
        write_structure(root)


def test_parts_depth_and_fields_are_bounded() -> None:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(20)
    )
    for raw in (
        opening,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 300,
        b"X: y\r\n" * 1001 + b"\r\n",
        b"X: " + b"y" * 300_000 + b"\r\n\r\n",
    ):
        with pytest.raises(Malformed):
            read_mail(raw)


def test_a_document_mail_says_its_documents() -> None:
    mail, root = read_mail(a_document_mail(SENDER, [DOCTOR]))
    assert [part.filename for part in root.children][1] == "IHE_XDM.zip"
    assert [item.cda_code for item in mail.cdas] == ["11490-0", "11490-0"]
    assert {item.matricule for item in mail.documents} == {"279035121518989"}
    assert all(item.ins_qualified for item in mail.documents)
    assert mail.x_mss == {"CODECDA": "11490-0", "INS": "O", "NIL": "TEST000001"}
    assert (mail.message_id, mail.date) == ("<1@ch.test>", AT)
    assert [part.media_type for part in mail.texts] == ["text/plain"]


def test_an_unqualified_ins_and_a_document_that_is_no_cda() -> None:
    archive = an_xdm([a_cda(given="")])
    mail, _ = read_mail(a_document_mail(SENDER, [DOCTOR], archive=archive))
    assert [item.ins_qualified for item in mail.cdas] == [False]
    broken = an_xdm().replace(b"DOC0002.XML", b"DOC0003.XML")
    mail, _ = read_mail(a_document_mail(SENDER, [DOCTOR], archive=broken))
    assert [item.is_cda for item in mail.documents] == [True, False]


def test_an_official_archive_is_read(conformance: Path) -> None:
    for path in sorted((conformance / "mssante" / "xdm").glob("*.zip")):
        raw = a_document_mail(SENDER, [DOCTOR], archive=path.read_bytes())
        mail, _ = read_mail(raw)
        assert mail.archives[0].danger == ""
        assert mail.documents, path.name


def test_the_wire_of_a_mail_is_measured() -> None:
    raw = b"From: a@x.test\r\n\r\none\ntwo\rthree\0\r\n" + b"x" * 1200 + b"\r\n"
    mail, _ = read_mail(raw)
    assert (mail.bare_line_ends, mail.has_nul, mail.longest_line) == (2, True, 1200)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Mon, 05 Jan 2026 10:30:00 +0100", AT),
        ("Mon, 05 Jan 2026 09:30:00 -0000", AT),
        ("yesterday", None),
        ("", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
    ],
)
def test_dates(text: str, at: datetime | None) -> None:
    assert read_date(text) == at


# Addresses and envelopes


def test_addresses() -> None:
    assert read_address(" Labo.APP@CH.test ") == "labo.app@ch.test"
    shapes = ("", "a", "@x.test", "a@", "a b@x.test", "a@x", "a..b@x.test", '"a"@x.test')
    for wrong in (*shapes, "a@x.test\r\nX: y", "é@x.test", "a" * 65 + "@x.test"):
        with pytest.raises(Malformed):
            read_address(wrong)


def test_citizen_addresses() -> None:
    assert citizen_address("27903512B518989") == "27903512b518989@patient.mssante.fr"
    assert matricule_of("279032b21518989@patient.mssante.fr") == "279032B21518989"
    assert matricule_of("nobody@patient.mssante.fr") == ""
    assert is_citizen("x@Patient.mssante.fr")
    assert not is_citizen("x@patient.mssante.fr.evil.test")


def test_paths_and_parameters() -> None:
    assert read_path(" <a@x.test> RET=FULL SIZE=3") == ("a@x.test", "RET=FULL SIZE=3")
    assert read_path("<>") == ("", "")
    assert read_mail_parameters("ret=full SIZE=3") == ({"RET": "full"}, "SIZE=3")
    assert read_rcpt_parameters("NOTIFY=NEVER") == ({"NOTIFY": "NEVER"}, "")
    for wrong in ("a@x.test", "<a@x.test", "<a b>", "<a>b>"):
        with pytest.raises(Malformed):
            read_path(wrong)


def test_a_reply_of_several_lines_stays_in_its_lines() -> None:
    code = Code("550 5.6.0", "mauvais", "RFC §1")
    refusals = [Refusal(code, "a_rule", "src", "x\r\n250 OK", "é" * 600), Refusal(code, "b", "s")]
    lines = write_refusals(refusals).split("\r\n")
    assert [line[:4] for line in lines] == ["550-", "550 "]
    assert all(len(line) < 510 and line.isascii() for line in lines)


# The trust list


def test_the_trust_list_is_read_as_written() -> None:
    trusted = TrustList(AT, tuple(Directory(world()).domains.values()))
    assert read_trust_list(write_trust_list(trusted)) == trusted
    for wrong in (b"<a/>", write_trust_list(trusted)[:-40], b"", b"<!DOCTYPE a><a/>"):
        with pytest.raises(Malformed):
            read_trust_list(wrong)


def test_the_official_trust_list_is_read(conformance: Path) -> None:
    data = (conformance / "mssante" / "liste_blanche" / "listeblanche_part1.xml").read_bytes()
    trusted = read_trust_list(data)
    assert len(trusted.domains) == 412
    assert len(domains_of(trusted.domains)) < 412
    assert read_trust_list(write_trust_list(trusted)) == trusted


# Mailboxes


def test_the_country_has_boxes_for_establishments_and_people() -> None:
    directory = Directory(World(2026))
    hospital = world().establishments[0]
    boxes = establishment_mailboxes(hospital)
    assert {box.kind for box in boxes} == {MailboxKind.ORGANIZATIONAL, MailboxKind.APPLICATION}
    found = directory.find(application_mailbox(hospital))
    assert found is not None
    assert (found.kind, found.finess) == (MailboxKind.APPLICATION, hospital.finess_ej)
    assert directory.establishment_of(found.address) == hospital.finess_ej
    assert hospital.mssante_domain in directory.domains
    doctor = world().correspondents("53")[0]
    town = directory.find(doctor.mailbox)
    assert town is not None
    assert (town.kind, town.rpps) == (MailboxKind.PERSONAL, doctor.rpps)
    assert directory.find("nobody@x.test") is None


@pytest.mark.parametrize(
    ("state", "messaging"),
    [
        ("open", CitizenMessaging.OPEN),
        ("closed", CitizenMessaging.CLOSED),
        ("none", CitizenMessaging.UNKNOWN),
    ],
)
def test_a_citizen_has_a_box_when_their_messaging_is_open(
    state: str, messaging: CitizenMessaging
) -> None:
    directory, matricule = Directory(world()), a_citizen(state=state).ins.matricule
    assert directory.citizen(matricule) is messaging
    box = directory.find(citizen_address(matricule))
    assert (box is not None) == (state == "open")


BOX = {"address": "A@ch.test", "kind": "ORG", "finess": "350000000"}


def test_a_mailbox_is_read_from_json() -> None:
    assert read_mailbox(BOX).address == "a@ch.test"
    spoiled = (
        {"kind": "X"}, {"kind": "CITIZEN"}, {"more": "x"}, {"rpps": 3}, {"matricule": "1"},
        {"description": "a\nb"}, {"address": "x\r\nX-Evil: y@ch.test"}, {"service": "x" * 201},
    )  # fmt: skip
    for wrong in ([], {}, *(BOX | change for change in spoiled)):
        with pytest.raises(Malformed):
            read_mailbox(wrong)


# Notifications


def test_a_notification_is_a_report_a_client_reads() -> None:
    envelope = Envelope(SENDER, (), "HDRS", "QQ3", SENDER)
    outcome = Outcome(Recipient("1@patient.mssante.fr"), "failed", "5.2.1", "fermée\r\nX-Evil: y")
    original = a_text_mail(SENDER, "1@patient.mssante.fr")
    raw = write_notification(envelope, (outcome,), original, mark="m", at=AT)
    report = message_from_bytes(raw)
    assert report.get_content_type() == "multipart/report"
    assert report["Subject"] == "Undelivered Mail Returned to Sender"
    _, status, returned = report.get_payload()  # type: ignore[misc]
    message, recipient = status.get_payload()  # type: ignore[union-attr]
    assert message["Original-Envelope-Id"] == "QQ3"
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.2.1")
    assert "X-Evil" not in recipient
    assert returned.get_content_type() == "text/rfc822-headers"  # type: ignore[union-attr]
    assert b"\r\nX-Evil" not in raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


# IMAP forms


def test_strings_are_quoted_or_literal() -> None:
    assert write_string('a"\\b') == b'"a\\"\\\\b"'
    assert write_string("é") == b"{2}\r\n\xc3\xa9"
    assert write_string("a\r\nb") == b"{4}\r\na\r\nb"


def test_an_envelope_falls_back_on_from() -> None:
    raw = a_text_mail(SENDER, DOCTOR, Cc="a, B <b@x.test>")
    envelope = write_envelope(read_parts(raw)).decode()
    author = '(("CH - Labo" NIL "labo.app" "ch.test"))'
    assert envelope.startswith(
        f'("Mon, 05 Jan 2026 10:30:00 +0100" "Bonjour" {author} {author} {author} '
        '((NIL NIL "alix.testeur" "medecin.test")) '
    )
    assert envelope.endswith('("B" NIL "b" "x.test")) NIL NIL "<1@ch.test>")')
