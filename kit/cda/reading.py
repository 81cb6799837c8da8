"""Kit, CDA, reading: from the elements of a document to its header.

Tolerant of order; Malformed when there is no identifier or patient. Not here: the file and its
body (document.py), what the values must be (rules).
Source: HL7 CDA R2; CI-SIS, Structuration minimale de documents de santé.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import cast

from lxml import etree

from kit.cda.header import (
    BodyKind,
    CdaAuthor,
    CdaHeader,
    CdaOrganization,
    CdaPatient,
    CdaPerson,
    Encounter,
    Identifier,
    RelatedDocument,
    ServiceEvent,
)
from kit.rules import Malformed
from kit.xds.metadata import Coded
from kit.xml import NS, Element, find, find_all, find_text

_CUSTODIAN = "hl7:custodian/hl7:assignedCustodian/hl7:representedCustodianOrganization"
_AUTHENTICATOR = "hl7:legalAuthenticator/hl7:assignedEntity"
_ACCESSION = "{urn:dicom-org:ps3-20}accessionNumber"
_HL7 = {"hl7": NS["hl7"]}
_NUMBER = re.compile(r"[0-9]{1,9}")


def header_of(document: Element) -> CdaHeader:
    """The header of a ClinicalDocument. Raises Malformed."""
    identifier = next(iter(_ids(document)), None)
    if identifier is None:
        raise Malformed("ClinicalDocument/id", "is absent")
    version = _value(document, "hl7:versionNumber", "value")
    orders = find_all(document, "hl7:inFulfillmentOf/hl7:order")
    return CdaHeader(
        id=identifier,
        set_id=_text_of_id(document, "hl7:setId"),
        version=int(version) if _NUMBER.fullmatch(version) else None,
        templates=tuple(item.get("root", "") for item in find_all(document, "hl7:templateId")),
        code=_coded(document, "hl7:code"),
        title=_all_text(find(document, "hl7:title")),
        effective_time=_value(document, "hl7:effectiveTime", "value"),
        confidentiality=_coded(document, "hl7:confidentialityCode"),
        language=_value(document, "hl7:languageCode", "code"),
        patient=_patient(document),
        authors=tuple(map(_author, find_all(document, "hl7:author"))),
        legal_authenticator=_optional_person(document, _AUTHENTICATOR),
        custodian=_organization(find(document, _CUSTODIAN)),
        service_events=tuple(
            map(_service_event, find_all(document, "hl7:documentationOf/hl7:serviceEvent"))
        ),
        encounter=_encounter(find(document, "hl7:componentOf/hl7:encompassingEncounter")),
        related_documents=tuple(_related(find_all(document, "hl7:relatedDocument"))),
        orders=tuple(item for order in orders for item in _ids(order)),
        accessions=tuple(item for order in orders for item in _ids(order, _ACCESSION)),
        body_kind=kind_of(document),
        media_type=_value(document, "hl7:component/hl7:nonXMLBody/hl7:text", "mediaType"),
        is_self_presenting=document.getparent() is not None,
    )


def kind_of(document: Element) -> BodyKind:
    """N1 for a body that is no XML, N3 for a structured one, "" when there is none."""
    if find(document, "hl7:component/hl7:nonXMLBody") is not None:
        return "N1"
    return "N3" if find(document, "hl7:component/hl7:structuredBody") is not None else ""


@lru_cache(maxsize=256)
def _attribute(path: str, name: str) -> etree.XPath:
    return etree.XPath(f"string(({path})[1]/@{name})", namespaces=_HL7, smart_strings=False)


def _value(element: Element, path: str, attribute: str) -> str:
    """An attribute of the first element at a path, stripped; "" when there is none."""
    return cast(str, _attribute(path, attribute)(element)).strip()


def _all_text(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _ids(element: Element, path: str = "hl7:id") -> tuple[Identifier, ...]:
    found = find_all(element, path)
    return tuple(
        Identifier(item.get("root", "").strip(), item.get("extension", "").strip())
        for item in found
        if item.get("root")
    )


def _text_of_id(element: Element, path: str) -> str:
    return next((item.text for item in _ids(element, path)), "")


def _coded(element: Element, path: str) -> Coded | None:
    found = find(element, path)
    return _code(found) if found is not None and found.get("code") else None


def _code(element: Element) -> Coded:
    return Coded(
        element.get("code", "").strip(),
        element.get("codeSystem", "").strip(),
        element.get("displayName", "").strip(),
    )


def _patient(document: Element) -> CdaPatient:
    role = find(document, "hl7:recordTarget/hl7:patientRole")
    if role is None:
        raise Malformed("ClinicalDocument/recordTarget/patientRole", "is absent")
    patient = "hl7:patient"
    name = find(role, f"{patient}/hl7:name")
    return CdaPatient(
        ids=_ids(role),
        birth_name=_name(name, "family", "BR"),
        used_name=_name(name, "family", "CL"),
        birth_given_names=_name(name, "given", None),
        first_given_name=_name(name, "given", "BR"),
        used_given_name=_name(name, "given", "CL"),
        sex=_value(role, f"{patient}/hl7:administrativeGenderCode", "code"),
        birth_time=_value(role, f"{patient}/hl7:birthTime", "value"),
        birth_place=find_text(role, f"{patient}/hl7:birthplace/hl7:place/hl7:addr/hl7:county"),
    )


def _name(name: Element | None, part: str, qualifier: str | None) -> str:
    """The parts of a name under one qualifier, joined; None asks for those without."""
    if name is None:
        return ""
    found = (item for item in find_all(name, f"hl7:{part}") if item.get("qualifier") == qualifier)
    return " ".join(filter(None, map(_all_text, found)))


def _author(author: Element) -> CdaAuthor:
    assigned = find(author, "hl7:assignedAuthor")
    return CdaAuthor(
        time=_value(author, "hl7:time", "value"),
        person=CdaPerson() if assigned is None else _person(assigned),
        function=_coded(author, "hl7:functionCode"),
    )


def _optional_person(element: Element, path: str) -> CdaPerson | None:
    found = find(element, path)
    return None if found is None else _person(found)


def _person(entity: Element) -> CdaPerson:
    """An assignedEntity or assignedAuthor."""
    device = find(entity, "hl7:assignedAuthoringDevice")
    name = "hl7:assignedPerson/hl7:name/hl7:{}".format
    model = "" if device is None else find_text(device, "hl7:manufacturerModelName")
    software = "" if device is None else find_text(device, "hl7:softwareName")
    return CdaPerson(
        ids=_ids(entity),
        family=model or find_text(entity, name("family")),
        given=software or find_text(entity, name("given")),
        prefix=find_text(entity, name("prefix")),
        suffix=find_text(entity, name("suffix")),
        code=_coded(entity, "hl7:code"),
        organization=_organization(find(entity, "hl7:representedOrganization")),
        is_device=device is not None,
    )


def _organization(element: Element | None) -> CdaOrganization | None:
    if element is None:
        return None
    setting = _coded(element, "hl7:standardIndustryClassCode")
    return CdaOrganization(_all_text(find(element, "hl7:name")), _ids(element), setting)


def _service_event(event: Element) -> ServiceEvent:
    low, high = _interval(event)
    codes = [*find_all(event, "hl7:code"), *find_all(event, "hl7:code/hl7:translation")]
    return ServiceEvent(
        ids=_ids(event),
        codes=tuple(_code(code) for code in codes if code.get("code")),
        low=low,
        high=high,
        performer=_optional_person(event, "hl7:performer/hl7:assignedEntity"),
    )


def _encounter(element: Element | None) -> Encounter | None:
    if element is None:
        return None
    low, high = _interval(element)
    facility = "hl7:location/hl7:healthCareFacility"
    return Encounter(
        ids=_ids(element),
        code=_coded(element, "hl7:code"),
        low=low,
        high=high,
        facility=_coded(element, f"{facility}/hl7:code"),
        facility_ids=_ids(element, f"{facility}/hl7:id"),
    )


def _interval(element: Element) -> tuple[str, str]:
    """Low and high of effectiveTime; a single value stands for both."""
    at = _value(element, "hl7:effectiveTime", "value")
    low = _value(element, "hl7:effectiveTime/hl7:low", "value")
    return low or at, _value(element, "hl7:effectiveTime/hl7:high", "value") or at


def _related(links: Iterable[Element]) -> Iterator[RelatedDocument]:
    for link in links:
        for parent in _ids(link, "hl7:parentDocument/hl7:id"):
            yield RelatedDocument(link.get("typeCode", ""), parent)
