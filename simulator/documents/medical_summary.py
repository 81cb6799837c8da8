"""Simulator, documents, medical summary: the structured body of the VSM.

Source: CI-SIS, volet VSM 2023.01: problems, what is over, operations, allergies; ways of living,
risks at work, family; results; points to watch; devices; treatments that go on.
Written by the person's own doctor.
Not here: what the person has (life), how an entry is written (summary_entries).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from simulator.documents.draft import Draft, coded, drawn_id, french_day
from simulator.documents.facts import PARIS, Coded
from simulator.documents.history import History, Problem
from simulator.documents.kinds import LOINC
from simulator.documents.life import draw_history
from simulator.documents.markup import NOTHING, Xml, leaf, tag
from simulator.documents.sections import section
from simulator.documents.summary_entries import (
    allergy_entry,
    device_entry,
    habit_entry,
    line_entry,
    no_allergy_entry,
    no_problem_entry,
    operation_entry,
    problem_entry,
    relative_entry,
)
from simulator.documents.tables import lined
from simulator.documents.wording import measured, posology_lasting, usual_values
from simulator.streams import uuid

FR_SECTION = "1.2.250.1.213.1.1.2"
PCC_SECTION = "1.3.6.1.4.1.19376.1.5.3.1.3"
CCD = "2.16.840.1.113883.10.20.1"


def write_body(draft: Draft) -> Xml:
    """``structuredBody`` of a summary."""
    day = draft.created_at.astimezone(PARIS).date()
    history = draw_history(draft.stream, draft.facts, day)
    ids = {problem: uuid(draft.stream).upper() for problem in (*history.problems, *history.past)}
    return tag(
        "structuredBody",
        _conclusions(draft, history, ids),
        _results(draft),
        _watch(draft, history),
        _devices(draft, history),
        _treatments(draft, history, ids),
    )


def day_of(day: date) -> str:
    """``dd/mm/yyyy``."""
    return day.strftime("%d/%m/%Y")


def _group(draft: Draft, root: str, code: Coded, title: str, parts: Iterable[Xml]) -> Xml:
    """A section that holds only sections."""
    return tag(
        "component",
        tag(
            "section",
            tag("templateId", root=f"{FR_SECTION}.{root}"),
            drawn_id(draft),
            coded(code.code, code.label, LOINC),
            leaf("title", title),
            *parts,
        ),
    )


def _table(headings: tuple[str, ...], rows: Iterable[tuple[tuple[str, str], ...]]) -> Xml:
    """What one reads. A cell: its text, and the anchor its entry points at or nothing."""
    return lined(headings, (tag("tr", *(_cell(*cell) for cell in row)) for row in rows))


def _cell(words: str, anchor: str = "") -> Xml:
    return tag("td", leaf("content", words, ID=anchor)) if anchor else leaf("td", words)


def _conclusions(draft: Draft, history: History, ids: dict[Problem, str]) -> Xml:
    """Problems, antecedents, allergies, then risks."""
    illnesses = _group(
        draft,
        "30",
        Coded("34117-2", "Historique et physique"),
        "Pathologies en cours, antécédents et allergies",
        (
            _problems(draft, history, ids),
            _past(draft, history, ids),
            _operations(draft, history),
            _allergies(draft, history),
        ),
    )
    risks = _group(
        draft,
        "31",
        Coded(
            "57207-3",
            "Facteurs de risque présents ou passés affectant l'état de santé"
            " et/ou une circonstance",
        ),
        "Facteurs de risque",
        (_habits(draft, history), _works(draft, history), _relatives(draft, history)),
    )
    return _group(
        draft,
        "29",
        Coded("46612-8", "Conclusions de synthèse"),
        "Pathologies en cours, antécédents, allergies et facteurs de risque",
        (illnesses, risks),
    )


def _problems(draft: Draft, history: History, ids: dict[Problem, str]) -> Xml:
    none = ((("", ""), ("Aucun problème de santé en cours", "probleme-1")),)
    rows = tuple(_dated(problem, "probleme", n) for n, problem in enumerate(history.problems, 1))
    entries = [
        problem_entry(draft, problem, ids[problem], f"probleme-{n}")
        for n, problem in enumerate(history.problems, 1)
    ]
    return section(
        draft,
        Coded("11450-4", "Liste des problèmes actifs"),
        "Pathologies en cours",
        (f"{CCD}.11", f"{PCC_SECTION}.6", f"{FR_SECTION}.132"),
        _table(("Depuis le", "Pathologie"), rows or none),
        entries or [no_problem_entry(draft, "probleme-1")],
    )


def _dated(problem: Problem, anchor: str, number: int) -> tuple[tuple[str, str], ...]:
    return (day_of(problem.since), ""), (problem.told, f"{anchor}-{number}")


def _past(draft: Draft, history: History, ids: dict[Problem, str]) -> Xml:
    if not history.past:
        return NOTHING
    rows = (_dated(problem, "antecedent", n) for n, problem in enumerate(history.past, 1))
    return section(
        draft,
        Coded("11348-0", "Antécédents médicaux"),
        "Antécédents médicaux",
        (f"{PCC_SECTION}.8", f"{FR_SECTION}.134"),
        _table(("Date", "Antécédent"), rows),
        [
            problem_entry(draft, problem, ids[problem], f"antecedent-{n}")
            for n, problem in enumerate(history.past, 1)
        ],
    )


def _operations(draft: Draft, history: History) -> Xml:
    if not history.operations:
        return NOTHING
    rows = (
        ((day_of(done.on), ""), (done.told, f"acte-{n}"), (done.reason.label, f"acte-{n}-motif"))
        for n, done in enumerate(history.operations, 1)
    )
    return section(
        draft,
        Coded("47519-4", "Historique des actes"),
        "Antécédents chirurgicaux",
        (f"{CCD}.12", f"{PCC_SECTION}.11", f"{PCC_SECTION}.12", f"{FR_SECTION}.136"),
        _table(("Date", "Acte", "Motif"), rows),
        [operation_entry(draft, done, n) for n, done in enumerate(history.operations, 1)],
    )


def _allergies(draft: Draft, history: History) -> Xml:
    rows = tuple(
        (
            (day_of(known.since), ""),
            (known.kind.label.capitalize(), f"allergie-{n}"),
            (known.agent, f"allergie-{n}-agent"),
            (known.reaction, ""),
        )
        for n, known in enumerate(history.allergies, 1)
    )
    none = ((("", ""), ("Aucune allergie connue", "allergie-1"), ("", ""), ("", "")),)
    entries = [allergy_entry(draft, known, n) for n, known in enumerate(history.allergies, 1)]
    return section(
        draft,
        Coded("48765-2", "Allergies et hypersensibilités"),
        "Allergies et hypersensibilités",
        (f"{CCD}.2", f"{PCC_SECTION}.13", f"{FR_SECTION}.137"),
        _table(("Depuis le", "Type", "Agent", "Réaction"), rows or none),
        entries or [no_allergy_entry(draft, "allergie-1")],
    )


def _habits(draft: Draft, history: History) -> Xml:
    if not history.habits:
        return NOTHING
    rows = (
        ((habit.code.label, f"habitude-{n}"), (habit.told, ""))
        for n, habit in enumerate(history.habits, 1)
    )
    return section(
        draft,
        Coded("29762-2", "Habitus, Mode de vie"),
        "Mode de vie",
        (f"{CCD}.15", f"{PCC_SECTION}.16", f"{PCC_SECTION}.16.1", f"{FR_SECTION}.141"),
        _table(("Habitude", "Observation"), rows),
        [habit_entry(draft, habit, n) for n, habit in enumerate(history.habits, 1)],
    )


def _works(draft: Draft, history: History) -> Xml:
    if not history.works:
        return NOTHING
    return section(
        draft,
        Coded("10161-8", "Facteurs de risques professionnels"),
        "Facteurs de risque professionnels",
        ("1.3.6.1.4.1.19376.1.5.3.1.1.5.3.1", f"{FR_SECTION}.74"),
        tag("list", *(leaf("item", words) for words in history.works)),
    )


def _relatives(draft: Draft, history: History) -> Xml:
    if not history.relatives:
        return NOTHING
    rows = (
        ((who.relation.label, f"parent-{n}"), (who.told, f"parent-{n}-probleme"))
        for n, who in enumerate(history.relatives, 1)
    )
    return section(
        draft,
        Coded("10157-6", "Historique des pathologies familiales"),
        "Antécédents familiaux",
        (f"{CCD}.4", f"{PCC_SECTION}.14", f"{PCC_SECTION}.15", f"{FR_SECTION}.139"),
        _table(("Lien de parenté", "Antécédent"), rows),
        [relative_entry(draft, who, n) for n, who in enumerate(history.relatives, 1)],
    )


def _results(draft: Draft) -> Xml:
    """The last results, of the stay; the section is compulsory."""
    facts = draft.facts
    came = french_day(facts.performed_at or facts.admitted_at)
    rows = (
        ((came, ""), (result.name, ""), (measured(result), ""), (usual_values(result), ""))
        for result in facts.case.results
    )
    read = _table(("Date", "Examen", "Résultat", "Valeurs usuelles"), rows)
    none = leaf("paragraph", "Aucun résultat récent.")
    return section(
        draft,
        Coded("30954-2", "Résultats d'examens"),
        "Résultats d'examens",
        (f"{PCC_SECTION}.27", f"{FR_SECTION}.150"),
        read if facts.case.results else none,
    )


def _watch(draft: Draft, history: History) -> Xml:
    return section(
        draft,
        Coded("44944-7", "Points de vigilance"),
        "Points de vigilance",
        (f"{FR_SECTION}.245",),
        tag("list", *(leaf("item", words) for words in history.watch)),
    )


def _devices(draft: Draft, history: History) -> Xml:
    if not history.devices:
        return NOTHING
    rows = (
        ((day_of(device.since), ""), (device.told, f"dispositif-{n}"))
        for n, device in enumerate(history.devices, 1)
    )
    return section(
        draft,
        Coded("46264-8", "Dispositifs médicaux"),
        "Dispositifs médicaux",
        (f"{FR_SECTION}.1",),
        _table(("Depuis le", "Dispositif"), rows),
        [device_entry(draft, device, n) for n, device in enumerate(history.devices, 1)],
    )


def _treatments(draft: Draft, history: History, ids: dict[Problem, str]) -> Xml:
    """Treatments that go on, each with the problem it is for."""
    lines = tuple(_lines(history))
    if not lines:
        parts = (tag("text", leaf("paragraph", "Aucun traitement au long cours.")),)
    else:
        parts = (_medicines(draft, lines, ids),)
    return _group(
        draft, "32", Coded("18776-5", "Plan de traitement"), "Traitements au long cours", parts
    )


def _lines(history: History) -> Iterator[tuple[int, Problem, int]]:
    """Number of the line, its problem, its rank among the treatments of the problem."""
    number = 0
    for problem in history.problems:
        for rank in range(len(problem.treatments)):
            number += 1
            yield number, problem, rank


def _medicines(
    draft: Draft, lines: tuple[tuple[int, Problem, int], ...], ids: dict[Problem, str]
) -> Xml:
    rows = (
        (
            (day_of(problem.since), ""),
            (problem.treatments[rank].drug, f"medicament-{n}"),
            (posology_lasting(problem.treatments[rank]), ""),
            (problem.treatments[rank].route.label, ""),
            (problem.told, f"medicament-{n}-motif"),
        )
        for n, problem, rank in lines
    )
    return section(
        draft,
        Coded("10160-0", "Traitements"),
        "Traitements",
        (f"{CCD}.8", f"{PCC_SECTION}.19", f"{FR_SECTION}.143"),
        _table(("Depuis le", "Médicament", "Posologie", "Voie", "Motif"), rows),
        [
            line_entry(draft, problem.treatments[rank], problem, ids[problem], n)
            for n, problem, rank in lines
        ],
    )
