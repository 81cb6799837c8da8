"""Simulator, documents, laboratory panels: completes what was asked so that the whole holds.

A haemoglobin brings its blood count, a creatinine its filtration rate. Draws are always the same in
number and order, so a value that changes from one day to the next moves only what depends on it.
Not here: which panels are done (see laboratory_work), usual values (laboratory.yaml).
"""

from __future__ import annotations

from collections.abc import Callable
from math import log10

import numpy as np

from simulator.documents.laboratory_tables import analytes, gases_of, panels

Values = dict[str, float]
Draw = Callable[[float, float], float]

ADULT = 18  # years, from which CKD-EPI holds
TODDLER = 6  # years, until which lymphocytes lead
INFLAMED = 50  # mg/L of CRP, from which fibrinogen rises
FAILING = 180  # µmol/L of creatinine, from which the blood turns acid
MG_PER_DL = 88.4  # creatinine, µmol/L in 1 mg/dL
CO2_SOLUBILITY, PK = 0.0307, 6.1  # mmol/L/mmHg; Henderson-Hasselbalch


def complete(
    panel: str, known: Values, stream: np.random.Generator, *, sex: str, age: int, diagnosis: str
) -> Values:
    """All the values of a whole panel, those known among them."""

    def draw(low: float, high: float) -> float:
        return float(stream.uniform(low, high))

    usual = {key: draw(*_middle(key, sex, age)) for key in panels()[panel].analytes}
    values = usual | known
    match panel:
        case "blood_count":
            return _blood_count(values, known, age, draw)
        case "clotting":
            return _clotting(known, draw)
        case "ionogram":
            return _ionogram(values, known, draw)
        case "kidney":
            return _kidney(values, known, sex, age, draw)
        case "lipids":
            return _lipids(values, draw)
        case "gas":
            return _gas(diagnosis, draw)
    return {key: values[key] for key in usual}


def _middle(key: str, sex: str, age: int) -> tuple[float, float]:
    """The usual values without their edges."""
    low, high = analytes()[key].usual(sex, age)
    if high is None:
        return (low or 0) * 1.1, (low or 0) * 1.4
    low = high * 0.2 if low is None else low
    return low + 0.15 * (high - low), high - 0.15 * (high - low)


def _blood_count(values: Values, known: Values, age: int, draw: Draw) -> Values:
    """Red cells from haemoglobin and volume, white cells so that their kinds add up."""
    concentration = draw(33.0, 35.2)
    inflamed, calm = draw(0.74, 0.84), draw(0.50, 0.64) - (0.15 if age < TODDLER else 0)
    lymphoid, rest = draw(0.66, 0.80), draw(0.55, 0.75)
    haematocrit = values["hb"] / concentration * 100
    red = haematocrit * 10 / values["vgm"]
    white = values["gb"]
    high = analytes()["gb"].usual("MF", age)[1] or white
    share = inflamed if white > high else calm
    if "pnn" in known and "gb" not in known:
        white = known["pnn"] / share
    neutrophils = round(min(known.get("pnn", white * share), white * 0.92), 1)
    others = max(0.2, round(white, 1) - neutrophils)
    lymphocytes = others * lymphoid
    monocytes = (others - lymphocytes) * rest
    last = others - lymphocytes - monocytes
    return {
        "hb": values["hb"], "ccmh": concentration, "ht": haematocrit, "gr": red,
        "vgm": values["vgm"], "tcmh": values["hb"] * 10 / red, "gb": white, "pnn": neutrophils,
        "lympho": lymphocytes, "mono": monocytes, "pne": last * 0.85, "pnb": last * 0.15,
        "plaq": values["plaq"],
    }  # fmt: skip


def _clotting(known: Values, draw: Draw) -> Values:
    rate = known["tp"]
    late = (100 - rate) / 100
    fibrinogen = draw(4.6, 7.2) if known.get("crp", 0) > INFLAMED else draw(2.4, 3.8)
    return {
        "tp": rate, "inr": 1 + late * 0.9, "tca": draw(0.92, 1.05) + late * 0.6,
        "fibrinogene": fibrinogen,
    }  # fmt: skip


def _ionogram(values: Values, known: Values, draw: Draw) -> Values:
    """Chloride follows sodium, carbon dioxide falls with potassium and a failing kidney."""
    gap, spare = draw(9, 13), draw(23.5, 27)
    if known.get("creat", 0) > FAILING:
        spare -= 6
    return {
        "na": values["na"], "k": values["k"], "co2": spare, "cl": values["na"] - spare - gap,
        "proteines": values["proteines"],
    }  # fmt: skip


def _kidney(values: Values, known: Values, sex: str, age: int, draw: Draw) -> Values:
    creatinine, ratio = values["creat"], draw(11, 15)
    high = analytes()["creat"].usual(sex, age)[1] or creatinine
    urea = creatinine / ratio if creatinine > high else values["uree"]
    found = {"uree": known.get("uree", urea), "creat": creatinine}
    if age >= ADULT:
        found["dfg"] = filtration_rate(round(creatinine), sex, age)
    return found


def filtration_rate(creatinine: float, sex: str, age: int) -> float:
    """mL/min/1,73 m² from µmol/L: CKD-EPI 2009, without coefficient of origin."""
    kappa, alpha, factor = (0.7, -0.329, 1.018) if sex == "F" else (0.9, -0.411, 1.0)
    ratio = creatinine / MG_PER_DL / kappa
    slope = min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.209
    return float(141 * slope * 0.993**age * factor)


def _lipids(values: Values, draw: Draw) -> Values:
    """Total cholesterol by Friedewald, in g/L."""
    ldl, hdl, fat = values["ldl"], values["hdl"], draw(0.7, 1.9)
    return {"ldl": ldl, "hdl": hdl, "tg": fat, "chol": ldl + hdl + fat / 5}


def _gas(diagnosis: str, draw: Draw) -> Values:
    """pH by Henderson-Hasselbalch, saturation by Severinghaus."""
    carbon, base, oxygen, lactate = (draw(low, high) for low, high in gases_of(diagnosis))
    carbon, oxygen, base = round(carbon), round(oxygen), round(base, 1)
    return {
        "ph": PK + log10(base / (CO2_SOLUBILITY * carbon)), "pco2": carbon, "po2": oxygen,
        "hco3": base, "sao2": 100 / (1 + 23400 / (oxygen**3 + 150 * oxygen)), "lactate": lactate,
    }  # fmt: skip
