"""Pro Santé Connect routes: the wire and the journal line, endpoint by endpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from kit.clock import FixedClock
from kit.journal import Journal
from kit.pki import TestPki
from kit.psc import verify_access_token
from kit.rules import Malformed
from kit.settings import Settings
from mocks.psc.app import create_app
from mocks.psc.messages import discovery, pages
from mocks.psc.messages.clients import ASSERTION_TYPE, CIBA
from mocks.psc.messages.people import national_id
from tests.mocks.psc.builders import (
    CALLBACK,
    CHALLENGE,
    DOCTOR,
    HOSPITAL,
    IN_TOWN,
    NURSE,
    PERSON,
    SECRET,
    VERIFIER,
    a_given_code,
    a_token_request,
    an_authorization_request,
    ask_phone,
    ask_token,
    authorize,
    choose,
    consent,
    field,
    refresh,
    sent_back,
    some_tokens,
    user_info,
    write_token_request,
)

ISSUER = "http://localhost/auth/realms/esante-wallet"


def last(journal: Journal) -> Any:
    return journal.find(newest_first=True, limit=1)[0]


def register(client: FlaskClient, **metadata: Any) -> Any:
    given = {"client_id": "other", "redirect_uris": [CALLBACK], "client_secret": "s", **metadata}
    answer = client.post("/_banc/psc/clients", json=given)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize("path", discovery.DISCOVERY_PATHS)
def test_discovery_answers_at_both_names(client: FlaskClient, path: str) -> None:
    told = client.get(path).json
    assert told is not None
    assert told["issuer"] == ISSUER
    assert told["authorization_endpoint"] == "http://localhost/auth"


def test_a_guessed_authorization_endpoint_is_not_there(client: FlaskClient) -> None:
    assert client.get("/auth/realms/esante-wallet/protocol/openid-connect/auth").status_code == 404
    assert client.get("/.well-known/openid-configuration").status_code == 404


def test_a_login_gives_tokens_with_the_documented_claims(
    client: FlaskClient, journal: Journal
) -> None:
    told = some_tokens(client)
    keys = KeySet.import_key_set(client.get(discovery.KEYS_PATH).json)  # type: ignore[arg-type]
    token = jwt.decode(told["id_token"], keys, algorithms=["RS256"])
    assert token.header["alg"] == "RS256"
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, "banc-test", "the-nonce")
    assert (claims["acr"], claims["exp"] - claims["iat"]) == ("eidas1", 240)
    assert claims["sub"].startswith("f:")
    assert claims["sub"].endswith(":" + PERSON)
    assert {"idp", "amr", "auth_time", "at_hash", "session_state"} <= set(claims)
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 240)
    line = journal.find(transaction="TOKEN")[0]
    assert (line.outcome, line.finess) == ("accepted", HOSPITAL.finess_ej)
    assert line.facts["national_id"] == PERSON
    assert line.software == "Client de test du banc"


def test_user_info_and_introspection_tell_who_it_is(client: FlaskClient) -> None:
    told = some_tokens(client)
    person = user_info(client, told["access_token"]).json or {}
    assert person["SubjectNameID"] == PERSON
    assert person["sub"].endswith(PERSON)
    seen = introspect(client, told["access_token"])
    assert (seen["active"], seen["typ"], seen["azp"]) == (True, "Bearer", "banc-test")
    assert seen["SubjectNameID"] == PERSON
    assert {"exp", "iat", "auth_time", "jti", "iss", "sub", "nonce"} <= set(seen)
    held = introspect(client, told["refresh_token"])
    assert (held["active"], held["typ"]) == (True, "Refresh")
    assert "SubjectNameID" not in held
    assert introspect(client, "nonsense") == {"active": False}


def introspect(client: FlaskClient, token: str) -> dict[str, Any]:
    answer = client.post(discovery.INTROSPECTION_PATH, data={"token": token}, auth=SECRET)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def test_the_login_page_searches_the_professionals(client: FlaskClient) -> None:
    page = authorize(client)
    assert "Choisir un professionnel" in page.text
    assert 'lang="fr"' in page.text
    assert "<script" not in page.text
    found = client.get(
        pages.LOGIN_PATH, query_string={"login": field(page, "login"), "q": national_id(NURSE)}
    )
    assert national_id(NURSE) in found.text
    assert PERSON not in found.text
    nobody = client.get(pages.LOGIN_PATH, query_string={"login": field(page, "login"), "q": "zzzz"})
    assert "Aucun professionnel" in nobody.text


def test_the_consent_page_may_send_its_form_where_the_answer_goes(client: FlaskClient) -> None:
    first = authorize(client)
    assert first.headers["Content-Security-Policy"].endswith("form-action 'self'")
    policy = choose(client, first).headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' http://127.0.0.1:8090")
    assert "default-src 'none'" in policy


def test_a_refused_consent_goes_back_as_access_denied(
    client: FlaskClient, journal: Journal
) -> None:
    page = choose(client, authorize(client))
    told = sent_back(consent(client, page, "refuse"))
    assert (told["error"], told["state"]) == ("access_denied", "the-state")
    line = last(journal)
    assert (line.outcome, line.codes) == ("refused", ("access_denied",))
    assert consent(client, page).status_code == 400  # the login is over


def test_a_request_that_breaks_rules_goes_back_with_all_of_them(
    client: FlaskClient, journal: Journal
) -> None:
    told = sent_back(authorize(client, scope="openid", acr_values="eidas2", nonce=""))
    assert told["error"] == "invalid_scope"
    assert told["state"] == "the-state"
    for rule in ("the scope is openid scope_all", "acr_values is eidas1", "field nonce"):
        assert rule.replace("_", " ") in told["error_description"].replace("_", " ")
    first = last(journal).refusals[0]
    assert (first["rule"], first["field"]) == ("the_scope_is_openid_scope_all", "scope")
    assert first["source"]


@pytest.mark.parametrize(
    "changed", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.test/"}]
)
def test_nothing_is_sent_to_who_is_not_registered(client: FlaskClient, changed: Any) -> None:
    answer = authorize(client, **changed)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert "Demande refusée" in answer.text


def test_pkce_is_checked_when_it_is_given(client: FlaskClient) -> None:
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert ask_token(client, code=a_given_code(client, **asked)).status_code == 400
    code = a_given_code(client, **asked)
    assert ask_token(client, code=code, code_verifier=VERIFIER).status_code == 200


def test_a_replayed_code_ends_the_session(client: FlaskClient, journal: Journal) -> None:
    code = a_given_code(client)
    told = ask_token(client, code=code).json or {}
    again = ask_token(client, code=code)
    assert (again.status_code, (again.json or {})["error"]) == (400, "invalid_grant")
    assert last(journal).refusals[0]["rule"] == "a_code_serves_once"
    assert refresh(client, told["refresh_token"]).status_code == 400
    assert user_info(client, told["access_token"]).status_code == 401


def test_a_code_of_another_client_is_refused_and_stays_good(client: FlaskClient) -> None:
    register(client)
    code = a_given_code(client)
    foreign = ask_token(client, auth=("other", "s"), code=code)
    assert (foreign.json or {})["error"] == "invalid_grant"
    assert ask_token(client, code=code).status_code == 200


def test_a_code_expires(client: FlaskClient, clock: FixedClock) -> None:
    code = a_given_code(client)
    clock.advance(60)
    assert (ask_token(client, code=code).json or {})["error"] == "invalid_grant"


def test_a_refresh_token_rotates_and_its_replay_ends_the_session(client: FlaskClient) -> None:
    first = some_tokens(client)
    second = refresh(client, first["refresh_token"]).json or {}
    assert second["refresh_token"] != first["refresh_token"]
    assert user_info(client, second["access_token"]).status_code == 200
    assert refresh(client, first["refresh_token"]).status_code == 400
    assert refresh(client, second["refresh_token"]).status_code == 400
    assert user_info(client, second["access_token"]).status_code == 401


def test_a_refresh_for_less_gives_less(client: FlaskClient) -> None:
    less = refresh(client, some_tokens(client)["refresh_token"], scope="openid").json or {}
    assert less["scope"] == "openid"
    assert user_info(client, less["access_token"]).status_code == 403
    more = refresh(client, less["refresh_token"]).json or {}
    assert more["scope"] == "openid scope_all"


def test_an_access_token_lives_four_minutes(client: FlaskClient, clock: FixedClock) -> None:
    told = some_tokens(client)
    clock.advance(239)
    assert user_info(client, told["access_token"]).status_code == 200
    clock.advance(1)
    answer = user_info(client, told["access_token"])
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert introspect(client, told["access_token"]) == {"active": False}
    assert refresh(client, told["refresh_token"]).status_code == 200


def test_revocation_takes_the_token_or_the_session(client: FlaskClient) -> None:
    told = some_tokens(client)
    revoke(client, told["access_token"])
    assert user_info(client, told["access_token"]).status_code == 401
    after = refresh(client, told["refresh_token"]).json or {}
    revoke(client, after["refresh_token"])
    assert user_info(client, after["access_token"]).status_code == 401
    assert refresh(client, after["refresh_token"]).status_code == 400
    revoke(client, "nonsense")


def revoke(client: FlaskClient, token: str) -> None:
    answer = client.post(discovery.REVOCATION_PATH, data={"token": token}, auth=SECRET)
    assert (answer.status_code, answer.data) == (200, b"")


def test_logout_by_the_client_and_by_the_browser(client: FlaskClient) -> None:
    told = some_tokens(client)
    form = {"refresh_token": told["refresh_token"]}
    assert client.post(discovery.LOGOUT_PATH, data=form, auth=SECRET).status_code == 204
    assert user_info(client, told["access_token"]).status_code == 401
    told = some_tokens(client)
    asked = {"id_token_hint": told["id_token"], "post_logout_redirect_uri": CALLBACK, "state": "x"}
    answer = client.get(discovery.LOGOUT_PATH, query_string=asked)
    assert answer.headers["Location"] == CALLBACK + "?state=x"
    assert refresh(client, told["refresh_token"]).status_code == 400
    asked["post_logout_redirect_uri"] = "https://evil.test/"
    refused = client.get(discovery.LOGOUT_PATH, query_string=asked)
    assert (refused.status_code, refused.headers.get("Location")) == (400, None)


def test_a_client_of_private_key_jwt_shows_each_assertion_once(client: FlaskClient) -> None:
    key = ECKey.generate_key("P-256", {"kid": "1"})
    keys = {"keys": [key.as_dict(private=False)]}
    register(client, token_endpoint_auth_method="private_key_jwt", jwks=keys, client_secret="")
    claims = {"iss": "other", "sub": "other", "aud": ISSUER, "jti": "1", "exp": 1_767_600_060}
    form = {
        "token": "x",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": jwt.encode({"alg": "ES256"}, claims, key, algorithms=["ES256"]),
    }
    assert client.post(discovery.INTROSPECTION_PATH, data=form).status_code == 200
    again = client.post(discovery.INTROSPECTION_PATH, data=form)
    assert again.status_code == 401
    assert "an assertion serves once" in (again.json or {})["error_description"]


def test_a_client_of_tls_has_tokens_bound_to_its_certificate(
    client: FlaskClient, settings: Settings
) -> None:
    issued = TestPki.open(settings.data_dir / "pki", settings).establishment(HOSPITAL).auth
    environ = {"banc.listener": "tls", "banc.peer_der": issued.certificate_der}
    subject = issued.certificate.subject.rfc4514_string()
    register(
        client, token_endpoint_auth_method="tls_client_auth", tls_client_auth_subject_dn=subject
    )
    code = a_given_code(client, client_id="other")
    form = write_token_request(a_token_request(code=code)) | {"client_id": "other"}
    assert client.post(discovery.TOKEN_PATH, data=form).status_code == 401
    told = client.post(discovery.TOKEN_PATH, data=form, environ_overrides=environ).json or {}
    assert user_info(client, told["access_token"]).status_code == 401
    assert user_info(client, told["access_token"], environ_overrides=environ).status_code == 200


def poll(client: FlaskClient, auth_req_id: str, auth: Any = SECRET) -> Any:
    asked = a_token_request(grant_type=CIBA, code="", redirect_uri="", auth_req_id=auth_req_id)
    return client.post(discovery.TOKEN_PATH, data=write_token_request(asked), auth=auth)


def press(client: FlaskClient, answer: str) -> None:
    waiting = (client.get("/_banc/psc/phone").json or {})["waiting"]
    sent = client.post(f"/_banc/psc/phone/{waiting[0]['id']}", json={"answer": answer})
    assert sent.status_code == 200


def test_ciba_waits_for_the_phone(client: FlaskClient, clock: FixedClock, journal: Journal) -> None:
    asked = ask_phone(client, channel="CARD").json or {}
    assert (asked["expires_in"], asked["interval"]) == (120, 5)
    pending = poll(client, asked["auth_req_id"])
    assert (pending.status_code, pending.json["error"]) == (400, "authorization_pending")
    assert (last(journal).outcome, last(journal).codes) == ("accepted", ("authorization_pending",))
    press(client, "accept")
    clock.advance(5)
    told = poll(client, asked["auth_req_id"])
    assert told.status_code == 200
    assert {"refresh_expires_in", "session_state", "id_token"} <= set(told.json)
    assert (user_info(client, told.json["access_token"]).json or {})["SubjectNameID"] == PERSON
    clock.advance(5)
    assert poll(client, asked["auth_req_id"]).json["error"] == "invalid_grant"
    assert user_info(client, told.json["access_token"]).status_code == 401


def test_ciba_slows_down_who_polls_too_often(client: FlaskClient, clock: FixedClock) -> None:
    asked = (ask_phone(client).json or {})["auth_req_id"]
    seen = []
    for seconds in (0, 4, 9, 15, 15):
        clock.advance(seconds)
        seen.append(poll(client, asked).json["error"])
    pending, slow = "authorization_pending", "slow_down"
    assert seen == [pending, slow, slow, pending, pending]


def test_ciba_is_refused_or_over(client: FlaskClient, clock: FixedClock) -> None:
    asked = (ask_phone(client).json or {})["auth_req_id"]
    press(client, "refuse")
    assert poll(client, asked).json["error"] == "access_denied"
    asked = (ask_phone(client, requested_expiry="30").json or {})["auth_req_id"]
    clock.advance(30)
    assert poll(client, asked).json["error"] == "expired_token"
    assert (client.get("/_banc/psc/phone").json or {})["waiting"] == []


def test_ciba_knows_its_client_and_its_professional(client: FlaskClient) -> None:
    register(client)
    asked = (ask_phone(client).json or {})["auth_req_id"]
    assert poll(client, asked, ("other", "s")).json["error"] == "invalid_grant"
    assert poll(client, "nonsense").json["error"] == "invalid_grant"
    assert (ask_phone(client, login_hint="899700000000").json or {})["error"] == "unknown_user_id"


@pytest.mark.parametrize(("answer", "status"), [("accept", 200), ("refuse", 400)])
def test_the_phone_may_answer_by_itself(client: FlaskClient, answer: str, status: int) -> None:
    assert client.put("/_banc/psc/phone", json={"answer": answer}).status_code == 200
    assert (client.get("/_banc/psc/phone").json or {})["answer"] == answer
    asked = (ask_phone(client).json or {})["auth_req_id"]
    assert poll(client, asked).status_code == status


def test_the_page_of_the_phone_answers_once(client: FlaskClient, journal: Journal) -> None:
    asked = (ask_phone(client, login_hint=national_id(IN_TOWN)).json or {})["auth_req_id"]
    assert "ABC-12" not in client.get(pages.PHONE_PATH, query_string={"national_id": PERSON}).text
    page = client.get(pages.PHONE_PATH)
    assert "ABC-12" in page.text
    form = {name: field(page, name) for name in ("request", "form_key")} | {"answer": "accept"}
    assert client.post(pages.PHONE_PATH, data=form).status_code == 303
    assert client.post(pages.PHONE_PATH, data=form).status_code == 400
    assert last(journal).refusals[0]["rule"] == "the_phone_answers_what_waits"
    assert poll(client, asked).status_code == 200


def test_clients_are_data(client: FlaskClient) -> None:
    assert register(client)["client_id"] == "other"
    listed = (client.get("/_banc/psc/clients").json or {})["clients"]
    assert [row["client_id"] for row in listed] == ["banc-test", "other"]
    assert authorize(client, client_id="other").status_code == 200
    assert client.delete("/_banc/psc/clients/other").status_code == 200
    assert client.delete("/_banc/psc/clients/other").status_code == 404
    assert authorize(client, client_id="other").status_code == 400
    wrong = client.post("/_banc/psc/clients", json={"client_id": "a", "redirect_uris": ["x:y"]})
    assert wrong.status_code == 400
    assert "a redirect uri is a plain web address" in wrong.text
    assert client.post("/_banc/psc/clients", data="x").status_code == 400
    found = client.get("/_banc/psc/professionals", query_string={"q": DOCTOR.family}).json or {}
    assert PERSON in [row["national_id"] for row in found["professionals"]]


def test_the_store_outlives_the_process(settings: Settings, clock: FixedClock) -> None:
    told = some_tokens(create_app(settings, clock).test_client())
    later = create_app(settings, clock).test_client()
    assert user_info(later, told["access_token"]).status_code == 200
    assert refresh(later, told["refresh_token"]).status_code == 200


def test_another_service_believes_a_token_without_asking(
    client: FlaskClient, settings: Settings, clock: FixedClock
) -> None:
    told = some_tokens(client)
    claims = verify_access_token(settings, told["access_token"], clock.wall())
    assert claims["SubjectNameID"] == PERSON
    wrong = [told["id_token"], told["refresh_token"], "", "a.b.c", told["access_token"] + "x"]
    for token in wrong:
        with pytest.raises(Malformed):
            verify_access_token(settings, token, clock.wall())
    clock.advance(240)
    with pytest.raises(Malformed, match="expired"):
        verify_access_token(settings, told["access_token"], clock.wall())


def test_without_a_key_nobody_is_believed(settings: Settings, clock: FixedClock) -> None:
    elsewhere = replace(settings, data_dir=settings.data_dir / "none")
    with pytest.raises(Malformed, match="never ran"):
        verify_access_token(elsewhere, "a.b.c", clock.wall())


def test_state_and_nonce_may_be_left_out_by_setting(settings: Settings, clock: FixedClock) -> None:
    lenient = replace(settings, psc_require_state_nonce=False)
    client = create_app(lenient, clock).test_client()
    assert authorize(client, state="", nonce="").status_code == 200


def test_the_issuer_is_the_public_name_when_there_is_one(
    settings: Settings, clock: FixedClock
) -> None:
    client = create_app(replace(settings, psc_url="https://psc.test"), clock).test_client()
    told = client.get(discovery.DISCOVERY_PATHS[0]).json or {}
    assert told["issuer"] == "https://psc.test/auth/realms/esante-wallet"
    answer = authorize(client)
    assert "Secure" in answer.headers["Set-Cookie"]


def test_an_armed_fault_answers_as_oauth_does(client: FlaskClient, journal: Journal) -> None:
    fault = {"id": "f", "effect": "code", "value": "503", "transaction": "TOKEN"}
    assert client.post("/_banc/faults", json=fault).status_code == 200
    answer = ask_token(client)
    assert (answer.status_code, (answer.json or {})["error"]) == (503, "temporarily_unavailable")
    assert last(journal).outcome == "injected"


def test_a_reset_forgets_everything_but_the_ready_client(app: Flask) -> None:
    client = app.test_client()
    register(client)
    told = some_tokens(client)
    assert client.post("/_banc/reset").status_code == 200
    assert user_info(client, told["access_token"]).status_code == 401
    listed = (client.get("/_banc/psc/clients").json or {})["clients"]
    assert [row["client_id"] for row in listed] == ["banc-test"]


def test_the_request_may_come_as_a_form(client: FlaskClient) -> None:
    form = {k: v for k, v in vars_of(an_authorization_request()).items() if v}
    assert client.post("/auth", data=form).status_code == 200


def vars_of(asked: Any) -> dict[str, str]:
    return {name: getattr(asked, name) for name in asked.__dataclass_fields__}
