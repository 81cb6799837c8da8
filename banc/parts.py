"""Banc, parts: which processes make a bench, where each listens and how it runs.

Not here: starting and watching them (bench), nor what they do (mocks, console).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from flask import Flask

from banc.bench import Address, Part, banner_ready, http_ready, port_ready
from console.app import create_app as create_console
from kit.pki import TestPki, TlsMode, handshake
from kit.pki.publication import blueprint as pki_blueprint
from kit.server import Application, Listener, serve
from kit.service import Service, service_of
from kit.settings import Settings
from mocks.dmp.app import create_app as create_dmp
from mocks.ins.app import create_app as create_ins
from mocks.mssante.app import create_app as create_mssante
from mocks.mssante.app import serve_mail
from mocks.psc.app import create_app as create_psc
from mocks.ror.app import create_app as create_ror
from simulator.gateway.app import create_app as create_gateway
from simulator.gateway.app import serve_gateway

HANDSHAKES = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "this listener demands a client certificate",
    "CERTIFICATE_VERIFY_FAILED": "the client certificate is not from the test authority",
    "CERTIFICATE_NOT_YET_VALID": "the client certificate is not valid yet",
    "CERTIFICATE_EXPIRED": "the client certificate has expired",
    "CERTIFICATE_REVOKED": "the client certificate is on its authority's revocation list",
    "CERTIFICATE_OF_ANOTHER_USE": "the client certificate is not made for client TLS",
    "CERTIFICATE_KEY_TOO_WEAK": "the key of the client certificate is too short",
    "TLSV1_ALERT_UNKNOWN_CA": "the client does not trust the test authority: give it the CA file",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the client refuses the server's certificate",
    "HTTP_REQUEST": "plain HTTP on a TLS port",
    "UNSUPPORTED_PROTOCOL": "TLS 1.2 or above is needed",
    "NO_SHARED_CIPHER": "no cipher suite in common",
}
DMP_PATH = "/si-dmp-server/v2/services"
DMP_FHIR_PATH = "/si-dmp-server/v2/fhir"


def pki_of(settings: Settings) -> TestPki:
    """The test authority of the bench."""
    return TestPki.open(settings.data_dir / "pki", settings)


def parts(settings: Settings) -> tuple[Part, ...]:
    """Every part of a bench, in the order of the table that ``banc up`` prints."""
    return (_dmp(settings), _ins(settings), _ror(settings), _psc(settings),
            _mssante(settings), _mail(settings), _gateway(settings), _gateway_api(settings),
            _console(settings))  # fmt: skip


def part(name: str, settings: Settings) -> Part:
    """One part by its name. Raises KeyError."""
    return {item.name: item for item in parts(settings)}[name]


def _context(settings: Settings, mode: TlsMode) -> Callable[[], ssl.SSLContext]:
    authority = cache(lambda: pki_of(settings))  # opened in each worker, after the fork
    return lambda: authority().server_context(mode)


def _serve_app(
    name: str,
    create: Callable[[Settings], Flask],
    listeners: tuple[Listener, ...],
    settings: Settings,
) -> None:
    loaded: list[Service] = []

    def load() -> Flask:
        app = create(settings)
        if "banc" in app.extensions:
            loaded.append(service_of(app))
        return app

    def prepare() -> None:
        app = create(settings)  # creates the tables before the workers fork
        if "banc" in app.extensions:
            service = service_of(app)
            service.journal.prune()
            service.database.close()

    def refused(mode: str, _client: str, why: str) -> None:
        if loaded and why in HANDSHAKES:
            _journal_handshake(loaded[-1], mode, why)

    serve(Application(name, load, listeners, prepare, refused), settings)


def _journal_handshake(service: Service, mode: str, why: str) -> None:
    who = handshake.who() if why.startswith("CERTIFICATE_") else ""
    with service.journal.record(service.name, "TLS", b"", listener=mode) as line:
        line.unauthorized(why, f"{HANDSHAKES[why]}: {who}" if who else HANDSHAKES[why])


def _http(settings: Settings, service: str, port: int, scheme: str = "http", path: str = "") -> str:
    return f"{scheme}://{settings.reach(service)}:{port}{path}"


def _dmp(settings: Settings) -> Part:
    plain, tls = settings.dmp_port, settings.dmp_tls_port
    listeners = (Listener(plain), Listener(tls, "mtls", _context(settings, "mtls")))
    addresses = (
        Address("HTTP", plain, _http(settings, "dmp", plain, path=DMP_PATH), "signed VIHF"),
        Address(
            "mutual TLS",
            tls,
            _http(settings, "dmp", tls, "https", DMP_PATH),
            "ORG_AUTH_CLI certificate, VIHF signed with ORG_SIGN",
        ),
        *(_dmp_fhir(settings) if settings.dmp_fhir != "off" else ()),
    )
    run = partial(_serve_app, "dmp", create_dmp, listeners)
    return Part("dmp", "DMP", addresses, run, http_ready("dmp", plain))


def _dmp_fhir(settings: Settings) -> tuple[Address, Address]:
    """The FHIR face of the DMP, on the same listeners."""
    plain, tls = settings.dmp_port, settings.dmp_tls_port
    is_open = settings.dmp_fhir == "open"
    first = "none, for a first try; header Banc-User" if is_open else "Pro Santé Connect token"
    return (
        Address("FHIR", plain, _http(settings, "dmp", plain, path=DMP_FHIR_PATH), first),
        Address(
            "FHIR, mutual TLS",
            tls,
            _http(settings, "dmp", tls, "https", DMP_FHIR_PATH),
            "ORG_AUTH_CLI certificate, for a person with a Pro Santé Connect token",
        ),
    )


def _ins(settings: Settings) -> Part:
    plain, mutual, tls = settings.ins_port, settings.ins_mtls_port, settings.ins_tls_port
    listeners = (
        Listener(plain),
        Listener(mutual, "mtls", _context(settings, "mtls")),
        Listener(tls, "tls", _context(settings, "tls")),
    )
    addresses = (
        Address("HTTP", plain, _http(settings, "ins", plain, path="/lps"), "none, for a first try"),
        Address(
            "mutual TLS",
            mutual,
            _http(settings, "ins", mutual, "https", "/lps"),
            "certificate with CN INSI-AUTO or INSI-MANU",
        ),
        Address("one-way TLS", tls, _http(settings, "ins", tls, "https", "/lps"), "SAML assertion"),
    )
    run = partial(_serve_app, "ins", _create_ins, listeners)
    return Part("ins", "INSi", addresses, run, http_ready("ins", plain))


def _create_ins(settings: Settings) -> Flask:
    """INSi, and beside it the public face of the test authority: lists, OCSP, issuing."""
    app = create_ins(settings)
    app.register_blueprint(pki_blueprint(pki_of(settings), service_of(app).clock, settings))
    return app


def _ror(settings: Settings) -> Part:
    plain, tls, path = settings.ror_port, settings.ror_tls_port, "/ws-diffusion-fhir"
    listeners = (Listener(plain), Listener(tls, "tls", _context(settings, "optional")))
    addresses = (
        Address("HTTP", plain, _http(settings, "ror", plain, path=path), "none, for a first try"),
        Address("TLS", tls, _http(settings, "ror", tls, "https", path), "OAuth 2 bearer token"),
    )
    run = partial(_serve_app, "ror", create_ror, listeners)
    return Part("ror", "ROR", addresses, run, http_ready("ror", plain))


def _psc(settings: Settings) -> Part:
    plain, tls, path = settings.psc_port, settings.psc_tls_port, "/auth/realms/esante-wallet"
    listeners = (Listener(plain), Listener(tls, "tls", _context(settings, "optional")))
    access = "client banc-test, or one registered at /_banc/psc/clients"
    addresses = (
        Address("HTTP", plain, _http(settings, "psc", plain, path=path), access),
        Address("TLS", tls, _http(settings, "psc", tls, "https", path), access),
    )
    run = partial(_serve_app, "psc", create_psc, listeners)
    return Part("psc", "Pro Santé Connect", addresses, run, http_ready("psc", plain))


def _mssante(settings: Settings) -> Part:
    port = settings.mssante_port
    addresses = (Address("API", port, _http(settings, "mssante", port, path="/mailboxes"), "none"),)
    run = partial(_serve_app, "mssante", create_mssante, (Listener(port),))
    return Part("mssante", "MSSanté API", addresses, run, http_ready("mssante", port))


def _mail(settings: Settings) -> Part:
    smtp, imap = settings.submission_port, settings.imap_port
    host = settings.reach("mssante")
    access = "STARTTLS, mailbox address and password"
    addresses = (
        Address("SMTP", smtp, f"smtp://{host}:{smtp}", access),
        Address("IMAP", imap, f"imap://{host}:{imap}", access),
    )
    return Part("mail", "MSSanté mail", addresses, _run_mail, banner_ready("mssante", smtp, imap))


def _run_mail(settings: Settings) -> None:
    result: Any = serve_mail(settings)
    if asyncio.iscoroutine(result):
        asyncio.run(result)


def _gateway(settings: Settings) -> Part:
    port, host = settings.gateway_port, settings.reach("gateway")
    addresses = (
        Address("MLLP", port, f"mllp://{host}:{port}", "HL7 v2, profile 2.1^CISIS_CDA_HL7_V2"),
    )
    ready = port_ready("gateway", port)
    return Part("gateway", "Passerelle HL7v2", addresses, _run_gateway, ready)


def _run_gateway(settings: Settings) -> None:
    asyncio.run(serve_gateway(settings))


def _gateway_api(settings: Settings) -> Part:
    port = settings.gateway_http_port
    addresses = (Address("API", port, _http(settings, "gateway", port, path="/outbox"), "none"),)
    run = partial(_serve_app, "gateway-api", create_gateway, (Listener(port),))
    return Part(
        "gateway-api", "Passerelle HL7v2 API", addresses, run, http_ready("gateway", port)
    )  # fmt: skip


def _console(settings: Settings) -> Part:
    port = settings.console_port
    url = f"http://{settings.host}:{port}"
    addresses = (Address("console", port, url, "a web browser"),)
    run = partial(_serve_app, "console", _create_console, (Listener(port),))
    return Part("console", "Console", addresses, run, http_ready("console", port))


def _create_console(settings: Settings) -> Flask:
    from banc.validation.front import for_pages

    return create_console(settings, judge=for_pages(settings))
