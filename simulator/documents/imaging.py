"""Simulator, documents, imaging: the body of an imaging report (compte rendu d'imagerie).

Source: CI-SIS, volet IMG-CR-IMG 2024.01: clinical information, the act with its exposure and its
images, findings, comparison, conclusion. Not here: the entries of the act (see imaging_act), how
an examination is done (see imaging_protocols).
"""

from __future__ import annotations

import re
from datetime import timedelta

from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, local_day, templates
from simulator.documents.facts import ClinicalCase, Coded, ImagingExam, birthday
from simulator.documents.imaging_act import act_section
from simulator.documents.imaging_examination import coded_observation, contrast_caution, told_value
from simulator.documents.kinds import LOINC
from simulator.documents.markup import NOTHING, TYPE, Xml, join, leaf, tag, text
from simulator.documents.references import notice
from simulator.documents.sections import SIMPLE_OBSERVATION, coded_value, section
from simulator.documents.services import performed_at, required
from simulator.documents.tables import anchored, original, paragraphs, pointer, table

CLINICAL_TEMPLATES = ("1.2.840.10008.9.2", "1.2.250.1.213.1.1.2.205")
REQUEST_TEMPLATES = ("1.2.840.10008.9.7", "1.2.250.1.213.1.1.2.211")
HISTORY_TEMPLATES = ("2.16.840.1.113883.10.20.22.2.39", "1.2.250.1.213.1.1.2.213")
FINDING_TEMPLATES = ("2.16.840.1.113883.10.20.6.1.2", "1.2.250.1.213.1.1.2.208")
COMPARISON_TEMPLATES = ("1.2.840.10008.9.4", "1.2.250.1.213.1.1.2.207")
CONCLUSION_TEMPLATES = ("1.2.840.10008.9.5", "1.2.250.1.213.1.1.2.209")
INFORMATION_TEMPLATES = (
    "1.3.6.1.4.1.19376.1.5.3.1.1.9.38",
    "1.3.6.1.4.1.19376.1.5.3.1.1.9.39",
    "1.2.250.1.213.1.1.2.107",
)
NONE_KNOWN = "Aucun connu"
NO_CAUTION = "Aucune contre-indication connue"
COMPARED = 0.4  # share of examinations that are compared with an earlier one
EARLIER_DAYS = (60, 900)
EARLIER = "examen précédent"  # words of a conclusion that compares
_SURGERY = re.compile(r"ectomie|opéré|chirurgical", re.IGNORECASE)


def write_body(draft: Draft) -> Xml:
    """``structuredBody`` of an imaging report."""
    exam = required(draft.facts.case.imaging, draft)
    return tag(
        "structuredBody",
        _clinical_information(draft, exam),
        act_section(draft, exam),
        _findings(draft, exam),
        _comparison(draft, exam),
        _conclusion(draft, exam),
        _information(draft),
    )


def _clinical_information(draft: Draft, exam: ImagingExam) -> Xml:
    return section(
        draft,
        Coded("55752-0", "Informations cliniques"),
        "Informations cliniques",
        CLINICAL_TEMPLATES,
        NOTHING,
        parts=(_request(draft, exam), _history(draft, exam)),
    )


def _request(draft: Draft, exam: ImagingExam) -> Xml:
    """Why the examination was asked for, and what it is to tell (demande d'examen)."""
    case = draft.facts.case
    reason = " ".join((f"{case.reason}.", *case.story))
    rows = (
        (text("Justification de la demande"), text(reason)),
        (text("Finalité de l'examen"), text(_purpose(case, exam))),
    )
    return section(
        draft,
        Coded("55115-0", "Demande"),
        "Justification de la demande et finalité de l'examen",
        REQUEST_TEMPLATES,
        table(("Demande", "Texte"), rows),
    )


def _purpose(case: ClinicalCase, exam: ImagingExam) -> str:
    when = "en urgence" if case.is_emergency else "programmé"
    return f"Examen {when} : {exam.exam.label}, à visée diagnostique."


def _history(draft: Draft, exam: ImagingExam) -> Xml:
    """Medical and surgical background, and what speaks against the examination."""
    background = draft.facts.case.background
    surgical = tuple(told for told in background if _SURGERY.search(told))
    medical = tuple(told for told in background if told not in surgical)
    caution = contrast_caution(draft, exam)
    rows = (
        ("Antécédents médicaux", "antecedents-medicaux", _listed(medical)),
        ("Antécédents chirurgicaux", "antecedents-chirurgicaux", _listed(surgical)),
        ("Contre-indications", "contre-indications", caution.label if caution else NO_CAUTION),
    )
    codes = (
        Coded("11348-0", "Antécédents médicaux"),
        Coded("47519-4", "Antécédents chirurgicaux"),
        Coded("64100-1", "Contre-indications"),
    )
    known = coded_value(caution.code, caution.label, terms.CIM_10, "CD") if caution else None
    values = (_referring(rows[0][1]), _referring(rows[1][1]), known or told_value(NO_CAUTION))
    return section(
        draft,
        Coded("11329-0", "Historique médical"),
        "Antécédents et contre-indications",
        HISTORY_TEMPLATES,
        table(
            ("Rubrique", "Texte"),
            ((text(name), anchored(anchor, told)) for name, anchor, told in rows),
        ),
        [
            coded_observation(draft, coded(code.code, code.label, LOINC), anchor, value)
            for code, (_, anchor, _), value in zip(codes, rows, values, strict=True)
        ],
    )


def _listed(told: tuple[str, ...]) -> str:
    return ". ".join(told) + "." if told else NONE_KNOWN


def _referring(anchor: str) -> Xml:
    """A coded value without code: the words say it."""
    return tag("value", original(anchor), **{TYPE: "CD"})


def _findings(draft: Draft, exam: ImagingExam) -> Xml:
    return section(
        draft,
        Coded("59776-5", "Résultats de l'acte"),
        "Résultats",
        FINDING_TEMPLATES,
        join(paragraphs((exam.finding, *notice("imaging_rest")))),
    )


def _comparison(draft: Draft, exam: ImagingExam) -> Xml:
    """With an earlier examination, for some of those who were born then."""
    stream = draft.stream
    is_compared = stream.random() < COMPARED or EARLIER in exam.conclusion
    days = int(stream.integers(*EARLIER_DAYS))
    then = performed_at(draft) - timedelta(days=days)
    if not is_compared or then.date() <= birthday(draft.facts.patient.traits.birth_date):
        return NOTHING
    told = f"Comparaison avec l'examen de même nature du {then:%d/%m/%Y}, relu pour l'occasion."
    return section(
        draft,
        Coded("18834-2", "Examen de comparaison radiologique"),
        "Comparaison avec un examen antérieur",
        COMPARISON_TEMPLATES,
        leaf("paragraph", told),
    )


def _conclusion(draft: Draft, exam: ImagingExam) -> Xml:
    return section(
        draft,
        Coded("19005-8", "Conclusions"),
        "Conclusion",
        CONCLUSION_TEMPLATES,
        leaf("paragraph", exam.conclusion),
    )


def _information(draft: Draft) -> Xml:
    """What the patient is told (information du patient)."""
    anchor = "information-patient"
    observation = tag(
        "observation",
        *templates(*SIMPLE_OBSERVATION),
        drawn_id(draft),
        coded("99622-3", "Informations pour le patient", LOINC),
        pointer(anchor),
        tag("statusCode", code="completed"),
        tag("effectiveTime", value=local_day(draft.created_at)),
        classCode="OBS",
        moodCode="EVN",
    )
    return section(
        draft,
        Coded("34895-3", "Education du patient"),
        "Information du patient",
        INFORMATION_TEMPLATES,
        tag("paragraph", anchored(anchor, " ".join(notice("patient")))),
        [observation],
    )
