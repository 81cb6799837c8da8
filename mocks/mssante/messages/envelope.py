"""MSSanté mock, messages: the SMTP envelope: MAIL and RCPT parameters (RFC 3461) and replies.

Not here: who may send to whom (``rules``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kit.rules import Malformed, Refusal

MAX_REPLY_LINES = 10
MAX_REPLY_OCTETS = 480  # RFC 5321 §4.5.3.1.5: 512 with the code and CRLF

_XTEXT = re.compile(r"([!-*,-<>-~]|\+[0-9A-F]{2})+")
_NOTIFY = frozenset({"NEVER", "SUCCESS", "FAILURE", "DELAY"})


@dataclass(frozen=True, slots=True)
class Recipient:
    """One accepted RCPT: address, what notification is asked, the original recipient as given."""

    address: str
    notify: frozenset[str] = frozenset({"FAILURE"})
    original: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail transaction: who sends, to whom, and what the DSN extension asks."""

    sender: str  # "" is the null reverse-path
    recipients: tuple[Recipient, ...]
    returns: str = "HDRS"
    envelope_id: str = ""
    authenticated: str = ""


def read_mail_parameters(text: str) -> tuple[Mapping[str, str], str]:
    """The DSN parameters of MAIL, and the rest of the text for others to read."""
    found, rest = _take(text, ("RET", "ENVID"))
    if "RET" in found and found["RET"].upper() not in ("FULL", "HDRS"):
        raise Malformed("RET", "expected FULL or HDRS (RFC 3461 §4.3)")
    if "ENVID" in found:
        _xtext("ENVID", found["ENVID"], 100)
    return found, rest


def read_rcpt_parameters(text: str) -> tuple[Mapping[str, str], str]:
    """The DSN parameters of RCPT, and the rest of the text."""
    found, rest = _take(text, ("NOTIFY", "ORCPT"))
    if "NOTIFY" in found:
        wanted = set(found["NOTIFY"].upper().split(","))
        if not wanted <= _NOTIFY or ("NEVER" in wanted and len(wanted) > 1):
            raise Malformed("NOTIFY", "expected NEVER, or SUCCESS, FAILURE, DELAY (RFC 3461 §4.1)")
    if "ORCPT" in found:
        kind, _, address = found["ORCPT"].partition(";")
        if not kind.replace("-", "").isalnum() or not address:
            raise Malformed("ORCPT", "expected type;address (RFC 3461 §4.2)")
        _xtext("ORCPT", address, 500)
    return found, rest


def read_notify(parameters: Mapping[str, str]) -> frozenset[str]:
    """What NOTIFY asks; without it, failures only (RFC 3461 §4.1)."""
    return frozenset(parameters.get("NOTIFY", "FAILURE").upper().split(","))


def read_path(text: str) -> tuple[str, str]:
    """``<address> parameters`` of MAIL and RCPT: the address as given, and what follows."""
    match = re.fullmatch(r"\s*<([^<>\s]*)>(?:\s+(.*))?", text)
    if not match:
        raise Malformed("path", "expected <address>")
    return match[1], match[2] or ""


def _take(text: str, names: tuple[str, ...]) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    rest = []
    for word in text.split():
        name, equals, value = word.partition("=")
        if name.upper() not in names:
            rest.append(word)
            continue
        if not equals or not value or name.upper() in found:
            raise Malformed(name.upper(), "expected once, as name=value")
        found[name.upper()] = value
    return found, " ".join(rest)


def _xtext(name: str, value: str, longest: int) -> None:
    if len(value) > longest or not _XTEXT.fullmatch(value):
        raise Malformed(name, "not xtext (RFC 3461 §4)")


def write_refusals(refusals: Iterable[Refusal]) -> str:
    """The reply of a refusal: one line each, the code of the first, ``CRLF`` between lines."""
    told = tuple(refusals)[:MAX_REPLY_LINES]
    basic, _, enhanced = told[0].code.code.partition(" ")
    lines = [f"{enhanced} {_plain(refusal.code.meaning + ': ' + refusal.text)}" for refusal in told]
    marks = ["-"] * (len(lines) - 1) + [" "]
    return "\r\n".join(f"{basic}{mark}{line}" for mark, line in zip(marks, lines, strict=True))


def plain_line(text: str) -> str:
    """A text in ASCII on one line; accents are dropped, other letters escaped."""
    letters = unicodedata.normalize("NFKD", text.replace("§", "section "))
    kept = (letter for letter in letters if not unicodedata.combining(letter))
    clean = "".join(letter if letter.isprintable() else " " for letter in kept)
    return clean.encode("ascii", "backslashreplace").decode()


def _plain(text: str) -> str:
    """ASCII without line ends: nothing a client sent can start a new reply line."""
    return plain_line(text)[:MAX_REPLY_OCTETS]
