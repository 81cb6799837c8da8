"""Simulator, documents, draft: a document being written, and the small shapes all parts share.

Times, coded elements, identifiers. Not here: any section or header element as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from kit.world import Establishment, Professional
from simulator.documents.facts import PARIS, StayFacts
from simulator.documents.kinds import Kind
from simulator.documents.markup import Xml, tag
from simulator.documents.practice import Practice
from simulator.streams import uuid


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """What every part of a document being written may look at; each is only equal to itself."""

    kind: Kind
    facts: StayFacts
    unique_id: str
    set_id: str
    version: int
    created_at: datetime
    replaces: str | None
    stream: np.random.Generator

    @property
    def author(self) -> Professional:
        """Who writes it: in town, the person's own doctor."""
        return self._own_doctor() if self.kind.is_from_town else self.facts.author

    @property
    def authenticator(self) -> Professional:
        """Who takes the responsibility (responsable du document)."""
        return self._own_doctor() if self.kind.is_from_town else self.facts.legal_authenticator

    @property
    def place(self) -> Establishment | Practice:
        """Where it is written."""
        return Practice(self.author) if self.kind.is_from_town else self.facts.establishment

    @property
    def left_at(self) -> datetime:
        """The end of the stay; of one that goes on, the time of writing."""
        return self.facts.left_at or self.created_at

    def _own_doctor(self) -> Professional:
        if self.facts.attending_doctor is None:
            told = f"stay {self.facts.stay_id}: no attending doctor to write a {self.kind.name}"
            raise NothingToReport(told)
        return self.facts.attending_doctor


class NothingToReport(ValueError):
    """The stay holds nothing that a document of this kind reports."""


def coded(
    code: str, label: str, system: str, *children: Xml, name: str = "code", **attributes: str
) -> Xml:
    """A CD or CE element; ``attributes`` come first (``xsi:type``)."""
    return tag(
        name, *children, **attributes, code=code, displayName=label, codeSystem=system
    )  # fmt: skip


def local_time(at: datetime) -> str:
    """An instant as HL7 writes it in Paris: ``YYYYMMDDhhmmss+zzzz``."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(PARIS).strftime("%Y%m%d%H%M%S%z")


def local_day(at: datetime) -> str:
    """The civil day of an instant in Paris, ``YYYYMMDD``."""
    return at.astimezone(PARIS).strftime("%Y%m%d")


def french_day(at: datetime) -> str:
    """The civil day of an instant in Paris as one reads it, ``dd/mm/yyyy``."""
    return at.astimezone(PARIS).strftime("%d/%m/%Y")


def time(name: str, at: datetime) -> Xml:
    return tag(name, value=local_time(at))


def templates(*roots: str) -> tuple[Xml, ...]:
    """``templateId`` elements in the order given."""
    return tuple(tag("templateId", root=root) for root in roots)


def drawn_id(draft: Draft) -> Xml:
    """An ``id`` of its own for an entry or a section."""
    return tag("id", root=uuid(draft.stream).upper())
