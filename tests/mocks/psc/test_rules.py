"""Pro Santé Connect rules: each has a row that passes and one that refuses; no server."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit.clock import DEFAULT_START as NOW
from kit.rules import RuleBook
from mocks.psc.messages.ciba import ACCEPTED, REJECTED, USED
from mocks.psc.messages.clients import (
    BASIC,
    CERTIFICATE,
    CIBA,
    CODE,
    POST,
    PRIVATE_KEY,
    REFRESH,
    Assertion,
    Proof,
)
from mocks.psc.rules import authorization, ciba, clients, tokens
from tests.mocks.psc.builders import (
    CALLBACK,
    CHALLENGE,
    VERIFIER,
    a_backchannel_request,
    a_client,
    a_code,
    a_login,
    a_phone_request,
    a_session,
    a_token,
    a_token_request,
    an_authorization_request,
)

LATER = NOW + timedelta(hours=1)
PROOF = Proof("banc-test", (BASIC,), "banc")


def names(book: RuleBook, *args: Any) -> list[str]:
    return [refusal.rule for refusal in book.findings(*args)]


AUTHENTICATIONS = [
    (PROOF, a_client(), []),
    (Proof("banc-test", (POST,), "banc"), a_client(), []),
    (Proof("banc-test", (BASIC, POST), "banc"), a_client(), ["a_client_proves_itself_in_one_way"]),
    (Proof("banc-test", ()), a_client(), ["a_client_proves_itself"]),
    (Proof("nobody", (BASIC,), "banc"), None, ["the_client_is_known"]),
    (Proof("banc-test", (BASIC,), "wrong"), a_client(), ["the_secret_is_the_clients"]),
    (Proof("banc-test", (BASIC,), ""), a_client(secret=""), ["the_secret_is_the_clients"]),
    (PROOF, a_client(auth_method=PRIVATE_KEY), ["the_client_uses_its_own_method"]),
    (Proof("banc-test", (PRIVATE_KEY,)), a_client(), ["the_client_uses_its_own_method"]),
    (
        Proof("banc-test", (CERTIFICATE,), subject_dn="CN=a"),
        a_client(auth_method=CERTIFICATE, subject_dn="CN=a"),
        [],
    ),
    (
        Proof("banc-test", (CERTIFICATE,), subject_dn="CN=b"),
        a_client(auth_method=CERTIFICATE, subject_dn="CN=a"),
        ["the_certificate_is_the_clients"],
    ),
]


@pytest.mark.parametrize(("proof", "client", "refused"), AUTHENTICATIONS)
def test_a_client_is_who_it_says(proof: Proof, client: Any, refused: list[str]) -> None:
    assert names(clients.authentication, proof, client) == refused


def test_an_assertion_is_right_and_new() -> None:
    given = Assertion("1", 0.0)
    assert names(clients.assertion, a_client(), given, False) == []
    assert names(clients.assertion, a_client(), given, True) == ["an_assertion_serves_once"]
    wrong = Assertion(why="bad signature")
    assert names(clients.assertion, a_client(), wrong, False) == ["the_assertion_is_the_clients"]


REGISTRATIONS = [
    ({}, []),
    ({"auth_method": "none"}, ["the_method_is_offered"]),
    ({"secret": ""}, ["the_method_has_what_it_needs"]),
    ({"auth_method": PRIVATE_KEY}, ["the_method_has_what_it_needs"]),
    ({"auth_method": CERTIFICATE}, ["the_method_has_what_it_needs"]),
    ({"grant_types": ("password",)}, ["the_grants_are_offered"]),
    *(
        ({"redirect_uris": (uri,)}, ["a_redirect_uri_is_a_plain_web_address"])
        for uri in (
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.test/cb",
            "https://",
            "https://a.test/cb#x",
            "https://user@a.test/cb",
            "https://a.test:99999/cb",
            "https://a.test/é",
            "https://a.test/a b",
            "https://a.test/;script-src",
        )
    ),
    ({"post_logout_redirect_uris": ("/x",)}, ["a_redirect_uri_is_a_plain_web_address"]),
]


@pytest.mark.parametrize(("changed", "refused"), REGISTRATIONS)
def test_a_client_is_registered_when_it_is_sound(changed: Any, refused: list[str]) -> None:
    assert names(clients.registration, a_client(**changed)) == refused


TARGETS = [
    (CALLBACK, a_client(), []),
    (CALLBACK, None, ["the_client_is_registered"]),
    (CALLBACK + "/", a_client(), ["the_redirect_uri_is_registered"]),
    (CALLBACK + "?a=1", a_client(), ["the_redirect_uri_is_registered"]),
    (CALLBACK.upper(), a_client(), ["the_redirect_uri_is_registered"]),
    ("http://127.0.0.1:8090@evil.test/", a_client(), ["the_redirect_uri_is_registered"]),
]


@pytest.mark.parametrize(("uri", "client", "refused"), TARGETS)
def test_a_redirect_uri_is_compared_exactly(uri: str, client: Any, refused: list[str]) -> None:
    asked = an_authorization_request(redirect_uri=uri)
    assert names(authorization.target, asked, client) == refused


REQUESTS = [
    ({}, []),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "S256"}, []),
    ({"response_mode": "query", "scope": "openid scope_all rpps"}, []),
    ({"response_type": "token"}, ["the_response_type_is_code"]),
    ({"scope": "openid"}, ["the_scope_is_openid_scope_all"]),
    ({"scope": "openid scope_all admin"}, ["the_scope_is_openid_scope_all"]),
    ({"acr_values": ""}, ["acr_values_is_eidas1"]),
    ({"acr_values": "eidas2"}, ["acr_values_is_eidas1"]),
    ({"state": ""}, ["the_client_protects_itself_with_state_and_nonce"]),
    ({"nonce": ""}, ["the_client_protects_itself_with_state_and_nonce"]),
    ({"state": "s" * 2049}, ["state_and_nonce_are_short"]),
    ({"code_challenge": CHALLENGE}, ["a_code_challenge_is_of_s256"]),
    ({"code_challenge": "x", "code_challenge_method": "S256"}, ["a_code_challenge_is_of_s256"]),
    ({"response_mode": "fragment"}, ["the_answer_comes_in_the_query"]),
    ({"request": "e30."}, ["there_is_no_request_object"]),
    ({"request_uri": "https://evil.test/"}, ["there_is_no_request_uri"]),
    ({"prompt": "none"}, ["nobody_is_logged_in_without_a_page"]),
]


@pytest.mark.parametrize(("changed", "refused"), REQUESTS)
def test_an_authorization_request(changed: Any, refused: list[str]) -> None:
    asked = an_authorization_request(**changed)
    assert names(authorization.request, asked, a_client(), True) == refused


def test_the_request_rules_know_the_client_and_the_setting() -> None:
    bare = an_authorization_request(state="", nonce="")
    assert names(authorization.request, bare, a_client(), False) == []
    limited = a_client(grant_types=(CIBA,))
    found = names(authorization.request, an_authorization_request(), limited, True)
    assert found == ["the_client_may_ask_for_a_code"]


LOGINS = [
    (a_login(), "browser", NOW, []),
    (None, "browser", NOW, ["the_login_is_open"]),
    (a_login(), "browser", LATER, ["the_login_is_open"]),
    (a_login(), "other", NOW, ["the_browser_is_the_one_that_came"]),
]


@pytest.mark.parametrize(("login", "browser", "now", "refused"), LOGINS)
def test_a_login_is_open_and_of_this_browser(
    login: Any, browser: str, now: Any, refused: list[str]
) -> None:
    assert names(authorization.login, login, browser, now) == refused


def test_a_form_a_choice_and_a_consent() -> None:
    assert names(authorization.form, "key", "key") == []
    assert names(authorization.form, "key", "é") == ["the_form_is_ours"]
    assert names(authorization.choice, "8", True) == []
    assert names(authorization.choice, "8", False) == ["the_professional_is_in_the_directory"]
    assert names(authorization.consent, a_login(), True) == []
    assert names(authorization.consent, a_login(), False) == ["the_professional_allows_it"]


def test_a_grant_is_offered_and_allowed() -> None:
    assert names(tokens.grant, a_token_request(), a_client()) == []
    odd = a_token_request(grant_type="password")
    assert names(tokens.grant, odd, a_client()) == ["the_grant_is_offered"]
    limited = a_client(grant_types=(CODE,))
    asked = a_token_request(grant_type=REFRESH)
    assert names(tokens.grant, asked, limited) == ["the_client_may_use_the_grant"]


OTHER = a_session(client_id="other")
CODES = [
    ({}, a_code(), []),
    ({"code_verifier": VERIFIER}, a_code(challenge=CHALLENGE), []),
    ({}, None, ["the_code_is_known"]),
    ({}, a_code(session=OTHER), ["the_code_was_given_to_this_client"]),
    ({}, a_code(is_used=True), ["a_code_serves_once"]),
    ({}, a_code(has_ended=True), ["a_code_serves_once"]),
    ({}, a_code(expires_at=NOW), ["the_code_is_not_expired"]),
    ({"redirect_uri": "x"}, a_code(), ["the_redirect_uri_is_that_of_the_request"]),
    ({}, a_code(challenge=CHALLENGE), ["the_verifier_is_that_of_the_challenge"]),
    (
        {"code_verifier": "w" * 43},
        a_code(challenge=CHALLENGE),
        ["the_verifier_is_that_of_the_challenge"],
    ),
    ({"code_verifier": VERIFIER}, a_code(), ["there_is_no_verifier_without_a_challenge"]),
]


@pytest.mark.parametrize(("changed", "found", "refused"), CODES)
def test_a_code(changed: Any, found: Any, refused: list[str]) -> None:
    assert names(tokens.code, a_token_request(**changed), a_client(), found, NOW) == refused


REFRESHES = [
    ({}, a_token(), []),
    ({"scope": "openid"}, a_token(), []),
    ({}, None, ["the_refresh_token_is_known"]),
    ({}, a_token(session=OTHER), ["the_refresh_token_was_given_to_this_client"]),
    ({}, a_token(is_used=True), ["a_refresh_token_serves_once"]),
    ({}, a_token(has_ended=True), ["the_session_goes_on"]),
    ({}, a_token(expires_at=NOW), ["the_session_goes_on"]),
    ({"scope": "openid admin"}, a_token(), ["a_refresh_asks_for_no_more"]),
]


@pytest.mark.parametrize(("changed", "found", "refused"), REFRESHES)
def test_a_refresh(changed: Any, found: Any, refused: list[str]) -> None:
    asked = a_token_request(grant_type=REFRESH, refresh_token="r", **changed)
    assert names(tokens.refresh, asked, a_client(), found, NOW) == refused


ACCESSES = [
    (a_token(), "", []),
    (a_token(session=a_session(thumbprint="t")), "t", []),
    (None, "", ["the_access_token_is_valid"]),
    (a_token(has_ended=True), "", ["the_access_token_is_valid"]),
    (a_token(expires_at=NOW), "", ["the_access_token_is_valid"]),
    (a_token(session=a_session(thumbprint="t")), "", ["a_bound_token_comes_with_its_certificate"]),
    (a_token(session=a_session(scope="openid")), "", ["the_token_has_the_scope"]),
]


@pytest.mark.parametrize(("found", "thumbprint", "refused"), ACCESSES)
def test_an_access_token(found: Any, thumbprint: str, refused: list[str]) -> None:
    assert names(tokens.access, found, NOW, thumbprint) == refused


def test_a_bearer_header() -> None:
    assert names(tokens.bearer, "Bearer x", "") == []
    for header, why in (("", ""), ("Basic x", ""), ("Bearer x", "not a JWT")):
        assert names(tokens.bearer, header, why) == ["a_call_carries_an_access_token"]


def test_revocation_and_logout() -> None:
    assert names(tokens.revocation, a_client(), None) == []
    assert names(tokens.revocation, a_client(), a_token()) == []
    foreign = a_token(session=OTHER)
    assert names(tokens.revocation, a_client(), foreign) == ["a_client_revokes_its_own_tokens"]
    assert names(tokens.logout, a_client(), CALLBACK) == []
    assert names(tokens.logout, None, "") == []
    for client, uri in ((a_client(), "https://evil.test/"), (None, CALLBACK)):
        assert names(tokens.logout, client, uri) == ["the_way_back_is_registered"]


BACKCHANNELS = [
    ({}, True, []),
    ({"channel": "CARD", "requested_expiry": "60"}, True, []),
    ({"scope": "openid"}, True, ["the_scope_of_ciba_is_openid_scope_all"]),
    ({"acr_values": ""}, True, ["acr_values_of_ciba_is_eidas1"]),
    ({"login_hint": ""}, True, ["there_is_one_hint_the_login_hint"]),
    ({"id_token_hint": "x"}, True, ["there_is_one_hint_the_login_hint"]),
    ({}, False, ["the_login_hint_is_a_professional"]),
    ({"binding_message": ""}, True, ["the_binding_message_can_be_shown"]),
    ({"binding_message": "m" * 65}, True, ["the_binding_message_can_be_shown"]),
    ({"channel": "FAX"}, True, ["the_channel_is_known"]),
    ({"requested_expiry": "0"}, True, ["the_requested_expiry_is_a_number_of_seconds"]),
    ({"requested_expiry": "9" * 5000}, True, ["the_requested_expiry_is_a_number_of_seconds"]),
]


@pytest.mark.parametrize(("changed", "is_known", "refused"), BACKCHANNELS)
def test_a_backchannel_request(changed: Any, is_known: bool, refused: list[str]) -> None:
    asked = a_backchannel_request(**changed)
    assert names(ciba.request, asked, a_client(), is_known) == refused


def test_a_client_may_use_ciba() -> None:
    limited = a_client(grant_types=(CODE,))
    found = names(ciba.request, a_backchannel_request(), limited, True)
    assert found == ["the_client_may_use_ciba"]


POLLS = [
    (a_phone_request(), []),
    (a_phone_request(state=ACCEPTED), []),
    (a_phone_request(polled_at=NOW - timedelta(seconds=5)), []),
    (None, ["the_request_is_known"]),
    (a_phone_request(session=OTHER), ["the_request_is_this_clients"]),
    (a_phone_request(state=USED), ["a_request_gives_tokens_once"]),
    (a_phone_request(expires_at=NOW), ["the_request_is_not_over"]),
    (a_phone_request(polled_at=NOW - timedelta(seconds=4)), ["the_client_waits_the_interval"]),
    (a_phone_request(state=REJECTED), ["the_professional_does_not_refuse"]),
]


@pytest.mark.parametrize(("found", "refused"), POLLS)
def test_a_poll(found: Any, refused: list[str]) -> None:
    assert names(ciba.poll, a_client(), found, NOW) == refused


def test_a_phone_answers_what_waits() -> None:
    assert names(ciba.phone, "r1", a_phone_request(), NOW) == []
    for found in (None, a_phone_request(state=ACCEPTED), a_phone_request(expires_at=NOW)):
        assert names(ciba.phone, "r1", found, NOW) == ["the_phone_answers_what_waits"]
