"""INS mock, rules: who may call, what a search or a check is refused for, and whom it finds.

One rule book a transaction, ``access`` before all, ``quota`` after; the matching; the weather.
Not here: any I/O.
"""

from mocks.ins.rules.callers import Caller, Policy, access
from mocks.ins.rules.checks import agrees, batch, check, fetch, quota
from mocks.ins.rules.matching import as_answered, designated, outcome
from mocks.ins.rules.traits import day_in_france, search
from mocks.ins.rules.vitale import Card, bearer, vitale
from mocks.ins.rules.weather import fails, latency_ms

__all__ = [
    "Caller",
    "Card",
    "Policy",
    "access",
    "agrees",
    "as_answered",
    "batch",
    "bearer",
    "check",
    "day_in_france",
    "designated",
    "fails",
    "fetch",
    "latency_ms",
    "outcome",
    "quota",
    "search",
    "vitale",
]
