"""Banc, speed: each socle's main transaction as a ratio of a bare handler, in one run.

``make bench``. A private bench on free ports, and beside it bare servers that only parse and
hash the same bodies; the same client drives one, then the other, in turn, several times.
Not here: the bare servers (speed_bare), the client (speed_drive).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table

from banc.bench import Bench
from banc.parts import pki_of
from banc.ports import free_port
from banc.private import on_free_ports
from banc.speed_bare import Ports, beside
from banc.speed_drive import (
    PROCESSES,
    THREADS,
    Shot,
    Target,
    https,
    shoot,
    smtp,
    spread,
    written,
)
from kit.clock import bench_clock
from kit.settings import Settings, from_env
from loadtests.mails import write_mails
from loadtests.payloads import Hospital, Writer
from mocks.mssante.messages.mailboxes import application_mailbox
from mocks.ror.messages import TOKEN_PATH, TokenRequest, write_token_request

HOST = "127.0.0.1"
LETTERS = ("LDL",)  # documents of about 20 kB
PACE = 100  # requests a second, for the latency of a service that is not full
BARE_TURNS = 4  # a bare server gets the items so many times, or its turn is too short to time
err = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: repetitions, requests of each kind in one, and at a steady pace."""

    repetitions: int
    paced: int
    deposits: int
    searches: int
    organizations: int
    patches: int
    mails: int


FULL = Size(7, 300, 240, 900, 500, 240, 160)
QUICK = Size(2, 20, 12, 40, 40, 20, 12)


@dataclass(frozen=True)
class Comparison:
    """One transaction, on our server and on the bare one."""

    name: str
    part: str
    bare_part: str
    ours: Target[Any]
    bare: Target[Any]
    bytes_mean: float

    def turn(self, repetition: int, size: int) -> tuple[Target[Any], Target[Any]]:
        """Both targets with the items of one repetition."""
        items = self.ours.items[repetition * size : (repetition + 1) * size]
        return replace(self.ours, items=items), replace(self.bare, items=[*items] * BARE_TURNS)

    def paced(self, size: int) -> Target[Any]:
        """Ours with the last items, at a steady pace."""
        return replace(self.ours, items=self.ours.items[-size:], per_second=PACE)


@dataclass(frozen=True, slots=True)
class Result:
    """One row: rates a second, their ratio (median, least, most), latencies, cost of the servers.

    cpu_ms: processor time a request, which other work on the machine changes least.
    paced_p95_ms: at PACE requests a second, counted from when each was due.
    """

    name: str
    repetitions: int
    requests: int
    kilobytes: float
    bare_per_second: float
    ours_per_second: float
    ratio: float
    ratio_least: float
    ratio_most: float
    p50_ms: float
    p95_ms: float
    paced_p95_ms: float
    bare_p50_ms: float
    cpu_ms: float
    bare_cpu_ms: float
    memory_mb: float
    processes: int


def measure(size: Size, only: str = "") -> Iterator[Result]:
    """Start everything in a temporary folder, measure, stop. Yields a row as it is known.

    only: a part of the name of the transactions to measure. BANC_DATABASE_URL is obeyed (an empty
    database); of the other settings the defaults are measured.
    """
    database = from_env().database_url
    with tempfile.TemporaryDirectory(prefix="banc-speed-") as folder:
        chosen = replace(Settings(), data_dir=Path(folder), database_url=database)
        settings = on_free_ports(chosen)
        pki_of(settings).server()
        ports = Ports(*(free_port() for _ in fields(Ports)))
        numbers = tuple(map(str, astuple(ports)))
        bench = Bench(
            settings,
            beside(settings, *numbers),
            source="banc.speed_bare:beside",
            arguments=numbers,
        )
        bench.start()
        try:
            for comparison, count in _comparisons(settings, ports, size):
                if only in comparison.name:
                    yield _compare(comparison, size, count, bench)
        finally:
            bench.stop()


def _comparisons(settings: Settings, ports: Ports, size: Size) -> Iterator[tuple[Comparison, int]]:
    """Each transaction with its payloads, written before its turn."""
    hospital = Hospital.of(settings)
    clock = bench_clock(settings.data_dir)
    writer = Writer(hospital, clock.now(), "speed", LETTERS)
    auth, insi = (
        hospital.pki.client_context(credential)
        for credential in (hospital.credentials.auth, hospital.credentials.insi)
    )

    def row(name: str, part: str, items: Sequence[Any], port: int, **how: Any) -> Comparison:
        return _web_comparison(name, part, items, (port, ports), **{"context": auth, **how})

    def count(of_one: int) -> int:
        return of_one * size.repetitions + size.paced

    deposits = list(writer.deposits(count(size.deposits)))
    yield row("DMP TD2.1", "dmp", deposits, settings.dmp_tls_port), size.deposits
    searches = list(writer.searches(count(size.searches)))
    yield (
        row("INSi WS_INS2", "ins", searches, settings.ins_mtls_port, context=insi),
        size.searches,
    )
    port = settings.ror_tls_port
    consumer = {"headers": _bearer(settings, hospital, "consommateur")}
    organizations = list(writer.organizations(count(size.organizations)))
    yield (
        row("ROR search Organization", "ror", organizations, port, **consumer),
        size.organizations,
    )
    supplier = {"headers": _bearer(settings, hospital, "fournisseur")}
    patches = list(writer.bed_patches(count(size.patches)))
    yield row("ROR patch Location", "ror", patches, port, **supplier), size.patches
    yield _mail_comparison(settings, ports, writer, size), size.mails


def _web_comparison(
    name: str,
    part: str,
    items: Sequence[Any],
    between: tuple[int, Ports],
    *,
    context: ssl.SSLContext,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Comparison:
    """One transaction over HTTPS; between: our port, and those of the bare handlers."""
    port, ports = between
    bare_part, bare_port = ("bare-mtls", ports.mtls)
    if part == "ror":
        bare_part, bare_port = ("bare-optional", ports.tls)
    ask = partial(written, headers=headers, strict=True)
    echo = partial(written, headers={}, strict=False)
    ours = Target(https(HOST, port, context), items, prepare=ask)
    bare: Target[Any] = Target(https(HOST, bare_port, context), prepare=echo)
    mean = sum(len(item.body) for item in items) / len(items)
    return Comparison(name, part, bare_part, ours, bare, mean)


def _mail_comparison(settings: Settings, ports: Ports, writer: Writer, size: Size) -> Comparison:
    mails = list(write_mails(writer, size.mails * size.repetitions + size.paced))
    context = writer.hospital.pki.client_context()
    user, password = application_mailbox(writer.hospital.place), settings.mssante_password

    def target(port: int, items: Sequence[Any] = ()) -> Target[Any]:
        return Target(smtp(HOST, port, context, user=user, password=password), items)

    mean = sum(len(item.content) for item in mails) / len(mails)
    ours, bare = target(settings.submission_port, mails), target(ports.smtp)
    return Comparison("MSSanté SMTP submission", "mail", "bare-smtp", ours, bare, mean)


def _bearer(settings: Settings, hospital: Hospital, role: str) -> dict[str, str]:
    """The header with an access token of the ROR."""
    context = hospital.pki.client_context(hospital.credentials.auth)
    connection = http.client.HTTPSConnection(HOST, settings.ror_tls_port, context=context)
    asked = TokenRequest("client_credentials", f"{role}-1-{hospital.place.finess_ej}")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", TOKEN_PATH, urlencode(write_token_request(asked)), form)
    token = json.loads(connection.getresponse().read())["access_token"]
    connection.close()
    return {"Authorization": f"Bearer {token}"}


def _compare(comparison: Comparison, size: Size, count: int, bench: Bench) -> Result:
    """Ours, bare, ours, bare …; the first pair warms both and is not kept when there are more."""
    pairs: list[tuple[_Timed, _Timed]] = []
    for repetition in range(size.repetitions):
        ours, bare = comparison.turn(repetition, count)
        timed_ours = _timed(ours, bench, comparison.part)
        pairs.append((timed_ours, _timed(bare, bench, comparison.bare_part)))
    kept = pairs[1:] or pairs
    ratio, least, most = spread([a.shot.per_second / b.shot.per_second for a, b in kept])
    ours_all, bare_all = (_together([pair[side] for pair in kept]) for side in (0, 1))
    found = _processes(bench, comparison.part)
    return Result(
        name=comparison.name,
        repetitions=len(kept),
        requests=count,
        kilobytes=comparison.bytes_mean / 1000,
        bare_per_second=bare_all.shot.per_second,
        ours_per_second=ours_all.shot.per_second,
        ratio=ratio,
        ratio_least=least,
        ratio_most=most,
        p50_ms=ours_all.shot.percentile(0.5),
        p95_ms=ours_all.shot.percentile(0.95),
        paced_p95_ms=shoot(comparison.paced(size.paced)).percentile(0.95),
        bare_p50_ms=bare_all.shot.percentile(0.5),
        cpu_ms=ours_all.cpu_ms,
        bare_cpu_ms=bare_all.cpu_ms,
        memory_mb=sum(map(_memory_kb, found)) / 1000,
        processes=len(found),
    )


@dataclass(frozen=True, slots=True)
class _Timed:
    """A measurement, and the processor time of the server a request."""

    shot: Shot
    cpu_ms: float


def _timed(target: Target[Any], bench: Bench, part: str) -> _Timed:
    before = _cpu_ms(bench, part)
    shot = shoot(target)
    return _Timed(shot, (_cpu_ms(bench, part) - before) / len(shot.latencies_ms))


def _together(found: Sequence[_Timed]) -> _Timed:
    """Median rate and processor time, all latencies."""
    rate = spread([item.shot.per_second for item in found])[0]
    latencies = tuple(value for item in found for value in item.shot.latencies_ms)
    return _Timed(Shot(rate, latencies), spread([item.cpu_ms for item in found])[0])


def _processes(bench: Bench, part: str) -> list[Path]:
    """The processes of a part, as folders of /proc. Linux; elsewhere there are none.

    A part is known by the log its standard output goes to.
    """
    log, found = str(bench.settings.data_dir.resolve() / "log" / f"{part}.log"), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(folder / "fd" / "1") == log:
                found.append(folder)
        except OSError:  # it ended, or is not ours
            continue
    return found


def _cpu_ms(bench: Bench, part: str) -> float:
    """Processor time of a part since its start."""
    ticks = 0
    for folder in _processes(bench, part):
        spent = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        ticks += sum(map(int, spent))
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def _memory_kb(folder: Path) -> int:
    """Resident memory of a process, pages it shares counted in proportion."""
    lines = (folder / "smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _table(rows: Sequence[Result], size: Size) -> Table:
    title = (
        f"{PROCESSES} client processes of {THREADS} connections kept alive over TLS; "
        f"{size.repetitions} repetitions in turn, the first not kept; medians [least, most]"
    )
    table = Table(title=title, title_justify="left")
    names = ("Transaction", "kB", "bare /s", "ours /s", "ours / bare", "p50 ms", "p95 ms",
             f"p95 at {PACE}/s", "bare p50", "CPU ms", "bare CPU", "memory MB")  # fmt: skip
    for name in names:
        table.add_column(name, justify="left" if name == "Transaction" else "right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.kilobytes:.1f}",
            f"{row.bare_per_second:.0f}",
            f"{row.ours_per_second:.0f}",
            f"{row.ratio:.2f} [{row.ratio_least:.2f}, {row.ratio_most:.2f}]",
            f"{row.p50_ms:.1f}",
            f"{row.p95_ms:.1f}",
            f"{row.paced_p95_ms:.1f}",
            f"{row.bare_p50_ms:.1f}",
            f"{row.cpu_ms:.1f}",
            f"{row.bare_cpu_ms:.2f}",
            f"{row.memory_mb:.0f} ({row.processes} p.)",
        )
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--only", default="", help="a part of the transaction's name")
    parser.add_argument("--quick", action="store_true", help="a smoke test, not a measurement")
    chosen = parser.parse_args(arguments)
    size = QUICK if chosen.quick else FULL
    rows = []
    for row in measure(size, chosen.only):
        err.print(f"  {row.name}: {row.ratio:.2f} of bare", style="green", highlight=False)
        rows.append(row)
    if not rows:
        parser.error(f"no transaction has {chosen.only!r} in its name")
    if chosen.json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}, ensure_ascii=False, indent=2))
    else:
        Console().print(_table(rows, size))


if __name__ == "__main__":
    main()
