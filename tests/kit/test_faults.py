"""Faults: armed as data, drawn again the same way."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.clock import FixedClock
from kit.faults import Fault, Faults, read_fault
from kit.rules import Malformed
from kit.settings import Settings
from kit.shared_file import SharedFile


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
    ({"id": "a", "effect": "cut", "seed": True}, "integer"),
    ({"id": "a", "effect": "cut", "from_at": []}, "time zone"),
    ({"id": "a", "effect": "cut", "service": "ins"}, "this is dmp"),
    ({"id": "a", "effect": "cut", "transaction": ["TD2.1"]}, "a name"),
    ({"id": "a/b", "effect": "cut"}, "letters"),
    ({"id": "a", "effect": "delay_ms", "value": "²"}, "milliseconds"),
]


@pytest.mark.parametrize(("given", "why"), WRONG)
def test_a_wrong_fault_is_refused_with_a_reason(given: Any, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read_fault(given, "dmp")


def test_faults_armed_at_once_are_all_kept(settings: Settings, clock: FixedClock) -> None:
    def arm(number: int) -> None:
        Faults(settings.data_dir, "dmp", clock).arm(Fault(f"f{number}", "dmp", "cut"))

    threads = [threading.Thread(target=arm, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Faults(settings.data_dir, "dmp", clock).all()) == 20


def test_a_reader_sees_every_change_of_a_shared_file(tmp_path: Path) -> None:
    """Files of one size, replaced within one step of the file system's clock."""
    reader, writer = SharedFile(tmp_path / "x.json"), SharedFile(tmp_path / "x.json")
    assert reader.read() is None
    for number in range(10, 99):
        writer.write(number)
        assert reader.read() == number
    writer.remove()
    assert reader.read() is None
