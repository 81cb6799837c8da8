"""INS mock, rules: what a check or a card search is refused for, and what a check finds.

Pure: no Flask, no XML, no SQL. The traits of a check obey the rules of a search (``traits``).
UNCONFIRMED: the rules of the real checks (EF_INS25) are not public.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from kit.identity import INS_OIDS, completed_date, is_lunar_date, is_matricule, normalized
from kit.rules import Finding, RuleBook
from mocks.ins import errors
from mocks.ins.messages import CheckRequest, Individual, VitaleRequest
from mocks.ins.rules.traits import search

check, vitale = RuleBook("WS_INS3"), RuleBook("WS_INS1")
batch, fetch, quota = RuleBook("WS_INS4"), RuleBook("WS_INS5"), RuleBook("INSi quota")

_NUMBER = re.compile(r"[0-9]{6}[AB0-9][0-9]{6}")


@check.rule(errors.LEXICAL, source="INSi service, patterns of the schemas; unconfirmed")
def a_check_is_about_an_ins(request: CheckRequest, _: date) -> Iterator[Finding]:
    number, key = request.ins.number, request.ins.key
    if not _NUMBER.fullmatch(number):
        shape = re.sub(r"[0-9]", "9", number)[:20] or "absent"
        yield Finding("INSFourni", "NumIdentifiant", shape, "13 caractères d'un NIR ou d'un NIA")
    elif key and not is_matricule(request.ins.matricule):
        yield Finding("INSFourni", "Cle", re.sub(r"[0-9]", "9", key)[:4], "2 chiffres, ou rien")
    if request.ins.oid not in INS_OIDS:
        expected = " ou ".join(INS_OIDS)
        yield Finding("INSFourni", "OID", request.ins.oid or "absent", expected)


@check.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS10, EF_INS25, second-hand")
def the_traits_of_a_check_are_those_of_a_search(
    request: CheckRequest, today: date
) -> Iterator[Finding]:
    for refusal in search.findings(request.traits, today):
        yield Finding(refusal.subject, refusal.field, refusal.seen, refusal.expected)


@vitale.rule(errors.LEXICAL, source="INSi service; unconfirmed")
def a_card_tells_a_number(request: VitaleRequest, *_: object) -> Iterator[Finding]:
    if not request.number and not request.insured_number:
        yield Finding("RECVITALE", "MatriculeIndividu", "absent", "présent, ou MatriculeOD")
    for field, number in (
        ("MatriculeIndividu", request.number),
        ("MatriculeOD", request.insured_number),
    ):
        if number and not _NUMBER.fullmatch(number):
            yield Finding("RECVITALE", field, "une autre forme", "13 caractères, sans la clé")


@vitale.rule(errors.LEXICAL, source="INSi service; unconfirmed")
def a_card_without_own_number_tells_the_birth(
    request: VitaleRequest, *_: object
) -> Iterator[Finding]:
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
def a_card_speaks_with_an_assertion(
    _: VitaleRequest, has_card: bool, is_needed: bool
) -> Iterator[Finding]:
    if is_needed and not has_card:
        expected = "une seconde assertion, tirée de la carte Vitale"
        yield Finding("wsse:Security", "saml:Assertion", "une seule au plus", expected)


@batch.rule(errors.BATCH_TOO_LARGE, source="bench setting BANC_INS_BATCH_MAX")
def a_lot_has_a_bounded_size(
    requests: Sequence[CheckRequest], _: date, most: int
) -> Iterator[Finding]:
    if len(requests) > most:
        yield Finding("LotVerification", "IndividuVerifie", str(len(requests)), f"{most} au plus")


@batch.rule(errors.LEXICAL, source="SEL-MP-043 EF_INS10, EF_INS25, second-hand")
def each_of_a_lot_can_be_checked(
    requests: Sequence[CheckRequest], today: date, most: int
) -> Iterator[Finding]:
    for place, request in enumerate(requests[:most], start=1):
        for refusal in check.findings(request, today):
            subject = f"IndividuVerifie[{place}] {refusal.subject}"
            yield Finding(subject, refusal.field, refusal.seen, refusal.expected)


@fetch.rule(errors.BATCH_UNKNOWN, source="bench rule")
def a_lot_is_fetched_by_who_deposited_it(lot: str, found: object | None) -> Iterator[Finding]:
    if found is None:
        expected = "un lot déposé par ce logiciel, pour cet établissement"
        yield Finding("RetraitLot", "IdLot", lot[:36] or "vide", expected)


@quota.rule(errors.QUOTA, source="bench setting BANC_INS_QUOTA_PER_MINUTE")
def a_software_makes_so_many_calls(calls: int, most: int) -> Iterator[Finding]:
    if calls > most:
        yield Finding("ContexteLPS", "LPS/IDAM", f"appel {calls} de la minute", f"{most} au plus")


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


def is_born(person: Individual, today: date) -> bool:
    """Whether the person exists on that day: the country knows births to come."""
    return completed_date(person.traits.birth_date) <= today.isoformat()


def agrees(request: CheckRequest, person: Individual | None, today: date) -> bool:
    """Whether an INS and traits are those of ``person``, who is shown as an answer shows them.

    The number is the one in force, with the key it is held with if one is given, under its OID.
    Names are compared without hyphens, apostrophes and spaces (EXI ID 10).
    """
    if person is None or not is_born(person, today):
        return False
    traits, asked = person.traits, request.traits
    known = [normalized(name) for name in traits.first_names]
    given = normalized(" ".join(asked.first_names))
    whole = " ".join(known)
    return (
        request.ins.oid == person.ins.oid
        and request.ins.number == person.ins.number
        and request.ins.key in ("", person.ins.key)
        and normalized(asked.birth_name) == normalized(traits.birth_name)
        and (given == whole if request.has_list else given == known[0])
        and asked.sex == traits.sex
        and asked.birth_date == traits.birth_date
        and asked.birth_place in ("", traits.birth_place)
    )
