"""Banc, bare servers: what the socles are measured against: the same server, none of the work.

An HTTP handler that parses and hashes a body, on the kit's server with the same listeners; an
SMTP sink with STARTTLS and authentication. Not here: driving them (speed_drive).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult
from flask import Flask, request

from banc.bench import Part, banner_ready, http_ready
from banc.parts import parts, pki_of
from kit import mtom
from kit.server import Application, Listener, serve
from kit.settings import Settings
from kit.xml import parse

SOCLES = ("dmp", "ins", "ror", "mssante", "mail")


def create_app() -> Flask:
    """One handler for any path: it reads what it is sent as its type says, and hashes it."""
    app = Flask("bare")
    app.add_url_rule("/_banc/health", view_func=lambda: "ready", endpoint="health")

    @app.route("/<path:_path>", methods=["GET", "POST", "PATCH"])
    def take(_path: str) -> str:
        body, content_type = request.get_data(), request.content_type or ""
        if mtom.is_multipart(content_type):
            root, attachments = mtom.read_multipart(content_type, body)
            parse(root)
            for content in attachments.values():
                parse(content)
        elif "xml" in content_type:
            parse(body)
        elif "json" in content_type:
            json.loads(body)
        return hashlib.sha1(body, usedforsecurity=False).hexdigest()

    return app


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the bare servers listen: each HTTP one by TLS, and plain for its health."""

    mtls: int
    mtls_plain: int
    tls: int
    tls_plain: int
    smtp: int


def beside(settings: Settings, *ports: str) -> tuple[Part, ...]:
    """The socles and, beside them, the bare servers; ``ports`` are those of ``Ports``."""
    where = Ports(*map(int, ports))
    return (
        *(part for part in parts(settings) if part.name in SOCLES),
        _http_part(where.mtls_plain, where.mtls, "mtls"),
        _http_part(where.tls_plain, where.tls, "optional"),
        _smtp_part(where.smtp),
    )


def _http_part(plain_port: int, tls_port: int, mode: Any) -> Part:
    """The bare handler as a part of a bench, with a plain listener and one in ``mode``."""

    def run(settings: Settings) -> None:
        context = partial(pki_of(settings).server_context, mode)
        listeners = (Listener(plain_port), Listener(tls_port, mode, context))
        serve(Application("bare", create_app, listeners), settings)

    name = f"bare-{mode}"
    return Part(name, "Bare handler", (), run, http_ready("dmp", plain_port))


class _Sink:
    """Accepts every mail."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        hashlib.sha1(envelope.content, usedforsecurity=False).hexdigest()
        return "250 2.0.0 OK"


def _smtp_part(port: int) -> Part:
    """A bare aiosmtpd as a part of a bench: STARTTLS, authentication, nothing kept."""

    def run(settings: Settings) -> None:
        asyncio.run(_serve_smtp(settings, port))

    return Part("bare-smtp", "Bare SMTP sink", (), run, banner_ready("mssante", port))


async def _serve_smtp(settings: Settings, port: int) -> None:
    tls = pki_of(settings).server_context("tls")

    def connection() -> SMTP:
        return SMTP(
            _Sink(),
            tls_context=tls,
            require_starttls=True,
            auth_required=True,
            authenticator=lambda *_: AuthResult(success=True),
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, settings.host, port)
    async with server:
        await server.serve_forever()
