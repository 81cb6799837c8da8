"""Simulator, gateway, receipts: notifications that come back to the applicative mailbox.

A DSN (RFC 3464) makes a Z02, an MDN (RFC 8098) a Z03. The mailbox is read over IMAP without
changing anything in it. Not here: mails of correspondents to this hospital.
"""

from __future__ import annotations

import asyncio
import imaplib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Any

from kit.database import Unavailable
from kit.pki import TestPki
from kit.service import Service
from kit.world import Establishment, World
from mocks.mssante.messages.mailboxes import application_mailbox
from simulator.gateway import business
from simulator.gateway.messages import (
    MSS_READING,
    MSS_RECEPTION,
    Transmission,
    failure,
    read_transmission,
)
from simulator.gateway.plan import establishment_of
from simulator.gateway.rounds import Rounds
from simulator.gateway.store import Held, Kind, Outbox, State, Task, Wanted

log = logging.getLogger("banc")
WATCHED = 500  # mails, the newest
LARGEST = 256 * 1024  # octets of a notification that are read
LOCAL = "L"
SECONDS = 10.0
LONGEST_PAUSE, TICK = 600.0, 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a notification says of a mail to one recipient. code: why not, "" when it is well."""

    about: str
    recipient: str
    is_reading: bool
    code: str = ""
    text: str = ""


def read_receipts(content: bytes) -> tuple[Receipt, ...]:
    """The receipts of a message; () when it is no notification."""
    message = message_from_bytes(content)
    if message.get_content_type() != "multipart/report":
        return ()
    parts = list(message.walk())[:50]
    return tuple(_delivery(parts)) or tuple(_reading(parts))


def _delivery(parts: list[Message]) -> Iterator[Receipt]:
    about = _original(parts)
    for part in parts:
        if part.get_content_type() != "message/delivery-status":
            continue
        groups: Any = part.get_payload() if part.is_multipart() else []
        for group in groups[1:]:  # the first is about the message
            action = str(group.get("Action", "")).strip().lower()
            recipient = _address(group.get("Final-Recipient", ""))
            told = _address(group.get("Diagnostic-Code", ""))
            if action == "failed":
                yield Receipt(about, recipient, False, told[:3] or "550", told[4:] or "failed")
            elif action in ("delivered", "relayed"):
                yield Receipt(about, recipient, False)


def _reading(parts: list[Message]) -> Iterator[Receipt]:
    for part in parts:
        if part.get_content_type() != "message/disposition-notification":
            continue
        fields: Any = part.get_payload(0) if part.is_multipart() else part
        told = str(fields.get("Disposition", ""))
        about = str(fields.get("Original-Message-ID", "")).strip()
        recipient = _address(fields.get("Original-Recipient") or fields.get("Final-Recipient", ""))
        found = re.search(r"(?i)/error:?\s*(\d{3})?\^?([^;]*)", told)
        code, text = (found[1] or "906", found[2].strip() or told) if found else ("", "")
        yield Receipt(about, recipient, True, code, text)


def _original(parts: list[Message]) -> str:
    """The Message-ID of the mail a DSN is about."""
    for part in parts:
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            octets = part.get_payload(decode=True)
            inner = message_from_bytes(octets if isinstance(octets, bytes) else b"")
            return str(inner.get("Message-ID", "")).strip()
        if kind == "message/rfc822" and part.is_multipart():
            inner = part.get_payload(0)  # type: ignore[assignment]
            return str(inner.get("Message-ID", "")).strip()
    return ""


def _address(field: Any) -> str:
    """What follows the type of ``rfc822; address``."""
    return str(field).partition(";")[2].strip().strip("<>").lower()


class Receipts:
    """Looks into the mailboxes for as long as mails are awaited."""

    def __init__(self, service: Service, outbox: Outbox, rounds: Rounds, world: World) -> None:
        self._service = service
        self._outbox = outbox
        self._rounds = rounds
        self._world = world
        self._seen: dict[str, int] = {}
        self._looked_at = float("-inf")

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except (Unavailable, OSError, imaplib.IMAP4.error) as error:
                log.warning("receipts wait: %s", error)
            except Exception:
                log.exception("banc bug")
            await asyncio.sleep(self._service.settings.gateway_receipt_seconds)

    async def look(self) -> None:
        """One look into each mailbox from which an awaited mail left; rarer as they grow old."""
        places = await self._rounds.work(self._places)
        if places:
            self._looked_at = self._service.clock.monotonic()
        for place in places:
            for content in await asyncio.to_thread(self._new_mails, application_mailbox(place)):
                for receipt in read_receipts(content):
                    await self._rounds.work(self._note, receipt)
        if places:
            self._rounds.nudge()

    def _places(self) -> tuple[Establishment, ...]:
        found: dict[str, Establishment] = {}
        awaited = [item for item in self._outbox.mails(WATCHED) if item.state is State.AWAITED]
        if not awaited or not self._is_time(awaited):
            return ()
        own = self._service.settings.gateway_finess
        for key in dict.fromkeys(task.message_key for task in awaited):
            held = self._outbox.message(key)
            if held is not None:
                place = establishment_of(read_transmission(held.content), self._world, own)
                found[place.finess_ej] = place
        return tuple(found.values())

    def _is_time(self, awaited: list[Task]) -> bool:
        """Whether the pause is over: a quarter of the age of the newest mail, with bounds."""
        clock, shortest = self._service.clock, self._service.settings.gateway_receipt_seconds
        age = (clock.wall() - max(task.due_at for task in awaited)).total_seconds()
        pause = min(max(shortest, age / 4), LONGEST_PAUSE)
        return clock.monotonic() - self._looked_at >= pause - TICK

    def _note(self, receipt: Receipt) -> None:
        """Keep the ZAM that a receipt leads to, once."""
        mail = self._outbox.by_reference(receipt.about, receipt.recipient)
        held = self._outbox.message(mail.message_key) if mail else None
        if mail is None or held is None or mail.kind is not Kind.MAIL:
            return
        sent, siblings = read_transmission(held.content), self._outbox.tasks_of(held.key)
        known = {task.target for task in siblings if task.kind is Kind.ZAM}
        wanted = self._wanted(receipt, held, sent, mail, len(siblings))
        with self._service.database.scope() as scope:
            if wanted is not None and wanted.target not in known:
                self._outbox.add(held.key, [wanted], self._service.clock.wall())
                known.add(wanted.target)
            if _is_complete(sent, mail, known, receipt):
                self._outbox.settle(
                    mail, State.DONE, code=receipt.code, text=receipt.text, reference=receipt.about
                )  # fmt: skip
            scope.commit()

    def _wanted(
        self, receipt: Receipt, held: Held, sent: Transmission, mail: Task, number: int
    ) -> Wanted | None:
        now = self._service.clock.now()
        if receipt.is_reading:
            if not sent.says("ACK_LECTURE_MSS"):
                return None
            problem = failure(receipt.code, receipt.text, LOCAL) if receipt.code else None
            return business.read(held, sent, mail, now, number, problem)
        if not sent.says("ACK_RECEPTION"):
            return None
        if receipt.code:
            code, text = receipt.code, receipt.text
            return business.undelivered(held, sent, mail, now, number, code, text)
        return business.delivered(held, sent, mail, now, number)

    def _new_mails(self, mailbox: str) -> list[bytes]:
        """Messages that came since the last look, small ones whole."""
        settings = self._service.settings
        context = TestPki.open(settings.data_dir / "pki", settings).client_context()
        after = self._seen.get(mailbox, 0)
        with imaplib.IMAP4(settings.reach("mssante"), settings.imap_port, SECONDS) as imap:
            imap.starttls(context)
            imap.login(mailbox, settings.mssante_password)
            imap.select("INBOX", readonly=True)
            _, found = imap.uid("SEARCH", f"UID {after + 1}:*")
            numbers = sorted(int(uid) for uid in (found[0] or b"").split() if int(uid) > after)
            mails = [_fetched(imap, uid) for uid in numbers]
        self._seen[mailbox] = max([after, *numbers])
        return mails


def _fetched(imap: imaplib.IMAP4, uid: int) -> bytes:
    _, found = imap.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LARGEST}>)")
    return next((item[1] for item in found if isinstance(item, tuple)), b"")


def _is_complete(sent: Transmission, mail: Task, known: set[str], receipt: Receipt) -> bool:
    """Whether nothing more is awaited for a mail; one that failed is not read."""
    if receipt.code and not receipt.is_reading:
        return True
    wanted = {"ACK_RECEPTION": MSS_RECEPTION, "ACK_LECTURE_MSS": MSS_READING}
    names = (business.name_of(zam, mail.target) for code, zam in wanted.items() if sent.says(code))
    return all(name in known for name in names)
