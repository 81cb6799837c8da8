"""Ways to spoil one thing in a CDA, each with the rule that catches it and the field it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

from kit import cda
from kit.xml import NS, Element, build, qname, serialize

Spoil = Callable[[Element], None]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One thing spoilt at ``place``, an XPath below ClinicalDocument; prefixes may be left out.

    everywhere: any of the places found may be spoilt, not the first alone. judge: whether the
    official schematrons refuse it too; what they let pass is judged by the bench alone.
    """

    name: str
    place: str
    spoil: Spoil
    rule: str
    field: str
    everywhere: bool = False
    judge: bool = True

    def places(self, document: Element) -> list[Element]:
        """Where a document can be spoilt so; the first only, unless everywhere."""
        found = _find(document, self.place)
        return found if self.everywhere else found[:1]

    def on(self, content: bytes, choice: int = 0) -> bytes | None:
        """The spoilt file, at the ``choice``-th place; None when it has no such place."""
        document = deepcopy(cda.clinical_document(content))
        found = self.places(document)
        if not found:
            return None
        self.spoil(found[choice % len(found)])
        return serialize(document, declaration=True)


def _find(document: Element, place: str) -> list[Element]:
    is_whole = "hl7:" in place or place == "."
    path = place if is_whole else "/".join(f"hl7:{step}" for step in place.split("/"))
    return list(document.xpath(path, namespaces={"hl7": NS["hl7"]}))


def attribute(name: str, value: str) -> Spoil:
    return lambda element: element.set(name, value)


def without(name: str) -> Spoil:
    def spoil(element: Element) -> None:
        del element.attrib[name]

    return spoil


def remove(element: Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def twice(element: Element) -> None:
    element.addnext(deepcopy(element))


def text(value: str) -> Spoil:
    def spoil(element: Element) -> None:
        for child in list(element):
            element.remove(child)
        element.text = value

    return spoil


def child(name: str, **attributes: str) -> Spoil:
    return lambda element: element.append(build(f"hl7:{name}", **attributes))


def without_zone(element: Element) -> None:
    element.set("value", re.split("[+-]", element.get("value", ""))[0])


ROLE = "recordTarget/patientRole"
PATIENT = f"{ROLE}/patient"
AUTHOR = "author/assignedAuthor"
KEEPER = "custodian/assignedCustodian/representedCustodianOrganization"
SIGNER = "legalAuthenticator"
ACT = "documentationOf[1]/serviceEvent"
PERFORMER = f"{ACT}/performer"
SETTING = f"{PERFORMER}/assignedEntity/representedOrganization/standardIndustryClassCode"
STAY = "componentOf/encompassingEncounter"
FACILITY = f"{STAY}/location/healthCareFacility/code"
INS_ID = f"{ROLE}/id[starts-with(@root,'1.2.250.1.213.1.4.')]"
TEXT = "component/nonXMLBody/text"
SECTION = "hl7:component/hl7:structuredBody/hl7:component/hl7:section"
# Sections that one of the models wants; a section whose template fixes its code.
WANTED = "|".join(
    f"{SECTION}[hl7:templateId/@root='{template}']"
    for template in (
        "1.3.6.1.4.1.19376.1.5.3.1.3.1", "1.2.250.1.213.1.1.2.107", "1.2.250.1.213.1.1.2.209",
        "1.2.250.1.213.1.1.2.29",
    )
)  # fmt: skip
CODED = "|".join(
    f"{SECTION}/hl7:code[../hl7:templateId/@root='{template}']"
    for template in (
        "1.3.6.1.4.1.19376.1.5.3.1.3.1", "1.2.250.1.213.1.1.2.243",
        "1.3.6.1.4.1.19376.1.5.3.1.3.27", "1.3.6.1.4.1.19376.1.5.3.1.1.5.3.2",
    )
)  # fmt: skip
STRUCTURED = "self::*[hl7:component/hl7:structuredBody]"
PDF = "self::*[hl7:component/hl7:nonXMLBody]"
VOLET = f"{STRUCTURED}/hl7:templateId[starts-with(@root,'1.2.250.1.213.1.1.1.')][last()]"

MUTATIONS = (
    # Identification
    Mutation("another realm", "realmCode", attribute("code", "UK"),
             "the_realm_is_france", "realmCode/@code"),
    Mutation("no realm", "realmCode", remove, "the_realm_is_france", "realmCode/@code"),
    Mutation("another typeId", "typeId", attribute("extension", "POCD_HD000041"),
             "the_type_id_is_that_of_cda_r2", "typeId/@extension"),
    Mutation("no template of HL7 France", "templateId[@root='2.16.840.1.113883.2.8.2.1']", remove,
             "the_templates_of_the_header_are_declared", "templateId/@root"),
    Mutation("no template of the CI-SIS", "templateId[@root='1.2.250.1.213.1.1.1.1']", remove,
             "the_templates_of_the_header_are_declared", "templateId/@root"),
    Mutation("an id that is no OID", "id", attribute("root", "1.2..3"),
             "the_id_is_an_oid", "id/@root"),
    Mutation("two ids", "id", twice, "the_id_is_an_oid", "id/@root"),
    Mutation("an unknown type", "code", attribute("code", "99999-9"),
             "the_type_is_in_its_value_set", "code"),
    Mutation("a type without label", "code", without("displayName"),
             "the_type_is_in_its_value_set", "code/@displayName"),
    Mutation("no title", "title", remove, "the_document_has_a_title", "title"),
    Mutation("a time without zone", "effectiveTime", without_zone,
             "the_time_of_the_document_has_a_zone", "effectiveTime/@value", judge=False),
    Mutation("a day that does not exist", "effectiveTime",
             attribute("value", "20260231103000+0100"),
             "the_time_of_the_document_has_a_zone", "effectiveTime/@value"),
    Mutation("no time", "effectiveTime", remove,
             "the_time_of_the_document_has_a_zone", "effectiveTime/@value"),
    Mutation("a time of an author without zone", "author/time", without_zone,
             "a_time_of_day_has_a_zone", "author/time/@value", everywhere=True, judge=False),
    Mutation("a time of signature without zone", "legalAuthenticator/time", without_zone,
             "a_time_of_day_has_a_zone", "legalAuthenticator/time/@value", judge=False),
    Mutation("an act without zone", f"{ACT}/effectiveTime/low", without_zone,
             "a_time_of_day_has_a_zone", "documentationOf/serviceEvent/effectiveTime/low/@value",
             judge=False),
    Mutation("an unknown confidentiality", "confidentialityCode", attribute("code", "X"),
             "the_confidentiality_is_n_r_or_v", "confidentialityCode"),
    Mutation("a confidentiality of HL7 that France has not", "confidentialityCode",
             attribute("code", "U"), "the_confidentiality_is_n_r_or_v", "confidentialityCode",
             judge=False),
    Mutation("another language", "languageCode", attribute("code", "fr"),
             "the_language_is_french", "languageCode/@code"),
    Mutation("no set", "setId", remove, "the_versions_share_a_set_id", "setId/@root"),
    Mutation("a version that is no number", "versionNumber", attribute("value", "1a"),
             "the_version_is_a_number", "versionNumber/@value"),
    Mutation("no version", "versionNumber", remove,
             "the_version_is_a_number", "versionNumber/@value"),
    Mutation("a replacement of nothing", ".",
             lambda document: document.insert(
                 document.index(document.find(qname("hl7:componentOf"))),
                 build("hl7:relatedDocument", build("hl7:parentDocument"), typeCode="RPLC")),
             "a_replacement_names_one_document",
             "relatedDocument[@typeCode='RPLC']/parentDocument/id/@root"),
    # The patient
    Mutation("two patients", "recordTarget", twice,
             "the_document_is_about_one_patient", PATIENT),
    Mutation("a local number without extension", f"{ROLE}/id[last()]", without("extension"),
             "the_document_is_about_one_patient", f"{ROLE}/id"),
    Mutation("a qualifier of old", f"{PATIENT}/name/family[@qualifier='BR']",
             lambda element: element.addnext(build("hl7:family", "ESSAI", qualifier="SP")),
             "a_name_of_the_patient_is_a_birth_name_or_a_used_one",
             f"{PATIENT}/name/family/@qualifier"),
    Mutation("no birth name", f"{PATIENT}/name/family[@qualifier='BR']", remove,
             "an_ins_comes_with_the_strict_traits", f"{PATIENT}/name/family[@qualifier='BR']"),
    Mutation("no first given name", f"{PATIENT}/name/given[@qualifier='BR']", remove,
             "an_ins_comes_with_the_strict_traits", f"{PATIENT}/name/given[@qualifier='BR']"),
    Mutation("no list of given names", f"{PATIENT}/name/given[not(@qualifier)]", remove,
             "an_ins_comes_with_the_strict_traits", f"{PATIENT}/name/given[not(@qualifier)]"),
    Mutation("no birthplace", f"{PATIENT}/birthplace", remove,
             "an_ins_comes_with_the_strict_traits",
             f"{PATIENT}/birthplace/place/addr/county"),
    Mutation("a birthplace that is no COG", f"{PATIENT}/birthplace/place/addr/county",
             text("PARIS"), "an_ins_comes_with_the_strict_traits",
             f"{PATIENT}/birthplace/place/addr/county", judge=False),
    Mutation("a matricule without key", INS_ID, attribute("extension", "2790351215189"),
             "an_ins_has_the_shape_of_a_matricule", f"{ROLE}/id/@extension", judge=False),
    Mutation("an unknown sex", f"{PATIENT}/administrativeGenderCode", attribute("code", "X"),
             "the_sex_is_in_its_value_set", f"{PATIENT}/administrativeGenderCode"),
    Mutation("no birth date", f"{PATIENT}/birthTime", without("value"),
             "the_birth_date_is_stated", f"{PATIENT}/birthTime/@value"),
    Mutation("a lunar birth date", f"{PATIENT}/birthTime", attribute("value", "19510100"),
             "the_birth_date_is_stated", f"{PATIENT}/birthTime/@value"),
    # People
    Mutation("an author of no time", "author/time", without("value"),
             "an_author_states_when", "author[1]/time/@value"),
    Mutation("an author without number", f"{AUTHOR}/id", without("extension"),
             "an_author_is_identified", "author[1]/assignedAuthor/id"),
    Mutation("no author", "author[last()=1]", remove, "an_author_is_identified", "author"),
    Mutation("an author who is nobody", "author[last()=1]/assignedAuthor/assignedPerson", remove,
             "an_author_is_a_person_or_a_device", "author[1]/assignedAuthor", judge=False),
    Mutation("an author of no known profession", f"{AUTHOR}/code", attribute("code", "G15_1"),
             "the_profession_of_an_author_is_a_code", "author[1]/assignedAuthor/code"),
    Mutation("an organisation under another authority", f"{AUTHOR}/representedOrganization/id",
             attribute("root", "1.2.250.1.999"),
             "an_organization_of_an_author_has_a_national_number",
             "author[1]/assignedAuthor/representedOrganization/id"),
    Mutation("no custodian", "custodian", remove,
             "the_custodian_is_identified", f"{KEEPER}/id"),
    Mutation("a custodian under another authority", f"{KEEPER}/id",
             attribute("root", "1.2.250.1.999"), "the_custodian_is_identified", f"{KEEPER}/id"),
    Mutation("no legal authenticator", SIGNER, remove,
             "the_legal_authenticator_is_there_and_identified", SIGNER),
    Mutation("a legal authenticator without number", f"{SIGNER}/assignedEntity/id",
             without("extension"), "the_legal_authenticator_is_there_and_identified",
             f"{SIGNER}/assignedEntity/id"),
    Mutation("not signed", f"{SIGNER}/signatureCode", attribute("code", "I"),
             "the_legal_authenticator_signed_at_a_time", f"{SIGNER}/signatureCode/@code"),
    Mutation("signed at no time", f"{SIGNER}/time", remove,
             "the_legal_authenticator_signed_at_a_time", f"{SIGNER}/time/@value"),
    Mutation("a civility in words", f"{SIGNER}/assignedEntity/assignedPerson/name/prefix",
             text("Monsieur"), "civilities_and_titles_are_codes",
             f"{SIGNER}/assignedEntity/assignedPerson/name/prefix"),
    Mutation("a telephone without scheme", f"{ROLE}/telecom[@value]",
             attribute("value", "0144534551"),
             "a_telecom_has_a_scheme", "recordTarget//telecom/@value"),
    # Acts and stay
    Mutation("an act of no day", f"{ACT}/effectiveTime", remove,
             "the_principal_act_is_dated", f"{ACT}/effectiveTime/low/@value"),
    Mutation("an act without beginning", f"{ACT}/effectiveTime/low", remove,
             "the_principal_act_is_dated", f"{ACT}/effectiveTime/low/@value"),
    Mutation("an act without performer", PERFORMER, remove,
             "the_principal_act_has_a_performer", f"{PERFORMER}/@typeCode"),
    Mutation("a performer without number", f"{PERFORMER}/assignedEntity/id", remove,
             "the_principal_act_has_a_performer", f"{PERFORMER}/assignedEntity/id"),
    Mutation("no practice setting", SETTING, remove,
             "the_principal_act_has_a_practice_setting", SETTING),
    Mutation("an unknown practice setting", SETTING, attribute("code", "HOPITAL"),
             "the_principal_act_has_a_practice_setting", SETTING),
    Mutation("no stay", "componentOf", remove, "the_document_belongs_to_one_stay", STAY),
    Mutation("a stay of no day", f"{STAY}/effectiveTime", remove,
             "the_document_belongs_to_one_stay", f"{STAY}/effectiveTime"),
    Mutation("an unknown kind of stay", f"{STAY}/code", attribute("code", "SEJOUR"),
             "the_kind_of_stay_is_in_its_value_set", f"{STAY}/code"),
    Mutation("an unknown facility", FACILITY, attribute("code", "SA99"),
             "the_facility_is_in_its_value_set", FACILITY),
    Mutation("no facility", FACILITY, remove, "the_facility_is_in_its_value_set", FACILITY),
    # The body
    Mutation("no body", "component", remove, "the_document_has_one_body", "component"),
    Mutation("two bodies", "component", twice, "the_document_has_one_body", "component"),
    Mutation("a template too many beside a PDF", PDF,
             lambda document: document.insert(
                 3, build("hl7:templateId", root="1.2.250.1.213.1.1.1.29")),
             "an_unstructured_document_declares_that_it_is", "templateId/@root"),
    Mutation("a body of an unknown media type", TEXT, attribute("mediaType", "application/zip"),
             "an_unstructured_body_states_its_media_type", f"{TEXT}/@mediaType", judge=False),
    Mutation("a body of no representation", TEXT, without("representation"),
             "an_unstructured_body_states_its_media_type", f"{TEXT}/@representation",
             judge=False),
    Mutation("a PDF that is an archive", TEXT, text("UEsDBBQAAAAI"),
             "a_body_is_what_it_says", TEXT, judge=False),
    Mutation("a PDF that is no base64", TEXT, text("pas du base64"),
             "a_body_is_what_it_says", TEXT, judge=False),
    Mutation("no model declared", VOLET, attribute("root", "1.2.250.1.999.29"),
             "a_structured_document_declares_the_model_of_its_type", "templateId/@root",
             judge=False),
    Mutation("a type that is not that of the model", f"{STRUCTURED}/hl7:code",
             attribute("code", "34112-3"),
             "a_structured_document_declares_the_model_of_its_type", "code/@code"),
    Mutation("a section left out", WANTED, lambda element: remove(element.getparent()),
             "a_model_has_its_sections", "component/structuredBody//section/templateId/@root"),
    Mutation("a wrong section code", CODED, attribute("code", "99999-9"),
             "a_section_has_the_code_of_its_template",
             "component/structuredBody//section/code/@code", everywhere=True),
)  # fmt: skip


def caught(content: bytes) -> set[tuple[str, str]]:
    """Rule and field of each refusal of a file."""
    return {
        (refusal.rule, refusal.field.removeprefix("ClinicalDocument/"))
        for refusal in cda.check(cda.read(content))
    }


def applicable(content: bytes) -> Iterator[Mutation]:
    """The mutations that a file has a place for."""
    document = cda.clinical_document(content)
    return (mutation for mutation in MUTATIONS if mutation.places(document))
