"""Kit, clock: the only reader of the wall clock, and the one bench clock all parts ask.

The bench clock is a small shared file: where it started, and how fast it runs. A scenario sets
it; every process sees the change at its next question. Not here: simulated minutes (simulator).
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from kit.shared_file import SharedFile

DEFAULT_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

LAST = datetime(2999, 12, 31, tzinfo=UTC)  # where a fast clock that was forgotten stops


class Clock(Protocol):
    """What a part may ask about time. All instants are aware and in UTC."""

    def now(self) -> datetime:
        """Bench time: what rules and services go by."""
        ...

    def wall(self) -> datetime:
        """Real time: only for when an exchange was received."""
        ...

    def monotonic(self) -> float:
        """Seconds from an unknown origin, for durations."""
        ...


@dataclass(frozen=True, slots=True)
class ClockState:
    """The bench clock showed ``bench_at`` at the instant ``wall_at`` and runs at ``speed``."""

    bench_at: str
    wall_at: str
    speed: float
    following: bool  # true: bench time is real time

    def read(self, wall: datetime) -> datetime:
        """Bench time at the real instant ``wall``."""
        if self.following:
            return wall
        elapsed = wall - datetime.fromisoformat(self.wall_at)
        shown = datetime.fromisoformat(self.bench_at)
        room = (LAST - shown) / self.speed if self.speed else elapsed
        return shown + min(elapsed, room) * self.speed


class BenchClock:
    """The shared bench clock. Without a file, or before it is set, it follows real time."""

    def __init__(self, path: Path) -> None:
        self._file = SharedFile(path)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.perf_counter()

    def now(self) -> datetime:
        kept = self._file.read()
        return ClockState(**kept).read(self.wall()) if kept else self.wall()

    def state(self) -> ClockState:
        kept = self._file.read()
        if kept:
            return ClockState(**kept)
        now = self.wall().isoformat()
        return ClockState(now, now, 1.0, following=True)

    def set(self, at: datetime, speed: float = 1.0) -> None:
        """Show ``at`` from this instant on; ``speed`` 0 stops it, 60 makes a minute a second."""
        if at.tzinfo is None:
            raise ValueError("the bench clock needs an aware datetime")
        state = ClockState(
            at.astimezone(UTC).isoformat(), self.wall().isoformat(), speed, following=False
        )
        self._file.write(asdict(state))

    def reset(self) -> None:
        """Follow real time again."""
        self._file.remove()


class FixedClock:
    """A clock that a test holds in its hand."""

    def __init__(self, at: datetime = DEFAULT_START) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def wall(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._at.timestamp()

    def set(self, at: datetime, speed: float = 0.0) -> None:
        """Show ``at``. A fixed clock never runs: ``speed`` must be 0."""
        if speed:
            raise ValueError("a fixed clock does not run")
        self._at = at

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``."""
        self._at += timedelta(seconds=seconds)


def bench_clock(data_dir: Path) -> BenchClock:
    """The clock of the bench whose data lies in ``data_dir``."""
    return BenchClock(data_dir / "clock.json")
