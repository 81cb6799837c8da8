"""What was acknowledged is there: after a restart, after kill -9 of the mail process."""

from __future__ import annotations

import os
import signal
import smtplib
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from banc.ports import free_port
from kit.clock import FixedClock
from kit.pki import TestPki
from kit.service import create_service
from kit.settings import Settings, to_env
from mocks.mssante.store import FolderStore
from tests.conftest import ROOT
from tests.mocks.mssante.builders import a_correspondent, a_text_mail, an_address
from tests.mocks.mssante.conftest import MailServers

MAIN = """
import asyncio
from kit.settings import from_env
from mocks.mssante.app import serve_mail
asyncio.run(serve_mail(from_env(), None, lambda: print("ready", flush=True)))
"""


class MailProcess:
    """The mail servers in a process of their own."""

    def __init__(self, settings: Settings) -> None:
        environ = {"PATH": os.environ["PATH"], **to_env(settings)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def submit(settings: Settings, tls: ssl.SSLContext, count: int) -> int:
    """Send mails until ``count`` are acknowledged; how many were."""
    acknowledged = 0
    client = smtplib.SMTP("localhost", settings.submission_port, timeout=20)
    client.starttls(context=tls)
    client.login(an_address(), "banc")
    for number in range(count):
        raw = a_text_mail(an_address(), a_correspondent(), Subject=f"mail {number}")
        client.sendmail(an_address(), [a_correspondent()], raw)
        acknowledged += 1
    client.close()
    return acknowledged


def delivered(settings: Settings, clock: FixedClock) -> tuple[int, int]:
    """How many mails the box holds, how many accepted lines the journal holds."""
    service = create_service("mssante", settings, clock)
    store = FolderStore(service.database, clock, a_correspondent())
    folder = store.find("INBOX")
    lines = service.journal.find(transaction="SMTP.DATA", outcome="accepted")
    count = store.count(folder) if folder else 0
    service.database.close()
    return count, len(lines)


def a_place(settings: Settings, pki_folder: Path) -> tuple[Settings, ssl.SSLContext]:
    copytree(pki_folder, settings.data_dir / "pki", dirs_exist_ok=True)
    tls = TestPki.open(settings.data_dir / "pki").client_context()
    return replace(settings, submission_port=free_port(), imap_port=free_port()), tls


def test_kill_9_right_after_250_loses_nothing(
    settings: Settings, clock: FixedClock, pki_folder: Path
) -> None:
    settings, tls = a_place(settings, pki_folder)
    process = MailProcess(settings)
    acknowledged = submit(settings, tls, 5)
    assert process.end(signal.SIGKILL) == -signal.SIGKILL
    assert delivered(settings, clock) == (acknowledged, acknowledged)
    again = MailProcess(settings)
    acknowledged += submit(settings, tls, 1)
    assert again.end(signal.SIGTERM) == 0
    assert delivered(settings, clock) == (acknowledged, acknowledged)


def test_while_the_database_is_busy_nothing_is_acknowledged(
    settings: Settings, clock: FixedClock, pki_folder: Path
) -> None:
    servers = MailServers(replace(settings, database_wait_seconds=0.2), clock, pki_folder)
    servers.start()
    tls = servers.tls
    with servers.service.database.transaction():
        with pytest.raises(smtplib.SMTPDataError) as caught:
            submit(servers.settings, tls, 1)
        assert caught.value.smtp_code == 451
        talk = servers.imap()
        talk.hears(r"\* OK ")
        talk.says("a STARTTLS")
        talk.hears("a OK ")
        talk.starts_tls()
        talk.says(f"b LOGIN {a_correspondent()} banc")
        talk.hears(r"b NO \[UNAVAILABLE\]")
    assert submit(servers.settings, tls, 1) == 1
    servers.stop()
    assert delivered(servers.settings, clock) == (1, 1)


def test_a_restart_keeps_mail_and_uids(
    servers: MailServers, settings: Settings, clock: FixedClock, pki_folder: Path
) -> None:
    submit(servers.settings, servers.tls, 2)
    store = FolderStore(servers.service.database, clock, a_correspondent())
    before = store.find("INBOX")
    assert before is not None
    servers.stop()
    again = MailServers(settings, clock, pki_folder)
    again.start()
    submit(again.settings, again.tls, 1)
    after = FolderStore(again.service.database, clock, a_correspondent()).find("INBOX")
    again.stop()
    assert after is not None
    assert (after.uid_validity, after.next_uid) == (before.uid_validity, 4)
