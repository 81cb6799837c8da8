"""ROR mock, rules: the JSON shape of the FHIR R4 elements that the directory reads.

Not here: cardinalities and codes of the ROR profiles (profiles).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kit.rules import Finding

# A shape is a JSON type, the name of a datatype, or a list of one of them.
Shape = Any
_CONCEPT: Shape = {"coding": ["Coding"], "text": str}
DATATYPES: Mapping[str, Mapping[str, Shape]] = {
    "Coding": {"system": str, "version": str, "code": str, "display": str, "userSelected": bool},
    "CodeableConcept": _CONCEPT,
    "Identifier": {
        "use": str,
        "type": "CodeableConcept",
        "system": str,
        "value": str,
        "assigner": "Reference",
    },
    "Reference": {"reference": str, "type": str, "identifier": "Identifier", "display": str},
    "Meta": {
        "versionId": str,
        "lastUpdated": str,
        "source": str,
        "profile": [str],
        "security": ["Coding"],
        "tag": ["Coding"],
    },
    "Address": {
        "use": str,
        "type": str,
        "text": str,
        "line": [str],
        "city": str,
        "district": str,
        "state": str,
        "postalCode": str,
        "country": str,
    },
    "Extension": {
        "url": str,
        "extension": ["Extension"],
        "valueString": str,
        "valueCode": str,
        "valueBoolean": bool,
        "valueInteger": int,
        "valueDateTime": str,
        "valueCodeableConcept": "CodeableConcept",
        "valueRange": {"low": {"value": float}, "high": {"value": float}},
    },
    "Contact": {"extension": ["Extension"], "purpose": "CodeableConcept", "telecom": [dict]},
    "Characteristic": {**_CONCEPT, "extension": ["Extension"]},
}

_BASE: Mapping[str, Shape] = {
    "resourceType": str,
    "id": str,
    "meta": "Meta",
    "implicitRules": str,
    "language": str,
    "text": dict,
    "contained": [dict],
    "extension": ["Extension"],
    "modifierExtension": ["Extension"],
    "identifier": ["Identifier"],
    "name": str,
    "telecom": [dict],
    "endpoint": ["Reference"],
}
RESOURCES: Mapping[str, Mapping[str, Shape]] = {
    "Organization": {
        **_BASE,
        "active": bool,
        "type": ["CodeableConcept"],
        "alias": [str],
        "address": ["Address"],
        "partOf": "Reference",
        "contact": ["Contact"],
    },
    "HealthcareService": {
        **_BASE,
        "active": bool,
        "providedBy": "Reference",
        "category": ["CodeableConcept"],
        "type": ["CodeableConcept"],
        "specialty": ["CodeableConcept"],
        "location": ["Reference"],
        "comment": str,
        "extraDetails": str,
        "photo": dict,
        "coverageArea": ["Reference"],
        "serviceProvisionCode": ["CodeableConcept"],
        "eligibility": [dict],
        "program": ["CodeableConcept"],
        "characteristic": ["Characteristic"],
        "communication": ["CodeableConcept"],
        "referralMethod": ["CodeableConcept"],
        "appointmentRequired": bool,
        "availableTime": [dict],
        "notAvailable": [dict],
        "availabilityExceptions": str,
    },
    "Location": {
        **_BASE,
        "status": str,
        "operationalStatus": "Coding",
        "alias": [str],
        "description": str,
        "mode": str,
        "type": ["CodeableConcept"],
        "address": "Address",
        "physicalType": "CodeableConcept",
        "position": dict,
        "managingOrganization": "Reference",
        "partOf": "Reference",
        "hoursOfOperation": [dict],
        "availabilityExceptions": str,
    },
}


def wrong_shapes(resource: Mapping[str, Any]) -> Iterator[Finding]:
    """Each element that is unknown, or has not the JSON shape that FHIR gives it."""
    kind = str(resource.get("resourceType"))
    known = RESOURCES[kind]
    for name, value in resource.items():
        path = f"{kind}.{name}"
        if name.removeprefix("_") not in known:
            yield Finding(kind, path, "an unknown element", "an element of FHIR R4")
        elif not name.startswith("_"):
            yield from _judge(value, known[name], path)


def _judge(value: Any, shape: Shape, path: str) -> Iterator[Finding]:
    if isinstance(shape, list):
        yield from _judge_array(value, shape[0], path)
    elif isinstance(shape, str | Mapping):
        members = DATATYPES[shape] if isinstance(shape, str) else shape
        yield from _judge_object(value, members, path)
    elif not _is(value, shape):
        yield Finding("", path, type(value).__name__, shape.__name__)


def _judge_array(value: Any, shape: Shape, path: str) -> Iterator[Finding]:
    if not isinstance(value, list) or not value:
        yield Finding("", path, type(value).__name__, "an array that is not empty")
        return
    for at, item in enumerate(value):
        yield from _judge(item, shape, f"{path}[{at}]")


def _judge_object(value: Any, members: Mapping[str, Shape], path: str) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield Finding("", path, type(value).__name__, "an object")
        return
    if "url" in members and "url" not in value:  # only extensions have one, and need it
        yield Finding("", f"{path}.url", "absent", "1..1")
    for name, item in value.items():
        if name in members:
            yield from _judge(item, members[name], f"{path}.{name}")


def _is(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)
