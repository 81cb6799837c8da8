"""INS, quotas, latency and failures: nothing by default, drawn from the request otherwise."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median, quantiles

import pytest

from kit.clock import FixedClock
from mocks.ins import rules
from tests.mocks.ins.builders import an_envelope, contexts
from tests.mocks.ins.conftest import Bench, envelope_of, error_of

MakeBench = Callable[..., Bench]
REQUESTS = [f"uuid:{number}".encode() for number in range(4000)]


def calls(bench: Bench, count: int, **said: str) -> list[int]:
    """The statuses of calls that differ by their MessageID."""
    return [
        bench.send(
            an_envelope(
                said=contexts(**said), message_id=f"uuid:6d1f4f0c-1f0a-4b0e-9b7e-{number:012d}"
            )
        ).status_code
        for number in range(count)
    ]


def test_latency_is_log_normal_and_the_same_for_the_same_request() -> None:
    drawn = [rules.latency_ms(2026, request, 350, 1200) for request in REQUESTS]
    assert drawn == [rules.latency_ms(2026, request, 350, 1200) for request in REQUESTS]
    assert 320 < median(drawn) < 380
    assert 1050 < quantiles(drawn, n=20)[-1] < 1350
    assert max(drawn) <= 60_000
    assert rules.latency_ms(7, REQUESTS[0], 350, 1200) != drawn[0]
    assert {rules.latency_ms(2026, request, 0, 1200) for request in REQUESTS[:9]} == {0.0}
    assert {rules.latency_ms(2026, request, 5, 1) for request in REQUESTS[:9]} == {5.0}


def test_failures_come_at_their_rate() -> None:
    assert not any(rules.fails(2026, request, 0.0) for request in REQUESTS)
    assert all(rules.fails(2026, request, 1.0) for request in REQUESTS)
    assert 0.04 < sum(rules.fails(2026, r, 0.05) for r in REQUESTS) / len(REQUESTS) < 0.06


def test_a_share_of_calls_fails_and_the_same_ones_again(make_bench: MakeBench) -> None:
    bench = make_bench(ins_fault_rate=0.3, ins_latency_median_ms=1, ins_latency_p95_ms=1)
    first = calls(bench, 20)
    assert {200, 500} == set(first)
    assert calls(bench, 20) == first
    failed = next(line for line in bench.lines() if line.outcome != "accepted")
    assert (failed.outcome, failed.codes) == ("injected", ("insi_102",))


def test_a_software_has_a_quota_a_minute(make_bench: MakeBench, clock: FixedClock) -> None:
    bench = make_bench(ins_quota_per_minute=2)
    assert calls(bench, 4) == [200, 200, 500, 500]
    assert calls(bench, 1, idam="IDAM-MASKED") == [200]
    line = bench.lines()[3]
    assert (line.outcome, line.codes) == ("refused", ("desir_590",))
    assert line.refusals[0]["rule"] == "a_software_makes_so_many_calls"
    clock.advance(60)
    assert calls(bench, 1) == [200]


def test_the_fault_of_a_quota_is_the_receivers(make_bench: MakeBench) -> None:
    bench = make_bench(ins_quota_per_minute=1)
    calls(bench, 1)
    answer = bench.send(an_envelope())
    assert error_of(answer).code == "desir_590"
    told = envelope_of(answer).body
    assert [value.text for value in told.iter("{*}Value")] == ["soap:Receiver", "soap:siram_40"]


@pytest.mark.parametrize("rate", [0.0])
def test_there_is_no_weather_by_default(make_bench: MakeBench, rate: float) -> None:
    assert calls(make_bench(ins_fault_rate=rate), 3) == [200, 200, 200]
