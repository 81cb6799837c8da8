"""FHIR elements, patches and forms: read with their place, refused by name, bounded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Blueprint

from kit.clock import FixedClock
from kit.fhir import Call, Element, Issue, Port, Reply, Style, read_outcome, write_outcome
from kit.fhir.reading import read_form, read_json, read_json_patch
from kit.fhir.search import matches_period
from kit.fhir.target import Target, route
from kit.rules import Malformed
from kit.service import create_service
from kit.settings import Settings

RESOURCE = {
    "resourceType": "List",
    "title": " x ",
    "size": 3,
    "active": True,
    "code": {"text": "t"},
    "entry": [{"n": 1}, {"n": 2}],
    "profile": ["a", "b"],
    "extension": [{"url": "u", "valueBoolean": True}],
}


def test_an_element_tells_what_it_holds_and_where() -> None:
    root = Element.of(RESOURCE)
    assert (root.text("title"), root.whole("size"), root.truth("active")) == ("x", 3, True)
    assert [item.path for item in root.children("entry")] == ["List.entry[0]", "List.entry[1]"]
    assert root.texts("profile") == ("a", "b")
    assert root.extension("u").truth("valueBoolean") is True
    assert (root.text("absent"), root.whole("absent"), root.children("absent")) == ("", None, ())
    assert not root.extension("other")
    assert not root.child("absent")


WRONG: list[tuple[Callable[[Element], Any], str]] = [
    (lambda root: root.text("size"), "List.size: a string is expected, a number seen"),
    (lambda root: root.text("code"), "List.code: a string is expected, an object seen"),
    (lambda root: root.whole("active"), "whole number is expected, true or false seen"),
    (lambda root: root.whole("title"), "whole number is expected, a string seen"),
    (lambda root: root.truth("title"), "true or false is expected"),
    (lambda root: root.child("entry"), "List.entry: an object is expected, an array seen"),
    (lambda root: root.children("code"), "an array of objects is expected, an object seen"),
    (lambda root: root.children("profile"), r"List.profile\[0\]: an array of objects"),
    (lambda root: root.texts("entry"), r"List.entry\[0\]: an array of strings"),
]


@pytest.mark.parametrize(("ask", "why"), WRONG)
def test_an_element_of_the_wrong_type_is_named(ask: Callable[[Element], Any], why: str) -> None:
    with pytest.raises(Malformed, match=why):
        ask(Element.of(RESOURCE))


def test_values_are_counted_before_they_are_read() -> None:
    assert read_json(b'{"a": [1, 2]}', max_values=10)
    with pytest.raises(Malformed, match="more than 10 values"):
        read_json(b'{"a": [' + b"1," * 20 + b"1]}", max_values=10)


def test_a_patch_is_an_array_of_objects() -> None:
    assert read_json_patch(b'[{"op": "x"}]') == {"operations": [{"op": "x"}]}
    for body in (b"{}", b"[1]", b"[", b"\xff"):
        with pytest.raises(Malformed):
            read_json_patch(body)


def test_a_form_keeps_its_fields_in_order() -> None:
    form = read_form(b"a=1&b=%7C&a=")
    assert form == {"parameters": [("a", "1"), ("b", "|"), ("a", "")]}
    for body in (b"\xff", b"a=1&" * 600, b"a=" + b"x" * 70_000):
        with pytest.raises(Malformed):
            read_form(body)


def test_the_code_of_a_service_stands_in_the_details_of_an_issue() -> None:
    issue = Issue("invalid", "why", ("List.code",), detail="XDSRegistryError")
    assert read_outcome(write_outcome([issue])) == (issue,)


PERIODS = [  # prefix and date, whether the first half of January stands there
    ("ge2026-01-10", True),
    ("ge2026-02", False),
    ("lt2026-01-01", False),
    ("lt2026-01-02", True),
    ("eq2026-01", True),
    ("sa2025-12-31", True),
    ("eb2026-01-16", True),
    ("ap2026-01-15", True),
]


@pytest.mark.parametrize(("wanted", "holds"), PERIODS)
def test_a_period_is_compared_as_fhir_has_it(wanted: str, holds: bool) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 16, tzinfo=UTC)
    assert matches_period(wanted, start, end) is holds


def test_a_target_may_have_the_name_of_a_profile() -> None:
    assert route("POST", "").transaction == "BATCH"
    assert Target("BATCH", name="ITI-65").transaction == "ITI-65"


def test_bytes_and_bodies_of_other_types(settings: Settings, clock: FixedClock) -> None:
    service = create_service("demo", settings, clock)
    blueprint = Blueprint("demo", __name__)
    style = Style(
        other_bodies={"PATCH": ("application/json-patch+json", read_json_patch)},
        raw=frozenset({("READ", "Binary")}),
        max_bytes=100,
    )
    port = Port(blueprint, "/fhir", service, types=("Binary", "List"), style=style)

    @port.interaction("READ", "Binary")
    def read(_: Call) -> Reply:
        return Reply({}, content=b"\x00", media_type="application/dicom")

    @port.interaction("PATCH", "List")
    def patch(call: Call) -> Reply:
        return Reply(call.body)

    service.app.register_blueprint(blueprint)
    client = service.app.test_client()
    answer = client.get("/fhir/Binary/1", headers={"Accept": "image/png"})
    assert (answer.data, answer.mimetype) == (b"\x00", "application/dicom")
    kind = "application/json-patch+json"
    assert client.patch("/fhir/List/1", data=b"[]", content_type=kind).status_code == 200
    assert client.patch("/fhir/List/1", data=b"[]", content_type="x/y").status_code == 415
    assert client.patch("/fhir/List/1", data=b" " * 101, content_type=kind).status_code == 413
    service.database.close()
