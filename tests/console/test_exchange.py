"""The page of one exchange: facts, refusals, both sides, downloads; hostile content in each."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from console.formats import MAX_CELL
from tests.console.builders import EVIL, a_letter, a_submission, an_assertion, assert_harmless, http
from tests.indicators.builders import a_deposit, a_mail, an_exchange
from tests.indicators.fake_bench import FakeBench
from tests.kit.documents import a_cda
from tests.kit.test_mail import a_message

REFUSAL = {
    "code": "XDSPatientIdDoesNotMatch",
    "meaning": "patients differ",
    "rule": "one_lot_is_about_one_patient",
    "subject": "1.2.3",
    "field": "patientId",
    "seen": "279",
    "expected": "180",
    "source": "ITI TF-3 4.2.4.1",
}


def test_a_deposit_is_told_whole(bench: FakeBench, client: FlaskClient) -> None:
    answer = http(b"<a/>", "application/soap+xml", "HTTP/1.1 200 OK")
    bench["dmp"].add(a_deposit("abc123", software="Clinéo 1"), a_letter(), answer)
    html = client.get("/journal/dmp/abc123").text
    page = assert_harmless(html)
    assert "accepté" in html
    assert "Clinéo 1" in html
    assert "VIHF" in html
    assert "POST /x HTTP/1.1" in html
    assert len(page.frames) == 1
    assert "Sortie à domicile." in page.frames[0]["srcdoc"]


def test_a_refusal_is_explained(bench: FakeBench, client: FlaskClient) -> None:
    line = a_deposit("abc123", outcome="refused", codes=["XDSPatientIdDoesNotMatch"])
    bench["dmp"].add(line | {"refusals": [REFUSAL]}, a_letter(), b"HTTP/1.1 200 OK\r\n\r\n")
    html = client.get("/journal/dmp/abc123").text
    for told in ("one lot is about one patient", "patientId", "279", "180", "ITI TF-3 4.2.4.1"):
        assert told in html


def test_a_refusal_is_told_in_french_beside_the_name_of_its_rule(
    bench: FakeBench, client: FlaskClient
) -> None:
    told = REFUSAL | {"rule_fr": "Un lot porte sur un seul patient."}
    line = a_deposit("abc123", outcome="refused", codes=["XDSPatientIdDoesNotMatch"])
    bench["dmp"].add(line | {"refusals": [told]}, a_letter(), b"HTTP/1.1 200 OK\r\n\r\n")
    html = client.get("/journal/dmp/abc123").text
    assert "<dt>Règle</dt><dd>Un lot porte sur un seul patient.<br>" in html
    assert '<code class="aside">one_lot_is_about_one_patient</code>' in html
    assert "one lot is about one patient" not in html


def test_a_message_that_cannot_be_read_is_told_in_french(
    bench: FakeBench, client: FlaskClient
) -> None:
    line = a_deposit("abc123", outcome="malformed", codes=["XDSRegistryError"])
    why = {"code": "XDSRegistryError", "rule": "no closing tag", "field": "body"}
    bench["dmp"].add(line | {"refusals": [why]}, b"<a", b"")
    assert (
        "Le message ne peut pas être lu.<br>no closing tag"
        in client.get("/journal/dmp/abc123").text
    )


def test_a_mail_is_shown_with_its_archive(bench: FakeBench, client: FlaskClient) -> None:
    bench["mssante"].add(a_mail("m1"), a_message(), b"250 2.0.0 OK")
    html = client.get("/journal/mssante/m1").text
    assert len(assert_harmless(html).frames) == 2
    assert "IHE_XDM/SUBSET01/METADATA.XML" in html
    assert "250 2.0.0 OK" in html


def test_bytes_that_are_no_longer_kept_are_told(bench: FakeBench, client: FlaskClient) -> None:
    bench["dmp"].add(a_deposit("abc123"))
    assert "ne sont plus gardés" in client.get("/journal/dmp/abc123").text
    assert client.get("/journal/dmp/abc123/request/raw").status_code == 404


def test_raw_bytes_and_parts_are_downloads_nobody_opens(
    bench: FakeBench, client: FlaskClient
) -> None:
    raw = a_submission({"../../etc/passwd\r\nX: y": a_cda()})
    bench["dmp"].add(a_deposit("abc123"), raw, b"HTTP/1.1 200 OK\r\n\r\n")
    whole = client.get("/journal/dmp/abc123/request/raw")
    part = client.get("/journal/dmp/abc123/request/parts/0")
    assert whole.data == raw
    assert part.data == a_cda()
    for answer in (whole, part):
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        told = answer.headers["Content-Disposition"]
        assert told.startswith("attachment; filename=")
        assert "/" not in told
        assert "\r" not in told


NOWHERE = [
    "/journal/dmp/unknown",
    "/journal/nothing/abc123",
    "/journal/dmp/..%2f..%2fhealth",
    "/journal/dmp/abc123%3flimit=1",
    "/journal/../journal/dmp/%2e%2e",
    "/journal/dmp/" + "a" * 65,
    "/journal/dmp/abc123/request/parts/9",
    "/journal/dmp/abc123/request/parts/99999999999999999999",
    "/journal/dmp/abc123/request/parts/-1",
    "/journal/dmp/abc123/facts/raw",
    "/journal/dmp/abc123/request%2f../raw",
    "/exchange/unknown",
    "/exchange/..%2fhealth",
    "/static/../app.py",
    "/static/%2e%2e/app.py",
    "/static/..%2f..%2fpyproject.toml",
]


@pytest.mark.parametrize("path", NOWHERE)
def test_there_is_nothing_at_other_addresses(
    bench: FakeBench, client: FlaskClient, path: str
) -> None:
    bench["dmp"].add(a_deposit("abc123"), a_letter(), b"HTTP/1.1 200 OK\r\n\r\n")
    answer = client.get(path)
    assert answer.status_code == 404
    assert_harmless(answer.text)


def test_ids_are_never_forwarded_as_paths(bench: FakeBench, client: FlaskClient) -> None:
    for path in ("/journal/dmp/..%2ffaults", "/journal/dmp/a%20b", "/exchange/a%2fb"):
        client.get(path)
    assert bench["dmp"].asked == []


def test_an_exchange_is_found_whatever_its_service(bench: FakeBench, client: FlaskClient) -> None:
    bench["mssante"].add(a_mail("m1"))
    answer = client.get("/exchange/m1")
    assert (answer.status_code, answer.location) == (302, "/journal/mssante/m1")


FIELDS = (
    "transaction", "finess", "software", "subject", "type_code", "outcome", "listener",
    "received_at", "stated_at", "service",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_of_a_line_acts_on_the_page(
    bench: FakeBench, client: FlaskClient, field: str
) -> None:
    bench["dmp"].add(a_deposit("abc123") | {field: EVIL}, a_letter(), b"")
    html = client.get("/journal/dmp/abc123").text
    assert_harmless(html)
    assert "<script>alert" not in html
    assert_harmless(client.get("/journal").text)


@pytest.mark.parametrize("field", [*REFUSAL])
def test_no_field_of_a_refusal_acts_on_the_page(
    bench: FakeBench, client: FlaskClient, field: str
) -> None:
    line = a_deposit("abc123", outcome="refused", codes=[EVIL])
    bench["dmp"].add(line | {"refusals": [REFUSAL | {field: EVIL}], "facts": {EVIL: EVIL}})
    assert_harmless(client.get("/journal/dmp/abc123").text)


def hostile() -> list[tuple[str, dict[str, object], bytes]]:
    evil = EVIL.encode()
    return [
        ("raw", an_exchange("x", "TLS"), evil),
        ("http", an_exchange("x"), http(evil, "text/html")),
        ("json", an_exchange("x"), http(b'{"a": "' + evil.replace(b'"', b"'") + b'"}',
                                         "application/json")),
        ("vihf", a_deposit("x"), a_submission({"d": a_cda()}, an_assertion(name_id=EVIL))),
        ("names", a_deposit("x"), a_submission({EVIL: a_cda(), "e": evil})),
        ("mail", a_mail("x"), a_message(subject=EVIL, body=EVIL)),
        ("file name", a_mail("x"), a_message().replace(b"20260105_CR_ESSAI_ALIX", b"<img src=x>")),
    ]  # fmt: skip


@pytest.mark.parametrize(("what", "line", "raw"), hostile())
def test_no_byte_of_a_message_acts_on_the_page(
    bench: FakeBench, client: FlaskClient, what: str, line: dict[str, object], raw: bytes
) -> None:
    service = str(line["service"])
    bench[service].add(line, raw, raw)
    answer = client.get(f"/journal/{service}/x")
    assert answer.status_code == 200, what
    assert_harmless(answer.text)


def test_a_huge_exchange_gives_a_bounded_page(bench: FakeBench, client: FlaskClient) -> None:
    raw = http(b"x" * 3_000_000, "text/plain", **{"X-Long": "y" * 50_000})
    line = a_deposit("abc123", software="z" * 100_000) | {"facts": {"a": "b" * 1_000_000}}
    bench["dmp"].add(line, raw, raw)
    html = client.get("/journal/dmp/abc123").text
    assert len(html) < 1_200_000
    assert "z" * (MAX_CELL + 1) not in html
    assert "Coupé" in html
