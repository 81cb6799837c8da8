"""Pro Santé Connect, bad input: what an attacker or a careless client sends."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings, strategies
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from kit.journal import Journal
from kit.settings import WrongSettings, from_env
from mocks.psc.messages import discovery, pages
from tests.mocks.psc.builders import (
    CALLBACK,
    PERSON,
    SECRET,
    a_given_code,
    an_authorization_request,
    ask_phone,
    ask_token,
    authorize,
    choose,
    consent,
    field,
    sent_back,
    some_tokens,
    user_info,
)
from tests.mocks.psc.test_routes import last, vars_of


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


REDIRECTS = [
    "https://evil.test/",
    CALLBACK + "@evil.test",
    CALLBACK + "%0d%0aSet-Cookie:a=b",
    "//127.0.0.1:8090/callback",
    "http://127.0.0.1:8090/callback/../x",
    "HTTP://127.0.0.1:8090/callback",
    "javascript:alert(1)",
    "/callback",
    "http://127.0.0.1:8090/callback\u2028",
]


@pytest.mark.parametrize("uri", REDIRECTS)
def test_there_is_no_open_redirect(client: FlaskClient, uri: str) -> None:
    answer = authorize(client, redirect_uri=uri)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


STATES = ["a\r\nSet-Cookie: x=y", "a\x00", "a\u2028b"]


@pytest.mark.parametrize("state", STATES)
def test_control_characters_are_not_echoed(
    client: FlaskClient, journal: Journal, state: str
) -> None:
    answer = authorize(client, state=state)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert last(journal).outcome == "malformed"


def test_what_a_page_shows_is_escaped(client: FlaskClient) -> None:
    evil = '"><script>alert(1)</script>'
    for page in (authorize(client, login_hint=evil), authorize(client, client_id=evil)):
        assert "<script" not in page.text
        assert "script-src" not in page.headers["Content-Security-Policy"]
    phone = client.get(pages.PHONE_PATH, query_string={"national_id": evil})
    assert "<script" not in phone.text
    ask_phone(client, binding_message="<b>gras</b>")
    assert "&lt;b&gt;gras" in client.get(pages.PHONE_PATH).text


def test_a_form_of_another_site_chooses_nobody(app: Flask, client: FlaskClient) -> None:
    page = authorize(client)
    form = {"login": field(page, "login"), "national_id": PERSON}
    for key in ({}, {"form_key": "x"}):
        answer = client.post(pages.LOGIN_PATH, data=form | key)
        assert answer.status_code == 403
    stolen = form | {"form_key": field(page, "form_key")}
    victim = app.test_client()
    authorize(victim)  # a browser with a cookie of its own
    assert victim.post(pages.LOGIN_PATH, data=stolen).status_code == 403
    assert app.test_client().post(pages.LOGIN_PATH, data=stolen).status_code == 403


def test_a_consent_wants_our_form_and_a_professional(client: FlaskClient, journal: Journal) -> None:
    page = authorize(client)
    assert consent(client, page).status_code == 400  # nobody is chosen
    chosen = choose(client, page)
    form = {"login": field(chosen, "login"), "form_key": "x", "answer": "accept"}
    assert client.post(pages.CONSENT_PATH, data=form).status_code == 403
    assert last(journal).outcome == "unauthorized"
    form["form_key"], form["answer"] = field(chosen, "form_key"), "perhaps"
    assert client.post(pages.CONSENT_PATH, data=form).status_code == 400
    assert "code" in sent_back(consent(client, chosen))


def test_a_consent_serves_once(client: FlaskClient) -> None:
    page = choose(client, authorize(client))
    assert "code" in sent_back(consent(client, page))
    assert consent(client, page).status_code == 400


def test_the_phone_wants_our_form(app: Flask, client: FlaskClient) -> None:
    ask_phone(client)
    page = client.get(pages.PHONE_PATH)
    form = {name: field(page, name) for name in ("request", "form_key")} | {"answer": "accept"}
    assert app.test_client().post(pages.PHONE_PATH, data=form).status_code == 403
    assert client.post(pages.PHONE_PATH, data=form | {"form_key": "x"}).status_code == 403


def test_a_professional_who_does_not_exist_is_not_chosen(client: FlaskClient) -> None:
    page = authorize(client)
    form = {name: field(page, name) for name in ("login", "form_key")}
    answer = client.post(pages.LOGIN_PATH, data=form | {"national_id": "899700000000"})
    assert answer.status_code == 400


def test_forged_tokens_are_not_believed(client: FlaskClient) -> None:
    told = some_tokens(client)
    head, body, signature = told["access_token"].split(".")
    public = json.dumps(client.get(discovery.KEYS_PATH).json)
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    by_secret = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public))
    by_other = jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048))
    forged = [
        f"{_part({'alg': 'none'})}.{body}.",
        f"{_part({'alg': 'none'})}.{body}.{signature}",
        f"{head}.{_part(claims | {'SubjectNameID': '8'})}.{signature}",
        by_secret,
        by_other,
        told["id_token"],
        told["refresh_token"],
        "x" * 9000,
    ]
    for token in forged:
        assert user_info(client, token).status_code == 401, token[:40]


CLIENTS = [
    ({}, None, 401, "invalid_client"),
    ({}, ("nobody", "banc"), 401, "invalid_client"),
    ({}, ("banc-test", "wrong"), 401, "invalid_client"),
    ({"client_id": "banc-test"}, None, 401, "invalid_client"),
    ({"client_secret": "banc"}, SECRET, 400, "invalid_request"),
    ({"client_id": "other"}, SECRET, 400, "invalid_request"),
    ({"grant_type": "password"}, SECRET, 400, "unsupported_grant_type"),
    ({"grant_type": ""}, SECRET, 400, "invalid_request"),
]


@pytest.mark.parametrize(("more", "auth", "status", "error"), CLIENTS)
def test_a_mixed_up_client_is_told_the_error_of_oauth(
    client: FlaskClient, more: dict[str, str], auth: Any, status: int, error: str
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"} | more
    answer = client.post(discovery.TOKEN_PATH, data=form, auth=auth)
    assert (answer.status_code, (answer.json or {})["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


BODIES = [
    ({"data": b"x" * 70_000, "content_type": "application/x-www-form-urlencoded"}, 413),
    ({"json": {"grant_type": "refresh_token"}}, 400),
    ({"data": b"grant_type=\xff", "content_type": "application/x-www-form-urlencoded"}, 400),
    ({"data": b"a=1&a=2", "content_type": "application/x-www-form-urlencoded"}, 400),
    ({"data": {"a": "1"}, "query_string": "client_secret=x"}, 400),
]


@pytest.mark.parametrize(("sent", "status"), BODIES)
def test_a_body_that_is_not_a_form_is_malformed(
    client: FlaskClient, journal: Journal, sent: dict[str, Any], status: int
) -> None:
    answer = client.post(discovery.TOKEN_PATH, **sent)
    assert (answer.status_code, (answer.json or {})["error"]) == (status, "invalid_request")
    assert last(journal).outcome == "malformed"


@pytest.mark.parametrize("host", ["evil.test", "localhost/x", "a b", "localhost:1@evil.test"])
def test_a_foreign_host_gets_no_issuer(client: FlaskClient, host: str) -> None:
    answer = client.get(discovery.DISCOVERY_PATHS[0], headers={"Host": host})
    assert answer.status_code == 400


def test_secrets_are_not_kept_as_they_are(client: FlaskClient, app: Flask) -> None:
    code = a_given_code(client)
    told = ask_token(client, code=code).json or {}
    service = app.extensions["banc"]
    with service.database.transaction() as connection:
        for name in ("code", "token"):
            rows = str(connection.exec_driver_sql(f"SELECT * FROM {name}").all())
            assert code not in rows
            assert told["refresh_token"] not in rows


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=strategies.sampled_from(sorted(vars_of(an_authorization_request()))),
    value=strategies.text(max_size=40),
)
def test_no_parameter_breaks_the_authorization_endpoint(
    client: FlaskClient, name: str, value: str
) -> None:
    asked = vars_of(an_authorization_request()) | {name: value}
    answer = client.get("/auth", query_string={key: text for key, text in asked.items() if text})
    assert answer.status_code in (200, 303, 400)
    if answer.status_code == 303:
        assert answer.headers["Location"].startswith(CALLBACK + "?")


@pytest.mark.parametrize("url", ["psc.test", "https://psc.test/", "ftp://a", "https://a:x", "//a"])
def test_a_public_url_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(WrongSettings, match="BANC_PSC_URL"):
        from_env({"BANC_PSC_URL": url})
    assert from_env({"BANC_PSC_URL": "https://psc.test"}).psc_url == "https://psc.test"
