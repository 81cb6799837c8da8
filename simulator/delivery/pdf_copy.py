"""Simulator, delivery, PDF copy: the document again, for readers who cannot open the archive.

N1: the PDF of the document itself. N3: its header and narrative, laid out as PDF/A-1b without any
date of production, so that the same document gives the same bytes.
Source: Référentiel #2, ECO.2.1.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit

from kit.cda import CdaHeader, body_kind, clinical_document, read_unstructured_body
from kit.xml import Element, find, find_all, find_text
from simulator.documents.archival import BOLD, FONT, About, archival_canvas

WIDTH, HEIGHT = A4  # points
MARGIN, SIZE, LEADING = 52.0, 8.6, 12.0  # points


def pdf_copy(cda: bytes, header: CdaHeader) -> bytes:
    """The PDF copy of a CDA document."""
    if body_kind(cda) == "N1":
        return read_unstructured_body(cda)[1]
    return _laid_out(list(_lines(cda, header)), header.title)


def _lines(cda: bytes, header: CdaHeader) -> Iterator[tuple[str, bool]]:
    """Each line and whether it is a title."""
    patient = header.patient
    yield header.title, True
    yield f"{patient.birth_name} {patient.first_given_name}, {patient.birth_time[:8]}", False
    document = clinical_document(cda)
    for section in find_all(document, ".//hl7:structuredBody//hl7:component/hl7:section"):
        yield find_text(section, "hl7:title") or "Section", True
        narrative = find(section, "hl7:text")
        if narrative is not None:
            yield from ((line, False) for line in _told(narrative))


def _told(narrative: Element) -> Iterator[str]:
    """The text of a narrative, a line for each paragraph, item or row."""
    rows = list(narrative.iter("{*}paragraph", "{*}item", "{*}tr", "{*}caption"))
    for row in rows or [narrative]:
        words = " ".join("  ".join(row.itertext()).split())
        if words:
            yield words


def _laid_out(lines: list[tuple[str, bool]], title: str) -> bytes:
    output = BytesIO()
    canvas = archival_canvas(output, About(title, "", ""))
    y = HEIGHT - MARGIN
    for words, is_title in lines:
        font = BOLD if is_title else FONT
        y -= LEADING * 0.6 if is_title else 0
        for line in simpleSplit(words, font, SIZE, WIDTH - 2 * MARGIN):
            if y < MARGIN:
                canvas.showPage()
                y = HEIGHT - MARGIN
            canvas.setFont(font, SIZE)
            canvas.drawString(MARGIN, y, line)
            y -= LEADING
    canvas.showPage()
    canvas.save()
    return output.getvalue()
