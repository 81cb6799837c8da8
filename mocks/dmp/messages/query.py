"""DMP mock, messages: stored queries of ITI-18 (DMP TD3.1 and TD3.1b), both ways.

Not here: which parameters a query needs (``rules``) and which documents meet it (``store``).
Source: ITI TF-2 3.18.4.1, ITI TF-3 4.2.3.2 (coding of parameters).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kit import xds
from kit.rules import Malformed, Refusal
from kit.xds import vocabulary
from kit.xds.metadata import Association, DocumentEntry, SubmissionSet
from kit.xml import Element, build, find_all, need, need_attribute, qname
from mocks.dmp.messages.response import (
    FAILURE,
    NAMES,
    SUCCESS,
    RegistryError,
    read_registry_response,
    write_errors,
)

STORED_QUERY = qname("query:AdhocQueryRequest")
FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
FIND_SUBMISSION_SETS = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9"
GET_DOCUMENTS = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
GET_ASSOCIATIONS = "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"
GET_DOCUMENTS_AND_ASSOCIATIONS = "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a"
FIND_BY_REFERENCE = "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492"

LEAF_CLASS, OBJECT_REF = "LeafClass", "ObjectRef"

PATIENT_ID = "$XDSDocumentEntryPatientId"
STATUS = "$XDSDocumentEntryStatus"
UNIQUE_ID = "$XDSDocumentEntryUniqueId"
ENTRY_UUID = "$XDSDocumentEntryEntryUUID"
REFERENCES = "$XDSDocumentEntryReferenceIdList"
LOGICAL_ID = "$XDSDocumentEntryLogicalID"
METADATA_LEVEL = "$MetadataLevel"  # 2: former versions too
OBJECTS = "$uuid"
LOT_PATIENT_ID = "$XDSSubmissionSetPatientId"
LOT_STATUS = "$XDSSubmissionSetStatus"
LOT_FROM, LOT_TO = "$XDSSubmissionSetSubmissionTimeFrom", "$XDSSubmissionSetSubmissionTimeTo"
LOT_SOURCE = "$XDSSubmissionSetSourceId"
LOT_AUTHOR = "$XDSSubmissionSetAuthorPerson"
LOT_CONTENT_TYPE = "$XDSSubmissionSetContentType"

_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One slot of a query: its name with the dollar, its values, whether they stood in a list."""

    name: str
    values: tuple[str, ...]
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """A stored query: which one, what form the answer takes, the parameters in message order."""

    query_id: str
    return_type: str
    parameters: tuple[Parameter, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """Every value given for a parameter."""
        return tuple(v for item in self.parameters if item.name == name for v in item.values)

    def one(self, name: str) -> str:
        """The first value of a parameter, "" when it is absent."""
        return next(iter(self.values(name)), "")

    @property
    def asks_versions(self) -> bool:
        """Whether former versions of metadata are asked for (ITI-18, metadata update)."""
        return self.one(METADATA_LEVEL) == "2"

    @property
    def is_reference_search(self) -> bool:
        """TD3.1b: the technical id of a document that is known by its uniqueId."""
        return self.query_id == GET_DOCUMENTS and self.return_type == OBJECT_REF


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a query: lots, entries and associations, or only references to them."""

    status: str
    entries: tuple[DocumentEntry, ...] = ()
    references: tuple[str, ...] = ()
    errors: tuple[RegistryError, ...] = ()
    total: int = 0
    lots: tuple[SubmissionSet, ...] = ()
    associations: tuple[Association, ...] = ()


def read_query(body: Element) -> StoredQuery:
    """Read query:AdhocQueryRequest.

    Raises Malformed when the query has no id, or a value is neither quoted nor a number.
    """
    option = need(body, "query:ResponseOption")
    query = need(body, "rim:AdhocQuery")
    return StoredQuery(
        query_id=need_attribute(query, "id"),
        return_type=need_attribute(option, "returnType"),
        parameters=tuple(map(_read_parameter, find_all(query, "rim:Slot"))),
    )


def _read_parameter(slot: Element) -> Parameter:
    name = need_attribute(slot, "name", where="AdhocQuery/Slot")
    texts = [(value.text or "").strip() for value in find_all(slot, "rim:ValueList/rim:Value")]
    values = tuple(value for text in texts for value in _read_values(text, name))
    return Parameter(name, values, any(text.startswith("(") for text in texts))


def _read_values(text: str, name: str) -> list[str]:
    """``'a'``, ``('a','b')`` or a number, as its values."""
    inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    quoted = [match[1].replace("''", "'") for match in _QUOTED.finditer(inner)]
    left = _QUOTED.sub("", inner).replace(",", " ").split()
    if quoted and not left:
        return quoted
    if not quoted and left and all(_NUMBER.fullmatch(item) for item in left):
        return left
    raise Malformed(f"AdhocQuery/Slot[{name}]", f"not a quoted value, a number or a list: {text}")


def write_query(query: StoredQuery) -> Element:
    """Write query:AdhocQueryRequest."""
    adhoc = build("rim:AdhocQuery", id=query.query_id)
    for parameter in query.parameters:
        xds.write_slot(adhoc, xds.Slot(parameter.name, (_write_values(parameter),)))
    option = build(
        "query:ResponseOption", returnType=query.return_type, returnComposedObjects="true"
    )
    return build("query:AdhocQueryRequest", option, adhoc, nsmap=NAMES)


def _write_values(parameter: Parameter) -> str:
    quoted = ["'" + value.replace("'", "''") + "'" for value in parameter.values]
    return f"({','.join(quoted)})" if parameter.is_list else quoted[0]


def find_documents(
    patient_cx: str,
    *,
    statuses: Iterable[str] = (vocabulary.APPROVED,),
    return_type: str = LEAF_CLASS,
    more: Iterable[Parameter] = (),
) -> StoredQuery:
    """TD3.1a: the documents of a patient (recherche de documents)."""
    parameters = (
        Parameter(PATIENT_ID, (patient_cx,)),
        Parameter(STATUS, tuple(statuses), is_list=True),
        *more,
    )
    return StoredQuery(FIND_DOCUMENTS, return_type, parameters)


def get_documents(*unique_ids: str, return_type: str = OBJECT_REF) -> StoredQuery:
    """TD3.1b: the entryUUID of documents known by their uniqueId."""
    return StoredQuery(
        GET_DOCUMENTS, return_type, (Parameter(UNIQUE_ID, unique_ids, is_list=True),)
    )


def find_submission_sets(
    patient_cx: str,
    *,
    since: str = "",
    until: str = "",
    return_type: str = LEAF_CLASS,
    more: Iterable[Parameter] = (),
) -> StoredQuery:
    """The lots of a patient, by their submissionTime: ``since`` included, ``until`` not."""
    times = ((LOT_FROM, since), (LOT_TO, until))
    parameters = (
        Parameter(LOT_PATIENT_ID, (patient_cx,)),
        Parameter(LOT_STATUS, (vocabulary.APPROVED,), is_list=True),
        *(Parameter(name, (value,)) for name, value in times if value),
        *more,
    )
    return StoredQuery(FIND_SUBMISSION_SETS, return_type, parameters)


def get_associations(*uuids: str, return_type: str = LEAF_CLASS) -> StoredQuery:
    """Every association that starts or ends at one of these objects."""
    return StoredQuery(GET_ASSOCIATIONS, return_type, (Parameter(OBJECTS, uuids, is_list=True),))


def get_documents_and_associations(*entry_uuids: str, return_type: str = LEAF_CLASS) -> StoredQuery:
    """Entries by entryUUID, with their associations."""
    parameters = (Parameter(ENTRY_UUID, entry_uuids, is_list=True),)
    return StoredQuery(GET_DOCUMENTS_AND_ASSOCIATIONS, return_type, parameters)


def write_found(
    entries: Iterable[DocumentEntry],
    return_type: str,
    lots: Iterable[SubmissionSet] = (),
    associations: Iterable[Association] = (),
) -> Element:
    """The answer to a query: whole objects, or ObjectRefs when only references were asked."""
    objects = build("rim:RegistryObjectList")
    if return_type == OBJECT_REF:
        everything: tuple[SubmissionSet | DocumentEntry | Association, ...]
        everything = (*lots, *entries, *associations)
        objects.extend(build("rim:ObjectRef", id=item.entry_uuid) for item in everything)
    else:
        objects.extend(map(xds.write_registry_package, lots))
        objects.extend(map(xds.write_extrinsic_object, entries))
        objects.extend(map(xds.write_association, associations))
    count = str(len(objects))
    return build(
        "query:AdhocQueryResponse",
        objects,
        nsmap=NAMES,
        status=SUCCESS,
        startIndex="0",
        totalResultCount=count,
    )


def write_query_failure(refusals: Iterable[Refusal]) -> Element:
    """The answer to a refused query."""
    return build(
        "query:AdhocQueryResponse",
        write_errors(refusals),
        build("rim:RegistryObjectList"),
        nsmap=NAMES,
        status=FAILURE,
    )


def read_query_response(element: Element) -> Found:
    """Read query:AdhocQueryResponse."""
    response = read_registry_response(element)
    extrinsics = find_all(element, "rim:RegistryObjectList/rim:ExtrinsicObject")
    references = find_all(element, "rim:RegistryObjectList/rim:ObjectRef")
    packages = find_all(element, "rim:RegistryObjectList/rim:RegistryPackage")
    links = find_all(element, "rim:RegistryObjectList/rim:Association")
    total = element.get("totalResultCount", "")
    return Found(
        status=response.status,
        entries=tuple(map(xds.read_extrinsic_object, extrinsics)),
        references=tuple(need_attribute(item, "id") for item in references),
        errors=response.errors,
        total=int(total) if total.isdigit() else len(extrinsics) + len(references),
        lots=tuple(map(xds.read_registry_package, packages)),
        associations=tuple(map(xds.read_association, links)),
    )
