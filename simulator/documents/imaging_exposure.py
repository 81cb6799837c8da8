"""Simulator, documents, imaging exposure: the radiation of an examination (exposition).

Who allowed it, whether the question of a pregnancy was put, the doses. Source: CI-SIS, volet
IMG-CR-IMG 2024.01. Not here: how much a patient receives (imaging_protocols).
"""

from __future__ import annotations

from simulator.documents import people
from simulator.documents import terminology as terms
from simulator.documents.draft import coded, drawn_id, templates, time
from simulator.documents.facts import Coded
from simulator.documents.imaging_examination import (
    Examination,
    coded_observation,
    site,
    told_value,
)
from simulator.documents.imaging_protocols import Quantity, exposure
from simulator.documents.markup import NOTHING, TYPE, Xml, join, tag, text
from simulator.documents.sections import coded_value, section
from simulator.documents.tables import anchored, original, pointer, table
from simulator.documents.wording import full_name

RADIATION_TEMPLATES = ("1.2.840.10008.9.8", "1.2.250.1.213.1.1.2.215")
EXPOSURE_TEMPLATE = "1.2.250.1.213.1.1.3.165"
QUANTITY_TEMPLATES = ("2.16.840.1.113883.10.20.6.2.14", "1.2.250.1.213.1.1.3.154")
NOT_PREGNANT = Coded("60001007", "absence de grossesse")  # JDV_StatutGrossesse
CHILDBEARING = range(12, 51)  # ages at which the question is put
NOT_ASKED = "Sans objet"
PRINTED_UNITS = {"mGy.cm": "mGy·cm", "cGy.cm2": "cGy·cm²"}


def exposure_section(act: Examination) -> Xml:
    """FR-DICOM-Exposition-aux-radiations, only of what irradiates."""
    if not act.how.irradiates:
        return NOTHING
    doses = exposure(act.how, act.draft.stream, act.draft.facts.age)
    facts = act.draft.facts
    is_asked = facts.patient.traits.sex == "F" and facts.age in CHILDBEARING
    told = "Absence de grossesse" if is_asked else NOT_ASKED
    who = f"Exposition justifiée et autorisée par {full_name(facts.legal_authenticator)}."
    rows = (
        (
            anchored(f"mesure-{number}", dose.measure.label),
            anchored(f"mesure-{number}-localisation", act.how.site.label),
            text(_printed(dose)),
        )
        for number, dose in enumerate(doses, 1)
    )
    narrative = (
        tag("paragraph", anchored("exposition", who)),
        tag("paragraph", text("Grossesse : "), anchored("grossesse", told)),
        table(("Mesure", "Localisation", "Quantité"), rows),
    )
    return section(
        act.draft,
        Coded("73569-6", "Exposition aux rayonnements et informations de radioprotection"),
        "Exposition aux rayonnements et informations de radioprotection",
        RADIATION_TEMPLATES,
        join(narrative),
        [
            _exposed(act),
            _pregnancy(act, is_asked),
            *(_dose(act, number, dose) for number, dose in enumerate(doses, 1)),
        ],
    )


def _printed(dose: Quantity) -> str:
    """``310 mGy·cm``, with a comma."""
    return f"{dose.value.replace('.', ',')} {PRINTED_UNITS.get(dose.unit, dose.unit)}"


def _exposed(act: Examination) -> Xml:
    """FR-DICOM-Exposition-patient: who allowed the exposure."""
    who = act.draft.facts.legal_authenticator
    responsible = tag(
        "participantRole",
        people.professional_id(who),
        coded("113850", "Autorisation d'irradiation", terms.DICOM),
        people.person(who, "playingEntity"),
    )
    return tag(
        "procedure",
        *templates(EXPOSURE_TEMPLATE),
        coded(
            "121290",
            "Exposition du patient aux rayonnements ionisants",
            terms.DICOM,
            original("exposition"),
        ),
        tag("participant", responsible, typeCode="RESP"),
        classCode="PROC",
        moodCode="EVN",
    )


def _pregnancy(act: Examination, is_asked: bool) -> Xml:
    """FR-DICOM-Observation, compulsory: a code where the question makes sense, else words."""
    code = coded("364320009", "statut de grossesse", terms.SNOMED_CT)
    value = told_value(NOT_ASKED)
    if is_asked:
        value = coded_value(NOT_PREGNANT.code, NOT_PREGNANT.label, terms.SNOMED_CT, "CD")
    return coded_observation(act.draft, code, "grossesse", value)


def _dose(act: Examination, number: int, dose: Quantity) -> Xml:
    return tag(
        "observation",
        *templates(*QUANTITY_TEMPLATES),
        drawn_id(act.draft),
        coded(dose.measure.code, dose.measure.label, terms.DICOM),
        pointer(f"mesure-{number}"),
        tag("statusCode", code="completed"),
        time("effectiveTime", act.at),
        tag("value", **{TYPE: "PQ"}, value=dose.value, unit=dose.unit),
        site(act, f"mesure-{number}-localisation"),
        classCode="OBS",
        moodCode="EVN",
    )
