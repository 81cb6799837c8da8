"""INS messages, clients: which dialect a software is answered in, over the control channel.

Not part of the teleservice: the bench's own way to play the shapes that broke clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.rules import Malformed
from mocks.ins.messages.dialects import DIALECTS


def read_dialect(given: Any) -> str:
    """Read ``{"dialect": "2022"}``. Raises Malformed naming the field that is wrong."""
    if not isinstance(given, Mapping) or set(given) != {"dialect"}:
        raise Malformed("body", 'expected {"dialect": name}')
    if given["dialect"] not in DIALECTS:
        raise Malformed("dialect", f"expected one of {', '.join(DIALECTS)}")
    return str(given["dialect"])
