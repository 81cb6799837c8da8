"""Banc, speed of documents: structured documents written a second on one core, in one run.

``make bench``. The baseline, in turn with ours, is lxml that parses and writes the same bytes
again: what the machine does with XML when nobody has to think. Stays are drawn before.
Not here: services (measure_speed).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from lxml import etree
from rich.console import Console
from rich.table import Table

from banc.speed_drive import spread
from kit.settings import Settings
from kit.world import world_of
from kit.xml import parse
from simulator.documents import KINDS, StayFacts, write_document
from simulator.documents.kinds import STRUCTURED
from simulator.sample import Wish, draw_stay
from simulator.streams import Streams

REPETITIONS, DOCUMENTS = 7, 100
QUICK_REPETITIONS, QUICK_DOCUMENTS = 2, 8
UNIQUE_ID, SET_ID = "1.2.250.1.999.0.2", "1.2.250.1.999.0.3"
LATER = timedelta(hours=12)  # after what is reported
HEADINGS = ("Kind", "kB", "lxml /s", "ours /s", "ours / lxml")


@dataclass(frozen=True, slots=True)
class Result:
    """One kind: documents a second of processor time; their ratio (median, least, most)."""

    kind: str
    kilobytes: float
    baseline_per_second: float
    ours_per_second: float
    ratio: float
    ratio_least: float
    ratio_most: float


def measure(repetitions: int, documents: int) -> Iterator[Result]:
    """A row for each structured kind; the first repetition warms and is not kept."""
    world = world_of(Settings())
    for kind in (row.name for row in KINDS.values() if row.level == STRUCTURED):
        stays = [draw_stay(Wish(kind, seed), world) for seed in range(documents)]
        yield _compare(kind, stays, repetitions)


def _compare(kind: str, stays: Sequence[StayFacts], repetitions: int) -> Result:
    written = [_write(kind, facts) for facts in stays]
    ours, bare = [], []
    for _ in range(repetitions):
        ours.append(_rate(lambda: [_write(kind, facts) for facts in stays], len(stays)))
        bare.append(_rate(lambda: [etree.tostring(parse(item)) for item in written], len(stays)))
    kept = list(zip(ours, bare, strict=True))[1:] or list(zip(ours, bare, strict=True))
    ratio, least, most = spread([mine / base for mine, base in kept])
    return Result(
        kind,
        sum(map(len, written)) / len(written) / 1000,
        spread([base for _, base in kept])[0],
        spread([mine for mine, _ in kept])[0],
        ratio,
        least,
        most,
    )


def _write(kind: str, facts: StayFacts) -> bytes:
    done = facts.left_at or facts.performed_at or facts.admitted_at
    stream = Streams(1).fresh(facts.stay_id)
    return write_document(
        kind, facts, unique_id=UNIQUE_ID, set_id=SET_ID, version=1,
        created_at=done + LATER, stream=stream,
    ).cda  # fmt: skip


def _rate(work: Callable[[], object], count: int) -> float:
    """How many a second of this process's own time, which other work hardly changes."""
    before = time.process_time()
    work()
    return count / max(time.process_time() - before, 1e-9)


def _table(rows: Sequence[Result]) -> Table:
    title = "Structured documents written a second on one core; medians \\[least, most]"
    table = Table(*HEADINGS, title=title, title_justify="left")
    for row in rows:
        table.add_row(
            row.kind,
            f"{row.kilobytes:.1f}",
            f"{row.baseline_per_second:.0f}",
            f"{row.ours_per_second:.0f}",
            f"{row.ratio:.2f} [{row.ratio_least:.2f}, {row.ratio_most:.2f}]",
        )
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="a smoke test, not a measurement")
    chosen = parser.parse_args(arguments)
    size = (QUICK_REPETITIONS, QUICK_DOCUMENTS) if chosen.quick else (REPETITIONS, DOCUMENTS)
    rows = list(measure(*size))
    if chosen.json:
        print(json.dumps({"documents": [asdict(row) for row in rows]}, indent=2))
    else:
        Console().print(_table(rows))


if __name__ == "__main__":
    main()
