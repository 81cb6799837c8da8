"""Simulator, delivery, INS: the search loop of a hospital's identity office, over mutual TLS.

Which request comes next, and when the loop stops, is the plan's (rniv.search_plan). Source:
INS guide
2.4 and 11. Not here: what an answer changes (identity_office).
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.identity import struct_idnat
from kit.rules import Malformed
from kit.soap import write_envelope
from mocks.ins import messages
from simulator.delivery import Attempt, NoAnswer, Outcome, Stamp
from simulator.delivery.sender import Sender
from simulator.delivery.wire import SoapAnswer, Wire
from simulator.rniv.search_plan import Answer, SearchPlan
from simulator.streams import uuid

PATH = "/lps"
WS_INS2 = "WS_INS2"
TIMEOUT_SECONDS = 5.0  # choice of the bench
NO_ANSWER, FAULT = "NO_ANSWER", "FAULT"
_ANSWERS = {answer.value: answer for answer in (Answer.FOUND, Answer.NONE, Answer.SEVERAL)}


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a loop of calls gave: the calls, the plan, and the person when one was designated."""

    attempts: tuple[Attempt, ...]
    plan: SearchPlan
    individual: messages.Individual | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the service answered 00, 01 or 02 in the end, or refused for good."""
        return self.attempts[-1].is_final


class InsClient:
    """INSi as one establishment uses it."""

    def __init__(self, sender: Sender, wire: Wire) -> None:
        self._sender = sender
        self._wire = wire

    async def search(self, plan: SearchPlan, stamp: Stamp) -> Lookup:
        """The loop, to the end of a plan that has a request."""
        attempts: list[Attempt] = []
        individual = None
        while (asked := plan.request) is not None:
            attempt, result = await self.call(asked, stamp)
            attempts.append(attempt)
            plan = plan.after(_told(attempt, result))
            individual = result.individual if result is not None else None
        return Lookup(tuple(attempts), plan, individual)

    async def call(
        self, asked: messages.SearchRequest, stamp: Stamp
    ) -> tuple[Attempt, messages.SearchResult | None]:
        """WS_INS2, one call."""
        try:
            answer = await self._wire.soap(PATH, self._write(asked, stamp), action=messages.ACTION)
            if answer.is_fault:
                return _faulted(answer), None
            result = messages.read_search_result(answer.body)
        except (NoAnswer, Malformed) as error:
            return Attempt(WS_INS2, Outcome.FAILED, NO_ANSWER, str(error)), None
        return Attempt(WS_INS2, Outcome.DELIVERED, result.code, result.label), result

    def _write(self, asked: messages.SearchRequest, stamp: Stamp) -> bytes:
        sender, software = self._sender, self._sender.software
        structure = struct_idnat(sender.establishment.finess_ej)
        contexts = messages.Contexts(
            messages.BamContext(uuid(stamp.stream), stamp.at, structure),
            messages.LpsContext(
                uuid(stamp.stream),
                stamp.at,
                structure,
                idam=software.idam,
                software_version=software.version,
                software_name=f"urn:lps:{software.name}:{software.version}",
            ),
        )
        return write_envelope(
            messages.write_search_request(asked),
            action=messages.ACTION,
            message_id=f"uuid:{uuid(stamp.stream)}",
            header_blocks=messages.write_contexts(contexts),
        )


def _told(attempt: Attempt, result: messages.SearchResult | None) -> Answer:
    """What a plan is told of a call; a code nobody knows stops it."""
    if result is not None:
        return _ANSWERS.get(result.code, Answer.SENDER_FAULT)
    is_refused = attempt.outcome is Outcome.REFUSED
    return Answer.SENDER_FAULT if is_refused else Answer.RECEIVER_FAULT


def _faulted(answer: SoapAnswer) -> Attempt:
    try:
        error = messages.read_error(answer.body)
        code, text = error.code, error.text
    except Malformed:
        code, text = answer.subcode or FAULT, answer.reason
    outcome = Outcome.REFUSED if answer.party == "Sender" else Outcome.FAILED
    return Attempt(WS_INS2, outcome, code, text)
