"""Banc, people: a professional made by one call is known to every service."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from typer.testing import CliRunner

from banc.cli import Stop
from banc.cli import app as cli
from banc.parts import pki_of
from kit.clock import DEFAULT_START, FixedClock
from kit.pki.publication import blueprint
from kit.settings import Settings, to_env
from kit.world import World
from mocks.mssante.app import create_app as create_mssante
from mocks.psc.app import create_app as create_psc
from mocks.psc.messages.discovery import DISCOVERY_PATHS
from mocks.ror.app import create_app as create_ror
from mocks.ror.messages import DIFFUSION_PATH
from tests.mocks.psc.builders import a_given_code, ask_token, user_info

WORLD = World()
UNIT = WORLD.establishments[0].units[0].code
IN_TOWN = WORLD.correspondents("35")[0]
ASKED = [  # what one asks for
    {},
    {"finess": WORLD.establishments[6].finess_ej, "number": 3},
    {"unit": UNIT, "number": 4},
    {"rpps": IN_TOWN.rpps},
    {"family": "Duval", "given": "Anne-Sophie", "specialty": "SM04", "unit": UNIT,
     "finess": WORLD.establishments[0].finess_ej},
    {"family": "D'Été", "given": "Émile", "civility": "M", "department": "2A"},
]  # fmt: skip
CLOCK = FixedClock(DEFAULT_START)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("people")
    return replace(Settings(), data_dir=folder, workers=1, mssante_password="sesame")


@pytest.fixture(scope="module")
def authority(known: Settings) -> FlaskClient:
    app = Flask("pki")
    app.register_blueprint(blueprint(pki_of(known), CLOCK, known))
    return app.test_client()


@pytest.fixture(scope="module")
def wallet(known: Settings) -> Flask:
    return create_psc(known, CLOCK)


@pytest.fixture(scope="module")
def mail(known: Settings) -> FlaskClient:
    return create_mssante(known, CLOCK).test_client()


def someone(authority: FlaskClient, asked: dict[str, Any]) -> dict[str, Any]:
    answer = authority.post("/_banc/pki/professional", json=asked)
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


@pytest.mark.parametrize("asked", ASKED)
def test_a_professional_logs_in_at_pro_sante_connect(
    authority: FlaskClient, wallet: Flask, asked: dict[str, Any]
) -> None:
    told = someone(authority, asked)
    browser = wallet.test_client()
    code = a_given_code(browser, told["psc"]["login"], client_id=told["psc"]["client_id"])
    token = (ask_token(browser, code=code).json or {})["access_token"]
    seen = user_info(browser, token).json or {}
    assert seen["SubjectNameID"] == told["ps_idnat"] == told["psc"]["login"]
    assert (seen["family_name"], seen["given_name"]) == (told["family"], told["given"])
    listed = browser.get(f"/_banc/psc/professionals?q={told['psc']['login']}").json or {}
    assert [row["national_id"] for row in listed["professionals"]] == [told["ps_idnat"]]


def test_the_address_of_the_wallet_is_the_one_it_announces(
    authority: FlaskClient, wallet: Flask, known: Settings
) -> None:
    told = urlsplit(someone(authority, {})["psc"]["authorize"])
    base = f"{told.scheme}://{told.netloc}"
    found = wallet.test_client().get(DISCOVERY_PATHS[0], base_url=base).json or {}
    assert found["authorization_endpoint"] == told.geturl()
    assert told.netloc == f"127.0.0.1:{known.psc_port}"


@pytest.mark.parametrize("asked", ASKED)
def test_the_mailbox_of_a_professional_exists(
    authority: FlaskClient, mail: FlaskClient, asked: dict[str, Any]
) -> None:
    told = someone(authority, asked)
    box = mail.get(f"/mailboxes/{told['mailbox']}").json or {}
    assert box["address"] == told["mailbox"]
    assert told["mailbox_password"] == "sesame"


def test_a_structure_of_ones_own_is_known_to_every_service(
    authority: FlaskClient, mail: FlaskClient, wallet: Flask, known: Settings
) -> None:
    told = authority.post("/_banc/pki/structure", json={"name": "CH des Essais"}).json or {}
    domain = told["mssante_domain"]
    assert (mail.get(f"/mailboxes/dpi.app@{domain}").json or {})["finess"] == told["finess_ej"]
    directory = create_ror(known, CLOCK).test_client()
    found = (
        directory.get(f"{DIFFUSION_PATH}/Organization?identifier={told['finess_eg']}").json or {}
    )
    assert found["total"] == 1
    nurse = {"family": "Petit", "given": "Zoé", "profession": "60", "finess": told["finess_eg"]}
    person = someone(authority, nurse)
    assert (person["establishment"], person["finess_ej"]) == ("CH des Essais", told["finess_ej"])
    listed = wallet.test_client().get("/_banc/psc/professionals?q=Petit Essais").json or {}
    assert [row["national_id"] for row in listed["professionals"]] == [person["ps_idnat"]]
    assert authority.get("/_banc/pki/issued").text.count(f"1{told['finess_ej']}") >= 4


def test_the_command_creates_what_the_api_knows(authority: FlaskClient, known: Settings) -> None:
    words = ["pki", "professional", "--family", "Roux", "--given", "Léa", "--json"]
    told = json.loads(CliRunner().invoke(cli, words, env=to_env(known)).stdout)
    assert someone(authority, {"rpps": told["rpps"]})["mailbox"] == told["mailbox"]
    wrong = CliRunner().invoke(cli, [*words, "--rpps", told["rpps"]], env=to_env(known))
    assert isinstance(wrong.exception, Stop)
    assert "is a professional of the country" in str(wrong.exception)


def test_the_command_tells_what_the_api_tells(authority: FlaskClient, known: Settings) -> None:
    environ = to_env(replace(known, psc_url="https://psc.test:8445"))
    printed = CliRunner().invoke(cli, ["pki", "professional", "--json"], env=environ).stdout
    told, api = json.loads(printed), someone(authority, {})
    assert told["psc"] == api["psc"] | {"authorize": "https://psc.test:8445/auth"}
    assert set(told) == set(api)
    assert told["mailbox_password"] == "sesame"
    screen = CliRunner().invoke(cli, ["pki", "professional"], env=to_env(known)).stdout
    assert "psc login" in screen
    assert "mailbox_password" in screen
