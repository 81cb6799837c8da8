"""Simulator, documents, liaison letter: the structured body of the LDL (lettre de liaison).

Source: CI-SIS, volet LDL-SES 2022.01: status, reason, summary of the stay, treatments at
discharge; results and plan when there are some. Not here: the header; how a drug is written
(see medication).
"""

from __future__ import annotations

from datetime import timedelta

from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, french_day, local_day, templates
from simulator.documents.facts import Coded
from simulator.documents.markup import NOTHING, Xml, leaf, tag
from simulator.documents.medication import (
    no_treatment_entry,
    no_treatment_text,
    treatment_entry,
    treatment_table,
)
from simulator.documents.sections import (
    Finding,
    boolean_value,
    coded_value,
    lines,
    observation,
    section,
    string_value,
)
from simulator.documents.tables import lined
from simulator.documents.wording import measured, opening, usual_values

APPROVED = Coded("9571008", "approuvé")  # JDV_StatutDoc
STATUS_TEMPLATES = ("1.2.250.1.213.1.1.2.35", "1.2.250.1.213.1.1.2.35.1")
REASON_TEMPLATES = ("1.3.6.1.4.1.19376.1.5.3.1.3.1", "1.2.250.1.213.1.1.2.127")
SUMMARY_TEMPLATES = (
    "1.3.6.1.4.1.19376.1.5.3.1.1.21.2.9",
    "1.3.6.1.4.1.19376.1.7.3.1.1.13.7",
    "1.2.250.1.213.1.1.2.163",
    "1.2.250.1.213.1.1.2.163.1",
)
TREATMENT_TEMPLATES = ("1.3.6.1.4.1.19376.1.5.3.1.3.22", "1.2.250.1.213.1.1.2.146")
RESULT_TEMPLATES = ("1.3.6.1.4.1.19376.1.5.3.1.3.27", "1.2.250.1.213.1.1.2.150")
PLAN_TEMPLATES = (
    "2.16.840.1.113883.10.20.1.10",
    "1.3.6.1.4.1.19376.1.5.3.1.3.36",
    "1.2.250.1.213.1.1.2.158",
)
REQUEST_TEMPLATES = (
    "2.16.840.1.113883.10.20.1.25",
    "1.3.6.1.4.1.19376.1.5.3.1.1.20.3.1",
    "1.2.250.1.213.1.1.3.27",
)
FOLLOW_UP_WITHIN = timedelta(days=30)
NONE = "Aucun"


def write_body(draft: Draft) -> Xml:
    """``structuredBody`` of a discharge letter."""
    return tag(
        "structuredBody",
        _status(draft),
        _reason(draft),
        _summary(draft),
        _treatments(draft),
        _results(draft),
        _plan(draft),
    )


def _status(draft: Draft) -> Xml:
    found = Finding(
        template="16",
        code=Coded("GEN-065", "Statut du document"),
        anchor="statut",
        heading="Statut du document",
        told="Validé",
        value=coded_value(APPROVED.code, APPROVED.label, terms.SNOMED_CT, "CD"),
        at=draft.created_at,
    )
    return section(
        draft,
        Coded("33557-0", "Etat d'achèvement"),
        "Statut du document",
        STATUS_TEMPLATES,
        lines([found]),
        [observation(draft, found, "1.2.250.1.213.1.1.3.48.16.1")],
    )


def _reason(draft: Draft) -> Xml:
    return section(
        draft,
        Coded("42349-1", "Raison de la recommandation"),
        "Motif de l'hospitalisation",
        REASON_TEMPLATES,
        leaf("paragraph", f"{opening(draft.facts)} {draft.facts.case.reason}."),
    )


def _summary(draft: Draft) -> Xml:
    """Results and events of the stay (synthèse médicale du séjour)."""
    findings = (*_movements(draft), _synthesis(draft), *_safety(draft))
    return section(
        draft,
        Coded("42545-4", "Evènements observés"),
        "Synthèse médicale du séjour",
        SUMMARY_TEMPLATES,
        lines(findings),
        [observation(draft, found) for found in findings],
    )


def _movements(draft: Draft) -> tuple[Finding, Finding]:
    facts = draft.facts
    arrival = terms.ADMISSIONS[facts.admission]
    system, destination = terms.DISCHARGES[facts.discharge]
    return (
        Finding(
            template="6",
            code=Coded("ORG-070", "Modalité d'entrée"),
            anchor="entree",
            heading="Modalité et date d'entrée",
            told=f"{french_day(facts.admitted_at)}, {arrival}",
            value=coded_value(facts.admission.value, arrival, terms.SNOMED_CT),
            at=facts.admitted_at,
        ),
        Finding(
            template="7",
            code=Coded("ORG-074", "Modalité de sortie"),
            anchor="sortie",
            heading="Modalité et date de sortie",
            told=f"{french_day(draft.left_at)}, {destination}",
            value=coded_value(facts.discharge.value, destination, system),
            at=draft.left_at,
        ),
    )


def _synthesis(draft: Draft) -> Finding:
    """Diagnosis, background, story, examination, act and course in one text."""
    case = draft.facts.case
    act = f"Acte réalisé : {case.act.act.label} ({case.act.act.code})." if case.act else ""
    exam = f"{case.imaging.act.label} : {case.imaging.conclusion}" if case.imaging else ""
    words = (
        f"Diagnostic principal : {case.diagnosis.label} ({case.diagnosis.code}).",
        f"Antécédents : {', '.join(case.background).lower()}." if case.background else "",
        *case.story,
        *case.exam,
        exam,
        act,
        *case.course,
    )
    told = " ".join(sentence for sentence in words if sentence)
    return Finding(
        template="9",
        code=Coded("MED-142", "Synthèse médicale"),
        anchor="synthese",
        heading="Synthèse médicale",
        told=told,
        value=string_value(told),
        at=draft.left_at,
        is_signed=True,
    )


def _safety(draft: Draft) -> tuple[Finding, ...]:
    """What every letter must state on germs, blood and adverse events (évènements indésirables)."""
    case, at = draft.facts.case, draft.left_at
    adverse = "Evènements indésirables survenus pendant l'hospitalisation"
    sought = "Recherche de microorganismes multi-résistants ou émergents effectuée"
    answered = (
        ("8", "MED-309", sought, "germes", case.resistant_germs_sought),
        ("10", "MED-145", "Transfusion de produits sanguins", "transfusion", case.was_transfused),
        ("2", "MED-147", "Administration de dérivés du sang", "derives", False),
    )
    return (
        Finding(
            "3", Coded("MED-143", adverse), "evenements", adverse,
            NONE, string_value(NONE), at,
        ),
        *(
            Finding(
                template, Coded(code, label), anchor, label,
                "Oui" if holds else "Non", boolean_value(holds), at,
            )
            for template, code, label, anchor, holds in answered
        ),
    )  # fmt: skip


def _treatments(draft: Draft) -> Xml:
    """Treatments at discharge: section and entry are compulsory, be it that there is none."""
    treatments = draft.facts.case.treatments
    start = draft.left_at
    return section(
        draft,
        Coded("10183-2", "Traitements à la sortie"),
        "Traitements à la sortie",
        TREATMENT_TEMPLATES,
        treatment_table(treatments, start) if treatments else no_treatment_text(),
        [treatment_entry(draft, n, line, start) for n, line in enumerate(treatments, 1)]
        or [no_treatment_entry(draft)],
    )


def _results(draft: Draft) -> Xml:
    results = draft.facts.case.results
    if not results:
        return NOTHING
    headings = ("Examen", "Résultat", "Valeurs usuelles")
    rows = (
        tag("tr", leaf("td", r.name), leaf("td", measured(r)), leaf("td", usual_values(r)))
        for r in results
    )
    return section(
        draft,
        Coded("30954-2", "Résultats d'examens"),
        "Résultats d'examens",
        RESULT_TEMPLATES,
        lined(headings, rows),
    )


def _plan(draft: Draft) -> Xml:
    """What remains to be done (suites à donner)."""
    follow_up = draft.facts.case.follow_up
    if not follow_up:
        return NOTHING
    items = (
        tag("item", leaf("content", words, ID=f"suite-{n}")) for n, words in enumerate(follow_up, 1)
    )
    return section(
        draft,
        Coded("18776-5", "Plan de soins"),
        "Suites à donner",
        PLAN_TEMPLATES,
        tag("list", *items),
        [_request(draft, n, words) for n, words in enumerate(follow_up, 1)],
    )


def _request(draft: Draft, number: int, words: str) -> Xml:
    return tag(
        "observation",
        *templates(*REQUEST_TEMPLATES),
        drawn_id(draft),
        coded("ORG-064", "Demande d'examen ou de suivi", terms.TA_ASIP),
        tag("text", tag("reference", value=f"#suite-{number}")),
        tag("statusCode", code="active"),
        tag("effectiveTime", value=local_day(draft.left_at + FOLLOW_UP_WITHIN)),
        string_value(words),
        classCode="OBS",
        moodCode="INT",
    )
