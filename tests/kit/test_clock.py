"""The bench clock: one time for every process, set and sped up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.clock import LAST, BenchClock, FixedClock

AT = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)


def test_an_unset_clock_follows_real_time(tmp_path: Path) -> None:
    clock = BenchClock(tmp_path / "clock.json")
    assert abs(clock.now() - clock.wall()) < timedelta(seconds=1)


def test_a_stopped_clock_shows_what_it_was_set_to(tmp_path: Path) -> None:
    clock = BenchClock(tmp_path / "clock.json")
    clock.set(AT, speed=0)
    assert clock.now() == AT


def test_two_readers_see_the_same_time(tmp_path: Path) -> None:
    one, other = (BenchClock(tmp_path / "clock.json") for _ in range(2))
    other.now()
    one.set(AT, speed=0)
    assert other.now() == AT
    one.set(AT + timedelta(days=1), speed=0)
    assert other.now() == AT + timedelta(days=1)
    one.reset()
    assert other.state().following


def test_a_fast_clock_runs_fast(tmp_path: Path) -> None:
    clock = BenchClock(tmp_path / "clock.json")
    clock.set(AT, speed=1_000_000)
    assert clock.now() > AT


def test_a_naive_instant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        BenchClock(tmp_path / "clock.json").set(datetime(2024, 1, 1))


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(AT)
    clock.advance(90)
    assert clock.now() == AT + timedelta(seconds=90)


def test_a_forgotten_fast_clock_stops_before_time_ends(tmp_path: Path) -> None:
    clock = BenchClock(tmp_path / "clock.json")
    clock.set(datetime(2199, 12, 31, tzinfo=UTC), speed=1e14)
    assert clock.now() <= LAST
