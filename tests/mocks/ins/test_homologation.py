"""INS, the published homologation tests 2.03 to 2.08, as played on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.identity import NIA_OID, NIR_OID
from kit.xml import find_all
from mocks.ins.messages import Individual, SearchRequest, read_search_result, write_search_request
from tests.mocks.ins.builders import an_envelope
from tests.mocks.ins.conftest import Bench, envelope_of

ECETINSI = SearchRequest("ECETINSI", ("PIERRE-ALAIN",), "M", "2009-07-14")
HERMANN = SearchRequest("HERMANN", ("GATIEN",), "M", "1981-03-24")
COG = "63220"

TESTS: list[tuple[str, tuple[Any, ...], str, str, tuple[str, ...]]] = [
    # test, (name, first name, sex, date, COG), code, matricule (empty: not published), history
    ("smoke", ("ADRUN", "ZOE", "F", "1975-12-31"), "00", "275126322074974", ()),
    (
        "2.03 c1",
        ("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN", "M", "2001-06-17", COG),
        "00",
        "",
        (),
    ),
    ("2.03 c2", ("ADRTROIS", "TOUSSAINT", "M", "1960-01-01"), "00", "160012B02077713", ()),
    (
        "2.04",
        ("ECETINSI", "PIERRE-ALAIN", "M", "2009-07-14", COG),
        "00",
        "109076322083489",
        ("209076322083439", "209066322012355"),
    ),
    ("2.05", ("PROVISOIRE", "MATRICULE", "M", "2009-07-01"), "00", "109076322088835", ()),
    ("2.06 c1", ("DE VINCI", "LEONARDO", "M", "2014-02-01"), "02", "", ()),
    ("2.06 c2", ("DE VINCI", "LEONARDO", "M", "2014-02-01", COG), "00", "", ()),
    ("2.07 c1 first", ("TCHITCHI", "OLA", "F", "1936-06-21"), "01", "", ()),
    ("2.07 c1 second", ("TCHITCHI", "CATARINA", "F", "1936-06-21"), "00", "236066322083656", ()),
    ("2.07 c2 first", ("HOUILLES", "PIERRE", "M", "1993-01-27"), "01", "", ()),
    ("2.07 c2 second", ("HOUILLES", "PAUL", "M", "1993-01-27"), "01", "", ()),
    ("2.07 c2 third", ("HOUILLES", "JACQUES", "M", "1993-01-27"), "01", "", ()),
    (
        "2.08 c1",
        ("CORSE", "ANTHONY", "M", "1980-03-02", "2B020"),
        "00",
        "180032B02040123",
        ("180032B02040123",),
    ),
    (
        "2.08 c2",
        ("HERMANN", "GATIEN", "M", "1981-03-24", COG),
        "00",
        "181036322045660",
        ("281036322045610",),
    ),
    (
        "other Corsica",
        ("ADRTROIS", "DOMINIQUE", "F", "1997-02-26", "2A020"),
        "00",
        "297022A02077878",
        (),
    ),
    ("NESSI", ("NESSI", "MICHELANGELO", "M", "2010-08-07"), "00", "110086322083060", ()),
    ("ADRDEUX", ("ADRDEUX", "LAURENT", "M", "1981-01-01"), "00", "181016322075140", ()),
    ("NESSI RUTH", ("NESSI", "RUTH", "F", "1977-07-14"), "00", "277076322082910", ()),
    ("ANS samples", ("PAT-TROIS", "DOMINIQUE", "F", "1979-03-28"), "00", "279035121518989", ()),
]


@pytest.mark.parametrize("matching", ["strict", "lenient"])
@pytest.mark.parametrize("dialect", ["2021", "2025"])
def test_every_published_answer_is_given(
    make_bench: Callable[..., Bench], matching: str, dialect: str
) -> None:
    bench = make_bench(ins_matching=matching, ins_dialect=dialect)
    for test, (name, first, sex, birth_date, *place), code, matricule, history in TESTS:
        request = SearchRequest(name, (first,), sex, birth_date, *place)
        answer = bench.send(an_envelope(write_search_request(request)))
        result = read_search_result(envelope_of(answer).body)
        assert (answer.status_code, result.code) == (200, code), test
        if code != "00":
            assert result.individual is None, test
            continue
        person = result.individual
        assert person is not None
        assert matricule in ("", person.ins.matricule), test
        assert tuple(past.matricule for past in person.history) == history, test
        assert person.first_name == (person.traits.first_name if dialect == "2021" else ""), test


def test_case_3_of_2_03_must_not_be_sent_as_it_is(bench: Bench) -> None:
    request = SearchRequest("D’ÆION", ("CŒUR",), "M", "1987-01-01", "2B020")
    answer = bench.send(an_envelope(write_search_request(request)))
    assert answer.status_code == 500
    rules = [refusal["rule"] for refusal in bench.line().refusals]
    assert rules == ["a_birth_name_has_only_plain_capitals", "a_first_name_has_only_plain_capitals"]


def found(bench: Bench, request: SearchRequest) -> Individual:
    answer = bench.send(an_envelope(write_search_request(request)))
    person = read_search_result(envelope_of(answer).body).individual
    assert person is not None
    return person


def test_the_waiting_number_is_told_by_its_oid_only(bench: Bench) -> None:
    person = found(bench, SearchRequest("PROVISOIRE", ("MATRICULE",), "M", "2009-07-01"))
    assert person.ins.oid == NIA_OID
    assert found(bench, ECETINSI).ins.oid == NIR_OID


def test_the_file_of_2_04_with_its_dates_first_is_answered_on_demand(bench: Bench) -> None:
    """TEST_2.04_cas2 is not valid against the schema, and must be read."""
    path = "/_banc/ins/persons/109076322083489/shape"
    straight = found(bench, ECETINSI)
    assert bench.client.put(path, json={"order": "dates_first"}).status_code == 200
    answer = bench.send(an_envelope(write_search_request(ECETINSI)))
    histories = find_all(envelope_of(answer).body, "resultat:INDIVIDU/resultat:INSHISTO")
    names = [child.tag.rpartition("}")[2] for child in histories[0]]
    assert names == ["DateDeb", "DateFin", "IdIndividu", "OID"]
    assert found(bench, ECETINSI) == straight
    assert found(bench, HERMANN).history
    assert bench.client.delete(path).status_code == 200
    answer = bench.send(an_envelope(write_search_request(ECETINSI)))
    history = find_all(envelope_of(answer).body, "resultat:INDIVIDU/resultat:INSHISTO")[0]
    assert history[0].tag.endswith("IdIndividu")


@pytest.mark.parametrize(
    ("keys", "active", "past"), [("held", "60", "10"), ("right", "76", "26"), ("wrong", "60", "10")]
)
def test_the_keys_of_2_08_are_those_of_the_file_or_of_the_formula(
    bench: Bench, keys: str, active: str, past: str
) -> None:
    path = "/_banc/ins/persons/181036322045660/shape"
    assert bench.client.put(path, json={"keys": keys}).status_code == 200
    person = found(bench, HERMANN)
    assert (person.ins.key, person.history[0].key) == (active, past)


def test_anybody_can_be_answered_with_a_wrong_key(bench: Bench) -> None:
    path = "/_banc/ins/persons/160012B02077713/shape"
    bench.client.put(path, json={"keys": "wrong"})
    person = found(bench, SearchRequest("ADRTROIS", ("TOUSSAINT",), "M", "1960-01-01"))
    assert person.ins.matricule == "160012B02077794"  # 13 - 16, on the circle of 97
    assert not person.ins.has_valid_key
