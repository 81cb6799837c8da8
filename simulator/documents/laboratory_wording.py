"""Simulator, documents, laboratory wording: results in French, for tables and for pages.

Not here: XML, layout.
"""

from __future__ import annotations

from datetime import datetime

from simulator.documents.facts import PARIS
from simulator.documents.laboratory_tables import Analyte, Limits
from simulator.documents.laboratory_work import Battery, Measure, Work
from simulator.documents.wording import decimal

FLAGS = {"N": "", "L": "bas", "H": "élevé", "LL": "très bas", "HH": "très élevé"}


def moment(at: datetime) -> str:
    """``12/03/2026 à 08:15``, in Paris."""
    return at.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M")


def found(measure: Measure) -> str:
    """``8,4 g/dL``."""
    return _quantity(measure.analyte, measure.value)


def before(measure: Measure) -> str:
    """The value of the arrival, or nothing."""
    return "" if measure.before is None else _quantity(measure.analyte, measure.before)


def flag(measure: Measure) -> str:
    """``élevé``; nothing where the value is usual."""
    return FLAGS[measure.flag.code]


def usual(measure: Measure) -> str:
    """``12,0 à 16,5``, ``≤ 5``, ``≥ 60``."""
    return between((measure.low, measure.high), measure.analyte.decimals)


def between(limits: Limits, decimals: int) -> str:
    low, high = limits
    if low is None:
        return "" if high is None else f"≤ {decimal(high, decimals)}"
    if high is None:
        return f"≥ {decimal(low, decimals)}"
    return f"{decimal(low, decimals)} à {decimal(high, decimals)}"


def _quantity(analyte: Analyte, value: float) -> str:
    return f"{decimal(value, analyte.decimals)} {analyte.unit}".rstrip()


def sampling(battery: Battery, work: Work) -> str:
    """What was taken, when, and when the laboratory had it."""
    return (
        f"{battery.panel.specimen.told}, prélevé le {moment(work.collected_at)},"
        f" reçu le {moment(work.received_at)}, échantillon {battery.sample}."
    )
