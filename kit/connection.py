"""Kit, connection: what an entry point may do to the connection under it.

Not here: opening and accepting connections (server).
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import MutableMapping
from typing import Any


def cut(environ: MutableMapping[str, Any]) -> None:
    """Close the connection of a request at once, so that no answer arrives."""
    environ["banc.cut"] = True
    held = environ.get("gunicorn.socket")
    if held is not None:
        with contextlib.suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)
