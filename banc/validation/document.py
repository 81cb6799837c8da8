"""Banc, validation, document: what our own rules find wrong in a CDA, with line and path.

With an entry of metadata: where the two disagree. Not here: the rules (kit.cda), the official
kit (judge).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from banc.validation import places
from banc.validation.report import Found, Problem, french, of_refusals, own, told
from kit import cda
from kit.cda.rules.book import elements
from kit.rules import Finding, Malformed
from kit.xml import Element

if TYPE_CHECKING:
    from mocks.dmp.messages.submission import ProvidedDocument

READABLE = "the document can be read"
SOURCE = "CI-SIS, CDA: structuration minimale"
DIFFERENCE = "metadata say what the cda says"
_INDEX = re.compile(r"\[\d+\]")
_ROOT = "ClinicalDocument/"


def judge(content: bytes) -> Found:
    """The rules of the document. Raises Malformed when it holds no ClinicalDocument."""
    try:
        return _judged(cda.read(content))
    except Malformed as error:
        return own([_unreadable(str(error), cda.clinical_document(content))])


def judge_with_entry(item: ProvidedDocument) -> Found:
    """A document of a lot: its own rules, and its entry beside it."""
    if item.cda is None:
        return own([_unreadable(item.unreadable)]) if item.unreadable else Found()
    from mocks.dmp.rules.agreement import JUDGED_AS_CODES  # by the rules of the metadata

    found = _judged(item.cda)
    problems, notes = [], []
    for difference in cda.differences(item.entry, item.cda.header):
        compared = cda.COMPARED[difference.field]
        if difference.field in JUDGED_AS_CODES:
            continue
        if compared.is_binding:
            problems.append(_difference(item.cda.document, difference, compared))
        else:
            notes.append(
                f"{difference.field} {told(difference.seen)!r}, the CDA says"
                f" {told(difference.expected)} [{compared.source}]"
            )
    return found + Found(tuple(problems), (), tuple(notes))


def _judged(read: cda.Cda) -> Found:
    found = of_refusals(
        (replace(item, subject="") for item in cda.check(read)),
        lambda item: place(read.document, item.field, item.seen),
    )
    problems = tuple(replace(item, text=_absent(item)) for item in found.problems)
    return replace(found, problems=problems)


def _absent(problem: Problem) -> str:
    """The place a rule names, where the path stops before it."""
    return "" if _INDEX.sub("", problem.path) == f"/{problem.text}" else problem.text


def place(document: Element, field: str, seen: str) -> tuple[int, str]:
    """Line and path of ``ClinicalDocument/author/time/@value``.

    Of several elements, the one that says what was seen; of an absent one, where it should be.
    """
    steps = field.removeprefix(_ROOT).split("/") if field.startswith(_ROOT) else []
    attribute = steps.pop()[1:] if steps and steps[-1].startswith("@") else ""
    while steps:
        found = _at(document, "/".join(steps))
        if found:
            said = (item for item in found if attribute and item.get(attribute) == seen)
            element = next(said, found[0])
            suffix = f"/@{attribute}" if attribute else ""
            return places.line_of(element), places.path_of(element) + suffix
        steps, attribute = steps[:-1], ""
    return places.line_of(document), places.path_of(document)


def _at(document: Element, path: str) -> list[Element]:
    try:
        return elements(document, path)
    except etree.XPathError:
        return []


def _difference(document: Element, found: Finding, compared: cda.Compared) -> Problem:
    line, path = place(document, _ROOT + compared.place, "")
    return Problem(
        step="banc",
        rule=DIFFERENCE,
        source=compared.source,
        text=told(found.field),
        line=line,
        path=path,
        seen=told(found.seen),
        expected=told(found.expected),
        rule_fr=french(DIFFERENCE),
    )


def _unreadable(why: str, document: Element | None = None) -> Problem:
    line = 0 if document is None else places.line_of(document)
    return Problem("banc", READABLE, SOURCE, told(why), line=line, path="/ClinicalDocument",
                   rule_fr=french(READABLE))  # fmt: skip
