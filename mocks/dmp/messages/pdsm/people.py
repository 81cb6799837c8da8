"""DMP mock, messages, PDSm: people, software and structures of metadata, as contained resources.

An author is a contained PractitionerRole with its Practitioner and Organization, or a Device; the
patient of the source is a contained Patient. Both ways. Not here: the resource that holds them.
Sources: PDSm; IHE MHD 4.2 (contained resources); CI-SIS, Partage de documents de santé.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kit.fhir import Element, Resource
from kit.xds.hl7 import PS_OID, Cx, Xcn, Xon, escape, unescape
from kit.xds.metadata import Author
from mocks.dmp.messages.pdsm.datatypes import (
    MHD,
    read_concepts,
    read_identifier,
    write_concept,
    write_identifier,
)

AUTHOR_ORG = f"{MHD}StructureDefinition/ihe-authorOrg"
# Ours: a value of sourcePatientInfo that a Patient has no element for (a lunar date, an account).
SOURCE_INFO = "urn:banc:fhir:source-patient-info"
SOFTWARE = "RI"  # XCN-13 of a piece of software
_LEGAL = {"L": "official"}  # XCN-10 or PID-5.7 -> HumanName.use; D, the usual one, needs none
_GENDERS = {"M": "male", "F": "female", "U": "unknown", "O": "other"}
_SEXES = {gender: sex for sex, gender in _GENDERS.items()}


@dataclass(slots=True)
class Contained:
    """The resources a resource holds, as they are made."""

    resources: list[Resource] = field(default_factory=list)

    def add(self, resource: Resource, name: str) -> Resource:
        """Keep a resource under an id; gives the reference to it."""
        self.resources.append({"resourceType": resource["resourceType"], "id": name} | resource)
        return {"reference": f"#{name}"}


@dataclass(frozen=True, slots=True)
class Holder:
    """What references of one resource lead to: its own contained resources."""

    by_id: Mapping[str, Element]

    @classmethod
    def of(cls, resource: Element) -> Holder:
        """The contained resources of a resource."""
        return cls({item.text("id"): item for item in resource.children("contained")})

    def follow(self, reference: Element) -> Element | None:
        """The contained resource a Reference names."""
        return self.by_id.get(reference.text("reference").removeprefix("#"))


# Persons.


def write_person(person: Xcn) -> Resource:
    """A Practitioner."""
    found: Resource = {"resourceType": "Practitioner"}
    if person.id or person.authority:
        kind = person.id_type
        found["identifier"] = [write_identifier(person.id, person.authority, kind)]
    name = _name(person.family, person.given, _LEGAL.get(person.name_type, ""))
    name |= {"prefix": [person.prefix]} if person.prefix else {}
    name |= {"suffix": [person.suffix]} if person.suffix else {}
    return found | ({"name": [name]} if name else {})


def _name(family: str, given: str, use: str) -> Resource:
    rows = (("use", use), ("family", family), ("given", [given] if given else ""))
    return {key: value for key, value in rows if value}


def read_person(element: Element) -> Xcn:
    """A Practitioner, or a Patient who writes: the French types of name and identifier."""
    identifiers, names = element.children("identifier"), element.children("name")
    value, authority, kind = _best(identifiers)
    name = names[0] if names else Element({}, element.place("name"))
    is_legal = name.text("use") == "official"
    return Xcn(
        id=value,
        family=name.text("family"),
        given=" ".join(name.texts("given")),
        prefix=" ".join(name.texts("prefix")),
        suffix=" ".join(name.texts("suffix")),
        authority=authority,
        name_type="U" if kind == SOFTWARE else "L" if is_legal else "D",
        id_type=kind or _kind_of_person(value, authority),
    )


def _best(identifiers: Iterable[Element]) -> tuple[str, str, str]:
    """The national identifier of a person when there is one, else the first."""
    found = [read_identifier(item) for item in identifiers]
    national = (item for item in found if item[1] == PS_OID)
    return next(national, found[0] if found else ("", "", ""))


def _kind_of_person(value: str, authority: str) -> str:
    if not value:
        return ""
    if authority != PS_OID:
        return "NH" if authority.startswith("1.2.250.1.213.1.4.") else ""
    return "EI" if "/" in value else "IDNPS"


# Structures.


def write_organization(xon: Xon) -> Resource:
    """An Organization."""
    found: Resource = {"resourceType": "Organization"}
    if xon.id or xon.authority:
        found["identifier"] = [write_identifier(xon.id, xon.authority, xon.id_type)]
    return found | ({"name": xon.name} if xon.name else {})


def read_organization(element: Element) -> Xon:
    """An Organization."""
    identifiers = element.children("identifier")
    value, authority, kind = read_identifier(identifiers[0]) if identifiers else ("", "", "")
    return Xon(element.text("name"), value, authority, kind or ("IDNST" if value else ""))


def read_organization_reference(reference: Element, holder: Holder) -> Xon | None:
    """The Organization a Reference names: contained, or known by its identifier."""
    held = holder.follow(reference)
    if held is not None:
        return read_organization(held)
    value, authority, kind = read_identifier(reference.child("identifier"))
    if not value:
        return None
    return Xon(reference.text("display"), value, authority, kind or "IDNST")


# Authors.


def write_author(author: Author, name: str, contained: Contained) -> Resource:
    """The Reference to an author; ``name`` begins the ids of what is contained for them."""
    person = author.person
    is_software = person is not None and (person.id_type == SOFTWARE or person.name_type == "U")
    places = [
        contained.add(write_organization(xon), f"{name}-org{number}")
        for number, xon in enumerate(author.institutions, 1)
    ]
    first, others = places[0] if places else None, places[1:]
    role = _device(author, first) if is_software else _role(author, name, first, contained)
    if others:
        role["extension"] = [{"url": AUTHOR_ORG, "valueReference": item} for item in others]
    return contained.add(role, name)


def _role(
    author: Author, name: str, organization: Resource | None, contained: Contained
) -> Resource:
    role: Resource = {"resourceType": "PractitionerRole"}
    if author.person is not None:
        role["practitioner"] = contained.add(write_person(author.person), f"{name}-person")
    if organization is not None:
        role["organization"] = organization
    if author.roles:
        role["code"] = [{"text": text} for text in author.roles]
    if author.specialties:
        role["specialty"] = list(map(write_concept, author.specialties))
    if author.telecoms:
        role["telecom"] = [{"value": value} for value in author.telecoms]
    return role


def _device(author: Author, organization: Resource | None) -> Resource:
    person = author.person or Xcn()
    device: Resource = {"resourceType": "Device"}
    if person.id or person.authority:
        device["identifier"] = [write_identifier(person.id, person.authority, person.id_type)]
    names = ((person.family, "manufacturer-name"), (person.given, "model-name"))
    if written := [{"name": text, "type": kind} for text, kind in names if text]:
        device["deviceName"] = written
    if author.specialties:
        device["specialization"] = [
            {"systemType": write_concept(code)} for code in author.specialties
        ]
    if organization is not None:
        device["owner"] = organization
    if author.telecoms:
        device["contact"] = [{"value": value} for value in author.telecoms]
    if author.roles:
        device["note"] = [{"text": text} for text in author.roles]
    return device


def read_author(reference: Element, holder: Holder) -> Author | None:
    """The author a Reference names; None when nothing is contained for it."""
    held = holder.follow(reference)
    if held is None:
        return None
    kind = held.text("resourceType")
    if kind == "PractitionerRole":
        return _read_role(held, holder)
    if kind == "Device":
        return _read_device(held, holder)
    if kind == "Organization":
        return Author(institutions=(read_organization(held),))
    return Author(person=read_person(held))


def _institutions(held: Element, member: str, holder: Holder) -> tuple[Xon, ...]:
    references = [held.child(member)]
    references += [item.child("valueReference") for item in held.extensions(AUTHOR_ORG)]
    found = (read_organization_reference(item, holder) for item in references)
    return tuple(xon for xon in found if xon)


def _read_role(held: Element, holder: Holder) -> Author:
    practitioner = holder.follow(held.child("practitioner"))
    return Author(
        person=read_person(practitioner) if practitioner else _logical(held),
        institutions=_institutions(held, "organization", holder),
        roles=tuple(_labels(held.children("code"))),
        specialties=read_concepts(held.children("specialty")),
        telecoms=tuple(item.text("value") for item in held.children("telecom")),
    )


def _logical(held: Element) -> Xcn | None:
    """A person known by the identifier of the reference, or of the role itself."""
    value, authority, kind = read_identifier(held.child("practitioner").child("identifier"))
    if not value:
        value, authority, kind = _best(held.children("identifier"))
    if not value:
        return None
    kind = kind or _kind_of_person(value, authority)
    return Xcn(id=value, authority=authority, name_type="D", id_type=kind)


def _labels(concepts: Iterable[Element]) -> Iterator[str]:
    for concept in concepts:
        coded = next(iter(read_concepts((concept,))), None)
        yield concept.text("text") or (coded.label or coded.code if coded else "")


def _read_device(held: Element, holder: Holder) -> Author:
    identifiers = held.children("identifier")
    value, authority, kind = read_identifier(identifiers[0]) if identifiers else ("", "", "")
    names = {item.text("type"): item.text("name") for item in held.children("deviceName")}
    return Author(
        person=Xcn(
            id=value,
            family=names.get("manufacturer-name", names.get("user-friendly-name", "")),
            given=names.get("model-name", ""),
            authority=authority,
            name_type="U",
            id_type=kind or SOFTWARE,
        ),
        institutions=_institutions(held, "owner", holder),
        roles=tuple(item.text("text") for item in held.children("note")),
        specialties=read_concepts(
            item.child("systemType") for item in held.children("specialization")
        ),
        telecoms=tuple(item.text("value") for item in held.children("contact")),
    )


def read_authenticator(reference: Element, holder: Holder) -> Xcn | None:
    """The person a Reference names; a structure cannot answer for a document."""
    author = read_author(reference, holder)
    return author.person if author else None


# The patient as the source knows them.

_DAY = re.compile(r"(\d{4})(\d{2})?(\d{2})?")


def write_source_patient(patient_id: str, info: Iterable[str]) -> Resource:
    """sourcePatientId and sourcePatientInfo as a Patient."""
    patient: Resource = {"resourceType": "Patient"}
    kept = []
    for line in info:
        pid, _, value = line.partition("|")
        if not _tell(patient, pid, value):
            kept.append({"url": SOURCE_INFO, "valueString": line})
    if patient_id:
        cx = Cx.read(patient_id)
        patient["identifier"] = [write_identifier(cx.id, cx.authority, cx.type)]
    return patient | ({"extension": kept} if kept else {})


def _tell(patient: Resource, pid: str, value: str) -> bool:
    """Say one value of sourcePatientInfo in the words of FHIR, when they hold all of it."""
    if pid == "PID-5" and (name := _patient_name(value)):
        patient.setdefault("name", []).append(name)
    elif pid == "PID-7" and "birthDate" not in patient and (day := _birth_date(value)):
        patient["birthDate"] = day
    elif pid == "PID-8" and "gender" not in patient and value in _GENDERS:
        patient["gender"] = _GENDERS[value]
    else:
        return False
    return True


def _patient_name(value: str) -> Resource | None:
    parts = value.split("^")
    family, given, kind = (unescape([*parts, *[""] * 7][at]) for at in (0, 1, 6))
    name = _name(family, given, {"L": "official", "D": "usual"}.get(kind, ""))
    return name if "use" in name and _write_pid_5(name) == value else None


def _write_pid_5(name: Mapping[str, object]) -> str:
    given = name.get("given", [])
    first = str(given[0]) if isinstance(given, list) and given else ""
    kind = "L" if name.get("use") == "official" else "D"
    return f"{escape(str(name.get('family', '')))}^{escape(first)}^^^^^{kind}"


def _birth_date(value: str) -> str:
    """A date of FHIR; "" for a lunar one, whose month or day is 00."""
    match = _DAY.fullmatch(value)
    if match is None or "00" in match.groups()[1:]:
        return ""
    return "-".join(part for part in match.groups() if part)


def read_source_patient(element: Element) -> tuple[str, tuple[str, ...]]:
    """sourcePatientId and sourcePatientInfo of a Patient."""
    identifiers = element.children("identifier")
    patient_id = ""
    if identifiers:
        value, authority, kind = read_identifier(identifiers[0])
        kind = kind or ("NH" if _kind_of_person(value, authority) == "NH" else "PI")
        patient_id = Cx(value, authority, kind).write()
    return patient_id, tuple(_source_info(element))


def _source_info(element: Element) -> Iterator[str]:
    for name in element.children("name"):
        told = {"use": name.text("use"), "family": name.text("family")}
        yield "PID-5|" + _write_pid_5(told | {"given": [" ".join(name.texts("given"))]})
    if day := element.text("birthDate"):
        yield f"PID-7|{day.replace('-', '')}"
    if gender := element.text("gender"):
        yield f"PID-8|{_SEXES.get(gender, gender)}"
    for item in element.extensions(SOURCE_INFO):
        yield item.text("valueString")
