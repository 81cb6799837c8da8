"""Pro Santé Connect mock, entry points: the backchannel request (CIBA) and the phone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import timedelta

from mocks.psc import rules
from mocks.psc.messages import discovery, pages
from mocks.psc.messages.ciba import (
    ACCEPTED,
    ANSWERS,
    WAITING,
    BackchannelRequest,
    PhoneRequest,
    read_backchannel_request,
    read_phone_answer,
    write_backchannel,
)
from mocks.psc.messages.clients import Client
from mocks.psc.messages.forms import Answer, with_parameters, write_json, write_redirect
from mocks.psc.messages.people import full_name
from mocks.psc.messages.tokens import Session
from mocks.psc.routes.gate import Gate
from mocks.psc.routes.port import Call, Port
from mocks.psc.store import Space, digest

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


def add_ciba(port: Port, gate: Gate) -> None:
    """The backchannel endpoint, and the page that stands for the phone."""

    @port.on("POST", discovery.CIBA_PATH, transaction="CIBA")
    def backchannel(call: Call) -> Answer:
        """Ask a professional on the phone."""
        asked = read_backchannel_request(call.form)
        with gate.store.open() as space:
            client = gate.client(call, space)
            is_known = gate.people.get(asked.login_hint) is not None
            rules.ciba.request.check(asked, client, is_known)
            seconds = int(asked.requested_expiry or gate.settings.psc_ciba_seconds)
            request, auth_req_id = _ask(gate, space, client, asked, seconds)
            gate.note_session(call, request.session)
        return write_json(write_backchannel(auth_req_id, seconds, request.interval))

    @port.on("GET", pages.PHONE_PATH, transaction="PHONE", tell=pages.write_refused_page)
    def show(call: Call) -> Answer:
        """The phone: what waits for an answer."""
        browser = call.cookies.get(pages.COOKIE, "")
        if not _COOKIE.fullmatch(browser):
            browser = secrets.token_urlsafe(32)
        call.cookie = (pages.COOKIE, browser)
        asked = call.form.get("national_id", "")
        with gate.store.open() as space:
            waiting = space.phone.waiting(gate.now(), asked)
        people = {known_as: gate.people.get(known_as) for known_as in _asked_of(waiting)}
        names = {known_as: full_name(person) for known_as, person in people.items() if person}
        return pages.write_phone(waiting, _form_key(browser), asked, names)

    @port.on("POST", pages.PHONE_PATH, transaction="PHONE", tell=pages.write_refused_page)
    def answer(call: Call) -> Answer:
        """The phone: a request is accepted or refused."""
        request_id, state = read_phone_answer(call.form)
        expected = _form_key(call.cookies.get(pages.COOKIE, ""))
        rules.authorization.form.check(expected, call.form.get("form_key", ""))
        with gate.store.open() as space:
            found = answer_phone(gate, space, request_id, state)
            gate.note_session(call, found.session)
        return write_redirect(with_parameters(pages.PHONE_PATH, {}), 303)


def _asked_of(waiting: Iterable[PhoneRequest]) -> set[str]:
    return {item.session.national_id for item in waiting}


def answer_phone(gate: Gate, space: Space, request_id: str, state: str) -> PhoneRequest:
    """Answer a request that waits, from the page or the control API. Raises Refused."""
    found, now = space.phone.request(request_id), gate.now()
    rules.ciba.phone.check(request_id, found, now)
    assert found is not None
    space.phone.answer(found, state)
    if state == ACCEPTED:
        space.sessions.authenticate(found.session.id, now)
    return found


def _ask(
    gate: Gate, space: Space, client: Client, asked: BackchannelRequest, seconds: int
) -> tuple[PhoneRequest, str]:
    now, auth_req_id = gate.now(), secrets.token_urlsafe(32)
    session = Session(
        secrets.token_hex(16), client.id, asked.login_hint, asked.scope, now,
        channel=asked.channel or "MOBILE",
    )  # fmt: skip
    switch = space.phone.switch() or gate.settings.psc_phone
    request = PhoneRequest(
        secrets.token_hex(8),
        session,
        asked.binding_message,
        now + timedelta(seconds=seconds),
        gate.settings.psc_ciba_interval_seconds,
        ANSWERS.get(switch, WAITING),
    )
    space.sessions.open(session)
    space.phone.ask(auth_req_id, request)
    return request, auth_req_id


def _form_key(browser: str) -> str:
    """What the phone's form carries: only a page of ours, in this browser, can know it."""
    return digest(f"phone:{browser}")
