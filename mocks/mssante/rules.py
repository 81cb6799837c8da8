"""MSSanté mock, rules: what submission refuses, what the citizens' operator bounces, and what
only counts as compliance of a document message.

Pure: no socket, no XML, no SQL. A rule yields each thing it finds wrong. Who may open an IMAP
session is not here: it is the same question as AUTH, asked by the entry points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from kit.mail import XDM_FILE_NAME, visible_subject
from kit.rules import Finding, RuleBook
from mocks.mssante import errors
from mocks.mssante.messages.addresses import domain_of, is_citizen, matricule_of
from mocks.mssante.messages.envelope import Envelope
from mocks.mssante.messages.mail import Mail, is_message_id
from mocks.mssante.messages.mailboxes import CitizenMessaging, Mailbox, MailboxKind

MAX_LINE = 998  # octets without CRLF, RFC 5322 §2.1.1
CITIZEN_MAX_BYTES = 25 * 1000 * 1000  # 25 MB, Mon espace santé mail §6
PDF_COPY = re.compile(r"\d{8}_[^_]+_[^_]+_[^_]+(_[^_]+)?\.pdf", re.IGNORECASE)

sender = RuleBook("MAIL")
recipient = RuleBook("RCPT")
submission = RuleBook("DATA")
citizen = RuleBook("citizen delivery")
compliance = RuleBook("document message")
mailbox = RuleBook("mailbox")


class TrustSpace(Protocol):
    """What a rule may ask about mailboxes and domains."""

    def is_trusted(self, domain: str) -> bool:
        """Whether the domain is in the trust list."""
        ...

    def mailbox(self, address: str) -> Mailbox | None:
        """The mailbox of an address, created or of the invented country."""
        ...

    def citizen(self, matricule: str) -> CitizenMessaging:
        """The state of a citizen's messaging."""
        ...


@sender.rule(errors.NOT_THE_SENDER, source="RFC 6409 §6.1")
def the_sender_owns_the_mailbox(path: str, authenticated: str) -> Iterator[Finding]:
    if path and path != authenticated:
        yield Finding(path, "MAIL FROM", path, authenticated)


@recipient.rule(errors.OUTSIDE_TRUST_SPACE, source="MSSanté operators, trust list (liste blanche)")
def the_recipient_is_in_the_trust_space(address: str, space: TrustSpace) -> Iterator[Finding]:
    if not space.is_trusted(domain_of(address)):
        yield Finding(address, "RCPT TO", domain_of(address), "a domain of the trust list")


@recipient.rule(errors.UNKNOWN_MAILBOX, source="RFC 5321 §3.3")
def the_mailbox_exists(address: str, space: TrustSpace) -> Iterator[Finding]:
    if is_citizen(address) or not space.is_trusted(domain_of(address)):
        return  # the citizens' operator answers by a bounce: Mon espace santé mail §6
    if space.mailbox(address) is None:
        yield Finding(address, "RCPT TO", address, "a mailbox of the domain")


@submission.rule(errors.BARE_LINE_END, source="RFC 5321 §2.3.8")
def lines_end_with_crlf(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if mail.bare_line_ends:
        yield Finding(mail.message_id, "body", f"{mail.bare_line_ends} lone CR or LF", "CRLF only")


@submission.rule(errors.NUL_IN_MESSAGE, source="RFC 5322 §3.5")
def there_is_no_nul(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if mail.has_nul:
        yield Finding(mail.message_id, "body", "a NUL octet", "none")


@submission.rule(errors.LINE_TOO_LONG, source="RFC 5322 §2.1.1")
def lines_are_short(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if mail.longest_line > MAX_LINE:
        seen = f"a line of {mail.longest_line} octets"
        yield Finding(mail.message_id, "body", seen, f"{MAX_LINE} at most")


@submission.rule(errors.BAD_HEADER, source="RFC 5322 §2.2")
def every_header_line_is_a_field(mail: Mail, _: Envelope) -> Iterator[Finding]:
    for line in mail.stray_lines:
        yield Finding(mail.message_id, "header", line[:80], "name: value")


@submission.rule(errors.BAD_HEADER, source="RFC 5322 §3.6")
def a_field_appears_once(mail: Mail, _: Envelope) -> Iterator[Finding]:
    for name in mail.repeated_fields:
        yield Finding(mail.message_id, name, "several", "one")


@submission.rule(errors.BAD_HEADER, source="RFC 5322 §3.6.2")
def there_is_one_author(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if len(mail.senders) != 1:
        yield Finding(mail.message_id, "From", str(len(mail.senders)), "one address")


@submission.rule(errors.NOT_THE_SENDER, source="RFC 6409 §8.1")
def the_author_is_the_mailbox(mail: Mail, envelope: Envelope) -> Iterator[Finding]:
    for author in mail.senders:
        if author.address != envelope.authenticated:
            yield Finding(mail.message_id, "From", author.address, envelope.authenticated)


@submission.rule(errors.UNSAFE_ATTACHMENT, source="IHE ITI TF-2 3.32; bounds of Banc")
def an_archive_is_safe_to_open(mail: Mail, _: Envelope) -> Iterator[Finding]:
    for archive in mail.archives:
        if archive.danger:
            yield Finding(archive.filename, "archive", archive.danger, "a safe archive")


@citizen.rule(errors.CITIZEN_BAD_ADDRESS, source="Mon espace santé mail §6")
def a_citizen_address_is_a_matricule(address: str, _: Mail, __: TrustSpace) -> Iterator[Finding]:
    if not matricule_of(address):
        yield Finding(address, "To", address, "matricule INS of 15 characters")


@citizen.rule(errors.CITIZEN_UNKNOWN, source="Mon espace santé mail §6")
def the_patient_is_known(address: str, _: Mail, space: TrustSpace) -> Iterator[Finding]:
    matricule = matricule_of(address)
    if matricule and space.citizen(matricule) is CitizenMessaging.UNKNOWN:
        yield Finding(address, "To", "no Mon espace santé", "a patient with Mon espace santé")


@citizen.rule(errors.CITIZEN_CLOSED, source="Mon espace santé mail §6")
def the_messaging_is_open(address: str, _: Mail, space: TrustSpace) -> Iterator[Finding]:
    matricule = matricule_of(address)
    if matricule and space.citizen(matricule) is CitizenMessaging.CLOSED:
        yield Finding(address, "To", "messaging closed by the patient", "open messaging")


@citizen.rule(errors.CITIZEN_TOO_LARGE, source="Mon espace santé mail §6")
def the_message_is_not_over_25_mb(address: str, mail: Mail, _: TrustSpace) -> Iterator[Finding]:
    if mail.size_bytes > CITIZEN_MAX_BYTES:
        yield Finding(address, "size", str(mail.size_bytes), f"{CITIZEN_MAX_BYTES} octets at most")


@compliance.rule(errors.ONE_PATIENT, source="MSSanté clients, ECO.2.1.1")
def a_message_is_about_one_patient(mail: Mail, _: Envelope) -> Iterator[Finding]:
    patients = {document.matricule for document in mail.documents}
    if len(patients) > 1:
        yield Finding(mail.message_id, "patientId", ", ".join(sorted(patients)), "one patient")


@compliance.rule(errors.ATTACHMENT_SET, source="MSSanté clients, ECO.2.1.1")
def the_archive_has_its_name(mail: Mail, _: Envelope) -> Iterator[Finding]:
    for archive in mail.archives:
        if archive.documents and archive.filename != XDM_FILE_NAME:
            yield Finding(mail.message_id, "filename", archive.filename, XDM_FILE_NAME)


@compliance.rule(errors.ATTACHMENT_SET, source="MSSanté clients, ECO.2.1.1")
def each_document_has_a_pdf_copy(mail: Mail, _: Envelope) -> Iterator[Finding]:
    copies = sum(item.media_type == "application/pdf" for item in mail.attachments)
    if copies < len(mail.cdas):
        yield Finding(mail.message_id, "PDF", str(copies), f"{len(mail.cdas)}, one for each CDA")


@compliance.rule(errors.UNREADABLE_ARCHIVE, source="IHE ITI TF-2 3.32")
def the_archive_can_be_read(mail: Mail, _: Envelope) -> Iterator[Finding]:
    for archive in mail.archives:
        if archive.problem and not archive.danger:
            yield Finding(archive.filename, "archive", archive.problem, "an XDM archive")


@compliance.rule(errors.SUBJECT_FORMAT, source="MSSanté clients, ECO.2.1.3")
def the_subject_announces_documents(mail: Mail, _: Envelope) -> Iterator[Finding]:
    label = visible_subject(mail.subject)
    if mail.documents and (label == mail.subject or len(label.split()) < 3):
        expected = "XDM/1.0/DDM+label NAME first name birth date"
        yield Finding(mail.message_id, "Subject", mail.subject[:120], expected)


@compliance.rule(errors.PDF_NAME, source="MSSanté clients, ECO.2.1.6")
def a_pdf_copy_has_its_name(mail: Mail, _: Envelope) -> Iterator[Finding]:
    for item in mail.attachments:
        is_copy = item.media_type == "application/pdf" and mail.cdas
        if is_copy and not PDF_COPY.fullmatch(item.filename):
            yield Finding(mail.message_id, "filename", item.filename, "date_type_NAME_name[_n].pdf")


@compliance.rule(errors.MESSAGE_ID, source="MSSanté clients, ECO.2.2.1; RFC 5322 §3.6.4")
def a_message_has_an_identifier(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if not is_message_id(mail.message_id):
        yield Finding(mail.subject[:80], "Message-ID", mail.message_id, "<left@right>")


@compliance.rule(errors.MESSAGE_ID, source="MSSanté clients, ECO.2.2.1; RFC 5322 §3.6.1")
def a_message_has_a_date(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if mail.date is None:
        yield Finding(mail.message_id, "Date", "", "a date and time")


@compliance.rule(errors.THREADING, source="MSSanté clients, ECO.2.2.2; RFC 5322 §3.6.4")
def references_are_identifiers(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if mail.stray_references:
        yield Finding(mail.message_id, "References", "", "message identifiers")


@compliance.rule(errors.TEXT_FORMAT, source="MSSanté clients, ECO.2.2.3")
def texts_are_in_utf_8(mail: Mail, _: Envelope) -> Iterator[Finding]:
    for part in mail.texts:
        if part.charset not in ("utf-8", "us-ascii"):  # ASCII is UTF-8
            yield Finding(mail.message_id, "charset", part.charset, "utf-8")


@compliance.rule(errors.TEXT_FORMAT, source="MSSanté clients, ECO.2.2.3")
def the_body_has_a_plain_text(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if not any(part.media_type == "text/plain" for part in mail.texts):
        yield Finding(mail.message_id, "Content-Type", mail.media_type, "a text/plain body")


@compliance.rule(errors.QUALIFIED_CITIZEN, source="MSSanté clients, ECO.2.2.6")
def a_citizen_receives_their_own_documents(mail: Mail, envelope: Envelope) -> Iterator[Finding]:
    patients = {document.matricule for document in mail.documents}
    for item in envelope.recipients:
        if is_citizen(item.address) and patients and matricule_of(item.address) not in patients:
            yield Finding(item.address, "To", item.address, "the patient of the documents")


@compliance.rule(errors.QUALIFIED_CITIZEN, source="MSSanté clients, ECO.2.2.6")
def a_citizen_address_comes_from_a_qualified_ins(
    mail: Mail, envelope: Envelope
) -> Iterator[Finding]:
    to_citizen = any(is_citizen(item.address) for item in envelope.recipients)
    for document in mail.cdas:
        if to_citizen and not document.ins_qualified:
            yield Finding(document.unique_id, "patientId", "not qualified", "a qualified INS")


@compliance.rule(errors.SENDER_NAME, source="MSSanté clients, ECO.2.2.7")
def the_sender_has_a_display_name(mail: Mail, _: Envelope) -> Iterator[Finding]:
    for author in mail.senders:
        if not author.name.strip():
            yield Finding(mail.message_id, "From", author.address, "a display name")


@compliance.rule(errors.CLOSING, source="CI-SIS, HL7v2; MSSanté clients, ECO.2.2.8")
def x_mss_mes_is_fin_and_for_a_citizen(mail: Mail, envelope: Envelope) -> Iterator[Finding]:
    value = mail.x_mss.get("MES")
    to_citizen = any(is_citizen(item.address) for item in envelope.recipients)
    if value is not None and (value != "FIN" or not to_citizen):
        yield Finding(mail.message_id, "X-MSS-MES", value, "FIN, to a patient")


@compliance.rule(errors.CODE_CDA, source="MSSanté clients, ECO.2.4.1")
def x_mss_codecda_lists_the_documents(mail: Mail, _: Envelope) -> Iterator[Finding]:
    wanted = [document.cda_code for document in mail.cdas]
    given = [code.strip() for code in mail.x_mss.get("CODECDA", "").split(",") if code.strip()]
    if sorted(set(given)) != sorted(set(wanted)):
        expected = ",".join(dict.fromkeys(wanted)) or "no header without CDA"
        yield Finding(mail.message_id, "X-MSS-CODECDA", ",".join(given), expected)


@compliance.rule(errors.HEADER_INS, source="MSSanté clients, ECO.2.4.2")
def x_mss_ins_says_whether_one_is_qualified(mail: Mail, _: Envelope) -> Iterator[Finding]:
    wanted = ""
    if mail.cdas:
        wanted = "O" if any(document.ins_qualified for document in mail.cdas) else "N"
    given = mail.x_mss.get("INS", "")
    if given != wanted:
        yield Finding(mail.message_id, "X-MSS-INS", given, wanted or "no header without CDA")


@compliance.rule(errors.HEADER_NIL, source="MSSanté clients, ECO.2.4.3")
def x_mss_nil_names_the_software(mail: Mail, _: Envelope) -> Iterator[Finding]:
    if not mail.x_mss.get("NIL"):
        yield Finding(mail.message_id, "X-MSS-NIL", "", "the reference of the software, always")


@compliance.rule(errors.RECEIPT_ADDRESS, source="RFC 8098 §2.1")
def the_receipt_goes_to_the_sender(mail: Mail, envelope: Envelope) -> Iterator[Finding]:
    for wanted in mail.receipt_to:
        if wanted.address != envelope.sender:
            field = "Disposition-Notification-To"
            yield Finding(mail.message_id, field, wanted.address, envelope.sender)


@mailbox.rule(errors.API_BAD_ADDRESS, source="MSSanté operators, trust list (liste blanche)")
def a_mailbox_lies_in_a_trusted_domain(wanted: Mailbox, space: TrustSpace) -> Iterator[Finding]:
    if not space.is_trusted(domain_of(wanted.address)) or is_citizen(wanted.address):
        yield Finding(wanted.address, "address", domain_of(wanted.address), "a domain of ours")


@mailbox.rule(errors.API_EXISTS, source="MSSanté mailbox API: the address is the key")
def an_address_is_taken_once(wanted: Mailbox, space: TrustSpace) -> Iterator[Finding]:
    if space.mailbox(wanted.address) is not None:
        yield Finding(wanted.address, "address", wanted.address, "a new address")


@mailbox.rule(errors.API_BAD_MAILBOX, source="MSSanté mailbox API: RPPS for PER")
def a_personal_mailbox_has_a_holder(wanted: Mailbox, _: TrustSpace) -> Iterator[Finding]:
    if wanted.kind is MailboxKind.PERSONAL and not wanted.rpps:
        yield Finding(wanted.address, "rpps", "", "the RPPS of the holder")


@mailbox.rule(errors.API_BAD_MAILBOX, source="MSSanté mailbox API: structure for ORG and APP")
def a_shared_mailbox_has_a_structure(wanted: Mailbox, _: TrustSpace) -> Iterator[Finding]:
    if wanted.kind is not MailboxKind.PERSONAL and not wanted.finess:
        yield Finding(wanted.address, "finess", "", "the FINESS of the structure")
