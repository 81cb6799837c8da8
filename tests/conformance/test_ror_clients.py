"""ROR, outside judges: an ordinary FHIR client reads, pages and searches a live server."""

from __future__ import annotations

import os
from collections.abc import Callable

import fhirpy
import pytest
import requests
from flask import Flask

from kit.clock import FixedClock
from kit.settings import Settings
from mocks.ror import messages
from mocks.ror.app import create_app
from mocks.ror.messages import CONTEXT_HEADERS, DIFFUSION_PATH, OFFER_SEARCH, TOKEN_PATH


@pytest.fixture
def base(settings: Settings, clock: FixedClock, live: Callable[[Flask], str]) -> str:
    """A live server; TEST_ROR_URL names another one to judge."""
    return os.environ.get("TEST_ROR_URL") or live(create_app(settings, clock))


def test_fhirpy_searches_pages_and_reads(base: str) -> None:
    client = fhirpy.SyncFHIRClient(base + DIFFUSION_PATH)
    organizations = client.resources("Organization")
    found = organizations.limit(100).fetch_all()
    first = organizations.limit(100).fetch_raw()
    assert len(found) == first["total"] == len({item["id"] for item in found})
    one = client.reference("Organization", found[0]["id"]).to_resource()
    assert one.serialize() == found[0].serialize()


def test_fhirpy_searches_by_code_and_reads_the_included(base: str) -> None:
    client = fhirpy.SyncFHIRClient(base + DIFFUSION_PATH)
    search = client.resources("HealthcareService").search(specialty="013")
    raw = search.include("HealthcareService", "organization").limit(3).fetch_raw()
    kinds = [entry["resource"]["resourceType"] for entry in raw["entry"]]
    assert kinds.count("HealthcareService") == 3
    assert "Organization" in kinds


def test_fhirpy_is_told_what_is_wrong(base: str) -> None:
    client = fhirpy.SyncFHIRClient(base + DIFFUSION_PATH)
    with pytest.raises(fhirpy.base.exceptions.OperationOutcome) as told:
        client.resources("Location").search(colour="red").fetch()
    assert "colour" in str(told.value)
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound):
        client.reference("Location", "none").to_resource()


def test_a_client_with_a_token_reads_offers_and_updates_beds(
    settings: Settings, clock: FixedClock, live: Callable[[Flask], str]
) -> None:
    base = live(create_app(settings, clock))
    form = {"grant_type": "client_credentials", "client_id": "consommateur-0"}
    token = requests.post(base + TOKEN_PATH, form | {"client_secret": "banc"}, timeout=10).json()
    headers = {"Authorization": f"Bearer {token['access_token']}", **CONTEXT_HEADERS}
    client = fhirpy.SyncFHIRClient(base + DIFFUSION_PATH, extra_headers=headers)
    bundle = requests.get(
        f"{base}{DIFFUSION_PATH}/HealthcareService",
        params=list(OFFER_SEARCH),
        headers=headers,
        timeout=10,
    ).json()
    offers = messages.read_offers(bundle)
    assert offers
    location = client.reference("Location", offers[0].location_id).to_resource()
    assert location["status"] == "active"
    assert messages.read_capacities(location.serialize()) == ()  # profile 0 sees no capacity
