"""Kit, server: gunicorn with threads, serving one app on a plain and a TLS listener at once.

A slow client holds a thread for a bounded time only: a request is read whole before the
application sees it, by a deadline, and its answer has another one. The application finds
``banc.listener`` (plain, tls, mtls) and ``banc.peer_der`` (the client's certificate) in its
environ. A refused handshake is told to ``on_refused_handshake``.
Not here: certificates (pki), which parts there are (banc.bench).
"""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import resource
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import ParseException
from gunicorn.workers import gthread
from werkzeug.exceptions import RequestEntityTooLarge

from kit.connection import BROKEN_BODY, close_both_ways
from kit.lane import Lane
from kit.settings import Settings
from kit.sharing import Shares

log = logging.getLogger("banc")
HANDSHAKE_SECONDS = 10.0
FIRST_BYTE_SECONDS = 0.005  # then a silent client waits in the poller, not in a thread
READ_STEP_BYTES = 1024 * 1024
# How long a thread back from the database waits for one that computes; 5 ms each time otherwise.
SWITCH_SECONDS = 0.0005
# Objects more before the youngest, the middle and all of them are searched for cycles: 300,000 of
# a directory take 130 ms each time, with the turn to write in hand; exchanges leave few cycles.
GARBAGE = (10_000, 20, 100)
NOTIFY_SECONDS = 0.9  # gunicorn's loop turns at least once a second
# What OpenSSL finds wrong with a client's certificate: X509_V_ERR_… of x509_vfy.h.
VERIFY_CODES = {
    9: "CERTIFICATE_NOT_YET_VALID",
    10: "CERTIFICATE_EXPIRED",
    23: "CERTIFICATE_REVOKED",
    26: "CERTIFICATE_OF_ANOTHER_USE",
    66: "CERTIFICATE_KEY_TOO_WEAK",
}
WsgiApp = Callable[..., Iterable[bytes]]
Alone = Callable[[], contextlib.AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Listener:
    """One port and what it demands: ``mode`` is plain, tls or mtls.

    context: asked at each connection, so that it may follow revocation lists.
    """

    port: int
    mode: str = "plain"
    context: Callable[[], ssl.SSLContext] | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """What a server process runs. ``load`` builds the app in each worker, after the fork."""

    name: str
    load: Callable[[], WsgiApp]
    listeners: tuple[Listener, ...]
    prepare: Callable[[], None] = lambda: None
    on_refused_handshake: Callable[[str, str, str], None] | None = None


class Deadlines:
    """Until when each connection must have sent its request, or taken its answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[int, tuple[float, socket.socket]] = {}

    def begin(self, held: socket.socket) -> None:
        """The client's time begins."""
        self._until[id(held)] = (time.monotonic() + self._seconds, held)

    def end(self, held: socket.socket) -> None:
        """The client did its part."""
        self._until.pop(id(held), None)

    def cut_late(self) -> None:
        """End the connections of clients that are late; their threads notice."""
        now = time.monotonic()
        for until, held in list(self._until.values()):
            if until < now:
                close_both_ways(held)
                self.end(held)


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """A threaded worker that speaks TLS on the listeners that want it, and plain on the others.

    gunicorn encrypts all listeners or none, and makes a TLS context for each connection.
    """

    listeners: dict[int, Listener]
    alive: bool
    age: int
    nr_conns: int
    notify_at = 0.0

    def init_process(self) -> None:
        self.listeners = {item.port: item for item in self.app.application.listeners}
        for item in self.listeners.values():
            if item.context is not None:
                item.context()  # made before the first client comes
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.set_threshold(*GARBAGE)
        gc.freeze()  # what the parent loaded stays, its pages shared
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        gc.freeze()

    def accept(self, listener: Any) -> None:
        """Take a connection, unless a worker that holds fewer does so within a moment."""
        self.app.shares.give_way(self.nr_conns)
        super().accept(listener)
        self.app.shares.tell(self.age, self.nr_conns)

    def handle(self, conn: Any) -> Any:
        if not conn.initialized:
            if not conn.wait_for_data(FIRST_BYTE_SECONDS):
                return gthread._DEFER
            is_secured = isinstance(conn.sock, ssl.SSLSocket)
            if not self._prepare(conn):
                return False
            if not is_secured and not _has_begun(conn):
                return gthread._DEFER
        deadlines, held = self.app.deadlines, conn.sock
        deadlines.begin(held)
        try:
            return super().handle(conn)
        finally:
            deadlines.end(held)

    def notify(self) -> None:
        """Every second: cut who is late, and end this process when it has grown too big.

        gunicorn calls it at each event of a connection, too.
        """
        self.app.shares.tell(self.age, self.nr_conns)
        now = time.monotonic()
        if now < self.notify_at:
            return
        self.notify_at = now + NOTIFY_SECONDS
        super().notify()
        self.app.deadlines.cut_late()
        if self.alive and _resident_mib() > self.app.max_mib:
            log.warning("%s: a worker grew above %d MiB and ends", self.app.application.name,
                        self.app.max_mib)  # fmt: skip
            self.alive = False

    def _prepare(self, conn: Any) -> bool:
        conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener = self.listeners[conn.server[1]]
        if listener.context is None or isinstance(conn.sock, ssl.SSLSocket):
            return True
        try:
            conn.sock.settimeout(HANDSHAKE_SECONDS)
            conn.sock = listener.context().wrap_socket(conn.sock, server_side=True)
            conn.data_ready = False  # what was there was the handshake's
        except (ssl.SSLError, OSError) as error:
            self._refuse(listener.mode, conn.client, error)
            return False
        return True

    def _refuse(self, mode: str, client: Any, error: Exception) -> None:
        tell = self.app.application.on_refused_handshake
        why = _reason(error)
        if tell is not None:
            tell(mode, str(client[0]) if client else "", why)
        log.info("%s: TLS handshake refused: %s", self.app.application.name, why)


def _has_begun(conn: Any) -> bool:
    """Whether a request comes after the handshake; until then no thread waits for it."""
    held = conn.sock
    if not isinstance(held, ssl.SSLSocket) or held.pending():
        return True
    return bool(conn.wait_for_data(FIRST_BYTE_SECONDS))


def _reason(error: Exception) -> str:
    """Why a handshake failed, in OpenSSL's word; of a certificate, what is wrong with it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return VERIFY_CODES.get(error.verify_code, str(error.reason))
    return str(getattr(error, "reason", "") or error)


def _resident_mib() -> int:
    """What this process holds in memory; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * resource.getpagesize() // 1024**2
    return 0


def _wrap(
    app: WsgiApp, modes: dict[str, str], deadlines: Deadlines, alone: Alone, limit: int
) -> WsgiApp:
    """``app``, told of its connection, and waiting for no client while it runs."""

    def run(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        held = environ["gunicorn.socket"]
        environ["banc.listener"] = modes.get(_port_of(held), "plain")
        if isinstance(held, ssl.SSLSocket):
            environ["wsgi.url_scheme"] = "https"
            environ["banc.peer_der"] = held.getpeercert(binary_form=True)
        _read_whole(environ, limit)
        deadlines.end(held)
        try:
            with alone():
                return app(environ, start_response)
        finally:
            deadlines.begin(held)

    return run


class _TooLarge(io.RawIOBase):
    """The stream of a body above the bound; werkzeug would stop at the bound and say nothing."""

    def read(self, _size: int = -1) -> bytes:
        raise RequestEntityTooLarge

    def readinto(self, _buffer: object) -> int:
        raise RequestEntityTooLarge


def _read_whole(environ: dict[str, Any], limit: int) -> None:
    """Replace the body's stream by its bytes; one byte above ``limit`` is enough to see it."""
    if int(environ.get("CONTENT_LENGTH") or 0) > limit:
        return
    stream, pieces, room = environ["wsgi.input"], [], limit + 1
    try:
        while room and (piece := stream.read(min(room, READ_STEP_BYTES))):
            pieces.append(piece)
            room -= len(piece)
    except (OSError, ParseException) as error:
        environ[BROKEN_BODY] = f"cannot be read to its end ({type(error).__name__})"
    environ["wsgi.input"] = io.BytesIO(b"".join(pieces)) if room else _TooLarge()


def _close_broken(_worker: Any, _request: Any, environ: dict[str, Any], _answer: Any) -> None:
    """After a body that broke nobody knows where the next request begins."""
    if BROKEN_BODY in environ:
        close_both_ways(environ["gunicorn.socket"])


def _port_of(held: Any) -> str:
    return str(held.getsockname()[1]) if held is not None else ""


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our configuration."""

    def __init__(self, application: Application, settings: Settings) -> None:
        self.application = application
        self.deadlines = Deadlines(settings.request_seconds)
        self.shares = Shares()
        self.max_mib = settings.worker_max_mib
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        settings, application = self._settings, self.application
        chosen = {
            "bind": [f"{settings.host}:{item.port}" for item in application.listeners],
            "workers": settings.workers,
            "threads": settings.threads,
            "worker_class": Worker,
            "worker_connections": 1000,
            "keepalive": 30,
            "graceful_timeout": 5,
            "timeout": 120,
            "proc_name": f"banc-{application.name}",
            "loglevel": "warning",
            "control_socket_disable": True,
            "limit_request_field_size": 16380,
            "forwarded_allow_ips": "",  # no proxy: what a client says of its scheme is not believed
            "post_request": _close_broken,
        }
        for name, value in chosen.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> WsgiApp:
        modes = {str(item.port): item.mode for item in self.application.listeners}
        limit = self._settings.max_body_bytes
        # With a database of another process there is something to do while it answers.
        alone = contextlib.nullcontext if self._settings.database_url else Lane().taken
        return _wrap(self.application.load(), modes, self.deadlines, alone, limit)


def serve(application: Application, settings: Settings) -> None:
    """Serve until a signal ends the process."""
    application.prepare()  # tables are made once, before the workers fork
    Server(application, settings).run()
