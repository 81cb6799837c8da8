"""ROR mock, rules: what an offer written from outside must be (extended mode).

The cardinalities and codes of the ROR profiles, as rows. Not here: JSON shapes (shapes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kit.fhir import Resource
from kit.rules import Finding, RuleBook
from mocks.ror import errors
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.capacity import REQUIRED, SUPPORTED_CAPACITY
from mocks.ror.rules.shapes import wrong_shapes

shape, offer = RuleBook("FHIR R4 shape"), RuleBook("ROR profiles")

_IG = "IG ROR 0.5, profiles"
Count = Callable[[Resource], int]


@dataclass(frozen=True, slots=True)
class Bound:
    """One cardinality of a profile; ``high`` 0 means no upper bound."""

    element: str
    low: int
    high: int
    count: Count


def _extension(name: str, low: int, high: int) -> Bound:
    found = f"extension('{nos.profile(name)}')"
    return Bound(found, low, high, lambda resource: len(nos.extensions(resource, name)))


def _element(name: str, low: int, high: int) -> Bound:
    def count(resource: Resource) -> int:
        value = resource.get(name, [])
        return len(value) if isinstance(value, list) else 1

    return Bound(name, low, high, count)


def _slice(element: str, nomenclature: str, low: int, high: int) -> Bound:
    wanted = nos.system_of(nomenclature)

    def count(resource: Resource) -> int:
        return sum(system == wanted for system, _ in nos.codings(resource.get(element, [])))

    return Bound(f"{element} ({nomenclature})", low, high, count)


def _place_identifier(code: str) -> Bound:
    def count(resource: Resource) -> int:
        return sum(
            nos.code_in(item.get("type"), nos.PLACE_ID_TYPE) == code
            for item in resource.get("identifier", [])
        )

    return Bound(f"identifier (type {code})", 0, 1, count)


_UPDATED = Bound("meta.lastUpdated", 1, 1, lambda r: int("lastUpdated" in r.get("meta", {})))
_CREATED = _extension("ror-meta-creation-date", 1, 1)

BOUNDS: dict[str, tuple[Bound, ...]] = {
    "Organization": (
        _UPDATED,
        _CREATED,
        _element("alias", 0, 1),
        _element("address", 0, 1),
        _slice("type", nos.LEGAL_STATUS, 0, 1),
        _slice("type", nos.SITE_CATEGORY, 0, 1),
        _slice("type", nos.UNIT_TYPE, 0, 1),
        _extension("ror-organization-drop-zone", 0, 1),
        _extension("ror-organization-closing-type", 0, 1),
        _extension("ror-meta-comment", 0, 1),
    ),
    "HealthcareService": (
        _UPDATED,
        _CREATED,
        _element("identifier", 1, 1),
        _element("category", 0, 1),
        _element("type", 1, 1),
        _element("specialty", 1, 0),
        _slice("specialty", nos.ACTIVITY, 1, 1),
        _element("characteristic", 1, 0),
        _slice("characteristic", nos.CARE_MODE, 1, 1),
        _extension("ror-healthcareservice-sensitive-unit", 1, 1),
        _extension("ror-healthcareservice-patient-type", 1, 1),
        _extension("ror-healthcareservice-no-consent-habilitation", 0, 1),
    ),
    "Location": (
        _UPDATED,
        _CREATED,
        _element("type", 0, 1),
        _place_identifier(nos.PLACE_ID),
        _place_identifier(nos.PLACE_SYNC_ID),
        _extension("ror-commune-cog", 1, 1),
    ),
}

# Required bindings whose list is complete: resource type, element, nomenclature.
BINDINGS = (
    ("HealthcareService", "type", nos.ACTIVITY_FIELD),
    ("HealthcareService", "characteristic", nos.CARE_MODE),
    ("Organization", "type", nos.UNIT_TYPE),
)


@shape.rule(errors.PROFILE_RULE, source="FHIR R4, JSON representation")
def an_element_is_one_of_fhir_in_its_shape(resource: Resource) -> Iterator[Finding]:
    yield from wrong_shapes(resource)


@offer.rule(errors.PROFILE_RULE, source=_IG)
def an_element_comes_as_often_as_its_profile_says(resource: Resource) -> Iterator[Finding]:
    kind = resource["resourceType"]
    for bound in BOUNDS[kind]:
        found = bound.count(resource)
        if found < bound.low or (bound.high and found > bound.high):
            wanted = f"{bound.low}..{bound.high or '*'}"
            yield Finding(resource.get("id", ""), f"{kind}.{bound.element}", str(found), wanted)


@offer.rule(errors.PROFILE_RULE, source=_IG)
def a_code_is_in_its_required_list(resource: Resource) -> Iterator[Finding]:
    for kind, element, nomenclature in BINDINGS:
        if kind != resource["resourceType"]:
            continue
        for system, code in nos.codings(resource.get(element, [])):
            if system == nos.system_of(nomenclature) and code not in nos.COMPLETE[nomenclature]:
                yield Finding(resource.get("id", ""), f"{kind}.{element}", code, nomenclature)


@offer.rule(errors.PROFILE_RULE, source="IG ROR, ror-healthcareservice-patient-type")
def an_age_range_has_both_ends(resource: Resource) -> Iterator[Finding]:
    for item in nos.extensions(resource, "ror-healthcareservice-patient-type"):
        ages = nos.extension_value(item, "ageRange") or {}
        for end in ("low", "high"):
            if "value" not in ages.get(end, {}):
                name = "HealthcareService.extension('ageRange')"
                yield Finding(resource.get("id", ""), f"{name}.{end}", "absent", "1..1")


@offer.rule(errors.PROFILE_RULE, source="IG ROR, ror-location-supported-capacity")
def a_capacity_block_has_each_part_it_needs(resource: Resource) -> Iterator[Finding]:
    for block in nos.extensions(resource, "ror-location-supported-capacity"):
        for part in REQUIRED:
            count = len(nos.extensions(block, part))
            if count != 1:
                field = f"Location.extension('{SUPPORTED_CAPACITY}').extension('{part}')"
                yield Finding(resource.get("id", ""), field, str(count), "1..1")
