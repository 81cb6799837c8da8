"""Console, views, exchange: one exchange: facts, refusals explained, raw bytes, what they say.

Not here: reading the bytes (decoding).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template
from werkzeug.wrappers import Response as BaseResponse

from console.decoding import Attachment, Decoded, bounded, decode_side
from console.decoding.http import split_http
from indicators.journals import SERVICES, Unreachable, ask
from kit.settings import Settings

SIDES = {"request": "Demande", "answer": "Réponse"}
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Side:
    """A request or an answer as the page shows it: HTTP head, text, what was decoded."""

    name: str
    title: str
    size_bytes: int
    head: str
    text: str
    note: str
    decoded: Decoded


def blueprint(settings: Settings) -> Blueprint:
    """The pages of one exchange."""
    bp = Blueprint("exchange", __name__)

    @bp.get("/journal/<service>/<exchange_id>")
    def exchange(service: str, exchange_id: str) -> str:
        """Everything about one exchange."""
        line = _line(settings, service, exchange_id)
        sides = [
            _side(name, raw, str(line["transaction"]))
            for name in SIDES
            if (raw := _raw(line, name)) is not None
        ]
        facts = json.dumps(line.get("facts"), ensure_ascii=False, indent=2)
        return render_template("exchange.html", line=line, sides=sides, facts=bounded(facts)[0])

    @bp.get("/journal/<service>/<exchange_id>/<side>/raw")
    def raw(service: str, exchange_id: str, side: str) -> Response:
        """The bytes of one side, to keep."""
        found = _raw(_line(settings, service, exchange_id), side)
        if found is None:
            abort(404)
        return _download(f"{exchange_id}-{side}.bin", found)

    @bp.get("/journal/<service>/<exchange_id>/<side>/parts/<int:place>")
    def part(service: str, exchange_id: str, side: str, place: int) -> Response:
        """One part of one side, to keep."""
        line = _line(settings, service, exchange_id)
        found = _raw(line, side)
        decoded = _decoded(found, str(line["transaction"]), side) if found else Decoded()
        if place >= len(decoded.attachments):
            abort(404)
        item = decoded.attachments[place]
        return _download(_file_name(item), item.content)

    @bp.get("/exchange/<exchange_id>")
    def find(exchange_id: str) -> BaseResponse:
        """The page of an exchange whose service is not known."""
        held = (name for name in SERVICES if _asked(settings, name, exchange_id) is not None)
        service = next(held, None)
        if service is None:
            abort(404)
        return redirect(f"/journal/{service}/{exchange_id}")

    return bp


def _line(settings: Settings, service: str, exchange_id: str) -> Mapping[str, Any]:
    if service not in SERVICES:
        abort(404)
    try:
        found = _asked(settings, service, exchange_id, must_answer=True)
    except Unreachable as problem:
        abort(502, str(problem))
    if found is None:
        abort(404)
    return found


def _asked(
    settings: Settings, service: str, exchange_id: str, *, must_answer: bool = False
) -> Mapping[str, Any] | None:
    """The line with its bytes in base64, or None. Raises Unreachable when it must answer."""
    if not _ID.fullmatch(exchange_id):
        return None
    try:
        found = ask(settings, service, f"/journal/{exchange_id}")
    except Unreachable:
        if must_answer:
            raise
        return None
    return found if isinstance(found, dict) and "transaction" in found else None


def _raw(line: Mapping[str, Any], side: str) -> bytes | None:
    """The bytes of one side; None when they are no longer kept, or there is no such side."""
    text = line.get(side) if side in SIDES else None
    return base64.b64decode(text) if isinstance(text, str) else None


def _decoded(raw: bytes, transaction: str, side: str) -> Decoded:
    return decode_side(raw, transaction, is_request=side == "request")


def _side(name: str, raw: bytes, transaction: str) -> Side:
    http = split_http(raw)
    head, body = (http.head, http.body) if http else ("", raw)
    text, note = bounded(body.decode("utf-8", "replace"))
    decoded = _decoded(raw, transaction, name)
    return Side(name, SIDES[name], len(raw), bounded(head)[0], text, note, decoded)


def _file_name(item: Attachment) -> str:
    return _PLAIN.sub("-", item.name).strip("-.")[:100] or "partie"


def _download(name: str, content: bytes) -> Response:
    """Bytes from outside: never opened by the browser, whatever they claim to be."""
    answer = Response(content, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_PLAIN.sub("-", name)}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
