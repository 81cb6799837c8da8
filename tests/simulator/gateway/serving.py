"""A gateway that listens, in a thread of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

from banc.ports import free_port
from kit.clock import FixedClock
from kit.settings import Settings
from simulator.gateway.app import serve_gateway


@contextlib.contextmanager
def serving(settings: Settings, clock: FixedClock) -> Iterator[int]:
    """A gateway on a free port, for as long as the block; gives the port."""
    chosen = replace(settings, gateway_port=free_port())
    ready, loop = threading.Event(), asyncio.new_event_loop()
    task = loop.create_task(serve_gateway(chosen, clock, ready.set))

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield chosen.gateway_port
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)
        assert not thread.is_alive()
        loop.close()
