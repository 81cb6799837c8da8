"""Windows of indicators: calendar windows of France, or the span observed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from indicators.windows import PARIS, window_of


def paris(*when: int) -> datetime:
    return datetime(*when, tzinfo=PARIS).astimezone(UTC)  # type: ignore[arg-type]


WEEK = (paris(2026, 1, 5), paris(2026, 1, 12))
CASES = [  # kind, span observed, start, end, partial
    ("M1", WEEK, *WEEK, True),
    ("Q1", WEEK, *WEEK, True),
    ("SEM", WEEK, *WEEK, True),
    ("Y1", WEEK, *WEEK, True),
    ("M1", (paris(2026, 1, 1), paris(2026, 2, 1)), paris(2026, 1, 1), paris(2026, 2, 1), False),
    ("M1", (paris(2025, 11, 1), paris(2026, 2, 9)), paris(2026, 1, 1), paris(2026, 2, 1), False),
    ("Q1", (paris(2026, 1, 1), paris(2026, 4, 1)), paris(2026, 1, 1), paris(2026, 4, 1), False),
    ("Q1", (paris(2025, 12, 1), paris(2026, 3, 1)), paris(2025, 12, 1), paris(2026, 3, 1), True),
    ("SEM", (paris(2025, 7, 1), paris(2026, 1, 1)), paris(2025, 7, 1), paris(2026, 1, 1), False),
    ("M1", (paris(2026, 1, 20), paris(2026, 2, 28)), paris(2026, 1, 28), paris(2026, 2, 28), True),
]


@pytest.mark.parametrize(("kind", "span", "start", "end", "partial"), CASES)
def test_the_last_whole_calendar_window_or_the_span(
    kind: str, span: tuple[datetime, datetime], start: datetime, end: datetime, partial: bool
) -> None:
    window = window_of(kind, *span)
    assert (window.start, window.end, window.partial) == (start, end, partial)


def test_a_window_is_never_wider_than_what_was_observed() -> None:
    start = paris(2024, 2, 29)
    for days in range(1, 500, 7):
        window = window_of("Q1", start, start + timedelta(days=days))
        assert start <= window.start < window.end <= start + timedelta(days=days)


def test_a_window_in_json() -> None:
    told = window_of("M1", *WEEK).as_dict()
    assert told["start"] == "2026-01-04T23:00:00+00:00"
    assert (told["kind"], told["partial"]) == ("M1", True)
