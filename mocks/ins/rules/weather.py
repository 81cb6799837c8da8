"""INS mock, rules: how long an answer takes and which ones fail, drawn from the request.

Pure: the same request, the same draw. Off by default. Source: INSi service, no figure is published.
"""

from hashlib import blake2b
from math import exp, log
from statistics import NormalDist

_NORMAL = NormalDist()
_P95 = _NORMAL.inv_cdf(0.95)
LONGEST_MS = 60_000.0


def latency_ms(seed: int, request: bytes, median_ms: int, p95_ms: int) -> float:
    """Milliseconds to wait, log-normal; 0 when no median is set."""
    if not median_ms:
        return 0.0
    spread = max(0.0, log(max(p95_ms, median_ms) / median_ms) / _P95)
    share = min(max(_drawn(seed, "latency", request), 1e-12), 1 - 1e-12)
    return min(median_ms * exp(spread * _NORMAL.inv_cdf(share)), LONGEST_MS)


def fails(seed: int, request: bytes, rate: float) -> bool:
    """Whether the search raises a technical error, for a share ``rate`` of the requests."""
    return rate > 0 and _drawn(seed, "fault", request) < rate


def _drawn(seed: int, purpose: str, request: bytes) -> float:
    drawn = blake2b(f"{seed}/{purpose}/".encode() + request, digest_size=8)
    return int.from_bytes(drawn.digest(), "big") / 2**64
