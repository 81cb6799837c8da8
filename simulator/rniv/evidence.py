"""Simulator, RNIV, evidence: identity documents, what they prove, and how traits were collected.

Source: FR Core. The trust of a row marked ``is_confirmed=False`` was deduced. Not here: who
decides, and what follows (``rules``, ``vigilance``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trust(StrEnum):
    """What a document proves of an identity (niveau de confiance)."""

    HIGH = "high"
    WITH_OTHER_PROOF = "with another proof"  # minors, EHPAD residents, since January 2024


class Channel(StrEnum):
    """How traits were collected (methodCollection, ZFD-5)."""

    TYPED = "SM"
    VITALE_CARD = "CV"
    INSI = "INSI"
    BARCODE = "CB"
    RFID = "RFID"
    APP = "AV"


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """A row of the table of documents. countries: the only issuers it counts for; () = all."""

    code: str
    name: str
    trust: Trust
    countries: tuple[str, ...] = ()
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document shown. country: ISO 3166 alpha-3 of its issuer. expires_on: ``YYYY-MM-DD``."""

    code: str
    country: str = "FRA"
    expires_on: str = ""
    other_proof: str = ""


# EU, Switzerland, Liechtenstein, Norway, Iceland, Vatican, Monaco, San Marino, Andorra.
CARD_COUNTRIES = tuple(
    "AUT BEL BGR HRV CYP CZE DNK EST FIN FRA DEU GRC HUN IRL ITA LVA LTU LUX MLT NLD POL PRT ROU "
    "SVK SVN ESP SWE CHE LIE NOR ISL VAT MCO SMR AND".split()
)

KINDS: tuple[EvidenceKind, ...] = (
    EvidenceKind("CN", "national identity card", Trust.HIGH, CARD_COUNTRIES),
    EvidenceKind("PA", "passport", Trust.HIGH),
    EvidenceKind("CS", "residence permit", Trust.HIGH),
    EvidenceKind("eCN", "electronic identity card", Trust.HIGH, is_confirmed=False),
    EvidenceKind("IN", "Identité Numérique La Poste", Trust.HIGH, is_confirmed=False),
    EvidenceKind("AV", "Application carte Vitale", Trust.HIGH),
    EvidenceKind("LECV", "family book and Vitale card with photo", Trust.HIGH),
    EvidenceKind("ANCV", "birth record and Vitale card with photo", Trust.HIGH),
    EvidenceKind("AN", "birth record extract", Trust.WITH_OTHER_PROOF),
    EvidenceKind("LEP", "family book of the parents", Trust.WITH_OTHER_PROOF),
    EvidenceKind("CC", "movement document of a foreign minor", Trust.HIGH, is_confirmed=False),
)
KIND_OF: dict[str, EvidenceKind] = {kind.code: kind for kind in KINDS}
APP_EVIDENCE = Evidence("AV")


def is_enough(evidence: Evidence) -> bool:
    """Whether a document of a known code validates an identity."""
    kind = KIND_OF[evidence.code]
    if kind.countries and evidence.country not in kind.countries:
        return False
    return kind.trust is Trust.HIGH or bool(evidence.other_proof)
