"""Banc, documents: a document of an invented stay for whoever programs against the bench.

Not here: the command line (document_verbs), existing files (feed).
"""

from __future__ import annotations

from kit.settings import Settings
from kit.world import world_of
from simulator.documents import ClinicalDocument
from simulator.sample import Wish, draw_document


def document(
    kind: str,
    seed: int = 1,
    *,
    establishment: str | None = None,
    patient: int | str | None = None,
    settings: Settings | None = None,
) -> ClinicalDocument:
    """A CDA document of ``kind``: ``document("LDL", 7).cda`` are its bytes, always the same.

    establishment: a FINESS number of the country, site or legal entity. patient: the matricule of
    one of its people, a text of 15 characters, or their index. settings: for another country than
    that of the default seed.
    Raises CannotDraw, which says why: no such kind, nobody it happens to, no ward that sees it.
    """
    world = world_of(settings or Settings())
    return draw_document(Wish(kind, seed, establishment, patient), world)
