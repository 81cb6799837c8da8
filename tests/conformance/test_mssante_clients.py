"""Ordinary mail clients against MSSanté: smtplib, imaplib, aiosmtplib, and curl from a shell.

TEST_MSSANTE_HOST, _SUBMISSION_PORT, _IMAP_PORT, _CA, _USER, _PASSWORD and _TO point the same
tests at another operator; without them a private mock is started.
"""

from __future__ import annotations

import asyncio
import imaplib
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import SMTP
from pathlib import Path

import aiosmtplib
import pytest

from kit.clock import FixedClock
from kit.mail import read_message, unpack_xdm
from kit.settings import Settings
from tests.kit.documents import a_cda, a_pdf_cda
from tests.mocks.mssante.builders import (
    a_correspondent,
    a_document_mail,
    a_text_mail,
    an_address,
    an_xdm,
)
from tests.mocks.mssante.conftest import MailServers, pki_folder

__all__ = ["pki_folder"]


@dataclass(frozen=True)
class Operator:
    """A mail operator: where it listens, whom it trusts us to be."""

    host: str
    submission_port: int
    imap_port: int
    ca_path: str
    user: str
    password: str
    to: str

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_path)


def _elsewhere() -> Operator | None:
    given = {name: os.environ.get(f"TEST_MSSANTE_{name}", "") for name in
             ("HOST", "SUBMISSION_PORT", "IMAP_PORT", "CA", "USER", "PASSWORD", "TO")}  # fmt: skip
    if not given["HOST"]:
        return None
    ports = int(given["SUBMISSION_PORT"]), int(given["IMAP_PORT"])
    return Operator(
        given["HOST"], *ports, given["CA"], given["USER"], given["PASSWORD"], given["TO"]
    )


@pytest.fixture
def operator(settings: Settings, clock: FixedClock, pki_folder: Path) -> Iterator[Operator]:
    elsewhere = _elsewhere()
    if elsewhere is not None:
        yield elsewhere
        return
    servers = MailServers(settings, clock, pki_folder)
    servers.start()
    ports = servers.settings.submission_port, servers.settings.imap_port
    ca_path = str(settings.data_dir / "pki" / "authorities" / "trust.pem")
    yield Operator("localhost", *ports, ca_path, an_address(), "banc", a_correspondent())
    servers.stop()


def sender(operator: Operator) -> smtplib.SMTP:
    client = smtplib.SMTP(operator.host, operator.submission_port, timeout=20)
    assert client.sock is not None
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.starttls(context=operator.tls)
    client.login(operator.user, operator.password)
    return client


def reader(operator: Operator) -> imaplib.IMAP4:
    client = imaplib.IMAP4(operator.host, operator.imap_port, timeout=20)
    client.starttls(operator.tls)
    client.login(operator.to, operator.password)
    return client


def newest(client: imaplib.IMAP4) -> bytes:
    """The last mail of the open folder."""
    _, found = client.uid("SEARCH", "ALL")
    _, data = client.uid("FETCH", found[0].split()[-1], "(FLAGS BODY.PEEK[])")
    return bytes(data[0][1])


def test_a_document_comes_back_byte_for_byte(operator: Operator) -> None:
    raw = a_document_mail(operator.user, [operator.to])
    with sender(operator) as client:
        assert client.sendmail(operator.user, [operator.to], raw) == {}
    with reader(operator) as client:
        client.select("INBOX")
        received = newest(client)
    assert received.endswith(raw)
    message = read_message(received)
    archive = next(part.content for part in message.parts if part.file_name == "IHE_XDM.zip")
    assert archive == an_xdm()
    contents = [document.content for document in unpack_xdm(archive).documents]
    assert contents == [a_cda(), a_pdf_cda()]


def test_the_day_of_a_mail_reader(operator: Operator) -> None:
    with sender(operator) as client:
        for subject in ("un", "deux", "trois"):
            raw = a_text_mail(operator.user, operator.to, Subject=subject)
            client.sendmail(operator.user, [operator.to], raw)
    with reader(operator) as client:
        assert client.capabilities[0] == "IMAP4REV1"
        status, names = client.list()
        assert status == "OK"
        assert any(b"INBOX" in name for name in names if isinstance(name, bytes))
        assert client.select("INBOX")[0] == "OK"
        _, found = client.uid("SEARCH", "UNSEEN", "SUBJECT", '"deux"')
        uid = found[0].split()[-1].decode()
        _, data = client.uid("FETCH", uid, "(ENVELOPE BODYSTRUCTURE RFC822.SIZE INTERNALDATE)")
        assert b'"deux"' in data[0]
        client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
        assert client.expunge()[0] == "OK"
        assert client.uid("SEARCH", "SUBJECT", '"deux"')[1] == [b""]
        client.close()


def test_dsn_is_asked_by_smtplib(operator: Operator) -> None:
    raw = a_text_mail(operator.user, operator.to)
    with sender(operator) as client:
        assert client.has_extn("dsn")
        refused = client.sendmail(
            operator.user, [operator.to], raw,
            mail_options=["RET=HDRS", "ENVID=QQ1"], rcpt_options=["NOTIFY=SUCCESS,FAILURE"],
        )  # fmt: skip
        assert refused == {}


def test_aiosmtplib_submits(operator: Operator) -> None:
    message: Message = message_from_bytes(a_text_mail(operator.user, operator.to), policy=SMTP)

    async def submit() -> str:
        _, reply = await aiosmtplib.send(
            message, hostname=operator.host, port=operator.submission_port, start_tls=True,
            tls_context=operator.tls, username=operator.user, password=operator.password,
        )  # fmt: skip
        return reply

    assert asyncio.run(submit()).startswith("2.0.0 OK")


def test_idle_tells_a_new_mail(operator: Operator) -> None:
    """imaplib of Python 3.11 knows no IDLE: the words are sent through its own connection."""
    with reader(operator) as client:
        client.select("INBOX")
        client.send(b"X1 IDLE\r\n")
        assert client.readline().startswith(b"+")

        def submit() -> None:
            with sender(operator) as smtp:
                raw = a_text_mail(operator.user, operator.to)
                smtp.sendmail(operator.user, [operator.to], raw)

        thread = threading.Thread(target=submit)
        thread.start()
        assert client.readline().endswith(b" EXISTS\r\n")
        thread.join()
        client.send(b"DONE\r\n")
        while not client.readline().startswith(b"X1 OK"):
            pass


@pytest.fixture
def curl() -> str:
    found = shutil.which("curl")
    if found is None:
        pytest.skip("no curl on this machine")
    return found


def run(*command: str) -> bytes:
    found = subprocess.run(command, capture_output=True, check=False, timeout=30)
    assert found.returncode == 0, found.stderr.decode()
    return found.stdout


def test_curl_submits_and_reads(operator: Operator, curl: str, tmp_path: Path) -> None:
    raw = a_text_mail(operator.user, operator.to, Subject="depuis un shell")
    (tmp_path / "mail.eml").write_bytes(raw)
    tls = ("--ssl-reqd", "--cacert", operator.ca_path, "--silent", "--show-error")
    run(
        curl, *tls, f"smtp://{operator.host}:{operator.submission_port}",
        "--user", f"{operator.user}:{operator.password}", "--mail-from", operator.user,
        "--mail-rcpt", operator.to, "--upload-file", str(tmp_path / "mail.eml"),
    )  # fmt: skip
    box = f"imap://{operator.host}:{operator.imap_port}/INBOX"
    login = ("--user", f"{operator.to}:{operator.password}")
    found = run(curl, *tls, *login, box, "-X", 'UID SEARCH SUBJECT "depuis un shell"')
    assert found.startswith(b"* SEARCH ")
    uid = found.split()[-1].decode()
    assert run(curl, *tls, *login, f"{box};UID={uid}").endswith(raw)
