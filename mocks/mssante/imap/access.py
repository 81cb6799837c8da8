"""MSSanté mock, IMAP, access: capabilities, STARTTLS, LOGIN, AUTHENTICATE PLAIN, LOGOUT.

Credentials are asked only under TLS. Not here: what a mailbox holds.
"""

from __future__ import annotations

import base64
import binascii

from kit.journal import Line
from kit.rules import Malformed
from mocks.mssante import errors
from mocks.mssante.imap.session import Done, No, Session, arguments
from mocks.mssante.messages.commands import Authenticate, Command, Login

ALWAYS = "IMAP4rev1 IDLE NAMESPACE ID"


def capabilities(session: Session) -> str:
    """What the server offers at this moment of the connection."""
    if session.mailbox is not None:
        return ALWAYS
    if session.wire.is_secure:
        return f"{ALWAYS} AUTH=PLAIN SASL-IR"
    return f"{ALWAYS} STARTTLS LOGINDISABLED"


async def capability(session: Session, _: Command) -> Done:
    """CAPABILITY (RFC 3501 §6.1.1)."""
    await session.untagged(f"CAPABILITY {capabilities(session)}".encode())
    return Done("CAPABILITY completed")


async def noop(session: Session, command: Command) -> Done:
    """NOOP and CHECK: an occasion to tell what changed."""
    await session.synchronise()
    return Done(f"{command.name} completed")


async def identify(session: Session, _: Command) -> Done:
    """ID (RFC 2971)."""
    await session.untagged(b'ID ("name" "Banc MSSante")')
    return Done("ID completed")


async def namespace(session: Session, _: Command) -> Done:
    """NAMESPACE (RFC 2342)."""
    await session.untagged(b'NAMESPACE (("" "/")) NIL NIL')
    return Done("NAMESPACE completed")


async def logout(session: Session, _: Command) -> Done:
    """LOGOUT."""
    await session.untagged(b"BYE see you soon")
    return Done("LOGOUT completed", closes=True)


async def start_tls(session: Session, command: Command) -> Done:
    """STARTTLS; its OK goes out in clear, so the answer is sent here."""
    if session.wire.is_secure:
        raise Malformed("STARTTLS", "the connection is under TLS already")
    await session.wire.write(f"{command.tag} OK begin TLS\r\n".encode())
    await session.wire.start_tls(session.desk.tls)
    return Done("")


async def login(session: Session, command: Command) -> Done:
    """LOGIN."""
    given = arguments(command, Login)
    return await _open(session, command, given.user, given.password)


async def authenticate(session: Session, command: Command) -> Done:
    """AUTHENTICATE PLAIN (RFC 4616), with or without initial response."""
    given = arguments(command, Authenticate)
    _need_tls(session)
    if given.mechanism != "PLAIN":
        raise No(errors.IMAP_CANNOT, f"mechanism {given.mechanism[:20]} is not offered")
    if given.initial is None:
        await session.wire.write(b"+ \r\n")
        text = (await session.wire.read_line()).decode("ascii", "replace")
    else:
        text = "" if given.initial == "=" else given.initial
    if text == "*":
        raise Malformed("AUTHENTICATE", "given up by the client")
    user, password = _plain(text)
    return await _open(session, command, user, password)


def _plain(text: str) -> tuple[str, str]:
    """User and password of a PLAIN response; an identity to act as must be the user's own."""
    try:
        acts_as, user, password = base64.b64decode(text, validate=True).decode().split("\0")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Malformed("AUTHENTICATE", "not the base64 of a PLAIN response") from None
    return ("" if acts_as and acts_as != user else user), password


def _need_tls(session: Session) -> None:
    if not session.wire.is_secure:
        raise No(errors.IMAP_PRIVACY, "STARTTLS must come first")


async def _open(session: Session, command: Command, user: str, password: str) -> Done:
    _need_tls(session)

    def check(line: Line) -> None:
        line.facts["mailbox"] = user[:254].lower()
        session.mailbox = session.desk.space.open(user, password)
        if session.mailbox is None:
            raise No(errors.IMAP_AUTHENTICATION, "no mailbox with these credentials")
        line.finess = session.desk.space.finess_of(session.mailbox.address)

    shown = "".join(letter for letter in user[:254] if letter.isprintable())
    await session.record(command, f"{command.name} {shown} ********", check)
    return Done(f"{command.name} completed", f"CAPABILITY {capabilities(session)}")
