"""MSSanté mock, messages: delivery notifications (DSN, RFC 3464) as the operators send them.

Not here: why a mail is not delivered (``rules``), reading receipts (MDN): clients send those.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mocks.mssante.messages.addresses import domain_of
from mocks.mssante.messages.envelope import Envelope, Recipient, plain_line
from mocks.mssante.messages.mime import decode_words

UNDELIVERED = "Undelivered Mail Returned to Sender"  # wire contract: Mon espace santé mail §6
DELIVERED = "Successful Mail Delivery Report"
MAX_RETURNED = 64 * 1024  # octets of the original in a notification


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail for one recipient: ``failed`` or ``delivered``, and why."""

    recipient: Recipient
    action: str
    status: str  # enhanced code, RFC 3463
    why: str


def write_notification(
    envelope: Envelope, outcomes: tuple[Outcome, ...], original: bytes, *, mark: str, at: datetime
) -> bytes:
    """The notification for the sender of ``original``; outcomes share one action.

    mark: a text unique to this notification, for its identifier and boundary.
    """
    operator = domain_of(outcomes[0].recipient.address)
    boundary = f"dsn-{mark}"
    parts = (
        _text_part(outcomes),
        _status_part(envelope, outcomes, operator, at),
        _original_part(envelope, original),
    )
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    header = _header(envelope, outcomes, operator, mark, at)
    return header + body + f"--{boundary}--\r\n".encode()


def _header(
    envelope: Envelope, outcomes: tuple[Outcome, ...], operator: str, mark: str, at: datetime
) -> bytes:
    subject = UNDELIVERED if outcomes[0].action == "failed" else DELIVERED
    fields = (
        f"From: Mail Delivery System <MAILER-DAEMON@{operator}>",
        f"To: {envelope.sender}",
        f"Subject: {subject}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{mark}@{operator}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status;'
        f'\r\n boundary="dsn-{mark}"',
    )  # fmt: skip
    return "\r\n".join(fields).encode("utf-8") + b"\r\n\r\n"


def _text_part(outcomes: tuple[Outcome, ...]) -> bytes:
    failed = outcomes[0].action == "failed"
    opening = "Message non distribué :" if failed else "Message distribué :"
    lines = [opening, ""]
    lines += [f"<{item.recipient.address}>: {_line(item.why)}" for item in outcomes]
    text = "\r\n".join((*lines, ""))
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + (
        text.encode("utf-8", "replace")
    )


def _status_part(
    envelope: Envelope, outcomes: tuple[Outcome, ...], operator: str, at: datetime
) -> bytes:
    message = [f"Reporting-MTA: dns; smtp.{operator}", f"Arrival-Date: {format_datetime(at)}"]
    if envelope.envelope_id:
        message.insert(0, f"Original-Envelope-Id: {_line(envelope.envelope_id)}")
    groups = [message]
    for item in outcomes:
        basic = "550" if item.action == "failed" else "250"
        original = [f"Original-Recipient: {_line(item.recipient.original)}"]
        groups.append(
            (original if item.recipient.original else [])
            + [
                f"Final-Recipient: rfc822; {item.recipient.address}",
                f"Action: {item.action}",
                f"Status: {item.status}",
                f"Diagnostic-Code: smtp; {basic} {item.status} {_line(item.why)}",
            ]
        )
    text = "\r\n\r\n".join("\r\n".join(group) for group in groups)
    return b"Content-Type: message/delivery-status\r\n\r\n" + text.encode("ascii", "replace")


def _original_part(envelope: Envelope, original: bytes) -> bytes:
    header = original.partition(b"\r\n\r\n")[0] + b"\r\n"
    if envelope.returns == "FULL" and len(original) <= MAX_RETURNED:
        return b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + original
    return b"Content-Type: text/rfc822-headers\r\n\r\n" + header[:MAX_RETURNED]


def _line(text: str) -> str:
    """A text that fits in one line of a header."""
    return plain_line(decode_words(text))[:400]
