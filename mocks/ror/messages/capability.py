"""ROR messages: the CapabilityStatement, written from the tables it describes."""

from __future__ import annotations

from kit.fhir import Resource
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.search import CAPACITY_PARAMETERS, INCLUDES, PARAMETERS, TYPES

PROFILE_OF = {
    "Organization": "ror-organization",
    "HealthcareService": "ror-healthcareservice",
    "Location": "ror-location",
}
_CREATED_ON = "2026-01-01"


def write_capability_statement(base_url: str, *, is_extended: bool) -> Resource:
    """What this endpoint offers. ``is_extended``: a referent may write offers."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _CREATED_ON,
        "kind": "instance",
        "software": {"name": "Banc, ROR"},
        "implementation": {"description": "Banc, test bench", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "patchFormat": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {"cors": False, "service": [_oauth()]},
                "resource": [_resource(kind, is_extended=is_extended) for kind in TYPES],
            }
        ],
    }


def _oauth() -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/restful-security-service"
    return {"coding": [{"system": system, "code": "OAuth"}]}


def _resource(kind: str, *, is_extended: bool) -> Resource:
    writes = ["update"] if is_extended and kind != "Location" else []
    return {
        "type": kind,
        "supportedProfile": [nos.profile(PROFILE_OF[kind])],
        "interaction": [{"code": code} for code in ("read", "search-type", *writes)],
        "versioning": "versioned",
        "searchInclude": [path for path in INCLUDES if path.startswith(f"{kind}:")],
        "searchRevInclude": [path for path in INCLUDES if not path.startswith(f"{kind}:")],
        "searchParam": _parameters(kind),
    }


def _parameters(kind: str) -> list[Resource]:
    rows = [*PARAMETERS[kind].values()]
    written = [{"name": row.name, "type": row.kind.value} for row in rows]
    if kind == "Location":
        written += [{"name": r.name, "type": r.kind.value} for r in CAPACITY_PARAMETERS.values()]
    return written
