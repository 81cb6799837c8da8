"""Payloads: right for the mocks that receive them, and never the same twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from kit.clock import FixedClock
from kit.mail import read_message
from kit.settings import Settings
from kit.world import Patient
from kit.world.patients import OPEN_RECORD
from loadtests.mails import write_mails
from loadtests.payloads import Hospital, Payload, Writer
from mocks.dmp.app import create_app as create_dmp
from mocks.ins.app import create_app as create_ins
from mocks.ror.app import create_app as create_ror

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@pytest.fixture
def hospital(settings: Settings) -> Hospital:
    return Hospital.of(settings)


@pytest.fixture
def writer(hospital: Hospital) -> Writer:
    return Writer(hospital, NOW, "test")


def send(client: FlaskClient, payload: Payload, **environ: Any) -> tuple[int, bytes]:
    answer = client.open(
        payload.path,
        method=payload.method,
        data=payload.body,
        headers=dict(payload.headers),
        environ_overrides=environ,
    )
    return answer.status_code, answer.get_data()


def test_a_deposit_is_accepted(settings: Settings, hospital: Hospital, writer: Writer) -> None:
    client = create_dmp(settings, FixedClock(NOW)).test_client()
    peer = hospital.credentials.auth.certificate_der
    for payload in writer.deposits(4):  # one of each kind
        environ = {"banc.listener": "mtls", "banc.peer_der": peer}
        status, body = send(client, payload, **environ)
        assert status == 200, body
        assert payload.expects in body, body


class LunarWriter(Writer):
    """Writes of somebody of whom the register knows the year of birth alone."""

    def _patient(self, stream: np.random.Generator) -> Patient:
        found = self.hospital.world.find_patients("1955-00-00", "F")
        return next(
            person
            for person in found
            if person.traits.birth_date == "1955-00-00" and person.record == OPEN_RECORD
        )


def test_a_deposit_and_a_mail_write_a_lunar_birth_date_completed(
    settings: Settings, hospital: Hospital
) -> None:
    writer = LunarWriter(hospital, NOW, "lunar")
    client = create_dmp(settings, FixedClock(NOW)).test_client()
    environ = {"banc.listener": "mtls", "banc.peer_der": hospital.credentials.auth.certificate_der}
    for payload in writer.deposits(4):
        status, body = send(client, payload, **environ)
        assert (status, payload.expects in body) == (200, True), body
    (mail,) = write_mails(writer, 1)
    assert read_message(mail.content).subject.endswith("31/12/1955")


def test_a_search_finds_somebody(settings: Settings, hospital: Hospital, writer: Writer) -> None:
    client = create_ins(settings, FixedClock(NOW)).test_client()
    peer = hospital.credentials.insi.certificate_der
    for payload in writer.searches(3):
        environ = {"banc.listener": "mtls", "banc.peer_der": peer}
        status, body = send(client, payload, **environ)
        assert status == 200, body
        assert payload.expects in body


def test_the_directory_answers(settings: Settings, writer: Writer) -> None:
    client = create_ror(settings, FixedClock(NOW)).test_client()
    for payload in [*writer.organizations(2), *writer.bed_patches(30)]:
        status, body = send(client, payload)
        assert status == 200, body
        assert payload.expects in body


def test_a_mail_carries_its_document(writer: Writer) -> None:
    (mail,) = write_mails(writer, 1)
    message = read_message(mail.content)
    assert message.message_id == mail.message_id
    assert message.xdm is not None
    (document,) = message.xdm.documents
    assert document.has_stated_hash


def test_identifiers_are_never_the_same_twice(hospital: Hospital) -> None:
    writers = (Writer(hospital, NOW, "one"), Writer(hospital, NOW, "two"))
    subjects = [item.subject for writer in writers for item in writer.deposits(3)]
    subjects += [mail.message_id for writer in writers for mail in write_mails(writer, 3)]
    assert len(set(subjects)) == 12


def test_the_same_writer_writes_the_same(hospital: Hospital) -> None:
    first, second = (list(Writer(hospital, NOW, "one").searches(3)) for _ in range(2))
    assert first == second
