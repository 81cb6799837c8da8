"""Kit, pki: which certificate a client showed in the TLS handshake that goes on in this thread.

When OpenSSL refuses a client, Python keeps nothing of the certificate it refused; we note it as
it comes by. Not here: refusing (authority.server_context), the journal.
"""

from __future__ import annotations

import ssl
import threading
from typing import Any

from cryptography import x509

from kit.pki.names import issuer_common_name

_CLIENT_HELLO, _CERTIFICATE = 1, 11  # HandshakeType, RFC 8446 4
_LONGEST = 300  # characters told of a name that a stranger chose
_here = threading.local()


def watch(context: ssl.SSLContext) -> None:
    """Note the certificates that clients of this context show."""
    # The only way Python gives to a refused certificate; private, the same from 3.8 to 3.14.
    context._msg_callback = _note  # type: ignore[attr-defined]


def shown() -> bytes:
    """The certificate of the last handshake of this thread (DER), or nothing."""
    return getattr(_here, "shown", b"")


def who() -> str:
    """The holder of that certificate in one line, or nothing."""
    try:
        found = x509.load_der_x509_certificate(shown())
        told = found.subject.rfc4514_string(), issuer_common_name(found)
    except ValueError:
        return ""
    subject, issuer = (text[:_LONGEST] for text in told)
    return f"{subject}; serial {found.serial_number:x}; issued by {issuer}"


def _note(
    _connection: Any, direction: str, _version: Any, _content: Any, kind: Any, data: bytes
) -> None:
    if direction == "read" and kind == _CLIENT_HELLO:
        _here.shown = b""
    elif direction == "read" and kind == _CERTIFICATE:
        _here.shown = first_certificate(data)


def first_certificate(message: bytes) -> bytes:
    """The first certificate of a Certificate message, of TLS 1.2 or 1.3; nothing if there is none.

    Source: RFC 5246 7.4.2, RFC 8446 4.4.2.
    """
    body = message[4:]
    if _number(body) + 3 != len(body):  # TLS 1.3: an opaque context comes first
        body = body[1 + body[0] :] if body else b""
    size = _number(body[3:])
    return body[6 : 6 + size]


def _number(data: bytes) -> int:
    return int.from_bytes(data[:3], "big")
