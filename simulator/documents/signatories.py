"""Simulator, documents, signatories: which specialty signs which kind of document.

A surgeon signs an operation, a biologist a laboratory report. Not here: who works where.
"""

from __future__ import annotations

from collections.abc import Sequence

from kit.world import Professional

# Kind of document -> the specialties that sign it; every other kind is signed in its ward.
SIGNED_BY = {
    "CR_BIO": ("SM03",),
    "CR_IMG": ("SM74", "SM44"),
    "CR_ACP": ("SM01",),
    "CR_URG": ("SM59",),
}

# First letters of a CCAM code (the system that is operated) -> who operates; CCAM, chapters.
OPERATORS = {
    "A": ("SM31", "SM08"),  # nervous system
    "B": ("SM38",),  # eye
    "C": ("SM34", "SM39"),  # ear
    "D": ("SM04", "SM11"),  # heart
    "E": ("SM13", "SM04"),  # vessels
    "F": ("SM34", "SM39", "SM09"),  # immune system and its glands
    "G": ("SM34", "SM39", "SM11"),  # breathing
    "H": ("SM14", "SM05", "SM09"),  # digestion
    "J": ("SM12", "SM05"),  # kidneys, male genitals
    "JK": ("SM20", "SM51"),  # womb
    "JQ": ("SM20", "SM51"),  # birth
    "L": ("SM14", "SM08", "SM31", "SM05", "SM09"),  # trunk: wall of the belly, spine
    "LM": ("SM14", "SM05", "SM09", "SM12"),
    "M": ("SM08", "SM05"),  # upper limb
    "N": ("SM08", "SM05"),  # lower limb
    "P": ("SM08", "SM05"),
    "Q": ("SM20", "SM05", "SM10", "SM51"),  # skin, breast
}


def specialties_of(kind: str, act: str | None) -> tuple[str, ...]:
    """The specialties that may sign; () when whoever is in charge does. act: a CCAM code."""
    if kind == "CRO" and act:
        return OPERATORS.get(act[:2]) or OPERATORS.get(act[:1], ())
    return SIGNED_BY.get(kind, ())


def signatory(
    own: Professional, staff: Sequence[Professional], wanted: Sequence[str]
) -> Professional:
    """``own`` when their specialty may sign, else one of the staff whose does, else ``own``.

    The same person always hands over to the same colleague.
    """
    if not wanted or own.specialty in wanted:
        return own
    colleagues = [who for who in staff if who.specialty in wanted]
    return colleagues[int(own.rpps) % len(colleagues)] if colleagues else own
