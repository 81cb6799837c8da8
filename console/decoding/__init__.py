"""Console, decoding: one side of an exchange, from bytes to what a person can read.

Everything is bounded and nothing here is trusted: text is given as text, documents as frames
without script. Not here: pages (views), the formats themselves (kit).
"""

from __future__ import annotations

import json

from console.decoding.http import split_http
from console.decoding.mail import decode_mail
from console.decoding.pieces import Attachment, Block, Decoded, bounded
from console.decoding.soap import decode_soap
from kit.rules import Malformed

__all__ = ["Attachment", "Block", "Decoded", "bounded", "decode_side"]


def decode_side(raw: bytes, transaction: str, *, is_request: bool) -> Decoded:
    """What one side of an exchange says."""
    decoded = Decoded()
    if transaction == "SMTP.DATA" and is_request:
        decoded.attempt("Message", decode_mail, raw)
        return decoded
    http = split_http(raw)
    if http is None or not http.body:
        return decoded
    kind = http.media_type
    if kind == "multipart/related" or kind.endswith(("/xml", "+xml")):
        decoded.attempt("Message", decode_soap, http)
    elif kind.endswith(("/json", "+json")):
        decoded.attempt("JSON", decode_json, http.body)
    return decoded


def decode_json(decoded: Decoded, body: bytes) -> None:
    """JSON with its lines and indents."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Malformed("JSON", str(error)) from None
    decoded.text("JSON", json.dumps(value, ensure_ascii=False, indent=2))
