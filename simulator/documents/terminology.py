"""Simulator, documents, terminology: labels of the codes that headers and bodies carry.

Facts of public nomenclature, only those our invented country uses. Not here: the clinical codes,
which stand in references.yaml with their labels.
"""

from __future__ import annotations

from simulator.documents.facts import Admission, Coded, Discharge, EncounterMode

# Code systems.
SNOMED_CT = "2.16.840.1.113883.6.96"
CIM_10 = "2.16.840.1.113883.6.3"
CCAM = "1.2.250.1.215.300.1"
ATC = "2.16.840.1.113883.6.73"
DICOM = "1.2.840.10008.2.16.4"
DICOM_UID = "1.2.840.10008.2.6.1"  # classes of objects
EDQM = "0.4.0.127.0.16.1.1.2.1"
TA_ASIP = "1.2.250.1.213.1.1.4.322"
ACT_CODE = "2.16.840.1.113883.5.4"
PARTICIPATION = "2.16.840.1.113883.5.88"
CONFIDENTIALITY = "2.16.840.1.113883.5.25"
SUBSTITUTION = "2.16.840.1.113883.5.1070"
ABSENT = "2.16.840.1.113883.5.1150.1"  # IPS, absent and unknown data
ROLE_CODE = "2.16.840.1.113883.5.111"  # of the family
GENDER = "2.16.840.1.113883.5.1"
SPECIALTY = "1.2.250.1.213.1.1.4.5"  # JDV_J01, authorSpecialty
PRACTICE_SETTING = "1.2.250.1.213.1.1.4.9"  # JDV_J04
FACILITY = "1.2.250.1.71.4.2.4"  # JDV_J02, secteur d'activité
FINESS_CATEGORY = "1.2.250.1.213.1.6.1.8"
ENCOUNTER_FR = "1.2.250.1.213.1.1.4.2.291"

GENDERS = {"M": Coded("M", "Masculin"), "F": Coded("F", "Féminin"), "I": Coded("UN", "Inconnu")}

FACILITIES = {
    "SA01": "Etablissement public de santé",
    "SA02": "Hôpital militaire du Service de santé des armées",
    "SA03": "Etablissement privé PSPH",
    "SA04": "Etablissement privé non PSPH",
    "SA07": "Cabinet individuel",
}

ENCOUNTERS = {  # mode -> code system, label
    EncounterMode.STAY: (ACT_CODE, "Hospitalisation (établissement, y compris HAD)"),
    EncounterMode.EMERGENCY: (ACT_CODE, "Passage aux urgences (établissement)"),
    EncounterMode.IN_TOWN: (ACT_CODE, "Ambulatoire (hors établissement)"),
    EncounterMode.OUTPATIENT: (ENCOUNTER_FR, "Acte et consultation externe (établissement)"),
    EncounterMode.SESSION: (ENCOUNTER_FR, "Séance (établissement ou libéral)"),
}

ADMISSIONS = {
    Admission.EMERGENCY: "hospitalisation en urgence",
    Admission.PLANNED: "hospitalisation programmée",
    Admission.TRANSFER: "transfert du patient",
}

DISCHARGES = {  # destination -> code system, label
    Discharge.HOME: (SNOMED_CT, "retour au domicile"),
    Discharge.REHABILITATION: (FINESS_CATEGORY, "Etablissement de santé privé autorisé en SSR"),
    Discharge.HOME_HOSPITAL: (FINESS_CATEGORY, "Hospitalisation à Domicile"),
    Discharge.NURSING_HOME: (
        FINESS_CATEGORY,
        "Etablissement d'hébergement pour personnes âgées dépendantes",
    ),
    Discharge.OTHER_HOSPITAL: (TA_ASIP, "Autre établissement de santé"),
}

PROFESSIONS = {
    "10": "Médecin",
    "21": "Pharmacien",
    "40": "Chirurgien-Dentiste",
    "50": "Sage-Femme",
    "60": "Infirmier",
    "70": "Masseur-Kinésithérapeute",
}

SPECIALTIES = {
    "SM01": "Anatomie et Cytologie pathologiques",
    "SM02": "Anesthésie-réanimation",
    "SM03": "Biologie médicale",
    "SM04": "Cardiologie et maladies vasculaires",
    "SM05": "Chirurgie générale",
    "SM08": "Chirurgie orthopédique et Traumatologie",
    "SM09": "Chirurgie infantile",
    "SM10": "Chirurgie plastique reconstruct et esthétique",
    "SM11": "Chirurgie thoracique et cardio-vasculaire",
    "SM12": "Chirurgie urologique",
    "SM13": "Chirurgie vasculaire",
    "SM14": "Chirurgie viscérale et digestive",
    "SM15": "Dermatologie et Vénéréologie",
    "SM16": "Endocrinologie et métabolisme",
    "SM18": "Gériatrie",
    "SM20": "Gynécologie-obstétrique",
    "SM21": "Hématologie",
    "SM24": "Gastro-entérologie et hépatologie",
    "SM26": "Qualifié en Médecine Générale",
    "SM27": "Médecine interne",
    "SM28": "Médecine nucléaire",
    "SM29": "Médecine physique et réadaptation",
    "SM30": "Néphrologie",
    "SM31": "Neuro-chirurgie",
    "SM32": "Neurologie",
    "SM33": "Neuro-psychiatrie",
    "SM34": "ORL et Chirurgie cervico-faciale",
    "SM36": "Oncologie, opt médicale",
    "SM37": "Oncologie, opt radiothérapie",
    "SM38": "Ophtalmologie",
    "SM39": "Oto-rhino-laryngologie",
    "SM40": "Pédiatrie",
    "SM41": "Pneumologie",
    "SM42": "Psychiatrie",
    "SM43": "Psychiatrie, opt enfant et adolescent",
    "SM44": "Radio-diagnostic",
    "SM46": "Médecine intensive-réanimation",
    "SM48": "Rhumatologie",
    "SM51": "Gynéco-obstétrique et Gynéco méd, opt Gyn-obs",
    "SM53": "Spécialiste en Médecine Générale",
    "SM54": "Médecine Générale",
    "SM58": "Maladies infectieuses et tropicales",
    "SM59": "Médecine d'urgence",
    "SM61": "Médecine vasculaire",
    "SM62": "Endocrinologie, diabétologie, nutrition",
    "SM74": "Radiologie et imagerie médicale",
    "SM87": "Pédiatrie option néonatologie",
}


def specialty(profession: str, code: str) -> Coded:
    """Profession and specialty of JDV_J01: ``G15_10/SM04``, or ``G15_60`` outside medicine."""
    label = PROFESSIONS[profession]
    if profession != "10" or not code:
        return Coded(f"G15_{profession}", label)
    return Coded(f"G15_10/{code}", f"{label} - {SPECIALTIES[code]} (SM)")
