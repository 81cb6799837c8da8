"""Kit, server: gunicorn with threads, serving one app on a plain and a TLS listener at once.

The application finds ``banc.listener`` (plain, tls, mtls) and ``banc.peer_der`` (the client's
certificate) in its environ. A refused handshake is told to ``on_refused_handshake``.
Not here: certificates (pki), which parts there are (banc.bench).
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers import gthread

from kit.settings import Settings

log = logging.getLogger("banc")
HANDSHAKE_SECONDS = 10.0
WsgiApp = Callable[..., Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Listener:
    """One port and what it demands: ``mode`` is plain, tls or mtls."""

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


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """A threaded worker that speaks TLS on the listeners that want it, and plain on the others.

    gunicorn encrypts all listeners or none, and makes a TLS context for each connection.
    """

    contexts: dict[int, tuple[str, ssl.SSLContext | None]]

    def init_process(self) -> None:
        application = self.app.application
        self.contexts = {
            item.port: (item.mode, item.context() if item.context else None)
            for item in application.listeners
        }
        super().init_process()

    def handle(self, conn: Any) -> Any:
        if not conn.initialized and not self._prepare(conn):
            return False
        return super().handle(conn)

    def _prepare(self, conn: Any) -> bool:
        conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        mode, context = self.contexts[conn.server[1]]
        if context is None or isinstance(conn.sock, ssl.SSLSocket):
            return True
        try:
            conn.sock.settimeout(HANDSHAKE_SECONDS)
            conn.sock = context.wrap_socket(conn.sock, server_side=True)
            conn.data_ready = True
        except (ssl.SSLError, OSError) as error:
            self._refuse(mode, conn.client, error)
            return False
        return True

    def _refuse(self, mode: str, client: Any, error: Exception) -> None:
        tell = self.app.application.on_refused_handshake
        why = getattr(error, "reason", "") or str(error)
        if tell is not None:
            tell(mode, str(client[0]) if client else "", why)
        log.info("%s: TLS handshake refused: %s", self.app.application.name, why)


def _with_listener(app: WsgiApp, modes: dict[str, str]) -> WsgiApp:
    def run(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        held = environ.get("gunicorn.socket")
        environ["banc.listener"] = modes.get(_port_of(held), "plain")
        if isinstance(held, ssl.SSLSocket):
            environ["wsgi.url_scheme"] = "https"
            environ["banc.peer_der"] = held.getpeercert(binary_form=True)
        return app(environ, start_response)

    return run


def _port_of(held: Any) -> str:
    return str(held.getsockname()[1]) if held is not None else ""


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our configuration."""

    def __init__(self, application: Application, settings: Settings) -> None:
        self.application = application
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
        }
        for name, value in chosen.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> WsgiApp:
        modes = {str(item.port): item.mode for item in self.application.listeners}
        return _with_listener(self.application.load(), modes)


def serve(application: Application, settings: Settings) -> None:
    """Serve until a signal ends the process."""
    application.prepare()  # tables are made once, before the workers fork
    Server(application, settings).run()
