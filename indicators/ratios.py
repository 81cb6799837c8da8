"""Indicators, ratios: two counts and a row of the catalogue make a value and a verdict.

Pure. Not here: counting (cube), what explains a number (explain).
Source: indicator catalogue; indicators.yaml, attainment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from indicators.catalogue import Indicator

Z_95 = 1.959963984540054  # standard normal quantile of 0.975
COMPLETE = Fraction(95, 100)  # share of the data that must be there, indicators.yaml attainment


class Verdict(StrEnum):
    """What a result says of an indicator."""

    ATTAINED = "attained"
    NOT_ATTAINED = "not_attained"
    NOT_MEASURABLE = "not_measurable"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Judged:
    """A value with its interval, the verdict and one sentence (French) that says why."""

    value: float | None
    wilson_lo: float | None
    wilson_hi: float | None
    verdict: Verdict
    reason: str


def wilson(num: int, den: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion. Source: Wilson 1927, without continuity."""
    share, square = num / den, Z_95**2
    centre = share + square / (2 * den)
    half = Z_95 * math.sqrt(share * (1 - share) / den + square / (4 * den * den))
    scale = 1 + square / den
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def judge(
    row: Indicator,
    num: int,
    den: int | None,
    *,
    completeness: Fraction = Fraction(1),
    has_scope: bool = True,
    missing: str = "",
) -> Judged:
    """The verdict on two counts.

    den: None for a count or a yes/no (num is then 1 when every condition holds). has_scope: the
    establishment has an activity the row is about. missing: the conditions that do not hold, or
    the data that is absent, as words for the sentence.
    """
    if not has_scope:
        return _without("Sans objet : aucune activité du champ dans l'établissement.")
    if den == 0 and row.if_empty == Verdict.NOT_APPLICABLE and completeness >= COMPLETE:
        return _without("Sans objet : le dénominateur est vide sur la période.")
    value, low, high = _measured(num, den)
    if reason := _unmeasurable(row, den, completeness, missing):
        return Judged(value, low, high, Verdict.NOT_MEASURABLE, reason)
    if den is None:
        return _counted(row, num, missing)
    is_held = _holds(row, Fraction(num, den))
    verdict = Verdict.ATTAINED if is_held else Verdict.NOT_ATTAINED
    return Judged(value, low, high, verdict, _sentence(row, num, den, is_held))


def _without(reason: str) -> Judged:
    return Judged(None, None, None, Verdict.NOT_APPLICABLE, reason)


def _measured(num: int, den: int | None) -> tuple[float | None, float | None, float | None]:
    return (num / den, *wilson(num, den)) if den else (None, None, None)


def _unmeasurable(row: Indicator, den: int | None, completeness: Fraction, missing: str) -> str:
    if completeness < COMPLETE:
        share = percent(float(completeness))
        told = f" ({missing})" if missing.startswith("absent") else ""
        return f"Non mesurable : données complètes à {share}, il en faut 95 %{told}."
    if den is not None and den < max(row.n_min, 1):
        least = max(row.n_min, 1)
        return f"Non mesurable : dénominateur de {den}, il en faut au moins {least}."
    return ""


def _counted(row: Indicator, num: int, missing: str) -> Judged:
    if row.unit == "boolean":
        verdict = Verdict.ATTAINED if num else Verdict.NOT_ATTAINED
        reason = "Toutes les conditions sont réunies." if num else f"Il manque : {missing}."
        return Judged(None, None, None, verdict, reason)
    is_held = num >= row.target_point
    verdict = Verdict.ATTAINED if is_held else Verdict.NOT_ATTAINED
    reason = f"{num} pour une cible de {row.target_point} au moins : {_word(is_held)}."
    return Judged(None, None, None, verdict, reason)


def _holds(row: Indicator, share: Fraction) -> bool:
    """Exact: 0.7 is seven tenths, not the nearest binary number."""
    target = Fraction(str(row.target_point))
    return share <= target if row.comparator == "<=" else share >= target


def _sentence(row: Indicator, num: int, den: int, is_held: bool) -> str:
    side = "au plus" if row.comparator == "<=" else "au moins"
    target = percent(float(row.target_point))
    return f"{num} sur {den}, soit {percent(num / den)}, pour {target} {side} : {_word(is_held)}."


def _word(is_held: bool) -> str:
    return "cible atteinte" if is_held else "cible non atteinte"


def percent(value: float) -> str:
    """``12,5 %``, as French writes it."""
    return f"{value * 100:.1f}".replace(".", ",").removesuffix(",0") + "\u00a0%"
