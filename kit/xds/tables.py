"""Kit, XDS tables: French codes of documents, which class and format go with which type.

The sentence above a table says how sure we are. Not here: whether a service refuses a
combination (its rules).
Sources: CI-SIS ASS_X16 (type to class), ASS_A11 (template to format), JDV_J57, JDV_J60,
JDV_J66; TRE_A05, TRE_A06.
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.xds.metadata import Coded

LOINC = "2.16.840.1.113883.6.1"
TYPE_SYSTEM_FR = "1.2.250.1.213.1.1.4.12"  # TRE_A05: types that LOINC has not
CLASS_SYSTEM = "1.2.250.1.213.1.1.4.1"  # TRE_A03, used by JDV_J57
FORMAT_SYSTEM_FR = "1.2.250.1.213.1.1.4.2.282"  # TRE_A06: urn:asip and urn:ans formats
FORMAT_SYSTEM_IHE = "1.3.6.1.4.1.19376.1.2.3"  # formats named by IHE
CONFIDENTIALITY_SYSTEM = "2.16.840.1.113883.5.25"  # N, R, V
VISIBILITY_SYSTEM = "1.2.250.1.213.1.1.4.13"  # MASQUE_PS, INVISIBLE_PATIENT ...
CONTENT_TYPE_SYSTEM = "1.2.250.1.213.2.2"  # TRE_A10, used by JDV_J59
PRACTICE_SYSTEM = "1.2.250.1.213.1.1.4.9"  # TRE_A01, used by JDV_J04
FACILITY_SYSTEM = "1.2.250.1.71.4.2.4"  # TRE_R02, used by JDV_J02 and J61
SPECIALTY_SYSTEM = "1.2.250.1.213.1.1.4.5"  # TRE_A02, used by JDV_J01
UNSTRUCTURED_TEMPLATE = "1.3.6.1.4.1.19376.1.2.20"  # IHE XDS-SD: a body that is no XML (N1)
_VOLET = "1.2.250.1.213.1.1.1"  # templates of the CI-SIS document models (volets)


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A type hospitals send; template: the document model of its structured form (N3)."""

    code: str
    system: str
    label: str
    template: str = ""


CLASSES = {  # JDV_J57, code -> label; labels in our words
    "10": "Compte rendu",
    "11": "Synthèse",
    "31": "Imagerie médicale",
    "42": "Prescription",
    "43": "Dispensation",
    "44": "Plan de soins, protocole de soins",
    "45": "Traitement administré",
    "52": "Certificat, déclaration",
    "60": "Demande de prise en charge, remboursement",
    "90": "Autre document",
    "95": "Document de gestion",
}

# Class of each type of document: ASS_X16 (JDV_J66 to JDV_J57), edition 2024-02-23, confirmed.
# A line reads: class, code system of the types, types.
_TYPES_OF_CLASS = (
    ("10", LOINC, "11488-4 11490-0 11502-2 11505-5 11506-3 11526-1 15507-7 15508-5 28653-4"),
    ("10", LOINC, "29274-8 34112-3 34749-2 34794-8 34874-8 34875-5 47420-5 51969-4 59283-2"),
    ("10", LOINC, "60568-3 67851-6 70004-7 75482-0 75492-9 75496-0 77436-4 78513-9 78601-2"),
    ("10", LOINC, "83981-1 85208-7 93024-8 96349-6"),
    ("11", LOINC, "18761-7 34133-9 34842-5 56445-0 57055-6 57057-2 57075-4 60591-5 68599-0"),
    ("11", LOINC, "68817-6 74207-2 78489-2 80820-4 83836-7 83901-9 88348-8 89235-6"),
    ("31", LOINC, "18748-4 52040-3"),
    ("42", LOINC, "55115-0 57828-6 57832-8 57833-6 61357-0 75468-9"),
    ("43", LOINC, "60593-1"),
    ("44", LOINC, "18776-5 77604-7 80771-9 80788-3 83869-8"),
    ("45", LOINC, "80565-5"),
    ("52", LOINC, "11369-6 87273-9 89601-9 96173-0 96874-3"),
    ("90", LOINC, "74465-6"),
    ("95", LOINC, "59284-0 86531-1"),
    ("10", TYPE_SYSTEM_FR, "BIL_AUTO DOCPAT03 DOCPAT05 DOCPAT06"),
    ("11", TYPE_SYSTEM_FR, "DOCPAT01 DOCPAT08 SYNTH"),
    ("31", TYPE_SYSTEM_FR, "DOCPAT04 IMG-KOS"),
    ("42", TYPE_SYSTEM_FR, "DOCPAT02 PRESC-AAT PRESC-BIO PRESC-INF PRESC-KINE PRESC-ORTHOPHO"),
    ("42", TYPE_SYSTEM_FR, "PRESC-ORTHOPTIE PRESC-PEDI"),
    ("43", TYPE_SYSTEM_FR, "DISP_AUT"),
    ("44", TYPE_SYSTEM_FR, "PROT_ALD"),
    ("52", TYPE_SYSTEM_FR, "CERT_DECL DOCPAT07"),
    ("60", TYPE_SYSTEM_FR, "REMB"),
    ("90", TYPE_SYSTEM_FR, "EXPPAT_1 EXPPAT_2 EXPPAT_3"),
    (
        "95",
        TYPE_SYSTEM_FR,
        "ATTEST-ASS-COMPL ATTEST-DROITS-AM ATTEST-HEBGT ATTEST-RESID AUTORIS-SOINS",
    ),
    ("95", TYPE_SYSTEM_FR, "DOCPAT09"),
)
CLASS_OF_TYPE: dict[tuple[str, str], str] = {
    (code, system): class_code
    for class_code, system, types in _TYPES_OF_CLASS
    for code in types.split()
}

DOCUMENT_TYPES = (
    DocumentType("11490-0", LOINC, "Lettre de liaison à la sortie", f"{_VOLET}.29"),
    DocumentType("18761-7", LOINC, "Note de transfert, lettre d'entrée", f"{_VOLET}.21"),
    DocumentType("34112-3", LOINC, "CR hospitalier (séjour)"),
    DocumentType("34874-8", LOINC, "CR opératoire"),
    DocumentType("15507-7", LOINC, "CR de passage aux urgences"),
    DocumentType("11488-4", LOINC, "CR ou fiche de consultation ou de visite"),
    DocumentType("11502-2", LOINC, "CR d'examens biologiques", f"{_VOLET}.55"),
    DocumentType("18748-4", LOINC, "CR d'imagerie médicale", f"{_VOLET}.45"),
    DocumentType("55115-0", LOINC, "Demande d'actes d'imagerie", f"{_VOLET}.47"),
    DocumentType("60568-3", LOINC, "CR d'anatomie pathologique", f"{_VOLET}.57"),
    DocumentType("57833-6", LOINC, "Prescription de produits de santé", f"{_VOLET}.39"),
    DocumentType("57828-6", LOINC, "Prescription (autre)"),
    DocumentType("60593-1", LOINC, "Dispensation médicamenteuse", f"{_VOLET}.54"),
    DocumentType("SYNTH", TYPE_SYSTEM_FR, "Synthèse", f"{_VOLET}.13"),
    DocumentType("60591-5", LOINC, "Synthèse médicale", f"{_VOLET}.51"),
    DocumentType("77436-4", LOINC, "CR d'anesthésie", f"{_VOLET}.40"),
    DocumentType("34749-2", LOINC, "CR de consultation pré-anesthésique", f"{_VOLET}.41"),
    DocumentType("34794-8", LOINC, "CR de réunion pluridisciplinaire", f"{_VOLET}.8"),
    DocumentType("18776-5", LOINC, "Plan personnalisé de soins", f"{_VOLET}.26"),
    DocumentType("85208-7", LOINC, "CR de télémédecine"),
    DocumentType("87273-9", LOINC, "Note de vaccination", f"{_VOLET}.46"),
    DocumentType("11369-6", LOINC, "Historique des vaccinations", f"{_VOLET}.37"),
    DocumentType("IMG-KOS", TYPE_SYSTEM_FR, "Référence d'objets d'un examen d'imagerie"),
)

# ASS_A11: template of the document model -> formatCode. The codes are confirmed; their systems
# are confirmed for TRE_A06 and XDS-SD only.
TEMPLATE_FORMATS = {
    f"{_VOLET}.8": "urn:asip:ci-sis:frcp:2011",
    f"{_VOLET}.13": "urn:asip:ci-sis:vsm:2012",
    f"{_VOLET}.21": "urn:asip:ci-sis:ldl-ees:2017",
    f"{_VOLET}.22": "urn:asip:ci-sis:dlu:2015",
    f"{_VOLET}.29": "urn:asip:ci-sis:ldl-ses:2017",
    f"{_VOLET}.32": "urn:asip:ci-sis:crgm:2018",
    f"{_VOLET}.36": "urn:asip:ci-sis:hr:2019",
    f"{_VOLET}.37": "urn:asip:ci-sis:vac:2019",
    f"{_VOLET}.38": "urn:asip:ci-sis:tlm-da:2020",
    f"{_VOLET}.39": "urn:ihe:pharm:pre:2010",
    f"{_VOLET}.40": "urn:asip:ci-sis:cr-anest:2020",
    f"{_VOLET}.41": "urn:asip:ci-sis:cr-cpa:2020",
    f"{_VOLET}.45": "urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013",
    f"{_VOLET}.46": "urn:asip:ci-sis:vac-note:2021",
    f"{_VOLET}.47": "urn:ans:ci-sis:img-da:2022",
    f"{_VOLET}.51": "urn:ihe:pcc:ips:2020",
    f"{_VOLET}.54": "urn:ihe:pharm:dis:2010",
    f"{_VOLET}.55": "urn:ihe:lab:xd-lab:2008",
    f"{_VOLET}.57": "urn:ihe:palm:apsr:2016",
}
MEDIA_FORMATS = {  # media type of an unstructured body (N1) -> formatCode
    "application/pdf": "urn:ihe:iti:xds-sd:pdf:2008",
    "text/plain": "urn:ihe:iti:xds-sd:text:2008",
    "text/rtf": "urn:ihe:iti-fr:xds-sd:rtf:2010",
    "application/rtf": "urn:ihe:iti-fr:xds-sd:rtf:2010",
    "image/jpeg": "urn:ihe:iti-fr:xds-sd:jpeg:2010",
    "image/tiff": "urn:ihe:iti-fr:xds-sd:tiff:2010",
}
OUTSIDE_PROFILES = "urn:asipSante:modelesHorsProfils:2011"  # a model none of the rows above has

_BY_CODE = {row.code: row for row in DOCUMENT_TYPES}
_CLASS_BY_CODE = {code: class_code for (code, _), class_code in CLASS_OF_TYPE.items()}


def document_type(code: str) -> DocumentType | None:
    """The row of a typeCode; None when we do not know the type."""
    return _BY_CODE.get(code)


def class_of(type_code: str) -> Coded | None:
    """The classCode that goes with a typeCode; None when we do not know the type."""
    code = _CLASS_BY_CODE.get(type_code)
    return Coded(code, CLASS_SYSTEM, CLASSES[code]) if code else None


def format_of(templates: tuple[str, ...], media_type: str = "") -> Coded:
    """The formatCode of a CDA: by media type when the body is no XML, else by its templates."""
    if UNSTRUCTURED_TEMPLATE in templates:
        return _format(MEDIA_FORMATS.get(media_type, OUTSIDE_PROFILES))
    known = (TEMPLATE_FORMATS[template] for template in templates if template in TEMPLATE_FORMATS)
    return _format(next(known, OUTSIDE_PROFILES))


def _format(code: str) -> Coded:
    """The system is IHE's own for what IHE named, TRE_A06 for the rest."""
    is_ihe = code.startswith("urn:ihe:") and not code.startswith("urn:ihe:iti-fr:")
    system = FORMAT_SYSTEM_IHE if is_ihe else FORMAT_SYSTEM_FR
    return Coded(code, system, code.rsplit(":", 2)[-2])
