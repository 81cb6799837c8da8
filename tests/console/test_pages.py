"""Indicators, journal and services: what the pages say, empty and full, and what they send."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from console.app import create_app
from console.security import DOCUMENT_STYLE, source_of
from kit.clock import FixedClock
from kit.settings import Settings
from mocks.dmp.messages import pdsm
from tests.console.builders import EVIL, assert_harmless
from tests.indicators.builders import (
    EJ,
    MONDAY,
    ARun,
    a_deposit,
    a_document,
    a_mail,
    a_stay,
    an_establishment,
    an_evidence,
    an_exchange,
    an_offer,
)
from tests.indicators.fake_bench import FakeBench, fake_bench
from tests.tables import labels, narrow_rules, stacks

ORIGIN = {"Origin": "http://localhost"}
FAULT = {"id": "f1", "effect": "delay_ms", "value": "500"}


@pytest.fixture
def week(bench: FakeBench) -> FakeBench:
    """A run of 40 stays; 30 letters deposited, one refused."""
    run = ARun(
        establishment=[an_establishment(name="CH <b>d'Essai</b>")],
        stay=[a_stay(f"S{n:02}") for n in range(40)],
        document=[a_document(f"1.{n}", f"S{n:02}") for n in range(35)],
        evidence=[an_evidence()],
        ror_offer=[an_offer()],
    )
    run.write(bench.settings.data_dir / "runs" / "week")
    for n in range(30):
        bench["dmp"].add(a_deposit(f"x{n}", f"1.{n}"))
    bench["dmp"].add(a_deposit("bad", "1.34", outcome="refused", codes=["XDSRegistryError"]))
    bench["mssante"].add(a_mail("m1", "1.1"))
    return bench


@pytest.fixture
def away(settings: Settings, clock: FixedClock) -> FlaskClient:
    return create_app(fake_bench(settings, {}, {}).settings, clock).test_client()


def test_the_console_is_healthy(client: FlaskClient) -> None:
    answer = client.get("/_banc/health")
    assert answer.json == {"service": "console", "status": "ready"}


# Indicators


def test_an_empty_bench_says_what_to_do(client: FlaskClient) -> None:
    html = client.get("/").text
    assert_harmless(html)
    assert "Rien à mesurer" in html
    assert "banc play" in html


def test_every_indicator_with_its_counts_bar_and_verdict(
    week: FakeBench, client: FlaskClient
) -> None:
    html = client.get("/").text
    assert_harmless(html)
    assert html.count('class="group"') == 9
    assert "CH &lt;b&gt;d&#39;Essai&lt;/b&gt;" in html
    assert "75\u00a0%" in html
    assert 'class="bar attained"' in html
    assert "cible ≥ 50\u00a0%" in html
    assert "Séjours du jeu <strong>week</strong>" in html


def test_the_page_refreshes_only_when_something_changed(
    week: FakeBench, client: FlaskClient, clock: FixedClock
) -> None:
    first = client.get("/live").json
    assert first is not None
    assert_harmless(first["html"])
    mark = first["mark"]
    assert f'data-value="{mark}"' in client.get("/").text
    assert client.get(f"/live?mark={mark}").status_code == 204
    week["dmp"].add(a_deposit("x30", "1.30"))
    clock.advance(60)
    second = client.get(f"/live?mark={mark}").json
    assert second is not None
    assert second["mark"] != mark
    assert "77,5\u00a0%" in second["html"]


def test_behind_a_number_are_its_exchanges_and_what_misses(
    week: FakeBench, client: FlaskClient
) -> None:
    html = client.get(f"/indicators/HOPEN-D6.1/{EJ}").text
    assert_harmless(html)
    assert 'href="/exchange/x0"' in html
    assert 'href="/exchange/bad"' in html
    assert "l&#39;envoi a été refusé (XDSRegistryError)" in html
    assert "<strong>5</strong> aucune lettre" in html
    assert "entre 20\u00a0% et 70\u00a0%" in html


def test_counts_and_conditions_have_their_page_too(week: FakeBench, client: FlaskClient) -> None:
    assert "31" in client.get("/indicators/NAT-5/france").text
    assert "oui" in client.get(f"/indicators/HOPEN-P4.2/{EJ}").text
    assert client.get(f"/indicators/HOPEN-P4.1/{EJ}").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/indicators/NO/france", "/indicators/HOPEN-D6.1/none", "/indicators/HOPEN-D6.1/%3Cb%3E"],
)
def test_an_unknown_number_has_no_page(week: FakeBench, client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_services_that_are_away_are_told_everywhere(away: FlaskClient) -> None:
    assert "dmp does not answer" in away.get("/").text
    assert away.get("/journal").text.count('class="warning"') == 6
    assert away.get("/services").text.count("arrêté") == 7
    assert away.get("/journal/dmp/abc").status_code == 502


# Journal


def test_on_a_phone_each_row_is_stacked_and_its_cells_are_named(
    week: FakeBench, client: FlaskClient
) -> None:
    unnamed = {"Établissement", "De 0 à 100 %", ""}  # the first line of a row, a picture, a button
    for address in ("/", "/services", "/journal", f"/indicators/HOPEN-D6.1/{EJ}"):
        page = client.get(address).text
        rows = labels(page)
        assert stacks(page), address
        assert rows, address
        for columns, named in rows:
            wanted = ["" if column in unnamed else column for column in columns]
            assert named == wanted[: len(named)] or named == [*wanted[:2], ""], address
    narrow = narrow_rules(client.get("/static/console.css").text)
    assert "content: attr(data-label)" in narrow
    assert ".stacked td" in narrow


def test_what_the_scenario_expected_is_judged(bench: FakeBench, client: FlaskClient) -> None:
    run = ARun(stay=[a_stay()], document=[a_document()])
    bound = {"indicator": "HOPEN-D6.1", "numerator": "2", "place": "x.yaml:9: expect[1]"}
    run.expect = [{"indicator": "HOPEN-P4.1", "verdict": "attained"}, bound, {"indicator": "<b>"}]
    run.write(bench.settings.data_dir / "runs" / "day")
    bench["dmp"].add(a_deposit())
    page = client.get("/").text
    assert_harmless(page)
    assert "Ce que le scénario attendait" in page
    for word in (
        "tenue",
        "manquée",
        "injugeable",
        "numérateur 2",
        "x.yaml:9: expect[1]",
        "1 sur 1",
    ):
        assert word in page
    assert all(len(named) == len(columns) for columns, named in labels(page) if "Issue" in columns)


def test_a_run_that_expects_nothing_has_no_such_table(week: FakeBench, client: FlaskClient) -> None:
    assert "attendait" not in client.get("/").text


def test_an_empty_journal_says_what_to_do(client: FlaskClient) -> None:
    html = client.get("/journal").text
    assert_harmless(html)
    assert "Le journal est vide" in html


def ids(html: str) -> list[str]:
    return [
        part.partition('"')[0].rpartition("/")[2] for part in html.split('class="id" href="')[1:]
    ]


def test_lines_are_newest_first_across_services(bench: FakeBench, client: FlaskClient) -> None:
    for n in range(3):
        at = MONDAY + timedelta(minutes=n)
        bench["dmp"].add(a_deposit(f"d{n}", received_at=at))
        bench["mssante"].add(a_mail(f"m{n}", received_at=at + timedelta(seconds=30)))
    assert ids(client.get("/journal").text) == ["m2", "d2", "m1", "d1", "m0", "d0"]
    assert ids(client.get("/journal?service=dmp").text) == ["d2", "d1", "d0"]


QUESTIONS = [  # question, exchanges found
    ("outcome=refused", ["r"]),
    ("transaction=SMTP.DATA", ["m"]),
    ("finess=330000025", ["o"]),
    ("code=Registry", ["r"]),
    ("text=clinéo", ["m"]),
    ("text=nothing", []),
    ("service=nothing&outcome=refused", ["r"]),
    ("outcome=refused&transaction=SMTP.DATA", []),
]


@pytest.mark.parametrize(("question", "expected"), QUESTIONS)
def test_lines_are_filtered(
    bench: FakeBench, client: FlaskClient, question: str, expected: list[str]
) -> None:
    bench["dmp"].add(a_deposit("r", outcome="refused", codes=["XDSRegistryError"]))
    bench["dmp"].add(a_deposit("o", finess="330000025"))
    bench["mssante"].add(a_mail("m", software="Clinéo 1"))
    html = client.get(f"/journal?{question}").text
    assert ids(html) == expected
    assert expected or "Aucun échange ne répond" in html


def test_older_lines_are_on_other_pages(bench: FakeBench, client: FlaskClient) -> None:
    for n in range(120):
        bench["dmp"].add(a_deposit(f"d{n}", received_at=MONDAY + timedelta(seconds=n)))
    first, last = client.get("/journal").text, client.get("/journal?page=2").text
    assert ids(first)[0] == "d119"
    assert len(ids(first)) == 50
    assert 'rel="next" href="/journal?page=1"' in first
    assert ids(last) == [f"d{n}" for n in range(19, -1, -1)]
    assert 'rel="next"' not in last
    assert client.get("/journal?page=-1&page=x").status_code == 200
    assert client.get("/journal?page=99999999999999999999").status_code == 200


def test_following_asks_for_what_is_new(bench: FakeBench, client: FlaskClient) -> None:
    bench["dmp"].add(a_deposit("d1"))
    first = client.get("/journal/lines?newest=").json
    assert first is not None
    assert first["newest"] == "d1"
    assert client.get("/journal/lines?newest=d1").status_code == 204
    assert client.get("/journal/lines?newest=d1&outcome=refused").json["newest"] == ""


@pytest.mark.parametrize(
    "name", ["service", "transaction", "outcome", "finess", "code", "text", "page"]
)
def test_no_filter_acts_on_the_page(bench: FakeBench, client: FlaskClient, name: str) -> None:
    bench["dmp"].add(an_exchange("x", "TLS", finess=EVIL, codes=[EVIL]))
    assert_harmless(client.get("/journal", query_string={name: EVIL * 50}).text)


# Services


def test_services_addresses_clock_and_certificates(bench: FakeBench, client: FlaskClient) -> None:
    bench["dmp"].add(a_deposit())
    folder = bench.settings.data_dir / "pki" / "org-sign" / "x"
    folder.mkdir(parents=True)
    (folder / "certificate.pem").write_text("")
    html = client.get("/services").text
    assert_harmless(html)
    assert html.count(">prêt<") == 6, "SMTP is not served by the fake"
    assert "Passerelle HL7v2" in html
    assert f"mllp://127.0.0.1:{bench.settings.gateway_port}" in html
    assert f"http://127.0.0.1:{bench.settings.dmp_port}/si-dmp-server/v2/services" in html
    assert f"http://127.0.0.1:{bench.settings.dmp_port}/si-dmp-server/v2/fhir" in html
    assert f":{bench.settings.dmp_port}/mon-espace-sante/&lt;matricule INS&gt;" in html
    assert "07/01/2026 15:00:00" in html
    assert "org-sign/x/certificate.pem" in html
    assert "Aucun défaut n'est armé" in html


def test_a_fault_is_armed_shown_and_disarmed(bench: FakeBench, client: FlaskClient) -> None:
    answer = client.post("/services/dmp/faults", json=FAULT, headers=ORIGIN)
    assert (answer.status_code, bench["dmp"].faults) == (200, [FAULT])
    assert 'data-disarm="/services/dmp/faults/f1"' in client.get("/services").text
    assert client.delete("/services/dmp/faults/f1", headers=ORIGIN).status_code == 200
    assert bench["dmp"].faults == []


def test_the_service_says_what_is_wrong_with_a_fault(client: FlaskClient) -> None:
    answer = client.post("/services/dmp/faults", json={"id": "f1"}, headers=ORIGIN)
    assert answer.status_code == 400
    assert answer.json == {"error": "effect : missing"}


def test_a_fault_does_not_act_on_the_page(bench: FakeBench, client: FlaskClient) -> None:
    bench["ror"].faults.append(dict.fromkeys(("id", "effect", "value", "transaction"), EVIL))
    assert_harmless(client.get("/services").text)


SENT = [  # headers, address, JSON, status
    ({}, "/services/dmp/faults", FAULT, 403),
    ({"Origin": "http://evil.test"}, "/services/dmp/faults", FAULT, 403),
    ({"Origin": "null"}, "/services/dmp/faults", FAULT, 403),
    ({"Origin": "http://evil.test", "Host": "evil.test"}, "/services/dmp/faults", FAULT, 403),
    (ORIGIN | {"Sec-Fetch-Site": "cross-site"}, "/services/dmp/faults", FAULT, 403),
    (ORIGIN | {"Sec-Fetch-Site": "same-origin"}, "/services/dmp/faults", FAULT, 200),
    ({"Origin": "http://10.0.0.7", "Host": "10.0.0.7"}, "/services/dmp/faults", FAULT, 200),
    (ORIGIN, "/services/nothing/faults", FAULT, 404),
    (ORIGIN, "/services/dmp/faults", [FAULT], 400),
    (ORIGIN, "/services/dmp/faults", FAULT | {"more": 1}, 400),
    (ORIGIN, "/services/dmp/faults", {"id": "x" * 100_000, "effect": "cut"}, 413),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "path", "given", "status"), SENT)
def test_only_our_own_pages_arm_faults(
    bench: FakeBench, client: FlaskClient, headers: dict[str, str], path: str, given: object,
    status: int,
) -> None:  # fmt: skip
    assert client.post(path, json=given, headers=headers).status_code == status
    assert bool(bench["dmp"].faults) == (status == 200)


def test_a_form_or_a_foreign_page_changes_nothing(bench: FakeBench, client: FlaskClient) -> None:
    bench["dmp"].faults.append(FAULT)
    as_form = client.post("/services/dmp/faults", data=FAULT, headers=ORIGIN)
    assert as_form.status_code == 403
    assert client.delete("/services/dmp/faults/f1").status_code == 403
    assert client.delete("/services/dmp/faults/..%2fx", headers=ORIGIN).status_code == 404
    assert bench["dmp"].faults == [FAULT]


# Every page


@pytest.mark.parametrize(
    "path", ["/", "/journal", "/certificats", "/services", "/nowhere", "/static/console.css"]
)
def test_every_answer_protects_the_browser(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert source_of(DOCUMENT_STYLE) in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert path.startswith("/static") or answer.headers["Cache-Control"] == "no-store"


def test_our_own_files_name_nothing_outside(client: FlaskClient) -> None:
    for name in ("console.css", "console.js"):
        text = client.get(f"/static/{name}").text
        assert "http" not in text.replace("http-equiv", "")
        assert "url(" not in text
        assert "@import" not in text


def test_a_wrong_method_has_a_page_too(client: FlaskClient) -> None:
    answer = client.put("/journal", json={}, headers=ORIGIN)
    assert answer.status_code == 405
    assert_harmless(answer.text)


def test_the_journal_offers_every_transaction_of_the_fhir_face(client: FlaskClient) -> None:
    page = client.get("/journal").text
    for name in sorted({*pdsm.TRANSACTIONS.values(), "TD2.1"}):
        assert f'<option value="{name}">' in page
