"""INS entry points, input that must be refused: the fault on the wire, the rule in the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.settings import Settings
from kit.world import world_of
from kit.xml import build, find_text, serialize
from mocks.ins.messages import (
    ACTION,
    Assertion,
    Contexts,
    SearchRequest,
    SearchResult,
    read_search_result,
    write_assertion,
    write_search_request,
)
from tests.mocks.ins.builders import (
    MESSAGE_ID,
    NOW,
    a_search,
    an_assertion,
    an_envelope,
    contexts,
)
from tests.mocks.ins.conftest import Bench, Certificate, envelope_of, error_of

MakeBench = Callable[..., Bench]


def ask(bench: Bench, request: SearchRequest) -> SearchResult:
    answer = bench.send(an_envelope(write_search_request(request)))
    assert answer.status_code == 200
    return read_search_result(envelope_of(answer).body)


# What is asked


def without(name: str) -> bytes:
    """A call without one of its header blocks."""
    said = contexts()
    changes = {
        "bam": {"said": replace(said, bam=None)},
        "lps": {"said": replace(said, lps=None)},
        "action": {"action": ""},
        "message": {"message_id": ""},
        "unknown": {"action": "urn:ServiceIdentiteCertifiee:1.0.0:inconnue"},
    }
    return an_envelope(**changes[name])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("bam", "desir_510", "ContexteBAM"),
        ("lps", "desir_510", "ContexteLPS"),
        ("action", "desir_510", "wsa:Action"),
        ("message", "desir_510", "wsa:MessageID"),
        ("unknown", "desir_511", "inconnue"),
    ],
)
def test_a_missing_header_is_refused(bench: Bench, name: str, code: str, told: str) -> None:
    answer = bench.send(without(name))
    assert answer.status_code == 500
    assert error_of(answer).code == code
    assert told in error_of(answer).text
    assert bench.line().outcome == "refused"
    assert bench.line().codes == (code,)


LEXICAL = [
    ({"birth_name": "adrtrois"}, "NomNaissance"),
    ({"birth_name": "ADRTROÏS"}, "NomNaissance"),
    ({"birth_name": "ADR3"}, "NomNaissance"),
    ({"birth_name": "D’ARTAGNAN"}, "NomNaissance"),
    ({"birth_date": "2026-01-06"}, "DateNaissance"),
    ({"sex": "I"}, "Sexe"),
    ({"birth_place": "ABCDE"}, "LieuNaissance"),
    ({"first_names": ()}, "Prenom"),
]


@pytest.mark.parametrize(("changes", "field"), LEXICAL, ids=[str(row[0]) for row in LEXICAL])
def test_a_broken_lexical_rule_is_refused(
    bench: Bench, changes: dict[str, Any], field: str
) -> None:
    answer = bench.send(an_envelope(write_search_request(a_search(**changes))))
    assert answer.status_code == 500
    error = error_of(answer)
    assert (error.code, error.message_id) == ("insi_110", MESSAGE_ID)
    assert field in error.text
    line = bench.line()
    assert (line.outcome, line.codes, line.transaction) == ("refused", ("insi_110",), "WS_INS2")
    assert line.refusals[0]["field"].startswith(field)
    assert line.refusals[0]["source"]


def test_every_refusal_is_told_at_once(bench: Bench) -> None:
    spoiled = a_search(birth_name="x", sex="I", birth_date="hier")
    answer = bench.send(an_envelope(write_search_request(spoiled)))
    fields = ["NomNaissance", "Sexe", "DateNaissance"]
    assert [refusal["field"] for refusal in bench.line().refusals] == fields
    assert all(field in error_of(answer).text for field in fields)


def test_a_well_formed_unknown_birth_place_finds_nobody(bench: Bench) -> None:
    assert ask(bench, a_search(birth_place="63999")).code == "01"


def two_operations() -> bytes:
    body = serialize(write_search_request(a_search()))
    whole = an_envelope()
    return whole.replace(b"</soap:Body>", body + b"</soap:Body>")


def bomb(declaration: bytes, use: bytes) -> bytes:
    whole = an_envelope().partition(b"?>")[2]
    return b'<?xml version="1.0"?>' + declaration + whole.replace(b"TOUSSAINT", use)


BAD_INPUT = [
    ("truncated", an_envelope()[:-40], 500),
    ("empty", b"", 500),
    ("not xml", b"bonjour", 500),
    ("two operations", two_operations(), 500),
    ("unknown element", an_envelope(build("recsans:INCONNU")), 500),
    (
        "trait twice",
        an_envelope(
            build("recsans:RECSANSVITALE", *(build("recsans:Sexe", "M") for _ in range(2)))
        ),
        500,
    ),
    ("bomb", bomb(b'<!DOCTYPE a [<!ENTITY b "T"><!ENTITY c "&b;&b;">]>', b"&c;"), 500),
    ("external", bomb(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>', b"&b;"), 500),
    ("oversized", an_envelope() + b" " * 40_000, 413),
]


@pytest.mark.parametrize(("_name", "data", "status"), BAD_INPUT, ids=[row[0] for row in BAD_INPUT])
def test_bad_input_is_told_and_the_service_goes_on(
    make_bench: MakeBench, _name: str, data: bytes, status: int
) -> None:
    bench = make_bench(max_body_bytes=20_000)
    answer = bench.send(data)
    assert answer.status_code == status
    assert error_of(answer).code == "desir_500"
    assert b"root:" not in answer.get_data()
    line = bench.line()
    assert (line.outcome, line.codes) == ("malformed", ("desir_500",))
    assert bench.send(an_envelope()).status_code == 200


def test_a_wrong_content_type_is_told(bench: Bench) -> None:
    answer = bench.send(an_envelope(), content_type="text/xml")
    assert answer.status_code == 500
    assert "text/xml" in error_of(answer).text
    assert bench.line().outcome == "malformed"


def test_soap_1_1_is_another_version(bench: Bench) -> None:
    old = an_envelope().replace(
        b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/"
    )
    answer = bench.send(old)
    assert answer.status_code == 500
    assert find_text(envelope_of(answer).body, "soap:Code/soap:Value").endswith("VersionMismatch")
    assert bench.line().outcome == "malformed"


def test_a_message_id_of_another_form_is_a_remark(bench: Bench) -> None:
    assert bench.send(an_envelope(message_id="urn:uuid:1")).status_code == 200
    assert bench.line().facts["lint"] == ["MessageID is not uuid:<UUID>"]


# The list of the issue: what the wire says, and which rule the journal names

OLD = an_assertion(issued_at=NOW - timedelta(hours=1, minutes=1))
NAME, FIRST_NAME = (f"a_{kind}_name_has_only_plain_capitals" for kind in ("birth", "first"))
CONTEXT = "a_call_has_both_contexts"
ELSEWHERE = an_assertion(audiences=("urn:dmp",))
WRONG: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    # case, the call, how it is sent, the code, the rule
    (
        "lower case",
        {"birth_name": "adrtrois"},
        {},
        "insi_110",
        "a_birth_name_has_only_plain_capitals",
    ),
    (
        "diacritics",
        {"birth_name": "ADRTROÏS"},
        {},
        "insi_110",
        "a_birth_name_has_only_plain_capitals",
    ),
    (
        "digit",
        {"first_names": ("TOUSSA1NT",)},
        {},
        "insi_110",
        "a_first_name_has_only_plain_capitals",
    ),
    (
        "typographic",
        {"birth_name": "D’ARC"},
        {},
        "insi_110",
        "a_birth_name_has_only_plain_capitals",
    ),
    ("future", {"birth_date": "2026-01-06"}, {}, "insi_110", "nobody_is_born_tomorrow"),
    ("sex I", {"sex": "I"}, {}, "insi_110", "the_sex_is_known"),
    ("no such place", {"birth_place": "99999"}, {}, "insi_110", "a_birth_place_exists"),
    (
        "no BAM",
        {"said": replace(contexts(), bam=None)},
        {},
        "desir_510",
        "a_call_has_both_contexts",
    ),
    (
        "no LPS",
        {"said": replace(contexts(), lps=None)},
        {},
        "desir_510",
        "a_call_has_both_contexts",
    ),
    ("wrong IDAM", {"said": contexts(idam="X")}, {}, "desir_550", "the_software_is_authorized"),
    ("old", {"said": OLD}, {"listener": "tls"}, "desir_522", "an_assertion_is_fresh"),
    (
        "another audience",
        {"said": ELSEWHERE},
        {"listener": "tls"},
        "desir_523",
        "an_assertion_is_made_for_this_service",
    ),
    ("CN", {}, {"listener": "mtls"}, "desir_560", "the_certificate_is_made_for_insi"),
]


@pytest.mark.parametrize(
    ("case", "changes", "how", "code", "rule"), WRONG, ids=[row[0] for row in WRONG]
)
def test_bad_input_has_the_shape_of_the_real_fault_and_its_rule_in_the_journal(
    bench: Bench,
    certificate: Certificate,
    case: str,
    changes: dict[str, Any],
    how: dict[str, Any],
    code: str,
    rule: str,
) -> None:
    said = changes.get("said")
    blocks = (write_assertion(said),) if isinstance(said, Assertion) else ()
    traits = {} if "said" in changes else changes
    body = an_envelope(
        write_search_request(a_search(**traits)),
        said=said if isinstance(said, Contexts) else None,
        blocks=blocks,
    )
    peer = certificate("insi-auto") if case == "CN" else None
    answer = bench.send(body, peer=peer, **how)
    assert answer.status_code == 500
    assert answer.content_type.startswith("application/soap+xml")
    fault = envelope_of(answer).body
    assert find_text(fault, "soap:Code/soap:Value") == "soap:Sender"
    assert find_text(fault, "soap:Code/soap:Subcode/soap:Value") == "soap:siram_100"
    assert find_text(fault, "soap:Reason/soap:Text")
    error = error_of(answer)
    assert (error.code, error.severity, error.message_id) == (code, "erreur", MESSAGE_ID)
    line = bench.line()
    assert line.codes[0] == code
    assert line.refusals[0]["rule"] == rule
    assert line.outcome in ("refused", "unauthorized")


def test_two_operations_in_one_body_are_no_message(bench: Bench) -> None:
    answer = bench.send(two_operations())
    assert (answer.status_code, error_of(answer).code) == (500, "desir_500")
    assert "soap:Body" in error_of(answer).text
    assert bench.line().outcome == "malformed"
    assert bench.line().refusals[0]["field"] == "soap:Body"


def test_the_action_may_be_that_of_the_content_type(bench: Bench) -> None:
    """A client made from the official WSDL sends no wsa:Action header."""
    soap_type = f'application/soap+xml; charset=utf-8; action="{ACTION}"'
    assert bench.send(an_envelope(action=""), content_type=soap_type).status_code == 200
    assert bench.send(an_envelope(action="")).status_code == 500


def test_an_unknown_body_is_told_after_who_calls(bench: Bench) -> None:
    answer = bench.send(an_envelope(build("recsans:INCONNU"), said=contexts(idam="X")))
    assert error_of(answer).code == "desir_550"


def test_an_incomplete_birth_date_of_the_base_is_found_as_written(
    bench: Bench, settings: Settings
) -> None:
    people = world_of(settings).find_patients("1955-00-00", "F")
    traits = next(p.traits for p in people if p.traits.birth_date.endswith("00"))
    request = SearchRequest(
        traits.birth_name, traits.first_names[:1], "F", traits.birth_date, traits.birth_place
    )
    assert ask(bench, request).code == "00"
    assert ask(bench, replace(request, birth_date="1955-12-31")).code == "01"
