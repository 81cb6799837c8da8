"""Simulator, documents, pathology: the report of the CR_ACP (anatomie et cytologie pathologiques).

Only for what an operation or an endoscopy took: the rows of pathology.yaml. All reports of a stay
say the same. Not here: layout (see pdf), the CDA around (see write).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import yaml

from simulator.documents.draft import Draft, french_day
from simulator.documents.facts import ClinicalCase
from simulator.documents.parts import Part
from simulator.documents.references import FOLDER
from simulator.documents.wording import full_name
from simulator.streams import Streams

TECHNIQUE = "Fixation au formol tamponné, inclusion en paraffine, coloration par hématéine-éosine."


@dataclass(frozen=True, slots=True)
class Finding:
    """What may be seen, and how often."""

    weight: float
    microscopy: tuple[str, ...]
    conclusion: str


@dataclass(frozen=True, slots=True)
class Specimen:
    """What was taken. act: the CCAM code that took it, "" for an endoscopy."""

    act: str
    name: str
    sizes: tuple[tuple[str, int, int], ...]
    macroscopy: tuple[str, ...]
    findings: tuple[Finding, ...]


def specimen_of(case: ClinicalCase) -> Specimen | None:
    """What the pathologist received; None when nothing was taken."""
    return specimen_taken(case.diagnosis.code, case.act.act.code if case.act else "")


def specimen_taken(diagnosis: str, act: str) -> Specimen | None:
    """What is taken for a diagnosis (CIM-10) by an act (CCAM), by an endoscopy when "" is."""
    found = _specimens().get(diagnosis)
    return found if found and found.act == act else None


@cache
def _specimens() -> dict[str, Specimen]:
    rows = yaml.safe_load((FOLDER / "pathology.yaml").read_text("utf-8"))
    return {code: _specimen(row) for code, row in rows.items()}


def _specimen(row: dict[str, Any]) -> Specimen:
    return Specimen(
        act=row.get("act", ""),
        name=row["specimen"],
        sizes=tuple((name, low, high) for name, (low, high) in row["sizes"].items()),
        macroscopy=tuple(row["macroscopy"]),
        findings=tuple(
            Finding(weight, tuple(seen), told) for weight, seen, told in row["findings"]
        ),
    )


def pathology_parts(draft: Draft) -> tuple[Part, ...]:
    """Specimen, macroscopy, microscopy, conclusion."""
    facts = draft.facts
    specimen = specimen_of(facts.case)
    assert specimen is not None  # the header, written first, asked for it
    stream = Streams(0).fresh(f"{facts.stay_id}/pathology")
    sizes = {name: int(stream.integers(low, high + 1)) for name, low, high in specimen.sizes}
    finding = _drawn(stream, specimen.findings)

    def told(sentences: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sentence.format(**sizes) for sentence in sentences)

    validated = f"Examen validé par {full_name(facts.legal_authenticator)}."
    return (
        Part("Prélèvement", (f"{specimen.name}.", *_taken(draft))),
        Part("Renseignements cliniques", (f"{facts.case.reason}.",)),
        Part("Macroscopie", told(specimen.macroscopy)),
        Part("Technique", (TECHNIQUE,)),
        Part("Microscopie", told(finding.microscopy)),
        Part("Conclusion", (*told((finding.conclusion,)), validated)),
    )


def _taken(draft: Draft) -> tuple[str, ...]:
    facts = draft.facts
    at = facts.performed_at or facts.admitted_at
    asked = f" Demandé par {full_name(facts.prescriber)}." if facts.prescriber else ""
    act = facts.case.act
    during = f" Acte : {act.act.label} ({act.act.code})." if act else ""
    return (f"Prélevé le {french_day(at)}, {facts.unit.name}.{asked}{during}",)


def _drawn(stream: np.random.Generator, findings: tuple[Finding, ...]) -> Finding:
    at = float(stream.random()) * sum(finding.weight for finding in findings)
    for finding in findings:
        at -= finding.weight
        if at < 0:
            return finding
    return findings[-1]
