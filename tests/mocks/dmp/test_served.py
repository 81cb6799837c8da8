"""The DMP mock as it is served: a document of 30 MB, a lost answer, what the client does then."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from kit import mtom, soap
from kit.clock import DEFAULT_START
from kit.pki import TestPki
from kit.settings import Settings
from mocks.dmp import messages
from simulator.courier import Clients, Courier, Handled
from simulator.delivery.dmp import FOUND_LATER, NO_ANSWER, TD0_2, TD2_1, TD3_1B, DmpClient
from simulator.delivery.sender import Sender, Software
from simulator.delivery.wire import Wire
from simulator.streams import Streams
from tests.kit.documents import N1_TEMPLATE
from tests.mocks.dmp.builders import (
    ARC,
    HOSPITAL,
    a_document,
    a_hospital,
    a_hospital_vihf,
    a_lot,
)
from tests.mocks.dmp.conftest import BOUNDARY, make_bench, pki
from tests.mocks.dmp.serving import ServedDmp, served_dmp
from tests.simulator.builders import a_held
from tests.simulator.test_courier import FEED, OneIdentity

__all__ = ["make_bench", "pki"]  # fixtures

RS = "{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}"
MIB = 1024 * 1024
SECONDS, MEMORY_MIB = 20, 400  # bounds of one exchange: its time, what it adds to a worker


@pytest.fixture
def dmp(settings: Settings, pki: TestPki) -> Iterator[ServedDmp]:
    with served_dmp(replace(settings, threads=2), pki) as running:
        yield running


def a_large_document(size_bytes: int) -> bytes:
    """A letter whose PDF makes it so large."""
    pdf = b"%PDF-1.4\n" + b"%" * (size_bytes * 3 // 4)
    body = base64.b64encode(pdf).decode()
    text = f'<text mediaType="application/pdf" representation="B64">{body}</text>'
    return a_document(template=N1_TEMPLATE, body=f"<nonXMLBody>{text}</nonXMLBody>")


def a_feed(pki: TestPki, document: bytes) -> tuple[str, bytes]:
    body, attachments = messages.write_submission(*a_lot(a_hospital(pki).sign, document))
    block = messages.write_security(a_hospital_vihf(pki))
    root = soap.write_envelope(body, action=messages.ITI_41, header_blocks=[block])
    return mtom.write_multipart(root, attachments, boundary=BOUNDARY)


LARGE = [  # MiB, HTTP status, what the answer says
    (30, 200, "ResponseStatusType:Success"),
    (40, 413, "33554432 bytes"),
]


@pytest.mark.parametrize(("size_mib", "status", "said"), LARGE)
def test_a_document_of_30_mb_is_taken_a_larger_one_refused_in_bounded_time_and_memory(
    dmp: ServedDmp, pki: TestPki, size_mib: int, status: int, said: str
) -> None:
    kind, body = a_feed(pki, a_large_document(size_mib * MIB))
    assert len(body) > size_mib * MIB
    before, started = dmp.memory_mib(), time.monotonic()
    seen, answer = dmp.post(kind, body)
    assert time.monotonic() - started < SECONDS
    assert (seen, said in answer.decode()) == (status, True)
    assert dmp.memory_mib() - before < MEMORY_MIB
    again = dmp.post(*a_feed(pki, a_document(2)))[1]  # the next one is served as ever
    response = ElementTree.fromstring(again).find(f".//{RS}RegistryResponse")
    assert response is not None


def test_a_large_document_that_is_no_cda_is_told_so(dmp: ServedDmp, pki: TestPki) -> None:
    kind, body = a_feed(pki, a_large_document(30 * MIB))
    status, answer = dmp.post(kind, body.replace(b"</ClinicalDocument>", b""))
    assert (status, "XDSRepositoryMetadataError" in answer.decode()) == (200, True)
    assert "not well-formed" in answer.decode()


# A lost answer: the simulator's courier looks before it sends again.


def arm(dmp: ServedDmp, effect: str) -> None:
    fault = {"id": "once", "effect": effect, "transaction": TD2_1, "probability": 1}
    assert control(dmp, "POST", "/_banc/faults", fault) in (200, 201)


def disarm(dmp: ServedDmp) -> None:
    assert control(dmp, "DELETE", "/_banc/faults/once") in (200, 204)


def control(dmp: ServedDmp, method: str, path: str, body: Any = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", dmp.port, timeout=10)
    headers = {"Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def couriers(dmp: ServedDmp, pki: TestPki) -> Callable[..., list[Handled]]:
    """Two tries of one job by the same courier; between them the fault is disarmed."""
    assert FEED.paper
    office: Any = OneIdentity(a_held(FEED.paper.encounter.patient))
    software = Software("Hospidoc", "4.2", "BANC-TEST", "BANC-TEST", "TEST000001")
    sender = Sender(HOSPITAL, pki.establishment(HOSPITAL), software)

    async def play() -> list[Handled]:
        wire = Wire(dmp.base, None)
        clients: Any = Clients(DmpClient(sender, wire), None, None, None, None)  # type: ignore[arg-type]
        courier = Courier(clients, office, Streams(1))
        try:
            first = await courier.deliver(FEED, DEFAULT_START, 1)
            await asyncio.to_thread(disarm, dmp)
            return [first, await courier.deliver(FEED, DEFAULT_START + timedelta(minutes=5), 2)]
        finally:
            await wire.close()

    return lambda: asyncio.run(play())


LOST = [  # effect, what the second try does
    ("lose", [(TD3_1B, ""), (TD2_1, FOUND_LATER)]),
    ("cut", [(TD3_1B, "NONE"), (TD2_1, "")]),
]


@pytest.mark.parametrize(("effect", "second"), LOST)
def test_after_a_lost_answer_td3_1b_tells_whether_to_send_again(
    dmp: ServedDmp, pki: TestPki, effect: str, second: list[tuple[str, str]]
) -> None:
    play = couriers(dmp, pki)
    arm(dmp, effect)
    first, then = play()
    assert [(item.transaction, item.code) for item in first.attempts] == [
        (TD0_2, "OK"),
        (TD2_1, NO_ANSWER),
    ]
    assert not first.is_over
    assert [(item.transaction, item.code) for item in then.attempts] == second
    assert then.is_over


def test_who_does_not_look_meets_a_duplicate(dmp: ServedDmp, pki: TestPki) -> None:
    kind, body = a_feed(pki, a_document())
    arm(dmp, "lose")
    with pytest.raises((http.client.HTTPException, OSError)):
        dmp.post(kind, body)
    disarm(dmp)
    answer = dmp.post(kind, body)[1].decode()
    assert "XDSDuplicateUniqueIdInRegistry" in answer
    assert f"{ARC}.1" in answer
