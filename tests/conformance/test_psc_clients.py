"""Pro Santé Connect, outside judges: an OIDC client library logs in; CIBA by hand.

TEST_PSC_URL names another server to judge (its issuer's scheme, name and port), whose client
``banc-test`` has the secret ``banc``.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from flask import Flask
from oic import oic
from oic.oic.message import AuthorizationResponse, RegistrationResponse
from oic.utils.authn.client import CLIENT_AUTHN_METHOD

from kit.psc import verify_access_token
from kit.settings import Settings
from mocks.psc.app import create_app

CALLBACK = "http://127.0.0.1:8090/callback"
PERSON = re.compile(r'name="national_id" value="(8997\d{8})"')
FIELD = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
CIBA = "urn:openid:params:grant-type:ciba"
SECRET = ("banc-test", "banc")


@pytest.fixture
def issuer(settings: Settings, live: Callable[[Flask], str]) -> str:
    """The issuer of a live server, on real time: clients compare tokens with their own clock."""
    patient = replace(settings, psc_ciba_interval_seconds=1)
    base = os.environ.get("TEST_PSC_URL") or live(create_app(patient))
    return base + "/auth/realms/esante-wallet"


def browse(url: str) -> str:
    """A professional in a browser: takes the first of the list and allows; where that leads."""
    browser = requests.Session()
    browser.trust_env = False
    page = browser.get(url, timeout=10)
    person = PERSON.search(page.text)
    assert person, page.text
    page = _send(browser, page, {"national_id": person[1]})
    page = browser.get(urljoin(page.url, page.headers["Location"]), timeout=10)
    return _send(browser, page, {"answer": "accept"}).headers["Location"]


def _send(browser: requests.Session, page: requests.Response, more: dict[str, str]) -> Any:
    """Send the page's last form, without following where it leads."""
    forms = re.findall(r'<form method="post" action="([^"]*)">(.*?)</form>', page.text, re.DOTALL)
    action, inside = forms[-1]
    form = dict(FIELD.findall(inside)) | more
    answer = browser.post(urljoin(page.url, action), data=form, timeout=10, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer


def test_pyoidc_logs_in_reads_user_info_and_refreshes(issuer: str, settings: Settings) -> None:
    client = oic.Client(client_authn_method=CLIENT_AUTHN_METHOD)
    client.provider_config(issuer)
    client.store_registration_info(
        RegistrationResponse(client_id="banc-test", client_secret="banc")
    )
    state, nonce = secrets.token_hex(8), secrets.token_hex(8)
    asked = client.construct_AuthorizationRequest(
        request_args={
            "client_id": "banc-test",
            "response_type": "code",
            "scope": ["openid", "scope_all"],
            "redirect_uri": CALLBACK,
            "state": state,
            "nonce": nonce,
            "acr_values": ["eidas1"],
        }
    )
    back = browse(asked.request(client.authorization_endpoint))
    found = client.parse_response(
        AuthorizationResponse, info=urlsplit(back).query, sformat="urlencoded"
    )
    assert found["state"] == state
    told = client.do_access_token_request(
        state=state,
        request_args={"code": found["code"], "redirect_uri": CALLBACK},
        authn_method="client_secret_basic",
    )
    identity = told["id_token"]  # verified by the library: signature, iss, aud, exp, at_hash
    assert (identity["nonce"], identity["acr"], identity["iss"]) == (nonce, "eidas1", issuer)
    person = client.do_user_info_request(method="GET", state=state)
    assert person["sub"] == identity["sub"]
    assert person["SubjectNameID"].startswith("8997")
    assert person["SubjectRefPro"]["exercices"]
    renewed = client.do_access_token_refresh(state=state, authn_method="client_secret_basic")
    assert renewed["access_token"] != told["access_token"]
    if "TEST_PSC_URL" not in os.environ:
        _verify_here(settings, renewed["access_token"], person["SubjectNameID"])


def _verify_here(settings: Settings, token: str, person: str) -> None:
    from kit.clock import bench_clock

    now = bench_clock(settings.data_dir).wall()
    assert verify_access_token(settings, token, now)["SubjectNameID"] == person


def test_ciba_by_hand(issuer: str) -> None:
    session = requests.Session()
    session.trust_env = False
    session.auth = SECRET
    base = issuer.removesuffix("/auth/realms/esante-wallet")
    told = session.get(issuer + "/.well-known/wallet-openid-configuration", timeout=10).json()
    people = session.get(base + "/_banc/psc/professionals", timeout=10).json()["professionals"]
    asked = session.post(
        told["backchannel_authentication_endpoint"],
        {
            "scope": "openid scope_all",
            "acr_values": "eidas1",
            "login_hint": people[0]["national_id"],
            "binding_message": "42-AB",
            "channel": "MOBILE",
        },
        timeout=10,
    ).json()
    form = {"grant_type": CIBA, "auth_req_id": asked["auth_req_id"]}
    pending = session.post(told["token_endpoint"], form, timeout=10)
    assert (pending.status_code, pending.json()["error"]) == (400, "authorization_pending")
    assert session.post(told["token_endpoint"], form, timeout=10).json()["error"] == "slow_down"
    waiting = session.get(base + "/_banc/psc/phone", timeout=10).json()["waiting"]
    assert waiting[0]["binding_message"] == "42-AB"


def test_ciba_accepted_by_the_phone_itself(issuer: str) -> None:
    base = issuer.removesuffix("/auth/realms/esante-wallet")
    told = requests.get(issuer + "/.well-known/openid-configuration", timeout=10).json()
    people = requests.get(base + "/_banc/psc/professionals", timeout=10).json()["professionals"]
    requests.put(base + "/_banc/psc/phone", json={"answer": "accept"}, timeout=10)
    asked = requests.post(
        told["backchannel_authentication_endpoint"],
        {
            "scope": "openid scope_all",
            "acr_values": "eidas1",
            "login_hint": people[0]["national_id"],
            "binding_message": "42-AB",
        },
        auth=SECRET,
        timeout=10,
    ).json()
    form = {"grant_type": CIBA, "auth_req_id": asked["auth_req_id"]}
    given = requests.post(told["token_endpoint"], form, auth=SECRET, timeout=10).json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    person = requests.get(told["userinfo_endpoint"], headers=headers, timeout=10).json()
    assert person["SubjectNameID"] == people[0]["national_id"]
