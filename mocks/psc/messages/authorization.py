"""Pro Santé Connect messages: the authorization request, both ways, and its redirects.

Not here: pages (pages), what is refused (rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kit.rules import Refusal
from mocks.psc.messages.forms import (
    Answer,
    Form,
    require,
    with_parameters,
    write_error,
    write_redirect,
)

EIDAS1 = "eidas1"
SCOPE = ("openid", "scope_all")
SCOPES = (*SCOPE, "rpps", "identity", "eidas1", "eidas2")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request for a code. Source: RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1, RFC 7636 4.3."""

    client_id: str
    redirect_uri: str
    response_type: str = ""
    scope: str = ""
    state: str = ""
    nonce: str = ""
    acr_values: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    response_mode: str = ""
    prompt: str = ""
    login_hint: str = ""
    request: str = ""
    request_uri: str = ""


_NAMES = tuple(AuthorizationRequest.__dataclass_fields__)


def read_authorization_request(form: Form) -> AuthorizationRequest:
    """Read an authorization request. Raises Malformed: no client or no redirect URI."""
    require(form, ("client_id", "redirect_uri"))
    return AuthorizationRequest(**{name: form[name] for name in _NAMES if name in form})


def write_authorization_request(asked: AuthorizationRequest) -> dict[str, str]:
    """The parameters of an authorization request."""
    return {name: getattr(asked, name) for name in _NAMES if getattr(asked, name)}


@dataclass(frozen=True, slots=True)
class Login:
    """A professional at the login page: what was asked, by which browser, who was chosen.

    browser and form_key are secrets: the one is the cookie, the other a field of our forms.
    """

    id: str
    browser: str
    form_key: str
    asked: AuthorizationRequest
    expires_at: datetime
    national_id: str = ""


def write_code(asked: AuthorizationRequest, code: str) -> Answer:
    """The way back to the client, with the code. Source: RFC 6749 4.1.2."""
    return _back(asked, {"code": code})


def write_refused_request(asked: AuthorizationRequest, refusals: tuple[Refusal, ...]) -> Answer:
    """The way back to the client, with the error. Source: RFC 6749 4.1.2.1."""
    return _back(asked, write_error(refusals))


def _back(asked: AuthorizationRequest, told: dict[str, str]) -> Answer:
    state = {"state": asked.state} if asked.state else {}
    return write_redirect(with_parameters(asked.redirect_uri, {**told, **state}), 303)
