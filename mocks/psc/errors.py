"""Pro Santé Connect mock, errors: the table of codes. None is used outside it.

``code`` is the error of OAuth on the wire, ``status`` the HTTP status. A refusal of the
authorization endpoint travels in the redirect instead, once the client is sure. Codes that begin
with ``psc-`` are shown on a page and never leave by a redirect.
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.rules import Code

_AUTHORIZE = "RFC 6749 4.1.2.1"
_TOKEN = "RFC 6749 5.2"  # noqa: S105
_OIDC = "OpenID Connect Core 3.1.2.6"
_CIBA = "OpenID Connect CIBA Core 11"
_CIBA_REQUEST = "OpenID Connect CIBA Core 13"
_BEARER = "RFC 6750 3.1"


@dataclass(frozen=True, slots=True)
class OAuthCode(Code):
    """A code with the HTTP status it is answered with."""

    status: int = 400


# Any endpoint.
INVALID_REQUEST = OAuthCode("invalid_request", "the request is not as the protocol wants", _TOKEN)
TOO_LARGE = OAuthCode("invalid_request", "the form is too large", "RFC 9110 15.5.14", True, 413)
INJECTED = OAuthCode("temporarily_unavailable", "an armed fault fired", _AUTHORIZE, True, 503)
UNAVAILABLE = OAuthCode(
    "temporarily_unavailable", "the database is busy: try again", _AUTHORIZE, True, 503
)
BUG = OAuthCode("server_error", "banc bug: this is our mistake", _AUTHORIZE, True, 500)

# Authorization endpoint, in the redirect.
UNSUPPORTED_RESPONSE_TYPE = OAuthCode(
    "unsupported_response_type", "the response type is not offered", _AUTHORIZE
)
UNAUTHORIZED_CLIENT = OAuthCode(
    "unauthorized_client", "the client may not use this grant", _AUTHORIZE
)
INVALID_SCOPE = OAuthCode("invalid_scope", "a scope is missing or unknown", _AUTHORIZE)
ACCESS_DENIED = OAuthCode("access_denied", "the professional refused", _AUTHORIZE)
LOGIN_REQUIRED = OAuthCode("login_required", "nobody is logged in without a page", _OIDC)
REQUEST_NOT_SUPPORTED = OAuthCode("request_not_supported", "request objects are not offered", _OIDC)
REQUEST_URI_NOT_SUPPORTED = OAuthCode(
    "request_uri_not_supported", "request objects are not offered", _OIDC
)

# Pages.
UNKNOWN_CLIENT = OAuthCode(
    "psc-client", "nothing is sent to a client that is not known", _AUTHORIZE, False
)
REDIRECT_URI = OAuthCode(
    "psc-redirect-uri", "nothing is sent to an address that is not registered", _AUTHORIZE, False
)
LOGIN_LOST = OAuthCode(
    "psc-login", "the login is over or was never begun", "Banc, Pro Santé Connect README", False
)
FOREIGN_FORM = OAuthCode(
    "psc-form", "the form does not come from our page in this browser",
    "Banc, Pro Santé Connect README", False, 403,
)  # fmt: skip

# Token endpoint and those that want the client to prove who it is.
INVALID_CLIENT = OAuthCode(
    "invalid_client", "the client did not prove who it is", _TOKEN, True, 401
)
INVALID_GRANT = OAuthCode(
    "invalid_grant", "the code, token or request is not valid for this client", _TOKEN
)
UNSUPPORTED_GRANT = OAuthCode("unsupported_grant_type", "the grant type is not offered", _TOKEN)

# CIBA.
PENDING = OAuthCode("authorization_pending", "the professional has not answered yet", _CIBA)
SLOW_DOWN = OAuthCode("slow_down", "the client polls too often", _CIBA)
EXPIRED_TOKEN = OAuthCode("expired_token", "the request is over", _CIBA)
UNKNOWN_USER = OAuthCode("unknown_user_id", "nobody has this national id", _CIBA_REQUEST)
BINDING_MESSAGE = OAuthCode(
    "invalid_binding_message", "the phone cannot show the message", _CIBA_REQUEST
)

# UserInfo.
INVALID_TOKEN = OAuthCode("invalid_token", "a valid access token is required", _BEARER, True, 401)
INSUFFICIENT_SCOPE = OAuthCode(
    "insufficient_scope", "the access token has not this scope", _BEARER, True, 403
)

# Clients, over the control API.
CLIENT_METADATA = OAuthCode(
    "invalid_client_metadata", "the client's description is not acceptable", "RFC 7591 3.2.2"
)
CLIENT_REDIRECT_URI = OAuthCode(
    "invalid_redirect_uri", "a redirect URI is not acceptable", "RFC 7591 3.2.2"
)
