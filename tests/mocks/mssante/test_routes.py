"""The mailbox API: what it answers, what it refuses, what the journal says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from kit.clock import FixedClock
from kit.journal import Exchange
from kit.service import Service, service_of
from kit.settings import Settings
from mocks.mssante.app import create_app
from mocks.mssante.messages.mime import read_parts
from mocks.mssante.messages.trust_list import domains_of, read_trust_list
from mocks.mssante.store import MailStore
from tests.mocks.mssante.builders import a_citizen, a_correspondent, a_text_mail, an_address

DOMAIN = an_address().rpartition("@")[2]
BOX = {"address": f"nouveau@{DOMAIN}", "kind": "ORG", "finess": "350000000",
       "description": "Service nouveau"}  # fmt: skip


@pytest.fixture
def service(settings: Settings, clock: FixedClock) -> Iterator[Service]:
    service = service_of(create_app(settings, clock))
    yield service
    service.database.close()


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return service.app.test_client()


def journal(service: Service) -> list[Exchange]:
    return service.journal.find(transaction="API.MAILBOX")


def test_a_mailbox_is_created_shown_and_deleted(client: FlaskClient, service: Service) -> None:
    created = client.post("/mailboxes", json=BOX)
    assert (created.status_code, created.headers["Location"]) == (
        201, f"/mailboxes/{BOX['address']}",
    )  # fmt: skip
    path = f"/mailboxes/{BOX['address'].upper()}"
    assert client.get(path).get_json() == created.get_json()
    assert client.get(path + "/messages").get_json()["messages"] == []
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404
    assert [line.outcome for line in journal(service)] == ["accepted", "accepted", "refused"]
    assert journal(service)[0].facts["mailbox"]["address"] == BOX["address"]
    assert journal(service)[0].finess == "350000000"


REFUSED = [
    (BOX | {"address": "a@elsewhere.test"}, 422, "a mailbox lies in a trusted domain"),
    (BOX | {"address": an_address()}, 409, "an address is taken once"),
    (BOX | {"finess": ""}, 422, "a shared mailbox has a structure"),
    (BOX | {"kind": "PER"}, 422, "a personal mailbox has a holder"),
    (BOX | {"kind": "X"}, 400, "expected PER, ORG or APP"),
    (BOX | {"address": f"x\r\nRCPT TO:<y@{DOMAIN}"}, 400, "expected a text"),
    ([], 400, "expected an object"),
    (None, 400, "expected an object"),
]


@pytest.mark.parametrize(("given", "status", "text"), REFUSED)
def test_a_wrong_mailbox_is_refused_in_the_one_shape(
    client: FlaskClient, service: Service, given: object, status: int, text: str
) -> None:
    answer = client.post("/mailboxes", json=given)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["status"]) == (status, status)
    assert text in error["message"]
    line = journal(service)[0]
    assert (line.outcome, line.id) == (
        "malformed" if status == 400 else "refused", error["exchange"],
    )  # fmt: skip
    assert client.get(f"/mailboxes/{BOX['address']}").status_code == 404


def test_a_mailbox_of_the_country_stays(client: FlaskClient) -> None:
    answer = client.delete(f"/mailboxes/{an_address()}")
    assert answer.status_code == 409
    assert "invented country" in answer.get_json()["error"]["message"]


def test_mailboxes_are_listed_by_domain_and_kind(client: FlaskClient) -> None:
    everything = client.get("/mailboxes").get_json()
    assert (len(everything["mailboxes"]), everything["total"] > 500) == (500, True)
    found = client.get(f"/mailboxes?domain={DOMAIN}&kind=APP").get_json()
    assert [box["address"] for box in found["mailboxes"]] == [
        f"{name}.app@{DOMAIN}" for name in ("dpi", "imagerie", "labo")
    ]
    page = client.get(f"/mailboxes?domain={DOMAIN}&offset=2&limit=3").get_json()
    assert len(page["mailboxes"]) == 3
    assert client.get("/mailboxes?limit=-1").status_code == 200


def test_a_citizen_has_a_mailbox_without_a_row(client: FlaskClient) -> None:
    matricule = a_citizen().ins.matricule
    found = client.get(f"/mailboxes/{matricule}@patient.mssante.fr").get_json()
    assert (found["kind"], found["matricule"]) == ("CITIZEN", matricule)
    closed = a_citizen(state="closed").ins.matricule
    assert client.get(f"/mailboxes/{closed}@patient.mssante.fr").status_code == 404


def test_messages_are_listed_and_read_without_marking_them(
    client: FlaskClient, service: Service, clock: FixedClock
) -> None:
    raw = a_text_mail(an_address(), a_correspondent(), Subject="=?utf-8?q?r=C3=A9sultats?=")
    store = MailStore(service.database, clock)
    for _ in range(3):
        store.deliver(raw, read_parts(raw), [a_correspondent()])
    path = f"/mailboxes/{a_correspondent()}/messages"
    listed = client.get(path).get_json()
    assert listed["total"] == 3
    assert listed["messages"][0] == {
        "uid": 1, "flags": [], "received_at": clock.now().isoformat(), "size_bytes": len(raw),
        "from": [an_address()], "subject": "résultats", "message_id": "<1@ch.test>",
        "date": "2026-01-05T09:30:00+00:00", "x_mss": {"NIL": "TEST000001"},
    }  # fmt: skip
    assert [row["uid"] for row in client.get(path + "?after=1&limit=1").get_json()["messages"]] == [
        2
    ]
    one = client.get(path + "/2")
    assert (one.data, one.mimetype) == (raw, "message/rfc822")
    assert client.get(path).get_json()["messages"][1]["flags"] == []
    for wrong in ("/9", "/99999999999999999999"):
        assert client.get(path + wrong).status_code == 404
    assert client.get("/mailboxes/nobody@x.test/messages").status_code == 404
    assert client.get("/mailboxes/nobody@x.test/messages/1").status_code == 404


def test_the_trust_list_is_served_with_its_edition(client: FlaskClient) -> None:
    answer = client.get("/listeblanchemssante.xml")
    names = domains_of(read_trust_list(answer.data).domains)
    assert {DOMAIN, "patient.mssante.fr", "medecin.formation.mssante.fr"} <= names
    assert answer.mimetype == "text/xml"
    assert answer.headers["Last-Modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    etag = answer.headers["ETag"]
    again = client.get("/listeblanchemssante.xml", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_reset_empties_boxes(client: FlaskClient) -> None:
    client.post("/mailboxes", json=BOX)
    assert client.post("/_banc/reset").status_code == 200
    assert client.get(f"/mailboxes/{BOX['address']}").status_code == 404
