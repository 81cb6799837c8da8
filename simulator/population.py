"""Simulator, population: who comes to which ward, drawn by age among the invented people.

Not here: the identity the admission office types (identities).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from kit.world import Patient, World
from simulator.establishments import Ward

TRIES = 30
BIRTHS_WITHIN_DAYS = 20  # around the birthday that was drawn


@dataclass(frozen=True, slots=True)
class Audience:
    """Ages of those who come to a kind of ward: a triangle, in years; and their sex, if only one.

    Source: orders of magnitude, unconfirmed.
    """

    youngest: float
    usual: float
    oldest: float
    sex: str = ""


USUAL = Audience(18, 70, 97)
AUDIENCES = {
    "URG": Audience(16, 45, 98),
    "UHCD": Audience(16, 60, 98),
    "PEDIA": Audience(0, 4, 17.9),
    "NEONAT": Audience(0, 0.02, 0.1),
    "PEDOPSY": Audience(6, 14, 17.9),
    "MATER": Audience(18, 31, 44, "F"),
    "GYNECO": Audience(18, 45, 85, "F"),
    "GERIA": Audience(74, 86, 101),
    "PSYAGE": Audience(65, 75, 94),
    "CHIRAMB": Audience(18, 60, 90),
    "CONS": Audience(4, 58, 94),
    "SMRLOCO": Audience(30, 74, 96),
}


def draw_patient(stream: np.random.Generator, ward: Ward, today: date, world: World) -> Patient:
    """Somebody of the age and sex that come to this ward."""
    audience = AUDIENCES.get(ward.stem, USUAL)
    for _ in range(TRIES):
        patient = world.patient(_index(stream, audience, today, world))
        if audience.sex in ("", patient.traits.sex):
            break
    return patient


def _index(stream: np.random.Generator, audience: Audience, today: date, world: World) -> int:
    years = stream.triangular(audience.youngest, audience.usual, audience.oldest)
    born_on = today - timedelta(days=int(years * 365.25))
    around = timedelta(days=BIRTHS_WITHIN_DAYS)
    born = world.born_between(born_on - around, min(born_on + around, today))
    if not len(born):  # born after the last year of the world
        born = world.born_between(date(2025, 12, 1), date(2025, 12, 31))
    return int(stream.integers(born.start, born.stop))
