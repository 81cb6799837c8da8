"""The search loop of INSi: which criteria are sent after which answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.identity import IdentityTraits
from mocks.ins.messages import (
    Individual,
    SearchResult,
    read_search_request,
    write_search_result,
)
from simulator.delivery import NoAnswer, Outcome, Stamp
from simulator.delivery.ins import InsClient, Lookup
from simulator.delivery.sender import Sender
from simulator.rniv.search_plan import search_plan
from simulator.streams import Streams
from tests.simulator.builders import MONDAY, WORLD
from tests.simulator.delivery.fakes import ScriptedWire, a_fault

PERSON = WORLD.patient(31_000_000)
TRAITS = IdentityTraits("MARTIN", ("ANNE", "ZOE"), "F", "1980-02-29", "35238")


def answer(code: str) -> Any:
    found = Individual(PERSON.ins, PERSON.traits) if code == "00" else None
    return write_search_result(SearchResult(code, "libellé", found))


def search(sender: Sender, *answers: Any) -> tuple[Lookup, list[tuple[tuple[str, ...], str]]]:
    wire = ScriptedWire(answers)
    client = InsClient(sender, wire)  # type: ignore[arg-type]
    found = asyncio.run(client.search(search_plan(TRAITS), Stamp(MONDAY, Streams(1)["call"])))
    asked = [read_search_request(body) for body in wire.bodies]
    return found, [(item.first_names, item.birth_place) for item in asked]


ALL = ("ANNE ZOE",)  # joined in one Prenom, INSi guide
LOOPS = [  # answers in order, criteria sent
    (["00"], [(("ANNE",), "")]),
    (["01", "00"], [(("ANNE",), ""), (("ZOE",), "")]),
    (["01", "01", "01"], [(("ANNE",), ""), (("ZOE",), ""), (ALL, "")]),
    (["02", "00"], [(("ANNE",), ""), (ALL, "")]),
    (["02", "02", "00"], [(("ANNE",), ""), (ALL, ""), (ALL, "35238")]),
    (["02", "02", "02"], [(("ANNE",), ""), (ALL, ""), (ALL, "35238")]),
    (["02", "01", "01"], [(("ANNE",), ""), (ALL, ""), (ALL, "35238")]),
]


@pytest.mark.parametrize(("codes", "criteria"), LOOPS)
def test_the_criteria_follow_the_answers(
    sender: Sender, codes: list[str], criteria: list[tuple[tuple[str, ...], str]]
) -> None:
    found, asked = search(sender, *map(answer, codes))
    assert asked == criteria
    assert [attempt.code for attempt in found.attempts] == codes
    assert (found.individual is not None) is (codes[-1] == "00")
    assert found.is_answered


def test_a_fault_of_the_sender_stops_the_loop(sender: Sender) -> None:
    found, asked = search(sender, a_fault("Sender", "siram_40"))
    assert len(asked) == 1
    assert found.attempts[-1].outcome is Outcome.REFUSED
    assert found.is_answered


def test_a_fault_of_the_receiver_is_tried_once_again(sender: Sender) -> None:
    found, asked = search(sender, a_fault("Receiver", "siram_50"), answer("00"))
    assert asked[0] == asked[1]
    assert found.individual is not None


def test_two_failures_leave_the_identity_open(sender: Sender) -> None:
    found, asked = search(sender, NoAnswer("cut"), a_fault("Receiver", "siram_50"))
    assert len(asked) == 2
    assert not found.is_answered
