"""World, civil: how the civil register spells a name that INSi writes in plain capitals.

Capitals with accents, cedillas, ligatures and the typographic apostrophe; ``kit.identity`` takes
them away again, and the same name comes back. Not here: who bears a name (``names``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from kit.identity import unaccented


def _words(text: str) -> dict[str, str]:
    return {unaccented(word): word for word in text.split()}


_SPELLED = _words(
    """
    ADÈLE AGNÈS AÏCHA AIMÉ AMÉLIE ANAÏS ANDRÉ ANDRÉE ANGÉLIQUE AURÉLIE AURÉLIEN BÉATRICE
    BENOÎT CÉCILE CÉDRIC CÉLIA CÉLINE CHLOÉ CLÉMENCE CLÉMENT DANIÈLE ÉDOUARD ÉLIANE ÉLIOT ÉLISA
    ÉLISABETH ÉLISE ÉLODIE ÉMILE ÉMILIE ÉMILIENNE ÉRIC ÉTIENNE EUGÈNE ÈVE FÉLIX FRANÇOIS FRANÇOISE
    FRÉDÉRIC GAËL GAËLLE GAËTAN GENEVIÈVE GÉRARD GISÈLE GRÉGORY HÉLÈNE HERVÉ INÈS JÉRÉMY JÉRÔME
    JOÃO JOËL JOËLLE JOSÉ KÉVIN LAËTITIA LÉA LÉNA LÉO LÉON LÉONIE LOÏC MAËL MAËLYS MAËVA MATHÉO
    MÉLANIE MÉLISSA MICHÈLE MICKAËL NAËL NOËL NOÉMIE OCÉANE RAPHAËL RÉGINE RÉGIS RÉMI RENÉ
    RENÉE SALOMÉ SÉBASTIEN SÉVERINE SOLÈNE STÉPHANE STÉPHANIE THÉO THÉRÈSE TIMÉO VALÉRIE VÉRONIQUE
    ZOÉ AYŞE ALLÈGRE AUBRÉE BARTHÉLÉMY BÉGUIN CLÉMENCEAU CRÉPIN DUGUÉ
    ÉMERY ESTÈVE FABRÈGUE FOUGÈRE GONÇALVO HAUDECŒUR HÉBERT HÉLIAS LEFÈVRE LÉVÊQUE LELIÈVRE
    MAGALHÃES LÓPEZ-VEGA GUZMÁN KANTÉ KEÏTA CISSÉ TRAORÉ TOURÉ SANGARÉ
    DIABATÉ KONATÉ CONDÉ KOUYATÉ BALDÉ KOVAČ ÇELIK ŞAHIN ÖZDEMIR ÜSTÜN ÉTREVAL
    ÉVRECOURT ÉGREMONT ÉPINEVAL ÉCQUEMONT
    """
)
_PATTERNS = (
    (re.compile(r"\b([BGHMST])E(?=[BCDGLMNPRSTV][AEIOUY])"), r"\1É"),
    (re.compile(r"IERE\b"), "IÈRE"),
    (re.compile(r"OEU"), "ŒU"),
    (re.compile(r"'"), "’"),
)
_PARTS = re.compile(r"[A-Z]+|[^A-Z]+")


@lru_cache(4096)
def spelled(name: str) -> str:
    """``LEFEVRE`` -> ``LEFÈVRE``, ``COEUR`` -> ``CŒUR``, ``D'ANCELLE`` -> ``D’ANCELLE``."""
    known = "".join(_SPELLED.get(part, part) for part in _PARTS.findall(name))
    if known != name:
        return known.replace("'", "’")
    for pattern, spelling in _PATTERNS:
        known = pattern.sub(spelling, known)
    return known
