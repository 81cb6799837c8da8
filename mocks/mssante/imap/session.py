"""MSSanté mock, IMAP, session: what the commands of one connection share, and how they answer.

``Desk`` is what all connections share; ``Session`` is one. Not here: any command.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

from kit.clock import Clock
from kit.faults import CODE, CUT, DELAY, LOSE
from kit.journal import Line
from kit.rules import Code, Malformed, Refusal
from kit.service import PLAIN, TLS, Service
from mocks.mssante import errors
from mocks.mssante.imap.selected import Selected, look
from mocks.mssante.imap.watcher import Watcher
from mocks.mssante.imap.wire import Closed, Wire
from mocks.mssante.messages.commands import Command
from mocks.mssante.messages.mailboxes import Mailbox, MailboxKind
from mocks.mssante.store import FolderStore, MailStore, Space

IDLE_SECONDS = 30 * 60  # RFC 3501 §5.4: at least 30 minutes

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every connection of the process shares."""

    service: Service
    mails: MailStore
    space: Space
    watcher: Watcher
    readers: Executor
    writer: Executor
    tls: ssl.SSLContext

    @property
    def clock(self) -> Clock:
        return self.service.clock


@dataclass(frozen=True, slots=True)
class Done:
    """A command is done: status (OK or NO), response code, text."""

    text: str
    code: str = ""
    status: str = "OK"
    closes: bool = False


class No(Exception):
    """A command cannot be done (NO)."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    def as_refusal(self, command: Command) -> Refusal:
        """The journal's form."""
        return Refusal(
            self.code, self.text, self.code.source, command.name, home=errors.__package__
        )


class Session:
    """One connection: who is logged in, which folder is open."""

    def __init__(self, desk: Desk, wire: Wire) -> None:
        self.desk = desk
        self.wire = wire
        self.mailbox: Mailbox | None = None
        self.selected: Selected | None = None
        self.loses_answer = False

    @property
    def folders(self) -> FolderStore:
        """The folders of the open mailbox."""
        assert self.mailbox is not None
        return FolderStore(self.desk.service.database, self.desk.clock, self.mailbox.address)

    async def untagged(self, *lines: bytes) -> None:
        """Send untagged answers."""
        if lines:
            await self.wire.write(b"".join(b"* " + line + b"\r\n" for line in lines))

    async def read(self, job: Callable[[], Result]) -> Result:
        """Run a blocking read off the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.desk.readers, job)

    async def write(self, job: Callable[[], Result]) -> Result:
        """Run a blocking change off the loop; changes of this process go one after the other."""
        return await asyncio.get_running_loop().run_in_executor(self.desk.writer, job)

    async def record(self, command: Command, shown: str, job: Callable[[Line], Result]) -> Result:
        """Run a change that is one line of the journal. shown: the command without secrets."""
        transaction, request = f"IMAP.{command.name}", f"{command.tag} {shown}\r\n".encode()
        await self._disturb(transaction, request)
        return await self.write(lambda: self._recorded(transaction, request, command, job))

    def _recorded(
        self, transaction: str, request: bytes, command: Command, job: Callable[[Line], Result]
    ) -> Result:
        refused: No | None = None
        listener = TLS if self.wire.is_secure else PLAIN
        service = self.desk.service
        with service.journal.record("mssante", transaction, request, listener=listener) as line:
            self._identify(line)
            try:
                result = job(line)
                line.answer = f"{command.tag} OK".encode()
            except No as error:
                refused = error
                refusal = error.as_refusal(command)
                if error.code == errors.IMAP_AUTHENTICATION:
                    line.unauthorized(error.code.code, error.text, [refusal])
                else:
                    line.refuse([refusal])
                line.answer = f"{command.tag} NO [{error.code.code}] {error.text}".encode()
        if refused:
            raise refused
        return result

    def _identify(self, line: Line) -> None:
        if self.mailbox is None:
            return
        line.facts["mailbox"] = self.mailbox.address
        line.finess = self.desk.space.finess_of(self.mailbox.address)
        if self.mailbox.kind is MailboxKind.CITIZEN:
            line.subject = self.mailbox.matricule

    async def _disturb(self, transaction: str, request: bytes) -> None:
        """An armed fault fires here."""
        fault = self.desk.service.faults.draw(transaction, request)
        if fault is None:
            return
        if fault.effect == DELAY:
            await asyncio.sleep(int(fault.value) / 1000)
        elif fault.effect == LOSE:
            self.loses_answer = True
        elif fault.effect in (CUT, CODE):
            await self.write(lambda: self._note_fault(transaction, request, fault.value or CUT))
            if fault.effect == CUT:
                self.wire.cut()
                raise Closed
            raise No(Code(fault.value, "injected fault", "Banc", False), "injected fault")

    def _note_fault(self, transaction: str, request: bytes, value: str) -> None:
        journal = self.desk.service.journal
        with journal.record("mssante", transaction, request, listener=TLS) as line:
            self._identify(line)
            line.injected(value)

    async def synchronise(self) -> None:
        """Tell the client what changed in the open folder."""
        selected = self.selected
        if selected is None:
            return
        update = await self.read(lambda: look(self.folders, selected))
        told = selected.apply(update)
        if told:
            await self.wire.write(told)


def arguments(command: Command, kind: type[Result]) -> Result:
    """The arguments of a command, which its reader gave that form."""
    found: Any = command.arguments
    if not isinstance(found, kind):  # the table of readers and that of handlers disagree
        raise Malformed(command.name, "arguments of another command")
    return found
