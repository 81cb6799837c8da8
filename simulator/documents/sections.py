"""Simulator, documents, sections: the two shapes a structured body is made of.

A section holds what one reads and what software reads; an observation points at the line one
reads. Not here: which sections a document has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from simulator.documents import people
from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, drawn_id, local_day, templates, time
from simulator.documents.facts import Coded
from simulator.documents.kinds import LOINC
from simulator.documents.markup import NOTHING, TYPE, Xml, leaf, tag
from simulator.documents.tables import pointer

SIMPLE_OBSERVATION = ("1.3.6.1.4.1.19376.1.5.3.1.4.13", "1.2.250.1.213.1.1.3.48")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing observed: a line to read and an entry that says the same in codes."""

    template: str  # below 1.2.250.1.213.1.1.3.48
    code: Coded  # TA_ASIP
    anchor: str
    heading: str
    told: str
    value: Xml
    at: datetime
    is_signed: bool = False


def section(
    draft: Draft,
    code: Coded,
    title: str,
    roots: tuple[str, ...],
    narrative: Xml,
    entries: Iterable[Xml] = (),
    *,
    parts: Iterable[Xml] = (),
    system: str = LOINC,
) -> Xml:
    """A section; ``parts`` are the sections it holds."""
    return tag(
        "component",
        tag(
            "section",
            *templates(*roots),
            drawn_id(draft),
            coded(code.code, code.label, system),
            leaf("title", title),
            tag("text", narrative),
            *(tag("entry", entry) for entry in entries),
            *parts,
        ),
    )


def lines(findings: Iterable[Finding]) -> Xml:
    """The table one reads: heading, then what was found, with the anchor of its entry."""
    rows = (
        tag("tr", leaf("td", f.heading), tag("td", leaf("content", f.told, ID=f.anchor)))
        for f in findings
    )
    return tag("table", tag("tbody", *rows), border="0")


def observation(draft: Draft, found: Finding, *more_templates: str) -> Xml:
    """The entry of a finding (FR-Simple-observation); signed ones name their author."""
    own = f"{SIMPLE_OBSERVATION[1]}.{found.template}"
    return tag(
        "observation",
        *templates(*SIMPLE_OBSERVATION, own, *more_templates),
        drawn_id(draft),
        coded(found.code.code, found.code.label, terms.TA_ASIP),
        pointer(found.anchor),
        tag("statusCode", code="completed"),
        tag("effectiveTime", value=local_day(found.at)),
        found.value,
        _signature(draft) if found.is_signed else NOTHING,
        classCode="OBS",
        moodCode="EVN",
    )


def _signature(draft: Draft) -> Xml:
    facts = draft.facts
    return tag(
        "author",
        time("time", draft.created_at),
        people.entity(
            facts.author,
            "assignedAuthor",
            people.organization(facts.establishment, "representedOrganization"),
        ),
    )


def coded_value(code: str, label: str, system: str, kind: str = "CE") -> Xml:
    return coded(code, label, system, name="value", **{TYPE: kind})


def string_value(words: str) -> Xml:
    return leaf("value", words, **{TYPE: "ST"})


def boolean_value(holds: bool) -> Xml:
    return tag("value", **{TYPE: "BL"}, value="true" if holds else "false")
