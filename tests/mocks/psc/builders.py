"""Builders for the Pro Santé Connect mock: valid by default, spoil one thing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kit.clock import DEFAULT_START
from kit.psc import AUTHORIZATION_PATH
from kit.world import World
from mocks.psc.messages import pages
from mocks.psc.messages.authorization import (
    AuthorizationRequest,
    Login,
    write_authorization_request,
)
from mocks.psc.messages.ciba import BackchannelRequest, PhoneRequest, write_backchannel_request
from mocks.psc.messages.clients import CODE, REFRESH, Client
from mocks.psc.messages.discovery import CIBA_PATH, TOKEN_PATH, USER_INFO_PATH
from mocks.psc.messages.people import national_id
from mocks.psc.messages.tokens import (
    GivenCode,
    GivenToken,
    Session,
    TokenRequest,
    write_token_request,
)

CALLBACK = "http://127.0.0.1:8090/callback"
SECRET = ("banc-test", "banc")
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"  # base64url(SHA-256) of the verifier
_WORLD = World()
DOCTOR = _WORLD.professionals(_WORLD.establishments[0].finess_eg)[0]
NURSE = _WORLD.professionals(_WORLD.establishments[1].finess_eg)[3]
IN_TOWN = _WORLD.correspondents("53")[0]
HOSPITAL = _WORLD.establishments[0]
PERSON = national_id(DOCTOR)


def a_client(**changed: Any) -> Client:
    return replace(
        Client("banc-test", "Client", (CALLBACK,), (CALLBACK,), secret="banc"), **changed
    )


def an_authorization_request(**changed: Any) -> AuthorizationRequest:
    asked = AuthorizationRequest(
        "banc-test", CALLBACK, "code", "openid scope_all", "the-state", "the-nonce", "eidas1"
    )
    return replace(asked, **changed)


def a_login(**changed: Any) -> Login:
    until = DEFAULT_START + timedelta(minutes=10)
    return replace(Login("1", "browser", "key", an_authorization_request(), until), **changed)


def a_session(**changed: Any) -> Session:
    session = Session("s1", "banc-test", PERSON, "openid scope_all", DEFAULT_START, "the-nonce")
    return replace(session, **changed)


def a_code(**changed: Any) -> GivenCode:
    until = DEFAULT_START + timedelta(minutes=1)
    return replace(GivenCode(a_session(), CALLBACK, "", until), **changed)


def a_token(**changed: Any) -> GivenToken:
    return replace(GivenToken("t1", a_session(), DEFAULT_START + timedelta(minutes=4)), **changed)


def a_token_request(**changed: Any) -> TokenRequest:
    return replace(TokenRequest(CODE, "the-code", CALLBACK), **changed)


def a_backchannel_request(**changed: Any) -> BackchannelRequest:
    asked = BackchannelRequest("openid scope_all", "eidas1", PERSON, "ABC-12")
    return replace(asked, **changed)


def a_phone_request(**changed: Any) -> PhoneRequest:
    until = DEFAULT_START + timedelta(minutes=2)
    return replace(PhoneRequest("r1", a_session(), "ABC-12", until, 5), **changed)


def field(page: TestResponse, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return found[1]


def sent_back(answer: TestResponse) -> dict[str, str]:
    """What a redirect to the client carries."""
    assert answer.status_code == 303, answer.text
    location = answer.headers["Location"]
    assert location.startswith(CALLBACK + "?")
    return dict(parse_qsl(urlsplit(location).query))


def authorize(client: FlaskClient, **changed: Any) -> TestResponse:
    asked = write_authorization_request(an_authorization_request(**changed))
    return client.get(AUTHORIZATION_PATH, query_string=asked)


def choose(client: FlaskClient, page: TestResponse, person: str = PERSON) -> TestResponse:
    """From the login page to the consent page."""
    form = {name: field(page, name) for name in ("login", "form_key")}
    answer = client.post(pages.LOGIN_PATH, data=form | {"national_id": person})
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["Location"])


def consent(client: FlaskClient, page: TestResponse, answer: str = "accept") -> TestResponse:
    form = {name: field(page, name) for name in ("login", "form_key")}
    return client.post(pages.CONSENT_PATH, data=form | {"answer": answer})


def a_given_code(client: FlaskClient, person: str = PERSON, **changed: Any) -> str:
    """A whole login in a browser; the code that comes back."""
    page = choose(client, authorize(client, **changed), person)
    told = sent_back(consent(client, page))
    assert told["state"] == changed.get("state", "the-state")
    return told["code"]


def ask_token(client: FlaskClient, auth: Any = SECRET, **changed: Any) -> TestResponse:
    form = write_token_request(a_token_request(**changed))
    return client.post(TOKEN_PATH, data=form, auth=auth)


def some_tokens(client: FlaskClient, **changed: Any) -> dict[str, Any]:
    """The tokens of a whole login."""
    answer = ask_token(client, code=a_given_code(client, **changed))
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def refresh(client: FlaskClient, token: str, auth: Any = SECRET, **more: Any) -> TestResponse:
    asked = TokenRequest(REFRESH, refresh_token=token, **more)
    return client.post(TOKEN_PATH, data=write_token_request(asked), auth=auth)


def user_info(client: FlaskClient, token: str, **more: Any) -> TestResponse:
    return client.get(USER_INFO_PATH, headers={"Authorization": f"Bearer {token}"}, **more)


def ask_phone(client: FlaskClient, auth: Any = SECRET, **changed: Any) -> TestResponse:
    form = write_backchannel_request(a_backchannel_request(**changed))
    return client.post(CIBA_PATH, data=form, auth=auth)
