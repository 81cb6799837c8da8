"""Judge: what a scenario expects against what was measured; what cannot be judged says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from indicators.catalogue import load_catalogue
from indicators.judge import Expected, Judgement, mistakes, read_expected
from indicators.measure import measure
from tests.indicators.builders import EJ, an_establishment
from tests.indicators.test_measure import OTHER_EJ, a_week

CATALOGUE = load_catalogue()
PLACE = "x.yaml:3: expect[0]"


def judgements(tmp_path: Path, *expect: dict[str, Any], **asked: str) -> tuple[Judgement, ...]:
    """Of a week with 40 stays, 30 letters in the DMP, 15 to a professional."""
    run = a_week()
    run.expect = [{"place": PLACE, **item} for item in expect]
    return measure(run.write(tmp_path / "week"), **asked).judgements


OUTCOMES = [  # what is expected, what becomes of it, why
    ({"indicator": "HOPEN-D6.1", "verdict": "attained"}, "held", ""),
    ({"indicator": "HOPEN-D6.1", "verdict": "not_attained"}, "missed", "verdict"),
    ({"indicator": "HOPEN-D6.1", "numerator": "30", "denominator": "40"}, "held", ""),
    ({"indicator": "HOPEN-D6.1", "numerator": "31"}, "missed", "numérateur"),
    ({"indicator": "HOPEN-D6.1", "denominator": "<= 39"}, "missed", "dénominateur"),
    ({"indicator": "HOPEN-D6.1", "value": "0.75"}, "held", ""),
    ({"indicator": "HOPEN-D6.1", "value": "0.7500001"}, "missed", "valeur"),
    ({"indicator": "HOPEN-D6.1", "value": ">= 0.75"}, "held", ""),
    ({"indicator": "HOPEN-D6.1", "value": "<=0.75"}, "held", ""),
    ({"indicator": "HOPEN-D6.1", "value": ">= 0.76"}, "missed", "valeur"),
    (
        {"indicator": "HOPEN-D6.1", "verdict": "not_attained", "numerator": "1", "value": "1"},
        "missed",
        "verdict, numérateur, valeur",
    ),
    ({"indicator": "HOPEN-P4.1", "verdict": "attained", "numerator": ">= 30"}, "held", ""),
    ({"indicator": "HOPEN-P4.2", "verdict": "attained", "numerator": "1"}, "held", ""),
    ({"indicator": "NAT-5", "verdict": "attained", "value": "0"}, "held", ""),
    ({"indicator": "HOPEN-P9", "verdict": "attained"}, "not_judged", "aucun résultat"),
    ({"indicator": "HOPEN-D6.1", "finess": "0B9013000", "verdict": "attained"}, "not_judged",
     "aucun résultat"),
    ({"indicator": "HOPEN-P4.1", "value": "1"}, "not_judged", "pas de dénominateur"),
    ({"indicator": "HOPEN-P4.1", "denominator": "1"}, "not_judged", "pas de dénominateur"),
]  # fmt: skip


@pytest.mark.parametrize(("expect", "outcome", "why"), OUTCOMES)
def test_an_expectation_is_held_missed_or_not_judged(
    tmp_path: Path, expect: dict[str, Any], outcome: str, why: str
) -> None:
    (found,) = judgements(tmp_path, expect)
    assert (found.outcome, found.place, found.indicator) == (outcome, PLACE, expect["indicator"])
    assert why in found.why
    assert bool(found.why) == (outcome != "held")


EMPTY = [  # what is expected of an establishment without a stay, what becomes of it
    ({"verdict": "attained"}, "not_judged"),
    ({"verdict": "not_attained"}, "not_judged"),
    ({"value": "<= 1"}, "not_judged"),
    ({"verdict": "not_applicable"}, "held"),
    ({"verdict": "not_measurable"}, "missed"),
    ({"numerator": "0", "denominator": "0"}, "held"),
]


@pytest.mark.parametrize(("expect", "outcome"), EMPTY)
def test_without_a_denominator_there_is_no_share_to_judge(
    tmp_path: Path, expect: dict[str, Any], outcome: str
) -> None:
    run = a_week()
    run.establishment.append(an_establishment(OTHER_EJ, name="CHR de Port-Anselme"))
    about = {"indicator": "HOPEN-D6.1", "finess": OTHER_EJ, "place": PLACE}
    run.expect = [about | expect]
    (found,) = measure(run.write(tmp_path)).judgements
    assert found.outcome == outcome
    if outcome == "not_judged":
        assert (found.why, found.place) == ("le dénominateur est nul", PLACE)


def test_without_an_establishment_each_that_is_played_is_judged(tmp_path: Path) -> None:
    run = a_week()
    run.establishment.append(an_establishment(OTHER_EJ, name="CHR de Port-Anselme"))
    run.expect = [{"indicator": "HOPEN-P4.1", "verdict": "attained"}]
    found = measure(run.write(tmp_path)).judgements
    assert {item.finess_ej: str(item.outcome) for item in found} == {EJ: "held", OTHER_EJ: "missed"}
    assert "CHR de Port-Anselme" in {item.establishment for item in found}


def test_what_was_expected_and_measured_is_told_in_french(tmp_path: Path) -> None:
    expect = {"indicator": "HOPEN-D6.1", "verdict": "not_attained", "value": ">= 0.9"}
    (found,) = judgements(tmp_path, expect)
    assert found.expected == "verdict non atteint, valeur >= 0.9"
    assert found.measured == "30 sur 40 (75\u00a0%), atteint"
    assert found.as_dict()["outcome"] == "missed"


def test_a_programme_judges_what_is_expected_of_it_only(tmp_path: Path) -> None:
    expect = [{"indicator": code, "verdict": "attained"} for code in ("SUNES-V1.1", "NAT-5")]
    found = judgements(tmp_path, *expect, programme="SUNES")
    assert [item.indicator for item in found] == ["SUNES-V1.1"]


def test_a_run_that_expects_nothing_or_nonsense_is_measured(tmp_path: Path) -> None:
    assert judgements(tmp_path) == ()
    assert read_expected(None) == read_expected("x") == read_expected(["x", 3]) == ()
    assert read_expected([{"indicator": "NAT-5", "line": 3}]) == (Expected("NAT-5"),)


NEVER = [  # what can never be judged, why
    (Expected("HOPEN-P9", "attained"), ".indicator: 'HOPEN-P9' is no indicator; known: HOPEN-P4.1"),
    (Expected("NAT-5", finess=EJ, value="0"), ".finess: NAT-5 is national"),
    (Expected("HOPEN-P4.1", value="1"), ".value: HOPEN-P4.1 has no denominator, it is a count"),
    (Expected("HOPEN-P4.2", denominator="1"), ".denominator: HOPEN-P4.2 has no denominator, it is"),
]


@pytest.mark.parametrize(("expect", "told"), NEVER)
def test_what_can_never_be_judged_is_told_with_its_place(expect: Expected, told: str) -> None:
    placed = Expected(**{name: getattr(expect, name) for name in expect.__slots__} | {"place": "p"})
    (found,) = mistakes([placed], CATALOGUE)
    assert found.startswith(f"p{told}")


def test_what_can_be_judged_has_no_mistake() -> None:
    right = [Expected("NAT-5", "attained"), Expected("HOPEN-D6.1", finess=EJ, value="1")]
    assert list(mistakes(right, CATALOGUE)) == []
