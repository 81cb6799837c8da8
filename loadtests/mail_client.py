"""Load tests, mail client: SMTP submission and IMAP reading that fire Locust's ``request`` event.

smtplib and imaplib under gevent's patched sockets; a connection is kept and made again after an
error. A request bears the name of the journal line it makes. Not here: who mails what.
"""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, TypeVar

from kit.settings import Settings
from loadtests.mails import Mail

TIMEOUT_SECONDS = 30.0
Fire = Callable[..., Any]
Result = TypeVar("Result")


class Refused(Exception):
    """The server answered NO, or not what was expected."""


class MailClient:
    """The mail program of one user."""

    def __init__(self, settings: Settings, host: str, tls: ssl.SSLContext, fire: Fire) -> None:
        self._settings = settings
        self._host = host
        self._tls = tls
        self._fire = fire
        self._smtp: smtplib.SMTP | None = None
        self._imap: imaplib.IMAP4 | None = None

    def submit(self, mail: Mail) -> bool:
        """Submit a mail; whether it was accepted."""

        def send() -> int:
            smtp = self._submission(mail.sender)
            smtp.sendmail(mail.sender, [mail.recipient], mail.content)
            return len(mail.content)

        return self._told("SMTP", "mssante SMTP.DATA", send) is not None

    def read_newest(self, address: str) -> None:
        """Open a mailbox and read its newest mail, if it has one."""
        if self._imap is None:
            self._told("IMAP", "mssante IMAP.LOGIN", self._login(address))
            if self._imap is not None:
                self._told("IMAP", "mssante IMAP.SELECT", self._select)
        if self._imap is not None:
            self._told("IMAP", "mssante IMAP.FETCH", self._fetch_newest)

    def close(self) -> None:
        """Hang up."""
        for connection in (self._smtp, self._imap):
            if connection is not None and connection.sock is not None:
                connection.sock.close()
        self._smtp = self._imap = None

    def _submission(self, address: str) -> smtplib.SMTP:
        if self._smtp is None:
            port = self._settings.submission_port
            smtp = smtplib.SMTP(self._host, port, timeout=TIMEOUT_SECONDS)
            _no_delay(smtp.sock)
            smtp.starttls(context=self._tls)
            smtp.login(address, self._settings.mssante_password)
            self._smtp = smtp
        return self._smtp

    def _login(self, address: str) -> Callable[[], int]:
        def login() -> int:
            imap = imaplib.IMAP4(self._host, self._settings.imap_port, timeout=TIMEOUT_SECONDS)
            _no_delay(imap.sock)
            imap.starttls(self._tls)
            imap.login(address, self._settings.mssante_password)
            self._imap = imap
            return 1

        return login

    def _select(self) -> int:
        assert self._imap is not None
        status, answer = self._imap.select("INBOX")
        _good(status, answer)
        return 1

    def _fetch_newest(self) -> int:
        assert self._imap is not None
        status, answer = self._imap.fetch("*", "(BODY.PEEK[])")
        _good(status, answer)
        if not isinstance(answer[0], tuple):
            raise Refused(f"no message in the answer: {answer!r:.80}")
        return len(answer[0][1])

    def _told(self, kind: str, name: str, job: Callable[[], Result]) -> Result | None:
        """Do ``job`` as one request told to Locust; None when it failed."""
        began, failure, result = time.perf_counter(), None, None
        try:
            result = job()
        except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, Refused) as error:
            failure = error
            self.close()
        self._fire(
            request_type=kind,
            name=name,
            response_time=(time.perf_counter() - began) * 1000,
            response_length=result if isinstance(result, int) else 0,
            exception=failure,
            context={},
        )
        return result


def _no_delay(held: socket.socket | None) -> None:
    """Without this each small line of the dialogue waits for the other side's delayed ACK."""
    assert held is not None
    held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _good(status: str, answer: object) -> None:
    if status != "OK":
        raise Refused(f"{status} {answer!r:.120}")
