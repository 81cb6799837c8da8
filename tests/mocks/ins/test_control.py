"""INS, the control channel: corrections, merges, dialects; then search and check again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kit.identity import NIA_OID, NIR_OID, TEST_OID, Ins
from kit.settings import WrongSettings, from_env
from kit.xml import find
from mocks.ins.messages import (
    CHECK_ACTION,
    CheckRequest,
    SearchRequest,
    SearchResult,
    read_check_result,
    read_search_result,
    write_check_request,
    write_search_request,
)
from tests.mocks.ins.builders import a_search, an_envelope, contexts
from tests.mocks.ins.conftest import Bench, envelope_of

MakeBench = Callable[..., Bench]


def ask(bench: Bench, request: SearchRequest) -> SearchResult:
    answer = bench.send(an_envelope(write_search_request(request)))
    assert answer.status_code == 200
    return read_search_result(envelope_of(answer).body)


TOUSSAINT = "/_banc/ins/persons/160012B02077713"


def test_a_corrected_person_is_found_by_the_new_traits_only(bench: Bench) -> None:
    changed = bench.client.post(TOUSSAINT, json={"birth_name": "ADRQUATRE"})
    assert changed.get_json()["birth_name"] == "ADRQUATRE"
    assert ask(bench, a_search()).code == "01"
    assert ask(bench, a_search(birth_name="ADRQUATRE")).code == "00"
    assert bench.client.delete(TOUSSAINT).status_code == 200
    assert ask(bench, a_search()).code == "00"


def test_a_changed_number_is_answered_with_the_old_one_in_history(bench: Bench) -> None:
    bench.client.post(TOUSSAINT, json={"matricule": "160012B02099991", "oid": TEST_OID})
    found = ask(bench, a_search()).individual
    assert found is not None
    assert found.ins.matricule == "160012B02099991"
    assert [past.matricule for past in found.history] == ["160012B02077713"]
    assert bench.client.get(TOUSSAINT).status_code == 404
    assert bench.client.get("/_banc/ins/persons/160012B02099991").status_code == 200


def test_the_control_channel_tells_what_is_wrong(bench: Bench) -> None:
    wrong = bench.client.post(TOUSSAINT, json={"sex": "X"})
    assert (wrong.status_code, wrong.get_json()["error"]["where"]) == (400, "sex")
    assert bench.client.post(TOUSSAINT, data="sex").status_code == 400
    nobody = "/_banc/ins/persons/199999999999999"
    assert bench.client.get(nobody).status_code == 404
    assert bench.client.post(nobody, json={"sex": "F"}).status_code == 404
    assert bench.client.delete(TOUSSAINT).status_code == 404
    taken = bench.client.post(TOUSSAINT, json={"matricule": "109076322083489"})
    assert taken.status_code == 409
    hidden = bench.client.get(TOUSSAINT, environ_overrides={"banc.listener": "mtls"})
    assert hidden.status_code == 404


# Vigilance: a waiting number becomes permanent, two identities are one

PROVISOIRE = SearchRequest("PROVISOIRE", ("MATRICULE",), "M", "2009-07-01")
WAITING = "109076322088835"
PERMANENT = "109073523800115"


def check(bench: Bench, ins: Ins) -> str:
    traits = replace(PROVISOIRE, part="TraitsIdentiteIndividu")
    body = an_envelope(write_check_request(CheckRequest(ins, traits)), action=CHECK_ACTION)
    return read_check_result(envelope_of(bench.send(body)).body).code


def test_a_waiting_number_becomes_a_permanent_one(bench: Bench) -> None:
    assert check(bench, Ins(WAITING, NIA_OID)) == "00"
    path = f"/_banc/ins/persons/{WAITING}"
    moved = bench.client.post(path, json={"matricule": PERMANENT, "oid": NIR_OID})
    assert moved.status_code == 200
    assert check(bench, Ins(WAITING, NIA_OID)) == "01"
    assert check(bench, Ins(PERMANENT, NIR_OID)) == "00"
    found = ask(bench, PROVISOIRE).individual
    assert found is not None
    assert found.ins == Ins(PERMANENT, NIR_OID)
    assert [(past.matricule, past.oid) for past in found.history] == [(WAITING, NIA_OID)]


LEONARDO = SearchRequest("DE VINCI", ("LEONARDO",), "M", "2014-02-01")


def leonardos(bench: Bench) -> list[str]:
    """The numbers of both, the one born in 63220 first."""
    found = [ask(bench, replace(LEONARDO, birth_place=place)).individual for place in PLACES]
    return [person.ins.matricule for person in found if person]


PLACES = ("63220", "75113")


def test_two_identities_are_merged_and_searched_again(bench: Bench) -> None:
    kept, absorbed = leonardos(bench)
    assert ask(bench, LEONARDO).code == "02"
    path = f"/_banc/ins/persons/{absorbed}"
    merged = bench.client.post(f"{path}/merge", json={"into": kept})
    assert merged.status_code == 200
    assert [past["matricule"] for past in merged.get_json()["history"]] == [absorbed]
    found = ask(bench, LEONARDO).individual
    assert found is not None
    assert found.ins.matricule == kept
    assert [past.matricule for past in found.history] == [absorbed]
    assert ask(bench, replace(LEONARDO, birth_place="75113")).code == "01"
    assert bench.client.get(path).status_code == 404
    assert bench.client.delete(f"/_banc/ins/persons/{kept}").status_code == 200
    assert ask(bench, LEONARDO).code == "02"


def test_a_merge_that_cannot_be_is_told(bench: Bench) -> None:
    kept, absorbed = leonardos(bench)
    path = f"/_banc/ins/persons/{absorbed}/merge"
    assert bench.client.post(path, json={"into": absorbed}).status_code == 409
    assert bench.client.post(path, json={"into": "199999999999999"}).status_code == 404
    assert bench.client.post(path, json={"into": "1"}).get_json()["error"]["where"] == "into"
    assert bench.client.post(path, json={}).status_code == 400
    nobody = "/_banc/ins/persons/199999999999999/merge"
    assert bench.client.post(nobody, json={"into": kept}).status_code == 404


@pytest.mark.parametrize(
    ("given", "where"), [({}, "body"), ({"order": "any"}, "order"), ({"key": "held"}, "key")]
)
def test_a_wrong_shape_is_told(bench: Bench, given: dict[str, str], where: str) -> None:
    answer = bench.client.put(f"{TOUSSAINT}/shape", json=given)
    assert (answer.status_code, answer.get_json()["error"]["where"]) == (400, where)
    nobody = bench.client.put("/_banc/ins/persons/199999999999999/shape", json={"keys": "wrong"})
    assert nobody.status_code == 404


def test_a_reset_gives_everything_back(bench: Bench) -> None:
    bench.client.post(TOUSSAINT, json={"birth_name": "ADRQUATRE"})
    bench.client.put("/_banc/ins/dialects/BANC-TEST", json={"dialect": "2021"})
    assert ask(bench, a_search()).code == "01"
    assert bench.client.post("/_banc/reset").status_code == 200
    assert ask(bench, a_search()).code == "00"
    assert bench.client.get("/_banc/ins/dialects").get_json()["chosen"] == {}


def test_a_change_is_seen_by_every_process(make_bench: MakeBench) -> None:
    one, other = make_bench(), make_bench()
    assert ask(other, a_search()).code == "00"
    one.client.post(TOUSSAINT, json={"birth_name": "ADRQUATRE"})
    assert ask(other, a_search()).code == "01"


# Dialects

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def spoken(bench: Bench, idam: str) -> tuple[str, str, str]:
    """Prefixes of an answer's body and of a fault, and the language of the fault."""
    answer = bench.send(an_envelope(said=contexts(idam=idam)))
    assert answer.status_code == 200
    wrong = an_envelope(write_search_request(a_search(sex="I")), said=contexts(idam=idam))
    fault = envelope_of(bench.send(wrong)).body
    text = find(fault, "soap:Reason/soap:Text")
    assert text is not None
    body = answer.get_data().partition(b":Body")[0].rpartition(b"<")[2].decode()
    return body, str(fault.prefix), str(text.get(LANGUAGE))


D2021, D2022, D2025 = ("S", "S", "en"), ("env", "S", "en"), ("env", "soap", "fr")


def test_each_software_is_answered_in_its_dialect(make_bench: MakeBench) -> None:
    bench = make_bench(ins_dialects=("BANC-TEST=2022",))
    assert (spoken(bench, "BANC-TEST"), spoken(bench, "IDAM-MASKED")) == (D2022, D2025)
    put = bench.client.put("/_banc/ins/dialects/BANC-TEST", json={"dialect": "2021"})
    assert put.status_code == 200
    assert (spoken(bench, "BANC-TEST"), spoken(bench, "IDAM-MASKED")) == (D2021, D2025)
    assert [line.facts.get("dialect") for line in bench.lines()[-4:]] == ["2021"] * 2 + ["2025"] * 2
    assert bench.client.delete("/_banc/ins/dialects/BANC-TEST").status_code == 200
    assert spoken(bench, "BANC-TEST") == D2022


def test_an_unknown_software_is_refused_in_the_dialect_chosen_for_it(bench: Bench) -> None:
    bench.client.put("/_banc/ins/dialects/ZZZ", json={"dialect": "2021"})
    answer = bench.send(an_envelope(said=contexts(idam="ZZZ")))
    assert b"<S:Fault" in answer.get_data()
    assert b"<soap:Fault" in bench.send(b"bonjour").get_data()


def test_a_wrong_dialect_is_told(bench: Bench) -> None:
    for given in ({}, {"dialect": "2024"}, {"name": "2021"}):
        assert bench.client.put("/_banc/ins/dialects/X", json=given).status_code == 400
    with pytest.raises(WrongSettings, match="2024"):
        from_env({"BANC_INS_DIALECTS": "X=2024"})
    assert from_env({"BANC_INS_DIALECTS": "X=2021,Y=2022"}).ins_dialects == ("X=2021", "Y=2022")


@pytest.mark.parametrize(
    ("dialect", "choice", "first_name"),
    [("2025", "always", "TOUSSAINT"), ("2021", "never", ""), ("2021", "dialect", "TOUSSAINT")],
)
def test_the_first_name_of_the_traits_is_a_choice(
    make_bench: MakeBench, dialect: str, choice: str, first_name: str
) -> None:
    bench = make_bench(ins_dialect=dialect, ins_first_name=choice)
    person = ask(bench, a_search()).individual
    assert person is not None
    assert person.first_name == first_name


@pytest.mark.parametrize(("severity", "told"), [("captured", b"fatal"), ("schema", b"fatale")])
def test_the_gravest_severity_is_as_captured_or_as_its_schema_says(
    make_bench: MakeBench, severity: str, told: bytes
) -> None:
    bench = make_bench(ins_severity=severity, ins_fault_rate=1.0)
    assert b'severite="' + told + b'"' in bench.send(an_envelope()).get_data()
