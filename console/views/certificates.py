"""Console, views, certificates: issue, revoke, and people of the country with all that agrees.

Asked of the test authority beside INSi, as a script would. Keys are not kept here: they go into
the one answer that the page shows, as files to save. Not here: making a certificate (kit.pki).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from console.downloads import Bundle, authorities, bundle_of
from console.handing_over import Answer, hand_over
from indicators.journals import Unreachable, ask
from kit.clock import Clock
from kit.pki import CertificateFault, CertificateKind, Reason
from kit.pki.issuing import FIELDS, LONGEST, PERSONAL
from kit.settings import Settings
from kit.world import ProfessionalOrder, StructureOrder, world_of

MAX_SHOWN = 200
MAX_QUESTION = 200
KINDS = {
    CertificateKind.ORG_AUTH_CLI: "organisation, authentification (TLS mutuel)",
    CertificateKind.ORG_SIGN: "organisation, signature (VIHF)",
    CertificateKind.PS_AUTH: "carte d'un professionnel, authentification",
    CertificateKind.PS_SIGN: "carte d'un professionnel, signature",
    CertificateKind.SERV_SSL: "serveur TLS",
}
FAULTS = {
    CertificateFault.EXPIRED: "il n'est plus valide depuis 2016",
    CertificateFault.NOT_YET_VALID: "il ne sera valide qu'en décembre 2049",
    CertificateFault.OTHER_AUTHORITY: "une autorité inconnue du banc l'a signé, sous un nom connu",
    CertificateFault.WRONG_STRUCTURE: "sa structure (OU) n'est pas celle qui est demandée",
    CertificateFault.REVOKED: "il est révoqué dès son émission : CRL et OCSP le disent",
    CertificateFault.WRONG_USE: "il sert à signer au lieu d'authentifier, ou l'inverse",
    CertificateFault.WEAK_KEY: "sa clé RSA n'a que 1024 bits",
}
REASONS = {
    Reason.UNSPECIFIED: "sans motif",
    Reason.KEY_COMPROMISE: "clé compromise",
    Reason.AFFILIATION_CHANGED: "changement de structure",
    Reason.SUPERSEDED: "remplacé",
    Reason.CESSATION: "fin d'activité",
}
USAGES = {"client": "authentification", "signature": "signature", "server": "serveur"}
NAMES = {
    "auth": "authentification",
    "sign": "signature",
    "insi_auto": "INSi, recherche automatique",
    "insi_manual": "INSi, recherche manuelle",
}
PROFESSIONS = {
    "10": "médecin",
    "21": "pharmacien",
    "40": "chirurgien-dentiste",
    "50": "sage-femme",
    "60": "infirmier",
}
_ORDER = frozenset(FIELDS)
_SERIAL = re.compile(r"[0-9a-f]{1,40}")
_PEOPLE = {"professionnel": "professional", "structure": "structure"}
_CHOICE = {
    who: frozenset({"number", "finess", *(item.name for item in fields(kind))})
    for who, kind in (("professionnel", ProfessionalOrder), ("structure", StructureOrder))
}


@dataclass(frozen=True, slots=True)
class Issued:
    """Certificates that answer a question, the first ones; how many there are; or a problem."""

    rows: tuple[Mapping[str, Any], ...] = ()
    count: int = 0
    problem: str = ""


def blueprint(settings: Settings, clock: Clock) -> Blueprint:
    """The page, its list, and the requests that make or revoke something."""
    bp = Blueprint("certificates", __name__)

    @bp.get("/certificats")
    def certificates() -> str:
        """Forms, and what was issued."""
        world = world_of(settings)
        return render_template(
            "certificates.html",
            kinds=KINDS,
            faults=FAULTS,
            personal=PERSONAL,
            longest=LONGEST,
            places=(*world.establishments, *world.additions.structures),
            countable=len(world.establishments),
            professions=PROFESSIONS,
            **_listed(settings, clock),
        )

    @bp.get("/certificats/liste")
    def listed() -> Response:
        """The list alone, for the page that has just changed it."""
        return jsonify({"html": render_template("_issued.html", **_listed(settings, clock))})

    _issue(bp, settings)
    _revoke(bp, settings)
    _people(bp, settings)
    return bp


def _issue(bp: Blueprint, settings: Settings) -> None:
    @bp.post("/certificats/emettre")
    def issue() -> tuple[Response, int]:
        """Issue one certificate."""
        given: dict[str, Any] = _filled(_ORDER)
        if "host_names" in given:
            given["host_names"] = re.split(r"[\s,;]+", given["host_names"])
        answer = hand_over(settings, "ins", "/pki/issue", given=given)
        return _shown(answer, {str(given.get("kind", "")): answer.told})


def _people(bp: Blueprint, settings: Settings) -> None:
    @bp.post("/certificats/<who>")
    def someone(who: str) -> tuple[Response, int]:
        """A professional or a structure, of the country or added to it."""
        if who not in _PEOPLE:
            abort(404)
        given: dict[str, Any] = _filled(_CHOICE[who])
        if not re.fullmatch(r"[0-9]{1,6}", given.get("number", "1")):
            abort(400, "Le numéro est un nombre, à partir de 1.")
        given["number"] = int(given.get("number", "1"))
        answer = hand_over(settings, "ins", f"/pki/{_PEOPLE[who]}", given=given)
        held = answer.told.get("certificates", {})
        return _shown(answer, held if isinstance(held, dict) else {})


def _revoke(bp: Blueprint, settings: Settings) -> None:
    @bp.post("/certificats/revoquer")
    def revoke() -> tuple[Response, int]:
        """Revoke by serial number."""
        given = _filled({"serial", "reason"})
        if not _SERIAL.fullmatch(given.get("serial", "")):
            abort(400, "Ce n'est pas un numéro de série.")
        answer = hand_over(settings, "ins", "/pki/revoke", given=given)
        return answer.refusal() if answer.problem else (jsonify({"serial": given["serial"]}), 200)


def _filled(names: Collection[str]) -> dict[str, str]:
    """The fields of a form that were filled in."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict) or not set(given) <= set(names):
        abort(400, "Ce n'est pas un formulaire de cette page.")
    if not all(isinstance(value, str) for value in given.values()):
        abort(400, "Chaque champ est un texte.")
    return {name: value.strip() for name, value in given.items() if value.strip()}


def _shown(answer: Answer, held: Mapping[str, Any]) -> tuple[Response, int]:
    """The fragment that tells what was made, with its files."""
    if answer.problem:
        return answer.refusal()
    order = sorted(held, key=lambda name: list(NAMES).index(name) if name in NAMES else 0)
    bundles = tuple(bundle_of(name, held[name]) for name in order)
    html = render_template(
        "_made.html",
        told=answer.told,
        bundles=bundles,
        trust=authorities(held.values()),
        password=_password(bundles),
        names=NAMES,
        professions=PROFESSIONS,
        usages=USAGES,
    )
    return jsonify({"html": html}), 200


def _password(bundles: tuple[Bundle, ...]) -> str:
    return next((item.password for item in bundles if item.password), "")


def _listed(settings: Settings, clock: Clock) -> dict[str, Any]:
    question = request.args.get("q", "")[:MAX_QUESTION].strip()
    return {
        "found": find_issued(settings, question, clock.wall()),
        "question": question,
        "reasons": REASONS,
        "usages": USAGES,
    }


def find_issued(settings: Settings, question: str, now: datetime) -> Issued:
    """The certificates whose subject or serial number holds the question."""
    try:
        answer = ask(settings, "ins", "/pki/issued")
    except Unreachable as problem:
        return Issued(problem=str(problem))
    rows = answer.get("certificates") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return Issued(problem="ins : réponse inattendue.")
    wanted = question.casefold()
    kept = [row for row in rows if wanted in f"{row.get('subject')} {row.get('serial')}".casefold()]
    told = tuple(row | {"state": _state(row, now)} for row in kept[:MAX_SHOWN])
    return Issued(told, len(kept))


def _state(row: Mapping[str, Any], now: datetime) -> str:
    """valid, revoked, expired or early."""
    if row.get("revoked_at"):
        return "revoked"
    try:
        since, until = (
            datetime.fromisoformat(str(row.get(name))) for name in ("valid_from", "valid_until")
        )
        return "early" if now < since else "expired" if now > until else "valid"
    except (ValueError, TypeError):
        return ""
