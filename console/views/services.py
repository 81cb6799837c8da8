"""Console, views, services: where everything is, how it is, and what is armed on purpose.

Not here: starting anything (banc), what a fault does (kit.faults).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from console.handing_over import Answer, hand_over
from indicators.journals import SERVICES, Unreachable, ask
from kit.faults import EFFECTS
from kit.settings import Settings

BANNER_SECONDS = 0.5
MAX_CERTIFICATES = 200
_FAULT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FIELDS = frozenset("id effect transaction value probability from_at until_at seed".split())


@dataclass(frozen=True, slots=True)
class Listener:
    """One port: whose it is, its address, what the connection demands."""

    service: str
    label: str
    url: str
    access: str


@dataclass(frozen=True, slots=True)
class State:
    """How a service is: lines in its journal, armed faults; or why it does not answer."""

    service: str
    lines: int | None
    problem: str
    faults: tuple[Mapping[str, Any], ...] = ()


def blueprint(settings: Settings) -> Blueprint:
    """The page of the services, and the two requests that change something."""
    bp = Blueprint("services", __name__)

    @bp.get("/services")
    def services() -> str:
        """Addresses, health, credentials, clock, faults."""
        return render_template(
            "services.html",
            listeners=listeners(settings),
            states=[state(settings, name) for name in SERVICES],
            mail=mail_problem(settings),
            clock=clock(settings),
            authority=settings.data_dir / "pki" / "authorities" / "trust.pem",
            certificates=tuple(certificates(settings.data_dir / "pki")),
            settings=settings,
            effects=EFFECTS,
        )

    @bp.post("/services/<service>/faults")
    def arm(service: str) -> tuple[Response, int]:
        """Arm a fault."""
        given = request.get_json(silent=True)
        if service not in SERVICES:
            abort(404)
        if not isinstance(given, dict) or not set(given) <= _FIELDS:
            abort(400, "Ce n'est pas un défaut.")
        return _answered(hand_over(settings, service, "/faults", given=given))

    @bp.delete("/services/<service>/faults/<fault_id>")
    def disarm(service: str, fault_id: str) -> tuple[Response, int]:
        """Take a fault away."""
        if service not in SERVICES or not _FAULT_ID.fullmatch(fault_id):
            abort(404)
        path = f"/faults/{fault_id}"
        return _answered(hand_over(settings, service, path, method="DELETE"))

    return bp


def _answered(answer: Answer) -> tuple[Response, int]:
    return answer.refusal() if answer.problem else (jsonify(answer.told), 200)


def listeners(settings: Settings) -> tuple[Listener, ...]:
    """Every port of the bench."""

    def url(service: str, port: int, scheme: str = "http", path: str = "") -> str:
        return f"{scheme}://{settings.reach(service)}:{port}{path}"

    dmp, pdsm, lps, ror, boxes = (
        "/si-dmp-server/v2/services", "/si-dmp-server/v2/fhir", "/lps", "/ws-diffusion-fhir",
        "/mailboxes",
    )  # fmt: skip
    wallet, client = "/auth/realms/esante-wallet", "client banc-test, ou un client déclaré"
    vihf = "certificat ORG_AUTH_CLI, VIHF signé ORG_SIGN"
    mail = "STARTTLS, adresse de la boîte et mot de passe"
    return (
        Listener("dmp", "HTTP", url("dmp", settings.dmp_port, path=dmp), "VIHF signé"),
        Listener("dmp", "TLS mutuel", url("dmp", settings.dmp_tls_port, "https", dmp), vihf),
        Listener("dmp", "FHIR (PDSm)", url("dmp", settings.dmp_port, path=pdsm),
                 "rien, premier essai ; en-tête Banc-User"
                 if settings.dmp_fhir == "open" else "jeton Pro Santé Connect"),
        Listener("dmp", "FHIR, TLS mutuel", url("dmp", settings.dmp_tls_port, "https", pdsm),
                 "certificat ORG_AUTH_CLI, jeton Pro Santé Connect pour une personne"),
        *_patient_side(settings, url("dmp", settings.dmp_port, path="/mon-espace-sante")),
        Listener("ins", "HTTP", url("ins", settings.ins_port, path=lps), "rien, premier essai"),
        Listener("ins", "TLS mutuel", url("ins", settings.ins_mtls_port, "https", lps),
                 "certificat INSI-AUTO ou INSI-MANU"),
        Listener("ins", "TLS", url("ins", settings.ins_tls_port, "https", lps), "assertion SAML"),
        Listener("ror", "HTTP", url("ror", settings.ror_port, path=ror), "rien, premier essai"),
        Listener("ror", "TLS", url("ror", settings.ror_tls_port, "https", ror), "jeton OAuth 2"),
        Listener("psc", "HTTP", url("psc", settings.psc_port, path=wallet), client),
        Listener("psc", "TLS", url("psc", settings.psc_tls_port, "https", wallet), client),
        Listener("mssante", "API", url("mssante", settings.mssante_port, path=boxes), "rien"),
        Listener("mssante", "SMTP", url("mssante", settings.submission_port, "smtp"), mail),
        Listener("mssante", "IMAP", url("mssante", settings.imap_port, "imap"), mail),
        Listener("gateway", "MLLP", url("gateway", settings.gateway_port, "mllp"), "rien"),
        Listener("gateway", "API", url("gateway", settings.gateway_http_port, path="/outbox"),
                 "rien"),
    )  # fmt: skip


def _patient_side(settings: Settings, url: str) -> tuple[Listener, ...]:
    """The page of a patient, when the DMP serves it."""
    shown = Listener("dmp", "page du patient", f"{url}/<matricule INS>", "un navigateur")
    return (shown,) if settings.dmp_citizen else ()


def state(settings: Settings, service: str) -> State:
    """How one service is."""
    try:
        health = ask(settings, service, "/health")
        armed = ask(settings, service, "/faults")
    except Unreachable as problem:
        return State(service, None, str(problem))
    if not isinstance(health, dict) or not isinstance(armed, dict):
        return State(service, None, "réponse inattendue")
    faults = tuple(item for item in armed.get("faults", ()) if isinstance(item, dict))
    return State(service, health.get("journal"), "", faults)


def mail_problem(settings: Settings) -> str:
    """What keeps SMTP or IMAP from greeting, "" when both do."""
    for port in (settings.submission_port, settings.imap_port):
        try:
            address = (settings.reach("mssante"), port)
            with socket.create_connection(address, BANNER_SECONDS) as held:
                if not held.recv(64):
                    return f"le port {port} se ferme aussitôt"
        except OSError as error:
            return f"le port {port} ne répond pas : {error}"
    return ""


def clock(settings: Settings) -> Mapping[str, Any] | None:
    """The bench clock as the first service that answers tells it."""
    for service in SERVICES:
        try:
            told = ask(settings, service, "/clock")
        except Unreachable:
            continue
        if isinstance(told, dict) and "now" in told:
            return told
    return None


def certificates(folder: Path) -> Iterator[tuple[str, str]]:
    """Kind and path of each certificate that was made, its key beside it."""
    found = sorted(folder.glob("*/*/certificate.pem"))
    for path in found[:MAX_CERTIFICATES]:
        if path.parent.parent.name != "authorities":
            yield path.parent.parent.name, str(path)
