"""Kit, sharing: how many connections each worker of a server holds, so that they share them.

Workers wait on one listening socket and whoever wakes first takes the next connection: a client's
pool of four was seen to fall to one worker in half of all cases, and the other core stayed idle.
Not here: the worker (server).
"""

from __future__ import annotations

import mmap
import os
import struct
import time

_ROW = struct.Struct("ii")  # process, connections
_ROWS = 64
WAITS, WAIT_SECONDS = 4, 0.002


class Shares:
    """A table in memory that the workers forked afterwards share; a worker writes its own row."""

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, _ROW.size * _ROWS)

    def tell(self, worker: int, connections: int) -> None:
        """What a worker of this process holds now; workers are numbered as they are started."""
        _ROW.pack_into(self._table, worker % _ROWS * _ROW.size, os.getpid(), connections)

    def give_way(self, connections: int) -> None:
        """Before a worker takes one more: let one that holds fewer do so, for a bounded moment."""
        for _ in range(WAITS):
            if not self.is_above(connections):
                return
            time.sleep(WAIT_SECONDS)

    def is_above(self, connections: int) -> bool:
        """Whether another living worker holds fewer."""
        rows = _ROW.iter_unpack(self._table[:])
        return any(
            held < connections and pid not in (0, os.getpid()) and _is_alive(pid)
            for pid, held in rows
        )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
