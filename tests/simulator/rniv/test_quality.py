"""Quality: each indicator of the identity unit, with its two counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from kit.identity import IdentityStatus
from simulator.rniv import quality
from simulator.rniv.quality import Call, Delay, Ratio, Stay
from simulator.rniv.record import Attribute
from tests.simulator.rniv.builders import AT, an_identity

PROV, RECUP, VALI, QUAL = (
    IdentityStatus.PROVISIONAL,
    IdentityStatus.RETRIEVED,
    IdentityStatus.VALIDATED,
    IdentityStatus.QUALIFIED,
)
FILE = [
    an_identity(status, ipp=str(number))
    for number, status in enumerate([PROV, RECUP, VALI, QUAL, QUAL])
]
FICTITIOUS = replace(an_identity(ipp="f"), attributes=frozenset({Attribute.FICTITIOUS}))
MERGED = replace(an_identity(QUAL, ipp="m"), merged_into="3")


def test_rates_are_of_the_active_file() -> None:
    everyone = [*FILE, FICTITIOUS, MERGED]
    assert quality.in_insi(everyone) == Ratio(3, 5)
    assert quality.qualification_rate(everyone) == Ratio(2, 5)
    assert quality.duplicate_rate(everyone, {"0", "1", "m", "nobody"}) == Ratio(2, 5)
    assert quality.collision_rate(everyone, ["4"]) == Ratio(1, 5)
    assert quality.in_insi(everyone).value == 0.6


def test_nothing_to_count_is_no_rate() -> None:
    assert quality.in_insi([]).value is None
    assert quality.answer_mix([]) == {}
    assert quality.delay_to_qualified([]) == Delay(Ratio(0, 0))


def test_answers_are_counted_by_channel() -> None:
    calls = [Call("SM", "00"), Call("SM", "00"), Call("SM", "01"), Call("CV", "fault")]
    mix = quality.answer_mix(calls)
    assert list(mix) == ["CV", "SM"]
    assert mix["SM"] == {
        "00": Ratio(2, 3),
        "01": Ratio(1, 3),
        "02": Ratio(0, 3),
        "fault": Ratio(0, 3),
    }
    assert mix["CV"]["fault"].value == 1.0


def test_delays_are_of_the_stays_that_were_qualified() -> None:
    hours = [0, 1, 2, 3, 4, 5, 6, 7, 8, 48]
    stays = [Stay(AT, AT + timedelta(hours=number)) for number in hours]
    stays += [Stay(AT), Stay(AT, AT - timedelta(days=400))]  # never; and long before
    found = quality.delay_to_qualified(stays)
    assert found.qualified == Ratio(11, 12)
    assert found.median == timedelta(hours=4)
    assert found.p90 == timedelta(hours=8)


def test_every_figure_is_told_with_its_two_counts() -> None:
    found = quality.measure(
        FILE,
        in_a_duplicate={"0", "1"},
        in_a_collision=(),
        calls=[Call("SM", "00"), Call("SM", "01")],
        stays=[Stay(AT, AT + timedelta(minutes=30)), Stay(AT)],
    ).as_dict()
    assert found["in_insi"] == {"numerator": 3, "denominator": 5, "value": 0.6}
    assert found["qualified"]["numerator"] == found["duplicates"]["numerator"] == 2
    assert found["collisions"] == {"numerator": 0, "denominator": 5, "value": 0.0}
    assert found["answers"]["SM"]["01"] == {"numerator": 1, "denominator": 2, "value": 0.5}
    counts = {"numerator": 1, "denominator": 2, "value": 0.5}
    assert found["delay"] == {**counts, "median_minutes": 30.0, "p90_minutes": 30.0}
    nothing = quality.measure([], in_a_duplicate=(), in_a_collision=(), calls=(), stays=())
    assert nothing.as_dict()["delay"]["median_minutes"] is None


def test_an_identity_tells_since_when_it_has_its_ins() -> None:
    assert [one.retrieved_at for one in FILE] == [None, AT, None, AT, AT]
    assert [one.qualified_at for one in FILE] == [None, None, None, AT, AT]
