"""Pro Santé Connect mock, rules: codes, refresh tokens, access tokens, revocation and logout.

Instants are real time: clients compare tokens with their own clock.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from datetime import datetime

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from kit.rules import Finding, RuleBook
from mocks.psc import errors
from mocks.psc.messages.authorization import SCOPE
from mocks.psc.messages.clients import GRANTS, Client
from mocks.psc.messages.tokens import GivenCode, GivenToken, TokenRequest

grant, code, refresh = RuleBook("PSC token"), RuleBook("PSC code"), RuleBook("PSC refresh")
bearer, access = RuleBook("PSC access token"), RuleBook("PSC UserInfo")
revocation, logout = RuleBook("PSC revocation"), RuleBook("PSC logout")

_CODE = "RFC 6749 4.1.3"
_PKCE = "RFC 7636 4.6"
_REFRESH = "RFC 6749 6"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@grant.rule(errors.UNSUPPORTED_GRANT, source="RFC 6749 5.2")
def the_grant_is_offered(asked: TokenRequest, client: Client) -> Iterator[Finding]:
    if asked.grant_type not in GRANTS:
        yield Finding(client.id, "grant_type", asked.grant_type, ", ".join(GRANTS))


@grant.rule(errors.UNAUTHORIZED_CLIENT, source="RFC 6749 5.2")
def the_client_may_use_the_grant(asked: TokenRequest, client: Client) -> Iterator[Finding]:
    if asked.grant_type in GRANTS and asked.grant_type not in client.grant_types:
        yield Finding(client.id, "grant_type", asked.grant_type, ", ".join(client.grant_types))


@code.rule(errors.INVALID_GRANT, source=_CODE)
def the_code_is_known(
    _: TokenRequest, client: Client, found: GivenCode | None, __: datetime
) -> Iterator[Finding]:
    if found is None:
        yield Finding(client.id, "code", "unknown", "the code of the redirect")


@code.rule(errors.INVALID_GRANT, source=_CODE)
def the_code_was_given_to_this_client(
    _: TokenRequest, client: Client, found: GivenCode | None, __: datetime
) -> Iterator[Finding]:
    if found and found.session.client_id != client.id:
        yield Finding(client.id, "code", "given to another client", "the client it was given to")


@code.rule(errors.INVALID_GRANT, source="RFC 6749 4.1.2; RFC 9700 2.1.1")
def a_code_serves_once(
    _: TokenRequest, client: Client, found: GivenCode | None, __: datetime
) -> Iterator[Finding]:
    if found and (found.is_used or found.has_ended):
        yield Finding(client.id, "code", "used", "a new one; its session is ended now")


@code.rule(errors.INVALID_GRANT, source="RFC 6749 4.1.2")
def the_code_is_not_expired(
    _: TokenRequest, client: Client, found: GivenCode | None, now: datetime
) -> Iterator[Finding]:
    if found and found.expires_at <= now:
        yield Finding(client.id, "code", f"expired at {found.expires_at}", "used at once")


@code.rule(errors.INVALID_GRANT, source=_CODE)
def the_redirect_uri_is_that_of_the_request(
    asked: TokenRequest, client: Client, found: GivenCode | None, _: datetime
) -> Iterator[Finding]:
    if found and found.redirect_uri != asked.redirect_uri:
        yield Finding(client.id, "redirect_uri", asked.redirect_uri, found.redirect_uri)


@code.rule(errors.INVALID_GRANT, source=_PKCE)
def the_verifier_is_that_of_the_challenge(
    asked: TokenRequest, client: Client, found: GivenCode | None, _: datetime
) -> Iterator[Finding]:
    if not found or not found.challenge:
        return
    verifier = asked.code_verifier
    shaped = _VERIFIER.fullmatch(verifier)
    made = str(create_s256_code_challenge(verifier)) if shaped else ""  # type: ignore[no-untyped-call]
    if not hmac.compare_digest(made, found.challenge):
        seen = "another verifier" if shaped else verifier and "not 43 to 128 unreserved characters"
        yield Finding(client.id, "code_verifier", seen, "that of the code_challenge")


@code.rule(errors.INVALID_REQUEST, source="RFC 9700 2.1.1: PKCE downgrade")
def there_is_no_verifier_without_a_challenge(
    asked: TokenRequest, client: Client, found: GivenCode | None, _: datetime
) -> Iterator[Finding]:
    if found and asked.code_verifier and not found.challenge:
        expected = "a code_challenge in the authorization request"
        yield Finding(client.id, "code_verifier", "given", expected)


@refresh.rule(errors.INVALID_GRANT, source=_REFRESH)
def the_refresh_token_is_known(
    _: TokenRequest, client: Client, found: GivenToken | None, __: datetime
) -> Iterator[Finding]:
    if found is None:
        yield Finding(client.id, "refresh_token", "unknown", "the last refresh token")


@refresh.rule(errors.INVALID_GRANT, source=_REFRESH)
def the_refresh_token_was_given_to_this_client(
    _: TokenRequest, client: Client, found: GivenToken | None, __: datetime
) -> Iterator[Finding]:
    if found and found.session.client_id != client.id:
        expected = "the client it was given to"
        yield Finding(client.id, "refresh_token", "given to another client", expected)


@refresh.rule(errors.INVALID_GRANT, source="RFC 9700 4.14.2: rotation")
def a_refresh_token_serves_once(
    _: TokenRequest, client: Client, found: GivenToken | None, __: datetime
) -> Iterator[Finding]:
    if found and found.is_used:
        yield Finding(client.id, "refresh_token", "used", "the last one; the session is ended now")


@refresh.rule(errors.INVALID_GRANT, source=_REFRESH)
def the_session_goes_on(
    _: TokenRequest, client: Client, found: GivenToken | None, now: datetime
) -> Iterator[Finding]:
    if found and found.has_ended:
        yield Finding(client.id, "refresh_token", "revoked or logged out", "a new login")
    elif found and found.expires_at <= now:
        yield Finding(client.id, "refresh_token", f"expired at {found.expires_at}", "a new login")


@refresh.rule(errors.INVALID_SCOPE, source=_REFRESH)
def a_refresh_asks_for_no_more(
    asked: TokenRequest, client: Client, found: GivenToken | None, _: datetime
) -> Iterator[Finding]:
    if found and not set(asked.scope.split()) <= set(found.session.scope.split()):
        yield Finding(client.id, "scope", asked.scope, found.session.scope)


@bearer.rule(errors.INVALID_TOKEN, source="RFC 6750 2.1")
def a_call_carries_an_access_token(header: str, why: str) -> Iterator[Finding]:
    if not header.lower().startswith("bearer "):
        yield Finding("Authorization", "http.Authorization", header[:16], "Bearer <access token>")
    elif why:
        yield Finding("Authorization", "http.Authorization", why, "an access token of this server")


@access.rule(errors.INVALID_TOKEN, source="RFC 6750 3.1")
def the_access_token_is_valid(found: GivenToken | None, now: datetime, _: str) -> Iterator[Finding]:
    seen = (
        "unknown" if found is None
        else "revoked or logged out" if found.has_ended
        else f"expired at {found.expires_at}" if found.expires_at <= now
        else ""
    )  # fmt: skip
    if seen:
        yield Finding("access token", "http.Authorization", seen, "renewed by the refresh token")


@access.rule(errors.INVALID_TOKEN, source="RFC 8705 3")
def a_bound_token_comes_with_its_certificate(
    found: GivenToken | None, _: datetime, thumbprint: str
) -> Iterator[Finding]:
    if found and found.session.thumbprint not in ("", thumbprint):
        expected = found.session.thumbprint
        yield Finding("access token", "client certificate", thumbprint or "none", expected)


@access.rule(errors.INSUFFICIENT_SCOPE, source="OpenID Connect Core 5.3")
def the_token_has_the_scope(found: GivenToken | None, _: datetime, __: str) -> Iterator[Finding]:
    if found and not set(SCOPE) <= set(found.session.scope.split()):
        yield Finding("access token", "scope", found.session.scope, " ".join(SCOPE))


@revocation.rule(errors.INVALID_GRANT, source="RFC 7009 2.1")
def a_client_revokes_its_own_tokens(client: Client, found: GivenToken | None) -> Iterator[Finding]:
    if found and found.session.client_id != client.id:
        yield Finding(client.id, "token", "given to another client", "a token of its own")


@logout.rule(errors.REDIRECT_URI, source="OpenID Connect RP-Initiated Logout 3")
def the_way_back_is_registered(client: Client | None, uri: str) -> Iterator[Finding]:
    if uri and (client is None or uri not in client.post_logout_redirect_uris):
        known = ", ".join(client.post_logout_redirect_uris) if client else "that of a known client"
        yield Finding(client.id if client else "", "post_logout_redirect_uri", uri, known)
