"""Simulator, documents, parts: what a page of a report is made of, before its layout.

Not here: which parts a report has (see reports), fonts and pages (see pdf).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A titled part of a report: sentences, then a table whose first row is its heading."""

    title: str
    sentences: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
