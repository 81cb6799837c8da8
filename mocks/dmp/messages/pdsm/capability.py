"""DMP mock, messages, PDSm: the CapabilityStatement, made from the tables of the search.

Not here: what is refused. Source: PDSm 3.1.1, gestionnaire de partage de documents.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.fhir import Resource
from kit.fhir.formats import FHIR_JSON, FHIR_XML
from mocks.dmp.messages.pdsm import document_reference, submission_set
from mocks.dmp.messages.pdsm.patch import PATCH_TYPE
from mocks.dmp.messages.pdsm.search import PARAMETERS, REQUIRED

GUIDE = "https://interop.esante.gouv.fr/ig/fhir/pdsm/ImplementationGuide/ans.fhir.fr.pdsm"
_INTERACTIONS = {
    "DocumentReference": (
        "read",
        "vread",
        "history-instance",
        "search-type",
        "create",
        "patch",
    ),
    "List": ("read", "search-type"),
    "Binary": ("read",),
    "Patient": ("search-type",),
}
_PROFILES = {
    "DocumentReference": document_reference.PROFILE,
    "List": submission_set.PROFILE,
}


def write_capability_statement(base_url: str, *, published_on: str, patient: bool) -> Resource:
    """What the endpoint offers; patient: whether it tells of records (TD0.2, a draft)."""
    types = [name for name in _INTERACTIONS if patient or name != "Patient"]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": published_on,
        "kind": "instance",
        "implementation": {"description": "DMP of the bench, PDSm", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, FHIR_XML],
        "patchFormat": [PATCH_TYPE],
        "implementationGuide": [GUIDE],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(name) for name in types],
                "interaction": [{"code": "transaction"}],
            }
        ],
    }


def _resource(name: str) -> Resource:
    found: Resource = {
        "type": name,
        "interaction": [{"code": code} for code in _INTERACTIONS[name]],
    }
    if name in _PROFILES:
        found["profile"] = _PROFILES[name]
    if name == "List":
        found["documentation"] = "Submission sets only: folders (classeurs) are not kept."
    if name == "DocumentReference":
        found |= {"versioning": "versioned", "readHistory": True, "conditionalUpdate": False}
    parameters = list(_parameters(name))
    return found | ({"searchParam": parameters} if parameters else {})


def _parameters(name: str) -> Iterator[Resource]:
    if name == "Patient":
        yield {"name": "identifier", "type": "token"}
    required = REQUIRED.get(name, ())
    for parameter in required:
        yield {"name": parameter, "type": "token", "documentation": "required"}
    for row in PARAMETERS.get(name, {}).values():
        yield {"name": row.name, "type": row.kind.value}
