"""Simulator, documents, laboratory tables: what laboratory.yaml says, read once.

Analytes with their usual values by sex and age, panels, specimens, chapters, germs. Not here: any
value of a patient (see laboratory_work), any format.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from simulator.documents.facts import Coded
from simulator.documents.references import FOLDER

Limits = tuple[float | None, float | None]  # low, high; None where there is no limit


@dataclass(frozen=True, slots=True)
class Analyte:
    """One thing measured. half_life: days to come halfway back, 0 when asked once in a stay."""

    key: str
    name: str
    code: Coded  # LOINC
    unit: str  # as one reads it
    ucum: str
    decimals: int
    half_life: float
    alert: Limits
    rows: tuple[tuple[str, int, float | None, float | None], ...]

    def usual(self, sex: str, age: int) -> Limits:
        """The usual values of somebody of this sex and age."""
        *_, (_, _, low, high) = (
            row for row in self.rows if row[1] <= age and (sex in row[0] or sex not in "MF")
        )
        return low, high

    def rounded(self, value: float) -> float:
        """As the instrument gives it."""
        return round(value, self.decimals) if self.decimals else float(round(value))


@dataclass(frozen=True, slots=True)
class Specimen:
    """What is taken: the nature in codes, and in words."""

    nature: Coded  # HL7 0487
    told: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Analytes that are asked together (sous-chapitre)."""

    key: str
    title: str
    code: Coded  # LOINC
    chapter: Coded  # LOINC
    specimen: Specimen
    asked: frozenset[str]
    analytes: tuple[str, ...]
    is_whole: bool
    within: str  # the panel that makes this one needless


@dataclass(frozen=True, slots=True)
class Germ:
    """What may grow, what it is tested against and what strains resist."""

    code: Coded  # SNOMED CT
    taxon: str  # NCBI
    gram: str
    weight: float
    tested: tuple[str, ...]
    strains: tuple[tuple[float, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Antibiotic:
    """MIC in mg/L: at most `susceptible`, or above `resistant`."""

    name: str
    code: Coded  # LOINC
    susceptible: float
    resistant: float


@cache
def _rows() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / "laboratory.yaml").read_text("utf-8"))
    return content


@cache
def analytes() -> dict[str, Analyte]:
    return {key: _analyte(key, row) for key, row in _rows()["analytes"].items()}


def _analyte(key: str, row: dict[str, Any]) -> Analyte:
    low, high = row.get("alert", (None, None))
    return Analyte(
        key=key,
        name=row["name"],
        code=Coded(row["loinc"], row["label"]),
        unit=row["unit"],
        ucum=row["ucum"],
        decimals=row["decimals"],
        half_life=row.get("days", 0),
        alert=(low, high),
        rows=tuple((sex, age, low, high) for sex, age, low, high in row["usual"]),
    )


@cache
def chapters() -> dict[str, Coded]:
    """In the order of a report."""
    return {key: Coded(*row) for key, row in _rows()["chapters"].items()}


@cache
def specimens() -> dict[str, Specimen]:
    rows = _rows()["specimens"].items()
    return {key: Specimen(Coded(code, label), told) for key, (code, label, told) in rows}


@cache
def panels() -> dict[str, Panel]:
    """In the order of a report."""
    return {key: _panel(key, row) for key, row in _rows()["panels"].items()}


def _panel(key: str, row: dict[str, Any]) -> Panel:
    chapter = chapters()[row["chapter"]]
    return Panel(
        key=key,
        title=row["title"],
        code=Coded(row["code"], row["title"]) if "code" in row else chapter,
        chapter=chapter,
        specimen=specimens()[row["specimen"]],
        asked=frozenset(row["asked"]),
        analytes=tuple(row["analytes"]),
        is_whole=not row.get("alone", False),
        within=row.get("within", ""),
    )


@cache
def panel_of(analyte: str) -> Panel:
    """The panel in which an analyte is asked."""
    return next(panel for panel in panels().values() if analyte in panel.asked)


def gases_of(diagnosis: str) -> tuple[tuple[float, float], ...]:
    """Low and high of pCO2, bicarbonates, pO2 and lactate; () when no gas is asked."""
    return tuple((low, high) for low, high in _rows()["gases"].get(diagnosis, ()))


def growth_of(diagnosis: str) -> float | None:
    """The share of urine cultures that grow; None when none is asked."""
    share: float | None = _rows()["urine"].get(diagnosis)
    return share


@cache
def germs() -> tuple[Germ, ...]:
    return tuple(_germ(row) for row in _rows()["germs"])


def _germ(row: dict[str, Any]) -> Germ:
    strains = ((weight, frozenset(keys)) for weight, keys in row["resistant"])
    return Germ(
        code=Coded(row["snomed"], row["name"]),
        taxon=row["ncbi"],
        gram=row["gram"],
        weight=row["weight"],
        tested=tuple(row["tested"]),
        strains=tuple(strains),
    )


@cache
def antibiotics() -> dict[str, Antibiotic]:
    return {key: _antibiotic(*row) for key, row in _rows()["antibiotics"].items()}


def _antibiotic(name: str, loinc: str, susceptible: float, resistant: float) -> Antibiotic:
    label = f"{name} [Sensibilité] Isolat ; Alphanumérique ; CMI"
    return Antibiotic(name, Coded(loinc, label), susceptible, resistant)
