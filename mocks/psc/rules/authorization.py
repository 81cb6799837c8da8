"""Pro Santé Connect mock, rules: the authorization request, the login page and the consent.

``target`` comes first: until it holds nothing may be sent to the redirect URI.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from datetime import datetime

from kit.rules import Finding, RuleBook
from mocks.psc import errors
from mocks.psc.messages.authorization import (
    EIDAS1,
    SCOPE,
    SCOPES,
    AuthorizationRequest,
    Login,
)
from mocks.psc.messages.clients import CODE, Client

target, request = RuleBook("PSC authorization, client"), RuleBook("PSC authorization")
login, form = RuleBook("PSC login"), RuleBook("PSC form")
choice, consent = RuleBook("PSC choice"), RuleBook("PSC consent")

MAX_STATE_CHARS = 2048
_OIDC = "OpenID Connect Core 3.1.2.1"
_CONNECTOR = "keycloak-prosanteconnect, psc.properties"
_OURS = "Banc, Pro Santé Connect README"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@target.rule(errors.UNKNOWN_CLIENT, source="RFC 6749 4.1.2.1")
def the_client_is_registered(
    asked: AuthorizationRequest, client: Client | None
) -> Iterator[Finding]:
    if client is None:
        yield Finding(asked.client_id, "client_id", asked.client_id, "a registered client")


@target.rule(errors.REDIRECT_URI, source="RFC 9700 2.1: exact match")
def the_redirect_uri_is_registered(
    asked: AuthorizationRequest, client: Client | None
) -> Iterator[Finding]:
    if client is not None and asked.redirect_uri not in client.redirect_uris:
        expected = "one of " + ", ".join(client.redirect_uris)
        yield Finding(asked.client_id, "redirect_uri", asked.redirect_uri, expected)


@request.rule(errors.UNSUPPORTED_RESPONSE_TYPE, source="RFC 6749 3.1.1")
def the_response_type_is_code(
    asked: AuthorizationRequest, _: Client, __: bool
) -> Iterator[Finding]:
    if asked.response_type != "code":
        yield Finding(asked.client_id, "response_type", asked.response_type, "code")


@request.rule(errors.UNAUTHORIZED_CLIENT, source="RFC 7591 2")
def the_client_may_ask_for_a_code(
    _: AuthorizationRequest, client: Client, __: bool
) -> Iterator[Finding]:
    if CODE not in client.grant_types:
        yield Finding(client.id, "grant_types", ", ".join(client.grant_types), CODE)


@request.rule(errors.INVALID_SCOPE, source=_CONNECTOR)
def the_scope_is_openid_scope_all(
    asked: AuthorizationRequest, _: Client, __: bool
) -> Iterator[Finding]:
    yield from wrong_scopes(asked.client_id, asked.scope)


def wrong_scopes(client_id: str, scope: str) -> Iterator[Finding]:
    """What is wrong with a scope: something missing or unknown."""
    given = scope.split()
    if not set(SCOPE) <= set(given) or not set(given) <= set(SCOPES):
        yield Finding(client_id, "scope", scope, " ".join(SCOPE))


@request.rule(errors.INVALID_REQUEST, source=_CONNECTOR)
def acr_values_is_eidas1(asked: AuthorizationRequest, _: Client, __: bool) -> Iterator[Finding]:
    if asked.acr_values != EIDAS1:
        yield Finding(asked.client_id, "acr_values", asked.acr_values, EIDAS1)


@request.rule(errors.INVALID_REQUEST, source=f"{_OIDC}; {_CONNECTOR}")
def the_client_protects_itself_with_state_and_nonce(
    asked: AuthorizationRequest, _: Client, is_required: bool
) -> Iterator[Finding]:
    for name in ("state", "nonce"):
        if is_required and not getattr(asked, name):
            yield Finding(asked.client_id, name, "", "a random value")


@request.rule(errors.INVALID_REQUEST, source=_OURS)
def state_and_nonce_are_short(
    asked: AuthorizationRequest, _: Client, __: bool
) -> Iterator[Finding]:
    for name in ("state", "nonce"):
        size = len(getattr(asked, name))
        if size > MAX_STATE_CHARS:
            yield Finding(asked.client_id, name, f"{size} characters", f"{MAX_STATE_CHARS} at most")


@request.rule(errors.INVALID_REQUEST, source="RFC 7636 4.3, 4.4.1")
def a_code_challenge_is_of_s256(
    asked: AuthorizationRequest, _: Client, __: bool
) -> Iterator[Finding]:
    challenge, method = asked.code_challenge, asked.code_challenge_method
    if (challenge or method) and method != "S256":
        yield Finding(asked.client_id, "code_challenge_method", method or "plain", "S256")
    if (challenge or method) and not _CHALLENGE.fullmatch(challenge):
        expected = "43 characters of base64url"
        yield Finding(asked.client_id, "code_challenge", challenge, expected)


@request.rule(errors.INVALID_REQUEST, source="OAuth 2.0 Multiple Response Types 2.1")
def the_answer_comes_in_the_query(
    asked: AuthorizationRequest, _: Client, __: bool
) -> Iterator[Finding]:
    if asked.response_mode not in ("", "query"):
        yield Finding(asked.client_id, "response_mode", asked.response_mode, "query")


@request.rule(errors.REQUEST_NOT_SUPPORTED, source="OpenID Connect Core 6.1")
def there_is_no_request_object(
    asked: AuthorizationRequest, _: Client, __: bool
) -> Iterator[Finding]:
    if asked.request:
        yield Finding(asked.client_id, "request", asked.request[:40], "absent")


@request.rule(errors.REQUEST_URI_NOT_SUPPORTED, source="OpenID Connect Core 6.2")
def there_is_no_request_uri(asked: AuthorizationRequest, _: Client, __: bool) -> Iterator[Finding]:
    if asked.request_uri:
        yield Finding(asked.client_id, "request_uri", asked.request_uri[:80], "absent")


@request.rule(errors.LOGIN_REQUIRED, source=_OIDC)
def nobody_is_logged_in_without_a_page(
    asked: AuthorizationRequest, _: Client, __: bool
) -> Iterator[Finding]:
    if "none" in asked.prompt.split():
        yield Finding(asked.client_id, "prompt", asked.prompt, "absent: no session is remembered")


@login.rule(errors.LOGIN_LOST, source=_OURS)
def the_login_is_open(found: Login | None, _: str, now: datetime) -> Iterator[Finding]:
    if found is None:
        yield Finding("", "login", "unknown or answered already", "start again from the software")
    elif found.expires_at <= now:
        yield Finding(found.id, "login", f"over since {found.expires_at}", "start again")


@login.rule(errors.FOREIGN_FORM, source="RFC 9700 4.7")
def the_browser_is_the_one_that_came(
    found: Login | None, browser: str, _: datetime
) -> Iterator[Finding]:
    if found is not None and not hmac.compare_digest(found.browser, browser):
        yield Finding(found.id, "cookie", "of another browser, or none", "that of the login page")


@form.rule(errors.FOREIGN_FORM, source="RFC 9700 4.7")
def the_form_is_ours(expected: str, given: str) -> Iterator[Finding]:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        yield Finding("", "form_key", given[:64], "the value that our page wrote")


@choice.rule(errors.LOGIN_LOST, source=_OURS)
def the_professional_is_in_the_directory(national_id: str, is_known: bool) -> Iterator[Finding]:
    if not is_known:
        yield Finding("", "national_id", national_id, "8 + the RPPS of a professional of the list")


@consent.rule(errors.ACCESS_DENIED, source="RFC 6749 4.1.2.1")
def the_professional_allows_it(found: Login, is_allowed: bool) -> Iterator[Finding]:
    if not is_allowed:
        yield Finding(found.national_id, "answer", "refuse", "accept")
