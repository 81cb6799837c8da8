"""Pro Santé Connect messages: forms read strictly, both ways agree, claims as documented."""

from __future__ import annotations

from typing import Any

import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from kit.clock import DEFAULT_START as NOW
from kit.rules import Malformed, Refusal
from mocks.psc import errors
from mocks.psc.messages.authorization import (
    read_authorization_request,
    write_authorization_request,
    write_code,
    write_refused_request,
)
from mocks.psc.messages.ciba import read_backchannel_request, write_backchannel_request
from mocks.psc.messages.clients import (
    ASSERTION_TYPE,
    PRIVATE_KEY,
    Client,
    read_assertion,
    read_client,
    read_proof,
    write_client,
)
from mocks.psc.messages.discovery import write_discovery
from mocks.psc.messages.forms import read_form, write_error
from mocks.psc.messages.people import national_id, write_user_info
from mocks.psc.messages.tokens import read_token_request, write_token_request
from tests.mocks.psc.builders import (
    CALLBACK,
    DOCTOR,
    HOSPITAL,
    IN_TOWN,
    a_backchannel_request,
    a_client,
    a_token_request,
    an_authorization_request,
)

PAIRS: list[tuple[Any, Any, Any]] = [
    (an_authorization_request(), write_authorization_request, read_authorization_request),
    (a_token_request(code_verifier="v"), write_token_request, read_token_request),
    (a_backchannel_request(), write_backchannel_request, read_backchannel_request),
    (a_client(finess="0B9001005"), write_client, read_client),
]


@pytest.mark.parametrize(("message", "write", "read"), PAIRS)
def test_what_is_written_is_read(message: Any, write: Any, read: Any) -> None:
    assert read(write(message)) == message


FORMS = [
    ("a=1&a=2", "a"),
    ("a=%00", "a"),
    ("a=x%0d%0aSet-Cookie:b", "a"),
    ("a=%E2%80%A8", "a"),
    ("a=" + "x" * 8193, "a"),
    ("&".join(f"a{n}=1" for n in range(61)), "form"),
    ("a=%ff", "form"),
]


@pytest.mark.parametrize(("text", "where"), FORMS)
def test_a_form_that_is_ambiguous_or_hostile_is_malformed(text: str, where: str) -> None:
    with pytest.raises(Malformed) as told:
        read_form(text)
    assert told.value.where == where


def test_an_empty_value_is_absent() -> None:
    assert read_form("a=&b=1&c=%C3%A9") == {"b": "1", "c": "é"}


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_an_authorization_request_names_client_and_redirect(name: str) -> None:
    form = write_authorization_request(an_authorization_request())
    del form[name]
    with pytest.raises(Malformed, match=name):
        read_authorization_request(form)


@pytest.mark.parametrize(
    ("grant", "field"),
    [("authorization_code", "code"), ("refresh_token", "refresh_token"),
     ("urn:openid:params:grant-type:ciba", "auth_req_id")],
)  # fmt: skip
def test_a_token_request_has_what_its_grant_needs(grant: str, field: str) -> None:
    with pytest.raises(Malformed, match=field):
        read_token_request({"grant_type": grant})


def test_all_that_a_token_request_lacks_is_told_at_once() -> None:
    with pytest.raises(Malformed, match="code, redirect_uri: missing"):
        read_token_request({"grant_type": "authorization_code"})


def test_the_way_back_carries_state_whatever_it_holds() -> None:
    asked = an_authorization_request(state="a b&code=evil#é\"'<")
    location = write_code(asked, "c").headers["Location"]
    assert location == CALLBACK + "?code=c&state=a+b%26code%3Devil%23%C3%A9%22%27%3C"


def test_an_error_is_told_in_the_signs_that_oauth_allows() -> None:
    refusal = Refusal(errors.INVALID_SCOPE, "a_rule", 'Sœurce "é" \\ ok', seen="é\r\nX: y")
    told = write_error((refusal,))
    assert told["error"] == "invalid_scope"
    assert set(told["error_description"]) <= {chr(n) for n in range(0x20, 0x7F)} - {'"', "\\"}
    location = write_refused_request(an_authorization_request(), (refusal,)).headers["Location"]
    assert "\n" not in location


CLIENTS = [
    [],
    {},
    {"client_id": "a", "colour": "red"},
    {"client_id": "a\nb"},
    {"client_id": "a", "redirect_uris": "https://a.test"},
    {"client_id": "a", "redirect_uris": [1]},
    {"client_id": "a", "jwks": {"keys": [{"kty": "X"}]}},
    {"client_id": "a", "jwks": 1},
]


@pytest.mark.parametrize("given", CLIENTS)
def test_a_clients_description_is_read_strictly(given: Any) -> None:
    with pytest.raises(Malformed):
        read_client(given)


KEY = ECKey.generate_key("P-256", {"kid": "1"})
AUDIENCE = "http://localhost/token"


def an_assertion(key: Any = KEY, alg: str = "ES256", **changed: Any) -> str:
    at = int(NOW.timestamp())
    claims = {"iss": "c", "sub": "c", "aud": AUDIENCE, "exp": at + 60, "jti": "1", **changed}
    return jwt.encode({"alg": alg}, claims, key, algorithms=[alg])


def _registered() -> Client:
    keys = {"keys": [KEY.as_dict(private=False)]}
    return Client("c", auth_method=PRIVATE_KEY, jwks=keys)


def test_an_assertion_is_verified_with_the_registered_key() -> None:
    found = read_assertion(an_assertion(), _registered(), (AUDIENCE,), NOW)
    assert (found.id, found.why) == ("1", "")


ASSERTIONS = [
    an_assertion(sub="other"),
    an_assertion(iss="other"),
    an_assertion(aud="https://elsewhere.test"),
    an_assertion(exp=int(NOW.timestamp()) - 31),
    an_assertion(ECKey.generate_key("P-256")),
    an_assertion(OctKey.import_key("banc" * 8), "HS256"),
    an_assertion()[:-4] + "AAAA",
    "eyJhbGciOiJub25lIn0.e30.",
    "x",
]


@pytest.mark.parametrize("text", ASSERTIONS)
def test_a_wrong_assertion_is_told(text: str) -> None:
    assert read_assertion(text, _registered(), (AUDIENCE,), NOW).why


def test_a_proof_names_the_client_of_its_assertion() -> None:
    form = {"client_assertion": an_assertion(), "client_assertion_type": ASSERTION_TYPE}
    proof = read_proof(form, {}, None)
    assert (proof.client_id, proof.methods) == ("c", (PRIVATE_KEY,))


PROOFS: list[tuple[dict[str, str], dict[str, str], str]] = [
    ({"client_assertion": "x", "client_assertion_type": "y"}, {}, "client_assertion"),
    ({"client_assertion": "x", "client_assertion_type": ASSERTION_TYPE}, {}, "client_assertion"),
    ({}, {"Authorization": "Basic !!"}, "Authorization"),
    ({}, {"Authorization": "Basic /w=="}, "Authorization"),
    ({"client_id": "b"}, {"Authorization": "Basic YTpi"}, "client_id"),
]


@pytest.mark.parametrize(("form", "headers", "where"), PROOFS)
def test_a_proof_that_cannot_be_read(form: Any, headers: Any, where: str) -> None:
    with pytest.raises(Malformed, match=where):
        read_proof(form, headers, None)


def test_user_info_of_a_hospital_doctor_has_the_documented_claims() -> None:
    told = write_user_info(DOCTOR, HOSPITAL, "f:u:8")
    assert told["SubjectNameID"] == told["preferred_username"] == "8" + DOCTOR.rpps
    assert told["SubjectNameID"].startswith("8997")
    assert told["SubjectRole"] == ["10^1.2.250.1.213.1.1.5.5"]
    assert told["Secteur_Activite"] == "SA01^1.2.250.1.71.4.2.4"
    assert told["SubjectOrganizationID"] == "F" + HOSPITAL.finess_eg
    assert told["Palier_Authentification"] == "APPPRIP3^1.2.250.1.213.1.5.1.1.1"
    assert (told["UITVersion"], told["Acces_Regulation_Medicale"]) == ("1.0", "FAUX")
    assert told["otherIds"][0]["origine"] == "RPPS"
    assert {"sub", "email_verified", "PSI_Locale", "Mode_Acces_Raison"} <= set(told)
    exercise = told["SubjectRefPro"]["exercices"][0]
    assert exercise["nomDexercice"] == DOCTOR.family == told["family_name"]
    assert (exercise["codeCategorieProfessionnelle"], exercise["codeTypeSavoirFaire"]) == ("C", "S")
    activity = exercise["activities"][0]
    assert activity["codeModeExercice"] == "S"
    assert activity["numeroFinessSite"] == HOSPITAL.finess_eg
    assert activity["numeroFinessetablissementJuridique"] == HOSPITAL.finess_ej
    assert activity["ancienIdentifiantDeLaStructure"] == "1" + HOSPITAL.finess_eg


def test_user_info_of_a_doctor_of_town_is_of_private_practice() -> None:
    told = write_user_info(IN_TOWN, None, "s")
    activity = told["SubjectRefPro"]["exercices"][0]["activities"][0]
    assert told["Secteur_Activite"].startswith("SA07^")
    assert told["SubjectOrganizationID"].startswith("R")
    assert (activity["codeModeExercice"], activity["numeroFinessSite"]) == ("L", "")
    assert activity["ancienIdentifiantDeLaStructure"].startswith("4" + IN_TOWN.rpps)
    assert told["SubjectNameID"] == national_id(IN_TOWN)


def test_the_authorization_endpoint_lies_outside_the_issuers_path() -> None:
    told = write_discovery("https://psc.test:8445")
    assert told["issuer"] == "https://psc.test:8445/auth/realms/esante-wallet"
    assert told["authorization_endpoint"] == "https://psc.test:8445/auth"
    assert told["backchannel_authentication_endpoint"].endswith("/ext/ciba/auth")
    assert told["token_endpoint"].startswith(told["issuer"])


def test_authlib_finds_the_discovery_document_sound() -> None:
    metadata = OpenIDProviderMetadata(write_discovery("https://psc.test:8445"))
    metadata.validate()
    for name in ("issuer", "jwks_uri"):
        lacking = OpenIDProviderMetadata({k: v for k, v in metadata.items() if k != name})
        with pytest.raises(ValueError, match=name):
            lacking.validate()
