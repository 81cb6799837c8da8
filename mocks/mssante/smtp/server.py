"""MSSanté mock, SMTP, server: one connection, on aiosmtpd.

aiosmtpd reads the lines; here are STARTTLS before AUTH, the DSN parameters, long lines for tokens.
Not here: what is accepted (``desk``).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as WireEnvelope

from kit.rules import Code, Malformed
from mocks.mssante import errors
from mocks.mssante.messages.addresses import read_address
from mocks.mssante.messages.envelope import (
    Recipient,
    read_mail_parameters,
    read_path,
    read_rcpt_parameters,
)
from mocks.mssante.smtp.desk import Desk

HOSTNAME = "smtp.operateur.test"
MAX_LINE = 16_384  # a token of Pro Santé Connect on one line: RFC 4954 asks for 12 288 at least
MAX_FAILED_LOGINS = 3

_OWN_REPLIES = {  # what aiosmtpd says by itself of a message, and the row it is
    "552 Error: Too much mail data": errors.TOO_LARGE,
    "500 Line too long (see RFC5321 4.5.3.1.6)": errors.LINE_TOO_LONG,
}


class Transaction(WireEnvelope):  # type: ignore[misc]
    """One mail transaction: what MAIL asked, and the recipients accepted so far."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Mapping[str, str] = {}
        self.recipients: list[Recipient] = []


class SubmissionServer(SMTP):  # type: ignore[misc]
    """One connection. aiosmtpd reads the lines; what it does not know is read here."""

    line_length_limit = MAX_LINE
    command_size_limit = MAX_LINE
    command_size_limits: ClassVar[dict[str, int]] = defaultdict(lambda: MAX_LINE)
    local_part_limit = 64

    def __init__(self, desk: Desk, tls: ssl.SSLContext) -> None:
        super().__init__(
            desk,
            data_size_limit=desk.max_message_bytes,
            hostname=HOSTNAME,
            ident="Banc MSSante",
            tls_context=tls,
            auth_required=True,
            authenticator=desk.authenticate,
            loop=asyncio.get_running_loop(),
        )
        self._desk = desk
        self._lost = asyncio.Event()
        self._failed_logins = 0
        self.failed_login: str | None = None
        self.asked: Mapping[str, str] = {}  # the DSN parameters of the command that is running

    def _create_envelope(self) -> Transaction:
        return Transaction()

    @property
    def is_secure(self) -> bool:
        return self.session is not None and self.session.ssl is not None

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._lost.set()

    async def hang_up(self) -> None:
        """End the connection and wait until the loop has let it go."""
        if self.transport is not None:
            self.transport.abort()
            await self._lost.wait()

    async def push(self, status: Any) -> None:
        """Every reply passes here; those aiosmtpd makes of a message become refusals of ours."""
        code = _OWN_REPLIES.get(status) if isinstance(status, str) else None
        if code is not None:
            status = await self._desk.refuse_data(self, code)
        if self.transport is not None and not self.transport.is_closing():
            await super().push(status)

    async def smtp_AUTH(self, arg: str) -> None:
        """AUTH: under TLS only; mechanisms in any case."""
        if not self.is_secure:
            await self.push(await self._desk.refuse(self, "AUTH", arg or "", errors.TLS_FIRST))
            return
        mechanism, _, initial = (arg or "").partition(" ")
        await super().smtp_AUTH(f"{mechanism.upper()} {initial}".strip())
        if self.failed_login is not None:
            await self._wrong_credentials(mechanism.upper(), self.failed_login)

    async def _wrong_credentials(self, mechanism: str, login: str) -> None:
        self.failed_login = None
        self._failed_logins += 1
        shown = f"{mechanism} {login}"
        await self.push(await self._desk.refuse(self, "AUTH", shown, errors.WRONG_CREDENTIALS))
        if self._failed_logins >= MAX_FAILED_LOGINS and self.transport is not None:
            await self.push("421 4.7.0 too many failed logins")
            self.transport.close()

    async def smtp_MAIL(self, arg: str | None) -> None:
        """MAIL: the parameters of DSN and SIZE are read here, the rest by aiosmtpd."""
        code = self._who_speaks()
        if code is not None:
            await self.push(await self._desk.refuse(self, "MAIL", arg or "", code))
            return
        try:
            path, rest = read_path((arg or "")[5:] if _is(arg, "FROM:") else "")
            self.asked, others = read_mail_parameters(rest)
        except Malformed as error:
            await self.push(await self._desk.malformed(self, "MAIL", arg or "", error))
            return
        size = re.search(r"(?i)\bSIZE=(\d{1,20})\b", others)
        if size and int(size[1]) > self._desk.max_message_bytes:
            await self.push(await self._desk.refuse(self, "MAIL", arg or "", errors.TOO_LARGE))
            return
        await super().smtp_MAIL(f"FROM:<{path}> {others}".strip())

    def _who_speaks(self) -> Code | None:
        if not self.is_secure:
            return errors.TLS_FIRST
        assert self.session is not None
        return None if self.session.authenticated else errors.NOT_AUTHENTICATED

    async def smtp_RCPT(self, arg: str | None) -> None:
        """RCPT: the parameters of DSN are read here."""
        try:
            path, rest = read_path((arg or "")[3:] if _is(arg, "TO:") else "")
            self.asked, others = read_rcpt_parameters(rest)
            read_address(path)
        except Malformed as error:
            await self.push(await self._desk.malformed(self, "RCPT", arg or "", error))
            return
        await super().smtp_RCPT(f"TO:<{path}> {others}".strip())


def _is(arg: str | None, word: str) -> bool:
    return (arg or "").upper().startswith(word)
