"""Simulator, documents, people: the patient, the professionals and the structures of a header.

Source: CI-SIS, structuration minimale des documents; JDV_J245 (civilités), JDV_J246 (titres).
Not here: the roles they play (see header).
"""

from __future__ import annotations

import re

from kit.identity import PROFESSIONAL_OID, STRUCTURE_OID, IdentityStatus, completed_date
from kit.world import Address, Establishment, Professional
from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded
from simulator.documents.facts import Coded
from simulator.documents.markup import NOTHING, Xml, join, leaf, tag
from simulator.documents.practice import Practice

_NUMBERED = re.compile(r"(\d+(?: (?:BIS|TER))?) +(.+)")
HOSPITAL = Coded("ETABLISSEMENT", "Etablissement de santé")  # JDV_J04
AMBULATORY = Coded("AMBULATOIRE", "Ambulatoire")
NO_TELECOM = tag("telecom", nullFlavor="NASK")


def patient_role(draft: Draft) -> Xml:
    """``patientRole``: the INS only when the identity is qualified, the local number (IPP) always.

    RNIV: an INS leaves with the strict traits once the identity is qualified, never before.
    """
    facts = draft.facts
    patient = facts.patient
    ins = NOTHING
    if facts.identity_status is IdentityStatus.QUALIFIED:
        ins = tag("id", root=patient.ins.oid, extension=patient.ins.matricule)
    return tag(
        "patientRole",
        ins,
        tag("id", root=draft.place.oid, extension=facts.ipp),
        address(patient.address),
        _phone(patient.phone),
        _patient(draft),
    )


def _patient(draft: Draft) -> Xml:
    patient = draft.facts.patient
    traits = patient.traits
    gender = terms.GENDERS[traits.sex]
    place = tag("place", tag("addr", leaf("county", traits.birth_place)))
    return tag(
        "patient",
        tag(
            "name",
            leaf("family", traits.birth_name, qualifier="BR"),
            leaf("given", " ".join(traits.first_names)),
            leaf("given", traits.first_names[0], qualifier="BR"),
            _if(patient.used_name, "family"),
            _if(patient.used_first_name, "given"),
        ),
        coded(gender.code, gender.label, terms.GENDER, name="administrativeGenderCode"),
        tag("birthTime", value=completed_date(traits.birth_date).replace("-", "")),
        tag("birthplace", place),
    )


def _if(used: str, name: str) -> Xml:
    """The name in use (nom utilisé, prénom utilisé), when the person has one."""
    return leaf(name, used, qualifier="CL") if used else NOTHING


def address(where: Address) -> Xml:
    """An address in parts: the schematron refuses a street line beside a postal code."""
    number, street = _street(where.line)
    return tag(
        "addr",
        leaf("houseNumber", number) if number else NOTHING,
        leaf("streetName", street) if street else NOTHING,
        leaf("postalCode", where.postal_code),
        leaf("city", where.city),
    )


def _street(line: str) -> tuple[str, str]:
    """House number, perhaps none, and street."""
    match = _NUMBERED.fullmatch(line)
    return (match[1], match[2]) if match else ("", line)


def _phone(number: str) -> Xml:
    return tag("telecom", value="tel:" + number.replace(" ", "")) if number else NO_TELECOM


def professional_id(who: Professional) -> Xml:
    """National number (PS_IdNat): 8 then the RPPS."""
    return tag("id", root=PROFESSIONAL_OID, extension="8" + who.rpps)


def profession(who: Professional) -> Xml:
    code = terms.specialty(who.profession, who.specialty)
    return coded(code.code, code.label, terms.SPECIALTY)


def contact(who: Professional) -> Xml:
    """Address of the place of work, then the mailbox."""
    mailbox = tag("telecom", value="mailto:" + who.mailbox) if who.mailbox else NO_TELECOM
    return join((address(who.address), mailbox))


def person(who: Professional, name: str = "assignedPerson") -> Xml:
    """Name with civility and title as codes."""
    return tag(
        name,
        tag(
            "name",
            leaf("prefix", who.civility) if who.civility else NOTHING,
            leaf("given", who.given),
            leaf("family", who.family),
            leaf("suffix", who.title) if who.title else NOTHING,
        ),
    )


def entity(who: Professional, name: str = "assignedEntity", *acted_for: Xml) -> Xml:
    """Who acts, under the element ``name``; acted_for: the organisation, where it is told."""
    own = (professional_id(who), profession(who), contact(who), person(who))
    return tag(name, *own, *acted_for)


def associate(who: Professional) -> Xml:
    """``associatedEntity``: somebody who takes part in the care."""
    return tag(
        "associatedEntity",
        professional_id(who),
        profession(who),
        contact(who),
        person(who, "associatedPerson"),
        classCode="PROV",
    )


def organization(place: Establishment | Practice, name: str, *, setting: bool = False) -> Xml:
    """An organisation under the element ``name``: national number (Struct_IdNat) of its site.

    setting: add the practice setting (cadre d'exercice), which the header wants where an act is.
    """
    is_practice = isinstance(place, Practice)
    number = place.number if isinstance(place, Practice) else "1" + place.finess_eg
    code = AMBULATORY if is_practice else HOSPITAL
    return tag(
        name,
        tag("id", root=STRUCTURE_OID, extension=number),
        leaf("name", place.name),
        _phone(place.phone),
        address(place.address),
        coded(code.code, code.label, terms.PRACTICE_SETTING, name="standardIndustryClassCode")
        if setting
        else NOTHING,
    )
