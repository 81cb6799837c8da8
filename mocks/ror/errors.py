"""ROR mock, errors: the table of codes. None is used outside it.

``issue`` is the FHIR issue type on the wire, ``status`` the HTTP status. The national guide
publishes the answers of the bed update; it leaves the others open (confirmed=False).
"""

from kit.fhir import FhirCode

_GUIDE = "ROR guide, modèle V3"
_BEDS = "ROR guide, modèle V3, mise à jour des lits"
_OAUTH = "RFC 6749 5.2"
_FHIR = "FHIR R4, Search 3.1.1"

# Token endpoint: ``code`` is the OAuth error on the wire.
UNSUPPORTED_GRANT = FhirCode(
    "unsupported_grant_type", "the grant type is not client_credentials", _OAUTH, True, 400
)
INVALID_CLIENT = FhirCode(
    "invalid_client", "the client is unknown or did not prove who it is", _OAUTH, True, 401, "login"
)

# Access.
TOKEN_REFUSED = FhirCode(
    "ror-token", "a valid access token is required", "RFC 6750 3.1", True, 401, "login"
)
FORBIDDEN = FhirCode(
    "ror-forbidden", "the client has not this right", _GUIDE, True, 403, "forbidden"
)
SERVER_ONLY = FhirCode(
    "ror-server-only",
    "only the ROR itself writes this; from outside the offer is kept in its web application",
    "IG ROR, CapabilityStatement ror-serveur",
    True,
    403,
    "forbidden",
)
HEADER_REQUIRED = FhirCode(
    "ror-header-required",
    "a header of the user's context is missing",
    _GUIDE,
    False,
    400,
    "required",
)
HEADER_INVALID = FhirCode(
    "ror-header-invalid",
    "a header of the user's context is wrong here",
    _GUIDE,
    False,
    400,
    "invalid",
)

# Search and read.
UNKNOWN_PARAMETER = FhirCode(
    "ror-unknown-parameter", "the search parameter is unknown", _FHIR, False, 400, "not-supported"
)
WRONG_VALUE = FhirCode(
    "ror-wrong-value", "the value of a search parameter cannot be read", _FHIR, False, 400, "value"
)
UNKNOWN_RESOURCE = FhirCode(
    "ror-not-found",
    "the resource does not exist",
    "FHIR R4, RESTful API 3.1.0.2",
    True,
    404,
    "not-found",
)

# Bed capacity.
UNKNOWN_LOCATION = FhirCode(
    "ror-location-not-found", "no Location has this identifier", _BEDS, True, 404, "not-found"
)
SEVERAL_LOCATIONS = FhirCode(
    "ror-locations", "several Locations have this identifier", _BEDS, True, 412, "multiple-matches"
)
UNKNOWN_CAPACITY = FhirCode(
    "ror-capacity-not-found", "no capacity block is designated", _BEDS, True, 404, "not-found"
)
CAPACITY_RULE = FhirCode(
    "ror-capacity-rule", "the capacity block is not acceptable", _BEDS, True, 400, "business-rule"
)

# Offers written from outside (extended mode).
PROFILE_RULE = FhirCode(
    "ror-profile", "the resource does not follow its profile", "IG ROR 0.5", True, 422, "invariant"
)
