"""MSSanté mock, SMTP, desk: the hooks of aiosmtpd: judge, answer, journal.

Each refusal is a line of the journal, committed before its answer leaves. Not here: what becomes
of an accepted mail (``submission``).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from aiosmtpd.smtp import AuthResult

from kit.database import Unavailable
from kit.faults import CODE, CUT, DELAY, LOSE, Fault
from kit.rules import Code, Malformed, Refusal, Refused
from mocks.mssante import errors, rules
from mocks.mssante.messages.envelope import Envelope, Recipient, read_notify, write_refusals
from mocks.mssante.smtp.submission import Submission

_REPLY_CODE = re.compile(r"[45]\d\d( [45]\.\d{1,3}\.\d{1,3})?")

log = logging.getLogger("banc")


class Desk:
    """What every connection shares: the hooks of aiosmtpd, answering from ``Submission``."""

    def __init__(
        self, submission: Submission, writer: Executor, delivered: Callable[[], None]
    ) -> None:
        self._submission = submission
        self._writer = writer
        self._delivered = delivered
        self.max_message_bytes = submission.service.settings.mssante_max_message_bytes
        self._max_recipients = submission.service.settings.mssante_max_recipients

    def authenticate(self, server: Any, _: Any, __: Any, ___: str, given: Any) -> AuthResult:
        """The mailbox that the credentials open; the answer of a failure is the server's."""
        user = given.login.decode("utf-8", "replace")
        mailbox = self._submission.space.open(user, given.password.decode("utf-8", "replace"))
        if mailbox is None:
            server.failed_login = "".join(c for c in user[:254] if c.isprintable())
            return AuthResult(success=False, handled=True)
        return AuthResult(success=True, auth_data=mailbox.address)

    async def handle_EHLO(
        self,
        _: Any,
        session: Any,
        __: Any,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """EHLO: what aiosmtpd offers, and DSN."""
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_MAIL(
        self,
        server: Any,
        session: Any,
        envelope: Any,
        address: str,
        options: list[str],
    ) -> str:
        """MAIL FROM: the authenticated mailbox, or nobody (a receipt)."""
        request = f"MAIL FROM:{address}"
        disturbed = await self._disturb(server, "SMTP.MAIL", request.encode())
        if disturbed:
            return disturbed
        sender = "" if address == "<>" else address.lower()
        try:
            rules.sender.check(sender, session.auth_data)
        except Refused as error:
            return await self._refuse(server, "SMTP.MAIL", request, error.refusals)
        envelope.mail_from = sender or "<>"
        envelope.mail_options.extend(options)
        envelope.asked = server.asked
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self,
        server: Any,
        _: Any,
        envelope: Any,
        address: str,
        _options: list[str],
    ) -> str:
        """RCPT TO: a mailbox of the trust space."""
        request = f"RCPT TO:<{address}>"
        disturbed = await self._disturb(server, "SMTP.RCPT", request.encode())
        if disturbed:
            return disturbed
        if len(envelope.recipients) >= self._max_recipients:
            return await self.refuse(server, "RCPT", request[8:], errors.TOO_MANY_RECIPIENTS)
        recipient = address.lower()
        try:
            rules.recipient.check(recipient, self._submission.space)
        except Refused as error:
            return await self._refuse(server, "SMTP.RCPT", request, error.refusals)
        envelope.rcpt_tos.append(recipient)
        notify, original = read_notify(server.asked), server.asked.get("ORCPT", "")
        envelope.recipients.append(Recipient(recipient, notify, original))
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """DATA: the mail is judged, delivered and journalled before this answers."""
        raw = bytes(envelope.original_content)
        fault = self._submission.service.faults.draw("SMTP.DATA", raw)
        disturbed = await self._apply(server, "SMTP.DATA", raw, fault)
        if disturbed:
            return disturbed
        asked = envelope.asked
        read = Envelope(
            sender="" if envelope.mail_from == "<>" else str(envelope.mail_from),
            recipients=tuple(envelope.recipients),
            returns=asked.get("RET", "HDRS").upper(),
            envelope_id=asked.get("ENVID", ""),
            authenticated=session.auth_data,
        )
        reply: str = await self._work(lambda: self._submission.accept(read, raw))
        self._delivered()
        if fault is not None and fault.effect == LOSE and server.transport is not None:
            server.transport.abort()
        return reply

    async def handle_exception(self, error: Exception) -> str:
        """Anything else is our bug; the line is in the journal when a transaction was running."""
        if isinstance(error, Unavailable):  # nothing was kept: the client comes again
            return f"{errors.BUSY.code} {errors.BUSY.meaning}"
        log.exception("banc bug", exc_info=error)
        return "451 4.3.0 banc bug: this is our mistake, the server log has the trace"

    async def refuse(self, server: Any, verb: str, arg: str, code: Code) -> str:
        """A refusal that needs no rule book: the row itself is the rule."""
        request = f"{verb} {_without_secret(verb, arg)}"
        refusal = Refusal(
            code, code.meaning, code.source, _account(server), verb, home=errors.__package__
        )
        return await self._refuse(server, f"SMTP.{verb}", request, (refusal,))

    async def refuse_data(self, server: Any, code: Code) -> str:
        """A message aiosmtpd gave up reading."""
        return await self.refuse(server, "DATA", "", code)

    async def malformed(self, server: Any, verb: str, arg: str, error: Malformed) -> str:
        """An argument that cannot be read."""
        code = errors.BAD_ADDRESS if error.where in ("address", "path") else errors.BAD_PARAMETER
        request = f"{verb} {arg[:1000]}"
        refusal = Refusal(code, error.why, code.source, arg[:80], error.where)
        reply = write_refusals((refusal,))

        def note() -> None:
            with self._submission.line(f"SMTP.{verb}", request.encode(), _account(server)) as line:
                line.malformed(error, code.code)
                line.answer = reply.encode()

        await self._work(note)
        return reply

    async def _refuse(
        self,
        server: Any,
        transaction: str,
        request: str,
        refusals: tuple[Refusal, ...],
    ) -> str:
        reply = write_refusals(refusals)
        is_unknown = refusals[0].code in _WHO

        def note() -> None:
            with self._submission.line(transaction, request.encode(), _account(server)) as line:
                if is_unknown:
                    line.unauthorized(refusals[0].code.code, refusals[0].rule, refusals)
                else:
                    line.refuse(refusals)
                line.answer = reply.encode()

        await self._work(note)
        return reply

    async def _disturb(self, server: Any, transaction: str, request: bytes) -> str | None:
        fault = self._submission.service.faults.draw(transaction, request)
        return await self._apply(server, transaction, request, fault)

    async def _apply(
        self, server: Any, transaction: str, request: bytes, fault: Fault | None
    ) -> str | None:
        """An armed fault fires: the reply it forces, if any."""
        if fault is None or fault.effect == LOSE:
            return None
        if fault.effect == DELAY:
            await asyncio.sleep(int(fault.value) / 1000)
            return None
        value = fault.value if fault.effect == CODE else CUT
        reply = f"{value if _REPLY_CODE.fullmatch(value) else '451 4.3.0'} injected fault"

        def note() -> None:
            with self._submission.line(transaction, request, _account(server)) as line:
                line.injected(value)
                line.answer = b"" if fault.effect == CUT else reply.encode()

        await self._work(note)
        if fault.effect == CUT and server.transport is not None:
            server.transport.abort()
        return reply

    async def _work(self, job: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._writer, job)


_WHO = (errors.TLS_FIRST, errors.NOT_AUTHENTICATED, errors.WRONG_CREDENTIALS)


def _account(server: Any) -> str:
    session = server.session
    return str(session.auth_data) if session is not None and session.authenticated else ""


def _without_secret(verb: str, arg: str) -> str:
    """AUTH as the journal may keep it: the mechanism and the user, no response."""
    words = arg.split(" ")[: 2 if verb != "AUTH" or "@" in arg else 1]
    return " ".join(words)[:300]
