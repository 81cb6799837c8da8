"""Simulator, establishments: a hospital at work: its wards with their beds, its teams, its clients.

What a hospital is comes from the invented country; how much of it is played and how its teams
work comes from the scenario. Not here: what happens in it (activity).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kit.world import Establishment, Professional, Unit, World
from simulator.scenario import Scenario, ScenarioEstablishment

DAY_MODES = frozenset({"09", "20", "29", "30"})  # TRE_R213: patients who do not sleep there
CONSULTATION, EMERGENCY = "32", "33"  # TRE_R213
FIELDS = {"01": "MCO", "02": "SSR", "03": "PSY"}
DOCTOR = "10"  # TRE_G15
GENERAL_PRACTICE = "SM54"  # TRE_R38

# Mean nights of a full stay; calibration figures for the field, shorter or longer for some wards.
MEAN_NIGHTS = {"MCO": 5.5, "SSR": 34.0, "PSY": 28.0}
WARD_NIGHTS = {"UHCD": 1.3, "MATER": 3.6, "GYNECO": 2.6, "URO": 2.9, "PEDIA": 2.8, "REA": 6.5,
               "GERIA": 9.5, "CHIRDIG": 4.6, "ORTHO": 4.8, "NEONAT": 9.0}  # fmt: skip
SIGMA = {"MCO": 0.95, "SSR": 0.75, "PSY": 1.10}  # of the lognormal length of stay
SURGICAL = frozenset({"CHIRDIG", "ORTHO", "URO", "NEUROCHIR", "VASC", "GYNECO", "CHIRAMB"})


@dataclass(frozen=True, slots=True)
class Ward:
    """A unit with the beds that are played, or the places of a day unit; 0 without either."""

    unit: Unit
    rank: int  # of the unit in its establishment, from 0: a part of the numbers of its stays
    beds: int

    @property
    def stem(self) -> str:
        """The kind of ward: ``CARDIO`` for CARDIO1 and CARDIO2."""
        return self.unit.code.rstrip("0123456789")

    @property
    def activity(self) -> str:
        """MCO, SSR or PSY."""
        return FIELDS[self.unit.field]

    @property
    def is_day(self) -> bool:
        """Whether nobody sleeps there."""
        return self.unit.care_mode in DAY_MODES

    @property
    def is_surgical(self) -> bool:
        """Whether most of its patients have an operation."""
        return self.stem in SURGICAL

    @property
    def mean_nights(self) -> float:
        """The mean length of a full stay."""
        return WARD_NIGHTS.get(self.stem, MEAN_NIGHTS[self.activity])


@dataclass(frozen=True)  # no slots: cached_property needs a dictionary
class Hospital:
    """An establishment as it is played."""

    establishment: Establishment
    rank: int  # in the scenario, from 1
    given: ScenarioEstablishment
    wards: tuple[Ward, ...]
    staff: tuple[Professional, ...]
    town_doctors: tuple[Professional, ...]

    @cached_property
    def full_wards(self) -> tuple[Ward, ...]:
        """Wards where patients sleep."""
        return tuple(ward for ward in self.wards if ward.beds and not ward.is_day)

    @cached_property
    def day_wards(self) -> tuple[Ward, ...]:
        """Wards with places."""
        return tuple(ward for ward in self.wards if ward.beds and ward.is_day)

    @cached_property
    def beds(self) -> int:
        """Beds and places that are played."""
        return sum(ward.beds for ward in self.wards)

    def of_mode(self, care_mode: str) -> tuple[Ward, ...]:
        """Wards without beds of a mode: consultations, emergencies."""
        return tuple(ward for ward in self.wards if ward.unit.care_mode == care_mode)

    @cached_property
    def _team(self) -> dict[str, tuple[Professional, ...]]:
        return {
            ward.unit.code: tuple(
                person
                for person in self.staff
                if person.unit == ward.unit.code and person.profession == DOCTOR
            )
            for ward in self.wards
        }

    def doctors(self, unit: str) -> Sequence[Professional]:
        """The doctors of a unit."""
        return self._team[unit]

    @cached_property
    def attending_doctors(self) -> tuple[Professional, ...]:
        """Town doctors who may be a patient's own (médecins traitants)."""
        general = tuple(who for who in self.town_doctors if who.specialty == GENERAL_PRACTICE)
        return general or self.town_doctors


def hospitals(scenario: Scenario, world: World) -> tuple[Hospital, ...]:
    """The hospitals of a scenario, in its order."""
    return tuple(
        _hospital(given, rank, world) for rank, given in enumerate(scenario.establishments, 1)
    )


def _hospital(given: ScenarioEstablishment, rank: int, world: World) -> Hospital:
    found = world.establishment(given.finess)
    assert found is not None  # the scenario was checked
    chosen = given.units or tuple(unit.code for unit in found.units)
    wards = tuple(
        Ward(unit, at, max(1, round(unit.beds * given.scale)) if unit.beds else 0)
        for at, unit in enumerate(found.units)
        if unit.code in chosen
    )
    staff = world.professionals(found.finess_eg)
    return Hospital(found, rank, given, wards, staff, world.correspondents(found.department))
