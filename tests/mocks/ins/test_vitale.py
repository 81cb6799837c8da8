"""INS, WS_INS1: the search with a Vitale card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.pki import CertificateKind, Person, TestPki
from kit.settings import Settings
from kit.signature import sign_enveloped
from kit.world import world_of
from kit.xml import Element, build
from mocks.ins.messages import (
    VITALE_ACTION,
    Assertion,
    SearchResult,
    VitaleRequest,
    read_search_result,
    read_vitale_request,
    write_assertion,
    write_vitale_request,
)
from tests.mocks.ins.builders import NOW, an_assertion, an_envelope
from tests.mocks.ins.conftest import Bench, Certificate, envelope_of, error_of

ECETINSI = VitaleRequest("1090763220834", "", "ECETINSI", "2009-07-14", "1")


def ask(bench: Bench, request: VitaleRequest, **how: Any) -> SearchResult:
    body = an_envelope(write_vitale_request(request), action=VITALE_ACTION)
    answer = bench.send(body, **how)
    assert answer.status_code == 200, answer.get_data()
    return read_search_result(envelope_of(answer).body)


@pytest.mark.parametrize(
    "request_",
    [ECETINSI, VitaleRequest("1", "2", "", "", "1"), VitaleRequest()],
)
def test_a_request_is_read_as_it_was_written(request_: VitaleRequest) -> None:
    assert read_vitale_request(write_vitale_request(request_)) == request_


SEARCHES = [  # what the card tells, what is found
    (ECETINSI, "109076322083489"),
    (VitaleRequest("1090763220834"), "109076322083489"),
    (VitaleRequest("2090763220834"), "109076322083489"),  # a past number still leads there
    (VitaleRequest("1810363220456"), "181036322045660"),  # the key of the base, not of the card
    (VitaleRequest("", "1090763220834", "", "2009-07-14", "1"), "109076322083489"),
    (VitaleRequest("", "1090763220834", "", "2009-07-14", "2"), ""),
    (VitaleRequest("", "1090763220834", "", "2019-07-14", "1"), ""),
    (VitaleRequest("1090763220834", birth_name="AUTRE"), ""),
    (VitaleRequest("1090763220999"), ""),
]


@pytest.mark.parametrize(("asked", "matricule"), SEARCHES, ids=range(len(SEARCHES)))
def test_a_card_opens_the_question(bench: Bench, asked: VitaleRequest, matricule: str) -> None:
    result = ask(bench, asked)
    assert result.code == ("00" if matricule else "01")
    assert (result.individual.ins.matricule if result.individual else "") == matricule
    line = bench.line()
    assert (line.transaction, line.outcome, line.subject) == ("WS_INS1", "accepted", matricule)
    assert line.facts["result"] == result.code


def test_an_invented_person_is_found_by_their_number(bench: Bench, settings: Settings) -> None:
    person = world_of(settings).patient(31_415_926)
    found = ask(bench, VitaleRequest(person.ins.number)).individual
    assert found is not None
    assert found.traits == person.traits


def test_somebody_who_is_not_born_yet_is_not_found(bench: Bench, settings: Settings) -> None:
    child = world_of(settings).find_patients("2026-11-03", "F")
    assert ask(bench, VitaleRequest(next(child).ins.number)).code == "01"


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (VitaleRequest(birth_name="X"), "a_card_tells_a_number"),
        (VitaleRequest("10907"), "a_card_tells_a_number"),
        (
            VitaleRequest("", "1090763220834", "", "2009-07-14"),
            "a_card_without_own_number_tells_the_birth",
        ),
        (
            VitaleRequest("1090763220834", "", "", "14/07/2009"),
            "a_card_without_own_number_tells_the_birth",
        ),
    ],
)
def test_an_incomplete_card_is_refused(bench: Bench, asked: VitaleRequest, rule: str) -> None:
    answer = bench.send(an_envelope(write_vitale_request(asked), action=VITALE_ACTION))
    assert (answer.status_code, error_of(answer).code) == (500, "insi_110")
    assert bench.line().refusals[0]["rule"] == rule


def test_the_assertion_of_the_card_is_a_setting(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(ins_vitale_card="required")
    body = write_vitale_request(ECETINSI)
    block = write_assertion(an_assertion())
    alone = an_envelope(body, action=VITALE_ACTION, blocks=(block,))
    answer = bench.send(alone, listener="tls")
    assert error_of(answer).code == "desir_520"
    assert bench.line().refusals[0]["rule"] == "a_card_speaks_with_an_assertion"
    block.append(write_assertion(an_assertion(id="_card"))[0])
    both = an_envelope(write_vitale_request(ECETINSI), action=VITALE_ACTION, blocks=(block,))
    assert bench.send(both, listener="tls").status_code == 200


def a_card(pki: TestPki, said: Assertion, spoil: str = "") -> Element:
    """The block of the professional, with the card's assertion after it."""
    block = write_assertion(an_assertion())
    card = write_assertion(replace(said, id="_card"))[0]
    signer = pki.issue(
        CertificateKind.PS_SIGN, common_name="CARTE", person=Person("", "ANNE", "DE TEST")
    )
    sign_enveloped(card, signer, after="saml2:Issuer")
    if spoil:
        card.set("IssueInstant", spoil)
    block.append(card)
    return block


CARDS = [  # the assertion of the card, what is altered after signing, the rule and the fault
    (an_assertion(), "", "", ""),
    (an_assertion(issuer=""), "", "the_assertion_of_a_card_is_complete", "desir_520"),
    (
        an_assertion(issued_at=NOW - timedelta(hours=2)),
        "",
        "the_assertion_of_a_card_is_fresh",
        "desir_522",
    ),
    (an_assertion(), "2026-01-05T07:59:59Z", "the_signature_of_a_card_holds", "desir_521"),
]


@pytest.mark.parametrize(("said", "spoil", "rule", "code"), CARDS)
def test_the_assertion_of_a_card_is_judged(
    bench: Bench, pki: TestPki, said: Assertion, spoil: str, rule: str, code: str
) -> None:
    body = write_vitale_request(ECETINSI)
    call = an_envelope(body, action=VITALE_ACTION, blocks=(a_card(pki, said, spoil),))
    answer = bench.send(call, listener="tls")
    assert [refusal["rule"] for refusal in bench.line().refusals] == ([rule] if rule else [])
    assert answer.status_code == (500 if rule else 200)
    if rule:
        assert error_of(answer).code == code


def test_with_a_client_certificate_the_first_assertion_is_that_of_the_card(
    make_bench: Callable[..., Bench], certificate: Certificate
) -> None:
    bench = make_bench(ins_vitale_card="required")
    card = write_assertion(an_assertion())
    call = an_envelope(write_vitale_request(ECETINSI), action=VITALE_ACTION, blocks=(card,))
    answer = bench.send(call, listener="mtls", peer=certificate("INSI-MANU"))
    assert answer.status_code == 200, answer.get_data()


def test_every_listener_serves_it(bench: Bench, certificate: Certificate) -> None:
    assert ask(bench, ECETINSI).code == "00"
    ask(bench, ECETINSI, listener="mtls", peer=certificate("INSI-MANU"))
    signed_by_psc = an_envelope(
        write_vitale_request(ECETINSI),
        action=VITALE_ACTION,
        blocks=(write_assertion(an_assertion()),),
    )
    assert bench.send(signed_by_psc, listener="tls").status_code == 200
    assert [line.listener for line in bench.lines()] == ["plain", "mtls", "tls"]


def test_what_the_schema_does_not_know_is_malformed(bench: Bench) -> None:
    body = build("recvit:RECVITALE", build("recvit:Prenom", "ANNE"))
    answer = bench.send(an_envelope(body, action=VITALE_ACTION))
    assert error_of(answer).code == "desir_500"
    assert bench.line().outcome == "malformed"
