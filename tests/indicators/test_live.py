"""Live measures: journals over HTTP, with and without a run, growing, reset, out of reach."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from indicators.journals import Unreachable, ask, pages
from indicators.live import LiveBench, measure_live
from kit.clock import FixedClock
from kit.settings import Settings
from tests.indicators.builders import (
    MONDAY,
    ARun,
    a_deposit,
    a_document,
    a_mail,
    a_stay,
    an_evidence,
    an_offer,
)
from tests.indicators.fake_bench import FakeBench, FakeService, fake_bench, serving


def a_run(bench: FakeBench, name: str = "week") -> Path:
    run = ARun(
        stay=[a_stay(f"S{n}") for n in range(40)],
        document=[a_document(f"1.{n}", f"S{n}") for n in range(40)],
        exchange=[a_deposit("of-the-run", "1.39")],
        evidence=[an_evidence()],
        ror_offer=[an_offer()],
    )
    return run.write(bench.settings.data_dir / "runs" / name)


def told(live: LiveBench) -> dict[str, tuple[int, int | None, str]]:
    results = live.observe().measurement.results
    return {item.code: (item.num, item.den, item.verdict) for item in results}


def test_an_empty_bench_measures_nothing(bench: FakeBench) -> None:
    observed = LiveBench(bench.settings).observe()
    assert observed.measurement.results == ()
    assert (observed.run, observed.lines, observed.unreachable) == ("", 0, ())


def test_the_stays_of_the_newest_run_and_the_deposits_of_the_journal(bench: FakeBench) -> None:
    a_run(bench)
    for n in range(30):
        bench["dmp"].add(a_deposit(f"x{n}", f"1.{n}"))
    bench["mssante"].add(a_mail("m1", "1.1"))
    found = told(LiveBench(bench.settings))
    assert found["HOPEN-D6.1"] == (30, 40, "attained")
    assert found["HOPEN-D6.2"] == (1, 40, "not_attained")
    assert found["HOPEN-P4.2"] == (1, None, "attained")
    assert found["NAT-5"] == (0, 30, "attained")


def test_what_arrives_is_counted_once_and_a_reset_is_noticed(bench: FakeBench) -> None:
    a_run(bench)
    clock = FixedClock()
    live = LiveBench(bench.settings, clock)
    bench["dmp"].add(a_deposit("x1", "1.1"))
    assert told(live)["HOPEN-P4.1"][0] == 1
    bench["dmp"].add(a_deposit("x2", "1.2"))
    assert told(live)["HOPEN-P4.1"][0] == 1, "a measurement rests"
    clock.advance(60)
    assert told(live)["HOPEN-P4.1"][0] == 2
    generation = live.observe().generation
    clock.advance(60)
    assert live.observe().generation == generation, "nothing new, nothing measured"
    bench["dmp"].lines.clear()
    bench["dmp"].add(a_deposit("y1", "1.3"))
    clock.advance(60)
    assert told(live)["HOPEN-P4.1"][0] == 1
    bench["dmp"].lines.clear()
    clock.advance(60)
    assert told(live)["HOPEN-P4.1"] == (0, None, "not_attained")


def test_without_a_run_the_journals_alone_are_measured(bench: FakeBench) -> None:
    for n in range(30):
        bench["dmp"].add(a_deposit(f"x{n}", f"1.{n}"))
    observed = LiveBench(bench.settings).observe()
    found = {item.code: item for item in observed.measurement.results}
    assert observed.run == ""
    assert found["SUNES-V1.0"].verdict == "attained"
    assert found["HOPEN-D6.1"].verdict == "not_measurable"
    assert "absent : stay" in found["HOPEN-D6.1"].reason


def test_a_run_of_another_time_is_left_aside(bench: FakeBench) -> None:
    a_run(bench)
    bench["dmp"].add(a_deposit("x1", "1.1", stated_at=MONDAY + timedelta(days=300)))
    observed = LiveBench(bench.settings).observe()
    assert observed.run == ""
    assert observed.start == MONDAY + timedelta(days=300)


def test_a_newer_run_is_taken_and_a_broken_one_is_not(bench: FakeBench) -> None:
    clock = FixedClock()
    live = LiveBench(bench.settings, clock)
    live.observe()
    folder = a_run(bench)
    clock.advance(60)
    assert live.observe().run == "week"
    (bench.settings.data_dir / "runs" / "half").mkdir()
    (bench.settings.data_dir / "runs" / "half" / "run.json").write_text("{}")
    clock.advance(60)
    assert live.observe().run == "week"
    (folder / "run.json").write_text("{")
    clock.advance(60)
    assert live.observe().run == ""


def test_services_out_of_reach_are_named_and_the_rest_is_measured(
    settings: Settings,
) -> None:
    services = {name: FakeService() for name in ("dmp", "ins")}
    with serving(services) as ports:
        bench = fake_bench(settings, services, ports)
        bench["dmp"].add(a_deposit())
        observed = LiveBench(bench.settings).observe()
        assert observed.lines == 1
        assert [line.partition(" ")[0] for line in observed.unreachable] == ["mssante"]
        assert measure_live(bench.settings).results


def test_a_result_with_what_explains_it(bench: FakeBench) -> None:
    a_run(bench)
    bench["dmp"].add(a_deposit("x1", "1.1"))
    live = LiveBench(bench.settings)
    found = live.result("HOPEN-D6.1", "350000014", sample=200)
    assert found is not None
    assert found.exchanges == ("x1",)
    assert len(found.missing) == 39
    assert live.result("HOPEN-D6.1", "999999999", sample=200) is None
    assert live.result("NO-SUCH", "350000014", sample=200) is None


def test_journals_are_read_page_by_page(bench: FakeBench) -> None:
    for n in range(2001):
        bench["ins"].add(a_deposit(f"x{n}"))
    sizes = [len(page) for page in pages(bench.settings, "ins")]
    assert sizes == [1000, 1000, 1]
    assert [len(page) for page in pages(bench.settings, "ins", after=1500)] == [501]


def test_what_does_not_answer_is_one_clear_line(settings: Settings) -> None:
    with pytest.raises(Unreachable, match="dmp does not answer on 127"):
        ask(fake_bench(settings, {}, {}).settings, "dmp", "/health")


def test_what_answers_in_another_language_is_told(bench: FakeBench) -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        ask(bench.settings, "dmp", "/no-such-page")
