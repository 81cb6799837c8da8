"""Feeding existing documents, over real mutual TLS to the DMP mock."""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from banc import feed as feeding
from banc.feed import FeedResult, feed
from banc.ports import free_port
from kit.clock import FixedClock
from kit.pki import TestPki
from kit.rules import Code, Refusal
from kit.service import service_of
from kit.settings import Settings
from mocks.dmp.app import create_app
from mocks.dmp.messages.response import read_registry_response, write_failure
from tests.kit.documents import a_cda, a_pdf_cda

CODE = Code("X", "what it means", "a source")


class MutualTls(WSGIRequestHandler):
    """What kit.server tells the application about a connection."""

    def make_environ(self) -> dict[str, Any]:
        peer = self.connection.getpeercert(binary_form=True)  # type: ignore[attr-defined]
        return super().make_environ() | {"banc.listener": "mtls", "banc.peer_der": peer}

    def log_request(self, *_: object) -> None:
        """Nothing on the terminal."""


class Bench:
    """A DMP behind mutual TLS, and what its journal says."""

    def __init__(self, settings: Settings, clock: FixedClock) -> None:
        self.settings, self.clock = settings, clock
        self.app = create_app(settings, clock)
        self.folder = settings.data_dir
        self._numbers = iter(range(1, 10_000))

    def feed(self, *contents: bytes, **options: Any) -> list[FeedResult]:
        files = []
        for number, content in enumerate(contents):
            files.append(self.folder / f"document{number}.xml")
            files[-1].write_bytes(content)
        options = {"clock": self.clock, "new_uuid": self.new_uuid, **options}
        return list(feed(files, options.pop("settings", self.settings), **options))

    def new_uuid(self) -> uuid.UUID:
        return uuid.UUID(int=next(self._numbers), version=4)

    def journal(self) -> list[tuple[str, str]]:
        found = service_of(self.app).journal.find(limit=100)
        return [(line.transaction, line.outcome) for line in found]


@pytest.fixture(scope="module")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One authority for the module: keys take time to make."""
    return tmp_path_factory.mktemp("pki")


@pytest.fixture
def bench(tmp_path: Path, pki_folder: Path, clock: FixedClock) -> Iterator[Bench]:
    (tmp_path / "pki").symlink_to(pki_folder)
    settings = replace(Settings(), data_dir=tmp_path, dmp_tls_port=free_port())
    bench = Bench(settings, clock)
    server = make_server(
        "127.0.0.1",
        settings.dmp_tls_port,
        bench.app,
        threaded=True,
        request_handler=MutualTls,
        ssl_context=TestPki.open(pki_folder, settings).server_context("mtls"),
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield bench
    server.shutdown()
    thread.join()


def test_documents_are_accepted_and_come_back_byte_for_byte(bench: Bench) -> None:
    other = a_cda(unique_id='root="1.2.250.1.999.1.2"')
    results = bench.feed(a_cda(), other, read_back=True)
    assert [(r.accepted, r.identical, r.refusals) for r in results] == [(True, True, ())] * 2
    assert [r.unique_id for r in results] == ["1.2.250.1.999.1.1", "1.2.250.1.999.1.2"]
    assert results[0].note == "read back, identical"
    assert bench.journal() == [(name, "accepted") for name in ("TD2.1", "TD0.3", "TD3.2")] * 2


def test_a_pdf_document_is_accepted(bench: Bench) -> None:
    (result,) = bench.feed(a_pdf_cda())
    assert (result.accepted, result.identical, result.type_code) == (True, None, "11490-0")


def test_a_document_sent_twice_is_refused_with_its_rule(bench: Bench) -> None:
    first, second = bench.feed(a_cda(), a_cda(), read_back=True)
    assert first.accepted
    assert (second.accepted, second.identical) == (False, None)
    assert [r["code"] for r in second.refusals] == ["XDSDuplicateUniqueIdInRegistry"]
    assert second.refusals[0]["rule"] == "a unique id is used once"
    assert second.refusals[0]["field"] == "uniqueId"
    assert second.refusals[0]["seen"] == "1.2.250.1.999.1.1"
    assert second.refusals[0]["source"].startswith("ITI TF-3")


def test_every_refusal_of_a_document_is_told(bench: Bench) -> None:
    (result,) = bench.feed(a_cda(unique_id='root="1.2.3" extension="4"', type_code="00000-0"))
    rules = {refusal["rule"] for refusal in result.refusals}
    assert "a unique id is an oid without extension" in rules
    assert "codes are in their value sets" in rules
    told = json.dumps(result.as_dict())
    assert '"accepted": false' in told
    assert bench.journal() == [("TD2.1", "refused")]


def test_a_caller_who_is_refused_is_told_why(bench: Bench) -> None:
    late = FixedClock()
    late.advance(-7200)
    (result,) = bench.feed(a_cda(), clock=late)
    assert not result.accepted
    assert result.refusals[0]["rule"] == "the assertion is recent"
    assert result.refusals[0]["code"].startswith("DMPSim")
    assert bench.journal() == [("TD2.1", "unauthorized")]


def test_a_replacement_points_at_the_document_replaced(bench: Bench) -> None:
    related = (
        '<relatedDocument typeCode="RPLC"><parentDocument><id root="{}"/>'
        "</parentDocument></relatedDocument>"
    )
    new = a_cda(unique_id='root="1.2.250.1.999.1.3"', related=related.format("1.2.250.1.999.1.1"))
    lost = a_cda(unique_id='root="1.2.250.1.999.1.4"', related=related.format("1.2.250.1.999.0"))
    _, replacing, alone = bench.feed(a_cda(), new, lost)
    assert replacing.accepted
    assert replacing.note == "replaces 1.2.250.1.999.1.1"
    assert alone.accepted
    assert "unknown" in alone.note
    feeds = [
        line.facts["documents"][0]["replaces"]
        for line in service_of(bench.app).journal.find(limit=10)
        if line.transaction == "TD2.1"
    ]
    assert feeds == [None, "1.2.250.1.999.1.1", None]


@pytest.mark.parametrize(
    ("content", "note"), [(b"%PDF-1.4", "no readable CDA"), (a_cda(ins=""), "no INS")]
)
def test_what_cannot_be_sent_is_told(bench: Bench, content: bytes, note: str) -> None:
    (result,) = bench.feed(content)
    assert not result.accepted
    assert note in result.note
    assert bench.journal() == []


def test_a_dmp_that_does_not_answer_is_told(bench: Bench) -> None:
    elsewhere = replace(bench.settings, dmp_tls_port=free_port())
    (result,) = bench.feed(a_cda(), settings=elsewhere)
    assert not result.accepted
    assert "does not answer" in result.note


def test_an_answer_that_is_no_soap_is_told(bench: Bench, live: Callable[[Any], str]) -> None:
    from flask import Flask

    app = Flask(__name__)
    app.add_url_rule("/<path:_>", view_func=lambda _: "hello", methods=["POST"])
    port = int(live(app).rpartition(":")[2])
    elsewhere = replace(bench.settings, dmp_port=port)
    (result,) = bench.feed(a_cda(), settings=elsewhere, is_secure=False)
    assert "cannot be read" in result.note


def test_the_plain_listener_takes_the_same_lot(bench: Bench, live: Callable[[Any], str]) -> None:
    plain = replace(bench.settings, dmp_port=int(live(bench.app).rpartition(":")[2]))
    (result,) = bench.feed(a_cda(), settings=plain, is_secure=False, read_back=True)
    assert (result.accepted, result.identical) == (True, True)


def test_mutual_tls_is_demanded(bench: Bench) -> None:
    """The judge of this file's own harness: without a certificate nothing is answered."""
    context = TestPki.open(bench.folder / "pki", bench.settings).client_context()
    port = bench.settings.dmp_tls_port
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
    with pytest.raises((OSError, http.client.HTTPException)):
        _answer_to_get(connection)


def _answer_to_get(connection: http.client.HTTPSConnection) -> http.client.HTTPResponse:
    connection.request("GET", "/")
    return connection.getresponse()


def test_a_refusal_of_another_form_stays_a_sentence() -> None:
    assert feeding._refusal("X", "DMP fermé") == {"code": "X", "rule": "DMP fermé"}


REFUSALS = [
    Refusal(CODE, "a_rule_is_held", "ITI TF-3 4.2.4.1", "1.2.3", "title", "l'été; 2026", "a value"),
    Refusal(CODE, "a_rule_is_held", "CI-SIS", "1.2.3", "", "", "one of: a; b"),
    Refusal(CODE, "a_rule_is_held", "CI-SIS"),
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_read_from_the_answer_alone(refusal: Refusal) -> None:
    context = read_registry_response(write_failure([refusal])).errors[0].context
    told = feeding._refusal("X", context)
    names = ("subject", "field", "seen", "expected", "source")
    assert {name: told.get(name, "") for name in names} == {
        name: getattr(refusal, name) for name in names
    }
    assert told["rule"] == "a rule is held"


def test_official_documents_are_fed_but_the_one_about_a_real_authority(
    bench: Bench, conformance: Path
) -> None:
    files = sorted((conformance / "cda" / "ExemplesCDA").glob("*.xml"))
    results = bench.feed(*[file.read_bytes() for file in files], read_back=True)
    refused = [
        (file.stem, r.refusals) for file, r in zip(files, results, strict=True) if r.refusals
    ]
    assert all(result.identical for result in results if result.accepted)
    assert len(results) - len(refused) == 11
    ((name, refusals),) = refused
    assert name == "eDISP-MED_2024.01"  # its INS is under the OID of real ones
    assert [refusal["seen"] for refusal in refusals] == ["1.2.250.1.213.1.4.8"]
