"""Simulator, documents, pictures: draws a clinical case that suits the patient and the ward.

The pictures themselves are rows of pictures.yaml and references.yaml, which a clinician can
review. Not here: any sentence, any format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import yaml

from simulator.documents.agreement import agreeing, for_age, without_contradiction
from simulator.documents.facts import Act, ClinicalCase, Coded, ImagingExam, LabResult, Treatment
from simulator.documents.laboratory_tables import analytes, panel_of
from simulator.documents.references import FOLDER, references

MAX_BACKGROUNDS = 3
TABLES = ("pictures.yaml", "pictures_everyday.yaml")
MOST_NEUTROPHILS = 0.9  # of the white cells
SMALLEST_MUSCLES, GROWN = 0.35, 16  # creatinine at birth beside a grown-up's; years


@dataclass(frozen=True, slots=True)
class Picture:
    """One row of pictures.yaml: what may happen to whom, and in which kind of ward."""

    diagnosis: Coded
    field: str
    specialties: tuple[str, ...]
    age: tuple[int, int]
    sex: str
    nights: tuple[int, int]
    is_emergency: bool
    was_transfused: bool
    reason: str
    story: tuple[str, ...]
    exam: tuple[str, ...]
    course: tuple[str, ...]
    follow_up: tuple[str, ...]
    treatments: tuple[Treatment, ...]
    labs: tuple[tuple[str, float, float], ...]
    imaging: ImagingExam | None
    act: tuple[Coded, str, tuple[int, int], tuple[str, ...]] | None

    def suits(self, sex: str, age: int) -> bool:
        return (sex in self.sex or sex not in "MF") and self.age[0] <= age <= self.age[1]


def draw_case(
    stream: np.random.Generator,
    *,
    sex: str,
    age: int,
    nights: int | None = None,
    field: str = "01",
    specialty: str | None = None,
    surgical: bool | None = None,
) -> ClinicalCase:
    """A clinical case for a person of this sex and age.

    Sex and age always hold. The other wishes hold as long as a picture meets them, and are
    dropped in this order when none does: nights, specialty, field, surgical.
    """
    wishes: list[Callable[[Picture], bool]] = [lambda picture: picture.suits(sex, age)]
    if surgical is not None:
        wishes.append(lambda picture: surgical == (picture.act is not None))
    wishes.append(lambda picture: picture.field == field)
    if specialty is not None:
        wishes.append(lambda picture: specialty in picture.specialties)
    if nights is not None:
        wishes.append(lambda picture: picture.nights[0] <= nights <= picture.nights[1])
    candidates: Sequence[Picture] = pictures()
    for wish in wishes:
        candidates = [picture for picture in candidates if wish(picture)] or candidates
    picture = candidates[int(stream.integers(len(candidates)))]
    return case_of(picture, stream, sex, age)


def has_case(*, sex: str, age: int, field: str, specialty: str) -> bool:
    """Whether somebody of this sex and age has a reason to be in such a ward."""
    return any(
        picture.suits(sex, age) and picture.field == field and specialty in picture.specialties
        for picture in pictures()
    )


@cache
def pictures() -> tuple[Picture, ...]:
    """All the pictures, read once."""
    tables = (yaml.safe_load((FOLDER / name).read_text("utf-8")) for name in TABLES)
    return tuple(_picture(row) for table in tables for row in table)


def _picture(row: dict[str, Any]) -> Picture:
    return Picture(
        diagnosis=Coded(row["cim10"], row["label"]),
        field=row["field"],
        specialties=tuple(row["specialties"]),
        age=(row["age"][0], row["age"][1]),
        sex=row["sex"],
        nights=(row["nights"][0], row["nights"][1]),
        is_emergency=row["emergency"],
        was_transfused=row.get("transfused", False),
        reason=row["reason"],
        story=tuple(row["story"]),
        exam=tuple(row["exam"]),
        course=tuple(row["course"]),
        follow_up=tuple(row["follow_up"]),
        treatments=tuple(_treatment(*line) for line in row["treatments"]),
        labs=tuple((key, low, high) for key, (low, high) in row["labs"].items()),
        imaging=_imaging(row),
        act=_act(row.get("act")),
    )


def _treatment(key: str, dose: int, times_per_day: int, days: int) -> Treatment:
    name, atc, substance, unit, word, route = references()["drugs"][key]
    return Treatment(
        drug=name,
        substance=Coded(atc, substance),
        route=Coded(*references()["routes"][route]),
        dose=dose,
        unit=Coded(unit, word),
        times_per_day=times_per_day,
        days=days,
    )


def _suited(treatments: tuple[Treatment, ...], age: int) -> tuple[Treatment, ...]:
    """The treatments as somebody of this age takes them, each drug once."""
    drugs = references()["drugs"]
    young = {
        drugs[key][0]: (new, often)
        for key, below, new, often in references()["children"]
        if age < below
    }
    suited = (
        _treatment(young[line.drug][0], 1, young[line.drug][1], line.days)
        if line.drug in young
        else line
        for line in treatments
    )
    return tuple({line.drug: line for line in suited}.values())


def _imaging(row: dict[str, Any]) -> ImagingExam | None:
    if "imaging" not in row:
        return None
    loinc, exam, ccam, label, modality, word, region, place, technique = references()["imaging"][
        row["imaging"]
    ]
    return ImagingExam(
        exam=Coded(loinc, exam),
        act=Coded(ccam, label),
        modality=Coded(modality, word),
        region=Coded(region, place),
        technique=technique,
        finding=row["finding"],
        conclusion=row["conclusion"],
    )


def _act(row: dict[str, Any] | None) -> tuple[Coded, str, tuple[int, int], tuple[str, ...]] | None:
    if row is None:
        return None
    minutes = (row["minutes"][0], row["minutes"][1])
    return Coded(row["ccam"], row["label"]), row["anaesthesia"], minutes, tuple(row["steps"])


def case_of(picture: Picture, stream: np.random.Generator, sex: str, age: int) -> ClinicalCase:
    """The picture as it happens to a person of this sex and age, its side and values drawn."""
    tell = _teller(bool(stream.integers(2)))
    picture = replace(picture, treatments=_suited(picture.treatments, age))
    return ClinicalCase(
        diagnosis=picture.diagnosis,
        reason=tell(picture.reason),
        story=tuple(tell(sentence) for sentence in picture.story),
        background=_backgrounds(stream, sex, age, picture.diagnosis),
        exam=tuple(tell(sentence) for sentence in picture.exam),
        course=tuple(tell(sentence) for sentence in picture.course),
        follow_up=tuple(tell(sentence) for sentence in picture.follow_up),
        treatments=for_age(picture.treatments, age),
        results=_results(stream, picture, sex, age),
        imaging=_told(picture.imaging, tell),
        act=_drawn_act(picture, stream, tell),
        is_emergency=picture.is_emergency,
        was_transfused=picture.was_transfused,
        resistant_germs_sought=bool(stream.random() < 0.3),
    )


def _teller(right: bool) -> Callable[[str], str]:
    """Puts the drawn side into a sentence, in both genders."""
    masculine, feminine = ("droit", "droite") if right else ("gauche", "gauche")
    return lambda s: s.replace("{side_m}", masculine).replace("{side_f}", feminine)


def _told(exam: ImagingExam | None, tell: Callable[[str], str]) -> ImagingExam | None:
    if exam is None:
        return None
    return ImagingExam(
        exam.exam, exam.act, exam.modality, exam.region, exam.technique,
        tell(exam.finding), tell(exam.conclusion), tell("{side_m}"),
    )  # fmt: skip


def _drawn_act(
    picture: Picture, stream: np.random.Generator, tell: Callable[[str], str]
) -> Act | None:
    if picture.act is None:
        return None
    act, anaesthesia, (low, high), steps = picture.act
    minutes = int(stream.integers(low, high + 1))
    return Act(act, anaesthesia, minutes, tuple(tell(step) for step in steps))


def _results(
    stream: np.random.Generator, picture: Picture, sex: str, age: int
) -> tuple[LabResult, ...]:
    """Values drawn in the ranges of the picture, then made to hold together and suit the age."""
    values = {key: float(stream.uniform(low, high)) for key, low, high in picture.labs}
    if "pnn" in values and "gb" in values:
        values["pnn"] = min(values["pnn"], values["gb"] * MOST_NEUTROPHILS)
    if "creat" in values:
        values["creat"] *= min(1.0, SMALLEST_MUSCLES + age / GROWN * (1 - SMALLEST_MUSCLES))
    return tuple(_result(key, value, sex, age) for key, value in values.items())


def _result(key: str, value: float, sex: str, age: int) -> LabResult:
    analyte, panel = analytes()[key], panel_of(key)
    low, high = analyte.usual(sex, age)
    assert high is not None  # what is asked alone has an upper limit
    return LabResult(
        analyte.name, analyte.rounded(value), analyte.unit, low or 0.0, high, analyte.decimals,
        panel.chapter, key, analyte.code, analyte.ucum, panel.specimen.nature,
    )  # fmt: skip


def _backgrounds(
    stream: np.random.Generator, sex: str, age: int, diagnosis: Coded
) -> tuple[str, ...]:
    """One to three antecedents (antécédents) that suit the person, in the order of the table."""
    suited = [
        sentence
        for sentence, low, high, who in references()["backgrounds"]
        if low <= age <= high and (sex in who or sex not in "MF")
    ]
    fitting = agreeing(suited, diagnosis)
    wanted = min(len(fitting), int(stream.integers(1, MAX_BACKGROUNDS + 1)))
    chosen = sorted(stream.choice(len(fitting), size=wanted, replace=False)) if wanted else []
    return without_contradiction([fitting[index] for index in chosen])
