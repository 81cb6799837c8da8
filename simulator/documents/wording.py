"""Simulator, documents, wording: the French that letters and reports share.

Not here: sentences of one clinical picture (pictures.yaml), layout, XML.
"""

from __future__ import annotations

from kit.world import Professional
from simulator.documents.draft import french_day
from simulator.documents.facts import Admission, EncounterMode, LabResult, StayFacts, Treatment


def opening(facts: StayFacts) -> str:
    """Who, how old, when, where: the sentence a letter opens with, the reason left to add."""
    return (
        f"{who(facts)}, {_when(facts)} dans le service {facts.unit.name}, pour le motif suivant :"
    )


def who(facts: StayFacts) -> str:
    """``Patiente de 72 ans``."""
    noun = {"M": "Patient", "F": "Patiente"}.get(facts.patient.traits.sex, "Personne")
    return f"{noun} de moins d'un an" if facts.age == 0 else f"{noun} de {_years(facts.age)}"


def _years(age: int) -> str:
    return "un an" if age == 1 else f"{age} ans"


def _when(facts: StayFacts) -> str:
    came = french_day(facts.admitted_at)
    if facts.mode is not EncounterMode.STAY:
        return f"prise en charge le {came}"
    how = "admission en urgence" if facts.admission is Admission.EMERGENCY else "admission"
    if facts.nights is None or facts.left_at is None:
        return f"{how} le {came}"
    if facts.nights == 0:
        return f"{how} le {came} avec sortie le jour même"
    return f"{how} le {came}, sortie le {french_day(facts.left_at)} ({_nights(facts.nights)})"


def _nights(count: int) -> str:
    return "une nuit" if count == 1 else f"{count} nuits"


def decimal(value: float, decimals: int) -> str:
    """A number with a comma."""
    return f"{value:.{decimals}f}".replace(".", ",")


def measured(result: LabResult) -> str:
    """``8,4 g/dL``."""
    return f"{decimal(result.value, result.decimals)} {result.unit}"


def usual_values(result: LabResult) -> str:
    """``12,0 à 16,5``."""
    return f"{decimal(result.low, result.decimals)} à {decimal(result.high, result.decimals)}"


def dose(treatment: Treatment) -> str:
    """``2 comprimés``."""
    return units(treatment.dose, treatment)


def units(count: int, treatment: Treatment) -> str:
    """``60 comprimés``, ``3 doses-poids``."""
    word, _, rest = treatment.unit.label.partition("-")
    plural = "s" if count > 1 and not word.endswith("s") else ""
    return f"{count} {word}{plural}{'-' + rest if rest else ''}"


def posology(treatment: Treatment) -> str:
    """``1 comprimé, 2 fois par jour, pendant 90 jours``."""
    return f"{dose(treatment)}, {treatment.times_per_day} fois par jour, {lasting(treatment)}"


def lasting(treatment: Treatment) -> str:
    """``pendant 90 jours``."""
    return "en une prise" if treatment.days == 1 else f"pendant {treatment.days} jours"


def renewed(times: int) -> str:
    """``à renouveler 2 fois``."""
    return f"à renouveler {times} fois" if times else "sans renouvellement"


def posology_lasting(treatment: Treatment) -> str:
    """``1 comprimé, 2 fois par jour``, without an end."""
    return f"{dose(treatment)}, {treatment.times_per_day} fois par jour"


def full_name(who: Professional) -> str:
    """``Dr Claire MARTIN``: title or civility, given name, family name."""
    style = {"DR": "Dr", "PR": "Pr", "M": "M.", "MME": "Mme"}
    return f"{style.get(who.title or who.civility, '')} {who.given} {who.family}".strip()
