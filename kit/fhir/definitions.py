"""Kit, FHIR: the elements of R4 in their order, for the resources that are read or written as XML.

A row is a type; an element has its type after a colon (a string without one), ``*`` when it
repeats, ``[x]`` when its type is part of its name. A backbone element is named by its path:
``BundleEntry`` is Bundle.entry. Not here: values, cardinalities below one, any profile.
Source: FHIR R4, StructureDefinitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

STRING, XHTML, RESOURCE = "", "xhtml", "Resource"
PRIMITIVES = frozenset(
    {STRING, "boolean", "integer", "unsignedInt", "positiveInt", "decimal", XHTML}
)


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a type: its name, its type, whether it repeats, its place in the order.

    Elements that are choices of one another share their place.
    """

    name: str
    kind: str
    repeats: bool
    place: int


@lru_cache(maxsize=256)
def fields_of(kind: str) -> Mapping[str, Field]:
    """The elements of a type, or of a base type, by name; none when the tables do not have it."""
    if kind in _BASES:
        return {field.name: field for field in _fields(_BASES[kind])}
    for base, rows in _ROWS.items():
        if kind in rows:
            return {field.name: field for field in _fields(f"{_BASES[base]} {rows[kind]}")}
    return {}


def is_resource(kind: str) -> bool:
    """Whether a type is a resource of the tables."""
    return kind in _ROWS["Resource"] or kind in _ROWS["DomainResource"]


def _fields(text: str) -> Iterator[Field]:
    for place, told in enumerate(text.split()):
        name, _, kind = told.rstrip("*").partition(":")
        repeats = told.endswith("*")
        if not name.endswith("[x]"):
            yield Field(name, kind, repeats, place)
            continue
        for choice in kind.split("|") if kind else _OPEN:
            known = choice if choice in PRIMITIVES or choice[0].isupper() else STRING
            yield Field(f"{name[:-3]}{choice[0].upper()}{choice[1:]}", known, repeats, place)


_BASES = {
    "Resource": "id meta:Meta implicitRules language",
    "DomainResource": "id meta:Meta implicitRules language text:Narrative contained:Resource* "
    "extension:Extension* modifierExtension:Extension*",
    "BackboneElement": "extension:Extension* modifierExtension:Extension*",
    "Element": "extension:Extension*",
}
# What an extension or a parameter may hold.
_OPEN = (
    "base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid "
    "positiveInt string time unsignedInt uri url uuid Address Age Annotation Attachment "
    "CodeableConcept Coding ContactPoint Count Distance Duration HumanName Identifier Money Period "
    "Quantity Range Ratio Reference SampledData Signature Timing ContactDetail Contributor "
    "DataRequirement Expression ParameterDefinition RelatedArtifact TriggerDefinition UsageContext "
    "Dosage Meta"
).split()
_TABLES = {
    "Resource": """
Binary: contentType securityContext:Reference data
Bundle: identifier:Identifier type timestamp total:unsignedInt link:BundleLink*
    entry:BundleEntry* signature:Signature
Parameters: parameter:ParametersParameter*
""",
    "DomainResource": """
CapabilityStatement: url version name title status experimental:boolean date publisher
    contact:ContactDetail* description useContext:UsageContext* jurisdiction:CodeableConcept*
    purpose copyright kind instantiates* imports* software:CapabilityStatementSoftware
    implementation:CapabilityStatementImplementation fhirVersion format* patchFormat*
    implementationGuide* rest:CapabilityStatementRest* messaging:CapabilityStatementMessaging*
    document:CapabilityStatementDocument*
Device: identifier:Identifier* definition:Reference udiCarrier:DeviceUdiCarrier* status
    statusReason:CodeableConcept* distinctIdentifier manufacturer manufactureDate expirationDate
    lotNumber serialNumber deviceName:DeviceDeviceName* modelNumber partNumber
    type:CodeableConcept specialization:DeviceSpecialization* version:DeviceVersion*
    property:DeviceProperty* patient:Reference owner:Reference contact:ContactPoint*
    location:Reference url note:Annotation* safety:CodeableConcept* parent:Reference
DocumentReference: masterIdentifier:Identifier identifier:Identifier* status docStatus
    type:CodeableConcept category:CodeableConcept* subject:Reference date author:Reference*
    authenticator:Reference custodian:Reference relatesTo:DocumentReferenceRelatesTo*
    description securityLabel:CodeableConcept* content:DocumentReferenceContent*
    context:DocumentReferenceContext
List: identifier:Identifier* status mode title code:CodeableConcept subject:Reference
    encounter:Reference date source:Reference orderedBy:CodeableConcept note:Annotation*
    entry:ListEntry* emptyReason:CodeableConcept
OperationOutcome: issue:OperationOutcomeIssue*
Organization: identifier:Identifier* active:boolean type:CodeableConcept* name alias*
    telecom:ContactPoint* address:Address* partOf:Reference contact:OrganizationContact*
    endpoint:Reference*
Patient: identifier:Identifier* active:boolean name:HumanName* telecom:ContactPoint* gender
    birthDate deceased[x]:boolean|dateTime address:Address* maritalStatus:CodeableConcept
    multipleBirth[x]:boolean|integer photo:Attachment* contact:PatientContact*
    communication:PatientCommunication* generalPractitioner:Reference*
    managingOrganization:Reference link:PatientLink*
Practitioner: identifier:Identifier* active:boolean name:HumanName* telecom:ContactPoint*
    address:Address* gender birthDate photo:Attachment* qualification:PractitionerQualification*
    communication:CodeableConcept*
PractitionerRole: identifier:Identifier* active:boolean period:Period practitioner:Reference
    organization:Reference code:CodeableConcept* specialty:CodeableConcept* location:Reference*
    healthcareService:Reference* telecom:ContactPoint*
    availableTime:PractitionerRoleAvailableTime* notAvailable:PractitionerRoleNotAvailable*
    availabilityExceptions endpoint:Reference*
RelatedPerson: identifier:Identifier* active:boolean patient:Reference
    relationship:CodeableConcept* name:HumanName* telecom:ContactPoint* gender birthDate
    address:Address* photo:Attachment* period:Period communication:RelatedPersonCommunication*
""",
    "BackboneElement": """
BundleEntry: link:BundleLink* fullUrl resource:Resource search:BundleEntrySearch
    request:BundleEntryRequest response:BundleEntryResponse
BundleEntryRequest: method url ifNoneMatch ifModifiedSince ifMatch ifNoneExist
BundleEntryResponse: status location etag lastModified outcome:Resource
BundleEntrySearch: mode score:decimal
BundleLink: relation url
CapabilityStatementDocument: mode documentation profile
CapabilityStatementImplementation: description url custodian:Reference
CapabilityStatementMessaging: endpoint:CapabilityStatementMessagingEndpoint*
    reliableCache:unsignedInt documentation
    supportedMessage:CapabilityStatementMessagingSupportedMessage*
CapabilityStatementMessagingEndpoint: protocol:Coding address
CapabilityStatementMessagingSupportedMessage: mode definition
CapabilityStatementRest: mode documentation security:CapabilityStatementRestSecurity
    resource:CapabilityStatementRestResource* interaction:CapabilityStatementRestInteraction*
    searchParam:CapabilityStatementRestResourceSearchParam*
    operation:CapabilityStatementRestResourceOperation* compartment*
CapabilityStatementRestInteraction: code documentation
CapabilityStatementRestResource: type profile supportedProfile* documentation
    interaction:CapabilityStatementRestResourceInteraction* versioning readHistory:boolean
    updateCreate:boolean conditionalCreate:boolean conditionalRead conditionalUpdate:boolean
    conditionalDelete referencePolicy* searchInclude* searchRevInclude*
    searchParam:CapabilityStatementRestResourceSearchParam*
    operation:CapabilityStatementRestResourceOperation*
CapabilityStatementRestResourceInteraction: code documentation
CapabilityStatementRestResourceOperation: name definition documentation
CapabilityStatementRestResourceSearchParam: name definition type documentation
CapabilityStatementRestSecurity: cors:boolean service:CodeableConcept* description
CapabilityStatementSoftware: name version releaseDate
DeviceDeviceName: name type
DeviceProperty: type:CodeableConcept valueQuantity:Quantity* valueCode:CodeableConcept*
DeviceSpecialization: systemType:CodeableConcept version
DeviceUdiCarrier: deviceIdentifier issuer jurisdiction carrierAIDC carrierHRF entryType
DeviceVersion: type:CodeableConcept component:Identifier value
DocumentReferenceContent: attachment:Attachment format:Coding
DocumentReferenceContext: encounter:Reference* event:CodeableConcept* period:Period
    facilityType:CodeableConcept practiceSetting:CodeableConcept sourcePatientInfo:Reference
    related:Reference*
DocumentReferenceRelatesTo: code target:Reference
Dosage: sequence:integer text additionalInstruction:CodeableConcept* patientInstruction
    timing:Timing asNeeded[x]:boolean|CodeableConcept site:CodeableConcept route:CodeableConcept
    method:CodeableConcept doseAndRate:DosageDoseAndRate* maxDosePerPeriod:Ratio
    maxDosePerAdministration:Quantity maxDosePerLifetime:Quantity
ListEntry: flag:CodeableConcept deleted:boolean date item:Reference
OperationOutcomeIssue: severity code details:CodeableConcept diagnostics location* expression*
OrganizationContact: purpose:CodeableConcept name:HumanName telecom:ContactPoint*
    address:Address
ParametersParameter: name value[x] resource:Resource part:ParametersParameter*
PatientCommunication: language:CodeableConcept preferred:boolean
PatientContact: relationship:CodeableConcept* name:HumanName telecom:ContactPoint*
    address:Address gender organization:Reference period:Period
PatientLink: other:Reference type
PractitionerQualification: identifier:Identifier* code:CodeableConcept period:Period
    issuer:Reference
PractitionerRoleAvailableTime: daysOfWeek* allDay:boolean availableStartTime availableEndTime
PractitionerRoleNotAvailable: description during:Period
RelatedPersonCommunication: language:CodeableConcept preferred:boolean
Timing: event* repeat:TimingRepeat code:CodeableConcept
""",
    "Element": """
Address: use type text line* city district state postalCode country period:Period
Age: value:decimal comparator unit system code
Annotation: author[x]:Reference|string time text
Attachment: contentType language data url size:unsignedInt hash title creation
CodeableConcept: coding:Coding* text
Coding: system version code display userSelected:boolean
ContactDetail: name telecom:ContactPoint*
ContactPoint: system value use rank:positiveInt period:Period
Contributor: type name contact:ContactDetail*
Count: value:decimal comparator unit system code
DataRequirement: type profile* subject[x]:CodeableConcept|Reference mustSupport*
    codeFilter:DataRequirementCodeFilter* dateFilter:DataRequirementDateFilter*
    limit:positiveInt sort:DataRequirementSort*
DataRequirementCodeFilter: path searchParam valueSet code:Coding*
DataRequirementDateFilter: path searchParam value[x]:dateTime|Period|Duration
DataRequirementSort: path direction
Distance: value:decimal comparator unit system code
DosageDoseAndRate: type:CodeableConcept dose[x]:Range|Quantity rate[x]:Ratio|Range|Quantity
Duration: value:decimal comparator unit system code
Expression: description name language expression reference
Extension: url value[x]
HumanName: use text family given* prefix* suffix* period:Period
Identifier: use type:CodeableConcept system value period:Period assigner:Reference
Meta: versionId lastUpdated source profile* security:Coding* tag:Coding*
Money: value:decimal currency
Narrative: status div:xhtml
ParameterDefinition: name use min:integer max documentation type profile
Period: start end
Quantity: value:decimal comparator unit system code
Range: low:Quantity high:Quantity
Ratio: numerator:Quantity denominator:Quantity
Reference: reference type identifier:Identifier display
RelatedArtifact: type label display citation url document:Attachment resource
SampledData: origin:Quantity period:decimal factor:decimal lowerLimit:decimal upperLimit:decimal
    dimensions:positiveInt data
Signature: type:Coding* when who:Reference onBehalfOf:Reference targetFormat sigFormat data
TimingRepeat: bounds[x]:Duration|Range|Period count:positiveInt countMax:positiveInt
    duration:decimal durationMax:decimal durationUnit frequency:positiveInt
    frequencyMax:positiveInt period:decimal periodMax:decimal periodUnit dayOfWeek* timeOfDay*
    when* offset:unsignedInt
TriggerDefinition: type name timing[x]:Timing|Reference|date|dateTime data:DataRequirement*
    condition:Expression
UsageContext: code:Coding value[x]:CodeableConcept|Quantity|Range|Reference
""",
}


def _rows(text: str) -> dict[str, str]:
    """The rows of a table; a line that begins with spaces goes on with the one before."""
    joined = re.sub(r"\n +", " ", text.strip())
    return {name: told for name, _, told in (row.partition(": ") for row in joined.splitlines())}


_ROWS = {base: _rows(text) for base, text in _TABLES.items()}
