"""Kit, pki: the public face of the test authority over HTTP, as one blueprint for one part.

``/pki``: revocation lists, authorities' certificates and OCSP, as certificates name them.
``/_banc/pki``: issuing and revoking, for pages and scripts, on the plain listener only. Not here:
what a certificate may be (issuing).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from kit import control
from kit.clock import Clock
from kit.pki import issuing, ocsp, people
from kit.pki.authority import NotOurs, TestPki
from kit.pki.certificates import (
    Authority,
    CertificateFault,
    CertificateKind,
    certificate_url,
    crl_url,
    ocsp_url,
)
from kit.pki.revocation import NoStatus, Reason, list_path
from kit.rules import Malformed
from kit.service import PLAIN, listener_of
from kit.settings import Settings
from kit.world import World, world_of

_AUTHORITIES = {authority.slug: authority for authority in Authority}


def blueprint(pki: TestPki, clock: Clock, settings: Settings) -> Blueprint:
    """Everything one may ask the authority. clock: its wall time dates answers and revocations."""
    world = world_of(settings)
    bp = Blueprint("pki", __name__)
    bp.register_error_handler(Malformed, lambda found: _wrong(found.where, found.why))
    bp.register_error_handler(NotOurs, lambda found: _wrong("certificate", str(found)))
    bp.register_error_handler(NoStatus, lambda found: control.error(503, str(found)))
    _lists(bp, pki)
    _responder(bp, pki, clock)
    _issue(bp, pki, world)
    _revoke(bp, pki, clock)
    _professional(bp, pki, world, settings)
    _structure(bp, pki, world)
    return bp


def _wrong(where: str, why: str) -> Response:
    return control.error(400, why, where=where)


def _lists(bp: Blueprint, pki: TestPki) -> None:
    @bp.get("/pki/<name>.crl")
    def revocation_list(name: str) -> Response:
        """The revocation list of an authority (CRL), DER."""
        path = list_path(pki.lists.path.parent, _authority(name))
        return Response(path.read_bytes(), mimetype="application/pkix-crl")

    @bp.get("/pki/<name>.crt")
    def authority_certificate(name: str) -> Response:
        """The certificate of an authority, DER."""
        path = pki.folder / "authorities" / _authority(name).slug / "certificate.pem"
        der = base64.b64decode("".join(path.read_text("ascii").splitlines()[1:-1]))
        return Response(der, mimetype="application/pkix-cert")

    @bp.get("/pki/trust.pem")
    def trust() -> Response:
        """The authorities to trust, PEM."""
        return Response(pki.ca_path.read_bytes(), mimetype="application/x-pem-file")


def _authority(name: str) -> Authority:
    if name not in _AUTHORITIES:
        abort(404)
    return _AUTHORITIES[name]


def _responder(bp: Blueprint, pki: TestPki, clock: Clock) -> None:
    def answered(asked: bytes) -> Response:
        issuers = [pki.issuer(authority) for authority in Authority]
        answer = ocsp.answer(asked, issuers, pki.status, clock.wall())
        return Response(answer, mimetype="application/ocsp-response")

    @bp.post("/pki/ocsp")
    def ask() -> Response:
        """OCSP (RFC 6960), the request in the body."""
        return answered(request.stream.read(ocsp.MAX_REQUEST_BYTES + 1))

    @bp.get("/pki/ocsp/<path:asked>")
    def ask_in_the_path(asked: str) -> Response:
        """OCSP (RFC 6960 A.1), the request in base64 in the address."""
        try:
            return answered(base64.b64decode(unquote(asked), validate=True))
        except (binascii.Error, ValueError):
            return answered(b"")


def _issue(bp: Blueprint, pki: TestPki, world: World) -> None:
    @bp.get("/_banc/pki")
    def offers() -> Response:
        """What can be ordered, and where lists and OCSP are."""
        _plain_listener_only()
        authorities = [_told_authority(pki, item) for item in Authority]
        return jsonify(
            {
                "kinds": list(CertificateKind),
                "faults": list(CertificateFault),
                "reasons": list(Reason),
                "fields": issuing.FIELDS,
                "authorities": authorities,
                "ocsp": ocsp_url(pki.published),
            }
        )

    @bp.get("/_banc/pki/issued")
    def issued() -> Response:
        """Every certificate that was issued, and whether it is revoked."""
        _plain_listener_only()
        found = [issuing.told_certificate(item, pki) for item in pki.issued()]
        return jsonify({"certificates": sorted(found, key=lambda item: str(item["subject"]))})

    @bp.post("/_banc/pki/issue")
    def issue() -> Response:
        """Issue a certificate: an order in JSON, the PEM and PKCS#12 in the answer."""
        _plain_listener_only()
        order = issuing.read_order(_json(), world)
        return jsonify(issuing.told(issuing.fill(pki, order), pki))


def _told_authority(pki: TestPki, authority: Authority) -> dict[str, str]:
    return {
        "name": authority.slug,
        "common_name": authority.value,
        "crl": crl_url(pki.published, authority),
        "certificate": certificate_url(pki.published, authority),
    }


def _revoke(bp: Blueprint, pki: TestPki, clock: Clock) -> None:
    @bp.post("/_banc/pki/revoke")
    def revoke() -> Response:
        """Revoke: ``serial`` in hexadecimal or ``certificate`` in PEM, and a ``reason``."""
        _plain_listener_only()
        given = _json()
        found = _named(pki, given)
        reason = given.get("reason", Reason.UNSPECIFIED)
        if reason not in tuple(Reason):
            raise Malformed("reason", "expected one of " + ", ".join(Reason))
        pki.revoke(found, clock.wall(), Reason(reason))
        return jsonify(issuing.told_certificate(found, pki))


def _named(pki: TestPki, given: dict[str, Any]) -> Any:
    serial, pem = given.get("serial", ""), given.get("certificate", "")
    if not isinstance(serial, str) or not isinstance(pem, str) or bool(serial) == bool(pem):
        raise Malformed("serial", "expected a serial number, or a certificate in PEM")
    if serial:
        return issuing.find_issued(pki, serial)
    return issuing.read_certificate(pem.encode())


def _professional(bp: Blueprint, pki: TestPki, world: World, settings: Settings) -> None:
    @bp.post("/_banc/pki/professional")
    def professional() -> Response:
        """A professional with card, mailbox and login: chosen by ``rpps``, or finess, unit, number;
        created with ``family`` and ``given``."""
        _plain_listener_only()
        given = _json()
        found = people.professional_of(world, _texts(given), _number(given))
        made = people.professional(pki, found, world)
        cards = {"auth": issuing.told(made.auth, pki), "sign": issuing.told(made.sign, pki)}
        return jsonify(made.as_dict(settings) | {"certificates": cards})


def _structure(bp: Blueprint, pki: TestPki, world: World) -> None:
    @bp.post("/_banc/pki/structure")
    def structure() -> Response:
        """An establishment with its certificates: chosen by ``finess`` or ``number``; created with
        a ``name``."""
        _plain_listener_only()
        given = _json()
        place = people.structure_of(world, _texts(given), _number(given))
        made = people.structure(pki, place)
        certificates = {
            name: issuing.told(getattr(made, name), pki)
            for name in ("auth", "sign", "insi_auto", "insi_manual")
        }
        return jsonify(made.as_dict() | {"certificates": certificates})


def _plain_listener_only() -> None:
    if listener_of(request.environ) != PLAIN:
        abort(404)


def _json() -> dict[str, Any]:
    try:
        given = request.get_json()
    except HTTPException:
        given = None
    if not isinstance(given, dict):
        raise Malformed("body", "expected a JSON object with Content-Type application/json")
    return given


def _texts(given: dict[str, Any]) -> dict[str, str]:
    """Every field but the number."""
    found = {name: value for name, value in given.items() if name != "number"}
    for name, value in found.items():
        if not isinstance(value, str):
            raise Malformed(str(name)[:40], "expected a text")
    return found


def _number(given: dict[str, Any]) -> int:
    value = given.get("number", 1)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("number", "expected a number from 1 on")
    return value
