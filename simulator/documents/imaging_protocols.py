"""Simulator, documents, imaging protocols: how an examination is done, from imaging.yaml.

What is exposed to how much radiation, with which contrast medium, on which side. Not here: what
was seen (pictures), any XML.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import yaml

from simulator.documents.facts import Coded, ImagingExam
from simulator.documents.references import FOLDER

UNITS = {"index": "mGy", "length": "mGy.cm", "area": "cGy.cm2", "fluoroscopy": "min"}  # UCUM
DECIMALS = {"index": 1, "length": 0, "area": 1, "fluoroscopy": 1}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measure of the exposure: what (JDV_QuantiteExpositionRayonnements), how much."""

    measure: Coded
    value: str  # as a number is written in XML
    unit: str  # UCUM


@dataclass(frozen=True, slots=True)
class Contrast:
    """The contrast medium given: its substance (ATC), its route (EDQM), its volume in mL."""

    substance: Coded
    presentation: str
    route: Coded
    volume_ml: int
    batch: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """How one kind of examination is done."""

    site: Coded  # JDV_LocalisationAnatomique
    modifier: Coded | None  # JDV_LateraliteTechniqueImagerie
    images: Coded  # JDV_SOPClass
    sides: dict[str, Coded]
    ranges: dict[str, tuple[float, float]]  # of `UNITS`; `scan` is a length in cm
    contrast: dict[str, Any] | None

    @property
    def irradiates(self) -> bool:
        return bool(self.ranges)


def protocol(exam: ImagingExam) -> Protocol:
    """How this examination is done; ValueError when imaging.yaml does not tell."""
    found = _protocols().get(exam.exam.code)
    if found is None:
        raise ValueError(f"imaging.yaml does not tell how {exam.exam.code} is done")
    return found


def examined(exam: ImagingExam) -> Coded:
    """The LOINC code of the examination, that of its side when the region has two."""
    return protocol(exam).sides.get(exam.side, exam.exam)


def exposure(how: Protocol, stream: np.random.Generator, age: int) -> tuple[Quantity, ...]:
    """The doses of one examination; a child gets less than an adult."""
    share = _share(age)
    drawn = {name: float(stream.uniform(*limits)) for name, limits in how.ranges.items()}
    scan = drawn.pop("scan", None)
    if scan is not None:
        index = round(drawn["index"] * share, DECIMALS["index"])
        return _quantity("length", index * scan * max(share, 0.5)), _quantity("index", index)
    return tuple(_quantity(name, value * share) for name, value in drawn.items())


def injection(how: Protocol, stream: np.random.Generator, age: int) -> Contrast | None:
    """The contrast medium of one examination, None when it has none."""
    given = how.contrast
    if given is None:
        return None
    products = _tables()["contrasts"][given["kind"]]
    atc, substance, presentation = products[int(stream.integers(len(products)))]
    volume = float(stream.uniform(*given["volume"])) * _share(age)
    return Contrast(
        substance=Coded(atc, substance),
        presentation=presentation,
        route=Coded(*given["route"]),
        volume_ml=max(5, 5 * round(volume / 5)),
        batch=f"L{int(stream.integers(10**5, 10**6))}",
    )


def cautions() -> tuple[tuple[str, Coded], ...]:
    """What in the background of somebody bears on a contrast medium, as its CIM-10 code."""
    return tuple((found, Coded(code, label)) for found, code, label in _tables()["cautions"])


def _quantity(name: str, value: float) -> Quantity:
    code = Coded(*_tables()["quantities"][name])
    return Quantity(code, f"{value:.{DECIMALS[name]}f}", UNITS[name])


def _share(age: int) -> float:
    """The share of an adult's dose that suits this age."""
    return next((share for below, share in _tables()["children"] if age < below), 1.0)


@cache
def _tables() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / "imaging.yaml").read_text("utf-8"))
    return content


@cache
def _protocols() -> dict[str, Protocol]:
    return {code: _protocol(row) for code, row in _tables()["protocols"].items()}


def _protocol(row: dict[str, Any]) -> Protocol:
    return Protocol(
        site=Coded(*row["site"]),
        modifier=Coded(*row["modifier"]) if "modifier" in row else None,
        images=Coded(*_tables()["objects"][row["object"]]),
        sides={side: Coded(*code) for side, code in row.get("sides", {}).items()},
        ranges=_ranges(row),
        contrast=row.get("contrast"),
    )


def _ranges(row: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """What is drawn: index and scanned length for a scanner, else area and time."""
    scanner = row.get("ct", {})
    limits = {
        "index": scanner.get("index"),
        "scan": scanner.get("length"),
        "area": row.get("area"),
        "fluoroscopy": row.get("fluoroscopy"),
    }
    return {name: (pair[0], pair[1]) for name, pair in limits.items() if pair}
