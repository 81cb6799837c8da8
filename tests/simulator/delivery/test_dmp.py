"""The DMP client: what each answer makes of an attempt; the same deposit gives the same bytes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.xml import build, serialize
from mocks.dmp.messages import write_success
from mocks.dmp.messages.response import FAILURE
from simulator.courier import write_paper
from simulator.delivery import NoAnswer, Outcome, Stamp
from simulator.delivery.dmp import NO_ANSWER, Deposit, DmpClient
from simulator.delivery.sender import Sender
from simulator.plan import make_plan
from simulator.streams import Streams
from tests.simulator.builders import MONDAY, WORLD, a_held, a_scenario
from tests.simulator.delivery.fakes import ScriptedWire, a_fault

PAPER = next(paper for paper in make_plan(a_scenario(), WORLD).papers if paper.kind == "LDL")


def a_cda() -> bytes:
    return write_paper(PAPER, a_held(PAPER.encounter.patient), Streams(1)).cda


def a_deposit(client: DmpClient, seed: int = 1) -> Deposit:
    stamp = Stamp(MONDAY, Streams(seed)["lot"])
    patient, doctor = PAPER.encounter.patient, PAPER.encounter.author
    return client.deposit(a_cda(), doctor, stamp, patient_id=patient.ins)


def failure(code: str) -> Any:
    error = build("rs:RegistryError", errorCode=code, codeContext="pourquoi", severity="e")
    return build("rs:RegistryResponse", build("rs:RegistryErrorList", error), status=FAILURE)


ANSWERS = [  # answer, outcome, code
    (write_success(), Outcome.DELIVERED, ""),
    (failure("XDSRepositoryBusy"), Outcome.FAILED, "XDSRepositoryBusy"),
    (failure("XDSDuplicateUniqueIdInRegistry"), Outcome.REFUSED, "XDSDuplicateUniqueIdInRegistry"),
    (a_fault("Sender", "DMPInvalidCertificate"), Outcome.REFUSED, "DMPInvalidCertificate"),
    (a_fault("Receiver", "DMPInternal"), Outcome.FAILED, "DMPInternal"),
    (NoAnswer("cut"), Outcome.FAILED, NO_ANSWER),
]


@pytest.mark.parametrize(("answer", "outcome", "code"), ANSWERS)
def test_an_answer_makes_an_attempt(
    sender: Sender, answer: Any, outcome: Outcome, code: str
) -> None:
    client = DmpClient(sender, ScriptedWire([answer]))  # type: ignore[arg-type]
    deposit = a_deposit(client)
    found = asyncio.run(client.feed(deposit, Stamp(MONDAY, Streams(1)["call"])))
    assert (found.outcome, found.code) == (outcome, code)
    assert found.reference == deposit.unique_id


def test_the_same_stream_gives_the_same_lot_and_the_same_message(sender: Sender) -> None:
    sent = []
    for _ in range(2):
        wire = ScriptedWire([write_success()])
        client = DmpClient(sender, wire)  # type: ignore[arg-type]
        asyncio.run(client.feed(a_deposit(client), Stamp(MONDAY, Streams(1)["call"])))
        sent.append(wire.sent)
    assert sent[0] == sent[1]
    client = DmpClient(sender, ScriptedWire([]))  # type: ignore[arg-type]
    assert a_deposit(client, seed=2).unique_id != a_deposit(client).unique_id


def test_the_vihf_speaks_for_the_site_about_the_patient(sender: Sender) -> None:
    patient, doctor = PAPER.encounter.patient, PAPER.encounter.author
    written = serialize(sender.vihf(patient.ins, doctor, Stamp(MONDAY, Streams(1)["v"]))).decode()
    assert f"1{sender.establishment.finess_eg}" in written
    assert patient.ins.matricule in written
    assert "INDIRECTE" in written


@pytest.mark.parametrize("is_secret", [True, False])
def test_a_secret_deposit_asks_for_a_secret_connection(sender: Sender, is_secret: bool) -> None:
    wire = ScriptedWire([write_success()])
    client = DmpClient(sender, wire)  # type: ignore[arg-type]
    stamp = Stamp(MONDAY, Streams(1)["lot"])
    patient, doctor = PAPER.encounter.patient, PAPER.encounter.author
    deposit = client.deposit(a_cda(), doctor, stamp, patient_id=patient.ins, is_secret=is_secret)
    asyncio.run(client.feed(deposit, stamp))
    assert ("hl7:confidentiality-code" in str(wire.sent)) is is_secret
