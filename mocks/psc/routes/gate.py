"""Pro Santé Connect mock, entry points: who calls, who signs, and the tokens that are given."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kit.psc import REALM_PATH
from kit.rules import Malformed
from kit.service import Service
from mocks.psc import rules
from mocks.psc.messages.ciba import PhoneRequest
from mocks.psc.messages.clients import (
    CERTIFICATE,
    PRIVATE_KEY,
    Client,
    Proof,
    read_assertion,
    read_proof,
    thumbprint,
)
from mocks.psc.messages.discovery import CIBA_PATH, TOKEN_PATH
from mocks.psc.messages.tokens import (
    GivenToken,
    Issuer,
    Lives,
    Session,
    read_access_token,
    write_tokens,
)
from mocks.psc.routes.port import Call
from mocks.psc.store import People, SigningKey, Space, Store


class Gate:
    """What every entry point asks. ``now`` is real time: clients compare it with their own."""

    def __init__(self, service: Service, store: Store, key: SigningKey, people: People) -> None:
        self.settings = service.settings
        self.store = store
        self.key = key
        self.people = people
        self.lives = Lives(service.settings.psc_token_seconds, service.settings.psc_refresh_seconds)
        self._clock = service.clock
        self._realm = str(uuid.uuid5(uuid.NAMESPACE_URL, f"banc:psc:{service.settings.seed}"))

    def now(self) -> datetime:
        """Real time."""
        return self._clock.wall()

    def issuer(self, call: Call) -> Issuer:
        """Who signs, as this caller knows it."""
        return Issuer(call.base + REALM_PATH, self.key.value, self._realm)

    def client(self, call: Call, space: Space) -> Client:
        """The client that calls, proven. Raises Refused."""
        proof = read_proof(call.form, call.headers, call.peer)
        client = space.clients.get(proof.client_id)
        if client is not None:
            note_client(call, client)
        rules.clients.authentication.check(proof, client)
        assert client is not None
        if client.auth_method == PRIVATE_KEY:
            self._check_assertion(call, space, client, proof)
        return client

    def _check_assertion(self, call: Call, space: Space, client: Client, proof: Proof) -> None:
        audiences = tuple(call.base + path for path in (REALM_PATH, TOKEN_PATH, CIBA_PATH))
        now = self.now()
        given = read_assertion(proof.assertion, client, audiences, now)
        is_used = not given.why and space.clients.has_used(client, given)
        rules.clients.assertion.check(client, given, is_used)
        space.clients.use(client, given, now)

    def give_tokens(
        self, call: Call, space: Space, session: Session, client: Client, scope: str = ""
    ) -> dict[str, Any]:
        """New tokens of a session, bound to the client's certificate where it proves itself so.

        scope: of the access token, when it is less than the session's.
        """
        if client.auth_method == CERTIFICATE:
            session = replace(session, thumbprint=thumbprint(call.peer))
            space.sessions.bind(session.id, session.thumbprint)
        self.note_session(call, session)
        now, token_id, refresh = self.now(), secrets.token_hex(16), secrets.token_urlsafe(48)
        until = now + timedelta(seconds=self.lives.access)
        told = replace(session, scope=scope or session.scope)
        space.sessions.add_token(token_id, told, until, is_access=True)
        until = now + timedelta(seconds=self.lives.refresh)
        space.sessions.add_token(refresh, session, until, is_access=False)
        return write_tokens(
            told, self.issuer(call), token_id=token_id, refresh_token=refresh, now=now,
            lives=self.lives,
        )  # fmt: skip

    def bearer(self, call: Call, space: Space) -> GivenToken:
        """The access token of a call, valid. Raises Refused."""
        header, token_id, why = call.headers.get("Authorization", ""), "", ""
        try:
            token_id = read_access_token(header[len("Bearer ") :].strip(), self.key.public)
        except Malformed as error:
            why = error.why
        rules.tokens.bearer.check(header, why)
        found = space.sessions.token(token_id, is_access=True)
        if found is not None:
            self.note_session(call, found.session)
        rules.tokens.access.check(found, self.now(), thumbprint(call.peer))
        assert found is not None
        return found

    def end_later(self, call: Call, session_id: str) -> None:
        """If this call is refused, the session ends: its code or token was replayed."""

        def end() -> None:
            with self.store.open() as space:
                space.sessions.end(session_id)

        call.penalize(end)

    def slow_later(self, call: Call, request: PhoneRequest, now: datetime, slower: int) -> None:
        """If this poll is refused, the interval of the request grows."""

        def slow() -> None:
            with self.store.open() as space:
                space.phone.polled(request, now, slower)

        call.penalize(slow)

    def note_session(self, call: Call, session: Session) -> None:
        """Who it is about, for the journal."""
        call.line.facts |= {"client_id": session.client_id, "national_id": session.national_id}
        call.line.finess = call.line.finess or self.people.legal_entity(session.national_id)


def note_client(call: Call, client: Client) -> None:
    """Which software calls, for the journal."""
    call.line.software = client.name or client.id
    call.line.finess = call.line.finess or client.finess
    call.line.facts |= {"client_id": client.id}
