"""Faults: armed as data, drawn again the same way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit.clock import FixedClock
from kit.faults import Fault, Faults, read_fault
from kit.rules import Malformed
from kit.settings import Settings


def test_an_armed_fault_fires_on_its_transaction_only(
    settings: Settings, clock: FixedClock
) -> None:
    faults = Faults(settings.data_dir, "dmp", clock)
    assert faults.draw("TD2.1", b"") is None
    faults.arm(Fault("busy", "dmp", "code", "TD2.1", "XDSRepositoryBusy"))
    assert faults.draw("TD3.1", b"") is None
    assert faults.draw("TD2.1", b"") == faults.all()[0]
    assert faults.disarm("busy")
    assert not faults.disarm("busy")


def test_a_fault_fires_between_its_instants(settings: Settings, clock: FixedClock) -> None:
    now = clock.now()
    window = {"from_at": now.isoformat(), "until_at": (now + timedelta(hours=1)).isoformat()}
    faults = Faults(settings.data_dir, "dmp", clock)
    faults.arm(Fault("down", "dmp", "cut", **window))
    assert faults.draw("TD2.1", b"")
    clock.advance(3600)
    assert faults.draw("TD2.1", b"") is None


def test_draws_depend_on_the_seed_and_the_bytes_only(clock: FixedClock) -> None:
    fault = Fault("some", "dmp", "cut", probability=0.3, seed=7)
    requests = [str(number).encode() for number in range(2000)]
    drawn = [fault.fires("TD2.1", request, clock.now()) for request in requests]
    assert drawn == [fault.fires("TD2.1", request, clock.now()) for request in requests]
    assert 500 < sum(drawn) < 700


WRONG: list[tuple[Any, str]] = [
    ([], "object"),
    ({"id": "a"}, "missing"),
    ({"id": "a", "effect": "explode"}, "not one of"),
    ({"id": "a", "effect": "cut", "colour": 1}, "not a field"),
    ({"id": "a", "effect": "delay_ms", "value": "x"}, "milliseconds"),
    ({"id": "a", "effect": "delay_ms", "value": "999999"}, "at most"),
    ({"id": "a", "effect": "code"}, "code to answer"),
    ({"id": "a", "effect": "cut", "probability": 2}, "between 0 and 1"),
    ({"id": "a", "effect": "cut", "from_at": "yesterday"}, "time zone"),
    ({"id": "a", "effect": "cut", "until_at": "2026-01-01T00:00:00"}, "time zone"),
    ({"id": "a", "effect": "cut", "seed": "x"}, "integer"),
]


@pytest.mark.parametrize(("given", "why"), WRONG)
def test_a_wrong_fault_is_refused_with_a_reason(given: Any, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read_fault(given, "dmp")
