"""Simulator, delivery, MSSanté: a document mailed from an applicative box, as IHE_XDM.zip.

One connection an establishment, kept: STARTTLS, then the mailbox and its password. asyncio sends
small segments at once (TCP_NODELAY). Not here: who receives (posting), reading mail.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Sequence
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
from kit.xds.metadata import Coded, DocumentEntry, SubmissionSet
from kit.xds.tables import CONTENT_TYPE_SYSTEM
from mocks.mssante.messages.mailboxes import application_mailbox
from simulator.delivery import Attempt, Outcome, Stamp
from simulator.delivery.patience import patiently
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


NOTIFY = "NOTIFY=SUCCESS,FAILURE"  # RFC 3461


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to send: the same bytes however often it is sent."""

    message_id: str
    sender: str
    recipient: str
    content: bytes
    notifies: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """What who asks for a letter may choose; by default what a hospital does by itself.

    forbids_answer: None forbids it to citizens. mention: before the label of the subject.
    visibility: codes added to the confidentiality of the documents.
    """

    body: str = ""
    reply_to: str = ""
    forbids_answer: bool | None = None
    mention: str = ""
    visibility: tuple[str, ...] = ()
    asks_for_delivery: bool = False
    asks_for_reading: bool = False


USUAL = Wishes()


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where the submission port is, and what opens a mailbox."""

    host: str
    port: int
    password: str
    context: ssl.SSLContext
    patience: float = 0.0  # seconds to wait for a port that refuses the connection


class MailClient:
    """The submission port as one establishment uses it."""

    def __init__(self, sender: Sender, server: MailServer) -> None:
        self._sender = sender
        self._server = server
        self._connection: aiosmtplib.SMTP | None = None
        self._turn = asyncio.Lock()
        self.mailbox = application_mailbox(sender.establishment)

    def letter(
        self,
        cda: bytes,
        doctor: Professional,
        recipient: str,
        stamp: Stamp,
        *,
        wishes: Wishes = USUAL,
        others: Sequence[bytes] = (),
    ) -> Letter:
        """The message that carries a document; to a citizen, without an answer.

        others: more documents about the same patient.
        """
        cdas = (cda, *others)
        headers = [read_header(item) for item in cdas]
        establishment = self._sender.establishment
        message_id = f"<{uuid(stamp.stream)}@{establishment.mssante_domain}>"
        forbids = wishes.forbids_answer
        if forbids is None:
            forbids = recipient.endswith("@patient.mssante.fr")
        usual = BODY.format(title=headers[0].title, sender=establishment.name)
        copies = [
            PdfCopy(_pdf_name(header, str(rank) if others else ""), pdf_copy(item, header))
            for rank, (item, header) in enumerate(zip(cdas, headers, strict=True), start=1)
        ]
        content = build_document_message(
            Mailbox(self.mailbox, establishment.name),
            [Mailbox(recipient)],
            subject=_subject(headers[0], wishes.mention),
            body=wishes.body or usual,
            message_id=message_id,
            date=stamp.at,
            archive=self._archive(cdas, headers, doctor, stamp, wishes.visibility),
            pdf_copies=copies,
            x_mss=x_mss_headers(headers, nil=self._sender.software.nil, forbids_answer=forbids),
            other_headers=dict(self._other_headers(wishes)),
        )
        return Letter(message_id, self.mailbox, recipient, content, wishes.asks_for_delivery)

    def _other_headers(self, wishes: Wishes) -> Iterator[tuple[str, str]]:
        domain = self._sender.establishment.mssante_domain
        yield "Reply-To", wishes.reply_to or f"secretariat@{domain}"
        if wishes.asks_for_reading:
            yield "Disposition-Notification-To", self.mailbox

    def _archive(
        self,
        cdas: Sequence[bytes],
        headers: Sequence[CdaHeader],
        doctor: Professional,
        stamp: Stamp,
        visibility: tuple[str, ...],
    ) -> bytes:
        root, header = self._sender.establishment.oid, headers[0]
        entries = [
            _entry(item, number, visibility) for number, item in enumerate(headers, start=1)
        ]  # fmt: skip
        lot = SubmissionSet(
            entry_uuid="SubmissionSet01",
            unique_id=oid(stamp.stream, f"{root}.{LOT_ARC}"),
            source_id=f"{root}.{SOFTWARE_ARC}",
            patient_id=header.patient.ins,
            other_patient_id="" if header.patient.ins else entries[0].source_patient_id,
            content_type_code=FULL_STAY,
            submission_time=xds.write_dtm(stamp.at),
            authors=(self._sender.author_of_lots(doctor),),
            title=header.title,
        )
        told = XdmSender(
            self._sender.establishment.name,
            phone=self._sender.establishment.phone,
            mailbox=self.mailbox,
            software=self._sender.software.name,
            software_version=self._sender.software.version,
        )
        return pack_xdm(list(zip(entries, cdas, strict=True)), lot, sender=told, at=stamp.at)

    async def send(self, letter: Letter) -> Attempt:
        """Submit a message; connections are opened when needed and dropped when they fail."""
        async with self._turn:
            try:
                connection = await self._connected()
                _, reply = await connection.sendmail(
                    letter.sender, [letter.recipient], letter.content,
                    rcpt_options=[NOTIFY] if letter.notifies else None,
                )  # fmt: skip
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
            await patiently(
                connection.connect,
                over=(aiosmtplib.SMTPConnectError,),
                seconds=self._server.patience,
            )
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


def _entry(header: CdaHeader, number: int, visibility: tuple[str, ...]) -> DocumentEntry:
    """The metadata of a document of the archive."""
    entry = entry_from_cda(header, entry_uuid=f"Document{number:02d}", visibility=visibility)
    if entry.patient_id is None:  # without an INS, the local number names the patient
        return replace(entry, other_patient_id=entry.source_patient_id)
    return entry


def _subject(header: CdaHeader, mention: str = "") -> str:
    patient = header.patient
    born = patient.birth_time
    told = f"{born[6:8]}/{born[4:6]}/{born[:4]}" if len(born) >= 8 else ""
    label = f"{mention} {header.title}".strip()
    return document_subject(label, patient.birth_name, patient.first_given_name, told)


def _pdf_name(header: CdaHeader, rank: str = "") -> str:
    """rank: of one copy among several."""
    patient = header.patient
    kind = header.code.code if header.code else "DOC"
    return pdf_file_name(
        header.effective_time[:8], kind, patient.birth_name, patient.first_given_name, rank
    )
