"""Certificates: what the page orders, shows, hands over and revokes, from a real authority."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from flask import Flask, Response, jsonify
from flask.testing import FlaskClient

from console.app import create_app
from console.downloads import DATA
from console.views.certificates import FAULTS, KINDS, MAX_SHOWN, NAMES, REASONS
from kit.clock import FixedClock
from kit.pki import CertificateFault, CertificateKind, Reason, TestPki
from kit.pki.publication import blueprint
from kit.settings import Settings
from kit.world import World
from tests.console.builders import EVIL, Page, assert_harmless
from tests.indicators.fake_bench import fake_bench

ORIGIN = {"Origin": "http://localhost"}
ORDER = {"kind": "org-auth-cli", "common_name": "Clinique neuve", "structure": "0B0172805"}
MARKUP = """<script>alert(1)</script>"'><img src=x onerror=x>"""
PLACE = World().establishments[3]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """One authority for all tests: keys take time to make."""
    return TestPki.open(tmp_path_factory.mktemp("console") / "pki")


def over(app: Flask, settings: Settings, clock: FixedClock, live: Callable[[Flask], str]) -> Flask:
    """The console over ``app``, which stands where INSi is."""
    ports = {"ins": int(live(app).rpartition(":")[2])}
    return create_app(fake_bench(settings, {}, ports).settings, clock)


@pytest.fixture
def client(
    authority: TestPki, settings: Settings, clock: FixedClock, live: Callable[[Flask], str]
) -> FlaskClient:
    app = Flask("pki")
    app.register_blueprint(blueprint(authority, clock, settings))
    return over(app, settings, clock, live).test_client()


def made(client: FlaskClient, path: str, given: dict[str, str]) -> str:
    answer = client.post(f"/certificats/{path}", json=given, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    assert isinstance(answer.json, dict)
    return str(answer.json["html"])


def error(client: FlaskClient, path: str, given: Any) -> str:
    headers = ORIGIN | {"Accept": "application/json"}
    answer = client.post(f"/certificats/{path}", json=given, headers=headers)
    assert answer.status_code == 400
    assert isinstance(answer.json, dict)
    return str(answer.json["error"])


def files(fragment: str) -> dict[str, bytes]:
    """Every file that the fragment hands over; its markup is harmless."""
    page = assert_harmless(fragment)
    return {name: base64.b64decode(href[len(DATA) :]) for name, href in page.downloads}


def serials(fragment: str) -> list[str]:
    return re.findall(r'data-revoke="([0-9a-f]+)"', fragment)


# What can be ordered.


def test_every_kind_fault_and_reason_has_its_sentence(client: FlaskClient) -> None:
    assert list(KINDS) == list(CertificateKind)
    assert set(FAULTS) == set(CertificateFault)
    assert set(REASONS) == set(Reason)
    page = client.get("/certificats").text
    assert_harmless(page)
    for sentence in (*KINDS.values(), *FAULTS.values(), *REASONS.values()):
        assert html.escape(sentence).replace("&#x27;", "&#39;") in page
    assert '<a href="/certificats" aria-current="page">Certificats</a>' in page


def test_a_certificate_is_issued_with_files_that_belong_together(
    client: FlaskClient, authority: TestPki
) -> None:
    found = files(made(client, "emettre", ORDER | {"department": "Sarthe (72)", "title": " "}))
    stem = "clinique-neuve-org-auth-cli-"
    assert set(found) == {
        stem + "certificat.pem", stem + "cle.pem", stem + "chaine.pem", stem + "paquet.p12",
        "autorites-du-banc.pem",
    }  # fmt: skip
    certificate = x509.load_pem_x509_certificate(found[stem + "certificat.pem"])
    key = load_pem_private_key(found[stem + "cle.pem"], None)
    assert key.public_key() == certificate.public_key()
    password = authority.password.encode()
    _, same, _ = pkcs12.load_key_and_certificates(found[stem + "paquet.p12"], password)
    assert same == certificate
    assert "ST=Sarthe (72)" in certificate.subject.rfc4514_string()
    assert found["autorites-du-banc.pem"] == authority.ca_path.read_bytes()


def test_a_server_may_have_several_names(client: FlaskClient) -> None:
    order = {"kind": "serv-ssl", "common_name": "Serveur", "host_names": "a.test, b.test 127.0.0.1"}
    found = files(made(client, "emettre", order))
    certificate = x509.load_pem_x509_certificate(found["serveur-serv-ssl-certificat.pem"])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.test", "b.test"]


def test_a_fault_on_demand_is_there(client: FlaskClient) -> None:
    shown = made(client, "emettre", ORDER | {"fault": "revoked"})
    assert ">révoqué<" in shown
    early = made(client, "emettre", ORDER | {"fault": "not-yet-valid"})
    assert "01/12/2049 au" in early
    assert ">pas encore valide<" in client.get("/certificats?q=neuve").text


def test_a_professional_comes_with_all_that_agrees(client: FlaskClient) -> None:
    given = {"rpps": "", "finess": PLACE.finess_ej, "unit": "", "number": "2"}
    shown = made(client, "professionnel", given)
    known = World().professionals(PLACE.finess_eg)[1]
    for text in (known.rpps, PLACE.finess_ej, PLACE.finess_eg, known.mailbox, PLACE.name):
        assert text in html.unescape(shown)
    assert f"identifiant <code>8{known.rpps}</code>, client <code>banc-test</code>" in shown
    assert "mot de passe <code>banc</code>" in shown
    cards = [name for name in files(shown) if name.endswith("certificat.pem")]
    assert cards == [f"8{known.rpps}-auth-certificat.pem", f"8{known.rpps}-sign-certificat.pem"]


def test_a_structure_comes_with_its_four_certificates(client: FlaskClient) -> None:
    shown = made(client, "structure", {"finess": PLACE.finess_ej, "number": "1"})
    places = [shown.index(f"<strong>{name}</strong>") for name in NAMES.values()]
    assert places == sorted(places)
    assert f"1{PLACE.finess_ej}" in shown
    assert PLACE.mssante_domain in shown
    assert len(files(shown)) == 4 * 4 + 1


def test_a_structure_and_a_professional_of_ones_own_are_created(client: FlaskClient) -> None:
    shown = made(client, "structure", {"name": "CH des Essais", "department": "2A"})
    finess = re.search(r"0B9500[0-9]{3}", shown)
    assert finess, shown
    assert ">CH des Essais" in client.get("/certificats").text
    given = {"family": "Duval", "given": "Anne", "profession": "60", "finess": finess[0]}
    shown = html.unescape(made(client, "professionnel", given))
    assert "DUVAL" in shown
    assert "@ch-des-essais.formation.mssante.fr" in shown


# What is refused.

REFUSED = [
    ("emettre", {}, "kind"),
    ("emettre", ORDER | {"kind": "org"}, "kind"),
    ("emettre", ORDER | {"structure": "x"}, "structure"),
    ("emettre", ORDER | {"common_name": "a\r\nSet-Cookie: b=c"}, "common_name"),
    ("emettre", ORDER | {"department": "a\r\n\r\n<script>"}, "department"),
    ("emettre", ORDER | {"colour": "red"}, "formulaire"),
    ("emettre", ORDER | {"kind": ["org-sign"]}, "texte"),
    ("emettre", [ORDER], "formulaire"),
    ("professionnel", {"rpps": "12"}, "rpps"),
    ("professionnel", {"number": "x"}, "nombre"),
    ("professionnel", {"number": "-1"}, "nombre"),
    ("professionnel", {"number": "9" * 9}, "nombre"),
    ("structure", {"number": "99"}, "number"),
    ("structure", {"name": "CH de Mérindelle"}, "name"),
    ("structure", {"name": "x", "department": "20"}, "department"),
    ("professionnel", {"family": "Duval"}, "given"),
    ("professionnel", {"family": "<b>", "given": "Anne"}, "family"),
    ("structure", {"finess": "../issue"}, "finess"),
    ("revoquer", {"serial": "beef"}, "serial"),
    ("revoquer", {"serial": "../x"}, "série"),
    ("revoquer", {"certificate": "x"}, "formulaire"),
    ("revoquer", {}, "série"),
]


@pytest.mark.parametrize(("path", "given", "told"), REFUSED)
def test_what_is_wrong_is_told(client: FlaskClient, path: str, given: Any, told: str) -> None:
    assert told in error(client, path, given)


FOREIGN = [  # headers, status
    ({}, 403),
    ({"Origin": "http://evil.test"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://evil.test", "Host": "evil.test"}, 403),
    (ORIGIN | {"Sec-Fetch-Site": "cross-site"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
@pytest.mark.parametrize("path", ["emettre", "professionnel", "structure", "revoquer"])
def test_only_our_own_pages_order(
    client: FlaskClient, headers: dict[str, str], status: int, path: str
) -> None:
    answer = client.post(f"/certificats/{path}", json=ORDER, headers=headers)
    assert answer.status_code == status
    assert "PRIVATE" not in answer.text
    as_form = client.post(f"/certificats/{path}", data=ORDER, headers=ORIGIN)
    assert as_form.status_code == 403


@pytest.mark.parametrize("path", ["emettre", "professionnel", "structure", "revoquer"])
def test_nothing_is_ordered_by_an_address(client: FlaskClient, path: str) -> None:
    assert client.get(f"/certificats/{path}", query_string=ORDER).status_code in (404, 405)
    assert client.post("/certificats/other", json={}, headers=ORIGIN).status_code == 404


def test_answers_with_keys_are_kept_nowhere(client: FlaskClient) -> None:
    answer = client.post("/certificats/emettre", json=ORDER, headers=ORIGIN)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "PRIVATE" not in client.get("/certificats").text


# What was issued.


def test_a_certificate_is_revoked_once(client: FlaskClient, authority: TestPki) -> None:
    made(client, "emettre", ORDER | {"common_name": "À révoquer"})
    before = client.get("/certificats/liste?q=CN%3DÀ révoquer").json
    assert before is not None
    (serial,) = serials(before["html"])
    given = {"serial": serial, "reason": "superseded"}
    assert client.post("/certificats/revoquer", json=given, headers=ORIGIN).json == {
        "serial": serial
    }
    after = client.get(f"/certificats?q={serial}").text
    assert serials(after) == []
    assert "remplacé</div>" in after
    revoked = {f"{item.serial_number:x}" for item in authority.issued() if
               authority.revocation_of(item)}  # fmt: skip
    assert serial in revoked


def test_the_question_narrows_the_list(client: FlaskClient) -> None:
    made(client, "emettre", ORDER)
    assert serials(client.get("/certificats?q=CLINIQUE NEUVE").text)
    nothing = client.get("/certificats", query_string={"q": EVIL * 50}).text
    assert_harmless(nothing)
    assert "Aucun certificat ne répond" in nothing


def test_a_name_does_not_act_on_the_page(client: FlaskClient) -> None:
    shown = made(
        client, "emettre", ORDER | {"common_name": MARKUP, "organization": "{{7919*7919}}"}
    )
    found = files(shown)
    assert all(re.fullmatch(r"[a-z0-9-]+\.(pem|p12)", name) for name in found)
    assert_harmless(client.get("/certificats").text)
    listed = client.get("/certificats/liste").json
    assert listed is not None
    assert_harmless(listed["html"])
    assert "&lt;script" in listed["html"]


def evil() -> Flask:
    """A service that says whatever it likes."""
    app = Flask("evil")
    row = dict.fromkeys(("subject", "serial", "usage", "valid_from", "valid_until", "reason"), EVIL)
    held = dict.fromkeys(("certificate_pem", "key_pem", "pkcs12_base64", "ca_pem"), EVIL)

    @app.get("/_banc/pki/issued")
    def issued() -> Response:
        return jsonify({"certificates": [row, row | {"revoked_at": EVIL}, {}] * 200})

    @app.post("/_banc/pki/<what>")
    def make(what: str) -> Response:
        names = ("rpps", "given", "family", "mailbox", "mailbox_password", "struct_idnat", "kind")
        psc = dict.fromkeys(("login", "authorize", "client_id"), EVIL)
        told = row | held | dict.fromkeys(names, EVIL) | {"pkcs12_password": EVIL, "psc": psc}
        return jsonify(told | {"certificates": {EVIL: row | held, "auth": 5}})

    return app


def test_a_service_that_lies_does_not_act_on_the_page(
    settings: Settings, clock: FixedClock, live: Callable[[Flask], str]
) -> None:
    client = over(evil(), settings, clock, live).test_client()
    page = client.get("/certificats").text
    assert_harmless(page)
    assert f"les {MAX_SHOWN} premiers" in page
    for path in ("emettre", "professionnel", "structure"):
        files(made(client, path, {}))


@pytest.mark.parametrize("told", [[], {"certificates": 5}, {"certificates": [5]}])
def test_a_service_that_speaks_another_language_is_told(
    settings: Settings, clock: FixedClock, live: Callable[[Flask], str], told: Any
) -> None:
    app = Flask("other")
    app.add_url_rule("/_banc/pki/issued", view_func=lambda: jsonify(told))
    page = over(app, settings, clock, live).test_client().get("/certificats").text
    assert "réponse inattendue" in page


def test_an_authority_that_is_away_is_told(settings: Settings, clock: FixedClock) -> None:
    client = create_app(fake_bench(settings, {}, {}).settings, clock).test_client()
    assert "ins does not answer" in client.get("/certificats").text
    headers = ORIGIN | {"Accept": "application/json"}
    answer = client.post("/certificats/emettre", json=ORDER, headers=headers)
    assert answer.status_code == 502
    assert "ins does not answer" in str(answer.json)


def test_only_files_to_save_may_hold_data() -> None:
    """The reader of pages that these tests rely on sees any other use of a data address."""
    shown = Page(f'<a href="{DATA}AAAA">x</a><a download="k.pem" href="data:text/html,x">y</a>')
    assert (len(shown.addresses), shown.downloads) == (2, [])
