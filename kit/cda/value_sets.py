"""Kit, CDA, value sets: the codes a header may hold, as tables.

Each table names the set, its edition and how sure we are. Not here: what is refused when a code is
outside its set (rules), the sets of metadata alone (the DMP's).
Source: CI-SIS, Structuration minimale de documents de santé; JDV in the editions named.
"""

from dataclasses import dataclass

from kit.xds.tables import (
    CLASS_OF_TYPE,
    CONFIDENTIALITY_SYSTEM,
    FACILITY_SYSTEM,
    LOINC,
    PRACTICE_SYSTEM,
    SPECIALTY_SYSTEM,
    TYPE_SYSTEM_FR,
)

NON_PROFESSIONAL_AUTHOR = "1.2.250.1.213.1.1.4.6"  # TRE_A00
ACT_CODES = "2.16.840.1.113883.5.4"  # HL7 ActCode
ENCOUNTERS_FR = "1.2.250.1.213.1.1.4.2.291"  # kinds of stay that HL7 has not
GENDERS = "2.16.840.1.113883.5.1"


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A set of (code, code system) pairs, the edition it was read in, and our confidence."""

    name: str
    oid: str
    edition: str
    confidence: str  # "confirmed" | "partial": codes of the set are missing here
    codes: frozenset[tuple[str, str]]

    def __contains__(self, coded: object) -> bool:
        return coded in self.codes


def pairs(system: str, codes: str) -> frozenset[tuple[str, str]]:
    """The codes of a line under one system."""
    return frozenset((code, system) for code in codes.split())


# Types: JDV_J07 has these beside the narrower JDV_J66 of the DMP; the union is taken, because
# 11526-1 is in the latter only.
TYPES = ValueSet(
    "JDV_J07",
    "1.2.250.1.213.1.1.5.471",
    "2025-02",
    "confirmed",
    frozenset(CLASS_OF_TYPE)
    | pairs(LOINC, "101881-1 28617-9 34120-6 51851-4 56446-8 60280-5 78341-5 89233-1")
    | pairs(TYPE_SYSTEM_FR, "EXPORT_DUI FEUILLE-DE-STYLE FICHE-CONTACTS PIECE-IDENTITE")
    | pairs("ASTM", "E1762"),
)
CONFIDENTIALITIES = ValueSet(
    "N, R, V",
    "2.16.840.1.113883.1.11.10228",
    "CI-SIS, 2024",
    "confirmed",
    pairs(CONFIDENTIALITY_SYSTEM, "N R V"),
)

# Facilities: JDV_J02, edition 2024-12-13; JDV_J61 of the DMP was not read, hence partial.
_UNUSED_SECTORS = {11, 62}
FACILITIES = ValueSet(
    "JDV_J02",
    "1.2.250.1.213.1.1.5.466",
    "2024-12-13",
    "partial",
    frozenset(
        (f"SA{number:02d}", FACILITY_SYSTEM)
        for number in range(1, 70)
        if number not in _UNUSED_SECTORS
    )
    | pairs(NON_PROFESSIONAL_AUTHOR, "EXP_PATIENT SNR"),
)

# Practice settings: JDV_J04, complete, confirmed.
PRACTICE_SETTINGS = ValueSet(
    "JDV_J04",
    "1.2.250.1.213.1.1.5.467",
    "2024-09-27",
    "confirmed",
    pairs(
        PRACTICE_SYSTEM,
        "AMBULATOIRE AMO DEPISTAGE ESSMS ETABLISSEMENT HAD MAD PALLIATIF SAD SAMU_SMUR",
    )
    | pairs(NON_PROFESSIONAL_AUTHOR, "EXP_PATIENT SNR"),
)
ENCOUNTERS = ValueSet(
    "JDV_J142",
    "1.2.250.1.213.1.1.5.589",
    "2021-03-26",
    "confirmed",
    pairs(ACT_CODES, "IMP EMER AMB FLD HH VR") | pairs(ENCOUNTERS_FR, "EXTERNE SEANCE"),
)
SEXES = ValueSet(
    "JDV_J143", "1.2.250.1.213.1.1.5.590", "2021-03-26", "confirmed", pairs(GENDERS, "F M UN")
)
CIVILITIES = ("M", "MME")  # JDV_J245
TITLES = ("DR", "MC", "MG", "PC", "PG", "PR")  # JDV_J246

# Professions: JDV_J01 has 396 codes; only their systems, and the shape of the codes of the first,
# are judged here.
PROFESSION_SYSTEMS = (
    SPECIALTY_SYSTEM,
    "1.2.250.1.213.1.6.1.107",
    NON_PROFESSIONAL_AUTHOR,
    "1.2.250.1.213.1.6.1.109",
    "1.2.250.1.213.1.6.1.4",
)
