"""Pro Santé Connect messages: a client's description, both ways, and how a client proves itself.

Names of RFC 7591. Not here: what is refused (rules).
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749.util import extract_basic_authorization
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from kit.psc import READY_CLIENT
from kit.rules import Malformed
from kit.service import Peer
from kit.settings import Settings
from mocks.psc.messages.forms import Form

CODE, REFRESH = "authorization_code", "refresh_token"
CIBA = "urn:openid:params:grant-type:ciba"
GRANTS = (CODE, REFRESH, CIBA)
BASIC, POST = "client_secret_basic", "client_secret_post"
PRIVATE_KEY, CERTIFICATE = "private_key_jwt", "tls_client_auth"
METHODS = (BASIC, POST, PRIVATE_KEY, CERTIFICATE)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ("RS256", "PS256", "ES256")


@dataclass(frozen=True, slots=True)
class Client:
    """A client (fournisseur de service). ``finess``: its legal entity, for the journal."""

    id: str
    name: str = ""
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    auth_method: str = BASIC
    secret: str = ""
    jwks: Mapping[str, Any] = field(default_factory=dict)
    subject_dn: str = ""
    grant_types: tuple[str, ...] = GRANTS
    finess: str = ""


_FIELDS = {  # name on the wire -> attribute
    "client_id": "id",
    "client_name": "name",
    "redirect_uris": "redirect_uris",
    "post_logout_redirect_uris": "post_logout_redirect_uris",
    "token_endpoint_auth_method": "auth_method",
    "client_secret": "secret",
    "jwks": "jwks",
    "tls_client_auth_subject_dn": "subject_dn",
    "grant_types": "grant_types",
    "finess": "finess",
}
_LISTS = ("redirect_uris", "post_logout_redirect_uris", "grant_types")


def ready_client(settings: Settings) -> Client:
    """The client that is always there."""
    uris = settings.psc_redirect_uris
    secret = settings.psc_client_secret
    return Client(READY_CLIENT, "Client de test du banc", uris, uris, secret=secret)


def read_client(given: Any) -> Client:
    """Read a client's description. Raises Malformed naming the field."""
    if not isinstance(given, dict):
        raise Malformed("client", "expected an object")
    for name, value in given.items():
        if name not in _FIELDS:
            raise Malformed(str(name)[:64], f"not a field of a client: {', '.join(_FIELDS)}")
        _judge(name, value)
    if not given.get("client_id"):
        raise Malformed("client_id", "missing")
    values = {_FIELDS[name]: value for name, value in given.items()}
    return Client(**values | {name: tuple(values[name]) for name in _LISTS if name in values})


def _judge(name: str, value: Any) -> None:
    if name in _LISTS:
        if not isinstance(value, list) or len(value) > 50 or not all(map(_is_text, value)):
            raise Malformed(name, "expected an array of at most 50 texts")
    elif name == "jwks":
        _read_keys(value)
    elif not _is_text(value):
        raise Malformed(name, "expected a text of at most 2000 printable characters")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 2000 and value.isprintable()


def _read_keys(value: Any) -> KeySet:
    try:
        return KeySet.import_key_set(value)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Malformed("jwks", f"not a set of public keys: {error}") from error


def write_client(client: Client) -> dict[str, Any]:
    """A client's description, its secret too: this is a bench."""
    values = {name: getattr(client, attribute) for name, attribute in _FIELDS.items()}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value
    }


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT by which a client proves itself; ``why`` tells what is wrong with it, if anything."""

    id: str = ""
    expires_at: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a caller shows to be believed a client: ``methods`` says in which ways."""

    client_id: str
    methods: tuple[str, ...]
    secret: str = ""
    assertion: str = ""
    subject_dn: str = ""
    thumbprint: str = ""


def read_proof(form: Form, headers: Mapping[str, str], peer: Peer | None) -> Proof:
    """Who a caller says to be. Source: RFC 6749 2.3.1, RFC 7523 2.2, RFC 8705 2.1."""
    named, secret, methods = form.get("client_id", ""), "", []
    if headers.get("Authorization", "").lower().startswith("basic "):
        user, password = _read_basic(headers)
        if named and named != user:
            raise Malformed("client_id", "the form and the Authorization header name two clients")
        named, secret, methods = user, password, [BASIC]
    if "client_secret" in form:
        secret, methods = form["client_secret"], [*methods, POST]
    if "client_assertion" in form:
        methods.append(PRIVATE_KEY)
        named = named or _subject(form["client_assertion"])
    if peer is not None and not methods:
        methods.append(CERTIFICATE)
    return Proof(
        named, tuple(methods), secret, _read_assertion(form),
        peer.subject if peer else "", thumbprint(peer),
    )  # fmt: skip


def _read_basic(headers: Mapping[str, str]) -> tuple[str, str]:
    try:
        user, password = extract_basic_authorization(dict(headers))
    except UnicodeDecodeError:
        user, password = None, None
    if not user or password is None:
        raise Malformed("Authorization", "expected Basic, base64 of client_id:client_secret")
    return user, password


def _read_assertion(form: Form) -> str:
    kind = form.get("client_assertion_type", "")
    if "client_assertion" in form and kind != ASSERTION_TYPE:
        raise Malformed("client_assertion_type", f"expected {ASSERTION_TYPE}")
    return form.get("client_assertion", "")


def _subject(assertion: str) -> str:
    """Who an assertion says to be about, before anything of it is believed."""
    try:
        payload = json.loads(extract_compact(assertion.encode()).payload)
        return str(payload["sub"])
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Malformed("client_assertion", "not a JWT with a subject") from error


def thumbprint(peer: Peer | None) -> str:
    """The SHA-256 of a certificate as a token is bound to it. Source: RFC 8705 3.1."""
    if peer is None:
        return ""
    return urlsafe_b64encode(hashlib.sha256(peer.der).digest()).rstrip(b"=").decode()


def read_assertion(
    text: str, client: Client, audiences: tuple[str, ...], now: datetime
) -> Assertion:
    """A client's assertion, verified with its registered keys. Source: RFC 7523 3."""
    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(now.timestamp()),
        leeway=30,
        iss={"essential": True, "value": client.id},
        sub={"essential": True, "value": client.id},
        aud={"essential": True, "values": list(audiences)},
        exp={"essential": True},
        jti={"essential": True},
    )
    try:
        token = jwt.decode(text, _read_keys(dict(client.jwks)), algorithms=ASSERTION_ALGORITHMS)
        registry.validate(token.claims)
    except (JoseError, ValueError, Malformed) as error:
        return Assertion(why=str(error)[:200] or type(error).__name__)
    return Assertion(str(token.claims["jti"]), float(token.claims["exp"]))
