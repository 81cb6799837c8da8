"""Simulator, delivery, MSSanté: a document mailed from an applicative box, as IHE_XDM.zip.

One connection an establishment, kept: STARTTLS, then the mailbox and its password. asyncio sends
small segments at once (TCP_NODELAY). Not here: who receives (posting), reading mail.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, replace

import aiosmtplib

from kit import xds
from kit.cda import CdaHeader, entry_from_cda, read_header
from kit.mail import (
    Mailbox,
    PdfCopy,
    XdmSender,
    build_document_message,
    document_subject,
    pack_xdm,
    pdf_file_name,
    x_mss_headers,
)
from kit.world import Professional
from kit.xds.metadata import Coded, SubmissionSet
from kit.xds.tables import CONTENT_TYPE_SYSTEM
from mocks.mssante.messages.mailboxes import application_mailbox
from simulator.delivery import Attempt, Outcome, Stamp
from simulator.delivery.pdf_copy import pdf_copy
from simulator.delivery.sender import Sender
from simulator.streams import oid, uuid

SMTP_DATA = "SMTP.DATA"
NO_ANSWER = "NO_ANSWER"
TIMEOUT_SECONDS = 30.0
LOT_ARC, SOFTWARE_ARC = "16", "15"  # below the OID of the establishment
FULL_STAY = Coded("03", CONTENT_TYPE_SYSTEM, "Hospitalisation complète")
BODY = (
    "Bonjour,\r\n\r\nVeuillez trouver ci-joint : {title}.\r\nLe document est joint au format CDA"
    " (IHE_XDM.zip) et en PDF.\r\n\r\n{sender}\r\n"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to send: the same bytes however often it is sent."""

    message_id: str
    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where the submission port is, and what opens a mailbox."""

    host: str
    port: int
    password: str
    context: ssl.SSLContext


class MailClient:
    """The submission port as one establishment uses it."""

    def __init__(self, sender: Sender, server: MailServer) -> None:
        self._sender = sender
        self._server = server
        self._connection: aiosmtplib.SMTP | None = None
        self._turn = asyncio.Lock()
        self.mailbox = application_mailbox(sender.establishment)

    def letter(self, cda: bytes, doctor: Professional, recipient: str, stamp: Stamp) -> Letter:
        """The message that carries a document; to a citizen, without an answer."""
        header = read_header(cda)
        establishment = self._sender.establishment
        message_id = f"<{uuid(stamp.stream)}@{establishment.mssante_domain}>"
        to_citizen = recipient.endswith("@patient.mssante.fr")
        content = build_document_message(
            Mailbox(self.mailbox, establishment.name),
            [Mailbox(recipient)],
            subject=_subject(header),
            body=BODY.format(title=header.title, sender=establishment.name),
            message_id=message_id,
            date=stamp.at,
            archive=self._archive(cda, header, doctor, stamp),
            pdf_copies=[PdfCopy(_pdf_name(header), pdf_copy(cda, header))],
            x_mss=x_mss_headers([header], nil=self._sender.software.nil, forbids_answer=to_citizen),
            other_headers={"Reply-To": f"secretariat@{establishment.mssante_domain}"},
        )
        return Letter(message_id, self.mailbox, recipient, content)

    def _archive(self, cda: bytes, header: CdaHeader, doctor: Professional, stamp: Stamp) -> bytes:
        root = self._sender.establishment.oid
        entry = entry_from_cda(header)
        lot = SubmissionSet(
            entry_uuid="SubmissionSet01",
            unique_id=oid(stamp.stream, f"{root}.{LOT_ARC}"),
            source_id=f"{root}.{SOFTWARE_ARC}",
            patient_id=header.patient.ins,
            other_patient_id="" if header.patient.ins else entry.source_patient_id,
            content_type_code=FULL_STAY,
            submission_time=xds.write_dtm(stamp.at),
            authors=(self._sender.author_of_lots(doctor),),
            title=header.title,
        )
        if entry.patient_id is None:  # without an INS, the local number names the patient
            entry = replace(entry, other_patient_id=entry.source_patient_id)
        told = XdmSender(
            self._sender.establishment.name,
            phone=self._sender.establishment.phone,
            mailbox=self.mailbox,
            software=self._sender.software.name,
            software_version=self._sender.software.version,
        )
        return pack_xdm([(entry, cda)], lot, sender=told, at=stamp.at)

    async def send(self, letter: Letter) -> Attempt:
        """Submit a message; connections are opened when needed and dropped when they fail."""
        async with self._turn:
            try:
                connection = await self._connected()
                _, reply = await connection.sendmail(
                    letter.sender, [letter.recipient], letter.content
                )
            except aiosmtplib.SMTPRecipientsRefused as error:
                first = error.recipients[0]
                return _refused(letter, first.code, first.message)
            except aiosmtplib.SMTPResponseException as error:
                return _refused(letter, error.code, error.message)
            except (aiosmtplib.SMTPException, OSError) as error:
                self.drop()
                text = f"{type(error).__name__}: {error}"
                return _attempt(letter, Outcome.FAILED, NO_ANSWER, text)
        return _attempt(letter, Outcome.DELIVERED, "", "", reply.rpartition(" ")[2])

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._connection is None or not self._connection.is_connected:
            connection = aiosmtplib.SMTP(
                hostname=self._server.host,
                port=self._server.port,
                username=self.mailbox,
                password=self._server.password,
                start_tls=True,
                tls_context=self._server.context,
                local_hostname=self._sender.establishment.mssante_domain,
                timeout=TIMEOUT_SECONDS,
            )
            await connection.connect()
            self._connection = connection
        return self._connection

    def drop(self) -> None:
        """Forget the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None and self._connection.is_connected:
            try:
                await self._connection.quit()
            except (aiosmtplib.SMTPException, OSError):
                self.drop()


def _attempt(
    letter: Letter, outcome: Outcome, code: str, text: str, reference: str = ""
) -> Attempt:
    return Attempt(
        SMTP_DATA, outcome, code, text, reference=reference, recipient=letter.recipient
    )  # fmt: skip


def _refused(letter: Letter, status: int, text: str) -> Attempt:
    """4xx may be tried again, 5xx not."""
    outcome = Outcome.FAILED if status < 500 else Outcome.REFUSED
    return _attempt(letter, outcome, str(status), text)


def _subject(header: CdaHeader) -> str:
    patient = header.patient
    born = patient.birth_time
    told = f"{born[6:8]}/{born[4:6]}/{born[:4]}" if len(born) >= 8 else ""
    return document_subject(header.title, patient.birth_name, patient.first_given_name, told)


def _pdf_name(header: CdaHeader) -> str:
    patient = header.patient
    kind = header.code.code if header.code else "DOC"
    return pdf_file_name(
        header.effective_time[:8], kind, patient.birth_name, patient.first_given_name
    )  # fmt: skip
