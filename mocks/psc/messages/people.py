"""Pro Santé Connect messages: what is told of a professional (UserInfo).

Names, shapes and code systems are those of the documented claims; the names inside an address are
not confirmed. Not here: who may ask.
"""

from __future__ import annotations

from typing import Any

from kit.identity import ps_idnat, struct_idnat
from kit.world import Establishment, Professional

PROFESSIONS = "1.2.250.1.213.1.1.5.5"
SECTORS = "1.2.250.1.71.4.2.4"
LEVELS = "1.2.250.1.213.1.5.1.1.1"
LOCALE = "1.2.250.1.213.1.3.1.1"
PRIVATE_PRACTICE = "SA07"
REGISTERS = {"10": "CNOM", "60": "ONI"}
SPECIALTY = "S"


def national_id(professional: Professional) -> str:
    """The national identifier of a professional: ``8`` + RPPS."""
    return ps_idnat(professional.rpps)


def full_name(professional: Professional) -> str:
    """As a page shows a professional."""
    return " ".join(filter(None, (professional.title, professional.given, professional.family)))


def write_user_info(
    professional: Professional, establishment: Establishment | None, subject: str
) -> dict[str, Any]:
    """The claims of UserInfo, whole."""
    known_as = national_id(professional)
    sector = establishment.sector if establishment else PRIVATE_PRACTICE
    activity = _activity(professional, establishment)
    return {
        "sub": subject,
        "preferred_username": known_as,
        "SubjectNameID": known_as,
        "given_name": professional.given,
        "family_name": professional.family,
        "email_verified": False,
        "SubjectRole": [f"{professional.profession}^{PROFESSIONS}"],
        "Secteur_Activite": f"{sector}^{SECTORS}",
        "SubjectOrganization": activity["raisonSocialeSite"],
        "SubjectOrganizationID": _organization_id(professional, establishment),
        "Palier_Authentification": f"APPPRIP3^{LEVELS}",
        "PSI_Locale": LOCALE,
        "UITVersion": "1.0",
        "Mode_Acces_Raison": "",
        "Acces_Regulation_Medicale": "FAUX",
        "otherIds": [{"identifiant": known_as, "origine": "RPPS", "qualite": 1}],
        "SubjectRefPro": {
            "codeCivilite": professional.civility,
            "exercices": [_exercise(professional, activity)],
        },
    }


def _organization_id(professional: Professional, establishment: Establishment | None) -> str:
    return f"F{establishment.finess_eg}" if establishment else f"R{professional.rpps}"


def _exercise(professional: Professional, activity: dict[str, str]) -> dict[str, Any]:
    return {
        "codeProfession": professional.profession,
        "codeCategorieProfessionnelle": "C",
        "codeCiviliteDexercice": professional.title,
        "nomDexercice": professional.family,
        "prenomDexercice": professional.given,
        "codeTypeSavoirFaire": SPECIALTY if professional.specialty else "",
        "codeSavoirFaire": professional.specialty,
        "activities": [activity],
    }


def _activity(professional: Professional, establishment: Establishment | None) -> dict[str, str]:
    return {
        "codeModeExercice": "S" if establishment else "L",
        "codeSecteurDactivite": establishment.sector if establishment else PRIVATE_PRACTICE,
        "numeroFinessSite": establishment.finess_eg if establishment else "",
        "numeroFinessetablissementJuridique": establishment.finess_ej if establishment else "",
        "identifiantTechniqueDeLaStructure": _organization_id(professional, establishment),
        "raisonSocialeSite": _practice(professional, establishment),
        "ancienIdentifiantDeLaStructure": (
            struct_idnat(establishment.finess_eg) if establishment else f"4{professional.rpps}001"
        ),
        "autoriteDenregistrement": REGISTERS.get(professional.profession, ""),
    } | _address(professional, establishment)


def _practice(professional: Professional, establishment: Establishment | None) -> str:
    return establishment.name if establishment else f"CABINET {full_name(professional).upper()}"


def _address(professional: Professional, establishment: Establishment | None) -> dict[str, str]:
    where = establishment.address if establishment else professional.address
    return {
        "complementDestinataire": _practice(professional, establishment),
        "libelleVoie": where.line,
        "codePostal": where.postal_code,
        "bureauCedex": f"{where.postal_code} {where.city}",
        "codeCommune": where.cog,
        "codePays": "99000",
    }
