"""Simulator, RNIV, search plan: which request to INSi comes next.

One first name at a time in order, then all of them joined; after 02 all of them, then the place
of birth too. A fault stops the plan: other first names are no answer to it; that of the receiver
is tried once again. Nobody waits for a plan: whatever it gives, the identity is there and care
goes on. Source: INSi guide; choice of the bench. Not here: the calls
(delivery.ins), the deeds (``vigilance``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from kit.identity import IdentityTraits, InsLookup, unaccented
from kit.rules import Refusal, Refused
from mocks.ins.messages import SearchRequest
from simulator.rniv import rules, vigilance
from simulator.rniv.record import Found, Identity


class Answer(StrEnum):
    """What a request gives. A time-out is a fault of the receiver."""

    FOUND = "00"
    NONE = "01"
    SEVERAL = "02"
    SENDER_FAULT = "sender fault"
    RECEIVER_FAULT = "receiver fault"


class Verdict(StrEnum):
    """How a plan ended."""

    OPEN = "open"
    FOUND = "00"
    NONE = "01"
    SEVERAL = "02"
    FAULT = "fault"
    WITHHELD = "withheld"


_FAULTS = (Answer.SENDER_FAULT, Answer.RECEIVER_FAULT)


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """The requests still to be made and what came of the others. Frozen: ``after`` gives the next.

    refusals: why nothing is sent, when nothing may be.
    """

    traits: IdentityTraits
    ahead: tuple[SearchRequest, ...] = ()
    answers: tuple[Answer, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    is_narrowed: bool = False
    is_repeated: bool = False

    @property
    def request(self) -> SearchRequest | None:
        """The next request, None when the plan is over."""
        return self.ahead[0] if self.ahead else None

    @property
    def verdict(self) -> Verdict:
        """OPEN while a request is to be made; then what the answers come to."""
        if self.ahead:
            return Verdict.OPEN
        if not self.answers:
            return Verdict.WITHHELD
        if self.answers[-1] in _FAULTS:
            return Verdict.FAULT
        if self.answers[-1] is Answer.FOUND:
            return Verdict.FOUND
        return Verdict.SEVERAL if Answer.SEVERAL in self.answers else Verdict.NONE

    @property
    def is_to_be_queued(self) -> bool:
        """Whether the same search makes sense later: the service was down."""
        return bool(self.answers) and self.answers[-1] is Answer.RECEIVER_FAULT

    def after(self, answer: Answer) -> SearchPlan:
        """The plan once its request was answered. Raises ValueError when it was over."""
        if not self.ahead:
            raise ValueError("the plan is over")
        told = replace(self, answers=(*self.answers, answer))
        if answer is Answer.RECEIVER_FAULT and not self.is_repeated:
            return replace(told, is_repeated=True)
        if answer is Answer.FOUND or answer in _FAULTS:
            return replace(told, ahead=())
        if answer is Answer.SEVERAL and not self.is_narrowed:
            ahead = _narrowed(self.traits, beside=self.ahead[0])
            return replace(told, ahead=ahead, is_narrowed=True, is_repeated=False)
        return replace(told, ahead=self.ahead[1:], is_repeated=False)


def search_plan(traits: IdentityTraits) -> SearchPlan:
    """The plan for traits as they are held here; they are written as INSi takes them."""
    sent = as_insi_writes(traits)
    names = sent.first_names
    each = tuple(_request(sent, name) for name in names)
    joined = (_request(sent, " ".join(names)),) if len(names) > 1 else ()
    return SearchPlan(sent, each + joined)


def plan_for(identity: Identity, *, by: str = "") -> SearchPlan:
    """The plan for an identity: one without a request when INSi may not be called for it."""
    plan = search_plan(identity.traits)
    refusals = tuple(rules.call.findings(identity, plan.traits, by))
    return replace(plan, ahead=(), refusals=refusals) if refusals else plan


def settle(
    identity: Identity, plan: SearchPlan, found: Found | None, *, at: datetime, by: str = ""
) -> tuple[Identity, tuple[Refusal, ...]]:
    """What a plan that is over makes of an identity, and why its person is not taken over.

    Nothing is raised for what a person has to look at: the identity stays usable as it was.
    """
    if plan.verdict is Verdict.WITHHELD:
        return identity, plan.refusals
    if plan.verdict is Verdict.FOUND and found is not None:
        try:
            return vigilance.accept(identity, found, at=at, by=by), ()
        except Refused as refused:
            return identity, refused.refusals
    lookup = _WITHOUT_PERSON.get(plan.verdict)
    return vigilance.note_lookup(identity, lookup, at=at), ()


def as_insi_writes(traits: IdentityTraits) -> IdentityTraits:
    """The traits in plain capitals; a character without equivalent stays, and is refused."""
    return replace(
        traits,
        birth_name=unaccented(traits.birth_name).strip(),
        first_names=tuple(unaccented(name).strip() for name in traits.first_names),
    )


_WITHOUT_PERSON = {Verdict.NONE: InsLookup.NONE, Verdict.SEVERAL: InsLookup.SEVERAL}


def _narrowed(traits: IdentityTraits, *, beside: SearchRequest) -> tuple[SearchRequest, ...]:
    """After 02: all first names, then the place too; what was just asked is not asked again."""
    whole = " ".join(traits.first_names)
    wanted = [_request(traits, whole)] if len(traits.first_names) > 1 else []
    if traits.birth_place:
        wanted.append(_request(traits, whole, place=traits.birth_place))
    return tuple(request for request in wanted if request != beside)


def _request(traits: IdentityTraits, first_name: str, *, place: str = "") -> SearchRequest:
    return SearchRequest(traits.birth_name, (first_name,), traits.sex, traits.birth_date, place)
