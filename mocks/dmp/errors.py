"""DMP mock, errors: the table of codes, one row each.

A code repeated on several rows is deliberate: the service has few codes and many reasons. Codes
that start with ``DMPSim`` are the bench's own, for refusals whose real name is not published.
Not here: when a code is used (``rules``), how it is written (``messages``).
"""

from kit.rules import Code

_IHE = "ITI TF-3 table 4.2.4.1-2"
_GUIDE = "SEL-MP-037 annex A7-1, read second-hand"
_BENCH = "bench code: the real name is not published"

# The record of the patient
DMP_CLOSED = Code("DMPClosed", "DMP fermé", _GUIDE)
UNKNOWN_PATIENT = Code("XDSUnknownPatientId", "no DMP for this INS", _IHE)
FEEDING_OPPOSED = Code(
    "DMPSimFeedingOpposed", "the patient is opposed to feeding", _BENCH, confirmed=False
)
NOT_FICTITIOUS = Code(
    "DMPSimRealIns", "a real INS must never reach a test bench", _BENCH, confirmed=False
)
INS_NOT_QUALIFIED = Code(
    "DMPSimInsNotQualified", "the document does not carry a qualified INS", _BENCH, confirmed=False
)

# The lot and its documents
PATIENT_ID_DOES_NOT_MATCH = Code(
    "XDSPatientIdDoesNotMatch", "the patients of lot, documents and VIHF differ", _IHE
)
METADATA = Code(
    "XDSRepositoryMetadataError", "metadata absent, not in its value set, or contradictory", _IHE
)
AUTHOR_INSTITUTION = Code(
    "XDSRepositoryMetadataError",
    "Aucun AuthorInstitution ne correspond à l'utilisateur du VIHF",
    "DMP integrators' questions, third party",
    confirmed=False,
)
CDA_NOT_CONFORMANT = Code(
    "DMPSimCda", "the CDA breaks a rule of its header or its model", _BENCH, confirmed=False
)
MISSING_DOCUMENT = Code("XDSMissingDocument", "metadata without its document", _IHE)
MISSING_METADATA = Code("XDSMissingDocumentMetadata", "document without its metadata", _IHE)
DUPLICATE_UNIQUE_ID = Code("XDSDuplicateUniqueIdInRegistry", "the uniqueId was used before", _IHE)
NON_IDENTICAL_HASH = Code(
    "XDSNonIdenticalHash", "the uniqueId was used before for other bytes", _IHE
)
UNRESOLVED_REFERENCE = Code(
    "UnresolvedReferenceException", "the document to replace is not known", _IHE
)
DEPRECATED = Code(
    "XDSRegistryDeprecatedDocumentError", "the document to replace is not Approved", _IHE
)
LOT_SIGNATURE = Code(
    "DMPSimLotSignature",
    "the lot is not signed, or its signature is wrong",
    _BENCH,
    confirmed=False,
)

# Administration of the record
DMP_FOUND = Code("DMPFound", "the record exists already, or is active", _GUIDE)
DMP_NOT_FOUND = Code("DMPSimNotFound", "no DMP for this INS", _BENCH, confirmed=False)
ATTACHED_TO_MES = Code(
    "DMPSimAttachedToMes",
    "the record is attached to Mon espace santé: the patient administers it",
    _BENCH,
    confirmed=False,
)
OBSOLETE = Code(
    "DMPSimObsolete",
    "creation and reactivation left the rights matrix: BANC_DMP_OBSOLETE_CREATION brings them back",
    _BENCH,
    confirmed=False,
)

# Search, retrieval, update
UNKNOWN_STORED_QUERY = Code("XDSUnknownStoredQuery", "the stored query is not offered", _IHE)
STORED_QUERY_MISSING_PARAM = Code(
    "XDSStoredQueryMissingParam", "a required parameter of the query is absent", _IHE
)
STORED_QUERY_PARAM_NUMBER = Code(
    "XDSStoredQueryParamNumber", "a single-valued parameter has several values", _IHE
)
STORED_QUERY_VALUE = Code("XDSRegistryError", "a parameter of the query has a wrong value", _IHE)
TOO_MANY_RESULTS = Code("XDSTooManyResults", "the query finds more than is returned", _IHE)
UNKNOWN_REPOSITORY = Code("XDSUnknownRepositoryId", "not the repository of the DMP", _IHE)
DOCUMENT_UNIQUE_ID = Code("XDSDocumentUniqueIdError", "no document has this uniqueId", _IHE)
UPDATE_REFUSED = Code("XDSMetadataUpdateError", "the update is refused", _IHE)
REQUEST_REFUSED = Code(
    "DMPSimRequest", "the request asks for what is not offered", _BENCH, confirmed=False
)

# The caller
FORBIDDEN = Code(
    "DMPSimForbidden", "the rights matrix does not allow this", "PDT-INF-526 v1.8", confirmed=False
)
BLOCKED = Code(
    "DMPSimBlockedProfessional", "the patient blocked the professional", _BENCH, confirmed=False
)
NOT_AUTHORISED = Code(
    "DMPSimNoAuthorization", "the user has no valid authorisation", _BENCH, confirmed=False
)
MODE_OPPOSED = Code(
    "DMPSimModeOpposed", "the patient is opposed to this access mode", _BENCH, confirmed=False
)
MASKED = Code(
    "DMPSimMaskedDocument", "the document is masked to this user", _BENCH, confirmed=False
)
MINOR = Code("DMPSimMinor", "a rule on minors and their representatives", _BENCH, confirmed=False)
VIHF_MISSING = Code("DMPSimVihfMissing", "the call carries no VIHF", _BENCH, confirmed=False)
MALFORMED = Code("DMPSimMalformed", "the message cannot be read", _BENCH, confirmed=False)

# The FHIR face (PDSm): what only it refuses
FHIR_CALLER = Code(
    "DMPSimFhirCaller",
    "nobody proved who calls: a Pro Santé Connect token, or a certificate",
    _BENCH,
    confirmed=False,
)
FHIR_PROFILE = Code("DMPSimFhirProfile", "the profile is not followed", "PDSm 3.1.1", False)
FHIR_FOLDER = Code(
    "PartialFolderContentNotProcessed",
    "folders (classeurs) are not kept",
    "ITI TF-2 3.65.4.1.3; that the DMP takes none is a choice of the bench",
    confirmed=False,
)
FHIR_ELEMENT = Code(
    "DMPSimFhirElement", "only status, securityLabel and isArchived change", "PDSm 3.1.1", False
)
FHIR_PARAMETER = Code(
    "DMPSimFhirParameter", "a search parameter is absent or wrong", "FHIR R4, Search", False
)
