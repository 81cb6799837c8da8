"""Kit, FHIR: the codes any FHIR endpoint answers with, whatever the service.

Not here: the codes of one service; its own table holds them.
"""

from kit.fhir.outcome import FhirCode

_HTTP = "FHIR R4, RESTful API 3.1.0"
_FORMAT = "FHIR R4, JSON and XML representations"

CANNOT_READ = FhirCode(
    "fhir-structure", "the content cannot be read", _FORMAT, True, 400, "structure"
)
WRONG_MEDIA_TYPE = FhirCode(
    "fhir-media-type", "the content type is not supported", _HTTP, True, 415, "not-supported"
)
NOT_ACCEPTABLE = FhirCode(
    "fhir-not-acceptable", "the format asked for is not offered", _HTTP, True, 406, "not-supported"
)
TOO_LARGE = FhirCode("fhir-too-large", "the body is too large", _HTTP, True, 413, "too-long")
UNKNOWN_TYPE = FhirCode(
    "fhir-unknown-type", "the resource type is not offered", _HTTP, True, 404, "not-supported"
)
UNKNOWN_INTERACTION = FhirCode(
    "fhir-unknown-interaction", "the interaction is not offered", _HTTP, True, 405, "not-supported"
)
INJECTED = FhirCode("fhir-injected", "an armed fault fired", "Banc, faults", True, 503, "transient")
UNAVAILABLE = FhirCode(
    "fhir-unavailable", "nothing was done, try again", "Banc", True, 503, "transient"
)
BUG = FhirCode("fhir-bug", "banc bug", "Banc", True, 500, "exception")
