"""Simulator, documents, laboratory: the structured body of the CR_BIO (compte rendu de biologie).

Source: CI-SIS, volet BIO-CR-BIO 2024.01: chapters, sub-chapters, the copy in PDF. Not here: what
was found (see laboratory_work), entries (laboratory_entries), the header (laboratory_header).
"""

from __future__ import annotations

from simulator.documents import laboratory_wording as told
from simulator.documents.draft import Draft, coded, templates, time
from simulator.documents.facts import Coded
from simulator.documents.kinds import LOINC
from simulator.documents.laboratory_culture import write_culture
from simulator.documents.laboratory_entries import (
    battery,
    comment,
    entry,
    related,
    result,
    sampling,
    validation,
)
from simulator.documents.laboratory_work import Battery, Measure, Work, work_of
from simulator.documents.markup import NOTHING, Xml, join, leaf, tag
from simulator.documents.pdf_copy import write_copy
from simulator.documents.tables import lined
from simulator.documents.wording import full_name

CHAPTER = ("1.3.6.1.4.1.19376.1.3.3.2.1", "1.2.250.1.213.1.1.2.70")
SUBCHAPTER = ("1.3.6.1.4.1.19376.1.3.3.2.2", "1.2.250.1.213.1.1.2.71")
HEADINGS = ("Examen", "Résultat", "Valeurs de référence")


def write_body(draft: Draft) -> Xml:
    """``structuredBody`` of a laboratory report."""
    work = work_of(draft)
    chapters = (_chapter(draft, work, chapter) for chapter in work.chapters)
    return tag("structuredBody", *chapters, write_copy(draft))


def _chapter(draft: Draft, work: Work, chapter: Coded) -> Xml:
    own = [battery for battery in work.batteries if battery.panel.chapter == chapter]
    if own:
        parts = join(_subchapter(draft, work, item) for item in own)
    else:
        assert work.urine is not None  # the only chapter without battery
        parts = write_culture(draft, chapter, work.urine)
    section = tag(
        "section",
        *templates(*CHAPTER),
        coded(chapter.code, chapter.label, LOINC),
        leaf("title", chapter.label),
        parts,
    )
    return tag("component", section)


def _subchapter(draft: Draft, work: Work, item: Battery) -> Xml:
    panel = item.panel
    section = tag(
        "section",
        *templates(*SUBCHAPTER),
        coded(panel.code.code, panel.code.label, LOINC),
        leaf("title", panel.title),
        tag("text", _table(work, item), *_remarks(draft, work, item)),
        _entry(draft, work, item),
    )
    return tag("component", section)


def _anchor(item: Battery, name: str) -> str:
    return f"{item.panel.key}-{name}"


def _table(work: Work, item: Battery) -> Xml:
    """One line for each result, with the anchor of its entry."""
    before_at = work.before_at if any(m.before is not None for m in item.measures) else None
    headings = (*HEADINGS, f"Le {told.moment(before_at)}") if before_at else HEADINGS
    rows = (_row(item, measure, before_at is not None) for measure in item.measures)
    return lined(headings, rows)


def _row(item: Battery, measure: Measure, has_before: bool) -> Xml:
    name = leaf("content", measure.analyte.name, ID=_anchor(item, measure.analyte.key))
    word = told.flag(measure)
    value = leaf("td", told.found(measure))
    if word:
        value = tag("td", leaf("content", f"{told.found(measure)} ({word})", styleCode="Bold"))
    before = leaf("td", told.before(measure)) if has_before else NOTHING
    return tag("tr", tag("td", name), value, leaf("td", told.usual(measure)), before)


def _remarks(draft: Draft, work: Work, item: Battery) -> tuple[Xml, ...]:
    comments = (
        leaf("content", words, ID=_anchor(item, f"commentaire-{n}"))
        for n, words in enumerate(item.comments, 1)
    )
    biologist = full_name(draft.facts.legal_authenticator)
    validated = f"Résultats validés par {biologist} le {told.moment(work.validated_at)}."
    taken = leaf("content", told.sampling(item, work), ID=_anchor(item, "prelevement"))
    return (
        *(tag("paragraph", words) for words in comments),
        tag("paragraph", taken),
        leaf("paragraph", validated),
    )


def _entry(draft: Draft, work: Work, item: Battery) -> Xml:
    panel = item.panel
    taken = sampling(
        draft,
        panel.specimen.nature,
        _anchor(item, "prelevement"),
        item.sample,
        work.collected_at,
        work.received_at,
    )
    at = time("effectiveTime", work.analysed_at)
    before_at = time("effectiveTime", work.before_at) if work.before_at else NOTHING
    results = (
        result(measure, _anchor(item, measure.analyte.key), at, before_at)
        for measure in item.measures
    )
    code = coded(panel.code.code, panel.code.label, LOINC)
    return entry(
        panel.code,
        (
            validation(draft, work.validated_at),
            related(taken),
            related(battery(code, results)),
            *(comment(_anchor(item, f"commentaire-{n}")) for n in range(1, len(item.comments) + 1)),
        ),
    )
