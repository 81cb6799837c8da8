"""Kit, CDA, reading: from the elements of a document to its header.

Tolerant of order; Malformed when there is no identifier or patient. Not here: the file and its
body (document.py), what the values must be (rules).
Source: HL7 CDA R2; CI-SIS, Structuration minimale de documents de santé.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

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
from kit.xml import NS, Element, children, find_all

_HL7 = f"{{{NS['hl7']}}}"
_ACCESSION = "{urn:dicom-org:ps3-20}accessionNumber"
_NUMBER = re.compile(r"[0-9]{1,9}")


class _In:
    """What is directly in an element, by name; several elements are read as if they were one."""

    __slots__ = ("_by_tag",)

    def __init__(self, by_tag: Mapping[str, list[Element]]) -> None:
        self._by_tag = by_tag

    @classmethod
    def of(cls, *elements: Element) -> _In:
        return cls(children(*elements))

    def all(self, name: str) -> Sequence[Element]:
        return self._by_tag.get(_HL7 + name, ())

    def first(self, name: str) -> Element | None:
        found = self._by_tag.get(_HL7 + name)
        return found[0] if found else None

    def below(self, name: str) -> _In:
        return _In.of(*self.all(name))

    def value(self, name: str, attribute: str = "value") -> str:
        """An attribute of the first one, stripped; "" when there is none."""
        found = self.first(name)
        return "" if found is None else found.get(attribute, "").strip()

    def text(self, name: str) -> str:
        found = self.first(name)
        return "" if found is None else (found.text or "").strip()

    def coded(self, name: str) -> Coded | None:
        found = self.first(name)
        return _code(found) if found is not None and found.get("code") else None

    def ids(self, name: str = "id") -> tuple[Identifier, ...]:
        return _identifiers(self.all(name))


def header_of(document: Element, by_tag: Mapping[str, list[Element]]) -> CdaHeader:
    """The header of a ClinicalDocument, by_tag its children. Raises Malformed."""
    own = _In(by_tag)
    identifier = next(iter(own.ids()), None)
    if identifier is None:
        raise Malformed("ClinicalDocument/id", "is absent")
    version = own.value("versionNumber")
    orders = own.below("inFulfillmentOf").all("order")
    body = own.below("component")
    custodian = own.below("custodian").below("assignedCustodian")
    events = own.below("documentationOf").all("serviceEvent")
    return CdaHeader(
        id=identifier,
        set_id=next((item.text for item in own.ids("setId")), ""),
        version=int(version) if _NUMBER.fullmatch(version) else None,
        templates=tuple(item.get("root", "") for item in own.all("templateId")),
        code=own.coded("code"),
        title=_all_text(own.first("title")),
        effective_time=own.value("effectiveTime"),
        confidentiality=own.coded("confidentialityCode"),
        language=own.value("languageCode", "code"),
        patient=_patient(own),
        authors=tuple(map(_author, own.all("author"))),
        legal_authenticator=_optional_person(own.below("legalAuthenticator")),
        custodian=_organization(custodian.first("representedCustodianOrganization")),
        service_events=tuple(map(_service_event, events)),
        encounter=_encounter(own.below("componentOf").first("encompassingEncounter")),
        related_documents=tuple(_related(own.all("relatedDocument"))),
        orders=tuple(item for order in orders for item in _In.of(order).ids()),
        accessions=tuple(
            item for order in orders for item in _identifiers(find_all(order, _ACCESSION))
        ),
        body_kind=_kind(body),
        media_type=body.below("nonXMLBody").value("text", "mediaType"),
        is_self_presenting=document.getparent() is not None,
    )


def kind_of(document: Element) -> BodyKind:
    """N1 for a body that is no XML, N3 for a structured one, "" when there is none."""
    return _kind(_In.of(*find_all(document, "hl7:component")))


def _kind(body: _In) -> BodyKind:
    if body.first("nonXMLBody") is not None:
        return "N1"
    return "N3" if body.first("structuredBody") is not None else ""


def _all_text(element: Element | None) -> str:
    if element is None:
        return ""
    text = "".join(element.itertext()) if len(element) else element.text or ""
    return " ".join(text.split())


def _identifiers(found: Iterable[Element]) -> tuple[Identifier, ...]:
    return tuple(
        [
            Identifier(root.strip(), item.get("extension", "").strip())
            for item in found
            if (root := item.get("root"))
        ]
    )


def _code(element: Element) -> Coded:
    return Coded(
        element.get("code", "").strip(),
        element.get("codeSystem", "").strip(),
        element.get("displayName", "").strip(),
    )


def _patient(document: _In) -> CdaPatient:
    role = document.below("recordTarget").first("patientRole")
    if role is None:
        raise Malformed("ClinicalDocument/recordTarget/patientRole", "is absent")
    own = _In.of(role)
    patient = own.below("patient")
    name = _In.of(*patient.all("name")[:1])
    place = patient.below("birthplace").below("place").below("addr")
    return CdaPatient(
        ids=own.ids(),
        birth_name=_name(name, "family", "BR"),
        used_name=_name(name, "family", "CL"),
        birth_given_names=_name(name, "given", None),
        first_given_name=_name(name, "given", "BR"),
        used_given_name=_name(name, "given", "CL"),
        sex=patient.value("administrativeGenderCode", "code"),
        birth_time=patient.value("birthTime"),
        birth_place=place.text("county"),
    )


def _name(name: _In, part: str, qualifier: str | None) -> str:
    """The parts of a name under one qualifier, joined; None asks for those without."""
    found = (item for item in name.all(part) if item.get("qualifier") == qualifier)
    return " ".join(filter(None, map(_all_text, found)))


def _author(author: Element) -> CdaAuthor:
    own = _In.of(author)
    assigned = own.first("assignedAuthor")
    return CdaAuthor(
        time=own.value("time"),
        person=CdaPerson() if assigned is None else _person(assigned),
        function=own.coded("functionCode"),
    )


def _optional_person(around: _In) -> CdaPerson | None:
    found = around.first("assignedEntity")
    return None if found is None else _person(found)


def _person(entity: Element) -> CdaPerson:
    """An assignedEntity or assignedAuthor."""
    own = _In.of(entity)
    devices = own.all("assignedAuthoringDevice")
    device, name = _In.of(*devices[:1]), own.below("assignedPerson").below("name")
    return CdaPerson(
        ids=own.ids(),
        family=device.text("manufacturerModelName") or name.text("family"),
        given=device.text("softwareName") or name.text("given"),
        prefix=name.text("prefix"),
        suffix=name.text("suffix"),
        code=own.coded("code"),
        organization=_organization(own.first("representedOrganization")),
        is_device=bool(devices),
    )


def _organization(element: Element | None) -> CdaOrganization | None:
    if element is None:
        return None
    own = _In.of(element)
    setting = own.coded("standardIndustryClassCode")
    return CdaOrganization(_all_text(own.first("name")), own.ids(), setting)


def _service_event(event: Element) -> ServiceEvent:
    own = _In.of(event)
    low, high = _interval(own)
    codes = [*own.all("code"), *own.below("code").all("translation")]
    return ServiceEvent(
        ids=own.ids(),
        codes=tuple(_code(code) for code in codes if code.get("code")),
        low=low,
        high=high,
        performer=_optional_person(own.below("performer")),
    )


def _encounter(element: Element | None) -> Encounter | None:
    if element is None:
        return None
    own = _In.of(element)
    low, high = _interval(own)
    facility = own.below("location").below("healthCareFacility")
    return Encounter(
        ids=own.ids(),
        code=own.coded("code"),
        low=low,
        high=high,
        facility=facility.coded("code"),
        facility_ids=facility.ids(),
    )


def _interval(around: _In) -> tuple[str, str]:
    """Low and high of effectiveTime; a single value stands for both."""
    at, within = around.value("effectiveTime"), around.below("effectiveTime")
    return within.value("low") or at, within.value("high") or at


def _related(links: Iterable[Element]) -> Iterator[RelatedDocument]:
    for link in links:
        for parent in _In.of(link).below("parentDocument").ids():
            yield RelatedDocument(link.get("typeCode", ""), parent)
