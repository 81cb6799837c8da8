"""Kit, sharing and lane: workers share connections, threads of a worker compute in turn."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest

from kit import lane, sharing
from kit.lane import Lane, pause
from kit.sharing import Shares


def living(work: Callable[[], None]) -> tuple[int, int]:
    """A process that did ``work`` and lives until its pipe is closed: (process, pipe)."""
    heard, told = os.pipe()
    done, go_on = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(go_on)
        work()
        os.write(told, b".")
        os.read(done, 1)
        os._exit(0)
    os.close(done)
    os.read(heard, 1)
    return pid, go_on


def test_a_worker_knows_that_another_holds_fewer_connections() -> None:
    shares = Shares()
    shares.tell(1, 3)
    assert not shares.is_above(3)  # there is no other
    pid, pipe = living(lambda: shares.tell(2, 2))
    assert shares.is_above(3)
    assert not shares.is_above(2)
    os.close(pipe)
    os.waitpid(pid, 0)
    assert not shares.is_above(3)  # it is dead: what it held does not count


@pytest.mark.parametrize(("others", "waits"), [(0, 0), (2, 2), (99, sharing.WAITS)])
def test_a_worker_gives_way_to_others_for_a_bounded_moment(
    others: int, waits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another holds fewer until it took ``others`` connections."""
    answers = iter([True] * others + [False])
    slept: list[float] = []
    monkeypatch.setattr(Shares, "is_above", lambda *_: next(answers))
    monkeypatch.setattr(sharing.time, "sleep", slept.append)
    Shares().give_way(2)
    assert slept == [sharing.WAIT_SECONDS] * waits


def meet(one: Lane, first: Callable[[], None], second: Callable[[], None]) -> list[str]:
    """Two exchanges, the second a moment later; in which order they begin and end."""
    told: list[str] = []
    begun = threading.Event()

    def exchange(name: str, work: Callable[[], None]) -> None:
        with one.taken():
            told.append(f"{name} begins")
            begun.set()
            work()
            told.append(f"{name} ends")

    threads = [
        threading.Thread(target=exchange, args=pair)
        for pair in (("first", first), ("second", second))
    ]
    threads[0].start()
    assert begun.wait(5)
    threads[1].start()
    for thread in threads:
        thread.join(5)
    return told


def test_two_exchanges_compute_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PATIENCE_SECONDS", 5)
    told = meet(Lane(), lambda: time.sleep(0.05), lambda: None)
    assert told == ["first begins", "first ends", "second begins", "second ends"]


def test_nobody_waits_long_behind_one_that_does_not_end() -> None:
    passed = threading.Event()
    told = meet(Lane(), lambda: assert_(passed.wait(5)), passed.set)
    assert told.index("second ends") < told.index("first ends")


def test_who_waits_on_purpose_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PATIENCE_SECONDS", 5)
    passed, slept = threading.Event(), []

    def wait(seconds: float) -> None:
        slept.append(seconds)
        assert_(passed.wait(5))

    monkeypatch.setattr(lane.time, "sleep", wait)
    told = meet(Lane(), lambda: pause(3), passed.set)
    assert slept == [3]
    assert told == ["first begins", "second begins", "second ends", "first ends"]


def test_an_exchange_that_fails_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PATIENCE_SECONDS", 0)
    one = Lane()
    with pytest.raises(ZeroDivisionError), one.taken():
        raise ZeroDivisionError
    assert one._lock.acquire(blocking=False)


def assert_(is_so: bool) -> None:
    assert is_so
