"""INS mock, entry points: quota, latency and failures of a call, as the settings want them.

Not here: the draws (``rules``), armed faults (``kit.faults``).
"""

from __future__ import annotations

from kit import soap
from kit.clock import Clock
from kit.lane import pause
from kit.settings import Settings
from kit.xml import serialize
from mocks.ins import rules
from mocks.ins.errors import FaultCode
from mocks.ins.messages import InsFault
from mocks.ins.store import Store


class Weather:
    """What befalls a call that is otherwise right; nothing by default."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._is_drawn = bool(settings.ins_latency_median_ms or settings.ins_fault_rate)

    def pass_over(self, call: soap.Call, failure: FaultCode) -> None:
        """Wait, count, and fail when it is this call's turn. Raises InsFault."""
        if self._is_drawn:
            self._draw(call, failure)
        if self._settings.ins_quota_per_minute:
            self._count(call)

    def _draw(self, call: soap.Call, failure: FaultCode) -> None:
        settings = self._settings
        request = call.message_id.encode() + serialize(call.body)
        wait = rules.latency_ms(
            settings.seed, request, settings.ins_latency_median_ms, settings.ins_latency_p95_ms
        )
        pause(wait / 1000)
        if rules.fails(settings.seed, request, settings.ins_fault_rate):
            fault = InsFault(failure)
            fault.outcome = "injected"
            raise fault

    def _count(self, call: soap.Call) -> None:
        lps, most = call.sender.contexts.lps, self._settings.ins_quota_per_minute
        minute = f"{self._clock.now():%Y-%m-%dT%H:%M}"
        calls = self._store.count_call(lps.idam if lps else "", minute)
        rules.quota.check(calls, most)
