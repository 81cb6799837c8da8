"""Rounds: retries, order, abandon, and the ZAM a delivery leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from simulator.delivery import Attempt, Outcome
from simulator.gateway.messages import BusinessAcknowledgement, read_business
from simulator.gateway.rounds import Rounds
from simulator.gateway.store import Held, Kind, State, Task
from tests.simulator.gateway.builders import a_letter, an_mdm, octets
from tests.simulator.gateway.conftest import Gateway

DONE = Attempt("TD2.1", Outcome.DELIVERED, reference="1.2.3")
BUSY = Attempt("TD2.1", Outcome.FAILED, "NO_ANSWER", "cut")
CLOSED = Attempt("TD2.1", Outcome.REFUSED, "DMPClosed", "DMP fermé; rule; field")
FULL = Attempt("SMTP.DATA", Outcome.REFUSED, "550", "5.1.1 no such mailbox; rule")
SENT = Attempt("SMTP.DATA", Outcome.DELIVERED, reference="<1@a>")
ACKED = Attempt("ZAM", Outcome.DELIVERED, "AA")


@dataclass
class ScriptedCarrier:
    """Answers in order for each kind of task; keeps what it was given."""

    script: dict[Kind, Iterable[Attempt]]
    given: list[Task] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ahead = {kind: iter(answers) for kind, answers in self.script.items()}

    async def deliver(self, task: Task, _: Held) -> Attempt:
        self.given.append(task)
        return next(self._ahead.get(task.kind, iter(())), ACKED)


Play = Callable[..., ScriptedCarrier]


@pytest.fixture
def play(gateway: Gateway) -> Play:
    """Play rounds with a carrier until nothing is left to do; the wall clock runs ahead."""

    def run(**script: Iterable[Attempt]) -> ScriptedCarrier:
        carrier = ScriptedCarrier({Kind(kind): answers for kind, answers in script.items()})

        async def all_rounds() -> None:
            with ThreadPoolExecutor(1) as writer:
                rounds = Rounds(gateway.service, gateway.outbox, carrier, writer)  # type: ignore[arg-type]
                for _ in range(60):
                    if not await rounds.play():
                        gateway.clock.advance(1000)

        asyncio.run(all_rounds())
        return carrier

    return run


def accepted(gateway: Gateway, **arguments: object) -> None:
    gateway.desk.answer(octets(an_mdm(**arguments)))  # type: ignore[arg-type]


def zams(gateway: Gateway) -> list[BusinessAcknowledgement]:
    tasks = sorted(gateway.outbox.tasks(100), key=lambda task: task.id)
    return [read_business(task.content) for task in tasks if task.kind is Kind.ZAM]


def states(gateway: Gateway, kind: Kind) -> list[tuple[State, int]]:
    tasks = sorted(gateway.outbox.tasks(100), key=lambda task: task.id)
    return [(task.state, task.tries) for task in tasks if task.kind is kind]


def test_what_fails_is_tried_again_and_then_told(gateway: Gateway, play: Play) -> None:
    accepted(gateway, yes=("DESTDMP", "ACK_RECEPTION"))
    play(feed=[BUSY, BUSY, DONE])
    assert states(gateway, Kind.FEED) == [(State.DONE, 3)]
    assert states(gateway, Kind.ZAM) == [(State.DONE, 1)]
    said = zams(gateway)[0]
    assert (said.header.type, said.about, said.is_positive) == ("ZAM^Z01", "M1", True)
    assert (said.header.application, said.header.to_application) == ("PFI-Y", "RIS-Y")
    line = gateway.service.journal.find()[-1]
    assert (line.transaction, line.listener, line.outcome) == ("ZAM^Z01", "mllp out", "accepted")


def test_a_closed_record_is_told_with_the_code_of_the_dmp(gateway: Gateway, play: Play) -> None:
    accepted(gateway, yes=("DESTDMP", "ACK_RECEPTION"))
    play(feed=[CLOSED])
    problem = zams(gateway)[0].problem
    assert problem is not None
    assert (problem.code, problem.application_code) == ("207", "DMPClosed")
    assert (problem.application_text, problem.application_table) == ("DMP fermé", "DMPERRORCODE")


def test_what_is_given_up_is_told_too(gateway: Gateway, play: Play) -> None:
    accepted(gateway, yes=("DESTDMP", "ACK_RECEPTION"))
    play(feed=[BUSY] * 50)
    attempts = gateway.service.settings.gateway_attempts
    assert states(gateway, Kind.FEED) == [(State.ABANDONED, attempts)]
    assert zams(gateway)[0].is_positive is False


def test_nothing_is_told_to_who_did_not_ask(gateway: Gateway, play: Play) -> None:
    accepted(gateway, yes=("DESTDMP",))
    play(feed=[CLOSED])
    assert zams(gateway) == []


def test_a_refused_mailbox_is_told_with_the_code_of_smtp(gateway: Gateway, play: Play) -> None:
    accepted(gateway, yes=("DESTMSSANTEPS", "INVISIBLE_PATIENT", "ACK_RECEPTION"))
    play(mail=[FULL])
    said = zams(gateway)[0]
    assert said.header.trigger == "Z02"
    assert said.address == an_mdm().professionals[0].address
    assert said.person == an_mdm().professionals[0].person
    assert said.problem is not None
    assert (said.problem.application_code, said.problem.application_table) == (
        "550", "SMTPERRORCODE"
    )  # fmt: skip


def test_a_mail_that_left_is_awaited_when_its_receipt_was_asked(
    gateway: Gateway, play: Play
) -> None:
    accepted(gateway, yes=("DESTMSSANTEPS", "INVISIBLE_PATIENT", "ACK_RECEPTION"))
    play(mail=[SENT])
    assert states(gateway, Kind.MAIL) == [(State.AWAITED, 1)]
    assert zams(gateway) == []


def test_one_patient_s_documents_go_in_order(gateway: Gateway, play: Play) -> None:
    letter = a_letter()
    other = a_letter(version=2, unique_id="1.2.250.1.999.1.1.777", replaces=letter.unique_id)
    accepted(gateway, document=letter, control_id="A")
    accepted(gateway, document=other, trigger="T10", control_id="B")
    carrier = play(feed=[BUSY, BUSY, DONE, DONE])
    assert [task.id for task in carrier.given] == [1, 1, 1, 2]
    assert [task.tries for task in carrier.given] == [0, 1, 2, 0]


def test_a_creator_that_does_not_answer_is_asked_again(gateway: Gateway, play: Play) -> None:
    accepted(gateway, yes=("DESTDMP", "ACK_RECEPTION"))
    refused = Attempt("ZAM", Outcome.REFUSED, "AR", "no")
    carrier = play(feed=[DONE], zam=[BUSY, refused])
    assert states(gateway, Kind.ZAM) == [(State.REFUSED, 2)]
    assert len({task.content for task in carrier.given if task.kind is Kind.ZAM}) == 1
    assert gateway.service.journal.find()[-1].codes == ("AR",)
