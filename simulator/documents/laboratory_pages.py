"""Simulator, documents, laboratory pages: a laboratory report as one reads it in PDF.

The same results as the structured body, panel by panel. Not here: layout (see pdf).
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.documents import laboratory_wording as told
from simulator.documents.draft import Draft
from simulator.documents.laboratory_culture import collected, conclusion, counted, mic
from simulator.documents.laboratory_urine import Isolate, Urine
from simulator.documents.laboratory_work import Battery, Measure, Work, work_of
from simulator.documents.parts import Part
from simulator.documents.wording import full_name

HEADING = ("Examen", "Résultat", "Valeurs de référence", "")


def laboratory_parts(draft: Draft) -> tuple[Part, ...]:
    work = work_of(draft)
    panels = tuple(_panel(item, work) for item in work.batteries)
    urine = tuple(_urine(work.urine)) if work.urine else ()
    return (_sampling(draft, work), *panels, *urine, _comment(draft, work))


def _sampling(draft: Draft, work: Work) -> Part:
    facts = draft.facts
    return Part(
        "Prélèvement",
        (
            f"Prélevé le {told.moment(work.collected_at)}, {facts.unit.name},"
            f" reçu le {told.moment(work.received_at)}. Demande {work.order}.",
            f"Renseignements cliniques : {facts.case.reason}.",
        ),
    )


def _panel(item: Battery, work: Work) -> Part:
    has_before = any(measure.before is not None for measure in item.measures)
    last = f"Le {told.moment(work.before_at)}" if has_before and work.before_at else ""
    rows = tuple(_row(measure, has_before) for measure in item.measures)
    return Part(item.panel.title, item.comments, ((*HEADING[:3], last), *rows))


def _row(measure: Measure, has_before: bool) -> tuple[str, ...]:
    word = told.flag(measure)
    value = f"{told.found(measure)} ({word})" if word else told.found(measure)
    last = told.before(measure) if has_before else ""
    return measure.analyte.name, value, told.usual(measure), last


def _urine(urine: Urine) -> Iterator[Part]:
    yield Part(
        "Examen cytobactériologique des urines",
        (
            collected(urine),
            f"Leucocytes {urine.leukocytes} /mL, hématies {urine.erythrocytes} /mL."
            f" Coloration de Gram : {urine.gram[0].lower()}{urine.gram[1:]}.",
            conclusion(urine),
        ),
    )
    if urine.isolate:
        yield _isolate(urine.isolate)


def _isolate(isolate: Isolate) -> Part:
    lines = ((line.antibiotic.name, mic(line), line.flag.label) for line in isolate.antibiogram)
    return Part(
        isolate.germ.code.label,
        (f"Dénombrement : {counted(isolate)}.",),
        (("Antibiotique", "CMI (mg/L)", "Catégorie"), *lines),
    )


def _comment(draft: Draft, work: Work) -> Part:
    measures = (measure for item in work.batteries for measure in item.measures)
    names = [measure.analyte.name for measure in measures if told.flag(measure)]
    words = (
        f"Hors des valeurs usuelles : {', '.join(names)}."
        if names
        else ("Résultats dans les valeurs usuelles.")
    )
    biologist = full_name(draft.facts.legal_authenticator)
    validated = f"Résultats validés par {biologist} le {told.moment(work.released_at)}."
    return Part("Commentaire", (words, validated))
