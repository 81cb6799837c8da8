"""ROR messages: where codes and extensions are named, and the code lists a check may ask.

Systems follow one pattern; a list is here only when it was seen whole in a published value set
(``COMPLETE``), or holds the codes this mock emits (``USED``). Source: NOS, 2022-2026 editions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PROFILES = "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/"
ADDRESS_PART = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-"

ID_NAT_STRUCT = "urn:oid:1.2.250.1.71.4.2.2"
FINESS = "https://finess.esante.gouv.fr"
INTERNAL_ORGANIZATION = "https://oi.esante.gouv.fr"

STRUCTURE_ID_TYPE = "TRE_G07-TypeIdentifiantStructure"
OTHER_ID_TYPE = "TRE_R345-TypeIdentifiantAutre"
OFFER_ID_TYPE = "TRE_R355-TypeIdentifiantOffre"
PLACE_ID_TYPE = "TRE_R354-TypeIdentifiantRessourceOperationnelle"
PLACE_ID, PLACE_SYNC_ID, OFFER_ID = "25", "26", "35"

LEGAL_STATUS = "TRE_R72-FinessStatutJuridique"
SITE_CATEGORY = "TRE_R66-CategorieEtablissement"
UNIT_TYPE = "TRE_R207-TypeOrganisationInterne"
REGION = "TRE_R30-RegionOM"
COMMUNE = "TRE_R13-CommuneOM"
ACTIVITY_FIELD = "TRE_R227-ChampActivite"
ACTIVITY = "TRE_R211-ActiviteOperationnelle"
CARE_MODE = "TRE_R213-ModePriseEnCharge"
OFFER_CATEGORY = "TRE_R244-CategorieOrganisation"
PLACE_FUNCTION = "TRE_R343-FonctionLieu"
CONFIDENTIALITY = "TRE_R283-NiveauConfidentialite"
CHANNEL = "TRE_R200-CanalCommunication"
CONTACT_NATURE = "TRE_R287-NatureContact"
UNITS = "TRE_R247-UcumUniteMesure"

COMPLETE: Mapping[str, Mapping[str, str]] = {
    UNIT_TYPE: {
        "1": "Pôle",
        "2": "Structure interne ou Service",
        "3": "Unité fonctionnelle",
        "4": "Unité élémentaire",
    },
    ACTIVITY_FIELD: {
        "01": "Médecine, Chirurgie, Obstétrique (MCO)",
        "02": "Soins Médicaux et de réadaptation (SMR)",
        "03": "Psychiatrie (PSY)",
        "04": "Médico-social (MS)",
        "05": "Ville",
        "06": "Social",
    },
    CARE_MODE: {
        "01": "Accueil Permanence des soins en établissement de santé",
        "02": "Accueil spécialisé",
        "09": "Chirurgie ambulatoire",
        "11": "Equipe mobile extra-hospitalière",
        "13": "Hospitalisation courte durée (UHCD)",
        "17": "Précarité, permanence d'accès aux soins de santé (PASS)",
        "20": "Soins externes et traitements ambulatoires",
        "27": "Régulation médicale téléphonique",
        "28": "Hospitalisation complète (HC)",
        "29": "Hospitalisation de jour (HJ)",
        "30": "Hospitalisation de nuit (HN)",
        "31": "Hospitalisation à domicile (HAD)",
        "32": "Consultation (CS) ou Séance",
        "33": "Accueil des urgences",
        "34": "Hospitalisation de semaine (HS)",
        "35": "Téléexpertise",
        "36": "Téléassistance",
        "37": "Télésurveillance médicale",
        "38": "Isolement de secteur (unité de cohorting)",
        "39": "Réunion de Concertation Pluridisciplinaire (RCP)",
        "40": "Réunion de Concertation Pluridisciplinaire (RCP) de recours",
        "41": "Accueil familial thérapeutique",
        "42": "Prise en charge de groupe",
        "46": "Hébergement (accueil jour et nuit)",
        "47": "Accueil de jour",
        "48": "Accueil de nuit",
        "49": "Sur les lieux de vie",
        "50": "Placement famille d'accueil",
        "52": "Equipe mobile intra-hospitalière",
        "53": "Equipe mobile extra et intra-hospitalière",
        "54": "Accueil individuel ou collectif",
        "55": "Plateau technique",
        "56": "Accueil non programmé",
        "57": "Centre spécialisé",
        "58": "Suivi ou coordination de parcours",
        "59": "Equipe d'intervention mobile",
        "60": "Dispositif expérimental",
    },
    CONFIDENTIALITY: {
        "1": "Visible du grand public",
        "2": "Visible par les professionnels",
        "3": "Visible régulation et gestion de crise",
    },
    "TRE_R329-NatureCapacite": {"01": "Lit", "02": "Place"},
    "TRE_R330-TypeStatutCapacite": {
        "01": "Installé",
        "02": "Disponible",
        "03": "Occupé",
        "04": "Réservé",
        "05": "Fermé",
        "06": "Supplémentaire",
    },
    "TRE_R331-TemporaliteCapacite": {
        "01": "Courant",
        "02": "Prévisionnel 1 heure",
        "03": "Prévisionnel 24 heures",
        "04": "Prévisionnel 48 heures",
        "05": "Prévisionnel 7 jours",
    },
    "TRE_R332-GenreCapacite": {"01": "Femme", "02": "Homme", "03": "Indifférencié"},
    "TRE_R333-TypeFermetureCapacite": {
        "01": "Réactivable",
        "02": "Non réactivable",
        "03": "Indéterminé",
    },
    "TRE_R334-TypeLitSupplementaire": {
        "01": "Mobilisé",
        "02": "Mobilisable sans ressources humaines",
        "03": "Mobilisable avec ressources humaines",
    },
    "TRE_R335-TypeSourceCapacite": {
        "01": "Saisie manuelle",
        "02": "Bed management",
        "03": "Gestion administrative du malade (GAM)",
        "04": "Dossier patient informatisé (DPI)",
    },
    "TRE_R336-TypeCrise": {
        "01": "PMIE 1",
        "02": "Situation sanitaire Exceptionnelle (SSE) (Plan blanc)",
    },
    "TRE_R337-AffectationTemporaire": {"01": "Aucune", "02": "Covid+", "03": "Covid-"},
}

USED: Mapping[str, Mapping[str, str]] = {
    PLACE_FUNCTION: {"001": "Hébergement", "002": "Consultation"},
    CHANNEL: {"2": "Téléphone fixe", "3": "Courrier électronique"},
    CONTACT_NATURE: {"06": "Standard"},
}


def system_of(name: str) -> str:
    """The URI of a NOS nomenclature; TRE_R345 keeps the underscore in its last segment."""
    last = name if name.startswith("TRE_R345") else name.replace("_", "-", 1)
    return f"https://mos.esante.gouv.fr/NOS/{name}/FHIR/{last}"


def concept(name: str, code: str) -> dict[str, Any]:
    """A CodeableConcept of one coding, with its label where the list is known."""
    coding = {"system": system_of(name), "code": code}
    label = COMPLETE.get(name, {}).get(code) or USED.get(name, {}).get(code)
    return {"coding": [coding | {"display": label} if label else coding]}


def codings(given: Any) -> Iterator[tuple[str, str]]:
    """The (system, code) pairs of a CodeableConcept, or of a list of them."""
    for item in given if isinstance(given, list) else [given]:
        found = item.get("coding") if isinstance(item, dict) else None
        for coding in found if isinstance(found, list) else []:
            if isinstance(coding, dict):
                yield _text(coding.get("system")), _text(coding.get("code"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def code_in(given: Any, name: str) -> str:
    """The first code of nomenclature ``name`` in ``given``, or an empty text."""
    wanted = system_of(name)
    return next((code for system, code in codings(given) if system == wanted), "")


def profile(name: str) -> str:
    """The URL of a ROR profile or extension."""
    return PROFILES + name


def extensions(resource: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The extensions ``name`` (a ROR name, or the plain name of a part) of an element."""
    urls = (name, profile(name))
    found = resource.get("extension")
    return [
        item
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, dict) and item.get("url") in urls
    ]


def extension_value(resource: Mapping[str, Any], name: str) -> Any:
    """The value of the first extension ``name``, whatever its type, or None."""
    for item in extensions(resource, name):
        for key, value in item.items():
            if key.startswith("value"):
                return value
    return None
