"""Load profiles: read whole, every mistake told, the stages in their order."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from loadtests import profiles
from loadtests.profiles import UnknownProfile, WrongProfile

RIGHT: dict[str, Any] = {
    "title": "Une matinée",
    "stages": [
        {"seconds": 5, "users": 4, "arrivals": 2},
        {"seconds": 10, "users": 8, "arrivals": 4},
    ],
    "mix": {"dmp": 1, "mail": 2},
    "think_ms": [100, 200],
    "payloads": 10,
    "thresholds": [{"name": "dmp TD2.1", "p95_ms": 500, "failure_ratio": 0}],
}

MISTAKES = [  # what is given in place of the right value, what is told
    ({"title": ""}, ["profile.title: expected a text"]),
    ({"stages": []}, ["profile.stages: expected a list of at least one row"]),
    (
        {"stages": [{"seconds": 0, "users": 1.5, "arrivals": "x"}]},
        [
            "profile.stages[0].seconds: expected a number between 1 and 1800, seen 0",
            "profile.stages[0].arrivals: expected a number between 0.1 and 500, seen 'x'",
        ],
    ),
    (
        {"stages": [{"seconds": 1800, "users": 1, "arrivals": 1}] * 2},
        ["stages: 3600 s together, at most 1800"],
    ),
    ({"stages": ["five"]}, ["profile.stages[0]: expected a mapping"]),
    ({"mix": {}}, ["profile.mix: expected a weight above 0 for one of dmp, ins, ror, mail"]),
    ({"mix": {"dmp": 1, "fax": 2}}, ["profile.mix.fax: unknown"]),
    ({"think_ms": [2, 1]}, ["profile.think_ms: expected [shortest, longest]"]),
    ({"payloads": 10**9}, ["profile.payloads: expected a number between 1 and 20000"]),
    ({"thresholds": [{"name": "x", "p95": 1}]}, ["profile.thresholds[0].p95: unknown"]),
    ({"surprise": 1}, ["profile.surprise: unknown"]),
    ({"title": 1, "payloads": 0}, ["profile.title: expected", "profile.payloads: expected"]),
]


def written(**changes: Any) -> str:
    return yaml.safe_dump(RIGHT | changes)


def test_a_right_profile_is_read() -> None:
    profile = profiles.read("x", written())
    assert profile.seconds == 15
    assert profile.mix == {"dmp": 1, "ins": 0, "ror": 0, "mail": 2}
    assert profile.think_ms == (100, 200)
    (threshold,) = profile.thresholds
    assert (threshold.p95_ms, threshold.failure_ratio, threshold.min_rps) == (500, 0, None)


def test_the_stages_follow_each_other_and_end() -> None:
    profile = profiles.read("x", written())
    users = [stage.users if stage else None for stage in map(profile.stage_at, (0, 4.9, 5, 14, 15))]
    assert users == [4, 4, 8, 8, None]


@pytest.mark.parametrize(("changes", "told"), MISTAKES)
def test_every_mistake_is_told(changes: dict[str, Any], told: list[str]) -> None:
    with pytest.raises(WrongProfile) as error:
        profiles.read("x", written(**changes))
    for text in told:
        assert any(mistake.startswith(text) for mistake in error.value.mistakes), text
    assert str(error.value).startswith("profile x cannot be played:")


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "&a [*a]"])
def test_what_is_no_mapping_is_one_clear_mistake(text: str) -> None:
    with pytest.raises(WrongProfile):
        profiles.read("x", text)


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(UnknownProfile, match=r"'rush'; there are: morning, smoke"):
        profiles.load("rush")


@pytest.mark.parametrize("name", profiles.known())
def test_every_profile_there_is_can_be_read(name: str) -> None:
    profile = profiles.load(name)
    assert profile.thresholds
    assert {item.name.split()[0] for item in profile.thresholds} <= {"dmp", "ins", "ror", "mssante"}
