"""ROR messages: what a search answer says of each offer: whose, how complete, how old.

Seven flags make an offer complete (statut de peuplement). Source: ROR-indicateurs-BI-SQL,
view_V_DIM_SuiviPeuplementROR_UE. Not here: any ratio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kit.fhir import Resource, read_bundle
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.capacity import read_instant
from mocks.ror.messages.location import identifiers

# Only these site categories must state a category of organization (CategorieOrga).
CATEGORY_REQUIRED = {"209", "354", "460"}


class Population(StrEnum):
    """How far an offer is described (peuplement)."""

    COMPLETE = "Finalise"
    STARTED = "En cours"
    TO_DO = "A faire"


@dataclass(frozen=True, slots=True)
class Completeness:
    """The seven flags; None where a flag does not apply."""

    activity_field: bool
    care_mode: bool
    patients: bool
    activity: bool
    address: bool
    contact: bool
    category: bool | None = None

    @property
    def population(self) -> Population:
        """All flags that apply, at least one, or none."""
        flags = [flag for flag in astuple(self) if flag is not None]
        if all(flags):
            return Population.COMPLETE
        return Population.STARTED if any(flags) else Population.TO_DO


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer of a unit, as the directory describes it."""

    id: str
    name: str
    finess_ej: str
    finess_eg: str
    unit_code: str
    location_id: str
    activity_field: str
    completeness: Completeness
    updated_at: datetime

    @property
    def is_complete(self) -> bool:
        """Whether every flag that applies is true."""
        return self.completeness.population is Population.COMPLETE


def read_offers(*bundles: Resource) -> tuple[Offer, ...]:
    """The offers of search answers (all pages of one search, or one).

    They must have been asked with their organizations and places (see ``OFFER_SEARCH``). An
    offer whose attributes the access profile hides is left out.
    Raises Malformed when an answer is no Bundle, or an offer has no date.
    """
    pages = [read_bundle(bundle) for bundle in bundles]
    known = {f"{r['resourceType']}/{r['id']}": r for page in pages for r in page.resources}
    services = [r for page in pages for r in page.matches]
    return tuple(
        _read_offer(item, known)
        for item in services
        if item["resourceType"] == "HealthcareService" and "providedBy" in item
    )


OFFER_SEARCH = (
    ("_include", "HealthcareService:organization"),
    ("_include:iterate", "Organization:partof"),
    ("_include", "HealthcareService:location"),
)


def _read_offer(service: Resource, known: Mapping[str, Resource]) -> Offer:
    unit, *above = chain_of(service["providedBy"].get("reference", ""), known)
    chain = [unit, *above]
    site = _of_type(chain, nos.SITE_CATEGORY)
    place = _place(service, known)
    return Offer(
        id=service["id"],
        name=service.get("name", ""),
        finess_ej=finess_of(_of_type(chain, nos.LEGAL_STATUS)),
        finess_eg=finess_of(site),
        unit_code=identifiers(place).get(nos.PLACE_SYNC_ID, "").rpartition("/")[2],
        location_id=place.get("id", ""),
        activity_field=nos.code_in(service.get("type"), nos.ACTIVITY_FIELD),
        completeness=completeness_of(service, place, site),
        updated_at=max(_updated_at(item) for item in (service, place) if item),
    )


def chain_of(reference: str, known: Mapping[str, Resource]) -> list[Resource]:
    """The organization a reference names and those above it; an empty one when unknown."""
    chain: list[Resource] = []
    while reference in known and known[reference] not in chain:
        chain.append(known[reference])
        reference = chain[-1].get("partOf", {}).get("reference", "")
    return chain or [{}]


def _of_type(chain: Iterable[Resource], name: str) -> Resource:
    return next((item for item in chain if nos.code_in(item.get("type"), name)), {})


def finess_of(organization: Resource) -> str:
    """The FINESS of a legal entity or site, or an empty text."""
    for item in organization.get("identifier", []):
        if item.get("system") == nos.FINESS:
            return str(item.get("value", ""))
    return ""


def _place(service: Resource, known: Mapping[str, Resource]) -> Resource:
    references = [item.get("reference", "") for item in service.get("location", [])]
    return next((known[item] for item in references if item in known), {})


def _updated_at(resource: Resource) -> datetime:
    return read_instant(resource.get("meta", {}).get("lastUpdated"))


def completeness_of(service: Resource, place: Resource, site: Resource) -> Completeness:
    """The seven flags of an offer at its place, in its site."""
    field = nos.code_in(service.get("type"), nos.ACTIVITY_FIELD)
    mode = nos.code_in(service.get("characteristic"), nos.CARE_MODE)
    category = nos.code_in(site.get("type"), nos.SITE_CATEGORY)
    return Completeness(
        activity_field=field in nos.COMPLETE[nos.ACTIVITY_FIELD],
        care_mode=mode in nos.COMPLETE[nos.CARE_MODE],
        patients=_has_ages(service),
        activity=bool(nos.code_in(service.get("specialty"), nos.ACTIVITY)),
        address=_has_address(place),
        contact=_has_contact(service),
        category=bool(service.get("category")) if category in CATEGORY_REQUIRED else None,
    )


def _has_ages(service: Resource) -> bool:
    for item in nos.extensions(service, "ror-healthcareservice-patient-type"):
        ages = nos.extension_value(item, "ageRange") or {}
        if all("value" in ages.get(end, {}) for end in ("low", "high")):
            return True
    return False


def _has_address(place: Resource) -> bool:
    address: dict[str, Any] = place.get("address", {})
    return all(address.get(part) for part in ("line", "city", "postalCode"))


def _has_contact(service: Resource) -> bool:
    contacts = nos.extensions(service, "ror-healthcareservice-contact")
    return any(_is_reachable(contact) for contact in contacts)


def _is_reachable(contact: Resource) -> bool:
    named = any(
        nos.extension_value(contact, part)
        for part in ("purposeContact", "ror-contact-function-contact")
    )
    parts = (
        "ror-telecom-communication-channel",
        "ror-telecom-confidentiality-level",
        "telecomAddress",
    )
    telecoms = nos.extensions(contact, "ror-healthcareservice-contact-telecom")
    return named and any(
        all(nos.extension_value(telecom, part) for part in parts) for telecom in telecoms
    )
