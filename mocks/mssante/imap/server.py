"""MSSanté mock, IMAP, server: a connection from greeting to end, and the table of commands.

A command is read, judged by the state it needs, done, answered; every refusal is written here.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping

from kit.database import Unavailable
from kit.rules import Malformed
from mocks.mssante import errors
from mocks.mssante.imap import access, folders, mails
from mocks.mssante.imap.session import IDLE_SECONDS, Desk, Done, No, Session
from mocks.mssante.imap.wire import Closed, Unsynchronised, Wire
from mocks.mssante.messages.commands import Command, UnreadableCommand, read_command
from mocks.mssante.messages.envelope import plain_line

LOGIN_SECONDS = 60
MAX_MISTAKES = 10  # in a row

NOT_AUTHENTICATED, AUTHENTICATED, SELECTED = "not authenticated", "authenticated", "selected"
ANY = (NOT_AUTHENTICATED, AUTHENTICATED, SELECTED)
LOGGED_IN = (AUTHENTICATED, SELECTED)

log = logging.getLogger("banc")

Handler = Callable[[Session, Command], Awaitable[Done]]

COMMANDS: Mapping[str, tuple[tuple[str, ...], Handler]] = {
    "CAPABILITY": (ANY, access.capability),
    "NOOP": (ANY, access.noop),
    "LOGOUT": (ANY, access.logout),
    "ID": (ANY, access.identify),
    "STARTTLS": ((NOT_AUTHENTICATED,), access.start_tls),
    "LOGIN": ((NOT_AUTHENTICATED,), access.login),
    "AUTHENTICATE": ((NOT_AUTHENTICATED,), access.authenticate),
    "NAMESPACE": (LOGGED_IN, access.namespace),
    "SELECT": (LOGGED_IN, folders.select),
    "EXAMINE": (LOGGED_IN, folders.select),
    "CREATE": (LOGGED_IN, folders.create),
    "DELETE": (LOGGED_IN, folders.delete),
    "RENAME": (LOGGED_IN, folders.rename),
    "SUBSCRIBE": (LOGGED_IN, folders.subscribe),
    "UNSUBSCRIBE": (LOGGED_IN, folders.subscribe),
    "LIST": (LOGGED_IN, folders.listing),
    "LSUB": (LOGGED_IN, folders.listing),
    "STATUS": (LOGGED_IN, folders.status),
    "APPEND": (LOGGED_IN, folders.append),
    "CHECK": ((SELECTED,), access.noop),
    "CLOSE": ((SELECTED,), mails.close),
    "EXPUNGE": ((SELECTED,), mails.expunge),
    "SEARCH": ((SELECTED,), mails.search),
    "FETCH": ((SELECTED,), mails.fetch),
    "STORE": ((SELECTED,), mails.store),
    "COPY": ((SELECTED,), mails.copy),
    "IDLE": ((SELECTED,), mails.idle),
}


class ImapConnection(Wire):
    """The protocol object of one client; its conversation is a task."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._conversation: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._conversation is None:  # else the same conversation goes on under TLS
            conversation = converse(Session(self._desk, self))
            self._conversation = asyncio.get_running_loop().create_task(conversation)

    async def hang_up(self) -> None:
        """End the conversation and the connection."""
        if self._conversation is not None:
            self._conversation.cancel()
            await asyncio.wait([self._conversation])
        await self.cut_and_wait()


async def converse(session: Session) -> None:
    """Greet, then command by command until one side ends."""
    try:
        await session.untagged(
            f"OK [CAPABILITY {access.capabilities(session)}] Banc MSSante ready".encode()
        )
        await _commands(session)
    except (Closed, ConnectionError, ssl.SSLError):
        pass
    except TimeoutError:
        await _last_words(session, b"BYE nothing heard for too long")
    except Exception:
        log.exception("banc bug")
        await _last_words(session, b"BYE [SERVERBUG] banc bug, the server log has the trace")
    finally:
        session.wire.close()


async def _last_words(session: Session, text: bytes) -> None:
    try:
        await session.untagged(text)
    except (Closed, ConnectionError):
        return


async def _commands(session: Session) -> None:
    mistakes = 0
    while mistakes < MAX_MISTAKES:
        mistakes += 1
        try:
            seconds = IDLE_SECONDS if session.mailbox else LOGIN_SECONDS
            async with asyncio.timeout(seconds):
                data = await _read(session)
            command = read_command(data)
            done = await _do(session, command)
            mistakes = mistakes if done.status == "NO" else 0
        except Unsynchronised as error:
            await session.untagged(f"BYE [{errors.IMAP_SYNTAX.code}] {error}".encode())
            await session.wire.linger()
            return
        except UnreadableCommand as error:
            await _refuse(session, error.tag, f"BAD [{errors.IMAP_SYNTAX.code}] {error}")
            continue
        except Malformed as error:
            await _refuse(session, "*", f"BAD [{errors.IMAP_SYNTAX.code}] {error}")
            continue
        if session.loses_answer:
            session.wire.cut()
            return
        await _answer(session, command, done)
        if done.closes:
            return
    await session.untagged(b"BYE too many mistakes")


async def _read(session: Session) -> bytes:
    longest = session.desk.service.settings.mssante_max_message_bytes
    return await session.wire.read_command(max_append=longest if session.mailbox else 0)


async def _do(session: Session, command: Command) -> Done:
    """Do a command; a refusal is answered by the caller's table of errors."""
    states, handler = COMMANDS[command.name]
    if _state(session) not in states:
        wanted = " or ".join(states)
        raise UnreadableCommand(
            command.tag, command.name, command.name, f"only when {wanted} (RFC 3501 §3)"
        )
    try:
        return await handler(session, command)
    except No as error:
        return Done(error.text, error.code.code, status="NO")
    except Unavailable:
        return Done(errors.IMAP_BUSY.meaning, errors.IMAP_BUSY.code, status="NO")
    except Unsynchronised:
        raise
    except Malformed as error:
        raise UnreadableCommand(command.tag, command.name, error.where, error.why) from None


def _state(session: Session) -> str:
    if session.mailbox is None:
        return NOT_AUTHENTICATED
    return SELECTED if session.selected else AUTHENTICATED


async def _answer(session: Session, command: Command, done: Done) -> None:
    if not done.text:
        return  # STARTTLS answered before TLS began
    told = f"[{done.code}] {done.text}" if done.code else done.text
    await session.wire.write(f"{command.tag} {done.status} {_plain(told)}\r\n".encode())


async def _refuse(session: Session, tag: str, text: str) -> None:
    await session.wire.write(f"{tag} {_plain(text)}\r\n".encode())


def _plain(text: str) -> str:
    """ASCII on one line: nothing a client sent can start an answer of its own."""
    return plain_line(text)[:900]
