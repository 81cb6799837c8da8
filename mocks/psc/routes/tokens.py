"""Pro Santé Connect mock, entry points: tokens, UserInfo, introspection, revocation, logout."""

from __future__ import annotations

from typing import Any

from kit.rules import Malformed
from mocks.psc import rules
from mocks.psc.errors import PENDING
from mocks.psc.messages import discovery, pages
from mocks.psc.messages.ciba import SLOWER_SECONDS, USED, WAITING
from mocks.psc.messages.clients import CIBA, CODE, REFRESH, Client
from mocks.psc.messages.forms import (
    NO_STORE,
    Answer,
    required,
    with_parameters,
    write_bearer_refusals,
    write_json,
    write_redirect,
)
from mocks.psc.messages.people import write_user_info
from mocks.psc.messages.tokens import (
    GivenToken,
    TokenRequest,
    read_access_token,
    read_id_token_hint,
    read_token_request,
    write_introspection,
)
from mocks.psc.routes.gate import Gate
from mocks.psc.routes.port import Call, Port
from mocks.psc.store import Space


def add_tokens(port: Port, gate: Gate) -> None:
    """The back channel."""
    grants = {CODE: _exchange_code, REFRESH: _refresh, CIBA: _poll}

    @port.on("POST", discovery.TOKEN_PATH, transaction="TOKEN")
    def token(call: Call) -> Answer:
        """Tokens against a code, a refresh token, or a request answered on the phone."""
        asked = read_token_request(call.form)
        call.line.facts |= {"grant_type": asked.grant_type[:64]}
        with gate.store.open() as space:
            client = gate.client(call, space)
            rules.tokens.grant.check(asked, client)
            return grants[asked.grant_type](call, gate, space, client, asked)

    @port.on(
        "GET POST", discovery.USER_INFO_PATH, transaction="USERINFO", tell=write_bearer_refusals
    )
    def user_info(call: Call) -> Answer:
        """UserInfo: identity, profession and places of the professional."""
        with gate.store.open() as space:
            session = gate.bearer(call, space).session
        professional = gate.people.get(session.national_id)
        assert professional is not None, "a session is of a professional of the directory"
        subject = gate.issuer(call).subject(session.national_id)
        place = gate.people.establishment(professional)
        return write_json(write_user_info(professional, place, subject))

    _add_introspection(port, gate)
    _add_logout(port, gate)


def _exchange_code(
    call: Call, gate: Gate, space: Space, client: Client, asked: TokenRequest
) -> Answer:
    found = space.sessions.code(asked.code)
    if found is not None and found.is_used:
        gate.end_later(call, found.session.id)
    rules.tokens.code.check(asked, client, found, gate.now())
    assert found is not None
    space.sessions.use_code(asked.code)
    return write_json(gate.give_tokens(call, space, found.session, client))


def _refresh(call: Call, gate: Gate, space: Space, client: Client, asked: TokenRequest) -> Answer:
    found = space.sessions.token(asked.refresh_token, is_access=False)
    if found is not None and found.is_used:
        gate.end_later(call, found.session.id)
    rules.tokens.refresh.check(asked, client, found, gate.now())
    assert found is not None
    space.sessions.use_token(asked.refresh_token)
    return write_json(gate.give_tokens(call, space, found.session, client, asked.scope))


def _poll(call: Call, gate: Gate, space: Space, client: Client, asked: TokenRequest) -> Answer:
    found, now = space.phone.asked(asked.auth_req_id), gate.now()
    if found is not None and found.state == USED:
        gate.end_later(call, found.session.id)
    elif found is not None and found.session.client_id == client.id:
        gate.slow_later(call, found, now, SLOWER_SECONDS)
    rules.ciba.poll.check(client, found, now)
    assert found is not None
    if found.state == WAITING:  # an answer of the protocol, not a broken rule
        space.phone.polled(found, now)
        call.line.codes = (PENDING.code,)
        told = {"error": PENDING.code, "error_description": PENDING.meaning}
        return write_json(told, PENDING.status)
    space.phone.answer(found, USED)
    return write_json(gate.give_tokens(call, space, found.session, client))


def _add_introspection(port: Port, gate: Gate) -> None:
    @port.on("POST", discovery.INTROSPECTION_PATH, transaction="INTROSPECT")
    def introspect(call: Call) -> Answer:
        """Whether a token is active, and what it says."""
        given = required(call.form, "token")
        with gate.store.open() as space:
            gate.client(call, space)
            found, is_access = _token(gate, space, given)
        is_active = found and not (found.is_used or found.has_ended)
        live = found if found and is_active and found.expires_at > gate.now() else None
        return write_json(
            write_introspection(live, gate.issuer(call), gate.lives, is_access=is_access)
        )

    @port.on("POST", discovery.REVOCATION_PATH, transaction="REVOKE")
    def revoke(call: Call) -> Answer:
        """Revoke an access token, or a refresh token with its session."""
        given = required(call.form, "token")
        with gate.store.open() as space:
            client = gate.client(call, space)
            found, is_access = _token(gate, space, given)
            rules.tokens.revocation.check(client, found)
            if found is not None and is_access:
                space.sessions.revoke_token(found.id)
            elif found is not None:
                space.sessions.end(found.session.id)
        return Answer(b"", 200, "text/plain", NO_STORE)


def _token(gate: Gate, space: Space, given: str) -> tuple[GivenToken | None, bool]:
    """A token of either kind, and whether it is an access token."""
    try:
        token_id = read_access_token(given, gate.key.public)
    except Malformed:
        return space.sessions.token(given, is_access=False), False
    return space.sessions.token(token_id, is_access=True), True


def _add_logout(port: Port, gate: Gate) -> None:
    @port.on("POST", discovery.LOGOUT_PATH, transaction="LOGOUT")
    def end(call: Call) -> Answer:
        """Logout by the client: the session of a refresh token ends; or as by the browser."""
        if "refresh_token" not in call.form:
            return leave(call)
        given = call.form["refresh_token"]
        with gate.store.open() as space:
            client = gate.client(call, space)
            found = space.sessions.token(given, is_access=False)
            rules.tokens.revocation.check(client, found)
            if found is not None:
                gate.note_session(call, found.session)
                space.sessions.end(found.session.id)
        return Answer(b"", 204, "text/plain", NO_STORE)

    @port.on("GET", discovery.LOGOUT_PATH, transaction="LOGOUT", tell=pages.write_refused_page)
    def leave(call: Call) -> Answer:
        """Logout by the browser: the session of the ID token ends."""
        call.tell = pages.write_refused_page
        uri = call.form.get("post_logout_redirect_uri", "")
        hint = required(call.form, "id_token_hint")
        client_id, session_id = read_id_token_hint(hint, gate.key.public)
        with gate.store.open() as space:
            rules.tokens.logout.check(space.clients.get(client_id), uri)
            space.sessions.end(session_id)
        call.line.facts |= {"client_id": client_id}
        if not uri:
            return pages.write_told("Vous êtes déconnecté", "La session est terminée.")
        state: dict[str, Any] = {k: v for k, v in call.form.items() if k == "state"}
        return write_redirect(with_parameters(uri, state), 303)
