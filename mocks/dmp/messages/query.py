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
from kit.xds.metadata import DocumentEntry
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
GET_DOCUMENTS = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"

LEAF_CLASS, OBJECT_REF = "LeafClass", "ObjectRef"

PATIENT_ID = "$XDSDocumentEntryPatientId"
STATUS = "$XDSDocumentEntryStatus"
UNIQUE_ID = "$XDSDocumentEntryUniqueId"
ENTRY_UUID = "$XDSDocumentEntryEntryUUID"

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
    def is_reference_search(self) -> bool:
        """TD3.1b: the technical id of a document that is known by its uniqueId."""
        return self.query_id == GET_DOCUMENTS and self.return_type == OBJECT_REF


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a query: entries, or only references to them."""

    status: str
    entries: tuple[DocumentEntry, ...] = ()
    references: tuple[str, ...] = ()
    errors: tuple[RegistryError, ...] = ()
    total: int = 0


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


def write_found(entries: Iterable[DocumentEntry], return_type: str) -> Element:
    """The answer to a query: ExtrinsicObjects, or ObjectRefs when only references were asked."""
    objects = build("rim:RegistryObjectList")
    for entry in entries:
        if return_type == OBJECT_REF:
            objects.append(build("rim:ObjectRef", id=entry.entry_uuid))
        else:
            objects.append(xds.write_extrinsic_object(entry))
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
    total = element.get("totalResultCount", "")
    return Found(
        status=response.status,
        entries=tuple(map(xds.read_extrinsic_object, extrinsics)),
        references=tuple(need_attribute(item, "id") for item in references),
        errors=response.errors,
        total=int(total) if total.isdigit() else len(extrinsics) + len(references),
    )
