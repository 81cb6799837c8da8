"""ROR messages: the token endpoint (OAuth2 client credentials), both ways, and who a client is.

A client id of the bench says what it is: ``consommateur-1-350000018`` is a consumer of access
profile 1 that belongs to the legal entity 350000018. Not here: who is refused (rules).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import jwt

from kit.fhir import Resource
from kit.fhir.target import Target
from kit.rules import Malformed, Refusal

TOKEN_PATH = "/auth/realms/ror/protocol/openid-connect/token"  # noqa: S105
FORM = "application/x-www-form-urlencoded"
ALGORITHM = "HS256"

CONSUMER, SUPPLIER, REFERENT = "consommateur", "fournisseur", "referent"
_CLIENT_ID = re.compile(
    rf"({CONSUMER}|{SUPPLIER}|{REFERENT})-([0-5])(?:-([0-9][0-9AB][0-9]{{7}}))?"
)


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls: its kind, its access profile, the FINESS of its legal entity ("" if none)."""

    id: str
    kind: str
    profile: str
    finess: str = ""
    expires_at: datetime | None = None


# The plain listener's caller who shows no token, where the bench allows that.
ANONYMOUS = Client("", "", "1")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request for an access token."""

    grant_type: str
    client_id: str
    client_secret: str = ""

    @property
    def client(self) -> Client | None:
        """The client that the id names, or None."""
        return read_client(self.client_id)


def read_client(client_id: str) -> Client | None:
    """The client that an id names, or None when it has not the bench's form."""
    found = _CLIENT_ID.fullmatch(client_id)
    return Client(client_id, found[1], found[2], found[3] or "") if found else None


def route(method: str, path: str) -> Target:
    """The token endpoint has one interaction."""
    return Target("TOKEN" if method == "POST" and not path else method)


def read_form(body: bytes, *, max_depth: int = 0) -> Resource:
    """A form, as a flat object. Raises Malformed: no text, or a field given twice."""
    del max_depth
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise Malformed("body", "not a form in UTF-8") from error
    if len({name for name, _ in pairs}) < len(pairs):
        raise Malformed("body", "a field is given twice")
    return dict(pairs)


def read_token_request(form: Resource) -> TokenRequest:
    """Read a token request. Raises Malformed when a field it needs is absent."""
    for name in ("grant_type", "client_id"):
        if not form.get(name):
            raise Malformed(name, "missing")
    return TokenRequest(form["grant_type"], form["client_id"], form.get("client_secret", ""))


def write_token_request(asked: TokenRequest) -> dict[str, str]:
    """The fields of a token request's form."""
    form = {"grant_type": asked.grant_type, "client_id": asked.client_id}
    return form | ({"client_secret": asked.client_secret} if asked.client_secret else {})


def write_token(client: Client, key: str, *, issuer: str, now: datetime, seconds: int) -> Resource:
    """The answer that carries an access token (JWT) valid for ``seconds``."""
    claims = {
        "iss": issuer,
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + seconds,
        "jti": secrets.token_hex(8),
        "typ": "Bearer",
        "azp": client.id,
        "client_id": client.id,
    }
    return {
        "access_token": jwt.encode(claims, key, algorithm=ALGORITHM),
        "expires_in": seconds,
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        "scope": "",
    }


def read_token(token: str, key: str) -> Client:
    """The client of an access token, with the instant it expires.

    Raises Malformed when the token is not one of ours. Expiry is judged by the rules, which are
    given the time. Source: RFC 7519.
    """
    options: Any = {"require": ["exp", "client_id"], "verify_exp": False, "verify_iat": False}
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM], options=options)
    except jwt.PyJWTError as error:
        raise Malformed("Authorization", f"the access token is not valid: {error}") from error
    client = read_client(str(claims["client_id"]))
    if client is None:
        raise Malformed("Authorization", "the access token names no client")
    return replace(client, expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC))


def write_token_refusals(refusals: Iterable[Refusal]) -> Resource:
    """The OAuth2 error of the first refusal, told with all of them."""
    found = tuple(refusals)
    code = found[0].code.code
    error = code if not code.startswith("fhir-") else "invalid_request"
    told = " | ".join(refusal.text for refusal in found)
    return {"error": error, "error_description": told}
