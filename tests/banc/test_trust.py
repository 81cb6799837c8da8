"""Banc, trust: the verbs of certificates, assertions and datamatrix, and the live authority."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography import x509
from typer.testing import CliRunner

from banc import cli
from banc.parts import part, pki_of
from banc.ports import free_port
from kit.pki import CertificateFault, CertificateKind, TestPki
from kit.settings import Settings
from kit.xml import build, parse, serialize
from mocks.ins.messages import read_assertion, read_signature
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One authority for all tests: keys take time to make."""
    return tmp_path_factory.mktemp("trust")


def banc(folder: Path, *arguments: object, given: bytes | None = None) -> Result:
    environ = {"BANC_DATA_DIR": str(folder / "data")}
    return CliRunner().invoke(cli.app, [str(item) for item in arguments], given, environ)


def ran(folder: Path, *arguments: object, given: bytes | None = None) -> str:
    found = banc(folder, *arguments, given=given)
    assert found.exit_code == 0, (found.output, found.exception)
    return str(found.stdout)


def stopped(folder: Path, *arguments: object) -> str:
    found = banc(folder, *arguments)
    assert isinstance(found.exception, cli.Stop), found.output
    return str(found.exception)


# Certificates.


def test_pki_without_a_verb_tells_where_certificates_are(folder: Path) -> None:
    assert "CA to trust" in ran(folder, "pki")


def test_a_certificate_is_issued_into_a_folder(folder: Path, tmp_path: Path) -> None:
    order = ("pki", "issue", "org-auth-cli", "--cn", "INSI-MANU", "--structure", "0B0172805")
    told = json.loads(ran(folder, *order, "--out", tmp_path / "made", "--json"))
    assert told["subject"] == "CN=INSI-MANU,OU=10B0172805,C=FR"
    files = {name: Path(path) for name, path in told["files"].items()}
    assert {path.parent for path in files.values()} == {tmp_path / "made"}
    assert {path.name for path in files.values()} == {
        "certificate.pem", "key.pem", "chain.pem", "bundle.p12", "trust.pem",
    }  # fmt: skip
    assert files["key"].stat().st_mode & 0o77 == 0
    again = json.loads(ran(folder, *order, "--json"))
    assert again["serial"] == told["serial"]
    assert "INSI-MANU" in ran(folder, *order)


def test_a_certificate_is_revoked_by_file_and_by_number(folder: Path) -> None:
    order = ("pki", "issue", "org-sign", "--structure", "0B0172805", "--json")
    first = json.loads(ran(folder, *order, "--cn", "First"))
    second = json.loads(ran(folder, *order, "--cn", "Second"))
    by_file = json.loads(ran(folder, "pki", "revoke", first["files"]["certificate"], "--json"))
    by_number = ran(folder, "pki", "revoke", second["serial"], "--reason", "superseded")
    assert by_file["serial"] == first["serial"]
    assert datetime.fromisoformat(by_file["revoked_at"]) <= datetime.now(UTC)
    assert "superseded" in by_number


WRONG = [  # arguments, what is told
    (("issue", "org-sign", "--cn", ""), "common_name"),
    (("issue", "card", "--cn", "x"), "kind"),
    (("issue", "org-sign", "--cn", "x"), "structure"),
    (("issue", "org-sign", "--cn", "x", "--structure", "0B0172805", "--fault", "x"), "fault"),
    (("revoke", "beef"), "serial"),
    (("revoke", "beef", "--reason", "mood"), "reason"),
    (("revoke", __file__), "certificate"),
    (("professional", "--rpps", "1"), "rpps"),
    (("structure", "--number", "99"), "number"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG)
def test_a_mistake_is_one_line(folder: Path, arguments, told) -> None:
    line = stopped(folder, "pki", *arguments)
    assert line.startswith(told)
    assert "\n" not in line


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    order = ("issue", "org-sign", "--cn", "x", "--structure", "0B0172805")
    assert "file" in stopped(folder, "pki", *order, "--out", tmp_path / "file" / "made")


def test_a_professional_and_a_structure_agree(folder: Path, tmp_path: Path) -> None:
    place = json.loads(ran(folder, "pki", "structure", "--number", 2, "--json"))
    order = ("pki", "professional", "--finess", place["finess_ej"], "--out", tmp_path)
    person = json.loads(ran(folder, *order, "--json"))
    assert person["finess_ej"] == place["finess_ej"]
    assert person["mailbox"].endswith("@" + place["mssante_domain"])
    assert person["mailbox_password"] == "banc"
    certificate = x509.load_pem_x509_certificate(
        (tmp_path / "auth" / "certificate.pem").read_bytes()
    )
    assert f"CN={person['ps_idnat']}" in certificate.subject.rfc4514_string()
    assert person["rpps"] in ran(folder, *order)
    assert place["name"] in ran(folder, "pki", "structure", "--number", 2)


# Assertions.


@pytest.mark.parametrize("mode", ["indirect", "direct", "reinforced"])
def test_a_printed_vihf_breaks_no_rule(folder: Path, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "vihf.xml"
    ran(folder, "vihf", "print", "--mode", mode, "--out", path)
    assert "no rule is broken" in ran(folder, "vihf", "explain", path)


def test_a_nurse_has_a_vihf_too(folder: Path) -> None:
    nurse = json.loads(ran(folder, "pki", "professional", "--number", 4, "--json"))
    printed = ran(folder, "vihf", "print", "--rpps", nurse["rpps"]).encode()
    assert "no rule is broken" in ran(folder, "vihf", "explain", "-", given=printed)


def test_a_spoilt_vihf_is_explained_and_exits_1(folder: Path) -> None:
    printed = ran(folder, "vihf", "print").encode().replace(b">3.0<", b">[red]9<")
    found = banc(folder, "vihf", "explain", "-", given=printed)
    assert found.exit_code == 1
    assert "VIHF_Version  [red]9" in found.stdout
    assert "broken     the vihf version is known" in found.stdout
    assert "2 rules are broken" in found.stdout
    told = banc(folder, "vihf", "explain", "-", "--json", given=printed)
    lines = {line["name"]: line for line in json.loads(told.stdout)["lines"]}
    broken = [item for item in lines["VIHF_Version"]["rules"] if item["verdict"] == "broken"]
    assert broken[0]["expected"] == "3.0 or 4.0"
    assert told.exit_code == 1


def test_another_instant_authority_and_connection_may_be_given(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "vihf.xml"
    ran(folder, "vihf", "print", "--out", path)
    late = banc(folder, "vihf", "explain", path, "--at", "2040-01-01T00:00:00Z")
    assert (late.exit_code, "1 rules are broken" in late.stdout) == (1, True)
    other = TestPki.open(tmp_path / "other").ca_path
    assert "unknown authority" in banc(folder, "vihf", "explain", path, "--ca", other).stdout
    place = json.loads(ran(folder, "pki", "structure", "--json"))
    tls = place["certificates"]["auth"]["files"]["certificate"]
    assert "not judged" not in ran(folder, "vihf", "explain", path, "--tls", tls)


NO_VIHF = [
    ("explain", "nowhere.xml"),
    ("explain", __file__),
    ("print", "--mode", "both"),
    ("print", "--purpose", "urgence"),
    ("print", "--patient", "12"),
    ("print", "--rpps", "12"),
    ("print", "--out", "/nowhere/at/all.xml"),
]


@pytest.mark.parametrize("arguments", NO_VIHF)
def test_what_cannot_be_explained_or_printed_is_one_line(folder: Path, arguments) -> None:
    assert "\n" not in stopped(folder, "vihf", *arguments)


def test_a_bundle_without_a_root_is_told(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "vihf.xml"
    ran(folder, "vihf", "print", "--out", path)
    assert "PEM bundle" in stopped(folder, "vihf", "explain", path, "--ca", path)


# The assertion of INSi, written here and read by the mock.


def test_an_assertion_of_insi_is_verified_by_its_mock(folder: Path) -> None:
    pki = TestPki.open(folder / "data" / "pki")
    printed = ran(folder, "vihf", "print", "--insi").encode()
    now = datetime.now(UTC)
    header = build("soap:Header", build("wsse:Security", parse(printed)))
    said = read_assertion(header)
    assert said is not None
    assert (said.name_qualifier, said.is_signed) == ("CPS", True)
    assert said.attribute("identifiantFacturation").startswith("1B")
    signature = read_signature(header, lambda: pki.trust, now)
    assert (signature.signer, signature.flaw) == (said.name_id, "")
    spoilt = parse(serialize(header).replace(b"SA01", b"SA02"))
    assert "content changed" in read_signature(spoilt, lambda: pki.trust, now).flaw
    explained = banc(folder, "vihf", "explain", "-", given=printed)
    assert "this is the assertion of INSi" in explained.stdout


# Datamatrix.


def test_a_datamatrix_is_written_and_read(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "ins.png"
    text = ran(folder, "datamatrix", "write", path)
    told = json.loads(ran(folder, "datamatrix", "read", path, "--json"))
    assert told["ins"]["matricule"] in text
    assert told["refusals"] == []
    assert told["ins"]["matricule"] in ran(folder, "datamatrix", "read", "-", given=text.encode())


def test_a_wrong_key_is_told_and_exits_1(folder: Path) -> None:
    vector = (
        b"IS010000000000000000000000S1118058599124123S21.2.250.1.213.1.4.8\x1dS3FIRST NAMETEST"
        b"\x1dS5MS618-06-1985S713201S4LASTNAMETEST"
    )
    found = banc(folder, "datamatrix", "read", "-", given=vector)
    assert found.exit_code == 1
    assert "the matricule has its key" in found.stdout


NO_DATAMATRIX = [
    (("write", "/nowhere/at/all.png"), "/nowhere"),
    (("write", "x.png", "--status", "retrieved"), "only a qualified"),
    (("write", "x.png", "--status", "good"), "status"),
    (("write", "x.png", "--patient", "1"), "patient"),
    (("read", __file__), "picture"),
]


@pytest.mark.parametrize(("arguments", "told"), NO_DATAMATRIX)
def test_no_datamatrix_is_told(folder: Path, tmp_path, monkeypatch, arguments, told) -> None:
    monkeypatch.chdir(tmp_path)
    assert stopped(folder, "datamatrix", *arguments).startswith(told)
    assert list(tmp_path.iterdir()) == []


# Live: the part of INSi publishes, issues, revokes, and refuses whom it must.


@dataclass(frozen=True)
class Running:
    settings: Settings
    pki: TestPki


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    ports = {name: free_port() for name in ("ins_port", "ins_mtls_port", "ins_tls_port")}
    folder = tmp_path_factory.mktemp("live")
    settings = replace(Settings(), data_dir=folder, workers=2, threads=2, **ports)
    found = Running(settings, pki_of(settings))
    pid = os.fork()
    if not pid:
        try:
            part("ins", settings).run(settings)
        finally:
            os._exit(0)
    for _ in range(1000):
        if part("ins", settings).is_ready(settings):
            break
        time.sleep(0.02)
    yield found
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)


def ask(running: Running, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", running.settings.ins_port)
    sent = json.dumps(body).encode() if body is not None else None
    connection.request(method, path, sent, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def knock(running: Running, context: ssl.SSLContext) -> int:
    port = running.settings.ins_mtls_port
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
    connection.request("GET", "/nothing")
    return connection.getresponse().status


def refused_lines(running: Running, code: str) -> list[dict[str, Any]]:
    for _ in range(200):  # the client sees the alert a moment before the journal is written
        _, body = ask(running, "GET", f"/_banc/journal?code={code}")
        if lines := json.loads(body)["exchanges"]:
            return list(lines)
        time.sleep(0.02)
    return []


def test_a_revoked_client_is_refused_and_named_in_the_journal(running: Running) -> None:
    order = {"kind": "org-auth-cli", "common_name": "INSI-AUTO", "structure": "0B0172805"}
    status, body = ask(running, "POST", "/_banc/pki/issue", order)
    made = json.loads(body)
    assert status == 200
    client = running.pki.client_context(
        running.pki.issue(
            CertificateKind.ORG_AUTH_CLI, common_name="INSI-AUTO", struct_idnat="10B0172805"
        )
    )
    assert knock(running, client) == 404
    status, _ = ask(running, "POST", "/_banc/pki/revoke", {"serial": made["serial"]})
    assert status == 200
    for _ in range(4):  # every worker knows
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            knock(running, client)
    line = refused_lines(running, "CERTIFICATE_REVOKED")[0]
    told = line["refusals"][0]["rule"]
    assert line["outcome"] == "unauthorized"
    assert "revocation list" in told
    assert f"serial {made['serial']}" in told
    assert "OU=10B0172805" in told


def test_an_expired_client_is_named_too(running: Running) -> None:
    expired = running.pki.issue(
        CertificateKind.ORG_AUTH_CLI, common_name="INSI-AUTO", struct_idnat="10B0172805",
        fault=CertificateFault.EXPIRED,
    )  # fmt: skip
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        knock(running, running.pki.client_context(expired))
    told = refused_lines(running, "CERTIFICATE_EXPIRED")[0]["refusals"][0]["rule"]
    assert f"serial {expired.certificate.serial_number:x}" in told


def test_lists_are_published_beside_the_teleservice(running: Running) -> None:
    status, body = ask(running, "GET", "/pki/organizations.crl")
    assert status == 200
    issuer = x509.load_der_x509_certificate(ask(running, "GET", "/pki/organizations.crt")[1])
    assert x509.load_der_x509_crl(body).is_signature_valid(issuer.public_key())
    assert ask(running, "GET", "/_banc/pki")[0] == 200


# The page of the JSON outputs.

PRINTED = [  # command whose section names every field
    ("pki", "issue", "org-sign", "--cn", "Told", "--structure", "0B0172805"),
    ("pki", "professional"),
    ("pki", "structure"),
    ("vihf", "explain", "vihf.xml"),
    ("datamatrix", "read", "ins.png"),
]


def fields_of(told: Any) -> set[str]:
    """Names of the fields, those of certificates left to their own section."""
    if isinstance(told, list):
        return set().union(*map(fields_of, told))
    if not isinstance(told, dict):
        return set()
    inner = (fields_of(value) for name, value in told.items() if name != "certificates")
    return set(told).union(*inner)


@pytest.mark.parametrize("command", PRINTED)
def test_every_printed_field_is_told(folder: Path, tmp_path, monkeypatch, command) -> None:
    monkeypatch.chdir(tmp_path)
    if command[-1] == "vihf.xml":
        ran(folder, "vihf", "print", "--out", "vihf.xml")
    if command[-1] == "ins.png":
        ran(folder, "datamatrix", "write", "ins.png")
    text = (ROOT / "docs" / "json.md").read_text("utf-8")
    section = text.partition(f"## banc {command[0]} {command[1]} --json\n")[2].partition("\n## ")[0]
    told = fields_of(json.loads(ran(folder, *command, "--json")))
    assert told <= set(re.findall(r"\b[a-z_0-9]+\b", section))
