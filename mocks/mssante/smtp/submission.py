"""MSSanté mock, SMTP, submission: what becomes of a mail: read, check, store, answer.

The mail, its notifications and its journal line are committed together, before the 250.
Not here: sockets, the envelope's commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime

from kit.journal import Line
from kit.rules import Malformed, Refusal, Refused
from kit.service import TLS, Service
from mocks.mssante import errors, rules
from mocks.mssante.messages.addresses import is_citizen, matricule_of
from mocks.mssante.messages.envelope import Envelope, Recipient, write_refusals
from mocks.mssante.messages.mail import Mail, read_mail
from mocks.mssante.messages.mime import Part, read_parts
from mocks.mssante.messages.notifications import Outcome, write_notification
from mocks.mssante.store import MailStore, Space

DELIVERED, FAILED = "delivered", "failed"


class Submission:
    """The submission service of the operator; every method is blocking."""

    def __init__(self, service: Service, mails: MailStore, space: Space) -> None:
        self.service = service
        self.space = space
        self._mails = mails

    @contextmanager
    def line(self, transaction: str, request: bytes, account: str) -> Iterator[Line]:
        """A line of the journal for one command of ``account`` (empty before AUTH)."""
        journal = self.service.journal
        with journal.record("mssante", transaction, request, listener=TLS) as line:
            if account:
                line.facts["from"] = account
                line.finess = self.space.finess_of(account)
            yield line

    def accept(self, envelope: Envelope, raw: bytes) -> str:
        """Judge a mail and deliver it; the reply of DATA."""
        with self.line("SMTP.DATA", raw, envelope.authenticated) as line:
            try:
                mail, root = read_mail(raw)
                self._describe(line, envelope, mail)
                rules.submission.check(mail, envelope)
                self._deliver(line, envelope, mail, raw, root)
                reply = f"250 2.0.0 OK {line.id}"
            except Refused as error:
                line.refuse(error.refusals)
                reply = write_refusals(error.refusals)
            except Malformed as error:
                code = errors.MALFORMED_MESSAGE
                line.malformed(error, code.code)
                reply = write_refusals([Refusal(code, error.why, code.source, error.where)])
            line.answer = reply.encode()
        return reply

    def _describe(self, line: Line, envelope: Envelope, mail: Mail) -> None:
        """What the mail says of itself, for the journal."""
        line.stated_at = mail.date or line.stated_at
        line.software = mail.x_mss.get("NIL", "")
        line.subject = _patient(envelope, mail)
        line.type_code = next((item.type_code for item in mail.documents), "")
        line.facts |= {
            "message_id": mail.message_id,
            "from": envelope.authenticated,
            "to": [_told(item, "") for item in envelope.recipients],
            "documents": [
                {"unique_id": item.unique_id, "type_code": item.type_code}
                for item in mail.documents
            ],
            "xdm": any(archive.documents for archive in mail.archives),
            "x_mss": dict(mail.x_mss),
            "findings": [found.as_dict() for found in rules.compliance.findings(mail, envelope)],
        }

    def _deliver(self, line: Line, envelope: Envelope, mail: Mail, raw: bytes, root: Part) -> None:
        outcomes = [self._outcome(item, mail) for item in envelope.recipients]
        reached = [item.recipient.address for item in outcomes if item.action == DELIVERED]
        self._mails.deliver(raw, root, reached, trace=self._trace(envelope, line.id))
        line.facts["to"] = [
            _told(item.recipient, "delivered" if item.action == DELIVERED else "bounced")
            for item in outcomes
        ]
        for action, event in ((FAILED, "FAILURE"), (DELIVERED, "SUCCESS")):
            told = [item for item in outcomes if item.action == action]
            self._notify(
                envelope, [item for item in told if event in item.recipient.notify], raw, line.id
            )

    def _outcome(self, recipient: Recipient, mail: Mail) -> Outcome:
        """A professional's box was judged at RCPT; a citizen's operator judges the mail."""
        found = []
        if is_citizen(recipient.address):
            found = rules.citizen.findings(recipient.address, mail, self.space)
        if not found:
            return Outcome(recipient, DELIVERED, "2.0.0", "delivered to the mailbox")
        code = found[0].code
        why = f"{code.meaning}: {found[0].text}"
        return Outcome(recipient, FAILED, code.code.partition(" ")[2], why)

    def _notify(
        self, envelope: Envelope, outcomes: list[Outcome], raw: bytes, exchange: str
    ) -> None:
        """Put a notification into the sender's box; none for the null reverse-path."""
        if not outcomes or not envelope.sender:
            return
        mark = f"{exchange}.{outcomes[0].action}"
        at = self.service.clock.now()
        notification = write_notification(envelope, tuple(outcomes), raw, mark=mark, at=at)
        trace = b"Return-Path: <>\r\n"
        parts = read_parts(notification)
        self._mails.deliver(notification, parts, [envelope.sender], trace=trace)

    def _trace(self, envelope: Envelope, exchange: str) -> bytes:
        """The fields a server puts before a mail it delivers (RFC 5321 §4.4)."""
        at = format_datetime(self.service.clock.now())
        return (
            f"Return-Path: <{envelope.sender}>\r\n"
            f"Received: from {envelope.authenticated} by smtp.operateur.test"
            f" with ESMTPSA id {exchange};\r\n {at}\r\n"
        ).encode()


def _told(recipient: Recipient, status: str) -> dict[str, str]:
    kind = "citizen" if is_citizen(recipient.address) else "pro"
    told = {"address": recipient.address, "kind": kind}
    return told | {"status": status} if status else told


def _patient(envelope: Envelope, mail: Mail) -> str:
    """The one patient a mail is about: of its documents, else the citizen it is sent to."""
    patients = {item.matricule for item in mail.documents}
    if not patients:
        citizens = (matricule_of(item.address) for item in envelope.recipients)
        patients = {matricule for matricule in citizens if matricule}
    return patients.pop() if len(patients) == 1 else ""
