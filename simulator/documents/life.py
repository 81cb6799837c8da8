"""Simulator, documents, life: draws the history of the person of a stay.

Rows of lasting.yaml that suit the sex and the age and agree with what the documents of the stay
say. Not here: how it is written (see medical_summary).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import yaml

from simulator.documents.facts import (
    PARIS,
    ClinicalCase,
    Coded,
    StayFacts,
    Treatment,
    age_on,
    birthday,
)
from simulator.documents.history import (
    Allergy,
    Device,
    Habit,
    History,
    Operation,
    Problem,
    Relative,
)
from simulator.documents.references import FOLDER, references

LASTING_DAYS = 90  # a treatment prescribed for as long goes on (traitement au long cours)
YEAR = 365.25  # days
MOST = 4  # problems beside that of the stay
ANTICOAGULANTS = ("B01AF", "B01AA")  # ATC
NO_OPERATION = "Pas d'antécédent chirurgical"  # of references.yaml
# Mean number of lasting problems from that age on; orders of magnitude, unconfirmed.
PROBLEMS_FROM = ((80, 3.0), (65, 2.4), (45, 1.5), (18, 0.7), (0, 0.4))


@cache
def lasting() -> dict[str, Any]:
    """The rows of lasting.yaml, read once."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / "lasting.yaml").read_text("utf-8"))
    return content


def draw_history(stream: np.random.Generator, facts: StayFacts, day: date) -> History:
    """The history of the person of a stay, as their doctor knows it on that day."""
    life = _Life(stream, facts, day)
    life.tell_the_stay()
    life.take_problems()
    life.take_past()
    life.take_operations()
    allergies = tuple(life.allergies())
    works = tuple(life.works())
    return History(
        problems=tuple(life.problems),
        past=tuple(sorted(life.past, key=lambda problem: problem.since)),
        operations=tuple(sorted(life.operations, key=lambda operation: operation.on)),
        allergies=allergies,
        habits=tuple(life.habits()),
        relatives=tuple(life.relatives()),
        works=works,
        devices=tuple(life.devices),
        watch=tuple(life.watch(allergies)),
    )


@dataclass
class _Life:
    """The history being drawn; each part looks at what is there already."""

    stream: np.random.Generator
    facts: StayFacts
    day: date
    problems: list[Problem] = field(default_factory=list)
    past: list[Problem] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    age: int = field(init=False)

    def __post_init__(self) -> None:
        self.age = age_on(self.facts.patient.traits.birth_date, self.day)

    @property
    def case(self) -> ClinicalCase:
        return self.facts.case

    @property
    def lines(self) -> tuple[Treatment, ...]:
        return tuple(line for problem in self.problems for line in problem.treatments)

    def tell_the_stay(self) -> None:
        """What the stay was for: it goes on when its treatment does."""
        case, came = self.case, self.facts.admitted_at.astimezone(PARIS).date()
        lines = tuple(line for line in case.treatments if line.days >= LASTING_DAYS)
        if lines:
            told = case.diagnosis.label
            self.problems.append(Problem(case.diagnosis, told, came, treatments=lines))
        else:
            left = (self.facts.left_at or self.facts.admitted_at).astimezone(PARIS).date()
            self.past.append(Problem(case.diagnosis, case.diagnosis.label, came, left))
        if case.act:
            done = (self.facts.performed_at or self.facts.admitted_at).astimezone(PARIS).date()
            self.operations.append(
                Operation(case.act.act, case.act.act.label, done, case.diagnosis)
            )

    def take_problems(self) -> None:
        """First those the documents of the stay name, then others of the age."""
        rows = [row for row in lasting()["conditions"] if self._suits(row)]
        named = [row for row in rows if row.get("background") in self.case.background]
        others = [row for row in rows if row not in named]
        wanted = int(self.stream.poisson(_mean_problems(self.age)))
        order = self.stream.permutation(len(others))
        for row in [*named, *(others[index] for index in order)]:
            if len(self.problems) >= max(len(named) + 1, min(wanted, MOST)):
                return
            if not self._clashes(row):
                self._take(row)

    def _suits(self, row: dict[str, Any]) -> bool:
        low, high = row["age"]
        return self._is_of(row["sex"]) and low <= self.age <= high

    def _is_of(self, sexes: str) -> bool:
        sex = self.facts.patient.traits.sex
        return sex in sexes or (sex not in "MF" and sexes == "MF")

    def _clashes(self, row: dict[str, Any]) -> bool:
        """Whether it is there already, or cannot be there beside the rest."""
        codes = {problem.diagnosis.code[:3] for problem in (*self.problems, *self.past)}
        if codes & {row["cim10"][:3], *row.get("not_with", ())}:
            return True
        classes = {line.substance.code[:4] for line in self.lines}
        return any(_drug(key)[1][:4] in classes for key, *_ in row["treatments"])

    def _take(self, row: dict[str, Any]) -> None:
        since = self._begun(row["age"][0])
        diagnosis = Coded(row["cim10"], row["label"])
        lines = tuple(_line(*line) for line in row["treatments"])
        self.problems.append(
            Problem(diagnosis, row["told"], since, treatments=lines, watch=row["watch"])
        )
        if "device" in row:
            self.devices.append(Device(row["device"], since))

    def _begun(self, youngest: int, oldest: int = 110) -> date:
        """A day between two ages, before the stay."""
        born = birthday(self.facts.patient.traits.birth_date)
        first = born + timedelta(days=int(youngest * YEAR) + 20)
        stay = self.facts.admitted_at.astimezone(PARIS).date() - timedelta(days=30)
        last = min(stay, born + timedelta(days=int((oldest + 1) * YEAR) - 1))
        span = (last - first).days
        if span <= 0:
            return max(born, min(last, first))
        return first + timedelta(days=int(self.stream.integers(span)))

    def take_past(self) -> None:
        rows = [row for row in lasting()["past"] if self._had(row)]
        for index in self.stream.permutation(len(rows))[: int(self.stream.integers(3))]:
            row = rows[int(index)]
            known = {problem.diagnosis.code[:3] for problem in (*self.problems, *self.past)}
            if row["cim10"][:3] in known:
                continue
            since = self._begun(*row["age"])
            until = since + timedelta(days=int(self.stream.integers(1, row["days"] + 1)))
            came = self.facts.admitted_at.astimezone(PARIS).date()
            diagnosis = Coded(row["cim10"], row["label"])
            self.past.append(Problem(diagnosis, row["told"], since, min(until, came)))

    def _had(self, row: dict[str, Any]) -> bool:
        """Whether it may have happened: the person is older than that by a year."""
        return self._is_of(row["sex"]) and self.age > row["age"][0] + 1

    def take_operations(self) -> None:
        rows = [row for row in lasting()["operations"] if self._had(row)]
        named = [row for row in rows if row.get("background") in self.case.background]
        others = [row for row in rows if row not in named]
        drawn = 0 if NO_OPERATION in self.case.background else int(self.stream.integers(3))
        order = self.stream.permutation(len(others))[:drawn]
        for row in [*named, *(others[int(index)] for index in order)]:
            self._operate(row)

    def _operate(self, row: dict[str, Any]) -> None:
        codes = {operation.act.code for operation in self.operations}
        reasons = {operation.reason.code for operation in self.operations}
        reasons |= {problem.diagnosis.code for problem in (*self.problems, *self.past)}
        if row["ccam"] in codes or row["cim10"] in reasons:
            return
        on = self._begun(*row["age"])
        reason = Coded(row["cim10"], row["reason"])
        act = Coded(row["ccam"], row["label"])
        self.operations.append(Operation(act, row["told"], on, reason))
        if "device" in row:
            self.devices.append(Device(row["device"], on))

    def allergies(self) -> Iterator[Allergy]:
        """None for two people in three; never to what the person takes."""
        taken = {line.substance.code[:4] for line in (*self.lines, *self.case.treatments)}
        rows = [
            row
            for row in lasting()["allergies"]
            if row["age"][0] < self.age <= row["age"][1] and row.get("atc", "")[:4] not in taken
        ]
        if not rows or self.stream.random() > 0.36:
            return
        row = rows[int(self.stream.integers(len(rows)))]
        kind = Coded(row["kind"], row["kind_label"])
        since = self._begun(row["age"][0])
        yield Allergy(kind, row["agent"], row["reaction"], since, row.get("atc", ""))

    def habits(self) -> Iterator[Habit]:
        smokes = any(p.diagnosis.code[:3] == "J44" for p in self.problems)
        told = [row for row in lasting()["tobacco"] if row[5] and row[5] in self.case.background]
        fitting = told or [row for row in lasting()["tobacco"] if self._fits(row[2:4])]
        rows = [row for row in fitting if row[4] or not smokes]
        if rows:
            row = rows[int(self.stream.integers(len(rows)))]
            yield Habit(Coded("74011-8", "Consommation tabagique"), row[0], row[1], "{pack}/a")
        rows = [row for row in lasting()["exercise"] if self._fits(row[2:4])]
        if rows:
            row = rows[int(self.stream.integers(len(rows)))]
            yield Habit(Coded("73985-4", "Exercice physique"), row[0], row[1], "h/wk")

    def _fits(self, ages: Sequence[int]) -> bool:
        return ages[0] <= self.age <= ages[1]

    def relatives(self) -> Iterator[Relative]:
        rows = [row for row in lasting()["relatives"] if self.age >= row[6]]
        for index in self.stream.permutation(len(rows))[: int(self.stream.integers(1, 3))]:
            relation, label, sex, code, name, told, _ = rows[int(index)]
            yield Relative(Coded(relation, label), sex, Coded(code, name), told)

    def works(self) -> Iterator[str]:
        rows = [row[0] for row in lasting()["works"] if self._fits(row[1:3])]
        if rows:
            yield rows[int(self.stream.integers(len(rows)))]

    def watch(self, allergies: Sequence[Allergy]) -> Iterator[str]:
        """Points the next doctor should know (points de vigilance)."""
        for allergy in allergies:
            yield f"Allergie : {allergy.agent} ({allergy.reaction})."
        if any(line.substance.code.startswith(ANTICOAGULANTS) for line in self.lines):
            yield "Traitement anticoagulant : prudence avant tout geste invasif."
        told = [problem.watch for problem in self.problems if problem.watch]
        yield from told
        if not told and not allergies:
            yield lasting()["spare"]


def _mean_problems(age: int) -> float:
    return next(mean for youngest, mean in PROBLEMS_FROM if age >= youngest)


def _drug(key: str) -> list[str]:
    found: list[str] = lasting()["drugs"].get(key) or references()["drugs"][key]
    return found


def _line(key: str, dose: int, times_per_day: int) -> Treatment:
    name, atc, substance, unit, word, route = _drug(key)
    return Treatment(
        name, Coded(atc, substance), Coded(*references()["routes"][route]), dose,
        Coded(unit, word), times_per_day, LASTING_DAYS,
    )  # fmt: skip
