"""Console, validation: a file is dropped, its findings come back; who judges is given."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from banc.validation.front import for_pages
from banc.validation.report import Kind, Problem, Report, Step
from console.app import create_app
from console.views.validation import VERDICTS
from kit.clock import FixedClock
from kit.settings import Settings
from tests.console.builders import EVIL, assert_harmless
from tests.mocks.dmp.builders import a_document

ORIGIN = {"Origin": "http://localhost"}
FILE = "application/octet-stream"
WRONG = Problem(
    step="banc", rule="the realm is france", source="CI-SIS", line=4, seen="US", expected="FR",
    path="/ClinicalDocument/realmCode/@code",
)  # fmt: skip
FAILED = replace(WRONG, step="IHE", rule="an assertion of IHE", text="Il faut un lieu", line=0)


class Judge:
    """Answers with one report, and remembers what it was asked."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.asked: list[tuple[bytes, str, bool, float]] = []

    def __call__(
        self, content: bytes, name: str, *, profiles: bool, patience: float
    ) -> Mapping[str, Any]:
        self.asked.append((content, name, profiles, patience))
        return replace(self.report, name=name).as_dict()


def console(settings: Settings, clock: FixedClock, report: Report) -> tuple[FlaskClient, Judge]:
    judge = Judge(report)
    return create_app(settings, clock, judge).test_client(), judge


def shown(client: FlaskClient, content: bytes = b"<x/>", query: str = "name=a.xml") -> Any:
    answer = client.post(
        f"/valider/document?{query}", data=content, content_type=FILE, headers=ORIGIN
    )
    assert answer.status_code == 200, answer.text
    return answer.json


def report(*problems: Problem, **changes: Any) -> Report:
    steps = (Step("banc", len(problems)), Step("IHE"))
    return replace(Report("a.xml", Kind.CDA, problems, steps), **changes)


def test_the_page_takes_files_and_says_its_bound(settings: Settings, clock: FixedClock) -> None:
    client, _ = console(settings, clock, report())
    page = client.get("/valider").text
    assert_harmless(page)
    assert f'data-max="{settings.max_body_bytes}"' in page
    assert '<a href="/valider" aria-current="page">Valider</a>' in page
    assert "_banc/validate" in page


def test_a_finding_is_shown_with_line_place_rule_and_source(
    settings: Settings, clock: FixedClock
) -> None:
    client, _ = console(settings, clock, report(WRONG, FAILED, notes=("à lire",)))
    told = shown(client)
    text = html.unescape(told["html"])
    assert_harmless(told["html"])
    for part in ("a.xml", "2 écarts", ">4<", WRONG.rule, WRONG.path, "US", "attendu : FR",
                 "CI-SIS", "Il faut un lieu", "les règles du banc, IHE", "à lire"):  # fmt: skip
        assert part in text
    assert FAILED.rule not in text
    assert not told["waiting"]


def test_a_finding_is_told_in_french_beside_the_name_of_its_rule(
    settings: Settings, clock: FixedClock
) -> None:
    told = replace(WRONG, rule_fr="Le document déclare le royaume « FR ».")
    client, _ = console(settings, clock, report(told))
    text = html.unescape(shown(client)["html"])
    assert '<td data-label="Constat">Le document déclare le royaume « FR ».<br>' in text
    assert f'<code class="aside">{WRONG.rule}</code>' in text


SHOWN = [  # report, what the page says
    (report(), "conforme"),
    (report(WRONG), "1 écart<"),
    (report(WRONG, more=1499), "1\u202f499 écarts de plus"),
    (report(unusable="it is empty"), "it is empty"),
    (report(waiting=True), "se charge"),
    (report(replace(WRONG, member="IHE_XDM/SUBSET01/DOC0001.XML")), "SUBSET01/DOC0001.XML"),
    (replace(report(), kind=Kind.METADATA), "métadonnées XDS"),
]


@pytest.mark.parametrize(("given", "text"), SHOWN)
def test_each_outcome_is_told(
    settings: Settings, clock: FixedClock, given: Report, text: str
) -> None:
    client, _ = console(settings, clock, given)
    told = shown(client)
    assert text in html.unescape(told["html"])
    assert told["waiting"] is given.waiting


def test_every_verdict_has_its_word() -> None:
    assert set(VERDICTS) == {"conformant", "findings", "unusable"}


def test_the_judge_gets_the_bytes_as_they_came(settings: Settings, clock: FixedClock) -> None:
    client, judge = console(settings, clock, report())
    content = bytes(range(256)) * 1024
    shown(client, content, "name=b.zip&profiles=false")
    ((seen, name, profiles, patience),) = judge.asked
    assert (seen, name, profiles) == (content, "b.zip", False)
    assert patience < settings.request_seconds


def test_a_file_does_not_act_on_the_page(settings: Settings, clock: FixedClock) -> None:
    evil = Problem(EVIL, EVIL, EVIL, EVIL, EVIL, 1, EVIL, EVIL, EVIL)
    ours = replace(evil, step="banc")
    client, _ = console(settings, clock, report(evil, ours, notes=(EVIL,), unusable=EVIL))
    assert_harmless(shown(client, query="name=%3Cscript%3E")["html"])


def test_a_file_that_is_too_large_is_refused(settings: Settings, clock: FixedClock) -> None:
    client, judge = console(replace(settings, max_body_bytes=1000), clock, report())
    for path in ("/valider/document", "/_banc/validate"):
        answer = client.post(path, data=b"x" * 1001, content_type=FILE,
                             headers=ORIGIN | {"Accept": "application/json"})  # fmt: skip
        assert answer.status_code == 413
        assert "trop longue" in str(answer.json)
    assert judge.asked == []


REFUSED = [  # path, headers, type, status
    ("/valider/document", {}, FILE, 403),
    ("/valider/document", {"Origin": "http://evil.test"}, FILE, 403),
    ("/valider/document", ORIGIN, "text/plain", 403),
    ("/valider/document", ORIGIN | {"Sec-Fetch-Site": "cross-site"}, FILE, 403),
    ("/_banc/validate", {"Origin": "http://evil.test"}, FILE, 403),
    ("/_banc/validate", {"Origin": "null"}, FILE, 403),
    ("/_banc/validate", ORIGIN, "text/plain", 403),
]


@pytest.mark.parametrize(("path", "headers", "content_type", "status"), REFUSED)
def test_another_site_cannot_have_files_judged(
    settings: Settings, clock: FixedClock, path: str, headers: dict[str, str],
    content_type: str, status: int,
) -> None:  # fmt: skip
    client, judge = console(settings, clock, report())
    answer = client.post(path, data=b"x", content_type=content_type, headers=headers)
    assert answer.status_code == status
    assert judge.asked == []


def test_a_program_gets_the_report(settings: Settings, clock: FixedClock) -> None:
    client, judge = console(settings, clock, report(WRONG))
    answer = client.post("/_banc/validate?name=c.xml", data=b"<x/>")
    assert answer.status_code == 200
    assert answer.json == replace(judge.report, name="c.xml").as_dict() | {
        "problems": [WRONG.as_dict()],
        "steps": [{"name": "banc", "problems": 1, "duration_ms": 0.0, "member": ""},
                  {"name": "IHE", "problems": 0, "duration_ms": 0.0, "member": ""}],
        "notes": [],
    }  # fmt: skip
    unusable, _ = console(settings, clock, report(unusable="it is empty"))
    assert unusable.post("/_banc/validate", data=b"").status_code == 422


def test_a_console_without_a_judge_says_so(settings: Settings, clock: FixedClock) -> None:
    client = create_app(settings, clock).test_client()
    assert "ne sait pas juger" in client.get("/valider").text
    answer = client.post("/_banc/validate", data=b"x")
    assert answer.status_code == 502


def test_the_console_of_the_bench_judges(
    settings: Settings, clock: FixedClock, tmp_path: Any
) -> None:
    alone = replace(settings, conformance_dir=tmp_path)
    client = create_app(alone, clock, for_pages(alone)).test_client()
    wrong = a_document().replace(b'realmCode code="FR"', b'realmCode code="US"')
    assert "the realm is france" in shown(client, wrong)["html"]
