"""Console, security: what the browser may load and who may send: headers and the origin check.

Journals hold bytes from outside: pages load nothing but our own files, and no script, style or
frame of theirs. Not here: escaping (Jinja does), rendering of documents (decoding).
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from kit.settings import Settings

DOCUMENT_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:1rem;color:#111;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0}td,th{border:1px solid #ccc;padding:.2rem .5rem;"
    "text-align:left;vertical-align:top}.cda-header th{background:#f2f4f7}"
    "h1{font-size:1.3rem}h2{font-size:1.1rem}h3{font-size:1rem}img{max-width:100%}"
    ".cda-pdf{color:inherit;text-decoration:none;pointer-events:none}"
)


def source_of(text: str) -> str:
    """The CSP source of an inline style: its SHA-256."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


DOCUMENT_POLICY = f"default-src 'none'; img-src data:; style-src {source_of(DOCUMENT_STYLE)}"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {source_of(DOCUMENT_STYLE)}",  # srcdoc frames inherit this policy
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
READS = ("GET", "HEAD", "OPTIONS")
FILE_TYPE = "application/octet-stream"  # as JSON, a page of another origin cannot send it unasked
TAKE_FILES = frozenset({"validation.document", "validation.program"})
FOR_PROGRAMS = frozenset({"validation.program"})  # they change nothing; a browser has an Origin


def install(app: Flask, settings: Settings) -> None:
    """Headers on every answer; whatever changes something comes from our own pages."""
    names = {"localhost", "console", settings.host, *settings.server_names}

    @app.before_request
    def check() -> None:
        is_program = request.endpoint in FOR_PROGRAMS and "Origin" not in request.headers
        if request.method not in READS and not is_program:
            _check_origin(names)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response


def _check_origin(names: set[str]) -> None:
    """The page that sends is ours: same origin, and a host name that is ours (DNS rebinding)."""
    origin = request.headers.get("Origin", "")
    if origin != f"{request.scheme}://{request.host}":
        abort(403, "Cette demande ne vient pas d'une page de la console.")
    host = urlsplit(origin).hostname or ""
    if host not in names and not _is_address(host):
        abort(403, f"La console ne se connaît pas sous le nom {host} : voir BANC_SERVER_NAMES.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(403, "Cette demande ne vient pas d'une page de la console.")
    expected = FILE_TYPE if request.endpoint in TAKE_FILES else "application/json"
    if request.method != "DELETE" and request.mimetype != expected:
        abort(403, f"Le contenu attendu est {expected}.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
