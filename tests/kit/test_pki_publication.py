"""Kit, pki: what the authority publishes and issues over HTTP, and what it refuses to issue."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from flask import Flask
from flask.testing import FlaskClient

from kit.clock import BenchClock
from kit.identity import valid_finess, valid_rpps
from kit.pki import CertificateFault, CertificateKind, Distrust, Reason, TestPki, Untrusted
from kit.pki.issuing import read_instant
from kit.pki.publication import blueprint
from kit.rules import Malformed
from kit.settings import Settings, WrongSettings, from_env
from kit.world import World
from tests.kit.test_pki import an_organization
from tests.kit.trust_builders import NOW, RPPS, STRUCTURE, a_hospital

WORLD = World()
ORDER = {"kind": "org-auth-cli", "common_name": "Clinique neuve", "structure": STRUCTURE}


@pytest.fixture
def app(pki: TestPki, tmp_path: Path, settings: Settings) -> Flask:
    app = Flask("pki")
    app.register_blueprint(blueprint(pki, BenchClock(tmp_path / "clock.json"), settings))
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, path: str, body: Any) -> dict[str, Any]:
    answer = client.post(f"/_banc/pki/{path}", json=body)
    assert answer.status_code == 200, answer.json
    assert isinstance(answer.json, dict)
    return answer.json


def refused(client: FlaskClient, path: str, body: Any) -> str:
    answer = client.post(f"/_banc/pki/{path}", json=body)
    assert answer.status_code == 400
    return str(answer.json["error"]["where"])


# What is published.


@pytest.mark.parametrize("name", ["root", "organizations", "persons", "servers"])
def test_lists_and_authorities_are_published(client: FlaskClient, name: str) -> None:
    crl, crt = client.get(f"/pki/{name}.crl"), client.get(f"/pki/{name}.crt")
    assert crl.mimetype == "application/pkix-crl"
    assert crt.mimetype == "application/pkix-cert"
    issuer = x509.load_der_x509_certificate(crt.data)
    assert x509.load_der_x509_crl(crl.data).is_signature_valid(issuer.public_key())


@pytest.mark.parametrize("path", ["nobody.crl", "nobody.crt", "..%2Forganizations.crl", ".crl"])
def test_nothing_else_is_published(client: FlaskClient, path: str) -> None:
    assert client.get(f"/pki/{path}").status_code == 404


def test_the_authorities_to_trust_are_published(client: FlaskClient, pki: TestPki) -> None:
    assert client.get("/pki/trust.pem").data == pki.ca_path.read_bytes()


@pytest.mark.parametrize("path", ["/pki/ocsp/%%%", "/pki/ocsp/AAAA", "/pki/ocsp/MIIB"])
def test_nonsense_in_an_ocsp_address_is_malformed(client: FlaskClient, path: str) -> None:
    assert client.get(path).data == b"0\x03\n\x01\x01"


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_asks_our_responder(app: Flask, pki: TestPki, live: Callable[[Flask], str]) -> None:
    url = live(app) + "/pki/ocsp"
    issuer = pki.folder / "authorities" / "organizations" / "certificate.pem"
    revoked = an_organization(pki, CertificateFault.REVOKED)
    good = a_hospital(pki).sign
    command = ["openssl", "ocsp", "-issuer", issuer, "-url", url, "-CAfile", pki.ca_path]
    for credential, told in ((good, "good"), (revoked, "revoked")):
        asked = [*command, "-cert", credential.cert_path]
        found = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        assert "Response verify OK" in found.stderr
        assert "WARNING" not in found.stderr  # the nonce came back
        assert f": {told}" in found.stdout


# What is issued.


def test_an_order_is_answered_with_every_file(client: FlaskClient, pki: TestPki) -> None:
    order = ORDER | {"organization": "Clinique", "department": "Sarthe (72)"}
    made = post(client, "issue", order)
    certificate = x509.load_pem_x509_certificate(made["certificate_pem"].encode())
    assert made["subject"] == f"CN=Clinique neuve,OU={STRUCTURE},O=Clinique,ST=Sarthe (72),C=FR"
    assert made["serial"] == f"{certificate.serial_number:x}"
    key, same, chain = pkcs12.load_key_and_certificates(
        base64.b64decode(made["pkcs12_base64"]), made["pkcs12_password"].encode()
    )
    assert same == certificate
    assert len(chain) == 1
    assert key.private_numbers().public_numbers == certificate.public_key().public_numbers()
    assert made["usage"] == "client"
    assert made["ca_pem"].count("BEGIN CERTIFICATE") == 4
    assert made["revoked_at"] is None
    assert post(client, "issue", order) == made


def test_a_structure_we_know_completes_its_order(client: FlaskClient) -> None:
    place = WORLD.establishments[0]
    order = {"kind": "org-sign", "common_name": place.name, "structure": place.finess_ej}
    made = post(client, "issue", order)
    parts = f"OU=1{place.finess_ej},O={place.name},ST={place.department}"
    assert made["subject"] == f"CN={place.name},{parts},C=FR"


@pytest.mark.parametrize("fault", CertificateFault)
def test_every_fault_can_be_ordered(client: FlaskClient, pki: TestPki, fault: str) -> None:
    made = post(client, "issue", ORDER | {"fault": fault})
    certificate = x509.load_pem_x509_certificate(made["certificate_pem"].encode())
    believed = fault in (CertificateFault.WRONG_STRUCTURE, CertificateFault.WRONG_USE)
    try:
        pki.trust.verify(certificate, NOW)
    except Untrusted:
        assert not believed
    else:
        assert believed
    assert (made["revoked_at"] is not None) is (fault == CertificateFault.REVOKED)


CARD = {"kind": "ps-sign", "common_name": RPPS, "title": "Médecin", "given": "A", "family": "B"}
WRONG = [  # order, the field that is named
    ({}, "kind"),
    (ORDER | {"kind": "ORG_AUTH_CLI"}, "kind"),
    (ORDER | {"kind": ["org-sign"]}, "kind"),
    (ORDER | {"fault": "none"}, "fault"),
    (ORDER | {"common_name": ""}, "common_name"),
    (ORDER | {"common_name": "x" * 65}, "common_name"),
    (ORDER | {"common_name": "a\nb"}, "common_name"),
    (ORDER | {"common_name": "a\0b"}, "common_name"),
    (ORDER | {"common_name": 5}, "common_name"),
    (ORDER | {"structure": ""}, "structure"),
    (ORDER | {"structure": "../../../x"}, "structure"),
    (ORDER | {"given": "A"}, "given"),
    (ORDER | {"colour": "red"}, "colour"),
    (ORDER | {"host_names": ["x"]}, "host_names"),
    (ORDER | {"kind": "serv-ssl", "host_names": ["é.test"]}, "host_names"),
    (ORDER | {"kind": "serv-ssl", "host_names": ["x"] * 21}, "host_names"),
    (ORDER | {"kind": "serv-ssl", "host_names": "x"}, "host_names"),
    (CARD | {"structure": STRUCTURE}, "structure"),
    (CARD | {"family": ""}, "family"),
    (CARD | {"fault": "wrong-structure"}, "fault"),
    ([], "body"),
    ("x", "body"),
]


@pytest.mark.parametrize(("order", "field"), WRONG)
def test_a_wrong_order_is_refused_by_its_field(client: FlaskClient, order, field) -> None:
    assert refused(client, "issue", order) == field


def test_a_form_of_another_site_cannot_order(client: FlaskClient) -> None:
    """No JSON type, no order: a browser then asks us first, and we do not agree."""
    answer = client.post("/_banc/pki/issue", data=b'{"kind":"org-sign"}')
    assert answer.status_code == 400


@pytest.mark.parametrize("listener", ["tls", "mtls"])
def test_only_the_plain_listener_issues(client: FlaskClient, listener: str) -> None:
    environ = {"banc.listener": listener}
    for path in ("issue", "revoke", "professional", "structure"):
        answer = client.post(f"/_banc/pki/{path}", json=ORDER, environ_overrides=environ)
        assert answer.status_code == 404
    for path in ("/_banc/pki", "/_banc/pki/issued"):
        assert client.get(path, environ_overrides=environ).status_code == 404
    assert client.get("/pki/root.crl", environ_overrides=environ).status_code == 200


def test_the_page_learns_what_can_be_ordered(client: FlaskClient) -> None:
    offers = client.get("/_banc/pki").json
    assert offers["kinds"] == list(CertificateKind)
    assert offers["faults"] == list(CertificateFault)
    assert offers["ocsp"] == "http://localhost:8082/pki/ocsp"
    assert offers["authorities"][0]["name"] == "root"


# What is revoked.


def test_a_certificate_is_revoked_by_its_number(client: FlaskClient, pki: TestPki) -> None:
    made = post(client, "issue", ORDER | {"common_name": "To be revoked"})
    number = made["serial"]
    answer = post(client, "revoke", {"serial": number.upper(), "reason": "superseded"})
    assert (answer["serial"], answer["reason"]) == (number, "superseded")
    certificate = x509.load_pem_x509_certificate(made["certificate_pem"].encode())
    with pytest.raises(Untrusted) as error:
        pki.trust.verify(certificate, NOW)
    assert error.value.reason is Distrust.REVOKED
    listed = {item["serial"]: item for item in client.get("/_banc/pki/issued").json["certificates"]}
    assert listed[number]["reason"] == Reason.SUPERSEDED


def test_a_certificate_is_revoked_by_its_pem(client: FlaskClient) -> None:
    made = post(client, "issue", ORDER | {"common_name": "To be revoked by PEM"})
    answer = post(client, "revoke", {"certificate": made["certificate_pem"]})
    assert answer["revoked_at"]
    assert answer["reason"] == "unspecified"


NOT_REVOKED = [
    ({}, "serial"),
    ({"serial": "beef"}, "serial"),
    ({"serial": 5}, "serial"),
    ({"serial": "1", "certificate": "x"}, "serial"),
    (
        {"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
        "certificate",
    ),
    ({"certificate": "nothing"}, "certificate"),
]


@pytest.mark.parametrize(("given", "field"), NOT_REVOKED)
def test_what_cannot_be_revoked_is_told(client: FlaskClient, given, field) -> None:
    assert refused(client, "revoke", given) == field


def test_a_wrong_reason_and_a_stranger_are_refused(client: FlaskClient, pki: TestPki) -> None:
    made = post(client, "issue", ORDER)
    assert refused(client, "revoke", {"serial": made["serial"], "reason": "mood"}) == "reason"
    stranger = an_organization(pki, CertificateFault.OTHER_AUTHORITY).cert_path.read_text()
    assert refused(client, "revoke", {"certificate": stranger}) == "certificate"


# People and structures.


def test_a_professional_comes_with_a_card_and_all_that_agrees(client: FlaskClient) -> None:
    place = WORLD.establishments[3]
    found = post(client, "professional", {"finess": place.finess_ej, "number": 2})
    known = WORLD.professional(found["rpps"])
    assert valid_rpps(found["rpps"])
    assert (found["finess_ej"], found["mailbox"]) == (place.finess_ej, known.mailbox)
    assert found["mailbox"].endswith("@" + place.mssante_domain)
    for name in ("auth", "sign"):
        subject = found["certificates"][name]["subject"]
        assert f"CN=8{found['rpps']}" in subject
        assert f"2.5.4.42={known.given}" in subject or f"givenName={known.given}" in subject
    by_number = post(client, "professional", {"rpps": found["ps_idnat"]})
    assert by_number == found


def test_a_nurse_and_a_doctor_of_town_have_cards_too(client: FlaskClient) -> None:
    unit = WORLD.establishments[0].units[0].code
    nurse = post(client, "professional", {"unit": unit, "number": 4})
    assert nurse["profession"] == "60"
    assert "Infirmier" in nurse["certificates"]["auth"]["subject"]
    doctor = WORLD.correspondents("35")[0]
    found = post(client, "professional", {"rpps": doctor.rpps})
    assert (found["finess_ej"], found["mailbox"]) == ("", doctor.mailbox)


def test_a_structure_comes_with_its_certificates(client: FlaskClient) -> None:
    found = post(client, "structure", {"number": 5})
    assert valid_finess(found["finess_ej"])
    certificates = found["certificates"]
    assert set(certificates) == {"auth", "sign", "insi_auto", "insi_manual"}
    assert "CN=INSI-MANU" in certificates["insi_manual"]["subject"]
    for item in certificates.values():
        assert f"OU={found['struct_idnat']}" in item["subject"]
    assert post(client, "structure", {"finess": found["finess_eg"]}) == found


UNKNOWN = [
    ("professional", {"rpps": "10000000000"}, "rpps"),
    ("professional", {"rpps": 5}, "rpps"),
    ("professional", {"finess": "0B0000000"}, "finess"),
    ("professional", {"unit": "NOWHERE"}, "unit"),
    ("professional", {"number": 0}, "number"),
    ("professional", {"number": True}, "number"),
    ("professional", {"family": "DUVAL", "given": "ANNE", "specialty": "cardio"}, "specialty"),
    ("professional", {"family": "DUVAL", "given": "ANNE", "rpps": "99700000000"}, "rpps"),
    ("professional", {"colour": "red"}, "colour"),
    ("structure", {"name": "x" * 61}, "name"),
    ("structure", {"name": "x", "kind": "EHPAD"}, "kind"),
    ("structure", {"name": "x", "finess_ej": "12"}, "finess_ej"),
    ("structure", {"number": 21}, "number"),
    ("structure", {"finess": "x"}, "finess"),
]


@pytest.mark.parametrize(("path", "given", "field"), UNKNOWN)
def test_someone_the_country_does_not_hold_is_refused(client, path, given, field) -> None:
    assert refused(client, path, given) == field


# The address certificates name.


@pytest.mark.parametrize(
    "address", ["http://ins:8082/pki", "http://127.0.0.1:1/x", "http://a.test"]
)
def test_a_name_of_the_loopback_or_of_a_test_may_be_published(address: str) -> None:
    assert from_env({"BANC_PKI_ADDRESS": address}).pki_address == address


@pytest.mark.parametrize("address", ["http://ocsp.esante.gouv.fr", "https://localhost", "x", ""])
def test_a_real_name_may_not_be_published(address: str) -> None:
    with pytest.raises(WrongSettings):
        from_env({"BANC_PKI_ADDRESS": address})


def test_new_certificates_name_the_address_of_the_settings(tmp_path: Path) -> None:
    pki = TestPki.open(tmp_path / "pki", Settings(pki_address="http://ins:8082/pki"))
    certificate = a_hospital(pki).auth.certificate
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value == "http://ins:8082/pki/organizations.crl"


def test_an_instant_has_a_zone() -> None:
    for text in ("", "2026-01-01T00:00:00", "soon"):
        with pytest.raises(Malformed):
            read_instant(text)
    assert read_instant("2026-01-05T08:00:00Z") == NOW
