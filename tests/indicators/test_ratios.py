"""Ratios: the interval against known values, the verdicts against the vectors of the catalogue."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from indicators.catalogue import Indicator, load_catalogue
from indicators.ratios import judge, percent, wilson

CATALOGUE = load_catalogue()


def row(code: str = "HOPEN-D6.1", **other: object) -> Indicator:
    found = CATALOGUE.row(code)
    assert found is not None
    return replace(found, **other)  # type: ignore[arg-type]


WILSON = [  # num, den, low, high: published tables of the score interval
    (0, 10, 0.0, 0.27753),
    (10, 10, 0.72247, 1.0),
    (5, 10, 0.23659, 0.76341),
    (81, 263, 0.25529, 0.36618),
    (15, 148, 0.06239, 0.16047),
    (1, 29, 0.00611, 0.17177),
]


@pytest.mark.parametrize(("num", "den", "low", "high"), WILSON)
def test_the_interval_is_wilsons(num: int, den: int, low: float, high: float) -> None:
    assert wilson(num, den) == pytest.approx((low, high), abs=2e-4)


VERDICTS = [  # row, num, den, verdict
    (row(target_point=0.7), 699, 1000, "not_attained"),
    (row(target_point=0.7), 700, 1000, "attained"),
    (row(target_point=0.7), 20, 25, "not_measurable"),
    (row(target_point=0.7), 30, 30, "attained"),
    (row(), 0, 0, "not_applicable"),
    (row("SUNES-V1.0"), 95, 100, "not_attained"),
    (row("SUNES-V1.0"), 100, 100, "attained"),
    (row("SUNES-V1.0"), 0, 0, "not_measurable"),
    (row("NAT-5"), 5, 100, "attained"),
    (row("NAT-5"), 6, 100, "not_attained"),
    (row("NAT-5"), 1, 29, "not_measurable"),
    (row("HOPEN-P4.1"), 0, None, "not_attained"),
    (row("HOPEN-P4.1"), 1, None, "attained"),
    (row("HOPEN-P4.2"), 1, None, "attained"),
    (row("HOPEN-P4.2"), 0, None, "not_attained"),
    (row("HOPEN-P4.3"), 1, 1, "attained"),
    (row("HOPEN-P4.3"), 9, 10, "not_attained"),
]


@pytest.mark.parametrize(("indicator", "num", "den", "verdict"), VERDICTS)
def test_the_verdict_on_two_counts(
    indicator: Indicator, num: int, den: int | None, verdict: str
) -> None:
    judged = judge(indicator, num, den)
    assert judged.verdict == verdict
    assert judged.reason.endswith(".")


def test_a_threshold_is_compared_exactly() -> None:
    for den in range(30, 400):
        num = Fraction(29, 100) * den
        if num.denominator == 1:
            assert judge(row(target_point=0.29), int(num), den).verdict == "attained"


@pytest.mark.parametrize(("share", "verdict"), [("0.95", "attained"), ("0.949", "not_measurable")])
def test_incomplete_data_is_not_measurable(share: str, verdict: str) -> None:
    judged = judge(row(), 40, 40, completeness=Fraction(share))
    assert judged.verdict == verdict
    assert judged.value == 1.0


def test_absent_data_is_named() -> None:
    judged = judge(row(), 0, 0, completeness=Fraction(0), missing="absent : stay")
    assert judged.verdict == "not_measurable"
    assert "absent : stay" in judged.reason


def test_an_establishment_without_the_activity_is_out_of_scope() -> None:
    judged = judge(row(), 40, 40, has_scope=False)
    assert (judged.verdict, judged.value) == ("not_applicable", None)


def test_an_unmet_condition_is_named() -> None:
    assert "une preuve" in judge(row("HOPEN-P4.2"), 0, None, missing="une preuve").reason


@pytest.mark.parametrize(("value", "text"), [(0.5, "50"), (0.625, "62,5"), (1.0, "100"), (0, "0")])
def test_a_percentage_is_written_as_in_french(value: float, text: str) -> None:
    assert percent(value) == f"{text}\u00a0%"
