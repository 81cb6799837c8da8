"""ROR entry points: what is on the wire, and the journal line of each exchange."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.clock import FixedClock
from kit.faults import Fault
from kit.fhir import read_outcome
from kit.service import service_of
from mocks.ror import messages
from mocks.ror.app import create_app
from mocks.ror.messages import CONTEXT_HEADERS, TOKEN_PATH
from mocks.ror.messages.capacity import read_capacities
from mocks.ror.store.derived import TWIN_CODE
from tests.mocks.ror.builders import AT, a_capacity, a_patch, spoilt
from tests.mocks.ror.conftest import FHIR, Bench, issues

OFFERS = (
    "/HealthcareService?_include=HealthcareService:organization"
    "&_include:iterate=Organization:partof&_include=HealthcareService:location"
)


def test_the_capability_statement_is_for_everybody(make_bench: Callable[..., Bench]) -> None:
    answer = make_bench(ror_authentication="strict").get("/metadata", listener="tls")
    assert answer.status_code == 200
    assert answer.json is not None
    kinds = [row["type"] for row in answer.json["rest"][0]["resource"]]
    assert kinds == ["Organization", "HealthcareService", "Location"]


def test_a_search_answers_a_page_of_200_with_its_total_and_the_next_link(bench: Bench) -> None:
    answer = bench.get("/Organization")
    assert answer.json is not None
    assert answer.content_type == "application/fhir+json;charset=utf-8"
    assert len(answer.json["entry"]) == 200 < answer.json["total"]
    links = {link["relation"]: link["url"] for link in answer.json["link"]}
    assert "_offset=200" in links["next"]
    line = bench.line()
    assert (line.transaction, line.outcome) == ("SEARCH Organization", "accepted")
    assert line.facts == {"finess": "", "total": answer.json["total"], "returned": 200}


def test_nothing_found_is_an_empty_page(bench: Bench) -> None:
    answer = bench.get("/Location?address-city=nowhere")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["total"] == 0
    assert "entry" not in answer.json


def test_controls_shape_the_page(bench: Bench) -> None:
    found = bench.get("/Organization?_count=1&_elements=name&_total=none").json
    assert found is not None
    assert "total" not in found
    assert set(found["entry"][0]["resource"]) == {"resourceType", "id", "meta", "name"}
    assert bench.get("/Organization?_count=0").json["total"] > 0  # type: ignore[index]


def test_every_mistake_of_a_search_is_told(bench: Bench) -> None:
    answer = bench.get("/Location?colour=red&_lastUpdated=soon&name:above=x")
    assert answer.status_code == 400
    assert issues(answer) == [
        ("not-supported", "colour"),
        ("not-supported", "name:above"),
        ("value", "_lastUpdated"),
    ]
    line = bench.line()
    assert line.outcome == "refused"
    assert line.codes == ("ror-unknown-parameter", "ror-wrong-value")


def test_a_resource_is_read_with_its_version(bench: Bench) -> None:
    found = bench.all("/Location?_count=1")[0]
    answer = bench.get(f"/Location/{found['id']}")
    assert answer.json == found
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"].endswith("GMT")
    assert bench.line().transaction == "READ Location"


ABSENT = [
    ("GET", "/Location/none", 404, "not-found", "READ Location"),
    ("GET", "/Patient", 404, "not-supported", "SEARCH ?"),
    ("GET", "/Patient/1", 404, "not-supported", "READ ?"),
    ("GET", "/", 405, "not-supported", "SEARCH-SYSTEM"),
    ("GET", "/$export", 405, "not-supported", "OPERATION"),
    ("GET", "/Location/1/_history", 405, "not-supported", "HISTORY Location"),
    ("DELETE", "/Location/1", 405, "not-supported", "DELETE Location"),
    ("POST", "/", 405, "not-supported", "BATCH"),
    ("POST", "/Organization/_search", 405, "not-supported", "SEARCH-BY-POST Organization"),
]


@pytest.mark.parametrize(("method", "path", "status", "code", "transaction"), ABSENT)
def test_what_is_not_offered_is_said(
    bench: Bench, method: str, path: str, status: int, code: str, transaction: str
) -> None:
    answer = bench.write(method, path, {})
    assert answer.status_code == status
    assert [found for found, _ in issues(answer)] == [code]
    assert bench.line().transaction == transaction


def test_offers_say_whose_they_are_and_how_complete(bench: Bench) -> None:
    offers = messages.read_offers(bench.get(OFFERS).json)  # type: ignore[arg-type]
    assert len(offers) == 200
    assert all(offer.finess_ej and offer.finess_eg and offer.unit_code for offer in offers)
    complete = sum(offer.is_complete for offer in offers)
    assert 150 < complete < 200
    started = [offer for offer in offers if not offer.is_complete]
    assert all(not (o.completeness.address and o.completeness.contact) for o in started)


def test_a_bed_update_changes_the_location_and_its_age(bench: Bench, clock: FixedClock) -> None:
    sync = bench.a_sync_id()
    answer = bench.patch(sync, a_patch())
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert answer.headers["ETag"] == 'W/"2"'
    assert answer.headers["Last-Modified"] == "Mon, 05 Jan 2026 08:00:00 GMT"
    assert a_capacity() in read_capacities(answer.json)
    line = bench.line()
    site, _, unit = sync[1:].partition("/")
    assert line.facts == {
        "finess": site,
        "units": [unit],
        "capacity": {"02/01/03/-/-/-/01": 7},
    }
    assert (line.transaction, line.outcome, line.finess) == (
        "PATCH Location",
        "accepted",
        "0B9001005",
    )
    assert line.stated_at == AT
    assert (
        bench.get(f"/Location?identifier={sync}&_lastUpdated=ge{clock.now():%Y-%m-%d}").json[  # type: ignore[index]
            "total"
        ]
        == 1
    )


def test_an_update_survives_a_restart(bench: Bench, settings: Any, clock: FixedClock) -> None:
    sync = bench.a_sync_id()
    bench.patch(sync, a_patch())
    again = Bench(create_app(settings, clock).test_client())
    (location,) = again.all(f"/Location?identifier={sync}")
    assert location["meta"]["versionId"] == "2"
    assert a_capacity() in read_capacities(location)


def test_blocks_are_added_replaced_and_deleted_in_one_request(bench: Bench) -> None:
    sync = bench.a_sync_id()
    women = a_capacity(gender_capacity_available="01", nb_capacity=2)
    body = a_patch(messages.add(women), messages.delete(a_capacity().key))
    answer = bench.patch(sync, body)
    assert answer.status_code == 200
    keys = [block.key for block in read_capacities(answer.json)]  # type: ignore[arg-type]
    assert women.key in keys
    assert a_capacity().key not in keys
    assert bench.line().facts["capacity"] == {"02/01/01/-/-/-/01": 2, "02/01/03/-/-/-/01": None}
    absent = bench.patch(sync, a_patch())
    assert absent.status_code == 404
    assert issues(absent) == [("not-found", messages.bed_patch.CAPACITY_PATH)]  # type: ignore[attr-defined]


def test_an_unknown_location_and_twins_are_told_apart(bench: Bench) -> None:
    absent = bench.patch("11B9001012/NOWHERE", a_patch())
    assert (absent.status_code, issues(absent)) == (404, [("not-found", "Location")])
    assert bench.line().codes == ("ror-location-not-found",)
    twins = bench.patch(f"11B9001012/{TWIN_CODE}", a_patch())
    assert (twins.status_code, issues(twins)) == (412, [("multiple-matches", "Location")])


def test_a_refused_update_names_every_problem_and_changes_nothing(bench: Bench) -> None:
    sync = bench.a_sync_id()
    body = spoilt(a_patch(), nbCapacity={"valueInteger": -3}, capacityType={"valueCode": "x"})
    answer = bench.patch(sync, body)
    assert answer.status_code == 400
    assert [code for code, _ in issues(answer)] == ["business-rule"] * 2
    found = read_outcome(answer.json)  # type: ignore[arg-type]
    assert all(
        "operation[0]" in issue.diagnostics and "seen" in issue.diagnostics for issue in found
    )
    assert bench.line().outcome == "refused"
    (location,) = bench.all(f"/Location?identifier={sync}")
    assert location["meta"]["versionId"] == "1"


BAD_BODIES = [
    (b"{", FHIR, 400, "structure"),
    (b'{"a": 1, "a": 2}', FHIR, 400, "structure"),
    (b"[" * 100_000, FHIR, 400, "structure"),
    (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, FHIR, 400, "structure"),
    (b"\xff\xfe{}", FHIR, 400, "structure"),
    (b"NaN", FHIR, 400, "structure"),
    (b"{}", FHIR, 400, "structure"),
    (b"{}", "application/json-patch+json", 415, "not-supported"),
    (b"<Parameters/>", "application/fhir+xml", 415, "not-supported"),
    (b" " * 3_000_000, FHIR, 413, "too-long"),
]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"), BAD_BODIES, ids=range(len(BAD_BODIES))
)
def test_a_body_that_cannot_be_read_is_answered_and_journalled(
    bench: Bench, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = bench.patch("x", body, content_type=content_type)
    assert (answer.status_code, [found for found, _ in issues(answer)]) == (status, [code])
    assert bench.line().outcome == "malformed"
    assert bench.get("/metadata").status_code == 200


def test_a_body_above_the_bound_of_all_services_is_refused(
    make_bench: Callable[..., Bench],
) -> None:
    answer = make_bench(max_body_bytes=1000).patch("x", b" " * 2000)
    assert (answer.status_code, issues(answer)[0][0]) == (413, "too-long")


def test_a_bed_update_has_one_parameter(bench: Bench) -> None:
    for path in ("", "?identifier=a&identifier=b", "?identifier=a&status=active"):
        answer = bench.client.patch(
            f"{messages.BED_PATH}/Location{path}", data=json.dumps(a_patch()), content_type=FHIR
        )
        assert (answer.status_code, issues(answer)) == (400, [("structure", "identifier")])


def test_a_format_that_is_not_offered_is_not_acceptable(bench: Bench) -> None:
    answer = bench.get("/Location", headers={"Accept": "application/fhir+xml"})
    assert answer.status_code == 406


def test_a_token_is_given_for_a_secret_and_opens_the_directory(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(ror_authentication="strict")
    answer = bench.ask_token("consommateur-0", "banc")
    assert answer.json is not None
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 300)
    assert bench.line().transaction == "TOKEN"
    assert bench.get("/Location", answer.json["access_token"]).status_code == 200


def test_a_token_is_given_for_the_clients_certificate(
    make_bench: Callable[..., Bench], certificate: bytes
) -> None:
    bench = make_bench(ror_authentication="strict")
    mine, other = "fournisseur-1-0B9001005", "fournisseur-1-0B9002003"
    answer = bench.ask_token(mine, listener="tls", peer=certificate)
    assert answer.status_code == 200
    assert bench.line().finess == "0B9001005"
    for client_id, peer in ((mine, None), (other, certificate), ("who", certificate)):
        refused = bench.ask_token(client_id, listener="tls", peer=peer)
        assert refused.status_code == 401
        assert refused.json is not None
        assert refused.json["error"] == "invalid_client"
        assert bench.line().outcome == "unauthorized"


BAD_TOKEN_REQUESTS = [
    ({"grant_type": "password", "client_id": "consommateur-0"}, 400, "unsupported_grant_type"),
    ({"client_id": "consommateur-0"}, 400, "invalid_request"),
    ({"grant_type": "client_credentials"}, 400, "invalid_request"),
]


@pytest.mark.parametrize(("form", "status", "error"), BAD_TOKEN_REQUESTS)
def test_a_wrong_token_request_gets_an_oauth_error(
    bench: Bench, form: dict[str, str], status: int, error: str
) -> None:
    answer = bench.client.post(TOKEN_PATH, data=form)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"] == error
    assert answer.json["error_description"]


def test_the_token_endpoint_takes_a_form_by_post(bench: Bench) -> None:
    assert bench.client.get(TOKEN_PATH).status_code == 405
    assert bench.client.post(TOKEN_PATH, json={}).status_code == 415


def test_without_a_right_token_a_strict_listener_answers_401(
    make_bench: Callable[..., Bench], clock: FixedClock
) -> None:
    bench = make_bench(ror_authentication="strict", ror_token_seconds=60)
    token = bench.token("consommateur-0")
    assert bench.get("/Location?_count=1", token).status_code == 200
    clock.advance(61)
    for given in ("", "nonsense", token):
        answer = bench.get("/Location?_count=1", given)
        assert (answer.status_code, issues(answer)[0][0]) == (401, "login")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        line = bench.line()
        assert (line.outcome, line.codes) == ("unauthorized", ("ror-token",))


def test_tls_is_always_strict_and_a_given_token_always_judged(bench: Bench) -> None:
    assert bench.get("/Location?_count=1", listener="tls").status_code == 401
    assert bench.get("/Location?_count=1", "nonsense").status_code == 401


def test_the_users_context_is_required_with_a_token(bench: Bench) -> None:
    token = bench.token("consommateur-0")
    headers = {"Authorization": f"Bearer {token}", "Ror-Role-Metier-System": "x"}
    answer = bench.get("/Location", headers=headers)
    assert answer.status_code == 400
    assert issues(answer) == [
        ("required", "http.Ror-Profil-Utilisateur-Code"),
        ("required", "http.Ror-Profil-Utilisateur-System"),
        ("required", "http.Ror-Role-Metier-Code"),
        ("invalid", "http.Ror-Role-Metier-System"),
    ]


def test_a_bed_update_must_not_carry_the_users_context(bench: Bench) -> None:
    token = bench.token("fournisseur-1-0B9001005")
    sync = bench.a_sync_id()
    answer = bench.patch(sync, a_patch(), token, headers=CONTEXT_HEADERS)
    assert (answer.status_code, issues(answer)[0][0]) == (400, "invalid")
    assert bench.patch(sync, a_patch(), token).status_code == 200
    assert bench.line().finess == "0B9001005"


def test_rights_follow_the_kind_of_client(bench: Bench) -> None:
    sync = bench.a_sync_id()
    for client_id in ("consommateur-1", "fournisseur-1-0B9002003"):
        answer = bench.patch(sync, a_patch(), bench.token(client_id))
        assert (answer.status_code, issues(answer)[0][0]) == (403, "forbidden")
        assert bench.line().outcome == "unauthorized"


def test_an_access_profile_hides_sensitive_units(bench: Bench) -> None:
    def services(profile: str) -> dict[str, dict[str, Any]]:
        token = bench.token(f"consommateur-{profile}")
        found = bench.get("/HealthcareService?_count=200", token).json
        return {entry["resource"]["id"]: entry["resource"] for entry in found["entry"]}  # type: ignore[index]

    everything, restricted = services("1"), services("2")
    assert set(everything) == set(restricted)
    hidden = [item for item in restricted.values() if "name" not in item]
    assert hidden
    assert all(set(item) == {"resourceType", "id"} for item in hidden)
    name = everything[hidden[0]["id"]]["name"]
    found = bench.get(f"/HealthcareService?name={name}", bench.token("consommateur-2")).json
    assert found is not None
    assert hidden[0]["id"] not in {e["resource"]["id"] for e in found.get("entry", [])}


def test_offers_are_not_written_from_outside_in_faithful_mode(bench: Bench) -> None:
    offer = bench.all("/HealthcareService?_count=1")[0]
    for method, path in (
        ("PUT", f"/HealthcareService/{offer['id']}"),
        ("POST", "/HealthcareService"),
        ("PATCH", "/Location/1"),
        ("PATCH", f"/HealthcareService/{offer['id']}"),
    ):
        answer = bench.write(method, path, offer)
        assert (answer.status_code, issues(answer)[0][0]) == (403, "forbidden")


def test_a_referent_writes_offers_in_extended_mode(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(ror_writes="extended")
    offer = bench.all("/HealthcareService?_count=1&organization.identifier:above=10B9001005")[0]
    path = f"/HealthcareService/{offer['id']}"
    token = bench.token("referent-1-0B9001005")
    answer = bench.write("PUT", path, offer | {"name": "Cardiologie rénovée"}, token)
    assert answer.status_code == 200, answer.text
    assert bench.line().facts["updated"] == path[1:]
    body = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "HealthcareService.comment"},
        {"name": "value", "valueString": "vu"}]}]}  # fmt: skip
    assert bench.write("PATCH", path, body, token).headers["ETag"] == 'W/"3"'
    read = bench.get(path).json
    assert read is not None
    assert (read["name"], read["comment"]) == ("Cardiologie rénovée", "vu")
    assert read["meta"]["lastUpdated"].startswith("2026-01-05")


def test_a_wrong_offer_is_refused_in_extended_mode(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(ror_writes="extended")
    offer = bench.all("/HealthcareService?_count=1&organization.identifier:above=10B9001005")[0]
    path = f"/HealthcareService/{offer['id']}"
    cases = [
        (offer | {"characteristic": [{"text": "x"}]}, 422, "invariant"),
        (offer | {"location": "here"}, 422, "invariant"),
        (offer | {"id": "other"}, 400, "structure"),
    ]
    for body, status, code in cases:
        answer = bench.write("PUT", path, body)
        assert (answer.status_code, issues(answer)[0][0]) == (status, code)
    stranger = bench.token("referent-1-0B9002003")
    assert bench.write("PUT", path, offer, stranger).status_code == 403
    assert bench.write("PUT", "/HealthcareService/none", offer | {"id": "none"}).status_code == 404


def test_a_fault_answers_in_the_services_own_words(bench: Bench) -> None:
    service = service_of(bench.client.application)
    service.faults.arm(Fault("f", "ror", "code", "PATCH Location", "503"))
    sync = bench.a_sync_id()
    answer = bench.patch(sync, a_patch())
    assert (answer.status_code, issues(answer)[0][0]) == (503, "transient")
    assert bench.line().outcome == "injected"
    service.faults.clear()
    assert bench.patch(sync, a_patch()).headers["ETag"] == 'W/"2"'


def test_a_lost_answer_was_done(bench: Bench) -> None:
    service = service_of(bench.client.application)
    sync = bench.a_sync_id()
    service.faults.arm(Fault("f", "ror", "lose", "PATCH Location"))
    bench.patch(sync, a_patch())
    (location,) = bench.all(f"/Location?identifier={sync}")
    assert location["meta"]["versionId"] == "2"


def test_reset_forgets_what_came_over_the_wire(bench: Bench) -> None:
    sync = bench.a_sync_id()
    bench.patch(sync, a_patch())
    assert bench.client.post("/_banc/reset").status_code == 200
    (location,) = bench.all(f"/Location?identifier={sync}")
    assert location["meta"]["versionId"] == "1"


def test_the_raw_bytes_of_an_exchange_are_kept(bench: Bench) -> None:
    bench.get("/Location?_count=1")
    raw = service_of(bench.client.application).journal.raw(bench.line().id)
    assert raw is not None
    assert raw[0].startswith(b"GET /ws-diffusion-fhir/Location?_count=1 ")
    assert raw[1].startswith(b"HTTP/1.1 200")


def test_two_seeds_give_two_directories(settings: Any, clock: FixedClock, tmp_path: Path) -> None:
    def first(seed: int) -> str:
        chosen = replace(settings, seed=seed, data_dir=tmp_path / str(seed))
        return str(
            Bench(create_app(chosen, clock).test_client()).all("/Location?_count=1")[0]["id"]
        )

    assert first(1) != first(2)
