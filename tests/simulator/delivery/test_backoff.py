"""Waiting before another try."""

from __future__ import annotations

from simulator.delivery import backoff
from simulator.scenario import Patience
from simulator.streams import Streams


def test_the_wait_grows_up_to_a_bound() -> None:
    patience, stream = Patience(first_minutes=5, factor=2, longest_minutes=60), Streams(1)["wait"]
    waits = [backoff(patience, n, stream).total_seconds() / 60 for n in range(1, 8)]
    assert 4.5 <= waits[0] <= 5.5
    assert waits[0] < waits[1] < waits[2] < waits[3]
    assert all(wait <= 66 for wait in waits)
