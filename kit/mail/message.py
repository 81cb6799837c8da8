"""Kit, mail, message: the MIME of a message that carries documents, built and read.

Building gives the same bytes for the same arguments (boundaries follow from the Message-ID).
Reading is bounded and never refuses what a mail server would let through: a bad archive, a
repeated or unsafe header are told (``xdm_problem``, ``defects``), rules judge. Not here: SMTP.
Sources: RFC 5322, 2045, 2047; Référentiel #2 MSSanté, ECO.2.1, ECO.2.2, ECO.2.4.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import SMTP, default
from email.utils import format_datetime, getaddresses, parsedate_to_datetime

from kit.cda import CdaHeader, has_qualified_ins
from kit.mail.xdm import XdmArchive, XdmLimits, unpack_xdm
from kit.rules import Malformed

XDM_FILE_NAME = "IHE_XDM.zip"
SUBJECT_PREFIX = "XDM/1.0/DDM+"  # ECO.2.1.3
MAX_MESSAGE_BYTES = 50 * 1024 * 1024
MAX_PARTS = 100
MAX_DEPTH = 10
_SINGLE_HEADERS = (  # RFC 5322 3.6, and the X-MSS headers of ECO.2.4
    "from", "sender", "reply-to", "to", "cc", "message-id", "in-reply-to", "references",
    "subject", "date", "x-mss-codecda", "x-mss-ins", "x-mss-nil", "x-mss-mes",
)  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address and the name shown with it."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PdfCopy:
    """The PDF copy of a document, for readers who cannot open the archive (ECO.2.1.5)."""

    file_name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailPart:
    """A leaf of the MIME tree, decoded."""

    content_type: str
    file_name: str
    disposition: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailMessage:
    """A message as read; headers in order of appearance, decoded, X-MSS ones in ``x_mss``."""

    headers: tuple[tuple[str, str], ...]
    sender: Mailbox | None
    recipients: tuple[Mailbox, ...]
    reply_to: Mailbox | None
    subject: str
    message_id: str
    date: datetime | None
    x_mss: Mapping[str, str]
    body: str
    parts: tuple[MailPart, ...]
    xdm: XdmArchive | None = None
    xdm_problem: Malformed | None = None
    defects: tuple[str, ...] = field(default=())

    def header(self, name: str) -> str:
        """The first value of a header, "" when it is absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


def document_subject(label: str, family: str, given: str, born_on: str = "") -> str:
    """``XDM/1.0/DDM+<label> <NOM> <prénom> <date>``; only the date, DD/MM/YYYY, may be absent."""
    return SUBJECT_PREFIX + " ".join(part for part in (label, family, given, born_on) if part)


def visible_subject(subject: str) -> str:
    """The subject as a list of messages shows it, without the prefix (SC.MSS/UX.28)."""
    return subject.removeprefix(SUBJECT_PREFIX)


def pdf_file_name(act_on: str, kind: str, family: str, given: str, record: str = "") -> str:
    """``<date>_<type>_<NOM>_<prenom>_<dossier>.pdf`` in plain letters (ECO.2.1.6)."""
    parts = (_plain(part) for part in (act_on, kind, family, given, record))
    return "_".join(part for part in parts if part) + ".pdf"


def x_mss_headers(
    cdas: Sequence[CdaHeader], *, nil: str, forbids_answer: bool = False
) -> dict[str, str]:
    """The X-MSS headers of a message with these documents (ECO.2.4.1 to 3, ECO.2.2.8)."""
    headers = {"X-MSS-NIL": nil} if nil else {}
    if cdas:
        headers["X-MSS-CODECDA"] = ",".join(cda.code.code for cda in cdas if cda.code)
        headers["X-MSS-INS"] = "O" if any(map(has_qualified_ins, cdas)) else "N"
    if forbids_answer:
        headers["X-MSS-MES"] = "FIN"
    return headers


def build_document_message(
    sender: Mailbox,
    recipients: Sequence[Mailbox],
    *,
    subject: str,
    body: str,
    message_id: str,
    date: datetime,
    archive: bytes | None = None,
    pdf_copies: Sequence[PdfCopy] = (),
    x_mss: Mapping[str, str] | None = None,
    other_headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a message, CRLF line ends, ready for DATA.

    message_id: with its angle brackets. other_headers: Reply-To, References,
    Disposition-Notification-To and the like. Raises Malformed when a header holds a line break.
    """
    headers = {
        "From": _written(sender),
        "To": ", ".join(map(_written, recipients)),
        "Message-ID": message_id,
        "Date": format_datetime(date),
        "Subject": subject,
        **(other_headers or {}),
        **(x_mss or {}),
    }
    message = EmailMessage(SMTP)
    for name, value in headers.items():
        _no_line_break(name, value)
        message[name] = value
    message.set_content(body, cte="quoted-printable")
    for content, subtype, file_name in _attachments(archive, pdf_copies):
        params = {"name": file_name}
        message.add_attachment(content, "application", subtype, filename=file_name, params=params)
    _settle_boundary(message, message_id)
    return message.as_bytes()


def read_message(data: bytes, xdm_limits: XdmLimits | None = None) -> MailMessage:
    """Read a message from outside.

    Raises Malformed when it is larger, has more parts or is nested deeper than we read.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise Malformed("message", f"{len(data)} bytes, at most {MAX_MESSAGE_BYTES} are read")
    containers = re.findall(rb"(?i)boundary\s*=|content-type:\s*message/", data)
    if len(containers) > MAX_PARTS:
        raise Malformed("message", f"more than {MAX_PARTS} containers of parts")
    message = BytesParser(policy=default).parsebytes(data)
    if not isinstance(message, EmailMessage):  # pragma: no cover - the policy decides
        raise Malformed("message", "not a mail message")
    leaves = tuple(_leaves(message, 0))
    if len(leaves) > MAX_PARTS:
        raise Malformed("message", f"{len(leaves)} parts, at most {MAX_PARTS} are read")
    return _message(message, tuple(map(_part, leaves)), xdm_limits)


def _message(
    message: EmailMessage, parts: tuple[MailPart, ...], xdm_limits: XdmLimits | None
) -> MailMessage:
    headers = tuple(_headers(message))
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)
    archive, problem = _archive(parts, xdm_limits)
    return MailMessage(
        headers=headers,
        sender=_first_mailbox(first.get("from", "")),
        recipients=_mailboxes(first.get("to", ""), first.get("cc", "")),
        reply_to=_first_mailbox(first.get("reply-to", "")),
        subject=first.get("subject", ""),
        message_id=first.get("message-id", ""),
        date=_date(first.get("date", "")),
        x_mss={name: value for name, value in headers if name.lower().startswith("x-mss-")},
        body=_body(parts),
        parts=parts,
        xdm=archive,
        xdm_problem=problem,
        defects=tuple(_defects(message, headers)),
    )


def _headers(message: EmailMessage) -> Iterator[tuple[str, str]]:
    """Names and decoded values; a value the library cannot read is kept as it came."""
    for name, raw in message.raw_items():
        try:
            value = str(default.header_fetch_parse(name, raw)).strip()  # folded after the colon
        except Exception:  # noqa: BLE001 - the parser of the library fails on hostile headers
            value = str(raw)
        yield name, value


def _defects(message: EmailMessage, headers: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What is wrong with the message as mail: repeated or unsafe headers, broken MIME."""
    names = [name.lower() for name, _ in headers]
    for name in _SINGLE_HEADERS:
        if names.count(name) > 1:
            yield f"{name}: given {names.count(name)} times"
    for name, value in headers:
        if _CONTROL.search(value):
            yield f"{name.lower()}: holds a control character"
    for part in message.walk():
        for defect in part.defects:
            yield f"{part.get_content_type()}: {type(defect).__name__}"


def _leaves(part: EmailMessage | MIMEPart, depth: int) -> Iterator[MIMEPart]:
    if depth > MAX_DEPTH:
        raise Malformed("message", f"parts nested deeper than {MAX_DEPTH}")
    if not part.is_multipart():
        yield part
        return
    for child in part.get_payload():
        yield from _leaves(child, depth + 1)  # type: ignore[arg-type]


def _part(leaf: MIMEPart) -> MailPart:
    content = leaf.get_payload(decode=True)
    return MailPart(
        content_type=leaf.get_content_type(),
        file_name=leaf.get_filename() or "",
        disposition=leaf.get_content_disposition() or "",
        content=content if isinstance(content, bytes) else b"",
    )


def _archive(
    parts: Iterable[MailPart], limits: XdmLimits | None
) -> tuple[XdmArchive | None, Malformed | None]:
    """The archive is known by its name, in any case; other zip files are plain attachments."""
    for part in parts:
        if part.file_name.upper() == XDM_FILE_NAME.upper():
            try:
                return unpack_xdm(part.content, limits), None
            except Malformed as problem:
                return None, problem
    return None, None


def _body(parts: Iterable[MailPart]) -> str:
    text = (part for part in parts if part.content_type == "text/plain")
    found = next((part for part in text if part.disposition != "attachment"), None)
    return found.content.decode("utf-8", errors="replace") if found else ""


def _mailboxes(*values: str) -> tuple[Mailbox, ...]:
    pairs = getaddresses([value for value in values if value])
    return tuple(Mailbox(address, name) for name, address in pairs if address)


def _first_mailbox(value: str) -> Mailbox | None:
    return next(iter(_mailboxes(value)), None)


def _date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value) if value else None
    except ValueError:
        return None


def _attachments(
    archive: bytes | None, pdf_copies: Sequence[PdfCopy]
) -> Iterator[tuple[bytes, str, str]]:
    if archive is not None:
        yield archive, "zip", XDM_FILE_NAME
    for copy in pdf_copies:
        yield copy.content, "pdf", copy.file_name


def _written(mailbox: Mailbox) -> str:
    _no_line_break("address", mailbox.address + mailbox.name)
    return str(Address(display_name=mailbox.name, addr_spec=mailbox.address))


def _no_line_break(name: str, value: str) -> None:
    if _CONTROL.search(name + value):
        raise Malformed(name, "a header holds no control character")


def _settle_boundary(message: EmailMessage, message_id: str) -> None:
    """The library draws boundaries at random; ours follows from the Message-ID."""
    if message.is_multipart():
        message.set_boundary("banc-" + hashlib.sha256(message_id.encode()).hexdigest()[:40])


def _plain(text: str) -> str:
    """Letters without accents, digits and hyphens."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9-]+", "-", letters).strip("-")
