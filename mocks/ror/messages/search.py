"""ROR messages: the search parameters of each resource type, and where their values lie.

Not here: which request is refused (rules), how matches are found (store).
Source: IG ROR, SearchParameter resources; ROR guide, "paramètres de recherche".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kit.fhir import Kind, Page, Resource
from kit.rules import Malformed
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.capacity import Capacity, write_instant

# A value: (system, code) for a token, text for a string, date or reference, a number.
Values = Iterator[Any]

MAX_COUNT = 200  # page size, default and maximum; source: ROR guide, RG_RECH_52


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter and how its values are read from a resource."""

    name: str
    kind: Kind
    values: Callable[[Resource], Values]
    source: str = "IG ROR"


def _tokens(element: str) -> Callable[[Resource], Values]:
    return lambda resource: nos.codings(resource.get(element, []))


def _text(element: str) -> Callable[[Resource], Values]:
    return lambda resource: iter([resource[element]] if element in resource else [])


def _identifiers(resource: Resource) -> Values:
    return ((i.get("system", ""), i.get("value", "")) for i in resource.get("identifier", []))


def _extension_tokens(name: str) -> Callable[[Resource], Values]:
    return lambda resource: (
        found
        for item in nos.extensions(resource, name)
        for found in nos.codings(item.get("valueCodeableConcept"))
    )


def _address(part: str) -> Callable[[Resource], Values]:
    def values(resource: Resource) -> Values:
        found = resource.get("address", [])
        for address in found if isinstance(found, list) else [found]:
            if part in address:
                yield address[part]

    return values


def _status(resource: Resource) -> Values:
    if "status" in resource:
        yield "http://hl7.org/fhir/location-status", resource["status"]


def _names(resource: Resource) -> Values:
    yield from [resource["name"]] if "name" in resource else []
    yield from resource.get("alias", [])


def _references(element: str) -> Callable[[Resource], Values]:
    def values(resource: Resource) -> Values:
        found = resource.get(element, [])
        for item in found if isinstance(found, list) else [found]:
            if item.get("reference"):
                yield item["reference"]

    return values


def _tags(resource: Resource) -> Values:
    tags = resource.get("meta", {}).get("tag", [])
    return ((tag.get("system", ""), tag.get("code", "")) for tag in tags)


def _updated(resource: Resource) -> Values:
    updated = resource.get("meta", {}).get("lastUpdated")
    return iter([updated] if updated else [])


_COMMON = (
    Parameter("_id", Kind.TOKEN, lambda resource: iter([("", resource["id"])]), "FHIR R4"),
    Parameter("_lastUpdated", Kind.DATE, _updated, "FHIR R4"),
    Parameter("_tag", Kind.TOKEN, _tags, "FHIR R4"),
    Parameter("identifier", Kind.TOKEN, _identifiers, "FHIR R4"),
)

_BY_TYPE = {
    "Organization": (
        Parameter("name", Kind.STRING, _names, "FHIR R4"),
        Parameter("type", Kind.TOKEN, _tokens("type"), "FHIR R4"),
        Parameter("partof", Kind.REFERENCE, _references("partOf"), "FHIR R4"),
        Parameter("address-city", Kind.STRING, _address("city"), "FHIR R4"),
        Parameter("address-postalcode", Kind.STRING, _address("postalCode"), "FHIR R4"),
    ),
    "HealthcareService": (
        Parameter("name", Kind.STRING, _text("name"), "FHIR R4"),
        Parameter("service-category", Kind.TOKEN, _tokens("category"), "FHIR R4"),
        Parameter("service-type", Kind.TOKEN, _tokens("type"), "FHIR R4"),
        Parameter("specialty", Kind.TOKEN, _tokens("specialty"), "FHIR R4"),
        Parameter("characteristic", Kind.TOKEN, _tokens("characteristic"), "FHIR R4"),
        Parameter("organization", Kind.REFERENCE, _references("providedBy"), "FHIR R4"),
        Parameter("location", Kind.REFERENCE, _references("location"), "FHIR R4"),
    ),
    "Location": (
        Parameter("name", Kind.STRING, _text("name"), "FHIR R4"),
        Parameter("type", Kind.TOKEN, _tokens("type"), "FHIR R4"),
        Parameter("status", Kind.TOKEN, _status, "FHIR R4"),
        Parameter("address-city", Kind.STRING, _address("city"), "FHIR R4"),
        Parameter("address-postalcode", Kind.STRING, _address("postalCode"), "FHIR R4"),
        Parameter("organization", Kind.REFERENCE, _references("managingOrganization"), "FHIR R4"),
        Parameter("commune-cog", Kind.TOKEN, _extension_tokens("ror-commune-cog")),
    ),
}

TYPES = tuple(_BY_TYPE)
PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    kind: {row.name: row for row in (*_COMMON, *rows)} for kind, rows in _BY_TYPE.items()
}


@dataclass(frozen=True, slots=True)
class CapacityParameter:
    """A parameter of Location about one capacity block."""

    name: str
    kind: Kind
    values: Callable[[Capacity], Values]
    source: str = "IG ROR"


def _code(nomenclature: str, attribute: str) -> Callable[[Capacity], Values]:
    system = nos.system_of(nomenclature)
    return lambda block: iter([(system, getattr(block, attribute))])


CAPACITY_PARAMETERS: Mapping[str, CapacityParameter] = {
    row.name: row
    for row in (
        CapacityParameter("nb-capacity", Kind.NUMBER, lambda block: iter([block.nb_capacity])),
        CapacityParameter(
            "capacity-update-date",
            Kind.DATE,
            lambda block: iter([write_instant(block.capacity_update_date)]),
        ),
        *(
            CapacityParameter(name, Kind.TOKEN, _code(nomenclature, attribute))
            for name, nomenclature, attribute in (
                ("capacity-type", "TRE_R329-NatureCapacite", "capacity_type"),
                ("capacity-status", "TRE_R330-TypeStatutCapacite", "capacity_status"),
                ("temporality-capacity", "TRE_R331-TemporaliteCapacite", "temporality_capacity"),
                (
                    "gender-capacity-available",
                    "TRE_R332-GenreCapacite",
                    "gender_capacity_available",
                ),
                (
                    "capacity-closing-type",
                    "TRE_R333-TypeFermetureCapacite",
                    "capacity_closing_type",
                ),
                ("additional-bed-type", "TRE_R334-TypeLitSupplementaire", "additional_bed_type"),
                ("crisis-type", "TRE_R336-TypeCrise", "crisis_type"),
                (
                    "temporary-assignement",
                    "TRE_R337-AffectationTemporaire",
                    "temporary_assignement",
                ),
            )
        ),
    )
}

MODIFIERS = {
    Kind.TOKEN: ("not",),
    Kind.STRING: ("exact", "contains"),
    Kind.DATE: (),
    Kind.NUMBER: (),
    Kind.REFERENCE: (),
}
OF_TYPE, ABOVE = "of-type", "above"

# One level of chaining: resource type -> parameter -> the type it leads to.
CHAINS: Mapping[str, Mapping[str, str]] = {
    "HealthcareService": {"organization": "Organization", "location": "Location"},
    "Location": {"organization": "Organization"},
    "Organization": {"partof": "Organization"},
}

# Includes: "source:parameter" -> where the references lie; None: a type that is not offered yet,
# accepted because every documented query asks for it, and never met.
INCLUDES: Mapping[str, Callable[[Resource], Values] | None] = {
    "HealthcareService:organization": _references("providedBy"),
    "HealthcareService:location": _references("location"),
    "Organization:partof": _references("partOf"),
    "Location:organization": _references("managingOrganization"),
    "PractitionerRole:service": None,
    "PractitionerRole:practitioner": None,
    "Task:focus": None,
}
SORTS = ("_id", "_lastUpdated", "name")


def parameter_of(resource_type: str, name: str) -> Parameter | CapacityParameter | None:
    """The row of a parameter, or None when the type has no such parameter."""
    if resource_type == "Location" and name in CAPACITY_PARAMETERS:
        return CAPACITY_PARAMETERS[name]
    return PARAMETERS[resource_type].get(name)


def projected(page: Page, elements: str) -> Page:
    """A page whose matches keep the elements named in ``_elements`` (id, meta besides)."""
    if not elements:
        return page
    kept = {"resourceType", "id", "meta", *elements.split(",")}
    return replace(page, matches=tuple(_subset(item, kept) for item in page.matches))


def _subset(resource: Resource, kept: set[str]) -> Resource:
    subset = {name: value for name, value in resource.items() if name in kept}
    meta = resource.get("meta", {})
    subsetted = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
        "code": "SUBSETTED",
    }
    return subset | {"meta": {**meta, "tag": [*meta.get("tag", []), subsetted]}}


def read_resource(body: Resource, resource_type: str, resource_id: str) -> Resource:
    """The resource of an update. Raises Malformed when it is not the one the URL names."""
    for name, wanted in (("resourceType", resource_type), ("id", resource_id)):
        if body.get(name) != wanted:
            raise Malformed(name, f"{body.get(name)!r}, expected {wanted!r} as in the URL")
    return body
