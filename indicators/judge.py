"""Indicators, judge: the results of a run against what its scenario expects of them.

Pure. Not here: measuring (measure), the verdict on a target (ratios), reading a scenario.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from indicators.catalogue import Catalogue
from indicators.ratios import Verdict, percent

if TYPE_CHECKING:
    from indicators.measure import Result

NAMES = ("indicator", "verdict", "finess", "numerator", "denominator", "value", "place")
WORDS = {
    Verdict.ATTAINED: "atteint",
    Verdict.NOT_ATTAINED: "non atteint",
    Verdict.NOT_MEASURABLE: "non mesurable",
    Verdict.NOT_APPLICABLE: "sans objet",
}
_OF_A_TARGET = (Verdict.ATTAINED, Verdict.NOT_ATTAINED)


class Outcome(StrEnum):
    """What became of an expectation."""

    HELD = "held"
    MISSED = "missed"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a scenario expects of an indicator; see simulator.expectations."""

    indicator: str
    verdict: str = ""
    finess: str = ""
    numerator: str = ""
    denominator: str = ""
    value: str = ""
    place: str = ""

    @property
    def text(self) -> str:
        """In French: ``verdict atteint, valeur >= 0.9``."""
        verdict = WORDS.get(self.verdict, self.verdict)  # type: ignore[call-overload]
        told = (("verdict", verdict), ("numérateur", self.numerator),
                ("dénominateur", self.denominator), ("valeur", self.value))  # fmt: skip
        return ", ".join(f"{name} {what}" for name, what in told if what)


@dataclass(frozen=True, slots=True)
class Judgement:
    """An expectation and one result: held, missed, or why it cannot be judged (in French)."""

    place: str
    indicator: str
    finess_ej: str
    establishment: str
    expected: str
    measured: str
    outcome: Outcome
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As docs/json.md says."""
        return asdict(self) | {"outcome": str(self.outcome)}


def read_expected(told: Any) -> tuple[Expected, ...]:
    """The expectations that ``run.json`` keeps; what is none is left out."""
    items = told if isinstance(told, list | tuple) else ()
    return tuple(
        Expected(**{name: str(item.get(name, "")) for name in NAMES})
        for item in items
        if isinstance(item, Mapping)
    )


def mistakes(expect: Iterable[Expected], catalogue: Catalogue) -> Iterator[str]:
    """Why an expectation can never be judged with this catalogue, each with its place."""
    for item in expect:
        row = catalogue.row(item.indicator)
        if row is None:
            known = ", ".join(found.code for found in catalogue.rows)
            yield f"{item.place}.indicator: {item.indicator!r} is no indicator; known: {known}"
            continue
        if row.is_national and item.finess:
            yield f"{item.place}.finess: {row.code} is national, it has no establishment"
        for name in ("denominator", "value"):
            if getattr(item, name) and row.denominator is None:
                yield f"{item.place}.{name}: {row.code} has no denominator, it is a {row.unit}"


def judged(expect: Iterable[Expected], results: Iterable[Result]) -> tuple[Judgement, ...]:
    """Every expectation against each result it is about, in the order of the scenario."""
    known = tuple(results)
    return tuple(found for item in expect for found in _judged(item, known))


def _judged(item: Expected, results: tuple[Result, ...]) -> Iterator[Judgement]:
    about = [
        result
        for result in results
        if result.code == item.indicator and item.finess in ("", result.finess_ej)
    ]
    if not about:
        yield Judgement(
            item.place, item.indicator, item.finess, "", item.text, "", Outcome.NOT_JUDGED,
            "aucun résultat de cet indicateur",
        )  # fmt: skip
    for result in about:
        outcome, why = _outcome(item, result)
        yield Judgement(
            item.place, item.indicator, result.finess_ej, result.establishment, item.text,
            _measured(result), outcome, why,
        )  # fmt: skip


def _outcome(item: Expected, result: Result) -> tuple[Outcome, str]:
    is_of_a_share = bool(item.value) or item.verdict in _OF_A_TARGET
    if result.den == 0 and is_of_a_share:
        return Outcome.NOT_JUDGED, "le dénominateur est nul"
    if result.den is None and (item.value or item.denominator):
        return Outcome.NOT_JUDGED, "l'indicateur n'a pas de dénominateur"
    missed = [] if item.verdict in ("", result.verdict) else ["verdict"]
    missed += [name for name, bound, found in _counted(item, result) if not _holds(bound, found)]
    return (Outcome.MISSED, ", ".join(missed)) if missed else (Outcome.HELD, "")


def _counted(item: Expected, result: Result) -> Iterator[tuple[str, str, Fraction]]:
    """Each bound that is asked, and what was counted."""
    if item.numerator:
        yield "numérateur", item.numerator, Fraction(result.num)
    if item.denominator and result.den is not None:
        yield "dénominateur", item.denominator, Fraction(result.den)
    if item.value and result.den:
        yield "valeur", item.value, Fraction(result.num, result.den)


def _holds(bound: str, found: Fraction) -> bool:
    """Exact: 0.4 is two fifths."""
    wanted = Fraction(bound.lstrip("<>= "))
    if bound.startswith(">="):
        return found >= wanted
    return found <= wanted if bound.startswith("<=") else found == wanted


def _measured(result: Result) -> str:
    word = WORDS[Verdict(result.verdict)]
    if isinstance(result.target, bool):
        return f"{'oui' if result.num else 'non'}, {word}"
    if result.den is None:
        return f"{result.num}, {word}"
    share = f" ({percent(result.value)})" if result.value is not None else ""
    return f"{result.num} sur {result.den}{share}, {word}"
