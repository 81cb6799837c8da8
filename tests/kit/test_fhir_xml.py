"""FHIR as XML: both ways, in the order of R4, nothing odd accepted; who is answered in XML."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from fhir.resources import R4B
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from kit.fhir import Resource
from kit.fhir.definitions import _ROWS, PRIMITIVES, fields_of
from kit.fhir.formats import FHIR_JSON, FHIR_XML, answered, asked, named
from kit.fhir.xml import read_xml, write_xml
from kit.rules import Malformed

NS = 'xmlns="http://hl7.org/fhir"'
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Sortie &amp; suite</p></div>'
A_LIST = {
    "resourceType": "List", "id": "l", "status": "current", "mode": "working", "title": "a\nb",
}  # fmt: skip
ABSENT = {"extension": [{"url": "urn:v", "valueCode": "NAV"}]}
WHOLE: list[Resource] = [
    {"resourceType": "Binary", "contentType": "text/xml", "data": "QQ=="},
    {
        "resourceType": "Patient",
        "id": "1",
        "text": {"status": "generated", "div": DIV},
        "contained": [{"resourceType": "Organization", "id": "o", "name": "Hôpital <d'essai>"}],
        "extension": [
            {"url": "urn:x", "extension": [{"url": "y", "valueDecimal": 1.5}]},
            {"id": "e", "url": "urn:z", "valueReference": {"reference": "#o"}},
        ],
        "active": True,
        "name": [
            {"family": "Test", "given": ["A", None], "_given": [None, ABSENT]},
            {"_family": {"extension": [{"url": "urn:v", "valueCode": "NAV"}]}},
        ],
        "deceasedBoolean": False,
        "multipleBirthInteger": 2,
    },
    {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 0,
        "entry": [{"resource": A_LIST}],
    },
]


@pytest.mark.parametrize("resource", WHOLE, ids=lambda item: item["resourceType"])
def test_a_resource_is_read_as_it_was_written(resource: Resource) -> None:
    assert read_xml(write_xml(resource)) == resource


@pytest.mark.parametrize("resource", WHOLE, ids=lambda item: item["resourceType"])
def test_an_outside_reader_sees_the_same(resource: Resource) -> None:
    model = R4B.get_fhir_model_class(resource["resourceType"])
    theirs = json.loads(model.model_validate_xml(write_xml(resource)).model_dump_json())
    assert theirs == resource


def test_members_are_written_in_the_order_of_the_definition() -> None:
    written = write_xml({"status": "current", "id": "1", "resourceType": "DocumentReference"})
    assert written.index(b"<id ") < written.index(b"<status ")


def test_a_character_that_xml_has_not_is_replaced() -> None:
    shown = read_xml(write_xml({"resourceType": "List", "title": "a\x0b\ud800b\tc"}))
    assert shown["title"] == "a\ufffd\ufffdb\tc"


def test_what_a_type_has_not_is_our_mistake() -> None:
    with pytest.raises(LookupError, match="List has no colour"):
        write_xml({"resourceType": "List", "colour": "red"})


def test_a_resource_of_another_type_is_read_by_its_name() -> None:
    body = f'<Bundle {NS}><entry><resource><Observation><id value="7"/><x/></Observation>'
    read = read_xml(f"{body}</resource></entry></Bundle>".encode())
    assert read["entry"] == [{"resource": {"resourceType": "Observation", "id": "7"}}]


def a_list(inside: str) -> bytes:
    return f"<List {NS}>{inside}</List>".encode()


BOMB = '<!DOCTYPE List [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE List [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
WRONG: list[tuple[bytes, str, str]] = [
    (b"", "body", "not well-formed"),
    (b"{}", "body", "not well-formed"),
    (a_list("<status>"), "body", "not well-formed"),
    (BOMB.encode() + a_list('<title value="&b;"/>'), "body", "declaration"),
    (OUTSIDE.encode() + a_list("<title>&x;</title>"), "body", "declaration"),
    (b"<List/>", "body", "namespace none"),
    (b'<List xmlns="urn:x"/>', "body", "namespace urn:x"),
    (a_list(""), "List", "empty"),
    (a_list('<state value="1"/>'), "List.state", "no such element"),
    (a_list('<mode value="working"/><status value="current"/>'), "List.status", "after mode"),
    (a_list('<status value="a"/><status value="b"/>'), "List.status", "once only"),
    (a_list("<status/>"), "List.status", "value is missing"),
    (a_list('<status value=""/>'), "List.status", "value is empty"),
    (a_list('<status value="a" code="b"/>'), "List.status", "attribute code"),
    (a_list("<status>current</status>"), "List.status", "text stands outside"),
    (a_list('current<status value="a"/>'), "List", "text stands outside"),
    (a_list("<code/>"), "List.code", "empty"),
    (a_list("<code><coding/></code>"), "List.code.coding[0]", "empty"),
    (a_list('<entry><deleted value="1"/></entry>'), "List.entry[0].deleted", "true or false"),
    (a_list('<status value="a"><title value="b"/></status>'), "List.status.title", "extensions"),
    (a_list("<contained/>"), "List.contained[0]", "one resource is expected, 0 seen"),
    (a_list('<text><div value="x"/></text>'), "List.text.no {http://hl7.org/fhir}div", "element"),
    (f'<Bundle {NS}><total value="1.5"/></Bundle>'.encode(), "Bundle.total", "number"),
    (f'<Bundle {NS}><total value="{"9" * 5000}"/></Bundle>'.encode(), "Bundle.total", "number"),
]


@pytest.mark.parametrize(("body", "where", "why"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_fhir_xml_is_malformed_and_says_where(body: bytes, where: str, why: str) -> None:
    with pytest.raises(Malformed) as found:
        read_xml(body)
    assert found.value.where == where
    assert why in found.value.why


def test_depth_and_size_are_bounded() -> None:
    deep = "<extension>" * 40 + "</extension>" * 40
    with pytest.raises(Malformed, match="nested deeper than 32"):
        read_xml(a_list(deep))
    with pytest.raises(Malformed, match="more than 200000 elements"):
        read_xml(a_list("<entry/>" * 200_001))


def test_a_file_of_many_megabytes_stands_in_one_attribute() -> None:
    binary = {"resourceType": "Binary", "contentType": "a/b", "data": "QUJD" * 2_000_000}
    assert read_xml(write_xml(binary)) == binary


def test_comments_and_a_schema_location_are_left_out() -> None:
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"'
    body = f'<List {NS} {xsi}><!-- x --><status value="current"/><?pi x?></List>'
    assert read_xml(body.encode()) == {"resourceType": "List", "status": "current"}


def test_whatever_xml_holds_it_is_read_or_malformed() -> None:
    draw, body = random.Random(1), write_xml(WHOLE[1]).decode()
    places = []
    for _ in range(500):
        at = draw.randrange(len(body))
        to = at + draw.randrange(12)
        spoilt = body[:at] + draw.choice(["", "<x/>", "&lt;", '"', "\x00", "<a>"]) + body[to:]
        try:
            assert read_xml(spoilt.encode())["resourceType"]
        except Malformed as error:
            places.append(error.where)
    assert len(places) > 100
    assert all(places)


# The tables.


def theirs(kind: str) -> Any:
    """The outside model of a type; of a backbone element too."""
    from importlib import import_module

    for size in range(len(kind), 0, -1):
        try:
            module = import_module(f"fhir.resources.R4B.{kind[:size].lower()}")
        except ImportError:
            continue
        return getattr(module, kind)
    raise LookupError(kind)


@pytest.mark.parametrize("kind", sorted(name for rows in _ROWS.values() for name in rows))
def test_the_elements_of_a_type_are_those_of_r4(kind: str) -> None:
    model = theirs(kind)
    known = {field.alias or name: field for name, field in model.model_fields.items()}
    of_r4b = {f"value{name}" for name in ("CodeableReference", "RatioRange")}
    order = [name for name in model.elements_sequence() if name not in of_r4b]
    ours = fields_of(kind)
    has_id = "id" in ours or (kind == "Extension")
    expected = [name for name in order if name != "id" or "id" in ours]
    assert has_id or "id" not in ours
    assert sorted(ours) == sorted([*expected, *(["valueMeta"] if kind == "Extension" else [])])
    places = [ours[name].place for name in expected]
    choices = [name for name in expected if list(places).count(ours[name].place) > 1]
    assert places == sorted(places)
    for name in expected:
        told = str(known[name].annotation)
        assert ours[name].repeats == ("List[" in told), name
        if ours[name].kind not in PRIMITIVES:
            assert f"{ours[name].kind}Type" in told, name
    assert all("one_of_many" in known[name].json_schema_extra for name in choices)


# Who is answered in XML.


ASKED: list[tuple[str, str, str, str, str]] = [  # Accept, _format, body, answer, named
    ("", "", "", FHIR_JSON, ""),
    ("*/*", "", "", FHIR_JSON, ""),
    ("*/*", "", FHIR_XML, FHIR_XML, ""),
    ("", "", FHIR_XML, FHIR_XML, ""),
    (FHIR_JSON, "", FHIR_XML, FHIR_JSON, FHIR_JSON),
    (FHIR_XML, "", "", FHIR_XML, FHIR_XML),
    ("application/xml", "", "", FHIR_XML, ""),
    ("text/xml;q=0.5, application/json", "", "", FHIR_JSON, ""),
    (f"{FHIR_JSON};q=0.1, {FHIR_XML};q=0.9", "", "", FHIR_XML, FHIR_XML),
    ("text/html", "", "", "", ""),
    ("text/html", "xml", "", FHIR_XML, FHIR_XML),
    (FHIR_XML, "json", "", FHIR_JSON, FHIR_JSON),
    ("", "application/fhir xml", "", FHIR_XML, FHIR_XML),
    ("", "application/fhir+xml; fhirVersion=4.0", "", FHIR_XML, FHIR_XML),
    ("", "ttl", "", "", ""),
]


@pytest.mark.parametrize(("accept", "wanted", "body", "answer", "told"), ASKED)
def test_the_format_is_that_which_the_client_asks(
    accept: str, wanted: str, body: str, answer: str, told: str
) -> None:
    parsed = parse_accept_header(accept, MIMEAccept)
    assert answered(parsed, wanted, body) == answer
    assert asked(parsed, wanted) == told
    assert named("html/patient") == ""
