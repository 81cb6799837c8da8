"""Hostile messages: each is answered soon, and nothing of it reaches a mail header."""

from __future__ import annotations

import base64
import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.gateway.messages import Misread, read_acknowledgement, read_transmission
from tests.simulator.gateway.builders import a_letter, an_mdm, octets
from tests.simulator.gateway.conftest import Gateway

GOOD = octets(an_mdm())
CDA = a_letter().cda
SENDER = an_mdm().participants[0].organization.encode()


def with_document(content: bytes) -> bytes:
    old = base64.b64encode(CDA)
    return GOOD.replace(old, content)


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(2, 40)
) + b"]><x>&a39;</x>"  # fmt: skip
MESSAGES = {
    "segments": GOOD + b"NTE|1|\r" * 200_000,
    "documents": GOOD + b"OBX|9|ED|1^2^LN||^text^XML^Base64^AA==||||||F|\r" * 900,
    "fields": GOOD + b"ZZZ" + b"|" * 5_000_000 + b"\r",
    "repetitions": GOOD.replace(b"PID|||", b"PID|||" + b"~" * 3_000_000),
    "components": GOOD.replace(b"PID|||", b"PID|||" + b"^&" * 2_000_000),
    "escapes": GOOD.replace(b"PID|||", b"PID|||" + b"\\X41\\" * 1_000_000),
    "huge field": GOOD.replace(SENDER, b"x" * 4_000_000),
    "huge header": b"MSH|^~\\&|" + b"x" * 4_000_000,
    "base64 of zeros": with_document(base64.b64encode(b"\0" * 4_000_000)),
    "base64 of base64": with_document(base64.b64encode(base64.b64encode(CDA))),
    "no base64": with_document(b"=" * 1_000_000),
    "entities": with_document(base64.b64encode(BOMB)),
    "deep xml": with_document(base64.b64encode(b"<a>" * 100_000)),
    "null bytes": GOOD.replace(SENDER, b"a\x00b"),
    "framing inside": GOOD.replace(SENDER, b"a\x1cb\x0b"),
    "half a surrogate": GOOD.replace(SENDER, b"\xed\xa0\x80"),
    "two messages": GOOD + GOOD,
    "line break by escape": GOOD.replace(SENDER, b"x\\X0D0A\\Bcc: a@b.test"),
    "null by escape": GOOD.replace(SENDER, b"x\\X00\\y"),
    "odd escape": GOOD.replace(SENDER, b"x\\XZZ\\y\\C2842\\\\M1\\"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_hostile_message_is_answered_soon_and_not_taken(gateway: Gateway, name: str) -> None:
    began = time.process_time()
    answer = gateway.desk.answer(MESSAGES[name])
    assert time.process_time() - began < 4  # seconds
    assert len(answer) < 16_384
    said = read_acknowledgement(answer)
    if name != "odd escape":
        assert said.code in ("AE", "AR")
        assert gateway.outbox.tasks(10) == []
    assert gateway.service.journal.find()[0].outcome in ("malformed", "refused", "accepted")


ADDRESSES = [
    "a@b.test\\X0D0A\\Bcc: x@y.test",
    "a@b.test, x@y.test",
    "a@b.test\\T\\Bcc:x@y.test",
    '"a\\X0A\\"@b.fr',
    "<a@b.test>",
    "a@b.test\\R\\x@y.test",
    "a@" + "b" * 300 + ".fr",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_header_of_a_mail_is_written_by_an_address(gateway: Gateway, address: str) -> None:
    known = an_mdm().reply_to
    sent = an_mdm(yes=("DESTMSSANTEPS", "INVISIBLE_PATIENT"))
    answer = gateway.desk.answer(octets(sent).replace(known.encode(), address.encode()))
    assert read_acknowledgement(answer).code == "AE"


def test_a_name_with_a_line_break_never_gets_in() -> None:
    birth_name = an_mdm().patient.birth_name.encode()
    with pytest.raises(Misread, match="control character"):
        read_transmission(GOOD.replace(birth_name + b"^", b"X\\X0D\\Y^", 1))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_message_spoiled_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    octets_ = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(octets_) - 1))
        octets_[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    told = "read"
    with contextlib.suppress(Misread):
        told = read_transmission(bytes(octets_)).header.code
    assert isinstance(told, str)  # any other exception would be a bug
