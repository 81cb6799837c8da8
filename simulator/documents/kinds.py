"""Simulator, documents, kinds: the table of the documents a hospital, or a doctor of town, writes.

One row per kind: its LOINC type, its title and the template it declares. Not here: any content.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.documents.facts import Coded

LOINC = "2.16.840.1.113883.6.1"
TRE_A05 = "1.2.250.1.213.1.1.4.12"  # types of document that LOINC lacks

UNSTRUCTURED, STRUCTURED = "N1", "N3"
XDS_SD = Coded("1.3.6.1.4.1.19376.1.2.20", "")  # IHE XDS-SD, the template of every PDF body
LDL_SES = Coded("1.2.250.1.213.1.1.1.29", "2022.01")  # root, extension
EP_MED_DM = Coded("1.2.250.1.213.1.1.1.39", "2024.01")
IMG_CR_IMG = Coded("1.2.250.1.213.1.1.1.45", "2024.01")
CR_BIO = Coded("1.2.250.1.213.1.1.1.55", "2024.01")
LABORATORY_REPORT = "1.3.6.1.4.1.19376.1.3.3"  # IHE PaLM, Sharing Laboratory Reports
VSM = Coded("1.2.250.1.213.1.1.1.13", "2023.01")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document: `type` is in JDV_J07; `template` a root and its extension, if any.

    is_from_town: written by the person's own doctor, not by the establishment.
    """

    name: str
    type: Coded
    title: str
    level: str = UNSTRUCTURED
    template: Coded = XDS_SD
    parents: tuple[str, ...] = ()  # the models that its own extends, declared before it
    type_system: str = LOINC
    is_from_town: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "LDL",
            Coded("11490-0", "Lettre de liaison à la sortie d'un établissement de soins"),
            "Lettre de liaison à la sortie",
            STRUCTURED,
            LDL_SES,
        ),
        Kind(
            "ORD",
            Coded("57833-6", "Prescription de produits de santé"),
            "Ordonnance de sortie",
            STRUCTURED,
            EP_MED_DM,
            parents=("1.3.6.1.4.1.19376.1.9.1.1.1", "1.3.6.1.4.1.19376.1.5.3.1.1.1"),
        ),
        Kind("CRO", Coded("34874-8", "CR opératoire"), "Compte rendu opératoire"),
        Kind("CRH", Coded("34112-3", "CR hospitalier (séjour)"), "Compte rendu d'hospitalisation"),
        Kind(
            "CR_BIO",
            Coded("11502-2", "CR d'examens biologiques"),
            "Compte rendu d'examens biologiques",
            STRUCTURED,
            CR_BIO,
            parents=(LABORATORY_REPORT,),
        ),
        Kind(
            "CR_IMG",
            Coded("18748-4", "CR d'imagerie médicale"),
            "Compte rendu d'imagerie",
            STRUCTURED,
            IMG_CR_IMG,
            parents=("1.2.840.10008.9.1", "1.2.840.10008.9.20", "1.2.840.10008.9.21"),
        ),
        Kind(
            "CR_CONS",
            Coded("11488-4", "CR ou fiche de consultation ou de visite"),
            "Compte rendu de consultation",
        ),
        Kind(
            "CR_URG",
            Coded("15507-7", "CR de passage aux urgences"),
            "Compte rendu de passage aux urgences",
        ),
        Kind(
            "VSM",
            Coded("SYNTH", "Synthèse"),
            "Synthèse médicale",
            STRUCTURED,
            VSM,
            type_system=TRE_A05,
            is_from_town=True,
        ),
    )
}
