"""Simulator, documents, reports: what an unstructured document (N1) says, before its layout.

One function per kind, each a list of parts read from the facts of the stay. Not here: fonts and
pages (see pdf), fixed sentences (references.yaml), the CDA around (see write).
"""

from __future__ import annotations

from collections.abc import Callable

from kit.world import Professional
from simulator.documents.draft import Draft, french_day
from simulator.documents.facts import ClinicalCase, Coded, LabResult
from simulator.documents.laboratory_pages import laboratory_parts
from simulator.documents.parts import Part
from simulator.documents.pathology import pathology_parts
from simulator.documents.prescription_lines import Line, prescription_lines, weight_kg
from simulator.documents.references import notice
from simulator.documents.services import required
from simulator.documents.wording import (
    decimal,
    full_name,
    measured,
    opening,
    posology,
    renewed,
    usual_values,
)

HIGH, LOW = "élevé", "bas"
LAB_HEADING = ("Examen", "Résultat", "Valeurs usuelles", "")
PRESCRIPTION_HEADING = ("Médicament", "Posologie et durée", "Voie", "Délivrance")


def report(draft: Draft) -> tuple[Part, ...]:
    """The parts of an unstructured document of this kind, then who receives it and why."""
    information = Part("Information du patient", notice("patient"))
    return (*_REPORTS[draft.kind.name](draft), _recipients(draft), information)


def _prescription(draft: Draft) -> tuple[Part, ...]:
    facts = draft.facts
    required(facts.case.treatments, draft)
    lines = prescription_lines(facts, draft.left_at)
    rows = tuple(
        (line.treatment.drug, posology(line.treatment), line.treatment.route.label, _delivery(line))
        for line in lines
    )
    weight = weight_kg(facts)
    weighed = f" Poids : {decimal(weight, 1)} kg." if weight is not None else ""
    written = f"Prescription établie le {french_day(draft.created_at)}, à débuter à la sortie."
    return (
        Part("Prescription de sortie", (written + weighed,), (PRESCRIPTION_HEADING, *rows)),
        Part("Consignes", notice("prescription") + facts.case.follow_up),
    )


def _delivery(line: Line) -> str:
    """What a pharmacist reads beside a drug."""
    told = (
        renewed(line.renewals),
        "en rapport avec une ALD" if line.is_long_term else "",
        "" if line.is_substitutable else "non substituable",
    )
    return ", ".join(words for words in told if words)


def _operation(draft: Draft) -> tuple[Part, ...]:
    facts = draft.facts
    case, act = facts.case, required(facts.case.act, draft)
    start = facts.performed_at or facts.admitted_at
    bleeding = int(draft.stream.integers(1, 7)) * 50
    done = (
        _sentence(act.act, "CCAM"),
        f"Date : {french_day(start)}. Durée : {act.minutes} minutes.",
        f"Opérateur : {full_name(facts.author)}. Anesthésie : {act.anaesthesia}.",
    )
    steps = tuple(f"{number}. {step}" for number, step in enumerate(act.steps, 1))
    indication = (f"{case.reason}.", _sentence(case.diagnosis, "CIM-10"), *case.story)
    return (
        Part("Intervention", done),
        Part("Indication", indication),
        Part("Sécurité", notice("operation")),
        Part("Description de l'acte", steps),
        Part("Suites", (f"Pertes sanguines estimées à {bleeding} mL.", *notice("recovery"))),
        Part("Consignes postopératoires", (_treatments(case), *case.follow_up)),
    )


def _stay(draft: Draft) -> tuple[Part, ...]:
    case = draft.facts.case
    act = case.act
    done = (Part("Acte réalisé", (_sentence(act.act, "CCAM"),)),) if act else ()
    return (
        Part("Motif d'hospitalisation", (f"{opening(draft.facts)} {case.reason}.",)),
        *_background(case),
        Part("Histoire de la maladie", case.story),
        Part("Examen clinique à l'entrée", case.exam),
        *_explorations(case),
        Part("Évolution dans le service", case.course),
        *done,
        Part("Diagnostic retenu", (_sentence(case.diagnosis, "CIM-10"),)),
        Part("Traitement de sortie", (_treatments(case),)),
        Part("Suites à donner", case.follow_up),
    )


def _lab_row(result: LabResult) -> tuple[str, ...]:
    flag = (HIGH if result.value > result.high else LOW) if result.is_abnormal else ""
    return result.name, measured(result), usual_values(result), flag


def _visit(draft: Draft) -> tuple[Part, ...]:
    case = draft.facts.case
    return (
        Part("Motif", (f"{opening(draft.facts)} {case.reason}.",)),
        *_background(case),
        Part("Anamnèse", case.story),
        Part("Examen clinique", case.exam),
        *_explorations(case),
        Part("Conclusion", (_sentence(case.diagnosis, "CIM-10"),)),
        Part("Conduite à tenir", (_treatments(case), *case.follow_up)),
    )


def _background(case: ClinicalCase) -> tuple[Part, ...]:
    sentences = tuple(f"{sentence}." for sentence in case.background)
    return (Part("Antécédents", sentences),) if sentences else ()


def _explorations(case: ClinicalCase) -> tuple[Part, ...]:
    """Laboratory values and imaging, when there were some."""
    parts = []
    if case.results:
        rows = tuple(_lab_row(result) for result in case.results)
        parts.append(Part("Biologie", table=(LAB_HEADING, *rows)))
    if case.imaging is not None:
        seen = (f"{case.imaging.act.label}.", case.imaging.finding, case.imaging.conclusion)
        parts.append(Part("Imagerie", seen))
    return tuple(parts)


def _treatments(case: ClinicalCase) -> str:
    """The treatments in one sentence."""
    if not case.treatments:
        return "Aucun traitement médicamenteux."
    return " ; ".join(f"{line.drug} : {posology(line)}" for line in case.treatments) + "."


def _sentence(value: Coded, system: str) -> str:
    return f"{value.label} ({system} {value.code})."


def _recipients(draft: Draft) -> Part:
    """Who receives a copy (destinataires)."""
    doctor = draft.facts.attending_doctor
    attending = f"Médecin traitant : {_place(doctor) if doctor else 'non déclaré'}."
    copies = (f"Copie : {_place(who)}." for who in draft.facts.correspondents)
    return Part("Destinataires", (attending, *copies))


def _place(who: Professional) -> str:
    return f"{full_name(who)}, {who.address.line}, {who.address.postal_code} {who.address.city}"


_REPORTS: dict[str, Callable[[Draft], tuple[Part, ...]]] = {
    "ORD": _prescription,
    "CRO": _operation,
    "CRH": _stay,
    "CR_ACP": pathology_parts,
    "CR_BIO": laboratory_parts,
    "CR_CONS": _visit,
    "CR_URG": _visit,
}
