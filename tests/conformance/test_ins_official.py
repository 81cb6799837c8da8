"""INS, outside judges: the published request and answers, and the published schemas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import etree

from kit.clock import FixedClock
from kit.identity import NIA_OID
from kit.service import service_of
from kit.settings import Settings
from kit.soap import read_envelope, write_envelope
from kit.xml import Element, find, need, parse, qname
from mocks.ins import errors
from mocks.ins.app import create_app
from mocks.ins.messages import (
    ACTION,
    DIALECTS,
    BamContext,
    Contexts,
    InsFault,
    LpsContext,
    SearchRequest,
    read_contexts,
    read_error,
    read_search_request,
    read_search_result,
    write_contexts,
    write_fault,
    write_search_request,
    write_search_result,
)

SOAP = "application/soap+xml; charset=utf-8"
REQUEST = "req_traits_mTLS_ADRTROIS_TOUSSAINT.xml"
ANSWERS = [  # file, code, label, matricule, OID, TIQ/Prenom
    ("resp_CR00_ADRTROIS_TOUSSAINT.xml", "00", "OK", "160012B02077713", ""),
    ("resp_CR00_NIA_TEST_2.05.xml", "00", "OK", "109076322088835", "MATRICULE"),
    ("resp_CR01_none.xml", "01", "Aucune identite trouvee", "", ""),
    ("resp_CR02_multiple.xml", "02", "Plusieurs identites trouvees", "", ""),
]
Schema = Callable[[str], etree.XMLSchema]


@pytest.fixture
def schema(conformance: Path) -> Schema:
    return lambda name: etree.XMLSchema(etree.parse(conformance / "ins" / "xsd" / f"{name}.xsd"))


@pytest.fixture
def client(settings: Settings, clock: FixedClock) -> FlaskClient:
    return create_app(settings, clock).test_client()


def sample(conformance: Path, name: str) -> bytes:
    return (conformance / "ins" / "soap" / name).read_bytes()


def judged(schema: etree.XMLSchema, element: Element) -> None:
    """Valid, or the test fails with what the schema says."""
    schema.assertValid(etree.fromstring(etree.tostring(element, with_tail=False)))


def same(one: Element, other: Element) -> bool:
    """The same elements, attributes and texts, whatever the prefixes and comments."""
    ours = [child for child in one if isinstance(child.tag, str)]
    theirs = [child for child in other if isinstance(child.tag, str)]
    return (
        one.tag == other.tag
        and dict(one.attrib) == dict(other.attrib)
        and (one.text or "").strip() == (other.text or "").strip()
        and len(ours) == len(theirs)
        and all(map(same, ours, theirs))
    )


def test_the_official_request_is_answered_as_captured(
    client: FlaskClient, conformance: Path
) -> None:
    answer = client.post("/lps", data=sample(conformance, REQUEST), content_type=SOAP)
    assert answer.status_code == 200
    captured = parse(sample(conformance, "resp_CR00_ADRTROIS_TOUSSAINT.xml"))
    ours = parse(answer.get_data())
    assert same(ours, captured)
    assert ours[0].prefix == captured[0].prefix == "env"
    (line,) = service_of(client.application).journal.find()
    assert (line.transaction, line.outcome) == ("WS_INS2", "accepted")
    assert line.facts["result"] == "00"
    assert line.stated_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert line.software == "lpsdemo 2022"


def test_the_official_request_is_answered_over_mutual_tls_only_with_a_certificate(
    client: FlaskClient, conformance: Path
) -> None:
    environ = {"banc.listener": "mtls"}
    answer = client.post(
        "/lps", data=sample(conformance, REQUEST), content_type=SOAP, environ_overrides=environ
    )
    assert answer.status_code == 500
    assert read_error(read_envelope(parse(answer.get_data())).body).code == "desir_560"


@pytest.mark.parametrize(("name", "code", "label", "matricule", "first_name"), ANSWERS)
def test_official_answers_are_read_and_written_again(
    conformance: Path, name: str, code: str, label: str, matricule: str, first_name: str
) -> None:
    body = read_envelope(parse(sample(conformance, name))).body
    result = read_search_result(body)
    assert (result.code, result.label) == (code, label)
    assert errors.RESULTS[code].meaning == label
    assert same(write_search_result(result), body)
    if matricule:
        assert result.individual is not None
        assert result.individual.ins.matricule == matricule
        assert result.individual.first_name == first_name
    else:
        assert result.individual is None


def test_the_waiting_number_is_answered_as_captured(
    settings: Settings, clock: FixedClock, conformance: Path
) -> None:
    """In the dialect of 2021, when Prenom was still answered."""
    client = create_app(replace(settings, ins_dialect="2021"), clock).test_client()
    traits = SearchRequest("PROVISOIRE", ("MATRICULE",), "M", "2009-07-01")
    answer = client.post("/lps", data=an_envelope(traits), content_type=SOAP)
    captured = parse(sample(conformance, "resp_CR00_NIA_TEST_2.05.xml"))
    ours = parse(answer.get_data())
    assert same(ours, captured)
    assert ours[0].prefix == captured[0].prefix == "S"
    assert NIA_OID.encode() in answer.get_data()


def test_the_official_request_is_read(conformance: Path, schema: Schema) -> None:
    envelope = read_envelope(parse(sample(conformance, REQUEST)))
    judged(schema("INSi_RECSANS_INS"), envelope.body)
    request = read_search_request(envelope.body)
    assert request == SearchRequest("ADRTROIS", ("TOUSSAINT",), "M", "1960-01-01")
    assert same(write_search_request(request), envelope.body)
    contexts = read_contexts(envelope.header)
    assert contexts.lps is not None
    assert (contexts.lps.idam, contexts.lps.software) == ("IDAM-MASKED", "lpsdemo 2022")
    assert envelope.header is not None
    bam, lps = write_contexts(contexts)
    assert same(bam, need(envelope.header, "ctxbam:ContexteBAM"))
    assert same(lps, need(envelope.header, "ctxlps:ContexteLPS"))


def test_what_we_write_is_valid(schema: Schema) -> None:
    full = SearchRequest("D'ARC", ("ANNE", "MARIE"), "F", "1984-99-99", "2A020")
    for request in (full, SearchRequest(), SearchRequest("D'ARC", ("ANNE",), "F", "1984-02-29")):
        judged(schema("INSi_RECSANS_INS"), write_search_request(request))
    _, lps = write_contexts(some_contexts())
    judged(schema("ROOT_ctxlps_CTXLPS_V01_00"), lps)


PEOPLE = [
    SearchRequest("ADRUN", ("ZOE",), "F", "1975-12-31"),
    SearchRequest("ECETINSI", ("PIERRE-ALAIN",), "M", "2009-07-14"),
    SearchRequest("CORSE", ("ANTHONY",), "M", "1980-03-02"),
    SearchRequest("HERMANN", ("GATIEN",), "M", "1981-03-24"),
    SearchRequest("DE VINCI", ("LEONARDO",), "M", "2014-02-01"),
    SearchRequest("HOUILLES", ("PIERRE",), "M", "1993-01-27"),
]


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_what_we_answer_is_valid(
    settings: Settings, clock: FixedClock, schema: Schema, dialect: str
) -> None:
    client = create_app(replace(settings, ins_dialect=dialect), clock).test_client()
    codes = []
    for request in PEOPLE:
        answer = client.post("/lps", data=an_envelope(request), content_type=SOAP)
        body = read_envelope(parse(answer.get_data())).body
        judged(schema("INSi_RESULTAT_INS"), body)
        codes.append(read_search_result(body).code)
    assert codes == ["00", "00", "00", "00", "02", "01"]


@pytest.mark.parametrize("code", list(errors.FAULTS))
def test_a_fault_is_valid_but_for_the_severity_the_real_service_gets_wrong(
    schema: Schema, code: str
) -> None:
    fault = write_fault(InsFault(errors.FAULTS[code], "why"), "uuid:1", DIALECTS["2025"])
    error = next(fault.iter(qname("siram:Erreur")))
    if error.get("severite") == "fatal":
        assert code in ("insi_101", "insi_102", "insi_103")
        error.set("severite", "fatale")
    judged(schema("schema_faultSOAP_V01_01"), error)


def test_the_captured_fault_is_written_again(conformance: Path) -> None:
    captured = read_envelope(parse(sample(conformance, "fault_siram_40_insi_102.xml"))).body
    ours = write_fault(InsFault(errors.SEARCH_FAILED), "uuid:1", DIALECTS["2022"])
    assert read_error(captured).code == "insi_102"
    assert same(ours, captured)
    assert ours.prefix == captured.prefix == "S"
    assert find(ours, "soap:Code/soap:Value") is not None


def some_contexts() -> Contexts:
    at = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    return Contexts(
        BamContext("6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0001", at),
        LpsContext(
            "6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0002",
            at,
            sender="10B0152872",
            idam="BANC-TEST",
            software_version="3.1",
            instance="6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0003",
            software_name="urn:lps:agenda:3.1",
            nature="CTXLPS",
        ),
    )


def an_envelope(request: SearchRequest) -> bytes:
    return write_envelope(
        write_search_request(request),
        action=ACTION,
        message_id="uuid:6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0009",
        header_blocks=write_contexts(some_contexts()),
    )
