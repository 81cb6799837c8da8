"""Kit, settings: the one table of settings and the only reader of the environment.

Not here: any default hidden in code elsewhere; a part receives a frozen ``Settings``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

PREFIX = "BANC_"


class WrongSettings(Exception):
    """One or more settings are unknown or wrong; ``mistakes`` holds a line for each."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


def _boolean(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("expected true or false")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("expected a number of 1 or more")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError("expected a port between 1 and 65535")
    return number


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader that accepts one of ``choices``."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError("expected one of " + ", ".join(choices))
        return text

    return read


def _day(text: str) -> str:
    """A day in ISO 8601, kept as text."""
    return date.fromisoformat(text).isoformat()


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def row(default: Any, sentence: str, read: Callable[[str], Any] = str) -> Any:
    """One row of the table: default, sentence for the docs, reader of the text form."""
    return field(default=default, metadata={"sentence": sentence, "read": read})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of Banc. The variable is ``BANC_`` + the field's name in capitals."""

    data_dir: Path = row(
        Path("data"), "Folder of databases, certificates, runs and the bench clock.", Path
    )
    database_url: str = row(
        "", "SQLAlchemy URL of a PostgreSQL database; empty: one SQLite file per service."
    )
    sqlite_synchronous: str = row(
        "NORMAL",
        "SQLite durability: NORMAL survives kill -9, FULL survives a power cut too.",
        one_of("NORMAL", "FULL"),
    )
    host: str = row("127.0.0.1", "Address every part listens on.")
    seed: int = row(2026, "Seed of the invented country.", int)
    workers: int = row(2, "Worker processes of each HTTP service.", _positive)
    threads: int = row(4, "Threads of each worker process.", _positive)
    dmp_port: int = row(8081, "DMP, plain HTTP.", _port)
    dmp_tls_port: int = row(8441, "DMP, mutual TLS.", _port)
    ins_port: int = row(8082, "INSi, plain HTTP.", _port)
    ins_mtls_port: int = row(8442, "INSi, mutual TLS (software certificate).", _port)
    ins_tls_port: int = row(8452, "INSi, one-way TLS (assertion in the message).", _port)
    ror_port: int = row(8083, "ROR, plain HTTP.", _port)
    ror_tls_port: int = row(8443, "ROR, TLS with an optional client certificate.", _port)
    mssante_port: int = row(8084, "MSSanté, mailbox API over plain HTTP.", _port)
    submission_port: int = row(8587, "MSSanté, SMTP submission with STARTTLS.", _port)
    imap_port: int = row(8143, "MSSanté, IMAP with STARTTLS.", _port)
    mssante_password: str = row("banc", "MSSanté: the password of every mailbox.")
    mssante_max_message_bytes: int = row(
        30 * 1024 * 1024, "MSSanté: largest message of submission (SIZE) and of APPEND.", _positive
    )
    mssante_max_recipients: int = row(
        100, "MSSanté: most recipients of one message; one more is refused (452).", _positive
    )
    console_port: int = row(8080, "Console, plain HTTP.", _port)
    dmp_host: str = row("", "Where the other parts find the DMP; empty: the address above.")
    ins_host: str = row("", "Where the other parts find INSi; empty: the address above.")
    ror_host: str = row("", "Where the other parts find the ROR; empty: the address above.")
    mssante_host: str = row("", "Where the other parts find MSSanté; empty: the address above.")
    console_host: str = row("", "Where the other parts find the console; empty: the address above.")
    server_names: tuple[str, ...] = row(
        ("localhost", "dmp", "ins", "ror", "mssante"),
        "Host names in the server certificate, separated by commas; 127.0.0.1 is always there.",
        _names,
    )
    pkcs12_password: str = row("banc", "Password of the PKCS#12 files of the test authority.")
    vihf_window_minutes: int = row(
        60,
        "Minutes a VIHF is accepted after its IssueInstant (bench time); unconfirmed.",
        _positive,
    )
    vihf_accept_sha1: bool = row(
        True, "Accept RSA-SHA1 in the signature of a VIHF, as in examples of 2019.", _boolean
    )
    vihf_accept_capital_mode: bool = row(
        False, "Accept the attribute Authentification_Mode written with a capital M.", _boolean
    )
    dmp_require_vihf: str = row(
        "strict",
        "DMP, plain listener: strict judges the VIHF as the TLS one does, lenient only reads it.",
        one_of("strict", "lenient"),
    )
    dmp_lot_signature: str = row(
        "strict",
        "DMP: strict wants a right signature in every lot, lenient does not look at it.",
        one_of("strict", "lenient"),
    )
    dmp_ins_gate_on: str = row(
        "2023-10-01",
        "DMP: day (bench time) from which a document must carry a qualified INS.",
        _day,
    )
    dmp_visibility_cumul: bool = row(
        False, "DMP: accept MASQUE_PS and INVISIBLE_PATIENT on the same document.", _boolean
    )
    max_body_bytes: int = row(
        32 * 1024 * 1024, "Largest HTTP request body; larger is refused (413).", _positive
    )
    max_xml_depth: int = row(128, "Deepest XML nesting that is read.", _positive)
    max_xml_nodes: int = row(200_000, "Most XML elements that are read in one document.", _positive)
    max_json_bytes: int = row(
        2 * 1024 * 1024, "Largest FHIR request body; larger is refused (413).", _positive
    )
    max_json_depth: int = row(32, "Deepest JSON nesting that is read.", _positive)
    raw_retention_days: int = row(
        30, "Days the raw bytes of an exchange are kept; the journal line stays.", _positive
    )
    ror_authentication: str = row(
        "open",
        "ROR: open lets the plain listener answer without a token; strict wants one everywhere.",
        one_of("open", "strict"),
    )
    ror_writes: str = row(
        "faithful",
        "ROR: faithful refuses offers from outside as the real service; extended lets a referent"
        " write them.",
        one_of("faithful", "extended"),
    )
    ror_client_secret: str = row("banc", "ROR: secret of the clients of access profile 0.")
    ror_token_seconds: int = row(300, "ROR: seconds an access token is valid.", _positive)
    ins_software: tuple[str, ...] = row(
        ("IDAM-MASKED", "BANC-TEST"),
        "INSi, software authorization numbers (IDAM) that are known, separated by commas.",
        _names,
    )
    ins_matching: str = row(
        "strict",
        "INSi, search: strict (exact names, first names in order) or lenient (any of the list).",
        one_of("strict", "lenient"),
    )
    ins_oid: str = row(
        "held",
        "INSi, OID of answered numbers: held (each its own), test (.10) or production (.8).",
        one_of("held", "test", "production"),
    )
    ins_dialect: str = row(
        "2025",
        "INSi, prefixes and language tag of the answers of 2021, 2022 or 2025.",
        one_of("2021", "2022", "2025"),
    )
    conformance_dir: Path = row(
        Path("../shared/conformance"),
        "Official examples and schemas that tests use as judges; absent: those tests skip.",
        Path,
    )

    def reach(self, service: str) -> str:
        """Where the other parts find ``service``: dmp, ins, ror, mssante or console."""
        return str(getattr(self, f"{service}_host") or self.host)


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises WrongSettings with every mistake at once."""
    given = {
        name: text
        for name, text in (os.environ if environ is None else environ).items()
        if name.startswith(PREFIX)
    }
    rows = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    mistakes, values = [], {}
    for name, text in sorted(given.items()):
        if name not in rows:
            mistakes.append(f"{name} is not a setting of Banc")
            continue
        try:
            values[rows[name].name] = rows[name].metadata["read"](text)
        except ValueError as error:
            mistakes.append(f"{name}={text!r}: {error}")
    if mistakes:
        raise WrongSettings(tuple(mistakes))
    return Settings(**values)


def to_env(settings: Settings) -> dict[str, str]:
    """The variables that give ``settings`` again; only those that differ from the defaults."""
    environ = {}
    for item in fields(Settings):
        value = getattr(settings, item.name)
        if value != item.default:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            environ[PREFIX + item.name.upper()] = text
    return environ


def table() -> list[tuple[str, str, str]]:
    """The rows for the docs: variable, default, sentence."""
    return [
        (
            PREFIX + item.name.upper(),
            ",".join(item.default) if isinstance(item.default, tuple) else str(item.default),
            item.metadata["sentence"],
        )
        for item in fields(Settings)
    ]
