"""Kit, FHIR: reading, searching, bundles, outcomes, and the port on a tiny service."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Blueprint
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from kit.clock import FixedClock
from kit.fhir import (
    Call,
    FhirCode,
    Issue,
    Page,
    Port,
    Reply,
    page_links,
    read_bundle,
    read_json,
    read_outcome,
    read_query,
    route,
    write_outcome,
    write_refusals,
    write_searchset,
)
from kit.fhir.outcome import status_of
from kit.fhir.search import (
    matches_date,
    matches_number,
    matches_string,
    matches_token,
    read_period,
    split_values,
)
from kit.rules import Malformed, Refusal, Refused
from kit.service import create_service, service_of
from kit.settings import Settings

UNREADABLE = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"[]", "not a JSON object"),
    (b'{"a":1,"a":2}', "given twice"),
    (b'{"a":{"b":1,"b":2}}', "given twice"),
    (b'{"a":NaN}', "not JSON"),
    (b'{"a":-Infinity}', "not JSON"),
    (b'{"a":1e999}', "too large"),
    (b'{"a":' + b"9" * 5000 + b"}", "too long"),
    (b"\xff{}", "not UTF-8"),
    (b'{"a":' * 40 + b"1" + b"}" * 40, "deeper than 32"),
    (b"[" * 1_000_000, "deeper than 32"),
    (b'{"a":"' + b"[" * 100 + b'"', "not JSON"),
]


@pytest.mark.parametrize(("body", "why"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_json_that_cannot_be_trusted_is_malformed(body: bytes, why: str) -> None:
    with pytest.raises(Malformed) as found:
        read_json(body)
    assert why in found.value.why


def test_brackets_in_a_text_are_not_depth() -> None:
    assert read_json(json.dumps({"a": '["' * 100}).encode()) == {"a": '["' * 100}


def test_depth_may_reach_the_bound() -> None:
    body = b'{"a":' * 32 + b"1" + b"}" * 32
    assert read_json(body)
    with pytest.raises(Malformed):
        read_json(body, max_depth=31)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON))
def test_plain_json_is_read_as_python_reads_it(value: dict[str, Any]) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(body: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(read_json(body), dict)


DATES = [
    ("2026", "2026-01-31T08:00:00Z", True),
    ("2026-01", "2026-02-01", False),
    ("ge2026-01-31", "2026-01-31T00:00:00Z", True),
    ("gt2026-01-31", "2026-01-31T23:00:00Z", False),
    ("gt2026-01-31", "2026-02-01T00:00:00Z", True),
    ("lt2026-01-31", "2026-01-30T23:59:59Z", True),
    ("le2026-01-31", "2026-01-31T23:59:59Z", True),
    ("ne2026-01-31", "2026-01-31T08:00:00Z", False),
    ("sa2026-01", "2026-02-01T00:00:00Z", True),
    ("eb2026-01", "2025-12-31T23:59:59Z", True),
    ("ap2026-01", "2026-01-10", True),
    ("2026-01-31T08:00+01:00", "2026-01-31T07:00:30Z", True),
    ("ge2022-11-06T15:00", "2022-11-06T15:00:00Z", True),
]


@pytest.mark.parametrize(("wanted", "value", "expected"), DATES)
def test_a_date_is_a_period_and_a_prefix_compares_it(
    wanted: str, value: str, expected: bool
) -> None:
    assert matches_date(wanted, value) is expected


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13", "2026-02-30", "2026-01-31T25:00", "9999", "26-01-31",
             "0001-01-01T00:00:00+14:00"]
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_period(text)


def test_a_month_ends_where_the_next_begins() -> None:
    assert read_period("2024-02") == (
        datetime(2024, 2, 1, tzinfo=UTC),
        datetime(2024, 3, 1, tzinfo=UTC),
    )


TOKENS = [
    ("02", "s", "02", True),
    ("s|02", "s", "02", True),
    ("t|02", "s", "02", False),
    ("s|", "s", "02", True),
    ("|02", "s", "02", False),
    ("|02", "", "02", True),
    ("52/1", "", "52/1", True),
]


@pytest.mark.parametrize(("wanted", "system", "code", "expected"), TOKENS)
def test_a_token_matches_system_and_code(
    wanted: str, system: str, code: str, expected: bool
) -> None:
    assert matches_token(wanted, system, code) is expected


def test_strings_and_numbers_compare_as_fhir_says() -> None:
    assert matches_string("cardio", "Cardiologie")
    assert matches_string("neonat", "Néonatalogie")
    assert not matches_string("logie", "Cardiologie")
    assert matches_string("logie", "Cardiologie", "contains")
    assert not matches_string("cardiologie", "Cardiologie", "exact")
    numbers = {"gt0": True, "5": True, "lt5": False, "le5": True, "ne5": False, "ap5.2": True}
    assert {wanted: matches_number(wanted, 5) for wanted in numbers} == numbers
    for wrong in ("many", "NaN", "gtInfinity"):
        with pytest.raises(ValueError, match="number"):
            matches_number(wrong, 5)


def test_a_query_sorts_its_parameters() -> None:
    query = read_query(
        "HealthcareService",
        [
            ("specialty", "013,391"),
            ("organization.identifier:above", "1"),
            ("organization:Organization.name", "x"),
            ("_include:iterate", "Organization:partof"),
            ("_revinclude", "PractitionerRole:service"),
            ("_count", "5"),
        ],
    )
    assert [(c.chain, c.name, c.modifier, c.values) for c in query.criteria] == [
        ("", "specialty", "", ("013", "391")),
        ("organization", "identifier", "above", ("1",)),
        ("organization", "name", "", ("x",)),
    ]
    assert [(i.path, i.is_reverse, i.is_iterated) for i in query.includes] == [
        ("Organization:partof", False, True),
        ("PractitionerRole:service", True, False),
    ]
    assert query.control("_count") == "5"
    assert split_values(r"a\,b,c") == ["a,b", "c"]


def test_a_bundle_is_read_as_it_was_written() -> None:
    one, two = ({"resourceType": "Location", "id": i} for i in "12")
    page = Page((one,), (two,), 9, 3, 1)
    links = page_links(page, url="http://h/Location", parameters=[("name", "é"), ("_count", "1")])
    bundle = read_bundle(write_searchset(page, base_url="http://h", links=links))
    assert (bundle.matches, bundle.included, bundle.total) == ((one,), (two,), 9)
    assert bundle.next_url == "http://h/Location?name=%C3%A9&_count=1&_offset=4"
    assert dict(links)["previous"].endswith("_offset=2")
    last = Page((one,), (), 4, 3, 1)
    assert "next" not in dict(page_links(last, url="u", parameters=[]))
    with pytest.raises(Malformed):
        read_bundle({"resourceType": "Location"})


def test_an_outcome_is_read_as_it_was_written_and_with_a_bare_expression() -> None:
    issue = Issue("business-rule", "why", ("Location",))
    written = write_outcome([issue])
    assert read_outcome(written) == (issue,)
    written["issue"][0]["expression"] = "Location"
    assert read_outcome(written) == (issue,)
    with pytest.raises(Malformed):
        read_outcome({"resourceType": "Bundle"})


NOT_FOUND = FhirCode("x-404", "absent", "a source", True, 404, "not-found")


def test_every_refusal_is_an_issue_and_the_first_gives_the_status() -> None:
    told = [Refusal(NOT_FOUND, "a_rule", "§1", "s", "Location", "seen", "expected")] * 2
    written = write_refusals(told)
    assert [item["code"] for item in written["issue"]] == ["not-found"] * 2
    assert written["issue"][0]["expression"] == ["Location"]
    for part in ("absent", "a rule", "§1", "'seen'", "expected"):
        assert part in written["issue"][0]["diagnostics"]
    assert status_of(told) == 404


ROUTES = [
    ("GET", "metadata", ("CAPABILITIES", "", "")),
    ("GET", "Location", ("SEARCH", "Location", "")),
    ("GET", "Location/1", ("READ", "Location", "1")),
    ("PATCH", "Location", ("PATCH", "Location", "")),
    ("PUT", "Location/1", ("UPDATE", "Location", "1")),
    ("GET", "Location/1/_history", ("HISTORY", "Location", "1")),
    ("GET", "Location/1/_history/2", ("VREAD", "Location", "1")),
    ("GET", "Location/1/_history/2/3", ("HISTORY", "Location", "1")),
    ("DELETE", "Location/1/_history/2", ("DELETE-HISTORY", "Location", "1")),
    ("GET", "Location/_history", ("HISTORY-TYPE", "Location", "")),
    ("GET", "_history", ("HISTORY-SYSTEM", "", "")),
    ("GET", "Patient/1/Location", ("SEARCH-COMPARTMENT", "Patient", "1")),
    ("POST", "Location/_search", ("SEARCH-BY-POST", "Location", "")),
    ("GET", "Location/$export", ("OPERATION", "", "")),
    ("POST", "", ("BATCH", "", "")),
]


@pytest.mark.parametrize(("method", "path", "expected"), ROUTES)
def test_a_request_is_routed_on_method_and_path(
    method: str, path: str, expected: tuple[str, str, str]
) -> None:
    found = route(method, path)
    assert (found.interaction, found.resource_type, found.resource_id) == expected


@pytest.fixture
def make_client(settings: Settings, clock: FixedClock) -> Callable[..., FlaskClient]:
    """A service with one interaction, which does what ``run`` does."""

    def make(run: Callable[[Call], Reply]) -> FlaskClient:
        service = create_service("tiny", settings, clock)
        bp = Blueprint("tiny", __name__)
        port = Port(bp, "/fhir", service, types=("Location",))
        port.interaction("READ", "Location")(run)
        port.interaction("UPDATE", "Location")(run)
        service.app.register_blueprint(bp)
        return service.app.test_client()

    return make


def _raise(error: Exception) -> Callable[[Call], Reply]:
    def run(call: Call) -> Reply:
        raise error

    return run


def test_a_port_answers_with_what_the_function_returns(
    make_client: Callable[..., FlaskClient],
) -> None:
    client = make_client(lambda call: Reply({"id": call.target.resource_id}, 201, {"ETag": "x"}))
    answer = client.get("/fhir/Location/7", headers={"User-Agent": "lps 1"})
    assert (answer.status_code, answer.json, answer.headers["ETag"]) == (201, {"id": "7"}, "x")
    (line,) = service_of(client.application).journal.find()
    assert (line.transaction, line.outcome, line.software) == ("READ Location", "accepted", "lps 1")


CAUGHT = [
    (Refused([Refusal(NOT_FOUND, "a_rule", "§1")]), 404, "refused", ("x-404",)),
    (Malformed("body", "why"), 400, "malformed", ("fhir-structure",)),
    (ZeroDivisionError(), 500, "bug", ("bug",)),
]


@pytest.mark.parametrize(("error", "status", "outcome", "codes"), CAUGHT)
def test_a_port_catches_everything_and_writes_one_line(
    make_client: Callable[..., FlaskClient],
    error: Exception,
    status: int,
    outcome: str,
    codes: tuple[str, ...],
) -> None:
    client = make_client(_raise(error))
    answer = client.get("/fhir/Location/7")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["resourceType"] == "OperationOutcome"
    (line,) = service_of(client.application).journal.find()
    assert (line.outcome, line.codes) == (outcome, codes)
    if outcome == "bug":
        assert line.id in answer.json["issue"][0]["diagnostics"]


def test_a_body_shorter_than_it_says_is_malformed(
    make_client: Callable[..., FlaskClient],
) -> None:
    client = make_client(lambda call: Reply({}))
    answer = client.put(
        "/fhir/Location/7",
        data=b"{}",
        content_type="application/fhir+json",
        environ_overrides={"CONTENT_LENGTH": "9"},
    )
    assert answer.status_code == 400
    assert service_of(client.application).journal.find()[0].outcome == "malformed"
