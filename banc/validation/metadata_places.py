"""Banc, validation, metadata places: where in ebXML a field of the metadata stands.

A refusal names an object (uniqueId or id) and a field (typeCode, hash, author …); the element is
found again for its line. Not here: the rules.
Source: ITI TF-3 4.2.3, tables of attributes.
"""

from __future__ import annotations

import re

from banc.validation.places import line_of, path_of
from kit.xds import vocabulary as v
from kit.xml import Element, find, local_name

_SCHEMES = {  # field -> classification schemes or identification schemes, of an entry and of a lot
    "author": (v.DOCUMENT_AUTHOR, v.LOT_AUTHOR),
    "classCode": (v.DOCUMENT_CLASS_CODE,),
    "typeCode": (v.DOCUMENT_TYPE_CODE,),
    "confidentialityCode": (v.DOCUMENT_CONFIDENTIALITY_CODE,),
    "formatCode": (v.DOCUMENT_FORMAT_CODE,),
    "eventCodeList": (v.DOCUMENT_EVENT_CODE,),
    "healthcareFacilityTypeCode": (v.DOCUMENT_FACILITY_CODE,),
    "practiceSettingCode": (v.DOCUMENT_PRACTICE_CODE,),
    "contentTypeCode": (v.LOT_CONTENT_TYPE_CODE,),
    "patientId": (v.DOCUMENT_PATIENT_ID, v.LOT_PATIENT_ID),
    "uniqueId": (v.DOCUMENT_UNIQUE_ID, v.LOT_UNIQUE_ID),
    "sourceId": (v.LOT_SOURCE_ID,),
}
_AUTHOR_SLOTS = ("authorPerson", "authorInstitution", "authorRole", "authorSpecialty")
_OBJECTS = ("ExtrinsicObject", "RegistryPackage")
_REFERENCE = {"referenceIdList": v.REFERENCE_ID_LIST}
_NAMED = re.compile(r"\[([^\]]{1,200})\]")


def place(root: Element, subject: str, field: str) -> tuple[int, str]:
    """Line and path of a field; those of its object, or of the lot, when it is absent."""
    owner = _object(root, subject)
    if owner is None:
        return line_of(root), path_of(root)
    found = _field(owner, field)
    return (line_of(owner), path_of(owner)) if found is None else (line_of(found), path_of(found))


def line_of_id(root: Element, where: str) -> int:
    """The line of the object that ``ExtrinsicObject[Document01]`` names, 0 when none has it."""
    named = _NAMED.search(where)
    if named is None:
        return 0
    found = (item for item in root.iter("{*}*") if item.get("id") == named[1])
    return next(map(line_of, found), 0)


def _object(root: Element, subject: str) -> Element | None:
    for item in root.iter(*(f"{{*}}{name}" for name in _OBJECTS)):
        identifiers = (child.get("value", "") for child in item.iter("{*}ExternalIdentifier"))
        if subject and (item.get("id") == subject or subject in identifiers):
            return item
    return None


def _field(owner: Element, field: str) -> Element | None:
    """The element of a field inside its object."""
    name = field.partition("/")[0]
    slot = _REFERENCE.get(name, name)
    schemes = _SCHEMES.get("author" if name in _AUTHOR_SLOTS else name, ())
    if name == "title":
        return find(owner, "rim:Name")
    for item in owner.iter("{*}*"):
        if item is owner:
            continue
        kind = local_name(item)
        if kind == "Slot" and item.get("name") == slot:
            return item
        scheme = item.get("classificationScheme") or item.get("identificationScheme") or ""
        if scheme in schemes and name not in _AUTHOR_SLOTS:
            return item
    return None
