"""INS, WS_INS3 to WS_INS5: checks, one by one and in a batch; their schemas are unconfirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kit.clock import FixedClock
from kit.identity import NIA_OID, NIR_OID, TEST_OID, Ins
from kit.service import service_of
from kit.settings import Settings
from kit.xml import Element, canonical
from mocks.ins.app import create_app
from mocks.ins.messages import (
    CHECK_ACTION,
    DEPOSIT_ACTION,
    FETCH_ACTION,
    BatchResult,
    CheckRequest,
    CheckResult,
    SearchRequest,
    read_batch_result,
    read_check_request,
    read_check_result,
    read_deposit_request,
    read_fetch_request,
    write_batch_result,
    write_check_request,
    write_check_result,
    write_deposit_request,
    write_fetch_request,
)
from tests.mocks.ins.builders import an_envelope, contexts
from tests.mocks.ins.conftest import Bench, Certificate, envelope_of, error_of

MakeBench = Callable[..., Bench]
TRAITS = SearchRequest(
    "ECETINSI",
    ("PIERRE-ALAIN", "MURIEL", "FLORIANT"),
    "M",
    "2009-07-14",
    "63220",
    part="TraitsIdentiteIndividu",
)
ECETINSI = CheckRequest(Ins("109076322083489", NIR_OID), TRAITS)


def checked(bench: Bench, request: CheckRequest, **how: Any) -> CheckResult:
    answer = bench.send(an_envelope(write_check_request(request), action=CHECK_ACTION), **how)
    assert answer.status_code == 200, answer.get_data()
    return read_check_result(envelope_of(answer).body)


def called(bench: Bench, body: Element, action: str, **said: Any) -> BatchResult:
    answer = bench.send(an_envelope(body, action=action, said=contexts(**said)))
    assert answer.status_code == 200, answer.get_data()
    return read_batch_result(envelope_of(answer).body)


def test_messages_are_read_as_they_were_written() -> None:
    for request in (ECETINSI, replace(ECETINSI, has_list=False, traits=a_first_name())):
        assert read_check_request(write_check_request(request)) == request
    lot = (replace(ECETINSI, reference="1"), replace(ECETINSI, reference="2"))
    assert read_deposit_request(write_deposit_request(lot)) == lot
    assert read_fetch_request(write_fetch_request("abc")) == "abc"
    result = CheckResult("01", "non")
    assert read_check_result(write_check_result(result)) == result
    batch = BatchResult("00", "OK", "abc", (replace(result, reference="1"),))
    assert read_batch_result(write_batch_result(batch)) == batch


def a_first_name() -> SearchRequest:
    return replace(TRAITS, first_names=("PIERRE-ALAIN",))


CHECKS = [  # what is changed of what agrees, whether it still agrees
    ({}, {}, True),
    ({"birth_place": ""}, {}, True),
    ({"first_names": ("PIERRE", "ALAIN", "MURIEL", "FLORIANT")}, {}, True),
    ({"first_names": ("PIERRE-ALAIN",)}, {"has_list": False}, True),
    ({}, {"ins": Ins("1090763220834", NIR_OID)}, True),
    ({"first_names": ("PIERRE-ALAIN",)}, {}, False),
    ({"first_names": ("MURIEL",)}, {"has_list": False}, False),
    ({"birth_name": "ECETINS"}, {}, False),
    ({"sex": "F"}, {}, False),
    ({"birth_date": "2009-07-15"}, {}, False),
    ({"birth_place": "63113"}, {}, False),
    ({}, {"ins": Ins("109076322083488", NIR_OID)}, False),
    ({}, {"ins": Ins("109076322083489", NIA_OID)}, False),
    ({}, {"ins": Ins("209076322083439", NIR_OID)}, False),  # a past number is in force no more
    ({}, {"ins": Ins("109076322099999", NIR_OID)}, False),
]


@pytest.mark.parametrize(("traits", "changes", "agrees"), CHECKS, ids=range(len(CHECKS)))
def test_an_ins_agrees_with_its_traits(
    bench: Bench, traits: dict[str, Any], changes: dict[str, Any], agrees: bool
) -> None:
    request = replace(ECETINSI, traits=replace(TRAITS, **traits), **changes)
    result = checked(bench, request)
    expected = ("00", "OK") if agrees else ("01", "Identite non concordante")
    assert (result.code, result.label) == expected
    line = bench.line()
    assert (line.transaction, line.outcome) == ("WS_INS3", "accepted")
    assert line.facts == {"unconfirmed": True, "dialect": "2025", "result": expected[0]}


def test_the_answer_to_a_check_never_holds_a_trait(bench: Bench) -> None:
    answer = bench.send(an_envelope(write_check_request(ECETINSI), action=CHECK_ACTION))
    told = canonical(envelope_of(answer).body)
    assert b"TIQ" not in told
    assert b"ECETINSI" not in told


def test_the_published_wrong_key_agrees_as_it_is_held(bench: Bench) -> None:
    traits = SearchRequest("HERMANN", ("GATIEN",), "M", "1981-03-24", part=TRAITS.part)
    for matricule, code in (("181036322045660", "00"), ("181036322045676", "01")):
        assert checked(bench, CheckRequest(Ins(matricule, NIR_OID), traits)).code == code


def test_the_oid_to_check_is_the_one_answered(make_bench: MakeBench) -> None:
    bench = make_bench(ins_oid="test")
    assert checked(bench, ECETINSI).code == "01"
    assert checked(bench, replace(ECETINSI, ins=Ins("109076322083489", TEST_OID))).code == "00"


def test_the_label_is_a_setting_and_the_listeners_are_all_three(
    make_bench: MakeBench, certificate: Certificate
) -> None:
    bench = make_bench(ins_check_label="KO")
    wrong = replace(ECETINSI, traits=replace(TRAITS, sex="F"))
    result = checked(bench, wrong, listener="mtls", peer=certificate("INSI-AUTO"))
    assert (result.code, result.label) == ("01", "KO")


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (replace(ECETINSI, ins=Ins("12", NIR_OID)), "a_check_is_about_an_ins"),
        (replace(ECETINSI, ins=Ins("1090763220834XX", NIR_OID)), "a_check_is_about_an_ins"),
        (replace(ECETINSI, ins=Ins("109076322083489", "1.2.3")), "a_check_is_about_an_ins"),
        (
            replace(ECETINSI, traits=replace(TRAITS, birth_name="Écetinsi")),
            "the_traits_of_a_check_are_those_of_a_search",
        ),
    ],
)
def test_what_cannot_be_checked_is_refused(bench: Bench, request_: CheckRequest, rule: str) -> None:
    answer = bench.send(an_envelope(write_check_request(request_), action=CHECK_ACTION))
    assert (answer.status_code, error_of(answer).code) == (500, "insi_110")
    assert bench.line().refusals[0]["rule"] == rule


def test_checks_can_be_switched_off(make_bench: MakeBench) -> None:
    bench = make_bench(ins_unofficial_checks=False)
    answer = bench.send(an_envelope(write_check_request(ECETINSI), action=CHECK_ACTION))
    assert error_of(answer).code == "desir_511"


# In a batch


def test_a_lot_is_fetched_when_it_is_ready(bench: Bench, clock: FixedClock) -> None:
    wrong = replace(ECETINSI, traits=replace(TRAITS, sex="F"), reference="b")
    lot = write_deposit_request((replace(ECETINSI, reference="a"), wrong))
    deposited = called(bench, lot, DEPOSIT_ACTION)
    assert (deposited.code, deposited.label) == ("00", "Lot depose")
    early = called(bench, write_fetch_request(deposited.lot), FETCH_ACTION)
    assert (early.code, early.results) == ("03", ())
    clock.advance(60)
    found = called(bench, write_fetch_request(deposited.lot), FETCH_ACTION)
    assert (found.code, found.lot) == ("00", deposited.lot)
    assert [(item.reference, item.code) for item in found.results] == [("a", "00"), ("b", "01")]
    lines = bench.lines()
    assert [line.transaction for line in lines] == ["WS_INS4", "WS_INS5", "WS_INS5"]
    assert lines[0].facts["identities"] == 2
    assert [line.facts["result"] for line in lines] == ["00", "03", "00"]


def test_results_are_those_of_the_first_fetch_even_after_a_restart(
    bench: Bench, clock: FixedClock
) -> None:
    lot = called(bench, write_deposit_request((ECETINSI,)), DEPOSIT_ACTION).lot
    settings: Settings = service_of(bench.client.application).settings
    restarted = Bench(create_app(settings, clock).test_client())
    clock.advance(60)
    assert called(restarted, write_fetch_request(lot), FETCH_ACTION).results[0].code == "00"
    bench.client.post("/_banc/ins/persons/109076322083489", json={"sex": "F"})
    assert called(bench, write_fetch_request(lot), FETCH_ACTION).results[0].code == "00"
    assert checked(bench, ECETINSI).code == "01"


def test_a_lot_is_that_of_who_deposited_it(bench: Bench) -> None:
    lot = called(bench, write_deposit_request((ECETINSI,)), DEPOSIT_ACTION).lot
    for said in ({"idam": "IDAM-MASKED"}, {"sender": "10B0152880"}):
        body = an_envelope(write_fetch_request(lot), action=FETCH_ACTION, said=contexts(**said))
        answer = bench.send(body)
        assert (answer.status_code, error_of(answer).code) == (500, "insi_121")
    assert bench.lines()[-1].refusals[0]["rule"] == "a_lot_is_fetched_by_who_deposited_it"


@pytest.mark.parametrize(
    ("lot", "code", "rule"),
    [
        ((ECETINSI,) * 3, "insi_122", "a_lot_has_a_bounded_size"),
        (
            (ECETINSI, replace(ECETINSI, ins=Ins("12", NIR_OID))),
            "insi_110",
            "each_of_a_lot_can_be_checked",
        ),
    ],
)
def test_a_lot_that_cannot_be_checked_is_refused_whole(
    make_bench: MakeBench, lot: tuple[CheckRequest, ...], code: str, rule: str
) -> None:
    bench = make_bench(ins_batch_max=2)
    answer = bench.send(an_envelope(write_deposit_request(lot), action=DEPOSIT_ACTION))
    assert error_of(answer).code == code
    assert bench.line().refusals[0]["rule"] == rule


def test_an_empty_lot_is_malformed(bench: Bench) -> None:
    answer = bench.send(an_envelope(write_deposit_request(()), action=DEPOSIT_ACTION))
    assert error_of(answer).code == "desir_500"
