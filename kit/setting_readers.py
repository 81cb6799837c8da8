"""Kit, setting readers: a row of the table, and how the text of a variable becomes a value.

Each reader raises ValueError and says what was expected. Not here: the table (settings).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

PREFIX = "BANC_"


class WrongSettings(Exception):
    """One or more settings are unknown or wrong; ``mistakes`` holds a line for each."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


def row(default: Any, sentence: str, read: Callable[[str], Any] = str) -> Any:
    """One row of the table: default, sentence for the docs, reader of the text form."""
    return field(default=default, metadata={"sentence": sentence, "read": read})


def boolean(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("expected true or false")


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("expected a number of 1 or more")
    return number


def port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError("expected a port between 1 and 65535")
    return number


def count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("expected a number of 0 or more")
    return number


def share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError("expected a number between 0 and 1")
    return number


def choices(*values: str) -> Callable[[str], tuple[str, ...]]:
    """A reader of ``name=value`` pairs separated by commas, each value one of ``values``."""

    def read(text: str) -> tuple[str, ...]:
        pairs = names(text)
        for pair in pairs:
            name, _, value = pair.partition("=")
            if not name or value not in values:
                raise ValueError("expected NAME=VALUE, VALUE one of " + ", ".join(values))
        return pairs

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader that accepts one of ``choices``."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError("expected one of " + ", ".join(choices))
        return text

    return read


def day(text: str) -> str:
    """A day in ISO 8601, kept as text."""
    return date.fromisoformat(text).isoformat()


def bench_address(text: str) -> str:
    """An http address that cannot be mistaken for a real one: certificates will name it."""
    host = urlsplit(text).hostname or ""
    invented = host.startswith("127.") or host.endswith((".test", ".localhost", ".invalid"))
    if urlsplit(text).scheme != "http" or not host or ("." in host and not invented):
        raise ValueError("expected http:// and a name of the loopback or of a test domain")
    return text.rstrip("/")


def names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def origin(text: str) -> str:
    """Scheme, name and port of a web address, and nothing else; or nothing."""
    try:
        parts = urlsplit(text)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if text and not (named and text.isascii() and text == f"{parts.scheme}://{parts.netloc}"):
        raise ValueError("expected scheme, name and port, such as https://psc.test:8445")
    return text


def routes(text: str) -> tuple[str, ...]:
    """Pairs ``name=host:port`` separated by commas."""
    pairs = names(text)
    for pair in pairs:
        name, _, place = pair.partition("=")
        host, _, number = place.rpartition(":")
        if not name or not host or not number.isdecimal() or not 0 < int(number) < 65536:
            raise ValueError("expected NAME=host:port")
    return pairs
