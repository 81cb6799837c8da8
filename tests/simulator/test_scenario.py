"""Scenarios: what is right is read whole; what is wrong is told all at once, with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.scenario import TO_DMP, Patience, WrongScenario, load
from tests.conftest import ROOT

RIGHT = """\
name: essai
title: Un essai
seed: 3
starts_at: 2026-03-02T00:00:00+01:00
days: 2
establishments:
  - finess: 1B9005013
    kind: CH
    scale: 0.5
    units: [MEDPOL1, CONS1]
    habits:
      identity_errors: 0.2
      to_dmp: {LDL: 0.4}
outages:
  - {service: dmp, effect: code, value: XDSRepositoryBusy, from: day 2 14:00, until: day 2 16:00}
"""


def mistakes_of(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(WrongScenario) as caught:
        load(path)
    return caught.value.mistakes


def test_a_right_scenario_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "right.yaml"
    path.write_text(RIGHT, "utf-8")
    found = load(path)
    place, outage = found.establishments[0], found.outages[0]
    assert place.finess == "0B9005006"  # the legal entity, whichever number was given
    assert place.habits.to_dmp == TO_DMP | {"LDL": 0.4}
    assert found.retry == Patience()
    assert found.ends_at == datetime(2026, 3, 3, 23, tzinfo=UTC)
    assert outage.from_at == datetime(2026, 3, 3, 13, tzinfo=UTC)  # 14:00 in Paris
    assert outage.until_at > outage.from_at


def test_summer_time_makes_a_day_of_23_hours(tmp_path: Path) -> None:
    path = tmp_path / "right.yaml"
    path.write_text(RIGHT.replace("2026-03-02T", "2026-03-28T"), "utf-8")
    found = load(path)
    assert (found.ends_at - found.starts_at).total_seconds() == 47 * 3600


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda p: p.name)
def test_each_scenario_of_the_repository_can_be_played(path: Path) -> None:
    assert load(path).name == path.stem


EXPECTED = """\
expect:
  - {indicator: HOPEN-P4.1, verdict: attained}
  - {indicator: HOPEN-D6.1, finess: 1B9005013, numerator: 12, denominator: ">= 5", value: "<=0.5"}
"""


def test_expectations_are_read_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "right.yaml"
    path.write_text(RIGHT + EXPECTED, "utf-8")
    first, second = load(path).expect
    assert (first.verdict, first.finess, first.value) == ("attained", "", "")
    assert first.place == "right.yaml:17: expect[0]"
    assert second.finess == "0B9005006"  # the legal entity, whichever number was given
    assert (second.numerator, second.denominator, second.value) == ("12", ">= 5", "<=0.5")
    assert second.as_dict()["place"] == "right.yaml:18: expect[1]"


UNEXPECTED = [  # what is replaced, by what, the mistake
    ("verdict: attained", "verdict: fine", "17: expect[0].verdict: 'fine' is not one of attained"),
    (", verdict: attained", "", "17: expect[0]: expects nothing: one of verdict, numerator"),
    ("HOPEN-P4.1", "hopen", "17: expect[0].indicator: 'hopen' is not the code of an indicator"),
    ("indicator: HOPEN-P4.1, ", "", "17: expect[0].indicator: missing"),
    ("numerator: 12", "numerator: -1", "18: expect[1].numerator: '-1' is not a number, or a bound"),
    ('">= 5"', '"> 5"', "18: expect[1].denominator: '> 5' is not a number, or a bound"),
    ('"<=0.5"', "50 %", "18: expect[1].value: '50 %' is not a number, or a bound"),
    ("1B9005013", "1B9005014", "18: expect[1].finess: '1B9005014' is no known establishment"),
    ("1B9005013", "0B9001005", "18: expect[1].finess: 0B9001005 is not played: 0B9005006"),
    ("numerator: 12", "num: 12", "18: expect[1].num: unknown; known here: indicator, verdict"),
]


@pytest.mark.parametrize(("old", "new", "mistake"), UNEXPECTED)
def test_a_wrong_expectation_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, mistake: str
) -> None:
    assert old in EXPECTED
    found = mistakes_of(tmp_path, RIGHT + EXPECTED.replace(old, new, 1))
    assert any(line.startswith(f"wrong.yaml:{mistake}") for line in found), found


SPOILED = [  # what is replaced, by what, the mistake
    ("kind: CH", "kind: CHX", "8: establishments[0].kind: 'CHX' is not one of CHR, CH, CLINIQUE"),
    ("kind: CH", "kind: CHR", "8: establishments[0].kind: 'CHR', but CH de Saint-Orbain is a CH"),
    ("1B9005013", "1B9005014", "7: establishments[0].finess: '1B9005014' is no known"),
    (
        "MEDPOL1,",
        "MEDPOL9,",
        "10: establishments[0].units: CH de Saint-Orbain has no unit",
    ),
    ("scale: 0.5", "scale: 2", "9: establishments[0].scale: '2' is not a number from 0.001 to 1"),
    ("scale: 0.5", "scale: nan", "9: establishments[0].scale: 'nan' is not a number"),
    (
        "identity_errors: 0.2",
        "identity_known: 1.2",
        "12: establishments[0].habits.identity_known: '1.2' is not a number from 0 to 1",
    ),
    (
        "identity_errors: 0.2",
        "sends_withheld: perhaps",
        "12: establishments[0].habits.sends_withheld: 'perhaps' is not",
    ),
    ("identity_errors", "identity_error", "12: establishments[0].habits.identity_error: unknown;"),
    (
        "0.2",
        "20 %",
        "12: establishments[0].habits.identity_errors: '20 %' is not a number",
    ),
    (
        "{LDL: 0.4}",
        "{LLD: 0.4}",
        "13: establishments[0].habits.to_dmp.LLD: unknown; known",
    ),
    ("{LDL: 0.4}", "0.4", "13: establishments[0].habits.to_dmp: '0.4' is not a mapping"),
    ("seed: 3\n", "", "1: seed: missing"),
    ("seed: 3", "seed: 3\nseed: 4", "4: seed: given twice"),
    ("seed: 3", "seed: 3.5", "3: seed: '3.5' is not a whole number"),
    ("+01:00", "", "4: starts_at: '2026-03-02T00:00:00' is not an instant with its time zone"),
    ("2026-03-02", "2016-03-02", "4: starts_at: 2016 is not 2026 to 2034"),
    ("days: 2", "days: 0", "5: days: '0' is not a whole number from 1 to 366"),
    ("name: essai", "name: ../essai", "1: name: '../essai' is not small letters"),
    ("service: dmp", "service: dpm", "15: outages[0].service: 'dpm' is not one of dmp, ins"),
    ("value: XDSRepositoryBusy, ", "", "15: outages[0].value: missing: the code to answer"),
    ("from: day 2", "from: day 3", "15: outages[0].from: day 3 is after the last, 2"),
    ("until: day 2 16:00", "until: day 2 13:00", "15: outages[0].until: not after its start"),
    ("until: day 2 16:00", "until: 16:00", "15: outages[0].until: '16:00' is not of the form"),
    ("effect: code", "effect: delay_ms", "15: outages[0].value: 'XDSRepositoryBusy' is not 0 to"),
    ("  - finess", "  - &a\n    finess", None),
    (RIGHT, "", "1: the file is empty"),
    (RIGHT, "name: [", "1: not YAML"),
    (RIGHT, "- a\n- b", "1: a list is not a mapping"),
]


@pytest.mark.parametrize(("old", "new", "mistake"), SPOILED)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, mistake: str | None
) -> None:
    assert old in RIGHT
    spoiled = RIGHT.replace(old, new, 1)
    if mistake is None:
        (tmp_path / "right.yaml").write_text(spoiled, "utf-8")
        load(tmp_path / "right.yaml")
        return
    found = mistakes_of(tmp_path, spoiled)
    assert any(line.startswith(f"wrong.yaml:{mistake}") for line in found), found


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    spoiled = RIGHT.replace("days: 2", "days: many").replace("kind: CH", "kind: CHX")
    found = mistakes_of(tmp_path, spoiled.replace("service: dmp", "service: fax"))
    assert [line.split(":")[1] for line in found] == ["5", "8", "15"]


def test_an_establishment_is_played_once(tmp_path: Path) -> None:
    twice = RIGHT.replace("outages:", "  - {finess: 0B9005006, kind: CH}\noutages:")
    assert "0B9005006 is given twice" in mistakes_of(tmp_path, twice)[0]


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(WrongScenario, match="No such file"):
        load(tmp_path / "absent.yaml")
