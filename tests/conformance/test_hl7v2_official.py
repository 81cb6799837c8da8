"""Official HL7 v2 samples: each is read, written again where we write it, and answered truly.

The port is asked by a client we did not write, that of python-hl7.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hl7.client import MLLPClient

from kit.clock import FixedClock
from kit.service import create_service
from kit.settings import Settings
from simulator.gateway.desk import Desk
from simulator.gateway.messages import (
    Acknowledgement,
    read_acknowledgement,
    read_business,
    read_consent,
    read_header,
    read_segments,
    read_transmission,
    write_acknowledgement,
    write_business,
)
from simulator.gateway.store import Outbox, metadata
from tests.simulator.gateway.builders import an_mdm, octets
from tests.simulator.gateway.serving import serving
from tests.simulator.stays import world

ANSWERS = {  # start of the name below cda/hl7v2 or mssante -> answer, ERR-3 or ERR-5 expected
    "Vague_2__Consentement": ("AA", set()),
    "Vague_2__V2.1__MDM__Remplacement_MDM__ack": ("", set()),
    "Vague_2__V2.1__MDM__Suppression_MDM__ack": ("", set()),
    "Vague_2__V2.1__MDM__Transmission_initiale": ("AE", {"906", "199"}),
    "Volets__V2.1__ORU__Remplacement_ORU__ack": ("", set()),
    "Volets__V2.1__ORU__Suppression_ORU__ack": ("", set()),
    "Volets__V2.1__ORU__Transmission_initiale_ORU__ack": ("", set()),
    "Volets__V2.1__ORU__Transmission_initiale_ORU__Message_metier": ("AR", {"200"}),
    "Volets__V2.1__ORU__Remplacement_ORU__message": ("AE", {"906", "102"}),
    "Volets__V2.1__ORU__Suppression_ORU__message": ("AE", {"906", "102"}),
    "Volets__V2.1__ORU__Transmission_initiale_ORU__message": ("AE", {"906", "102"}),
    "hl7v2_creator_to_pfi/mdm_t02_full": ("AE", {"199"}),
    "hl7v2_creator_to_pfi/mdm_t02_placeholder": ("AE", {"906", "199"}),
    "hl7v2_creator_to_pfi/oru_r01_bio_full": ("AE", {"102", "904"}),
    "hl7v2_pfi_to_lps/ack": ("", set()),
    "hl7v2_pfi_to_lps/mdm": ("AR", {"199"}),
    "zam/": ("AR", {"200"}),
}


def samples(conformance: Path) -> list[tuple[str, bytes]]:
    folders = [conformance / "cda" / "hl7v2"]
    folders += [conformance / "mssante" / name for name in
                ("hl7v2_creator_to_pfi", "hl7v2_pfi_to_lps", "zam")]  # fmt: skip
    files = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    assert files, "the conformance folder has no HL7 v2 sample"
    return [(str(path.relative_to(path.parent.parent)), path.read_bytes()) for path in files]


def expected(name: str) -> tuple[str, set[str]]:
    short = name.removeprefix("hl7v2/")
    found = [key for key in ANSWERS if short.startswith(key)]
    return ANSWERS[max(found, key=len)]


def test_every_sample_is_read_for_what_it_is(conformance: Path) -> None:
    readers = {"ADT": read_consent, "ACK": read_acknowledgement, "ZAM": read_business,
               "MDM": read_transmission, "ORU": read_transmission}  # fmt: skip
    for name, data in samples(conformance):
        header = read_header(read_segments(data)[0])
        found = readers[header.code](data)  # type: ignore[operator]
        assert found.header == header, name


def test_acknowledgements_are_written_as_the_samples_have_them(conformance: Path) -> None:
    compared = 0
    for name, data in samples(conformance):
        text = data.decode().replace("\n", "\r").rstrip("\r") + "\r"
        code = read_header(read_segments(data)[0]).code
        if code == "ACK":
            assert write_acknowledgement(read_acknowledgement(data)) == text, name
        elif code == "ZAM":
            assert write_business(read_business(data)) == text, name
        compared += code in ("ACK", "ZAM")
    assert compared >= 7


def test_every_sample_is_answered_for_a_true_reason(
    conformance: Path, settings: Settings, clock: FixedClock
) -> None:
    service = create_service("gateway", settings, clock)
    service.create_tables(metadata)
    desk = Desk(service, Outbox(service.database), world())
    for name, data in samples(conformance):
        code, reasons = expected(name)
        answer = desk.answer(data)
        said = read_acknowledgement(answer) if answer else None
        assert (said.code if said else "") == code, name
        told = _codes(said) if said else set()
        assert reasons <= told, (name, told)
    service.database.close()


def _codes(said: Acknowledgement) -> set[str]:
    return {problem.application_code or problem.code for problem in said.problems}


@pytest.fixture
def port(settings: Settings, clock: FixedClock) -> Iterator[int]:
    """A gateway on a free port, without anybody to deliver to."""
    with serving(replace(settings, max_body_bytes=1_000_000), clock) as port:
        yield port


def test_the_client_of_python_hl7_gets_our_answers(port: int) -> None:
    with MLLPClient("127.0.0.1", port) as client:
        answers = [client.send_message(octets(an_mdm(yes=(), control_id=f"M{number}")))
                   for number in range(3)]  # fmt: skip
        bad = client.send(b"MSH|no block\r")
    for number, answer in enumerate(answers):
        assert answer[:1] == b"\x0b"
        assert answer[-2:] == b"\x1c\r"
        said = read_acknowledgement(answer[1:-2])
        assert (said.code, said.control_id) == ("AA", f"M{number}")
    assert read_acknowledgement(bad[1:-2]).code == "AR"


def test_a_message_that_is_too_large_is_answered_and_ends_the_connection(port: int) -> None:
    with MLLPClient("127.0.0.1", port) as client:
        client.socket.sendall(b"\x0bMSH|^~\\&|" + b"x" * 1_000_100)
        answer = client.socket.recv(4096)
        assert b"more than 1000000 octets" in answer
        client.socket.settimeout(10)
        with contextlib.suppress(ConnectionResetError):  # what was still under way is not read
            assert client.socket.recv(10) == b""
    with MLLPClient("127.0.0.1", port) as client:
        assert b"MSA|AA|" in client.send_message(octets(an_mdm(yes=())))
