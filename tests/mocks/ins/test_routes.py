"""INS entry points through the test client: what goes over the wire, and the journal line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.identity import NIA_OID, NIR_OID, TEST_OID
from kit.pki import CertificateKind, Person, TestPki, subject_dn
from kit.settings import Settings
from kit.signature import sign_enveloped
from kit.world import world_of
from kit.xml import Element, find, find_text
from mocks.ins.messages import (
    SearchRequest,
    SearchResult,
    read_search_result,
    write_assertion,
    write_search_request,
)
from tests.mocks.ins.builders import (
    MESSAGE_ID,
    NOW,
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


# Business answers


def test_a_published_identity_is_found(bench: Bench) -> None:
    answer = bench.send(an_envelope())
    assert answer.status_code == 200
    assert answer.content_type == "application/soap+xml; charset=UTF-8"
    envelope = envelope_of(answer)
    assert envelope.header is None
    result = read_search_result(envelope.body)
    assert (result.code, result.label) == ("00", "OK")
    assert result.individual is not None
    assert result.individual.ins.matricule == "160012B02077713"
    assert result.individual.ins.oid == NIR_OID
    assert result.individual.first_name == ""
    line = bench.line()
    assert line.transaction == "WS_INS2"
    assert line.outcome == "accepted"
    assert line.subject == "160012B02077713"
    assert line.software == "agenda 3.1"
    assert line.stated_at == datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    assert line.facts == {"result": "00", "first_names": 1, "dialect": "2025"}


def test_traits_stay_out_of_the_line(bench: Bench) -> None:
    bench.send(an_envelope())
    told = str(bench.line().as_dict())
    for trait in ("ADRTROIS", "TOUSSAINT", "1960-01-01"):
        assert trait not in told


def test_history_and_waiting_number_are_answered(bench: Bench) -> None:
    first = ask(bench, SearchRequest("ECETINSI", ("PIERRE-ALAIN",), "M", "2009-07-14"))
    assert first.individual is not None
    assert [past.matricule for past in first.individual.history] == [
        "209076322083439",
        "209066322012355",
    ]
    second = ask(bench, SearchRequest("PROVISOIRE", ("MATRICULE",), "M", "2009-07-01"))
    assert second.individual is not None
    assert second.individual.ins.oid == NIA_OID


def test_homonyms_are_several_until_the_birth_place_is_given(bench: Bench) -> None:
    leonardo = SearchRequest("DE VINCI", ("LEONARDO",), "M", "2014-02-01")
    several = ask(bench, leonardo)
    assert several == SearchResult("02", "Plusieurs identites trouvees")
    assert ask(bench, replace(leonardo, birth_place="63220")).code == "00"
    assert [line.facts["result"] for line in bench.lines()] == ["02", "00"]
    assert bench.lines()[0].subject == ""


def test_the_first_names_of_homologation_are_tried_in_turn(bench: Bench) -> None:
    tchitchi = SearchRequest("TCHITCHI", ("OLA",), "F", "1936-06-21")
    assert ask(bench, tchitchi) == SearchResult("01", "Aucune identite trouvee")
    assert ask(bench, replace(tchitchi, first_names=("CATARINA",))).code == "00"


def test_an_invented_person_is_found_with_the_test_oid(bench: Bench, settings: Settings) -> None:
    somebody = world_of(settings).patient(31_415_926)
    traits = somebody.traits
    request = SearchRequest(
        traits.birth_name,
        traits.first_names[:1],
        traits.sex,
        traits.birth_date,
        traits.birth_place,
    )
    result = ask(bench, request)
    assert result.individual is not None
    assert result.individual.ins == somebody.ins
    assert result.individual.traits == traits


def test_lenient_matching_and_the_oid_are_settings(make_bench: MakeBench) -> None:
    bella = SearchRequest("TCHITCHI", ("BELLA",), "F", "1936-06-21")
    lenient = make_bench(ins_matching="lenient", ins_oid="test")
    found = ask(lenient, bella).individual
    assert found is not None
    assert found.ins.oid == TEST_OID
    assert ask(make_bench(), bella).code == "01"


@pytest.mark.parametrize(
    ("dialect", "body", "fault", "language", "first_name"),
    [
        ("2021", b"<S:Body", b"<S:Fault", "en", "TOUSSAINT"),
        ("2022", b"<env:Body", b"<S:Fault", "en", ""),
        ("2025", b"<env:Body", b"<soap:Fault", "fr", ""),
    ],
)
def test_dialects_differ_in_prefixes_only(
    make_bench: MakeBench, dialect: str, body: bytes, fault: bytes, language: str, first_name: str
) -> None:
    bench = make_bench(ins_dialect=dialect)
    answer = bench.send(an_envelope())
    assert body in answer.get_data()
    individual = read_search_result(envelope_of(answer).body).individual
    assert individual is not None
    assert individual.first_name == first_name
    refused = bench.send(an_envelope(said=contexts(idam="?")))
    assert fault in refused.get_data()
    text = find(envelope_of(refused).body, "soap:Reason/soap:Text")
    assert text is not None
    assert text.get("{http://www.w3.org/XML/1998/namespace}lang") == language


# Who calls


def test_mutual_tls_tells_the_establishment(bench: Bench, certificate: Certificate) -> None:
    answer = bench.send(an_envelope(), listener="mtls", peer=certificate("INSI-AUTO"))
    assert answer.status_code == 200
    assert bench.line().listener == "mtls"
    assert bench.line().finess == "0B0152872"


def test_a_certificate_of_another_name_is_refused(bench: Bench, certificate: Certificate) -> None:
    answer = bench.send(an_envelope(), listener="mtls", peer=certificate("insi-auto"))
    fault = envelope_of(answer).body
    assert answer.status_code == 500
    assert find_text(fault, "soap:Code/soap:Value") == "soap:Sender"
    error = error_of(answer)
    assert (error.code, error.message_id) == ("desir_560", MESSAGE_ID)
    assert "insi-auto" in error.text
    assert "INSI-AUTO" in error.text
    line = bench.line()
    assert (line.outcome, line.codes) == ("unauthorized", ("desir_560",))
    assert line.refusals[0]["rule"] == "the_certificate_is_made_for_insi"
    assert line.facts.get("result") is None


def test_an_unknown_software_gets_the_captured_fault(bench: Bench) -> None:
    answer = bench.send(an_envelope(said=contexts(idam="ZZZ")))
    fault = envelope_of(answer).body
    assert find_text(fault, "soap:Code/soap:Value") == "soap:Sender"
    assert find_text(fault, "soap:Code/soap:Subcode/soap:Value") == "soap:siram_100"
    error = error_of(answer)
    assert (error.code, error.severity, error.message_id) == ("desir_550", "erreur", MESSAGE_ID)
    assert bench.line().outcome == "unauthorized"
    assert bench.line().codes == ("desir_550",)


def test_one_way_tls_without_an_assertion_is_refused(bench: Bench) -> None:
    answer = bench.send(an_envelope(), listener="tls")
    assert answer.status_code == 500
    assert error_of(answer).code == "desir_520"
    assert (bench.line().outcome, bench.line().codes) == ("unauthorized", ("desir_520",))


def test_an_assertion_opens_the_one_way_listener(bench: Bench) -> None:
    blocks = (write_assertion(an_assertion()),)
    assert bench.send(an_envelope(blocks=blocks), listener="tls").status_code == 200
    assert bench.line().facts["billing_id"] == "0B0152872"


def test_the_site_of_an_assertion_tells_its_legal_entity(bench: Bench, settings: Settings) -> None:
    hospital = world_of(settings).establishments[0]
    attributes = (("identifiantFacturation", hospital.finess_eg), ("secteurActivite", "SA01"))
    blocks = (write_assertion(an_assertion(attributes=attributes)),)
    assert bench.send(an_envelope(blocks=blocks), listener="tls").status_code == 200
    assert bench.line().finess == hospital.finess_ej


def test_without_certificate_the_sender_of_the_contexts_tells_it(bench: Bench) -> None:
    bench.send(an_envelope())
    bench.send(an_envelope(said=contexts(sender="medecin@exemple.invalid")))
    assert [line.finess for line in bench.lines()] == ["0B0152872", ""]


def test_an_old_assertion_is_refused(bench: Bench) -> None:
    old = an_assertion(issued_at=NOW - timedelta(hours=2))
    answer = bench.send(an_envelope(blocks=(write_assertion(old),)), listener="tls")
    assert error_of(answer).code == "desir_522"
    assert bench.line().outcome == "unauthorized"


def signed(
    pki: TestPki, kind: CertificateKind = CertificateKind.PS_SIGN, **changes: Any
) -> Element:
    card = pki.issue(
        kind, common_name="00B6087510", person=Person("Infirmier", "OLIVIER", "DE TEST")
    )
    default = {"name_id": "00B6087510", "issuer": subject_dn(card.certificate_der)}
    said = an_assertion(name_qualifier="CPS", **default | changes)
    block = write_assertion(said)
    sign_enveloped(block[0], card, after="saml2:Issuer")
    return block


def test_the_signature_of_a_card_is_verified(bench: Bench, pki: TestPki) -> None:
    answer = bench.send(an_envelope(blocks=(signed(pki),)), listener="tls")
    assert answer.status_code == 200
    assert bench.line().outcome == "accepted"


@pytest.mark.parametrize("spoil", ["altered", "another's", "unsigned"])
def test_a_card_assertion_must_hold(bench: Bench, pki: TestPki, spoil: str) -> None:
    block = signed(pki, **{"name_id": "00B6087511"} if spoil == "another's" else {})
    if spoil == "altered":
        block[0].set("Version", "2.0 ")
    if spoil == "unsigned":
        block[0].remove(block[0][1])
    answer = bench.send(an_envelope(blocks=(block,)), listener="tls")
    assert answer.status_code == 500
    assert "desir_521" in bench.line().codes
    assert bench.line().outcome == "unauthorized"
    assert error_of(answer).code in ("desir_520", "desir_521")


SIGNERS = [  # the key that signs, what the assertion says, the rule
    (CertificateKind.PS_AUTH, {}, "a_card_assertion_is_signed_to_be_signed"),
    (
        CertificateKind.PS_SIGN,
        {"issuer": "CN=00B6087511,C=FR"},
        "the_issuer_of_a_card_assertion_is_its_signer",
    ),
]


@pytest.mark.parametrize(("kind", "changes", "rule"), SIGNERS)
def test_a_card_signs_with_its_signature_key_in_its_own_name(
    make_bench: Callable[..., Bench],
    pki: TestPki,
    kind: CertificateKind,
    changes: dict[str, str],
    rule: str,
) -> None:
    call = an_envelope(blocks=(signed(pki, kind, **changes),))
    strict = make_bench()
    assert error_of(strict.send(call, listener="tls")).code == "desir_521"
    assert [refusal["rule"] for refusal in strict.line().refusals] == [rule]


def test_who_signs_for_a_card_is_a_setting(make_bench: Callable[..., Bench], pki: TestPki) -> None:
    lenient = make_bench(ins_card_signer="lenient")
    for kind, changes, _ in SIGNERS:
        call = an_envelope(blocks=(signed(pki, kind, **changes),))
        assert lenient.send(call, listener="tls").status_code == 200


# Armed faults


@pytest.mark.parametrize(
    ("value", "status", "code"),
    [("insi_102", 500, "insi_102"), ("02", 200, "02"), ("adr_1", 500, "adr_1")],
)
def test_an_armed_fault_answers_with_its_code(
    bench: Bench, value: str, status: int, code: str
) -> None:
    fault = {"id": "f", "effect": "code", "value": value}
    assert bench.client.post("/_banc/faults", json=fault).status_code == 200
    answer = bench.send(an_envelope())
    assert answer.status_code == status
    assert (bench.line().outcome, bench.line().codes) == ("injected", (code,))
    if status == 500:
        assert error_of(answer).code == code
        reason = find_text(envelope_of(answer).body, "soap:Reason/soap:Text")
        assert reason.startswith("Le service est temporairement inaccessible.")
    if value == "insi_102":
        assert error_of(answer).message_id == ""
        assert error_of(answer).severity == "fatal"
