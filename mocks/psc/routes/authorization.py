"""Pro Santé Connect mock, entry points: the authorization endpoint, its pages and the consent."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from functools import partial

from kit.psc import AUTHORIZATION_PATH
from kit.rules import Malformed
from mocks.psc import rules
from mocks.psc.messages import pages
from mocks.psc.messages.authorization import (
    AuthorizationRequest,
    Login,
    read_authorization_request,
    write_code,
    write_refused_request,
)
from mocks.psc.messages.ciba import read_answer
from mocks.psc.messages.clients import Client
from mocks.psc.messages.forms import Answer, required, with_parameters, write_redirect
from mocks.psc.messages.tokens import Session
from mocks.psc.routes.gate import Gate, note_client
from mocks.psc.routes.port import Call, Port
from mocks.psc.store import Space, digest

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


def add_authorization(port: Port, gate: Gate) -> None:
    """The front channel: everything a browser sees."""
    settings = gate.settings

    @port.on("GET POST", AUTHORIZATION_PATH, transaction="AUTHORIZE", tell=pages.write_refused_page)
    def authorize(call: Call) -> Answer:
        """Authorization request: judged, then the login page."""
        asked = read_authorization_request(call.form)
        with gate.store.open() as space:
            client = _known_target(call, space, asked)
            call.tell = partial(write_refused_request, asked)
            rules.authorization.request.check(asked, client, settings.psc_require_state_nonce)
            login = _begin(call, space, asked)
        people = gate.people.find(asked.login_hint)
        return pages.write_people(login, client, people, asked.login_hint)

    def _known_target(call: Call, space: Space, asked: AuthorizationRequest) -> Client:
        client = space.clients.get(asked.client_id)
        rules.authorization.target.check(asked, client)
        assert client is not None
        note_client(call, client)
        return client

    def _begin(call: Call, space: Space, asked: AuthorizationRequest) -> Login:
        browser, now = call.cookies.get(pages.COOKIE, ""), gate.now()
        if not _COOKIE.fullmatch(browser):
            browser = secrets.token_urlsafe(32)
        call.cookie = (pages.COOKIE, browser)
        until = now + timedelta(seconds=settings.psc_login_seconds)
        login = Login(secrets.token_hex(16), browser, secrets.token_urlsafe(32), asked, until)
        space.logins.begin(login, now)
        return login

    @port.on("GET", pages.LOGIN_PATH, transaction="LOGIN", tell=pages.write_refused_page)
    def search(call: Call) -> Answer:
        """The login page: the professionals that a search finds."""
        with gate.store.open() as space:
            login, client = _open_login(call, gate, space)
        text = call.form.get("q", "")
        return pages.write_people(login, client, gate.people.find(text), text)

    @port.on("POST", pages.LOGIN_PATH, transaction="LOGIN", tell=pages.write_refused_page)
    def choose(call: Call) -> Answer:
        """The login page: a professional is chosen."""
        known_as = required(call.form, "national_id")
        with gate.store.open() as space:
            login, _ = _open_login(call, gate, space)
            rules.authorization.form.check(login.form_key, call.form.get("form_key", ""))
            is_known = gate.people.get(known_as) is not None
            rules.authorization.choice.check(known_as, is_known)
            space.logins.choose(login, known_as)
        return write_redirect(with_parameters(pages.CONSENT_PATH, {"login": login.id}), 303)

    _add_consent(port, gate)


def _add_consent(port: Port, gate: Gate) -> None:
    @port.on("GET", pages.CONSENT_PATH, transaction="CONSENT", tell=pages.write_refused_page)
    def ask(call: Call) -> Answer:
        """The consent page."""
        with gate.store.open() as space:
            login, client = _open_login(call, gate, space)
        professional = gate.people.get(login.national_id)
        if professional is None:
            raise Malformed("login", "no professional is chosen yet")
        place = gate.people.place(professional)
        return pages.write_consent(login, client, professional, place)

    @port.on("POST", pages.CONSENT_PATH, transaction="CONSENT", tell=pages.write_refused_page)
    def answer(call: Call) -> Answer:
        """The consent: the browser goes back to the client, with a code or an error."""
        is_allowed = read_answer(call.form) == "accept"
        with gate.store.open() as space:
            login, _ = _open_login(call, gate, space)
            rules.authorization.form.check(login.form_key, call.form.get("form_key", ""))
            if not login.national_id:
                raise Malformed("login", "no professional is chosen yet")
            call.tell = partial(write_refused_request, login.asked)
            call.penalize(partial(_finish, gate, login.id))
            rules.authorization.consent.check(login, is_allowed)
            code = _allow(gate, space, login)
            space.logins.finish(login.id)
        return write_code(login.asked, code)


def _open_login(call: Call, gate: Gate, space: Space) -> tuple[Login, Client]:
    login = space.logins.get(required(call.form, "login"))
    browser = digest(call.cookies.get(pages.COOKIE, ""))
    rules.authorization.login.check(login, browser, gate.now())
    assert login is not None
    client = space.clients.get(login.asked.client_id)
    rules.authorization.target.check(login.asked, client)  # it may have gone meanwhile
    assert client is not None
    note_client(call, client)
    if login.national_id:
        call.line.facts |= {"national_id": login.national_id}
    return login, client


def _allow(gate: Gate, space: Space, login: Login) -> str:
    now, asked, code = gate.now(), login.asked, secrets.token_urlsafe(32)
    session = Session(
        secrets.token_hex(16), asked.client_id, login.national_id, asked.scope, now, asked.nonce
    )
    space.sessions.open(session)
    until = now + timedelta(seconds=gate.settings.psc_code_seconds)
    space.sessions.add_code(code, session, asked.redirect_uri, asked.code_challenge, until)
    return code


def _finish(gate: Gate, login_id: str) -> None:
    with gate.store.open() as space:
        space.logins.finish(login_id)
