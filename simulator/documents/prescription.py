"""Simulator, documents, prescription: the body of a discharge prescription (ordonnance de sortie).

Source: CI-SIS, volet eP-MED-DM 2024.01: barcode, drugs, comment, weight of a child, copy in PDF.
Not here: the entry of a drug (prescription_entry), what the law adds (prescription_lines).
"""

from __future__ import annotations

from simulator.documents.draft import Draft, coded, drawn_id, french_day, local_day, templates
from simulator.documents.facts import Coded
from simulator.documents.kinds import LOINC
from simulator.documents.markup import NOTHING, TYPE, Xml, join, leaf, tag, text
from simulator.documents.pdf_copy import write_copy
from simulator.documents.prescription_entry import anchor, flags, prescribed
from simulator.documents.prescription_lines import Line, prescription_lines, weight_kg
from simulator.documents.references import notice
from simulator.documents.sections import section
from simulator.documents.services import required
from simulator.documents.tables import anchored, paragraphs, pointer, table
from simulator.documents.wording import decimal, dose, lasting, renewed, units

BARCODE_TEMPLATES = ("1.2.250.1.213.1.1.2.223",)
DRUG_TEMPLATES = ("1.3.6.1.4.1.19376.1.9.1.2.1", "1.2.250.1.213.1.1.2.171")
COMMENT_TEMPLATES = (
    "2.16.840.1.113883.10.12.201",
    "1.3.6.1.4.1.19376.1.4.1.2.16",
    "1.2.250.1.213.1.1.2.73",
)
SIGN_TEMPLATES = (
    "2.16.840.1.113883.10.20.1.16",
    "1.3.6.1.4.1.19376.1.5.3.1.3.25",
    "1.3.6.1.4.1.19376.1.5.3.1.1.5.3.2",
    "1.2.250.1.213.1.1.2.75",
)
SIGNS_TEMPLATES = (
    "2.16.840.1.113883.10.20.1.32",
    "2.16.840.1.113883.10.20.1.35",
    "1.3.6.1.4.1.19376.1.5.3.1.4.13.1",
    "1.2.250.1.213.1.1.3.49",
)
SIGN_ENTRY = (
    "2.16.840.1.113883.10.20.1.31",
    "1.3.6.1.4.1.19376.1.5.3.1.4.13",
    "1.3.6.1.4.1.19376.1.5.3.1.4.13.2",
    "1.2.250.1.213.1.1.3.50",
)
HEADINGS = ("Médicament", "Dose", "Fréquence", "Par jour", "Voie", "Durée")
RULE_HEADINGS = (
    "Médicament",
    "À délivrer",
    "Substitution",
    "ALD",
    "AT/MP",
    "Prévention",
    "Non remboursable",
    "Hors AMM",
)
NO_BARCODE = "Prescription établie hors du téléservice de prescription : aucun code 2D attribué."


def write_body(draft: Draft) -> Xml:
    """``structuredBody`` of a discharge prescription."""
    required(draft.facts.case.treatments, draft)
    return tag(
        "structuredBody",
        _barcode(draft),
        _drugs(draft, prescription_lines(draft.facts, draft.left_at)),
        _comment(draft),
        _signs(draft),
        write_copy(draft),
    )


def _barcode(draft: Draft) -> Xml:
    """FR-Code-a-barres: its number comes from a national service, which a bench does not call."""
    return section(
        draft,
        Coded("57723-9", "Numéro de code à barres unique"),
        "Code 2D de la prescription",
        BARCODE_TEMPLATES,
        leaf("paragraph", NO_BARCODE),
    )


def _drugs(draft: Draft, lines: tuple[Line, ...]) -> Xml:
    """FR-Prescription-medicaments."""
    return section(
        draft,
        Coded("57828-6", "Prescriptions"),
        "Prescription de médicaments",
        DRUG_TEMPLATES,
        join(
            (
                table(HEADINGS, (_taken(line) for line in lines)),
                table(RULE_HEADINGS, (_delivered(line) for line in lines)),
            )
        ),
        [prescribed(draft, line) for line in lines],
    )


def _taken(line: Line) -> tuple[Xml, ...]:
    """How a drug is taken."""
    treatment = line.treatment
    period = f"{lasting(treatment)}, du {french_day(line.starts_at)} au {french_day(line.ends_at)}"
    return (
        anchored(anchor(line), treatment.drug),
        anchored(anchor(line, "dose"), dose(treatment)),
        anchored(anchor(line, "frequence"), f"{treatment.times_per_day} fois par jour"),
        anchored(anchor(line, "rythme"), f"{units(line.a_day, treatment)} par jour"),
        anchored(anchor(line, "voie"), treatment.route.label),
        anchored(anchor(line, "duree"), period),
    )


def _delivered(line: Line) -> tuple[Xml, ...]:
    """How a drug is delivered and paid for."""
    allowed = "Oui" if line.is_substitutable else "Non (marge thérapeutique étroite)"
    delivery = f"{units(line.delivered, line.treatment)}, {renewed(line.renewals)}"
    return (
        text(line.treatment.drug),
        anchored(anchor(line, "quantite"), delivery),
        anchored(anchor(line, "substitution"), allowed),
        *(
            anchored(anchor(line, name), "Oui" if holds else "Non")
            for name, holds in flags(line).items()
        ),
    )


def _comment(draft: Draft) -> Xml:
    """FR-Commentaire-non-code: what the patient is told."""
    return section(
        draft,
        Coded("55112-7", "Commentaire"),
        "Commentaire",
        COMMENT_TEMPLATES,
        join(paragraphs((*notice("prescription"), *draft.facts.case.follow_up))),
    )


def _signs(draft: Draft) -> Xml:
    """FR-Signes-vitaux: the weight of a child, on which the doses depend."""
    weight = weight_kg(draft.facts)
    if weight is None:
        return NOTHING
    row = (
        text(french_day(draft.left_at)),
        text("Poids"),
        anchored("poids", f"{decimal(weight, 1)} kg"),
    )
    return section(
        draft,
        Coded("8716-3", "Signes vitaux"),
        "Signes vitaux",
        SIGN_TEMPLATES,
        table(("Date", "Signe vital", "Valeur"), (row,)),
        [_weighed(draft, weight)],
    )


def _weighed(draft: Draft, weight: float) -> Xml:
    on = tag("effectiveTime", value=local_day(draft.left_at))
    observation = tag(
        "observation",
        *templates(*SIGN_ENTRY),
        drawn_id(draft),
        coded("29463-7", "Poids (mesuré)", LOINC),
        pointer("poids"),
        tag("statusCode", code="completed"),
        on,
        tag("value", **{TYPE: "PQ"}, value=f"{weight:.1f}", unit="kg"),
        classCode="OBS",
        moodCode="EVN",
    )
    return tag(
        "organizer",
        *templates(*SIGNS_TEMPLATES),
        drawn_id(draft),
        coded("85353-1", "Signes vitaux", LOINC),
        tag("statusCode", code="completed"),
        on,
        tag("component", observation, typeCode="COMP"),
        classCode="CLUSTER",
        moodCode="EVN",
    )
