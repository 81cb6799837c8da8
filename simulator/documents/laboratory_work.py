"""Simulator, documents, laboratory work: what the laboratory found for one report, and when.

The first report of a stay holds the values of the case; a later one holds values that came back
some way, beside those of the arrival. A pure function of the facts: every report of a stay, and
every part of a report, sees the same. Not here: XML, sentences for the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from simulator.documents.draft import Draft
from simulator.documents.facts import Coded, StayFacts
from simulator.documents.laboratory_panels import Values, complete
from simulator.documents.laboratory_tables import (
    Analyte,
    Panel,
    analytes,
    chapters,
    gases_of,
    panels,
)
from simulator.documents.laboratory_urine import Urine, draw_urine
from simulator.streams import Streams

LATER = timedelta(hours=12)  # from then on a report is no longer that of the arrival
ON_ARRIVAL = timedelta(minutes=35)  # first sampling of a stay
LEAST = timedelta(minutes=60)  # from sampling to validation, where the stay leaves room
TOLD_FOR = timedelta(days=4)  # a culture is in the reports of these days
NORMAL, LOW, HIGH = (
    Coded("N", "Normal"),
    Coded("L", "Anormalement bas"),
    Coded("H", "Anormalement haut"),
)
VERY_LOW = Coded("LL", "Très anormalement bas, alerte")
VERY_HIGH = Coded("HH", "Très anormalement haut, alerte")


@dataclass(frozen=True, slots=True)
class Measure:
    """One value with its usual ones; `before` is that of the arrival, in a later report."""

    analyte: Analyte
    value: float
    low: float | None
    high: float | None
    before: float | None = None

    @property
    def flag(self) -> Coded:
        """HL7 interpretation, of JDV_HL7_ObservationInterpretation."""
        alert_low, alert_high = self.analyte.alert
        if self.low is not None and self.value < self.low:
            return VERY_LOW if alert_low is not None and self.value < alert_low else LOW
        if self.high is not None and self.value > self.high:
            return VERY_HIGH if alert_high is not None and self.value > alert_high else HIGH
        return NORMAL

    @property
    def is_alert(self) -> bool:
        return self.flag in (VERY_LOW, VERY_HIGH)


@dataclass(frozen=True, slots=True)
class Battery:
    """One panel of one sample."""

    panel: Panel
    measures: tuple[Measure, ...]
    sample: str  # number of the tube
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """All that one report tells."""

    batteries: tuple[Battery, ...]
    urine: Urine | None
    order: str  # number of the request, as the ward gave it
    accession: str  # as the laboratory recorded it
    collected_at: datetime
    received_at: datetime
    analysed_at: datetime
    validated_at: datetime
    before_at: datetime | None  # sampling of the values before

    @property
    def chapters(self) -> tuple[Coded, ...]:
        """Those of the report, in its order."""
        found = {battery.panel.chapter for battery in self.batteries}
        if self.urine:
            found.add(chapters()["microbiology"])
        return tuple(chapter for chapter in chapters().values() if chapter in found)

    @property
    def released_at(self) -> datetime:
        """When the last of its results was validated."""
        if self.urine is None:
            return self.validated_at
        return max(self.validated_at, self.urine.validated_at)


@lru_cache(maxsize=4)
def work_of(draft: Draft) -> Work:
    """What this report tells, the same for each of its parts."""
    facts = draft.facts
    own = Streams(0).fresh(f"{draft.set_id}/laboratory")
    until = min(at for at in (facts.left_at, draft.created_at) if at is not None)
    collected_at = min(facts.performed_at or facts.admitted_at, until - LEAST)
    collected_at = max(collected_at, facts.admitted_at)
    received_at, analysed_at, validated_at = _steps(own, collected_at, until)
    is_later = collected_at - facts.admitted_at >= LATER
    return Work(
        batteries=tuple(_batteries(facts, collected_at if is_later else None, own)),
        urine=_urine(facts, collected_at, until, is_later),
        order=_number(own),
        accession=_number(own),
        collected_at=collected_at,
        received_at=received_at,
        analysed_at=analysed_at,
        validated_at=validated_at,
        before_at=facts.admitted_at + ON_ARRIVAL if is_later else None,
    )


def _number(stream: np.random.Generator) -> str:
    return str(int(stream.integers(10**9, 10**10)))


def _steps(
    stream: np.random.Generator, start: datetime, until: datetime
) -> tuple[datetime, datetime, datetime]:
    """Reception, analysis, validation: drawn, closer together where there is little time."""
    minutes = stream.uniform((8, 20, 5), (25, 55, 25)).cumsum()
    room = max(0.0, (until - start).total_seconds() / 60)
    shrunk = minutes * min(1.0, room / float(minutes[-1]))
    received, analysed, validated = (start + timedelta(seconds=int(m * 60)) for m in shrunk)
    return received, analysed, validated


def _batteries(
    facts: StayFacts, at: datetime | None, stream: np.random.Generator
) -> Iterator[Battery]:
    """at: of a later report; None on arrival."""
    arrival = {result.key: result.value for result in facts.case.results}
    known = arrival if at is None else _repeated(facts, arrival, at, stream)
    asked = [panel for panel in panels().values() if _is_asked(panel, known, facts, at)]
    tubes: dict[Coded, str] = {}
    for panel in asked:
        now = _measured(panel, known, facts)
        before = _measured(panel, arrival, facts) if at else {}
        measures = tuple(_measure(key, value, before.get(key), facts) for key, value in now.items())
        tube = tubes.setdefault(Coded(panel.specimen.told, ""), _number(stream))
        yield Battery(panel, measures, tube, tuple(_comments(measures)))


def _is_asked(panel: Panel, known: Values, facts: StayFacts, at: datetime | None) -> bool:
    if panel.key == "gas":
        return at is None and bool(gases_of(facts.case.diagnosis.code))
    if panel.within and known.keys() & panels()[panel.within].asked:
        return False
    return bool(known.keys() & panel.asked)


def _measured(panel: Panel, known: Values, facts: StayFacts) -> Values:
    """The values of a panel. The chance is that of the stay: the same in each of its reports."""
    if not panel.is_whole:
        return {key: known[key] for key in panel.analytes if key in known}
    stream = Streams(0).fresh(f"{facts.stay_id}/{panel.key}")
    found = complete(
        panel.key,
        known,
        stream,
        sex=facts.patient.traits.sex,
        age=facts.age,
        diagnosis=facts.case.diagnosis.code,
    )
    return {key: found[key] for key in panel.analytes if key in found}


def _measure(key: str, value: float, before: float | None, facts: StayFacts) -> Measure:
    analyte = analytes()[key]
    low, high = analyte.usual(facts.patient.traits.sex, facts.age)
    earlier = None if before is None else analyte.rounded(before)
    return Measure(analyte, analyte.rounded(value), low, high, earlier)


def _repeated(
    facts: StayFacts, arrival: Values, at: datetime, stream: np.random.Generator
) -> Values:
    """What is asked again, on its way back; all of it when nothing usually is."""
    days = (at - facts.admitted_at).total_seconds() / 86400
    again = [key for key in arrival if analytes()[key].half_life] or list(arrival)
    return {key: _on_its_way(key, arrival[key], days, facts, stream) for key in again}


def _on_its_way(
    key: str, value: float, days: float, facts: StayFacts, stream: np.random.Generator
) -> float:
    analyte = analytes()[key]
    low, high = analyte.usual(facts.patient.traits.sex, facts.age)
    floor = 0.0 if low is None else low
    ceiling = max(value, floor) if high is None else high
    edge = 0.2 * (ceiling - floor)
    wanted = min(max(value, floor + edge), ceiling - edge)
    done = 1 - 2 ** (-days * float(stream.uniform(0.7, 1.2)) / (analyte.half_life or 10))
    moved = value + (wanted - value) * done
    return analyte.rounded(moved * float(stream.uniform(0.985, 1.015)))


def _comments(measures: tuple[Measure, ...]) -> Iterator[str]:
    for measure in measures:
        if measure.is_alert:
            yield f"{measure.analyte.name} : résultat d'alerte, service prévenu par téléphone."
        if measure.analyte.key == "dfg":
            yield "Débit de filtration glomérulaire estimé par la formule CKD-EPI 2009."


def _urine(facts: StayFacts, at: datetime, until: datetime, is_later: bool) -> Urine | None:
    """The examination of urine, in the reports of the first days."""
    taken_at = facts.admitted_at + ON_ARRIVAL if is_later else at
    if at - taken_at > TOLD_FOR:
        return None
    return draw_urine(facts, taken_at, until, is_later=is_later)
