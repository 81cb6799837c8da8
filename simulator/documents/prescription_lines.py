"""Simulator, documents, prescription lines: what a treatment becomes when it is prescribed.

Deliveries and renewals, substitution, long-term illness (ALD), narcotics, the weight of a child.
Not here: the words of the posology (wording), any XML.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import yaml

from simulator.documents.facts import PARIS, StayFacts, Treatment, birthday
from simulator.documents.references import FOLDER

DELIVERY_DAYS = 30  # the most that is delivered at once, code de la santé publique R5123-2
MOST_RENEWALS = 11  # twelve months in all, same article
FIRST_DELIVERY_WITHIN = 90  # days; R5123-2
WEIGHED_BELOW = 18  # years; R5132-3 wants what the dose depends on
SPREAD = 0.12  # of the median weight, on each side


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a prescription, with what a pharmacist must know."""

    number: int
    treatment: Treatment
    starts_at: datetime
    renewals: int
    is_long_term: bool  # ALD
    is_substitutable: bool
    is_narcotic: bool

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(days=self.treatment.days)

    @property
    def a_day(self) -> int:
        """Units a day."""
        return self.treatment.dose * self.treatment.times_per_day

    @property
    def delivered(self) -> int:
        """Units of one delivery."""
        days = self.treatment.days
        return self.a_day * (days if self.renewals == 0 else min(days, DELIVERY_DAYS))


def prescription_lines(facts: StayFacts, starts_at: datetime) -> tuple[Line, ...]:
    """The treatments of a stay as they are prescribed at its end."""
    rows = enumerate(facts.case.treatments, 1)
    return tuple(_line(number, treatment, facts, starts_at) for number, treatment in rows)


def valid_until(lines: tuple[Line, ...], written_at: datetime) -> datetime:
    """When the last delivery is due at the latest."""
    longest = max(line.treatment.days for line in lines)
    return written_at + timedelta(days=max(longest, FIRST_DELIVERY_WITHIN))


def weight_kg(facts: StayFacts) -> float | None:
    """What a child weighs, the same in every document of a stay; None for a grown-up."""
    if facts.age >= WEIGHED_BELOW:
        return None
    boys, girls = _medians(_months(facts))
    median = boys if facts.patient.traits.sex == "M" else girls
    digest = blake2b(facts.patient.ins.matricule.encode(), digest_size=4).digest()
    share = int.from_bytes(digest) / 2**32
    return round(median * (1 - SPREAD + 2 * SPREAD * share), 1)


def _line(number: int, treatment: Treatment, facts: StayFacts, starts_at: datetime) -> Line:
    atc = treatment.substance.code
    is_narcotic = _begins(atc, _tables()["narcotics"])
    full, rest = divmod(treatment.days, DELIVERY_DAYS)
    renewals = 0 if is_narcotic else min(MOST_RENEWALS, max(0, full + (rest > 0) - 1))
    chronic = _tables()["long_term"]
    return Line(
        number=number,
        treatment=treatment,
        starts_at=starts_at,
        renewals=renewals,
        is_long_term=_begins(facts.case.diagnosis.code, chronic["diagnoses"])
        and not _begins(atc, chronic["unrelated"]),
        is_substitutable=atc not in _tables()["no_substitution"],
        is_narcotic=is_narcotic,
    )


def _begins(code: str, heads: list[str]) -> bool:
    return code.startswith(tuple(heads))


def _months(facts: StayFacts) -> int:
    """Age in whole months at admission."""
    born = birthday(facts.patient.traits.birth_date)
    then = facts.admitted_at.astimezone(PARIS)
    months = (then.year - born.year) * 12 + then.month - born.month
    return max(0, months - (then.day < born.day))


def _medians(months: int) -> tuple[float, float]:
    """Median weights of boys and girls of this age."""
    for (low, *before), (high, *after) in pairwise(_tables()["weights"]):
        if months <= high:
            share = (months - low) / (high - low)
            boys, girls = (a + (b - a) * share for a, b in zip(before, after, strict=True))
            return boys, girls
    _, boys, girls = _tables()["weights"][-1]
    return boys, girls


@cache
def _tables() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / "prescription.yaml").read_text("utf-8"))
    return content
