"""Simulator, documents, pdf: lays a report out on A4 pages, the same bytes for the same report.

Not here: what the report says (reports), fonts and metadata (archival).
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from kit.identity import IdentityStatus
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
    canvas.showPage()
    canvas.save()
    return output.getvalue()


@lru_cache(maxsize=4096)  # most sentences are those of a picture or a notice
def _split(words: str, font: str, size: float, width: float) -> tuple[str, ...]:
    """The lines of a text that is ``width`` points wide."""
    return tuple(simpleSplit(words, font, size, width)) or ("",)


class _Sheet:
    """The page being filled: where the next line goes, and how a page begins and ends."""

    def __init__(self, canvas: Canvas, draft: Draft) -> None:
        self.canvas, self.draft = canvas, draft
        self.page = 0
        self.y = 0.0
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
            cells = [_split(cell, font, SIZE, column - 6) for cell in row]
            lines = max(len(cell) for cell in cells)
            self._room((lines + 1) * LEADING)
            for index, cell in enumerate(cells):
                for depth, line in enumerate(cell):
                    self._at(MARGIN + index * column, self.y - depth * LEADING, line, font)
            self.y -= lines * LEADING
            self.canvas.line(MARGIN, self.y + 9, WIDTH - MARGIN, self.y + 9)

    def _write(self, words: str, font: str = FONT, size: float = SIZE) -> None:
        for line in _split(words, font, size, WIDTH - 2 * MARGIN):
            self._room(LEADING)
            self._at(MARGIN, self.y, line, font, size)
            self.y -= LEADING

    def _at(self, x: float, y: float, line: str, font: str = FONT, size: float = SIZE) -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, line)

    def _room(self, height: float) -> None:
        """Start a new page when ``height`` points are not left on this one."""
        if self.y - height < FOOT:
            self.canvas.showPage()
            self._begin()

    def _begin(self) -> None:
        self.page += 1
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
        born = "/".join(reversed(traits.birth_date.split("-")))
        place = f"Lieu de naissance : {traits.birth_place}"
        self._write(f"Date de naissance : {born}   Sexe : {traits.sex}   {place}")
        ins = ""
        if facts.identity_status is IdentityStatus.QUALIFIED:
            ins = f"   INS : {facts.patient.ins.matricule}"
        self._write(f"IPP : {facts.ipp}   Venue : {facts.stay_id}{ins}")
        self.canvas.line(MARGIN, self.y + 6, WIDTH - MARGIN, self.y + 6)
