"""Load tests, under way: a request that has begun is finished, though its user is stopped.

Locust stops a user who pauses by killing it, and the kill arrives a turn of the event loop later:
a pause that ends in that very turn has begun a request by then. Not here: any request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import gevent

Result = TypeVar("Result")


def finished(job: Callable[[], Result]) -> Result:
    """Do ``job`` to its end, in a greenlet nobody kills; then stop, if that was asked."""
    request = gevent.spawn(job)
    stopped: gevent.GreenletExit | None = None
    while not request.ready():
        try:
            request.join()
        except gevent.GreenletExit as asked:
            stopped = asked
    if stopped is not None:
        raise stopped
    return cast(Result, request.get())
