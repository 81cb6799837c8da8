"""Load tests, profiles: a volume to replay, as data in profiles/*.yaml, checked whole.

Not here: who sends what (locustfile), what is sent (payloads).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "profiles"
SOCLES = ("dmp", "ins", "ror", "mail")
MAX_SECONDS = 1800  # the whole of a profile
MAX_USERS = 500
MAX_PAYLOADS = 20_000  # requests of one kind, written before the start


class CannotLoad(Exception):
    """A load profile cannot be played; the text is one clear line for the user."""


class UnknownProfile(CannotLoad):
    """There is no such profile; the text lists those there are."""


class WrongProfile(CannotLoad):
    """A profile's file is wrong; ``mistakes`` holds a line for each mistake."""

    def __init__(self, name: str, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n  ".join([f"profile {name} cannot be played:", *mistakes]))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Stage:
    """For ``seconds``, grow or shrink to ``users``, of whom ``arrivals`` come each second."""

    seconds: float
    users: int
    arrivals: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """What must hold for the requests of one name; None: not asked."""

    name: str
    p95_ms: float | None = None
    failure_ratio: float | None = None
    min_rps: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A load profile. payloads: most requests of each kind that are sent."""

    name: str
    title: str
    stages: tuple[Stage, ...]
    mix: Mapping[str, int]
    think_ms: tuple[float, float]
    payloads: int
    thresholds: tuple[Threshold, ...]

    @property
    def seconds(self) -> float:
        """How long the stages take together."""
        return sum(stage.seconds for stage in self.stages)

    def stage_at(self, seconds: float) -> Stage | None:
        """The stage at so many seconds from the start; None when the profile is over."""
        for stage in self.stages:
            if seconds < stage.seconds:
                return stage
            seconds -= stage.seconds
        return None


def known() -> tuple[str, ...]:
    """The names of the profiles there are."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load(name: str) -> Profile:
    """The profile of that name. Raises UnknownProfile or WrongProfile."""
    if name not in known():
        raise UnknownProfile(f"there is no load profile {name!r}; there are: {', '.join(known())}")
    return read(name, (FOLDER / f"{name}.yaml").read_text("utf-8"))


def read(name: str, text: str) -> Profile:
    """The profile written in ``text``. Raises WrongProfile with every mistake."""
    mistakes: list[str] = []
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WrongProfile(name, (f"not YAML: {' '.join(str(error).split())}",)) from None
    row = _Row(given, "profile", mistakes)
    profile = Profile(
        name=name,
        title=row.text("title"),
        stages=tuple(_stage(item) for item in row.rows("stages")),
        mix=_mix(row.row("mix")),
        think_ms=_think(row),
        payloads=int(row.number("payloads", 1, MAX_PAYLOADS)),
        thresholds=tuple(_threshold(item) for item in row.rows("thresholds")),
    )
    row.no_others()
    if profile.seconds > MAX_SECONDS:
        mistakes.append(f"stages: {profile.seconds:g} s together, at most {MAX_SECONDS}")
    if mistakes:
        raise WrongProfile(name, tuple(mistakes))
    return profile


def _stage(row: _Row) -> Stage:
    stage = Stage(
        row.number("seconds", 1, MAX_SECONDS),
        int(row.number("users", 1, MAX_USERS)),
        row.number("arrivals", 0.1, MAX_USERS),
    )
    row.no_others()
    return stage


def _mix(row: _Row) -> dict[str, int]:
    mix = {name: int(row.number(name, 0, 100, 0)) for name in SOCLES}
    row.no_others()
    if not any(mix.values()):
        row.wrong("", f"expected a weight above 0 for one of {', '.join(SOCLES)}")
    return mix


def _think(row: _Row) -> tuple[float, float]:
    found = row.take("think_ms")
    if isinstance(found, list) and len(found) == 2 and all(map(_is_number, found)):
        low, high = map(float, found)
        if 0 <= low <= high <= 60_000:
            return low, high
    row.wrong("think_ms", "expected [shortest, longest] between 0 and 60000")
    return 0, 0


def _threshold(row: _Row) -> Threshold:
    optional: Callable[[str, float], float | None] = lambda name, most: (  # noqa: E731
        row.number(name, 0, most) if name in row.values else None
    )
    threshold = Threshold(
        row.text("name"),
        p95_ms=optional("p95_ms", 600_000),
        failure_ratio=optional("failure_ratio", 1),
        min_rps=optional("min_rps", 100_000),
    )
    row.no_others()
    return threshold


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class _Row:
    """A mapping being read; what is wrong is noted, never raised."""

    def __init__(self, values: Any, where: str, mistakes: list[str]) -> None:
        self.where = where
        self.mistakes = mistakes
        self.asked: set[str] = set()
        self.values: dict[Any, Any] = values if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            self.wrong("", "expected a mapping")

    def wrong(self, name: str, why: str) -> None:
        self.mistakes.append(f"{self.where}{'.' if name else ''}{name}: {why}")

    def take(self, name: str) -> Any:
        self.asked.add(name)
        return self.values.get(name)

    def text(self, name: str) -> str:
        found = self.take(name)
        if not isinstance(found, str) or not found:
            self.wrong(name, "expected a text")
        return str(found)

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        found = self.take(name)
        if found is None and default is not None:
            return default
        if not _is_number(found) or not low <= found <= high:
            self.wrong(name, f"expected a number between {low:g} and {high:g}, seen {found!r}")
            return low
        return float(found)

    def row(self, name: str) -> _Row:
        return _Row(self.take(name), f"{self.where}.{name}", self.mistakes)

    def rows(self, name: str) -> list[_Row]:
        found = self.take(name)
        if not isinstance(found, list) or not found:
            self.wrong(name, "expected a list of at least one row")
            return []
        places = enumerate(found)
        return [_Row(item, f"{self.where}.{name}[{at}]", self.mistakes) for at, item in places]

    def no_others(self) -> None:
        for name in self.values:
            if name not in self.asked:
                self.wrong(str(name), f"unknown; there are: {', '.join(sorted(self.asked))}")
