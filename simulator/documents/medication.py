"""Simulator, documents, medication: one line of treatment, for a reader and for software.

Source: CI-SIS, entrée FR-Traitement (1.2.250.1.213.1.1.3.42), IHE PCC Medications, normal dosing.
Not here: the section around it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, french_day, local_day, templates
from simulator.documents.facts import Treatment
from simulator.documents.markup import NOTHING, TYPE, Xml, leaf, tag
from simulator.documents.tables import lined
from simulator.documents.wording import dose

ENTRY = (
    "1.2.250.1.213.1.1.3.42",
    "2.16.840.1.113883.10.20.1.24",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7.1",  # normal dosing
)
PRODUCT = (
    "1.2.250.1.213.1.1.3.43",
    "2.16.840.1.113883.10.20.1.53",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7.2",
)
HEADINGS = ("Médicament", "Dose", "Fréquence", "Voie", "Du", "Au")
HOURS_A_DAY = 24
NO_TREATMENT = "Aucun traitement médicamenteux à la sortie."


def treatment_table(treatments: tuple[Treatment, ...], start: datetime) -> Xml:
    """The table one reads; each drug carries the anchor its entry points at."""
    rows = (_row(number, line, start) for number, line in enumerate(treatments, 1))
    return lined(HEADINGS, rows)


def _row(number: int, line: Treatment, start: datetime) -> Xml:
    end = start + timedelta(days=line.days)
    return tag(
        "tr",
        tag("td", leaf("content", line.drug, ID=_anchor(number))),
        leaf("td", dose(line)),
        leaf("td", f"{line.times_per_day} fois par jour"),
        leaf("td", line.route.label),
        leaf("td", french_day(start)),
        leaf("td", french_day(end)),
    )


def treatment_entry(draft: Draft, number: int, line: Treatment, start: datetime) -> Xml:
    """One ``substanceAdministration``: prescribed by substance, so no product (CIS), its ATC."""
    high = tag("high", value=local_day(start + timedelta(days=line.days)))
    return _entry(draft, number, line, tag("low", value=local_day(start)), high)


def lasting_entry(draft: Draft, number: int, line: Treatment, since: date, reason: Xml) -> Xml:
    """The same without an end that is known (traitement au long cours), and its reason."""
    low = tag("low", value=since.strftime("%Y%m%d"))
    return _entry(draft, number, line, low, tag("high", nullFlavor="UNK"), reason)


def no_treatment_text() -> Xml:
    """What one reads where there is no treatment."""
    return tag("paragraph", leaf("content", NO_TREATMENT, ID=_anchor(0)))


def no_treatment_entry(draft: Draft) -> Xml:
    """An entry that says there is none: the official profile wants one in every such section.

    Source: IHE PCC, Hospital Discharge Medication Section; JDV_AbsentOrUnknownMedication_CISIS.
    """
    code = coded("no-known-medications", "Pas de traitement médicamenteux connu", terms.ABSENT)
    return tag(
        "substanceAdministration",
        *templates(*ENTRY),
        drawn_id(draft),
        code,
        tag("text", _reference(0)),
        tag("statusCode", code="completed"),
        tag(
            "effectiveTime",
            tag("low", nullFlavor="NA"),
            tag("high", nullFlavor="NA"),
            **{TYPE: "IVL_TS"},
        ),
        tag(
            "consumable",
            tag(
                "manufacturedProduct",
                *templates(*PRODUCT),
                tag(
                    "manufacturedMaterial",
                    tag("code", tag("originalText", _reference(0)), nullFlavor="NA"),
                    tag("name", nullFlavor="NA"),
                ),
            ),
        ),
        classCode="SBADM",
        moodCode="EVN",
    )


def _entry(
    draft: Draft, number: int, line: Treatment, low: Xml, high: Xml, reason: Xml = NOTHING
) -> Xml:
    amount = {"value": str(line.dose), "unit": line.unit.code}
    return tag(
        "substanceAdministration",
        *templates(*ENTRY),
        drawn_id(draft),
        coded("DRUG", "Médicament", terms.ACT_CODE),
        tag("text", _reference(number)),
        tag("statusCode", code="completed"),
        tag(
            "effectiveTime",
            low,
            high,
            **{TYPE: "IVL_TS"},
        ),
        tag(
            "effectiveTime",
            tag("period", value=f"{HOURS_A_DAY / line.times_per_day:g}", unit="h"),
            **{TYPE: "PIVL_TS"},
            operator="A",
        ),
        coded(line.route.code, line.route.label, terms.EDQM, name="routeCode"),
        tag("doseQuantity", tag("low", **amount), tag("high", **amount)),
        tag("consumable", _product(number, line)),
        reason,
        classCode="SBADM",
        moodCode="EVN",
    )


def _product(number: int, line: Treatment) -> Xml:
    substance = coded(line.substance.code, line.substance.label, terms.ATC, name="translation")
    code = tag("code", tag("originalText", _reference(number)), substance, nullFlavor="UNK")
    material = tag("manufacturedMaterial", code, leaf("name", line.drug))
    return tag("manufacturedProduct", *templates(*PRODUCT), material)


def _reference(number: int) -> Xml:
    return tag("reference", value="#" + _anchor(number))


def _anchor(number: int) -> str:
    return f"medicament-{number}"
