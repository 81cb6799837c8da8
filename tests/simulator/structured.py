"""A second reader of structured documents: nothing of the writer is used to read."""

from __future__ import annotations

from collections.abc import Iterator

from kit.xml import Element, parse
from simulator.documents import StayFacts
from tests.simulator.stays import a_document, a_stay

H = {"h": "urn:hl7-org:v3", "i": "urn:dicom-org:ps3-20"}
SEEDS = range(1, 161)


def stays(kind: str) -> Iterator[tuple[int, StayFacts]]:
    """Stays that have what a document of this kind reports, with their seed."""
    for seed in SEEDS:
        facts = a_stay(seed)
        if facts.case.imaging if kind == "CR_IMG" else facts.case.treatments:
            yield seed, facts


def read(kind: str, seed: int, facts: StayFacts) -> Element:
    return parse(a_document(kind, seed, facts=facts).cda)


def found(root: Element, path: str) -> list[Element]:
    return list(root.xpath(path, namespaces=H))


def words(root: Element, path: str) -> list[str]:
    return [str(value) for value in root.xpath(path, namespaces=H)]


def place(root: Element, anchor: str) -> str:
    """What is read at an anchor; there is one such place."""
    (node,) = root.xpath("//*[@ID=$id]", id=anchor)
    return " ".join("".join(node.itertext()).split())


def said(root: Element, node: Element, path: str) -> str:
    """What the narrative says where the one reference below ``path`` points."""
    (value,) = words(node, f"{path}//h:reference/@value")
    return place(root, value.removeprefix("#"))
