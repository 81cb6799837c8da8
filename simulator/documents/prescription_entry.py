"""Simulator, documents, prescription entry: one prescribed drug, for software.

Source: CI-SIS, entrée FR-Traitement-prescrit (1.2.250.1.213.1.1.3.83), after IHE PHARM PRE.
Not here: which lines there are (prescription_lines), the section around (prescription).
"""

from __future__ import annotations

from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, local_day, templates, time
from simulator.documents.facts import Coded
from simulator.documents.markup import TYPE, Xml, leaf, tag
from simulator.documents.medication import HOURS_A_DAY, PRODUCT
from simulator.documents.prescription_lines import Line
from simulator.documents.sections import SIMPLE_OBSERVATION, boolean_value
from simulator.documents.tables import original, pointer

ENTRY = (
    "2.16.840.1.113883.10.20.1.24",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7",
    "1.3.6.1.4.1.19376.1.9.1.3.2",
    "1.2.250.1.213.1.1.3.83",
    "1.3.6.1.4.1.19376.1.9.1.3.6",  # structured posology
    "1.3.6.1.4.1.19376.1.5.3.1.4.7.1",  # normal dosing
)
MATERIAL = "1.3.6.1.4.1.19376.1.9.1.3.1"
QUANTITY = ("1.3.6.1.4.1.19376.1.9.1.3.8", "1.2.250.1.213.1.1.3.86")
SUBSTITUTION = ("1.3.6.1.4.1.19376.1.9.1.3.9.1", "1.2.250.1.213.1.1.3.87")
GENERIC = Coded("G", "Substitution autorisée par un produit générique")
NO_SUBSTITUTION = Coded("N", "Aucune substitution permise")
FLAGS = {  # what is said of every drug: anchor -> template, code of TA_ASIP
    "ald": ("13", Coded("MED-574", "En rapport avec une ALD")),
    "at": (
        "14",
        Coded("GEN-180", "En rapport avec un accident du travail ou une maladie professionnelle"),
    ),
    "prevention": ("34", Coded("GEN-295", "En rapport avec la prévention")),
    "remboursement": ("15", Coded("GEN-181", "Non remboursable")),
    "amm": ("12", Coded("GEN-179", "Hors Autorisation de Mise sur le Marché (AMM)")),
}


def anchor(line: Line, part: str = "") -> str:
    """``medicament-2-dose``: where the narrative says it."""
    return f"medicament-{line.number}" + (f"-{part}" if part else "")


def flags(line: Line) -> dict[str, bool]:
    """The yes or no of each of `FLAGS`."""
    return dict.fromkeys(FLAGS, False) | {"ald": line.is_long_term}


def prescribed(draft: Draft, line: Line) -> Xml:
    """One ``substanceAdministration`` that is to be done."""
    treatment = line.treatment
    return tag(
        "substanceAdministration",
        *templates(*ENTRY),
        drawn_id(draft),
        coded("DRUG", "Médicament", terms.ACT_CODE),
        pointer(anchor(line)),
        tag("statusCode", code="completed"),
        _treated(line),
        _frequency(line),
        tag("repeatNumber", value=str(line.renewals)),
        coded(
            treatment.route.code,
            treatment.route.label,
            terms.EDQM,
            original(anchor(line, "voie")),
            name="routeCode",
        ),
        _amount("doseQuantity", treatment.dose, treatment.unit.code, anchor(line, "dose")),
        _amount("rateQuantity", line.a_day, f"{treatment.unit.code}/d", anchor(line, "rythme")),
        tag("consumable", _product(line)),
        _component(_quantity(line)),
        _component(_substitution(line)),
        *(_component(_flag(draft, line, name, holds)) for name, holds in flags(line).items()),
        classCode="SBADM",
        moodCode="INT",
    )


def _treated(line: Line) -> Xml:
    """From when to when."""
    return tag(
        "effectiveTime",
        tag("low", value=local_day(line.starts_at)),
        tag("high", value=local_day(line.ends_at)),
        **{TYPE: "IVL_TS"},
    )


def _frequency(line: Line) -> Xml:
    """How often."""
    hours = f"{HOURS_A_DAY / line.treatment.times_per_day:g}"
    words = tag("translation", original(anchor(line, "frequence")))
    period = tag("period", words, value=hours, unit="h")
    return tag("effectiveTime", period, **{TYPE: "PIVL_TS"}, operator="A")


def _amount(name: str, value: int, unit: str, where: str) -> Xml:
    """A quantity without a range: low and high are the same, and so are their words."""
    words = tag("translation", original(where))
    ends = (tag(end, words, value=str(value), unit=unit) for end in ("low", "high"))
    return tag(name, *ends)


def _product(line: Line) -> Xml:
    """Prescribed by substance (DCI): no product code (CIS), the substance as its generic."""
    substance = line.treatment.substance
    code = tag(
        "code",
        original(anchor(line)),
        coded(substance.code, substance.label, terms.ATC, name="translation"),
        nullFlavor="NA",
    )
    generic = tag(
        "pharm:generalizedMedicineClass",
        coded(substance.code, substance.label, terms.ATC, name="pharm:code"),
        leaf("pharm:name", substance.label),
        classCode="MMAT",
    )
    material = tag(
        "manufacturedMaterial",
        tag("templateId", root=MATERIAL),
        code,
        leaf("name", line.treatment.drug),
        tag("pharm:asSpecializedKind", generic, classCode="GRIC"),
        classCode="MMAT",
        determinerCode="KIND",
    )
    return tag("manufacturedProduct", *templates(*PRODUCT), material, classCode="MANU")


def _component(child: Xml) -> Xml:
    return tag("entryRelationship", child, typeCode="COMP")


def _quantity(line: Line) -> Xml:
    """FR-Quantite-de-produit: how much at each delivery."""
    return tag(
        "supply",
        *templates(*QUANTITY),
        tag("independentInd", value="false"),
        tag("quantity", value=str(line.delivered), unit=line.treatment.unit.code),
        classCode="SPLY",
        moodCode="RQO",
    )


def _substitution(line: Line) -> Xml:
    """FR-Autorisation-substitution."""
    allowed = GENERIC if line.is_substitutable else NO_SUBSTITUTION
    words = original(anchor(line, "substitution"))
    return tag(
        "act",
        *templates(*SUBSTITUTION),
        coded(allowed.code, allowed.label, terms.SUBSTITUTION, words),
        tag("statusCode", code="completed"),
        classCode="ACT",
        moodCode="DEF",
    )


def _flag(draft: Draft, line: Line, name: str, holds: bool) -> Xml:
    template, code = FLAGS[name]
    return tag(
        "observation",
        *templates(*SIMPLE_OBSERVATION, f"{SIMPLE_OBSERVATION[1]}.{template}"),
        drawn_id(draft),
        coded(code.code, code.label, terms.TA_ASIP),
        pointer(anchor(line, name)),
        tag("statusCode", code="completed"),
        time("effectiveTime", draft.created_at),
        boolean_value(holds),
        classCode="OBS",
        moodCode="EVN",
    )
