"""DMP mock, messages, PDSm: a refusal of the DMP in the words of FHIR.

A refusal of XDS keeps its code, rule and source; its field becomes the FHIRPath of the element
that says it, or the search parameter, or ``http.`` and a header. A field that is none of these is
told in the text alone. Two tables: HTTP status and issue type of a code, element of an attribute.
Not here: what is refused (``rules``).
Sources: FHIR R4, OperationOutcome and RESTful API; PDSm 3.1.1 (405, 422).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kit.fhir import FhirCode, Issue, Resource
from kit.fhir.outcome import issue_of, write_outcome
from kit.fhir.search import CONTROLS
from kit.rules import Code, Refusal
from kit.xds import vocabulary
from mocks.dmp import errors
from mocks.dmp.messages.pdsm.datatypes import write_hash
from mocks.dmp.messages.pdsm.document_reference import CURRENT, DELETED, SUPERSEDED
from mocks.dmp.messages.pdsm.search import PARAMETERS, REQUIRED
from mocks.dmp.messages.pdsm.submission_set import DESIGNATION_TYPE, SOURCE_ID

# Code -> HTTP status, issue type; any other one is a business rule, 422.
STATUSES: Mapping[str, tuple[int, str]] = {
    errors.FORBIDDEN.code: (403, "forbidden"),
    errors.BLOCKED.code: (403, "forbidden"),
    errors.NOT_AUTHORISED.code: (403, "forbidden"),
    errors.MODE_OPPOSED.code: (403, "forbidden"),
    errors.MASKED.code: (403, "security"),
    errors.FHIR_CALLER.code: (401, "login"),
    errors.FHIR_ELEMENT.code: (405, "not-supported"),
    errors.FHIR_PARAMETER.code: (400, "invalid"),
    errors.DOCUMENT_UNIQUE_ID.code: (404, "not-found"),
    errors.UNKNOWN_PATIENT.code: (404, "not-found"),
    errors.TOO_MANY_RESULTS.code: (403, "too-costly"),
    errors.DUPLICATE_UNIQUE_ID.code: (409, "duplicate"),
    errors.NON_IDENTICAL_HASH.code: (409, "conflict"),
    errors.DEPRECATED.code: (409, "conflict"),
}
BUSINESS = (422, "business-rule")

_ATTACHMENT = "content[0].attachment"
MEMBER = "Association HasMember"  # a document lacks it, the List says it
# Attribute of a document entry, or part of a CDA -> element of the DocumentReference.
DOCUMENT_FIELDS: Mapping[str, str] = {
    "uniqueId": "masterIdentifier",
    "patientId": "subject",
    "mimeType": f"{_ATTACHMENT}.contentType",
    "classCode": "category",
    "typeCode": "type",
    "formatCode": "content[0].format",
    "confidentialityCode": "securityLabel",
    "healthcareFacilityTypeCode": "context.facilityType",
    "practiceSettingCode": "context.practiceSetting",
    "title": f"{_ATTACHMENT}.title",
    "creationTime": f"{_ATTACHMENT}.creation",
    "serviceStartTime": "context.period.start",
    "serviceStopTime": "context.period.end",
    "languageCode": f"{_ATTACHMENT}.language",
    "sourcePatientId": "context.sourcePatientInfo",
    "sourcePatientInfo": "context.sourcePatientInfo",
    "legalAuthenticator": "authenticator",
    "author": "author",
    "authorPerson": "author",
    "authorRole": "author",
    "authorSpecialty": "author",
    "eventCodeList": "context.event",
    "referenceIdList": "context.related",
    "hash": f"{_ATTACHMENT}.hash",
    "size": f"{_ATTACHMENT}.size",
    "Document": f"{_ATTACHMENT}.url",
    "ClinicalDocument": _ATTACHMENT,
    "nonXMLBody/text": _ATTACHMENT,
    "recordTarget": _ATTACHMENT,
    "Association RPLC": "relatesTo",
    "ExtrinsicObject/@id": "data",  # of a Binary no document names
    "availabilityStatus": "relatesTo",
    "NewStatus": "status",
    "OriginalStatus": "status",
    "MASQUE_PS": "securityLabel",
    "confidentialityCode MASQUE_PS": "securityLabel",
    "DocumentUniqueId": "masterIdentifier",
    "PreviousVersion": "meta.versionId",
    "targetObject": "masterIdentifier",
    "authorInstitution": "custodian",
    "contentTypeCode": _ATTACHMENT,
    "submissionTime": "date",
}
# Attribute of a lot -> element of the List.
LIST_FIELDS: Mapping[str, str] = {
    "uniqueId": "identifier",
    "patientId": "subject",
    "sourceId": f"extension('{SOURCE_ID}')",
    "contentTypeCode": f"extension('{DESIGNATION_TYPE}')",
    "submissionTime": "date",
    "author": "source",
    "authorInstitution": "source",
    MEMBER: "entry",
    "ExtrinsicObject": "entry",
}
STATUS_WORDS: Mapping[str, str] = {
    vocabulary.APPROVED: CURRENT,
    vocabulary.DEPRECATED: SUPERSEDED,
    vocabulary.ARCHIVED: "isArchived true",
    vocabulary.DELETED: DELETED,
}
# What a rule of the caller looks at -> the header that says it.
HEADERS: Mapping[str, str] = {
    "Authentification_mode, role, purposeofuse": "http.Authorization",
    "authorisation": "http.Authorization",
    "purposeofuse": "http.Banc-Purpose-Of-Use",
}


CDA = "ClinicalDocument/"  # where a place in a CDA begins
# What a rule says of the patient that a request names.
PATIENT_FIELDS = ("resource-id", "patientIdentifier")
SUBJECT = "DocumentReference.subject"
# FHIR R4, OperationOutcome: a simple subset of FHIRPath; "http." and a name for what HTTP says.
_PATH = re.compile(
    r"(?:Binary|Bundle|DocumentReference|List|Parameters|Patch|Patient)(?:\[\d+\])?"
    r"(?:\.(?:extension\('[^']*'\)|[A-Za-z]\w*(?:\[\d+\])?))*",
    re.ASCII,
)
_HEADER = re.compile(r"http\.[A-Za-z][A-Za-z-]*")
_PARAMETERS = frozenset(
    name
    for names in (*REQUIRED.values(), *PARAMETERS.values(), CONTROLS, ("_since",))
    for name in names
)


def is_expression(field: str) -> bool:
    """Whether a field is a FHIRPath, a search parameter or a header."""
    return bool(field in _PARAMETERS or _PATH.fullmatch(field) or _HEADER.fullmatch(field))


def in_fhir(
    refusals: Iterable[Refusal],
    places: Mapping[str, str],
    lot_path: str = "",
    patient: str = SUBJECT,
) -> tuple[Refusal, ...]:
    """The same refusals as this endpoint answers them.

    places: subject -> FHIRPath of its resource; lot_path: that of the List, when there is one;
    patient: where the request names its patient.
    """
    return tuple(
        replace(
            item,
            code=_code(item.code),
            field=_expression(item, places, lot_path, patient),
            seen=_value(item.field, item.seen),
            expected=_value(item.field, item.expected),
        )
        for item in refusals
    )


def _value(field: str, text: str) -> str:
    """What a rule saw or expects, as the element of FHIR writes it."""
    return write_hash(text) if field == "hash" else _words(text)


def _words(text: str) -> str:
    """Statuses of XDS in the words of FHIR."""
    for urn, word in STATUS_WORDS.items():
        text = text.replace(urn, word)
    return text


def _code(code: Code) -> FhirCode:
    if isinstance(code, FhirCode):
        return code
    status, issue = STATUSES.get(code.code, BUSINESS)
    return FhirCode(code.code, code.meaning, code.source, code.confirmed, status, issue)


def _expression(refusal: Refusal, places: Mapping[str, str], lot_path: str, patient: str) -> str:
    field, place = refusal.field, places.get(refusal.subject, "")
    if field in HEADERS:
        return HEADERS[field]
    if field in PATIENT_FIELDS:
        return patient
    if field.startswith(CDA):
        return f"{place or 'DocumentReference'}.{_ATTACHMENT}"
    if refusal.subject in REQUIRED:  # a search names its resource type
        return field.partition(":")[0]
    if field == MEMBER and lot_path:
        place = lot_path
    known = LIST_FIELDS if lot_path and place == lot_path else DOCUMENT_FIELDS
    return f"{place or 'DocumentReference'}.{known[field]}" if field in known else field


def write_refusals(refusals: Iterable[Refusal]) -> Resource:
    """One OperationOutcome: an issue for each refusal, with the code of the DMP."""
    return write_outcome(_issue(item) for item in refusals)


def _issue(refusal: Refusal) -> Issue:
    issue = issue_of(refusal)
    if not is_expression(refusal.field):
        issue = replace(issue, expression=())
    is_ours = not refusal.code.code.startswith("fhir-")
    return replace(issue, detail=refusal.code.code) if is_ours else issue
