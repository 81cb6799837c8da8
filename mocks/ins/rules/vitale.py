"""INS mock, rules of WS_INS1: what a search with a Vitale card is refused for, and whom it finds.

Pure: no Flask, no XML, no SQL. What the assertion of a card must hold is not public: it is judged
by what SAML asks of any assertion, and only when there is one or BANC_INS_VITALE_CARD needs it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from kit.identity import is_lunar_date, normalized
from kit.rules import Finding, RuleBook
from mocks.ins import errors
from mocks.ins.messages import Assertion, Individual, Signature, VitaleRequest
from mocks.ins.rules.callers import ASSERTION_LIFE, CLOCK_SKEW, incomplete
from mocks.ins.rules.matching import is_born

vitale = RuleBook("WS_INS1")

_NUMBER = re.compile(r"[0-9]{6}[AB0-9][0-9]{6}")
_SUBJECT = "saml:Assertion de la carte Vitale"


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says of itself, whether it must, and when."""

    assertion: Assertion | None
    signature: Signature
    now: datetime
    is_needed: bool = False


@vitale.rule(errors.LEXICAL, source="INSi service; unconfirmed")
def a_card_tells_a_number(request: VitaleRequest, _: Card) -> Iterator[Finding]:
    if not request.number and not request.insured_number:
        yield Finding("RECVITALE", "MatriculeIndividu", "absent", "présent, ou MatriculeOD")
    for field, number in (
        ("MatriculeIndividu", request.number),
        ("MatriculeOD", request.insured_number),
    ):
        if number and not _NUMBER.fullmatch(number):
            yield Finding("RECVITALE", field, "une autre forme", "13 caractères, sans la clé")


@vitale.rule(errors.LEXICAL, source="INSi service; unconfirmed")
def a_card_without_own_number_tells_the_birth(request: VitaleRequest, _: Card) -> Iterator[Finding]:
    if request.birth_date and not is_lunar_date(request.birth_date):
        yield Finding("RECVITALE", "DateNaissance", "une autre forme", "AAAA-MM-JJ")
    if request.number or not request.insured_number:
        return
    for field, value in (
        ("DateNaissance", request.birth_date),
        ("RangNaissance", request.birth_rank),
    ):
        if not value:
            yield Finding("RECVITALE", field, "absent", "présent sans MatriculeIndividu")


@vitale.rule(errors.ASSERTION_MISSING, source="INSi service; BANC_INS_VITALE_CARD")
def a_card_speaks_with_an_assertion(_: VitaleRequest, card: Card) -> Iterator[Finding]:
    if card.is_needed and card.assertion is None:
        expected = "l'assertion tirée de la carte Vitale, après celle du professionnel"
        yield Finding("wsse:Security", "saml:Assertion", "absent", expected)


@vitale.rule(errors.ASSERTION_MISSING, source="SAML 2.0 core 2.3.3; unconfirmed for INSi")
def the_assertion_of_a_card_is_complete(_: VitaleRequest, card: Card) -> Iterator[Finding]:
    if (said := card.assertion) is None:
        return
    yield from incomplete(said, _SUBJECT)


@vitale.rule(errors.ASSERTION_SIGNATURE, source="SAML 2.0 core 5; unconfirmed for INSi")
def the_signature_of_a_card_holds(_: VitaleRequest, card: Card) -> Iterator[Finding]:
    if card.assertion is not None and card.signature.flaw:
        expected = "une signature de l'assertion, par une autorité reconnue"
        yield Finding(_SUBJECT, "Signature", card.signature.flaw, expected)


@vitale.rule(errors.ASSERTION_TOO_OLD, source="INSi captures; unconfirmed for a card")
def the_assertion_of_a_card_is_fresh(_: VitaleRequest, card: Card) -> Iterator[Finding]:
    if card.assertion is None or card.assertion.issued_at is None:
        return
    if not -CLOCK_SKEW <= card.now - card.assertion.issued_at <= ASSERTION_LIFE:
        now = card.now.isoformat(timespec="seconds")
        expected = f"moins d'une heure avant {now} (heure du banc)"
        yield Finding(_SUBJECT, "IssueInstant", card.assertion.issued_at.isoformat(), expected)


def bearer(
    request: VitaleRequest, holder: Individual | None, today: date
) -> tuple[Individual, ...]:
    """The holder of the number when the card names them, and nobody else.

    The country knows no families: with the number of the insured person, only they are found.
    """
    if holder is None or not is_born(holder, today):
        return ()
    name = normalized(request.birth_name)
    is_named = (
        name in ("", normalized(holder.traits.birth_name))
        and request.birth_date in ("", holder.traits.birth_date)
        and (bool(request.number) or request.birth_rank in ("", "1"))
    )
    return (holder,) if is_named else ()
