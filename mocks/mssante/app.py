"""MSSanté mock, app: puts the mock together: the API as a Flask app, the mail servers as one main.

Not here: what any of them answers.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from weakref import WeakSet

from flask import Flask

from kit.clock import Clock
from kit.pki import TestPki
from kit.service import Service, create_service
from kit.settings import Settings
from mocks.mssante import routes
from mocks.mssante.imap.server import ImapConnection
from mocks.mssante.imap.session import Desk as ImapDesk
from mocks.mssante.imap.watcher import Watcher
from mocks.mssante.smtp.desk import Desk as SubmissionDesk
from mocks.mssante.smtp.server import SubmissionServer
from mocks.mssante.smtp.submission import Submission
from mocks.mssante.store import MailStore, Space, changes, metadata

Protocol = TypeVar("Protocol", SubmissionServer, ImapConnection)

READERS = 4  # threads that read boxes
BACKLOG = 512


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The API of the mock: mailboxes, messages, trust list."""
    service, mails, space = _parts(settings, clock)
    service.app.register_blueprint(routes.blueprint(service, mails, space))
    return service.app


async def serve_mail(
    settings: Settings, clock: Clock | None = None, ready: Callable[[], None] = lambda: None
) -> None:
    """SMTP submission and IMAP in this process, until cancelled or SIGTERM.

    ready: called once both ports listen.
    """
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells every line at INFO
    service, mails, space = _parts(settings, clock)
    with ThreadPoolExecutor(1, "mail-writer") as writer, ThreadPoolExecutor(READERS) as readers:
        watcher = Watcher(partial(changes, service.database), readers)
        tls = TestPki.open(settings.data_dir / "pki", settings).server_context("tls")
        imap = ImapDesk(service, mails, space, watcher, readers, writer, tls)
        submission = SubmissionDesk(Submission(service, mails, space), writer, watcher.nudge)
        clients = Clients()
        loop = asyncio.get_running_loop()
        host, port = settings.host, settings.submission_port
        smtp_server = await loop.create_server(
            lambda: clients.of(SubmissionServer(submission, tls)), host, port, backlog=BACKLOG
        )
        imap_server = await loop.create_server(
            lambda: clients.of(ImapConnection(imap)), host, settings.imap_port, backlog=BACKLOG
        )
        async with smtp_server, imap_server, asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watcher.run())
            ready()
            try:
                await _told_to_stop()
            finally:
                watching.cancel()
                await clients.hang_up()
    service.database.close()


class Clients:
    """The connections of this process, so that stopping leaves none half open."""

    def __init__(self) -> None:
        self._protocols: WeakSet[SubmissionServer | ImapConnection] = WeakSet()

    def of(self, protocol: Protocol) -> Protocol:
        """Remember a connection."""
        self._protocols.add(protocol)
        return protocol

    async def hang_up(self) -> None:
        """End every conversation; what was acknowledged is in the database already."""
        ended = [protocol.hang_up() for protocol in list(self._protocols)]
        await asyncio.gather(*ended, return_exceptions=True)


async def _told_to_stop() -> None:
    """Wait for SIGTERM where signals can be heard, or for cancellation."""
    stop = asyncio.Event()
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def _parts(settings: Settings, clock: Clock | None) -> tuple[Service, MailStore, Space]:
    service = create_service("mssante", settings, clock)
    service.create_tables(metadata)
    mails = MailStore(service.database, service.clock)
    space = Space(settings, mails)
    space.domains()  # the invented country is asked once, before the first request
    return service, mails, space
