"""ROR mock, rules: what each access profile sees of a resource (profil d'accès).

A view is applied before a search looks at a resource, so that nobody finds by a value they may
not read. Source: ROR guide, "profils d'accès", and the mappings of the IG. The guide leaves open
whether profiles 0 and 3 see the capacity of hospital offers: here they do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mocks.ror.messages import terminology as nos
from mocks.ror.messages.capacity import SUPPORTED_CAPACITY

Resource = dict[str, Any]
View = Callable[[Resource, bool], Resource]
CONTACT = nos.profile("ror-healthcareservice-contact")
ACT = "ror-act-type"


@dataclass(frozen=True, slots=True)
class Access:
    """One row of the table: what a profile may see of hospital offers."""

    sees_sensitive: bool  # sensitive units (unités sensibles)
    contact_levels: frozenset[str]  # confidentiality levels of contacts
    sees_acts: bool  # specific acts
    sees_telecom: bool  # telecoms of a Location
    sees_capacity: bool


_ALL, _PROFESSIONAL, _PUBLIC = frozenset("123"), frozenset("12"), frozenset("1")
ACCESS = {
    "0": Access(False, _PUBLIC, False, False, False),
    "1": Access(True, _ALL, True, True, True),
    "2": Access(False, _PROFESSIONAL, True, True, True),
    "3": Access(False, _PUBLIC, False, False, False),
    "4": Access(False, frozenset(), True, False, True),
    "5": Access(False, _PROFESSIONAL, True, True, False),
}


@cache
def view_of(profile: str) -> View:
    """The view of an access profile: (resource, is it of a sensitive unit) -> what is seen."""
    access = ACCESS[profile]

    def view(resource: Resource, is_sensitive: bool) -> Resource:
        if is_sensitive and not access.sees_sensitive:
            return {"resourceType": resource["resourceType"], "id": resource["id"]}
        return _VIEWS[resource["resourceType"]](resource, access)

    return view


def _organization(resource: Resource, access: Access) -> Resource:
    if "contact" not in resource:
        return resource
    level = "ror-contact-confidentiality-level"
    kept = [item for item in resource["contact"] if _level(item, level) in access.contact_levels]
    rest = {key: value for key, value in resource.items() if key != "contact"}
    return rest | ({"contact": kept} if kept else {})


def _healthcare_service(resource: Resource, access: Access) -> Resource:
    seen = dict(resource)
    seen["extension"] = [
        item
        for item in resource.get("extension", [])
        if item["url"] != CONTACT
        or _level(item, "ror-confidentiality-level") in access.contact_levels
    ]
    if not access.sees_acts and "characteristic" in resource:
        seen["characteristic"] = [
            item for item in resource["characteristic"] if not nos.extensions(item, ACT)
        ]
    return seen


def _location(resource: Resource, access: Access) -> Resource:
    if access.sees_telecom and access.sees_capacity:
        return resource
    seen = {
        key: value for key, value in resource.items() if key != "telecom" or access.sees_telecom
    }
    if not access.sees_capacity:
        seen["extension"] = [
            item for item in resource.get("extension", []) if item["url"] != SUPPORTED_CAPACITY
        ]
    return seen


def _level(item: Resource, name: str) -> str:
    return nos.code_in(nos.extension_value(item, name), nos.CONFIDENTIALITY) or "1"


_VIEWS: dict[str, Callable[[Resource, Access], Resource]] = {
    "Organization": _organization,
    "HealthcareService": _healthcare_service,
    "Location": _location,
}
