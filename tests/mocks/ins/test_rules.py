"""INS rules, without app or database: each rule has rows that pass and rows that refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kit.identity import NIA_OID, NIR_OID, TEST_OID, InsLookup
from kit.rules import Refused
from mocks.ins import errors, rules
from mocks.ins.messages import BamContext, Contexts, Signature
from tests.mocks.ins.builders import (
    NOW,
    a_caller,
    a_policy,
    a_search,
    an_assertion,
    an_individual,
    contexts,
)

TODAY = date(2026, 1, 5)

TRAITS: list[tuple[dict[str, Any], list[str]]] = [  # what is changed, which rules refuse
    ({}, []),
    ({"birth_name": ""}, ["the_mandatory_traits_are_given"]),
    ({"first_names": ()}, ["the_mandatory_traits_are_given"]),
    ({"first_names": ("TOUSSAINT", "")}, ["the_mandatory_traits_are_given"]),
    ({"sex": ""}, ["the_mandatory_traits_are_given"]),
    ({"birth_date": ""}, ["the_mandatory_traits_are_given"]),
    ({"birth_name": "D'ARTAGNAN DE L'HERAULT"}, []),
    ({"birth_name": "'T HOOFT"}, []),
    ({"birth_name": "DUVAL--LE GOFF"}, []),
    ({"birth_name": "DUVAL---LE GOFF"}, ["a_birth_name_joins_its_parts_once"]),
    ({"birth_name": "DUVAL  GOFF"}, ["a_birth_name_joins_its_parts_once"]),
    ({"birth_name": "D''ARTAGNAN"}, ["a_birth_name_joins_its_parts_once"]),
    ({"birth_name": "D' ARTAGNAN"}, ["a_birth_name_joins_its_parts_once"]),
    ({"birth_name": "Duval"}, ["a_birth_name_has_only_plain_capitals"]),
    ({"birth_name": "LEFÈVRE"}, ["a_birth_name_has_only_plain_capitals"]),
    ({"birth_name": "ŒUVRARD"}, ["a_birth_name_has_only_plain_capitals"]),
    ({"birth_name": "DUVAL2"}, ["a_birth_name_has_only_plain_capitals"]),
    ({"birth_name": "D’ARTAGNAN"}, ["a_birth_name_has_only_plain_capitals"]),
    ({"birth_name": "-DUVAL"}, ["a_birth_name_starts_with_a_letter_or_apostrophe"]),
    ({"birth_name": " DUVAL"}, ["a_birth_name_starts_with_a_letter_or_apostrophe"]),
    ({"first_names": ("PIERRE-ALAIN", "D'ARC")}, []),
    ({"first_names": ("JEAN", "ANNE_")}, ["a_first_name_has_only_plain_capitals"]),
    ({"first_names": ("PIERRE--ALAIN",)}, ["a_first_name_has_single_hyphens"]),
    ({"first_names": ("PIERRE-",)}, ["a_first_name_does_not_end_with_a_join"]),
    ({"first_names": ("PIERRE'",)}, ["a_first_name_does_not_end_with_a_join"]),
    ({"sex": "F"}, []),
    ({"sex": "I"}, ["the_sex_is_known"]),
    ({"sex": "m"}, ["the_sex_is_known"]),
    ({"birth_date": "1984-99-99"}, []),
    ({"birth_date": "29/02/1984"}, ["a_birth_date_has_its_form"]),
    ({"birth_date": "1984-2-9"}, ["a_birth_date_has_its_form"]),
    ({"birth_date": "2026-01-05"}, []),
    ({"birth_date": "2026-01-06"}, ["nobody_is_born_tomorrow"]),
    ({"birth_date": "2027-00-00"}, ["nobody_is_born_tomorrow"]),
    ({"birth_date": "2026-00-00"}, []),
    ({"birth_place": "2A020"}, []),
    ({"birth_place": "99351"}, []),
    ({"birth_place": "2C020"}, ["a_birth_place_is_a_cog_code"]),
    ({"birth_place": "6322"}, ["a_birth_place_is_a_cog_code"]),
    ({"birth_place": "97411"}, []),
    ({"birth_place": "99999"}, ["a_birth_place_exists"]),
    ({"birth_place": "96112"}, ["a_birth_place_exists"]),
    ({"birth_place": "20004"}, ["a_birth_place_exists"]),
    ({"birth_place": "63000"}, ["a_birth_place_exists"]),
    (
        {"birth_name": "duv", "sex": "I", "birth_place": "X"},
        [
            "a_birth_name_has_only_plain_capitals",
            "the_sex_is_known",
            "a_birth_place_is_a_cog_code",
        ],
    ),
]

OLD = NOW - timedelta(hours=1, seconds=1)
NO_CERTIFICATE = {"listener": "tls", "common_name": "", "issuer": ""}
CARD = {
    "id": "_1",
    "name_qualifier": "CPS",
    "name_id": "00B6087510",
    "is_signed": True,
}
AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
CALLERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"common_name": "INSI-MANU"}, []),
    ({"common_name": "insi-auto"}, ["the_certificate_is_made_for_insi"]),
    ({"common_name": "INSI_AUTO"}, ["the_certificate_is_made_for_insi"]),
    ({"common_name": "", "issuer": ""}, ["mutual_tls_needs_a_client_certificate"]),
    (
        {"issuer": "MOCK AC IGC-SANTE FORT PERSONNES"},
        ["the_certificate_is_issued_for_organisations"],
    ),
    ({"listener": "plain", "common_name": "", "issuer": ""}, []),
    ({"assertion": an_assertion(issued_at=OLD)}, []),
    (NO_CERTIFICATE, ["one_way_tls_needs_an_assertion"]),
    (NO_CERTIFICATE | {"assertion": an_assertion()}, []),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(id="", issuer="", name_id="")},
        ["an_assertion_is_complete"] * 3,
    ),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(issued_at=None, version="1.1")},
        ["an_assertion_is_complete"] * 2,
    ),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(name_qualifier="", attributes=())},
        ["an_assertion_is_complete"] * 3,
    ),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(attributes=(("IdentifiantFacturation", "1"),))},
        ["an_assertion_is_complete"],
    ),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(**CARD | {"is_signed": False})},
        ["a_card_assertion_is_signed"],
    ),
    (
        NO_CERTIFICATE
        | {"assertion": an_assertion(**CARD), "signature": Signature(flaw="changed")},
        ["the_signature_of_an_assertion_holds"],
    ),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(**CARD), "signature": Signature("00B6087510")},
        [],
    ),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(**CARD), "signature": Signature("00B6087511")},
        ["a_card_speaks_for_its_holder"],
    ),
    (
        NO_CERTIFICATE
        | {
            "assertion": an_assertion(**CARD),
            "signature": Signature("00B6087510", "", "CN=00B6087510,C=FR", may_sign=False),
        },
        [
            "a_card_assertion_is_signed_to_be_signed",
            "the_issuer_of_a_card_assertion_is_its_signer",
        ],
    ),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(audiences=("urn:dmp",))},
        ["an_assertion_is_made_for_this_service"],
    ),
    (
        NO_CERTIFICATE
        | {"assertion": an_assertion(audiences=("https://services-ps.example.test/lps",))},
        [],
    ),
    (
        NO_CERTIFICATE
        | {
            "assertion": an_assertion(
                attributes=(*an_assertion().attributes, ("Ressource_URN", "urn:dmp"))
            )
        },
        ["an_assertion_is_made_for_this_service"],
    ),
    (NO_CERTIFICATE | {"assertion": an_assertion(issued_at=OLD)}, ["an_assertion_is_fresh"]),
    (
        NO_CERTIFICATE | {"assertion": an_assertion(issued_at=NOW + timedelta(minutes=6))},
        ["an_assertion_is_fresh"],
    ),
    ({"contexts": contexts(idam="UNKNOWN")}, ["the_software_is_authorized"]),
    ({"contexts": contexts(idam="")}, ["the_software_is_authorized"]),
    ({"contexts": Contexts()}, ["a_call_has_both_contexts"] * 2),
    ({"contexts": Contexts(None, contexts().lps)}, ["a_call_has_both_contexts"]),
    (
        {"contexts": contexts(version="01_01", nature="X", id="", stated_at=None)},
        ["a_context_has_what_its_schema_requires"] * 4,
    ),
    ({"contexts": contexts(nature="CTXLPS")}, []),
    (
        {"contexts": Contexts(BamContext("1", AT, has_coverage=False), contexts().lps)},
        ["a_context_has_what_its_schema_requires"],
    ),
    ({"message_id": ""}, ["a_call_is_addressed"]),
    ({"action": ""}, ["a_call_is_addressed"]),
    (
        {"action": "urn:ServiceIdentiteCertifiee:1.0.0:inconnue"},
        ["an_action_is_one_of_the_service"],
    ),
    (
        {"common_name": "X", "contexts": contexts(idam="Y"), "message_id": ""},
        [
            "the_certificate_is_made_for_insi",
            "the_software_is_authorized",
            "a_call_is_addressed",
        ],
    ),
]


@pytest.mark.parametrize(("changes", "refused"), TRAITS, ids=[str(row[0]) for row in TRAITS])
def test_traits_are_judged(changes: dict[str, Any], refused: list[str]) -> None:
    found = rules.search.findings(a_search(**changes), TODAY)
    assert [refusal.rule for refusal in found] == refused
    assert {refusal.code for refusal in found} <= {errors.LEXICAL}


@pytest.mark.parametrize(("changes", "refused"), CALLERS, ids=range(len(CALLERS)))
def test_a_caller_is_judged(changes: dict[str, Any], refused: list[str]) -> None:
    found = rules.access.findings(a_caller(**changes), a_policy())
    assert [refusal.rule for refusal in found] == refused
    for refusal in found:
        assert refusal.subject
        assert refusal.source
        assert refusal.expected


def test_an_unsigned_psc_assertion_is_a_choice() -> None:
    closed = replace(a_policy(), accepts_psc=False)
    caller = a_caller(**NO_CERTIFICATE | {"assertion": an_assertion()})
    (refusal,) = rules.access.findings(caller, closed)
    assert (refusal.rule, refusal.code.code) == (
        "an_unsigned_psc_assertion_is_a_choice",
        "desir_521",
    )
    assert rules.access.findings(caller, a_policy()) == []


def test_every_rule_has_a_row_that_refuses() -> None:
    seen = {rule for _, refused in (*TRAITS, *CALLERS) for rule in refused}
    seen.add("an_unsigned_psc_assertion_is_a_choice")  # above
    assert seen == {row.name for book in (rules.access, rules.search) for row in book.rows}


def test_a_refusal_never_shows_a_trait_in_clear() -> None:
    secret = a_search(
        birth_name="Zyxwvut", first_names=("Qponmlk-",), birth_date="17/03/1961", birth_place="kjih"
    )
    with pytest.raises(Refused) as raised:
        rules.search.check(secret, TODAY)
    told = json.dumps([item.as_dict() for item in raised.value.refusals], ensure_ascii=False)
    for trait in ("Zyxwvut", "Qponmlk", "17/03/1961", "1961", "kjih"):
        assert trait not in told
    assert [letter for letter in "yxwvut" if f"« {letter} »" in told] == ["y"]


def test_the_day_is_that_of_france() -> None:
    assert rules.day_in_france(datetime(2026, 1, 5, 23, 30, tzinfo=UTC)) == date(2026, 1, 6)


MODES = ("strict", "lenient")
ANNE = {"birth_name": "DUVAL", "sex": "F", "birth_date": "1984-02-29"}
SEARCHES = [  # what is searched, found when strict, found when lenient
    ({"first_names": ("ANNE-SOPHIE",)}, True, True),
    ({"first_names": ("ANNE SOPHIE",)}, True, True),
    ({"first_names": ("ANNE",)}, False, True),
    ({"first_names": ("ANN",)}, False, False),
    ({"first_names": ("MARIE",)}, False, True),
    ({"first_names": ("ANNE-SOPHIE", "MARIE")}, True, True),
    ({"first_names": ("MARIE", "ANNE-SOPHIE")}, False, True),
    ({"first_names": ("ANNE-SOPHIE MARIE",)}, True, True),
    ({"first_names": ("ANNE-SOPHIE", "MARIE", "LOUISE")}, False, False),
    ({"first_names": ("ANNE-SOPHIE",), "birth_place": "35238"}, True, True),
    ({"first_names": ("ANNE-SOPHIE",), "birth_place": "63220"}, False, False),
    ({"first_names": ("ANNE-SOPHIE",), "birth_name": "DUVALL"}, False, False),
    ({"first_names": ("ANNE-SOPHIE",), "sex": "M"}, False, False),
    ({"first_names": ("ANNE-SOPHIE",), "birth_date": "1984-03-01"}, False, False),
]


@pytest.mark.parametrize(("traits", "strict", "lenient"), SEARCHES)
def test_a_search_designates(traits: dict[str, Any], strict: bool, lenient: bool) -> None:
    request, anne = a_search(**ANNE | traits), an_individual()
    assert bool(rules.designated(request, [anne], "strict")) is strict
    assert bool(rules.designated(request, [anne], "lenient")) is lenient


def test_the_beginning_of_a_list_is_consistent_whatever_joins_it() -> None:
    """EXI ID 10, as quoted in INSi captures."""
    person = an_individual(first_names=("JEAN", "CHRISTOPHE", "PIERRE"), sex="M")
    man = {"birth_name": "DUVAL", "sex": "M", "birth_date": "1984-02-29"}
    for mode in ("strict", "lenient"):
        for given in ("JEAN", "JEAN CHRISTOPHE", "JEAN-CHRISTOPHE", "JEAN-CHRISTOPHE-PIERRE"):
            assert rules.designated(a_search(**man, first_names=(given,)), [person], mode), given
        wrong = a_search(**man, first_names=("JEAN PIERRE",))
        assert not rules.designated(wrong, [person], mode)


def test_an_incomplete_date_is_another_one_unless_lenient() -> None:
    person = an_individual(birth_date="1948-00-00", first_names=("FATIMA",))
    woman = {"birth_name": "DUVAL", "sex": "F", "first_names": ("FATIMA",)}
    as_written = a_search(**woman, birth_date="1948-00-00")
    completed = a_search(**woman, birth_date="1948-12-31")
    assert [bool(rules.designated(as_written, [person], mode)) for mode in MODES] == [True, True]
    assert [bool(rules.designated(completed, [person], mode)) for mode in MODES] == [False, True]


def test_a_birth_place_narrows_homonyms() -> None:
    people = [an_individual(), an_individual(birth_place="63220")]
    request = a_search(**ANNE, first_names=("ANNE-SOPHIE",))
    both = rules.designated(request, people, "strict")
    one = rules.designated(
        a_search(**ANNE, first_names=("ANNE-SOPHIE",), birth_place="63220"), people, "strict"
    )
    assert rules.outcome(both) is InsLookup.SEVERAL
    assert rules.outcome(one) is InsLookup.FOUND
    assert rules.outcome(()) is InsLookup.NONE


@pytest.mark.parametrize(
    ("held", "switch", "answered"),
    [
        (TEST_OID, "held", TEST_OID),
        (NIA_OID, "held", NIA_OID),
        (NIA_OID, "test", TEST_OID),
        (TEST_OID, "production", NIR_OID),
        (NIA_OID, "production", NIA_OID),
    ],
)
def test_the_oid_follows_its_switch(held: str, switch: str, answered: str) -> None:
    known = an_individual()
    person = type(known)(type(known.ins)(known.ins.matricule, held), known.traits, (known.ins,))
    shown = rules.as_answered(person, switch, has_first_name=True)
    assert shown.ins.oid == answered
    assert shown.first_name == "ANNE-SOPHIE"
    assert rules.as_answered(person, switch, has_first_name=False).first_name == ""
