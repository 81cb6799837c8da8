"""Simulator, documents, PDF copy: the same document as pages, inside a structured one.

Source: CI-SIS, section FR-Document-PDF-copie. Not here: the pages (see pdf).
"""

from __future__ import annotations

from simulator.documents.draft import Draft, coded, drawn_id, templates
from simulator.documents.kinds import LOINC
from simulator.documents.markup import TYPE, Xml, base64, leaf, tag
from simulator.documents.pdf import write_pdf
from simulator.documents.sections import SIMPLE_OBSERVATION
from simulator.documents.tables import pointer

SECTION = "1.2.250.1.213.1.1.2.243"
ATTACHED = "1.2.250.1.213.1.1.3.18"
TYPE_OF_ATTACHED = "1.2.250.1.213.1.1.3.48.18"
COPY = "Copie du document"
ANCHOR, MEDIA = "copie", "copie-pdf"


def write_copy(draft: Draft) -> Xml:
    """The section, as a component of the body."""
    read = tag(
        "tr",
        tag("td", leaf("content", COPY, ID=ANCHOR)),
        tag("td", tag("renderMultiMedia", referencedObject=MEDIA)),
    )
    section = tag(
        "section",
        *templates(SECTION),
        drawn_id(draft),
        coded("55108-5", COPY, LOINC),
        leaf("title", COPY),
        tag("text", tag("table", tag("tbody", read), border="0")),
        tag("entry", _attached(draft)),
    )
    return tag("component", section)


def _attached(draft: Draft) -> Xml:
    content = base64(write_pdf(draft))
    value = tag("value", content, mediaType="application/pdf", representation="B64")
    media = tag("observationMedia", value, classCode="OBS", moodCode="EVN", ID=MEDIA)
    return tag(
        "organizer",
        *templates(ATTACHED),
        drawn_id(draft),
        coded("55107-7", "Document attaché", LOINC),
        tag("statusCode", code="completed"),
        tag("component", _type(draft)),
        tag("component", media),
        classCode="CLUSTER",
        moodCode="EVN",
    )


def _type(draft: Draft) -> Xml:
    return tag(
        "observation",
        *templates(*SIMPLE_OBSERVATION, TYPE_OF_ATTACHED),
        drawn_id(draft),
        coded("69764-9", "Type de document", LOINC),
        pointer(ANCHOR),
        tag("statusCode", code="completed"),
        tag("effectiveTime", nullFlavor="NA"),
        coded("55108-5", COPY, LOINC, name="value", **{TYPE: "CD"}),
        classCode="OBS",
        moodCode="EVN",
    )
