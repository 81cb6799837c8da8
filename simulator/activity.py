"""Simulator, activity: SimPy processes of a hospital: admissions, stays, visits → Movement.

A process takes the environment, the ward and its own streams; it waits and publishes movements,
and does no I/O. Rates follow from the beds and the occupancy wanted (Little's law). Not here: who
the patients are, what is written, what is sent. Source of the shapes: calibration figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import simpy

from simulator.clock import MINUTES_PER_DAY, SimulatedClock
from simulator.establishments import CONSULTATION, EMERGENCY, SIGMA, Hospital, Ward
from simulator.movements import Exit, Kind, Mode, Movement
from simulator.streams import Streams

Process = Generator[simpy.Event, Any, None]
Publish = Callable[[Movement], None]

# Weight of each weekday, Monday first, mean 1; calibration figures.
WEEK_FULL = (1.05, 1.14, 1.14, 1.17, 1.30, 0.68, 0.52)
WEEK_EMERGENCY = (1.11, 1.0, 0.98, 0.97, 0.99, 0.98, 0.97)
WEEK_OFFICE = (1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0)
# Weight of each hour of the day, mean 1; orders of magnitude, unconfirmed.
HOURS_PLANNED = (0, 0, 0, 0, 0, 0, 0.5, 2.5, 4, 4, 3, 2, 1, 2, 2.5, 1.5, 0.7, 0.3, 0, 0, 0, 0, 0, 0)
HOURS_EMERGENCY = (0.6, 0.5, 0.4, 0.3, 0.3, 0.3, 0.4, 0.6, 1.0, 1.4, 1.6, 1.6, 1.5, 1.5, 1.5, 1.4,
                   1.4, 1.4, 1.4, 1.3, 1.2, 1.1, 0.9, 0.8)  # fmt: skip
HOURS_OFFICE = (0, 0, 0, 0, 0, 0, 0, 0, 2, 3.5, 4, 3.5, 1, 1.5, 3, 3, 2.5, 0, 0, 0, 0, 0, 0, 0)
DISCHARGE_HOURS = (.002, .002, .001, .001, .001, .002, .004, .008, .025, .060, .120, .140, .100,
                   .109, .139, .109, .080, .050, .025, .010, .005, .003, .002, .002)  # fmt: skip

VISITS_PER_BED_AND_DAY = 0.30  # consultations; 45 M a year, calibration figures
EMERGENCIES_PER_BED_AND_DAY = 0.20  # 20.9 M a year, calibration figures
ADMITTED_FROM_EMERGENCY = 0.23  # calibration figures
PLACES_USED = 0.85  # share of the places of a day unit taken on a working day, unconfirmed
EXITS = ((Exit.DEATH, 0.02), (Exit.TRANSFER, 0.05), (Exit.MUTATION, 0.04))  # the rest go home
PATIENCE_MINUTES = {True: 36 * 60.0, False: 4 * 60.0}  # planned or not: how long a bed is awaited
MAX_NIGHTS = 120
SPECIAL = ("MATER", "NEONAT", "PEDIA", "GYNECO", "GERIA")  # wards of one sex or age only


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Somebody who comes to a ward for a stay."""

    number: str
    is_planned: bool
    after: str = ""


class Simulation:
    """One simulated hospital: its beds are SimPy resources, its movements are published."""

    def __init__(
        self, hospital: Hospital, streams: Streams, clock: SimulatedClock, publish: Publish
    ) -> None:
        self.hospital = hospital
        self.env = simpy.Environment()
        self._streams = streams
        self._clock = clock
        self._publish = publish
        self._beds = {
            ward.unit.code: simpy.Resource(self.env, capacity=ward.beds)
            for ward in hospital.wards
            if ward.beds
        }
        self._numbers: dict[str, int] = {}
        self._present: dict[str, Movement] = {}

    def run(self, until: float) -> None:
        """Simulate up to a minute; whoever is still there is published without an exit."""
        for ward in self.hospital.full_wards:
            self.env.process(self._admissions(ward))
        for ward in self.hospital.day_wards:
            self.env.process(self._day_unit(ward))
        for ward in self.hospital.of_mode(CONSULTATION):
            self.env.process(self._visits(ward, Kind.CONSULTATION))
        for ward in self.hospital.of_mode(EMERGENCY):
            self.env.process(self._visits(ward, Kind.EMERGENCY))
        self.env.run(until=until)
        for movement in self._present.values():
            self._publish(movement)

    def _stream(self, ward: Ward, purpose: str) -> np.random.Generator:
        return self._streams[f"{self.hospital.establishment.finess_eg}/{ward.unit.code}/{purpose}"]

    def _number(self, ward: Ward) -> str:
        """The next number of a stay or visit: establishment, unit, rank."""
        rank = self._numbers[ward.unit.code] = self._numbers.get(ward.unit.code, 0) + 1
        return f"26{self.hospital.rank:02}{ward.rank:02}{rank:05}"

    def _arrivals(
        self, ward: Ward, per_day: float, hours: Sequence[float], week: Sequence[float]
    ) -> Generator[simpy.Event, Any, None]:
        """Wait for the next arrival of a Poisson flow with a profile of hours and days."""
        stream = self._stream(ward, "arrivals")
        peak = max(hours) * max(week)
        while True:
            mean = MINUTES_PER_DAY / (per_day * peak)
            yield self.env.timeout(float(stream.exponential(mean)))
            now = self._clock.civil(self.env.now)
            if stream.random() * peak < hours[now.hour] * week[now.weekday()]:
                return

    # Stays with nights.

    def _admissions(self, ward: Ward) -> Process:
        per_day = ward.beds * self.hospital.given.occupancy / (ward.mean_nights + 0.2)
        planned = 0.75 if ward.is_surgical or ward.activity != "MCO" else 0.35
        stream = self._stream(ward, "planned")
        for number in range(ward.beds):  # a hospital is never empty
            if stream.random() < self.hospital.given.occupancy:
                self.env.process(self._stay(ward, _Arrival(self._number(ward), number % 2 == 0)))
        while True:
            is_planned = bool(stream.random() < planned)
            hours = HOURS_PLANNED if is_planned else HOURS_EMERGENCY
            yield from self._arrivals(ward, per_day, hours, WEEK_FULL)
            self.env.process(self._stay(ward, _Arrival(self._number(ward), is_planned)))

    def _stay(self, ward: Ward, arrival: _Arrival) -> Process:
        with self._beds[ward.unit.code].request() as bed:
            wait = self.env.timeout(PATIENCE_MINUTES[arrival.is_planned])
            yield bed | wait
            if not bed.triggered:
                return  # goes to another hospital, or is not called in
            movement = self._admit(ward, arrival, Kind.STAY, Mode.FULL)
            stream = self._streams.fresh(f"{arrival.number}/stay")
            leaves = self._leaving(stream, ward)
            yield self.env.timeout(leaves - self.env.now)
            self._leave(movement, self._exit(stream, ward))

    def _leaving(self, stream: np.random.Generator, ward: Ward) -> float:
        """The minute of the exit: nights from a lognormal law, at an hour of exits."""
        sigma = SIGMA[ward.activity]
        drawn = float(stream.lognormal(math.log(ward.mean_nights) - sigma**2 / 2, sigma))
        nights = min(MAX_NIGHTS, max(1, round(drawn)))
        day = self._clock.civil(self.env.now)
        if (day.weekday() + nights) % 7 >= 5 and stream.random() < 0.4:
            nights += 7 - (day.weekday() + nights) % 7  # few leave at the weekend
        now: float = self.env.now
        midnight = now - (day.hour * 60 + day.minute + day.second / 60)
        hour = int(stream.choice(24, p=np.array(DISCHARGE_HOURS) / sum(DISCHARGE_HOURS)))
        minute = int(stream.integers(60))
        return midnight + nights * MINUTES_PER_DAY + hour * 60 + minute

    def _exit(self, stream: np.random.Generator, ward: Ward) -> Exit:
        value = float(stream.random())
        for way, share in EXITS:
            if value < share:
                return way if way is not Exit.DEATH or ward.stem not in ("MATER",) else Exit.HOME
            value -= share
        return Exit.HOME

    def _admit(self, ward: Ward, arrival: _Arrival, kind: Kind, mode: Mode) -> Movement:
        movement = Movement(
            arrival.number,
            kind,
            self.hospital,
            ward,
            admitted=self.env.now,
            left=None,
            mode=mode,
            is_planned=arrival.is_planned,
            after=arrival.after,
        )
        self._present[arrival.number] = movement
        return movement

    def _leave(self, movement: Movement, way: Exit) -> None:
        """The exit; a mutation needs a free bed elsewhere, else the patient goes home."""
        may_move = way is Exit.MUTATION and movement.ward.stem not in SPECIAL
        other = self._other_ward(movement) if may_move else None
        if way is Exit.MUTATION and other is None:
            way = Exit.HOME
        del self._present[movement.number]
        self._publish(replace(movement, left=self.env.now, exit=way))
        if other is not None:
            arrival = _Arrival(self._number(other), is_planned=False, after=movement.number)
            self.env.process(self._stay(other, arrival))

    def _other_ward(self, movement: Movement) -> Ward | None:
        stream = self._streams.fresh(f"{movement.number}/mutation")
        return self._free_ward(stream, without=movement.ward)

    def _free_ward(self, stream: np.random.Generator, without: Ward | None = None) -> Ward | None:
        """A ward of adults' care with a free bed that nobody awaits."""
        free = [
            ward
            for ward in self.hospital.full_wards
            if ward != without
            and ward.activity == "MCO"
            and ward.stem not in SPECIAL
            and self._beds[ward.unit.code].count < ward.beds
            and not self._beds[ward.unit.code].queue
        ]
        return free[int(stream.integers(len(free)))] if free else None

    # Days without a night.

    def _day_unit(self, ward: Ward) -> Process:
        stream = self._stream(ward, "day")
        while True:
            day = self._clock.civil(self.env.now)
            if day.weekday() < 5:
                for _ in range(int(stream.binomial(ward.beds, PLACES_USED))):
                    starts = 7 * 60 + float(stream.integers(0, 210))
                    self.env.process(self._day_stay(ward, starts))
            minutes = day.hour * 60 + day.minute + day.second / 60
            yield self.env.timeout(MINUTES_PER_DAY - minutes)

    def _day_stay(self, ward: Ward, starts: float) -> Process:
        day = self._clock.civil(self.env.now)
        wait = starts - (day.hour * 60 + day.minute)
        if wait < 0:
            return
        yield self.env.timeout(wait)
        with self._beds[ward.unit.code].request() as place:
            yield place
            mode = Mode.AMBULATORY if ward.is_surgical else Mode.DAY
            arrival = _Arrival(self._number(ward), is_planned=True)
            movement = self._admit(ward, arrival, Kind.STAY, mode)
            stream = self._streams.fresh(f"{arrival.number}/stay")
            yield self.env.timeout(float(stream.triangular(240, 420, 600)))
            self._leave(movement, Exit.HOME)

    # Visits.

    def _visits(self, ward: Ward, kind: Kind) -> Process:
        is_office = kind is Kind.CONSULTATION
        rate = VISITS_PER_BED_AND_DAY if is_office else EMERGENCIES_PER_BED_AND_DAY
        per_day = rate * max(1, self.hospital.beds) * self.hospital.given.visits
        hours, week = (
            (HOURS_OFFICE, WEEK_OFFICE) if is_office else (HOURS_EMERGENCY, WEEK_EMERGENCY)
        )
        while per_day:
            yield from self._arrivals(ward, per_day, hours, week)
            self.env.process(self._visit(ward, kind))

    def _visit(self, ward: Ward, kind: Kind) -> Process:
        is_office = kind is Kind.CONSULTATION
        movement = self._admit(ward, _Arrival(self._number(ward), is_office), kind, Mode.NONE)
        stream = self._streams.fresh(f"{movement.number}/visit")
        minutes = stream.triangular(12, 20, 45) if is_office else stream.lognormal(5.1, 0.5)
        yield self.env.timeout(float(minutes))
        del self._present[movement.number]
        self._publish(replace(movement, left=self.env.now))
        if not is_office and stream.random() < ADMITTED_FROM_EMERGENCY:
            other = self._free_ward(stream)
            if other is not None:
                arrival = _Arrival(self._number(other), is_planned=False, after=movement.number)
                self.env.process(self._stay(other, arrival))


def simulate(
    hospital: Hospital, streams: Streams, clock: SimulatedClock, until: float
) -> tuple[Movement, ...]:
    """The movements of a hospital from minute 0 to ``until``, in the order of admissions."""
    found: list[Movement] = []
    Simulation(hospital, streams, clock, found.append).run(until)
    return tuple(sorted(found, key=lambda movement: (movement.admitted, movement.number)))
