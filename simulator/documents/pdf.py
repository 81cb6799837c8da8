"""Simulator, documents, pdf: lays a report out on A4 pages, the same bytes for the same report.

Not here: what the report says (reports), fonts and metadata (archival).
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from kit.identity import IdentityStatus, completed_date
from simulator.documents.archival import BOLD, FONT, About, archival_canvas
from simulator.documents.draft import Draft, french_day
from simulator.documents.parts import Part
from simulator.documents.reports import report
from simulator.documents.wording import full_name

WIDTH, HEIGHT = A4  # points
MARGIN, FOOT = 52.0, 58.0  # points
SIZE, LEADING = 8.6, 12.0  # points
FICTITIOUS = "Document de banc d'essai : personnes, structures et faits inventés."


def write_pdf(draft: Draft) -> bytes:
    """The PDF of an unstructured document."""
    output = BytesIO()
    facts = draft.facts
    canvas = archival_canvas(
        output, About(draft.kind.title, facts.establishment.name, facts.stay_id)
    )
    sheet = _Sheet(canvas, draft)
    for part in report(draft):
        sheet.part(part)
    sheet.signature()
    sheet.end()
    canvas.save()
    return output.getvalue()


@lru_cache(maxsize=8192)
def _lines(words: str, font: str, size: float, width: float) -> tuple[str, ...]:
    """Words in lines. Kept: headings, names of analytes and notices come in every document."""
    if stringWidth(words, font, size) <= width:
        return (words,)
    lines, left = [""], 0.0
    for word in words.split():
        wide = stringWidth(word + " ", font, size)
        if wide > left and lines[-1]:
            lines.append("")
        if not lines[-1]:
            left = width
        lines[-1] += word + " "
        left -= wide
    return tuple(lines)


class _Sheet:
    """The page being filled: where the next line goes, and how a page begins and ends.

    All words of a page are one text object: an object for each line costs twice as much.
    """

    def __init__(self, canvas: Canvas, draft: Draft) -> None:
        self.canvas, self.draft = canvas, draft
        self.page = 0
        self.y = 0.0
        self.style = "", 0.0  # font and size
        self._begin()

    def part(self, part: Part) -> None:
        self._room(4 * LEADING)
        self.y -= LEADING * 0.6
        self._write(part.title, BOLD, SIZE + 1)
        for sentence in part.sentences:
            self._write(sentence)
        if part.table:
            self._table(part.table)

    def signature(self) -> None:
        self._room(5 * LEADING)
        self.y -= LEADING
        facts = self.draft.facts
        self._write(f"Le {french_day(self.draft.created_at)}, {facts.establishment.address.city}.")
        self._write(full_name(facts.legal_authenticator), BOLD)
        self._write(f"RPPS {facts.legal_authenticator.rpps}. Document validé électroniquement.")

    def _table(self, rows: tuple[tuple[str, ...], ...]) -> None:
        column = (WIDTH - 2 * MARGIN) / len(rows[0])
        for number, row in enumerate(rows):
            font = FONT if number else BOLD
            cells = [_lines(cell, font, SIZE, column - 6) for cell in row]
            lines = max(len(cell) for cell in cells)
            self._room((lines + 1) * LEADING)
            for index, cell in enumerate(cells):
                for depth, line in enumerate(filter(None, cell)):
                    self._at(MARGIN + index * column, self.y - depth * LEADING, line, font)
            self.y -= lines * LEADING
            self.canvas.line(MARGIN, self.y + 9, WIDTH - MARGIN, self.y + 9)

    def _write(self, words: str, font: str = FONT, size: float = SIZE) -> None:
        for line in _lines(words, font, size, WIDTH - 2 * MARGIN):
            self._room(LEADING)
            self._at(MARGIN, self.y, line, font, size)
            self.y -= LEADING

    def _at(self, x: float, y: float, line: str, font: str = FONT, size: float = SIZE) -> None:
        if self.style != (font, size):
            self.style = font, size
            self.text.setFont(font, size)
        self.text.setTextOrigin(x, y)
        self.text.textLine(line)

    def end(self) -> None:
        """Of the page."""
        self.canvas.drawText(self.text)
        self.canvas.showPage()

    def _room(self, height: float) -> None:
        """Start a new page when ``height`` points are not left on this one."""
        if self.y - height < FOOT:
            self.end()
            self._begin()

    def _begin(self) -> None:
        self.page += 1
        self.text = self.canvas.beginText()
        self.style = "", 0.0
        self.y = HEIGHT - MARGIN
        self.canvas.setLineWidth(0.4)
        self._letterhead()
        self._patient()
        self._at(MARGIN, FOOT - 24, f"{FICTITIOUS} Page {self.page}.", FONT, 7)
        if self.page == 1:
            self.y -= LEADING
            self._write(self.draft.kind.title.upper(), BOLD, 13)

    def _letterhead(self) -> None:
        place = self.draft.facts.establishment
        where = place.address
        self._write(place.name, BOLD, 12)
        self._write(f"{where.line}, {where.postal_code} {where.city} - FINESS {place.finess_eg}")
        self._write(f"Service : {self.draft.facts.unit.name}")
        self.canvas.line(MARGIN, self.y + 6, WIDTH - MARGIN, self.y + 6)

    def _patient(self) -> None:
        """The identity box: the INS is shown only when the identity is qualified."""
        facts = self.draft.facts
        traits = facts.patient.traits
        self.y -= 4
        used = f" (nom utilisé : {facts.patient.used_name})" if facts.patient.used_name else ""
        self._write(f"{traits.birth_name} {' '.join(traits.first_names)}{used}", BOLD)
        born = "/".join(reversed(completed_date(traits.birth_date).split("-")))
        place = f"Lieu de naissance : {traits.birth_place}"
        self._write(f"Date de naissance : {born}   Sexe : {traits.sex}   {place}")
        ins = ""
        if facts.identity_status is IdentityStatus.QUALIFIED:
            ins = f"   INS : {facts.patient.ins.matricule}"
        self._write(f"IPP : {facts.ipp}   Venue : {facts.stay_id}{ins}")
        self.canvas.line(MARGIN, self.y + 6, WIDTH - MARGIN, self.y + 6)
