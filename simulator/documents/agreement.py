"""Simulator, documents, agreement: what a case may say beside its diagnosis, and to whom.

A child is given a child's drugs (childhood.yaml); antecedents neither contradict the diagnosis nor
each other. Not here: what is drawn (pictures).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import yaml

from simulator.documents.facts import Coded, Treatment
from simulator.documents.references import FOLDER, references

NO_OPERATION = "Pas d'antécédent chirurgical"
OPERATED = ("opérée", "ectomie")
ADULT_FROM = 15  # years: the oldest a row of childhood.yaml speaks of

# Start of a CIM-10 code -> antecedents that contradict it; sentences of references.yaml.
CONTRADICTED = {
    "D25": ("Deux grossesses menées à terme",),
    "E10": ("Diabète de type 2 équilibré sous traitement oral",),
    "E11": ("Diabète de type 2 équilibré sous traitement oral",),
    "G43": ("Migraine sans aura",),
    "H25": ("Cataracte opérée des deux yeux",),
    "I10": ("Hypertension artérielle traitée",),
    "J44": ("Tabagisme sevré depuis dix ans, estimé à vingt paquets-années",),
    "J93": ("Tabagisme sevré depuis dix ans, estimé à vingt paquets-années",),
    "J45": ("Asthme dans l'enfance",),
    "K35": ("Appendicectomie dans l'enfance",),
    "K80": ("Cholécystectomie ancienne",),
    "M81": ("Ostéoporose traitée",),
    "N18": ("Insuffisance rénale chronique modérée et stable",),
    "P07": ("Naissance à terme sans particularité", "Vaccinations à jour", "Eczéma du nourrisson"),
    "P22": ("Naissance à terme sans particularité", "Vaccinations à jour", "Eczéma du nourrisson"),
}


def agreeing(sentences: Iterable[str], diagnosis: Coded) -> list[str]:
    """The antecedents that may stand beside a diagnosis."""
    against = CONTRADICTED.get(diagnosis.code[:3], ())
    return [sentence for sentence in sentences if sentence not in against]


def without_contradiction(sentences: Sequence[str]) -> tuple[str, ...]:
    """Nobody who was operated on has no operation in their past."""
    was_operated = any(word in sentence for sentence in sentences for word in OPERATED)
    return tuple(s for s in sentences if not (was_operated and s == NO_OPERATION))


def for_age(treatments: Sequence[Treatment], age: int) -> tuple[Treatment, ...]:
    """The lines as a person of that age is given them."""
    if age >= ADULT_FROM:
        return tuple(treatments)
    given = (_for_child(line, age) for line in treatments)
    return tuple(line for line in given if line is not None)


def _for_child(line: Treatment, age: int) -> Treatment | None:
    rows = childhood()["rows"]
    row = next((r for r in rows if r["atc"] == line.substance.code and age < r["under"]), None)
    if row is None:
        return line
    if row["drug"] == "none":
        return None
    name, atc, substance, unit, word, route = _drug(row["drug"])
    return Treatment(
        name, Coded(atc, substance), Coded(*references()["routes"][route]), row["dose"],
        Coded(unit, word), row["times"], row.get("days", line.days),
    )  # fmt: skip


def _drug(key: str) -> list[str]:
    found: list[str] = childhood()["drugs"].get(key) or references()["drugs"][key]
    return found


@cache
def childhood() -> dict[str, Any]:
    """The rows of childhood.yaml, read once."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / "childhood.yaml").read_text("utf-8"))
    return content
