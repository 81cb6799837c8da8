"""Mails, envelopes and mailboxes: valid by default, each test spoils one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from kit import cda
from kit.mail import (
    Mailbox,
    PdfCopy,
    XdmSender,
    build_document_message,
    document_subject,
    pack_xdm,
    pdf_file_name,
)
from kit.world import Patient, World
from kit.xds import Coded, SubmissionSet
from mocks.mssante.messages.addresses import Address, citizen_address
from mocks.mssante.messages.archive import Archive, Document
from mocks.mssante.messages.envelope import Envelope, Recipient
from mocks.mssante.messages.mail import Attachment, Mail, TextPart
from mocks.mssante.messages.mailboxes import CitizenMessaging, MailboxKind
from mocks.mssante.messages.mailboxes import Mailbox as Box
from tests.kit.documents import PDF, a_cda, a_pdf_cda

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
MATRICULE = "279035121518989"
SENDER = "labo.app@ch.test"
DOCTOR = "alix.testeur@medecin.test"
SUBJECT = document_subject("CR d'examens", "ESSAI", "ALIX", "28/03/1979")


@cache
def world() -> World:
    return World(2026)


def an_address() -> str:
    """The box of a professional of the first establishment."""
    return world().professionals(world().establishments[0].finess_eg)[0].mailbox


def a_correspondent(number: int = 0) -> str:
    """The box of a doctor of town."""
    return world().correspondents("53")[number].mailbox


def a_citizen(*, state: str = "open") -> Patient:
    """A patient whose messaging is open, closed or unknown."""
    wanted = {"open": ("open", True), "closed": ("closed", False), "none": ("none", False)}[state]
    people = (world().patient(index * 1009) for index in range(3000))
    return next(one for one in people if (one.record.state, one.record.attached_to_mes) == wanted)


def a_document(**changes: Any) -> Document:
    document = Document(
        unique_id="1.2.250.1.999.1.1", type_code="11490-0", matricule=MATRICULE,
        ins_oid="1.2.250.1.213.1.4.10", is_cda=True, cda_code="11490-0", ins_qualified=True,
    )  # fmt: skip
    return replace(document, **changes)


def an_archive(*documents: Document, **changes: Any) -> Archive:
    return replace(Archive("IHE_XDM.zip", documents or (a_document(),)), **changes)


def a_mail(**changes: Any) -> Mail:
    """A mail with one document, as the rules see it."""
    pdf = pdf_file_name("20260105", "CR", "ESSAI", "ALIX")
    mail = Mail(
        size_bytes=10_000, senders=(Address("CH - Labo", SENDER),),
        recipients=(Address("", DOCTOR),), subject=SUBJECT, message_id="<1@ch.test>", date=AT,
        media_type="multipart/mixed",
        x_mss={"CODECDA": "11490-0", "INS": "O", "NIL": "TEST000001"},
        texts=(TextPart("text/plain", "utf-8"),),
        attachments=(Attachment("IHE_XDM.zip", "application/zip", 9), Attachment(
            pdf, "application/pdf", 9)),
        archives=(an_archive(),), longest_line=78,
    )  # fmt: skip
    return replace(mail, **changes)


def an_envelope(*recipients: str, **changes: Any) -> Envelope:
    to = tuple(Recipient(address) for address in recipients or (DOCTOR,))
    return replace(Envelope(SENDER, to, authenticated=SENDER), **changes)


def a_box(**changes: Any) -> Box:
    box = Box("secretariat@ch.test", MailboxKind.ORGANIZATIONAL, "CH", finess="350000000")
    return replace(box, **changes)


class ASpace:
    """A trust space of two domains and two mailboxes; citizens by the matricules given."""

    def __init__(self, **citizens: CitizenMessaging) -> None:
        self._citizens = citizens

    def is_trusted(self, domain: str) -> bool:
        return domain in ("ch.test", "medecin.test", "patient.mssante.fr")

    def mailbox(self, address: str) -> Box | None:
        known = (SENDER, DOCTOR)
        return a_box(address=address) if address in known else None

    def citizen(self, matricule: str) -> CitizenMessaging:
        return self._citizens.get(f"m{matricule}", CitizenMessaging.UNKNOWN)


def a_citizen_address() -> str:
    return citizen_address(MATRICULE)


# Bytes


def a_text_mail(sender: str, *recipients: str, **fields: str) -> bytes:
    """A small mail of one text, CRLF line ends."""
    body = fields.pop("body", "Bonjour.\r\n")
    header = {
        "From": f'"CH - Labo" <{sender}>',
        "To": ", ".join(recipients),
        "Subject": "Bonjour",
        "Message-ID": "<1@ch.test>",
        "Date": "Mon, 05 Jan 2026 10:30:00 +0100",
        "X-MSS-NIL": "TEST000001",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    lines = [f"{name}: {value}" for name, value in header.items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def an_xdm(contents: Sequence[bytes] | None = None) -> bytes:
    """The bytes of IHE_XDM.zip with the given CDA documents."""
    contents = contents or (a_cda(), a_pdf_cda())
    documents = [
        (cda.entry_from_cda(content, entry_uuid=f"Document{number:02}"), content)
        for number, content in enumerate(contents, 1)
    ]
    lot = SubmissionSet(
        entry_uuid="SubmissionSet01", unique_id="1.2.250.1.999.5.1", source_id="1.2.250.1.999.5",
        submission_time="20260105093000", patient_id=documents[0][0].patient_id,
        content_type_code=Coded("04", "1.2.250.1.213.2.2", "Hospitalisation"),
    )  # fmt: skip
    return pack_xdm(documents, lot, sender=XdmSender("CH D'ESSAI"), at=AT)


def a_zip(**members: bytes) -> bytes:
    """A zip; ``__`` in a name stands for a slash, ``up`` for two dots."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("up", ".."), content)
    return buffer.getvalue()


def a_document_mail(
    sender: str, recipients: Sequence[str], *, archive: bytes | None = None, **headers: str
) -> bytes:
    """A mail with IHE_XDM.zip and a PDF copy of each document."""
    names = [pdf_file_name("20260105", kind, "ESSAI", "ALIX") for kind in ("CR", "CR-N1")]
    x_mss = {"X-MSS-CODECDA": "11490-0", "X-MSS-INS": "O", "X-MSS-NIL": "TEST000001"}
    return build_document_message(
        Mailbox(sender, "CH - Labo"), [Mailbox(address) for address in recipients],
        subject=SUBJECT, body="Bonjour,\nvoici les résultats.\n.\n", message_id="<1@ch.test>",
        date=AT, archive=an_xdm() if archive is None else archive,
        pdf_copies=[PdfCopy(name, PDF) for name in names], x_mss=x_mss | headers,
    )  # fmt: skip
