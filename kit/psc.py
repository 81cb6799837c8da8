"""Kit, Pro Santé Connect: what other services need to believe one of its access tokens.

The mock keeps its public keys in a file of the data folder; a service that is shown a token
(MSSanté by XOAUTH2) verifies it here without asking. So a token that was revoked meanwhile is
believed until it expires, some minutes later, as with any signed token. Also where one logs in.
Not here: issuing.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kit.rules import Malformed
from kit.settings import Settings
from kit.shared_file import SharedFile

JWKS_FILE = "psc-jwks.json"
REALM_PATH = "/auth/realms/esante-wallet"
AUTHORIZATION_PATH = "/auth"
READY_CLIENT = "banc-test"  # the client that is always there
ALGORITHM = "RS256"
BEARER = "Bearer"
MAX_TOKEN_CHARS = 8192


def login_of(settings: Settings, national_id: str) -> dict[str, str]:
    """How a professional logs in on this bench: national identifier, wallet, ready client."""
    base = settings.psc_url or f"http://{settings.reach('psc')}:{settings.psc_port}"
    return {
        "login": national_id,
        "authorize": base.rstrip("/") + AUTHORIZATION_PATH,
        "client_id": READY_CLIENT,
    }


def public_keys(data_dir: Path) -> KeySet:
    """The keys that tokens are verified with. Raises Malformed while the mock never ran."""
    found = _file(data_dir / JWKS_FILE).read()
    if found is None:
        raise Malformed("access token", "Pro Santé Connect has no key yet: it never ran here")
    return _key_set(json.dumps(found, sort_keys=True))


def read_token(token: str, keys: KeySet, where: str = "access token") -> dict[str, Any]:
    """The claims of a JWT of ours. Raises Malformed; time is not judged here.

    Only RS256 is accepted: neither ``none`` nor a shared secret can stand for the signature.
    """
    if not token or len(token) > MAX_TOKEN_CHARS:
        raise Malformed(where, f"expected a JWT of at most {MAX_TOKEN_CHARS} characters")
    try:
        return dict(jwt.decode(token, keys, algorithms=[ALGORITHM]).claims)
    except (JoseError, ValueError) as error:
        raise Malformed(where, f"not a token of Pro Santé Connect: {error}") from error


def verify_access_token(settings: Settings, token: str, now: datetime) -> dict[str, Any]:
    """The claims of an access token that is valid at ``now``, which is real time (Clock.wall).

    ``SubjectNameID`` is the national identifier: ``8`` + RPPS. Raises Malformed and says why.
    """
    claims = read_token(token, public_keys(settings.data_dir))
    if claims.get("typ") != BEARER:
        raise Malformed("access token", f"typ is {claims.get('typ')!r}, expected {BEARER}")
    if not str(claims.get("iss", "")).endswith(REALM_PATH):
        raise Malformed("access token", f"issuer {claims.get('iss')!r} is not Pro Santé Connect")
    if int(claims["exp"]) <= now.timestamp():
        raise Malformed("access token", "expired; renew it with the refresh token")
    return claims


@lru_cache(maxsize=64)
def _file(path: Path) -> SharedFile:
    return SharedFile(path)


@lru_cache(maxsize=64)
def _key_set(text: str) -> KeySet:
    return KeySet.import_key_set(json.loads(text))
