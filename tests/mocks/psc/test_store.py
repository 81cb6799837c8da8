"""Pro Santé Connect store: what is remembered, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kit.clock import DEFAULT_START as NOW
from kit.database import Database
from kit.settings import Settings
from kit.world import World
from mocks.psc.messages.ciba import ACCEPTED, USED
from mocks.psc.messages.clients import Assertion
from mocks.psc.messages.people import national_id
from mocks.psc.store import People, SigningKey, Store, metadata
from tests.mocks.psc.builders import (
    CHALLENGE,
    DOCTOR,
    HOSPITAL,
    IN_TOWN,
    PERSON,
    a_client,
    a_given_code,
    a_login,
    a_phone_request,
    a_session,
    ask_token,
)
from tests.postgresql import database_settings

SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(days=3)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    settings = replace(Settings(), data_dir=tmp_path, workers=1)
    with database_settings(request.param, settings) as chosen:
        database = Database(chosen, "psc")
        database.create(metadata)
        yield Store(database, (a_client(),))
        database.close()


def test_a_code_is_found_once_used_and_ended(store: Store) -> None:
    session = a_session()
    with store.open() as space:
        space.sessions.open(session)
        space.sessions.add_code("c", session, "https://a.test/", CHALLENGE, SOON)
    with store.open() as space:
        found = space.sessions.code("c")
        assert found is not None
        assert (found.session, found.redirect_uri, found.challenge) == (
            session, "https://a.test/", CHALLENGE,
        )  # fmt: skip
        assert (found.expires_at, found.is_used, found.has_ended) == (SOON, False, False)
        space.sessions.use_code("c")
        space.sessions.end(session.id)
    with store.open() as space:
        found = space.sessions.code("c")
        assert found is not None
        assert (found.is_used, found.has_ended) == (True, True)
        assert space.sessions.code("d") is None


def test_a_token_is_of_its_kind_and_ends_with_its_session(store: Store) -> None:
    session = a_session()
    with store.open() as space:
        space.sessions.open(session)
        space.sessions.add_token("jti", replace(session, scope="openid"), SOON, is_access=True)
        space.sessions.add_token("secret", session, SOON, is_access=False)
        access = space.sessions.token("jti", is_access=True)
        held = space.sessions.token("secret", is_access=False)
        assert access is not None
        assert held is not None
        assert (access.id, access.session.scope) == ("jti", "openid")
        assert held.session == session
        assert space.sessions.token("secret", is_access=True) is None
        space.sessions.revoke_token("jti")
        space.sessions.use_token("secret")
        space.sessions.bind(session.id, "thumb")
        access = space.sessions.token("jti", is_access=True)
        held = space.sessions.token("secret", is_access=False)
        assert access is not None
        assert held is not None
        assert (access.has_ended, held.is_used, held.has_ended) == (True, True, False)
        assert held.session.thumbprint == "thumb"


def test_what_expired_long_ago_is_forgotten(store: Store) -> None:
    session = a_session()
    with store.open() as space:
        space.sessions.open(session)
        space.sessions.add_code("old", session, "u", "", SOON)
        space.sessions.add_code("new", session, "u", "", LATER)
        assert space.sessions.code("old") is None
        assert space.sessions.code("new") is not None
        space.logins.begin(a_login(), NOW)
        space.logins.begin(a_login(id="2", expires_at=LATER + timedelta(days=1)), LATER)
        assert space.logins.get("1") is None


def test_a_login_keeps_what_was_asked(store: Store) -> None:
    login = a_login()
    with store.open() as space:
        space.logins.begin(login, NOW)
        found = space.logins.get(login.id)
        assert found is not None
        assert (found.asked, found.form_key, found.national_id) == (login.asked, "key", "")
        assert found.browser != login.browser
        assert space.logins.choose(found, PERSON).national_id == PERSON
        space.logins.finish(login.id)
        assert space.logins.get(login.id) is None


def test_a_phone_holds_requests_until_they_are_answered(store: Store) -> None:
    request = a_phone_request()
    with store.open() as space:
        space.sessions.open(request.session)
        space.phone.ask("secret", request)
        assert space.phone.waiting(NOW) == (request,)
        assert space.phone.waiting(NOW, PERSON) == (request,)
        assert space.phone.waiting(NOW, "8") == ()
        assert space.phone.waiting(request.expires_at) == ()
        space.phone.answer(request, ACCEPTED)
        space.phone.polled(request, NOW, 5)
        found = space.phone.asked("secret")
        assert found == replace(request, state=ACCEPTED, polled_at=NOW, interval=10)
        space.phone.answer(request, USED)
        assert space.phone.request(request.id) == replace(found, state=USED)
        assert space.phone.asked("other") is None


def test_the_switch_holds_one_answer(store: Store) -> None:
    with store.open() as space:
        assert space.phone.switch() == ""
        space.phone.set_switch("accept")
        space.phone.set_switch("refuse")
        assert space.phone.switch() == "refuse"


def test_a_registered_client_covers_the_ready_one(store: Store) -> None:
    with store.open() as space:
        space.clients.register(a_client(name="mine"))
        assert [client.name for client in space.clients.all()] == ["mine"]
        assert space.clients.forget("banc-test")
        assert space.clients.get("banc-test") == a_client()
        given = Assertion("1", NOW.timestamp())
        assert not space.clients.has_used(a_client(), given)
        space.clients.use(a_client(), given, NOW)
        assert space.clients.has_used(a_client(), given)


def test_a_sandbox_does_not_see_another(store: Store) -> None:
    request = a_phone_request()
    with store.open() as space:
        space.clients.register(a_client(id="mine"))
        space.logins.begin(a_login(), NOW)
        space.sessions.open(request.session)
        space.sessions.add_code("c", request.session, "u", "", SOON)
        space.sessions.add_token("t", request.session, SOON, is_access=False)
        space.phone.ask("secret", request)
        space.phone.set_switch("accept")
    with store.open("other") as space:
        assert [client.id for client in space.clients.all()] == ["banc-test"]
        assert space.logins.get("1") is None
        assert space.sessions.code("c") is None
        assert space.sessions.token("t", is_access=False) is None
        assert space.phone.asked("secret") is None
        assert space.phone.waiting(NOW) == ()
        assert space.phone.switch() == ""


def test_a_code_is_exchanged_once_whoever_comes_at_the_same_time(
    app: Flask, client: FlaskClient
) -> None:
    code = a_given_code(client)

    def exchange(_: int) -> int:
        return ask_token(app.test_client(), code=code).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(exchange, range(4))) == [200, 400, 400, 400]


def test_people_are_found_by_name_number_and_place() -> None:
    people = People(World())
    for text in (DOCTOR.family.lower(), PERSON, f"{DOCTOR.given} {HOSPITAL.finess_eg}"):
        assert DOCTOR in [row for row, _ in people.find(text)], text
    assert people.place(IN_TOWN).endswith("en ville")
    assert people.get(national_id(IN_TOWN)) == IN_TOWN
    assert people.get("0" + IN_TOWN.rpps) is None
    assert people.legal_entity(PERSON) == HOSPITAL.finess_ej
    assert people.legal_entity("8") == ""
    assert len(people.find("")) == 50


def test_the_key_outlives_the_process(settings: Settings) -> None:
    keys = [SigningKey(settings.data_dir) for _ in range(2)]
    assert keys[0].value.kid == keys[1].value.kid
    assert "d" not in keys[0].public.as_dict()["keys"][0]
