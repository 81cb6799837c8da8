"""Simulator, documents, copy section: the PDF of a structured document, inside it.

Source: CI-SIS, section FR-Document-PDF-copie (1.2.250.1.213.1.1.2.243). Not here: the PDF itself.
"""

from __future__ import annotations

from base64 import b64encode

from simulator.documents.draft import Draft, coded, drawn_id, templates
from simulator.documents.facts import Coded
from simulator.documents.kinds import LOINC
from simulator.documents.markup import Xml, tag, text
from simulator.documents.pdf import write_pdf
from simulator.documents.sections import SIMPLE_OBSERVATION, coded_value, section
from simulator.documents.tables import anchored, pointer

COPY = Coded("55108-5", "Copie du document")
COPY_TEMPLATE = "1.2.250.1.213.1.1.2.243"
ATTACHED_TEMPLATE = "1.2.250.1.213.1.1.3.18"
TYPE_TEMPLATE = "1.2.250.1.213.1.1.3.48.18"
NAME, MEDIA = "copie", "copie-pdf"  # anchors


def copy_section(draft: Draft) -> Xml:
    """FR-Document-PDF-copie."""
    narrative = tag(
        "paragraph",
        anchored(NAME, "Copie du document au format PDF"),
        tag("renderMultiMedia", referencedObject=MEDIA),
    )
    return section(draft, COPY, COPY.label, (COPY_TEMPLATE,), narrative, [_attached(draft)])


def _attached(draft: Draft) -> Xml:
    content = b64encode(write_pdf(draft)).decode()
    value = tag("value", text(content), mediaType="application/pdf", representation="B64")
    media = tag("observationMedia", value, classCode="OBS", moodCode="EVN", ID=MEDIA)
    return tag(
        "organizer",
        tag("templateId", root=ATTACHED_TEMPLATE),
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
        *templates(*SIMPLE_OBSERVATION, TYPE_TEMPLATE),
        drawn_id(draft),
        coded("69764-9", "Type de document", LOINC),
        pointer(NAME),
        tag("statusCode", code="completed"),
        tag("effectiveTime", nullFlavor="NA"),
        coded_value(COPY.code, COPY.label, LOINC, "CD"),
        classCode="OBS",
        moodCode="EVN",
    )
