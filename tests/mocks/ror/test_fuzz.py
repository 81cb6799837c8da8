"""ROR entry points: whatever a body holds, the answer is a refusal or a success, never our bug."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mocks.ror import messages
from tests.mocks.ror.builders import a_patch
from tests.mocks.ror.conftest import Bench

JUNK: tuple[Any, ...] = (None, True, -1, 1.5, "x", "", [], {}, [1], {"a": 1}, [[]], [{}], [None])
OFFERS = (
    "?_include=HealthcareService:organization&_include:iterate=Organization:partof"
    "&_include=HealthcareService:location&_sort=-_lastUpdated&_id="
)


def places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside ``value``."""
    if path:
        yield path
    if not isinstance(value, dict | list):
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from places_of(item, (*path, key))


def damaged(body: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """A copy with one value dropped or replaced by something else."""
    changed = copy.deepcopy(body)
    *parents, last = draw.choice(list(places_of(changed)))
    holder = changed
    for key in parents:
        holder = holder[key]
    if draw.random() < 0.25:
        del holder[last]
    else:
        holder[last] = copy.deepcopy(draw.choice(JUNK))
    return changed


def test_a_damaged_bed_update_is_never_our_bug(bench: Bench) -> None:
    draw, sync = random.Random(1), bench.a_sync_id()
    statuses = {bench.patch(sync, damaged(a_patch(), draw)).status_code for _ in range(200)}
    assert statuses == {200, 400}


@pytest.mark.parametrize("kind", ["HealthcareService", "Organization"])
def test_a_damaged_offer_is_never_our_bug_nor_breaks_a_search(
    make_bench: Callable[..., Bench], kind: str
) -> None:
    bench, draw = make_bench(ror_writes="extended"), random.Random(2)
    offer = bench.all(f"/{kind}?_count=1")[0]
    for _ in range(100):
        written = bench.write("PUT", f"/{kind}/{offer['id']}", damaged(offer, draw))
        assert written.status_code in (200, 400, 422)
        if written.status_code == 200:
            found = bench.get(f"/HealthcareService{OFFERS}{offer['id']}").json
            assert found is not None
            assert len(messages.read_offers(found)) == found["total"]
            assert bench.get("/Organization?type=1&name=x&_tag=3").status_code == 200
