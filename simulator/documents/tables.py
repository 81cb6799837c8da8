"""Simulator, documents, tables: what one reads in a structured section, and how an entry points.

Not here: any section, any code.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.documents.markup import Xml, leaf, tag


def table(headings: Iterable[str], rows: Iterable[Iterable[Xml]]) -> Xml:
    """A table of the narrative block: its headings, then its rows of cells."""
    return lined(headings, (tag("tr", *(tag("td", cell) for cell in row)) for row in rows))


def lined(headings: Iterable[str], lines: Iterable[Xml]) -> Xml:
    """The same of lines that are written already."""
    head = tag("thead", tag("tr", *(leaf("th", heading) for heading in headings)))
    return tag("table", head, tag("tbody", *lines), border="0")


def paragraphs(sentences: Iterable[str]) -> tuple[Xml, ...]:
    return tuple(leaf("paragraph", sentence) for sentence in sentences)


def anchored(anchor: str, words: str) -> Xml:
    """Words that an entry can point at."""
    return leaf("content", words, ID=anchor)


def pointer(anchor: str) -> Xml:
    """Where the words of an entry are read."""
    return tag("text", tag("reference", value="#" + anchor))


def original(anchor: str) -> Xml:
    """Where the words of a code are read."""
    return tag("originalText", tag("reference", value="#" + anchor))
