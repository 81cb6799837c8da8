"""INS mock, rules: who may call, what a search is refused for, and whom it finds.

Two rule books, ``access`` and ``search``, and the matching. Not here: any I/O.
"""

from mocks.ins.rules.callers import Caller, Policy, access
from mocks.ins.rules.matching import as_answered, designated, outcome
from mocks.ins.rules.traits import day_in_france, search

__all__ = [
    "Caller",
    "Policy",
    "access",
    "as_answered",
    "day_in_france",
    "designated",
    "outcome",
    "search",
]
