"""INS mock, rules: what a check is refused for, and what it finds.

Pure: no Flask, no XML, no SQL. The traits of a check obey the rules of a search (``traits``).
UNCONFIRMED: the rules of the real checks (EF_INS25) are not public.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from kit.identity import INS_OIDS, is_matricule, normalized
from kit.rules import Finding, RuleBook
from mocks.ins import errors
from mocks.ins.messages import CheckRequest, Individual
from mocks.ins.rules.matching import is_born
from mocks.ins.rules.traits import search

check = RuleBook("WS_INS3")
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
