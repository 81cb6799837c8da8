"""A play is judged against what its scenario expects: told line by line, and in the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from banc.bench import Bench
from banc.private import private_bench
from kit.settings import to_env
from tests.conftest import ROOT

SMOKE = (ROOT / "scenarios" / "smoke.yaml").read_text("utf-8")
RIGHT = """expect:
  - {indicator: HOPEN-P4.1, verdict: attained, numerator: ">= 1"}
  - {indicator: NAT-5, numerator: 0}
"""
WRONG = '  - {indicator: HOPEN-D6.1, value: ">= 0.99"}\n'


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with private_bench(tmp_path_factory.mktemp("expect")) as bench:
        yield bench


def play(
    bench: Bench, tmp_path: Path, expect: str, *options: str
) -> subprocess.CompletedProcess[str]:
    scenario = tmp_path / "smoke.yaml"
    scenario.write_text(SMOKE + expect, "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "banc", "play", str(scenario), "--reset", *options],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **to_env(bench.settings)},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_missed_expectation_is_the_exit_code_when_asked(bench: Bench, tmp_path: Path) -> None:
    held = play(bench, tmp_path, RIGHT, "--strict")
    assert held.returncode == 0, held.stderr
    assert held.stdout.count("tenue ") == 2
    missed = play(bench, tmp_path, RIGHT + WRONG, "--strict", "--json")
    assert missed.returncode == 1, missed.stderr
    told = json.loads(missed.stdout)["expectations"]
    assert [item["outcome"] for item in told] == ["held", "held", "missed"]
    assert told[2]["place"] == f"smoke.yaml:{SMOKE.count(chr(10)) + 4}: expect[2]"
    plain = play(bench, tmp_path, RIGHT + WRONG)
    assert plain.returncode == 0, plain.stderr
    assert "manquée" in plain.stdout


NEVER = [  # what can never be judged, told before anything is played
    ("{indicator: HOPEN-P9, verdict: attained}", "expect[0].indicator: 'HOPEN-P9' is no indicator"),
    ("{indicator: HOPEN-P4.1, value: 1}", "expect[0].value: HOPEN-P4.1 has no denominator"),
    ("{indicator: NAT-5, verdict: good}", "expect[0].verdict: 'good' is not one of attained"),
]


@pytest.mark.parametrize(("item", "told"), NEVER)
def test_what_can_never_be_judged_is_a_mistake_of_the_scenario(
    bench: Bench, tmp_path: Path, item: str, told: str
) -> None:
    stopped = play(bench, tmp_path, f"expect:\n  - {item}\n")
    assert stopped.returncode == 2
    assert f"smoke.yaml:{SMOKE.count(chr(10)) + 2}: {told}" in stopped.stderr
    assert "Playing" not in stopped.stderr
