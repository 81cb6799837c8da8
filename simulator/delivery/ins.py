"""Simulator, delivery, INS: the search loop of a hospital's identity office, over mutual TLS.

One first name at a time, then all of them; after 02 all of them, then the place of birth too. A
fault stops the loop: other first names are no answer to it. A fault of the receiver is tried once
again at once. Source: ins.md 2.4 and 11. Not here: what an answer changes (identities).
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.identity import IdentityTraits, InsLookup, struct_idnat
from kit.rules import Malformed
from kit.soap import write_envelope
from mocks.ins import messages
from simulator.delivery import Attempt, NoAnswer, Outcome, Stamp
from simulator.delivery.sender import Sender
from simulator.delivery.wire import SoapAnswer, Wire
from simulator.streams import uuid

PATH = "/lps"
WS_INS2 = "WS_INS2"
TIMEOUT_SECONDS = 5.0  # ins.md 11
NO_ANSWER, FAULT = "NO_ANSWER", "FAULT"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a loop of calls gave: the calls, and the person when one was designated."""

    attempts: tuple[Attempt, ...]
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

    async def search(self, traits: IdentityTraits, stamp: Stamp) -> Lookup:
        """The loop; ``traits`` are written as INSi takes them."""
        attempts: list[Attempt] = []
        loop = Criteria(traits)
        while (asked := loop.next_request()) is not None:
            attempt, result = await self._patiently(asked, stamp, attempts)
            attempts.append(attempt)
            if result is None:
                return Lookup(tuple(attempts))
            if result.code == InsLookup.FOUND:
                return Lookup(tuple(attempts), result.individual)
            loop.note(result.code)
        return Lookup(tuple(attempts))

    async def _patiently(
        self, asked: messages.SearchRequest, stamp: Stamp, attempts: list[Attempt]
    ) -> tuple[Attempt, messages.SearchResult | None]:
        """One request, once more when it failed on the other side."""
        attempt, result = await self.call(asked, stamp)
        if attempt.outcome is Outcome.FAILED:
            attempts.append(attempt)
            attempt, result = await self.call(asked, stamp)
        return attempt, result

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


class Criteria:
    """The state of a loop: which criteria come next."""

    def __init__(self, traits: IdentityTraits) -> None:
        self._traits = traits
        names = traits.first_names
        self._ahead = [self._request(name) for name in names]
        self._ahead += [self._request(*names)] if len(names) > 1 else []
        self._is_narrowed = False

    def next_request(self) -> messages.SearchRequest | None:
        """The next request, None when every one was made."""
        return self._ahead.pop(0) if self._ahead else None

    def note(self, code: str) -> None:
        """What the last request gave: after the first 02 the criteria grow narrower."""
        if code != InsLookup.SEVERAL or self._is_narrowed:
            return
        self._is_narrowed = True
        names, place = self._traits.first_names, self._traits.birth_place
        self._ahead = [self._request(*names)] if len(names) > 1 else []
        self._ahead += [self._request(*names, place=place)] if place else []

    def _request(self, *first_names: str, place: str = "") -> messages.SearchRequest:
        traits = self._traits
        return messages.SearchRequest(
            traits.birth_name, first_names, traits.sex, traits.birth_date, place
        )


def _faulted(answer: SoapAnswer) -> Attempt:
    try:
        error = messages.read_error(answer.body)
        code, text = error.code, error.text
    except Malformed:
        code, text = answer.subcode or FAULT, answer.reason
    outcome = Outcome.REFUSED if answer.party == "Sender" else Outcome.FAILED
    return Attempt(WS_INS2, outcome, code, text)
