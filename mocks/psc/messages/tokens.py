"""Pro Santé Connect messages: token requests, and the tokens that answer them.

Not here: whether a token is given (rules), what is remembered of it (store).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from kit.psc import ALGORITHM, BEARER, read_token
from kit.rules import Malformed
from mocks.psc.messages.authorization import EIDAS1
from mocks.psc.messages.clients import CIBA, CODE, REFRESH
from mocks.psc.messages.forms import Form, require, required

IDP = "banc-e-cps"
MEANS = {"MOBILE": ("swk", "pin"), "CARD": ("sc", "pin")}  # RFC 8176; what PSC writes is not public
ID, REFRESH_TYPE = "ID", "Refresh"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request for tokens. Source: RFC 6749 4.1.3 and 6, RFC 7636 4.5, CIBA Core 10.1."""

    grant_type: str
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    refresh_token: str = ""
    scope: str = ""
    auth_req_id: str = ""


_NAMES = tuple(TokenRequest.__dataclass_fields__)
_NEEDED = {
    CODE: ("code", "redirect_uri"),
    REFRESH: ("refresh_token",),
    CIBA: ("auth_req_id",),
}


def read_token_request(form: Form) -> TokenRequest:
    """Read a token request. Raises Malformed when a field its grant needs is absent."""
    kind = required(form, "grant_type")
    require(form, _NEEDED.get(kind, ()))
    return TokenRequest(**{name: form[name] for name in _NAMES if name in form})


def write_token_request(asked: TokenRequest) -> dict[str, str]:
    """The fields of a token request's form."""
    return {name: getattr(asked, name) for name in _NAMES if getattr(asked, name)}


@dataclass(frozen=True, slots=True)
class Session:
    """What a professional allowed a client: every code and token belongs to one.

    channel: MOBILE or CARD. thumbprint: of the certificate its tokens are bound to, if any.
    """

    id: str
    client_id: str
    national_id: str
    scope: str
    authenticated_at: datetime
    nonce: str = ""
    channel: str = "MOBILE"
    thumbprint: str = ""


@dataclass(frozen=True, slots=True)
class GivenCode:
    """An authorization code as the store knows it."""

    session: Session
    redirect_uri: str
    challenge: str
    expires_at: datetime
    is_used: bool = False
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A refresh or access token as the store knows it; ended with its session."""

    id: str
    session: Session
    expires_at: datetime
    is_used: bool = False
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: the issuer's URL, the key, the prefix of its subjects."""

    url: str
    key: RSAKey
    realm: str

    def subject(self, national_id: str) -> str:
        """The ``sub`` of a professional: ``f:<uuid>:<national id>``."""
        return f"f:{self.realm}:{national_id}"

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT of these claims."""
        header = {"alg": ALGORITHM, "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class Lives:
    """Seconds that an access token and a refresh token are valid."""

    access: int
    refresh: int


def access_claims(
    session: Session, issuer: Issuer, token_id: str, now: datetime, seconds: int
) -> dict[str, Any]:
    """The claims of an access token; introspection shows the same."""
    claims = _common(session, issuer, now, seconds) | {
        "jti": token_id,
        "typ": BEARER,
        "azp": session.client_id,
        "scope": session.scope,
        "acr": EIDAS1,
        "SubjectNameID": session.national_id,
        "preferred_username": session.national_id,
    }
    if session.thumbprint:
        claims["cnf"] = {"x5t#S256": session.thumbprint}
    return claims


def write_tokens(
    session: Session,
    issuer: Issuer,
    *,
    token_id: str,
    refresh_token: str,
    now: datetime,
    lives: Lives,
) -> dict[str, Any]:
    """The answer of the token endpoint. Source: RFC 6749 5.1, OpenID Connect Core 3.1.3.3."""
    access = issuer.sign(access_claims(session, issuer, token_id, now, lives.access))
    return {
        "access_token": access,
        "expires_in": lives.access,
        "refresh_expires_in": lives.refresh,
        "refresh_token": refresh_token,
        "token_type": BEARER,
        "id_token": issuer.sign(_id_claims(session, issuer, access, now, lives.access)),
        "not-before-policy": 0,
        "session_state": session.id,
        "scope": session.scope,
    }


def _common(session: Session, issuer: Issuer, now: datetime, seconds: int) -> dict[str, Any]:
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer.url,
        "sub": issuer.subject(session.national_id),
        "iat": issued_at,
        "exp": issued_at + seconds,
        "auth_time": int(session.authenticated_at.timestamp()),
        "session_state": session.id,
    }
    return claims | ({"nonce": session.nonce} if session.nonce else {})


def _id_claims(
    session: Session, issuer: Issuer, access: str, now: datetime, seconds: int
) -> dict[str, Any]:
    """The claims of an ID token. Source: OpenID Connect Core 2 and 3.1.3.6."""
    return _common(session, issuer, now, seconds) | {
        "aud": session.client_id,
        "azp": session.client_id,
        "typ": ID,
        "sid": session.id,
        "acr": EIDAS1,
        "idp": IDP,
        "amr": list(MEANS.get(session.channel, MEANS["MOBILE"])),
        "at_hash": _half_hash(access),
    }


def _half_hash(access: str) -> str:
    half = create_half_hash(access, ALGORITHM)
    assert half is not None
    return half.decode()


def read_access_token(token: str, keys: KeySet) -> str:
    """The id of an access token of ours. Raises Malformed; time is judged by the rules."""
    claims = read_token(token, keys)
    if claims.get("typ") != BEARER:
        raise Malformed("access token", f"typ is {claims.get('typ')!r}, expected {BEARER}")
    return str(claims.get("jti", ""))


def read_id_token_hint(token: str, keys: KeySet) -> tuple[str, str]:
    """The client and the session of an ID token of ours, expired or not. Raises Malformed."""
    claims = read_token(token, keys, "id_token_hint")
    if claims.get("typ") != ID:
        raise Malformed("id_token_hint", f"typ is {claims.get('typ')!r}, expected {ID}")
    return str(claims["aud"]), str(claims["sid"])


def write_introspection(
    found: GivenToken | None, issuer: Issuer, lives: Lives, *, is_access: bool
) -> dict[str, Any]:
    """What is known of a token; of one that is not valid, only that. Source: RFC 7662 2.2."""
    if found is None:
        return {"active": False}
    seconds = lives.access if is_access else lives.refresh
    issued_at = found.expires_at.timestamp() - seconds
    moment = datetime.fromtimestamp(issued_at, found.expires_at.tzinfo)
    claims = access_claims(found.session, issuer, found.id, moment, seconds)
    if not is_access:
        claims = {
            name: value
            for name, value in claims.items()
            if name not in ("SubjectNameID", "preferred_username")
        } | {"typ": REFRESH_TYPE}
    return claims | {"client_id": found.session.client_id, "active": True}
