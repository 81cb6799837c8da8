"""MSSanté rules, as tables: each row spoils one thing; the first rows pass."""

from __future__ import annotations

from typing import Any

import pytest

from kit.rules import RuleBook
from mocks.mssante import rules
from mocks.mssante.messages.addresses import Address
from mocks.mssante.messages.mail import Attachment, TextPart
from mocks.mssante.messages.mailboxes import CitizenMessaging, MailboxKind
from tests.mocks.mssante.builders import (
    DOCTOR,
    MATRICULE,
    SENDER,
    ASpace,
    a_box,
    a_citizen_address,
    a_document,
    a_mail,
    an_archive,
    an_envelope,
)


def broken(book: RuleBook, *given: Any) -> list[str]:
    return [refusal.rule for refusal in book.findings(*given)]


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        (SENDER, []),
        ("", []),  # the null reverse-path of a receipt
        (DOCTOR, ["the_sender_owns_the_mailbox"]),
    ],
)
def test_mail_from(path: str, refused: list[str]) -> None:
    assert broken(rules.sender, path, SENDER) == refused


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        (DOCTOR, []),
        (a_citizen_address(), []),
        ("123@patient.mssante.fr", []),  # its operator answers by a bounce
        ("a@elsewhere.test", ["the_recipient_is_in_the_trust_space"]),
        ("nobody@medecin.test", ["the_mailbox_exists"]),
    ],
)
def test_rcpt_to(address: str, refused: list[str]) -> None:
    assert broken(rules.recipient, address, ASpace()) == refused


@pytest.mark.parametrize(
    ("mail", "refused"),
    [
        (a_mail(), []),
        (a_mail(bare_line_ends=1), ["lines_end_with_crlf"]),
        (a_mail(has_nul=True), ["there_is_no_nul"]),
        (a_mail(longest_line=998), []),
        (a_mail(longest_line=999), ["lines_are_short"]),
        (a_mail(stray_lines=("no field",)), ["every_header_line_is_a_field"]),
        (a_mail(repeated_fields=("From", "Date")), ["a_field_appears_once"] * 2),
        (a_mail(senders=()), ["there_is_one_author"]),
        (a_mail(senders=(Address("x", SENDER),) * 2), ["there_is_one_author"]),
        (a_mail(senders=(Address("x", DOCTOR),)), ["the_author_is_the_mailbox"]),
        (a_mail(archives=(an_archive(problem="no METADATA.XML"),)), []),
        (
            a_mail(archives=(an_archive(danger="a member stays in the archive"),)),
            ["an_archive_is_safe_to_open"],
        ),
    ],
)
def test_data(mail: Any, refused: list[str]) -> None:
    assert broken(rules.submission, mail, an_envelope()) == refused


OPEN = {f"m{MATRICULE}": CitizenMessaging.OPEN}
CLOSED = {f"m{MATRICULE}": CitizenMessaging.CLOSED}


@pytest.mark.parametrize(
    ("address", "citizens", "size", "bounced"),
    [
        (a_citizen_address(), OPEN, 25_000_000, []),
        (a_citizen_address(), OPEN, 25_000_001, ["the_message_is_not_over_25_mb"]),
        (a_citizen_address(), CLOSED, 9, ["the_messaging_is_open"]),
        (a_citizen_address(), {}, 9, ["the_patient_is_known"]),
        ("123@patient.mssante.fr", OPEN, 9, ["a_citizen_address_is_a_matricule"]),
    ],
)
def test_citizen_delivery(
    address: str, citizens: dict[str, CitizenMessaging], size: int, bounced: list[str]
) -> None:
    mail, space = a_mail(size_bytes=size), ASpace(**citizens)
    assert broken(rules.citizen, address, mail, space) == bounced


TWO = (a_document(), a_document(unique_id="1.2", matricule="179035121518912"))
PLAIN = a_mail(archives=(), attachments=(), x_mss={"NIL": "T"}, subject="Bonjour")
CITIZEN = an_envelope(a_citizen_address())
COMPLIANCE = [
    (a_mail(), an_envelope(), []),
    (PLAIN, an_envelope(), []),
    (a_mail(), CITIZEN, []),
    (
        a_mail(archives=(an_archive(*TWO),), attachments=(Attachment("20260105_a_b_c.pdf",
               "application/pdf", 1),) * 2),
        an_envelope(),
        ["a_message_is_about_one_patient"],
    ),
    (a_mail(archives=(an_archive(filename="ihe-xdm.zip"),)), an_envelope(),
     ["the_archive_has_its_name"]),
    (a_mail(attachments=()), an_envelope(), ["each_document_has_a_pdf_copy"]),
    (
        a_mail(attachments=(Attachment("scan.pdf", "application/pdf", 1),)),
        an_envelope(),
        ["a_pdf_copy_has_its_name"],
    ),
    (
        a_mail(archives=(an_archive(), an_archive(documents=(), problem="no zip"))),
        an_envelope(),
        ["the_archive_can_be_read"],
    ),
    (a_mail(subject="Résultats"), an_envelope(), ["the_subject_announces_documents"]),
    (a_mail(subject="XDM/1.0/DDM+CR"), an_envelope(), ["the_subject_announces_documents"]),
    (a_mail(message_id="1@ch.test"), an_envelope(), ["a_message_has_an_identifier"]),
    (a_mail(date=None), an_envelope(), ["a_message_has_a_date"]),
    (a_mail(stray_references=True), an_envelope(), ["references_are_identifiers"]),
    (a_mail(texts=(TextPart("text/plain", "iso-8859-1"),)), an_envelope(),
     ["texts_are_in_utf_8"]),
    (a_mail(texts=(TextPart("text/html", "utf-8"),)), an_envelope(),
     ["the_body_has_a_plain_text"]),
    (a_mail(), an_envelope("179035121518912@patient.mssante.fr"),
     ["a_citizen_receives_their_own_documents"]),
    (
        a_mail(archives=(an_archive(a_document(ins_qualified=False)),),
               x_mss={"CODECDA": "11490-0", "INS": "N", "NIL": "T"}),
        CITIZEN,
        ["a_citizen_address_comes_from_a_qualified_ins"],
    ),
    (a_mail(senders=(Address("", SENDER),)), an_envelope(), ["the_sender_has_a_display_name"]),
    (a_mail(x_mss=a_mail().x_mss | {"MES": "FIN"}), CITIZEN, []),
    (a_mail(x_mss=a_mail().x_mss | {"MES": "fin"}), CITIZEN,
     ["x_mss_mes_is_fin_and_for_a_citizen"]),
    (a_mail(x_mss=a_mail().x_mss | {"MES": "FIN"}), an_envelope(),
     ["x_mss_mes_is_fin_and_for_a_citizen"]),
    (a_mail(x_mss=a_mail().x_mss | {"CODECDA": "34112-3"}), an_envelope(),
     ["x_mss_codecda_lists_the_documents"]),
    (a_mail(x_mss=a_mail().x_mss | {"INS": "N"}), an_envelope(),
     ["x_mss_ins_says_whether_one_is_qualified"]),
    (a_mail(x_mss={"CODECDA": "11490-0", "INS": "O"}), an_envelope(),
     ["x_mss_nil_names_the_software"]),
    (a_mail(receipt_to=(Address("", SENDER),)), an_envelope(), []),
    (a_mail(receipt_to=(Address("", DOCTOR),)), an_envelope(),
     ["the_receipt_goes_to_the_sender"]),
]  # fmt: skip


@pytest.mark.parametrize(("mail", "envelope", "found"), COMPLIANCE)
def test_compliance_is_found_and_never_refused(mail: Any, envelope: Any, found: list[str]) -> None:
    assert broken(rules.compliance, mail, envelope) == found
    rules.submission.check(mail, envelope)


@pytest.mark.parametrize(
    ("box", "refused"),
    [
        (a_box(), []),
        (a_box(address="a@elsewhere.test"), ["a_mailbox_lies_in_a_trusted_domain"]),
        (a_box(address=a_citizen_address()), ["a_mailbox_lies_in_a_trusted_domain"]),
        (a_box(address=SENDER), ["an_address_is_taken_once"]),
        (a_box(kind=MailboxKind.PERSONAL), ["a_personal_mailbox_has_a_holder"]),
        (a_box(finess=""), ["a_shared_mailbox_has_a_structure"]),
        (a_box(kind=MailboxKind.APPLICATION, finess=""), ["a_shared_mailbox_has_a_structure"]),
    ],
)
def test_mailbox(box: Any, refused: list[str]) -> None:
    assert broken(rules.mailbox, box, ASpace()) == refused


def test_a_refusal_says_what_was_seen_and_expected() -> None:
    refusal = rules.recipient.findings("a@elsewhere.test", ASpace())[0]
    assert (refusal.subject, refusal.field) == ("a@elsewhere.test", "RCPT TO")
    assert "seen 'elsewhere.test'; expected a domain of the trust list" in refusal.text
    assert "liste blanche" in refusal.text
