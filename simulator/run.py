"""Simulator, run: plays a scenario against a bench and writes the run's folder.

Plan, deliver, read what the services saw, export. Not here: any of these.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kit.clock import bench_clock
from kit.pki import TestPki
from kit.settings import Settings
from kit.world import world_of
from mocks.ror.messages import Offer
from simulator.control import Bench
from simulator.courier import Clients, Courier
from simulator.delivery import Channel, Outcome
from simulator.delivery.dmp import DmpClient
from simulator.delivery.ins import TIMEOUT_SECONDS as INS_SECONDS
from simulator.delivery.ins import InsClient
from simulator.delivery.mssante import MailClient, MailServer
from simulator.delivery.patience import PATIENCE_SECONDS
from simulator.delivery.ror import RorClient
from simulator.delivery.sender import Sender, Software
from simulator.delivery.wire import TIMEOUT_SECONDS, Wire
from simulator.establishments import Hospital
from simulator.export import Observed, described, write_tables
from simulator.identity_figures import identity_figures
from simulator.identity_history import History
from simulator.identity_office import IdentityOffice, forget_repositories, open_office
from simulator.identity_unit import IdentityUnit
from simulator.plan import Plan, make_plan
from simulator.rounds import OnSlot, Rounds, Sent, Tally
from simulator.scenario import SERVICES, Scenario
from simulator.streams import Streams
from simulator.waiting import Late


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an establishment is, at the end of a slot."""

    establishment: str
    simulated_at: datetime
    delivered: int
    expected: int
    refused: int
    waiting: int


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """How the deliveries of a channel went; retries: calls that failed and were made again."""

    channel: str
    delivered: int
    refused: int
    abandoned: int
    retries: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was played; ``folder`` holds run.json and the tables."""

    folder: Path
    scenario: str
    title: str
    seed: int
    started_at: datetime
    duration_s: float
    starts_at: datetime
    ends_at: datetime
    days: int
    channels: tuple[ChannelCount, ...]
    counts: Mapping[str, Any]
    establishments: tuple[Mapping[str, Any], ...]
    identities: tuple[Mapping[str, Any], ...]  # figures of the identity unit, by legal entity
    version: str
    expect: tuple[Mapping[str, Any], ...] = ()  # what the scenario expects of the indicators

    @property
    def deliveries(self) -> int:
        return self.delivered + self.refused + self.abandoned

    @property
    def delivered(self) -> int:
        return sum(row.delivered for row in self.channels)

    @property
    def refused(self) -> int:
        return sum(row.refused for row in self.channels)

    @property
    def abandoned(self) -> int:
        return sum(row.abandoned for row in self.channels)

    @property
    def retried(self) -> int:
        return sum(row.retries for row in self.channels)

    def as_dict(self) -> dict[str, Any]:
        """What run.json holds."""
        return {
            "scenario": self.scenario,
            "title": self.title,
            "seed": self.seed,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "days": self.days,
            "started_at": self.started_at.isoformat(),
            "duration_s": round(self.duration_s, 2),
            "counts": dict(self.counts),
            "channels": [
                {
                    "channel": row.channel,
                    "delivered": row.delivered,
                    "refused": row.refused,
                    "abandoned": row.abandoned,
                    "retries": row.retries,
                }
                for row in self.channels
            ],
            "establishments": [dict(item) for item in self.establishments],
            "identities": [dict(item) for item in self.identities],
            "expect": [dict(item) for item in self.expect],
            "version": self.version,
        }


OnProgress = Callable[[Progress], None]


def play(
    scenario: Scenario,
    settings: Settings,
    *,
    seed: int | None = None,
    out: Path,
    on_progress: OnProgress = lambda _: None,
) -> Run:
    """Play a scenario against the running bench; tables of an earlier run in ``out`` are replaced.

    Raises NoAnswer when the bench does not answer its control channel, OSError when ``out``
    cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    clock = bench_clock(settings.data_dir)
    started_at, began = clock.wall(), clock.monotonic()
    plan = make_plan(scenario, world_of(settings), seed)
    with _offices(plan, settings, out) as offices:
        seen, tallies = asyncio.run(_deliver(plan, settings, offices, on_progress))
    write_tables(out, plan, seen)
    run = Run(
        folder=out,
        scenario=scenario.name,
        title=scenario.title,
        seed=plan.seed,
        started_at=started_at,
        duration_s=clock.monotonic() - began,
        starts_at=scenario.starts_at,
        ends_at=scenario.ends_at,
        days=scenario.days,
        channels=_channels(seen.sent),
        counts=_counts(plan, seen, tallies),
        establishments=tuple(described(hospital) for hospital in plan.hospitals),
        identities=tuple(identity_figures(plan, seen.files, _late(tallies))),
        version=_version(),
        expect=tuple(item.as_dict() for item in scenario.expect),
    )
    told = json.dumps(run.as_dict(), ensure_ascii=False, indent=2)
    (out / "run.json").write_text(told + "\n", "utf-8")
    return run


@contextmanager
def _offices(plan: Plan, settings: Settings, folder: Path) -> Iterator[dict[str, IdentityOffice]]:
    """The identity office of each legal entity, over a new repository."""
    forget_repositories(folder)
    streams = Streams(plan.seed)
    offices = {}
    for hospital in sorted(plan.hospitals, key=lambda item: item.establishment.finess_ej):
        finess = hospital.establishment.finess_ej
        unit = IdentityUnit(finess, hospital.given.habits.identity_unit, streams)
        history = History(finess, hospital.given.habits, plan.scenario.starts_at, streams)
        offices[finess] = open_office(folder, settings, finess, plan.identities, unit, history)
    try:
        yield offices
    finally:
        for office in offices.values():
            office.close()


async def _deliver(
    plan: Plan,
    settings: Settings,
    offices: Mapping[str, IdentityOffice],
    on_progress: OnProgress,
) -> tuple[Observed, Mapping[str, Tally]]:
    """Deliver everything, then read what the services saw."""
    bench = Bench(settings)
    try:
        after = {name: await bench.newest(name) for name in SERVICES}
        async with _couriers(plan, settings, offices) as couriers:
            rounds = Rounds(plan, couriers, bench.set_clock, _telling(plan, on_progress))
            await bench.set_clock(plan.scenario.starts_at)
            try:
                async with (
                    bench.armed(plan.scenario.outages, plan.seed),
                    bench.speaking(plan.scenario.insi_dialect, _idams(plan)),
                ):
                    await rounds.play()
                offers = await _offers(plan, couriers)
            finally:
                await bench.release_clock()
        exchanges = [line for name in SERVICES for line in await bench.journal(name, after[name])]
        files = {finess: office.file() for finess, office in offices.items()}
        return Observed(rounds.sent, files, exchanges, offers), rounds.tallies
    finally:
        await bench.close()


def _idams(plan: Plan) -> list[str]:
    return [hospital.given.software.idam for hospital in plan.hospitals]


def _telling(plan: Plan, on_progress: OnProgress) -> OnSlot:
    """What the rounds call at the end of each slot."""
    names = {item.establishment.finess_ej: item.establishment.name for item in plan.hospitals}

    def tell(finess: str, at: datetime, tally: Tally) -> None:
        on_progress(
            Progress(
                establishment=names[finess],
                simulated_at=at,
                delivered=tally.delivered,
                expected=tally.expected,
                refused=tally.refused,
                waiting=tally.waiting,
            )
        )

    return tell


async def _offers(plan: Plan, couriers: Mapping[str, Courier]) -> tuple[Offer, ...]:
    """The offers of the establishments that were played."""
    played = {hospital.establishment.finess_eg for hospital in plan.hospitals}
    first = next(iter(couriers.values()))
    return tuple(offer for offer in await first.clients.ror.offers() if offer.finess_eg in played)


@asynccontextmanager
async def _couriers(
    plan: Plan, settings: Settings, offices: Mapping[str, IdentityOffice]
) -> AsyncIterator[dict[str, Courier]]:
    """A courier for each establishment, beside its identity office."""
    pki = TestPki.open(settings.data_dir / "pki", settings)
    clients = {
        hospital.establishment.finess_ej: _clients(hospital, settings, pki)
        for hospital in plan.hospitals
    }
    try:
        yield {
            finess: Courier(found, offices[finess], Streams(plan.seed))
            for finess, found in clients.items()
        }
    finally:
        for found in clients.values():
            await found.close()


def _clients(hospital: Hospital, settings: Settings, pki: TestPki) -> Clients:
    """The clients of an establishment, with its certificates."""
    credentials = pki.establishment(hospital.establishment)
    told = hospital.given.software
    software = Software(told.name, told.version, told.homologation, told.idam, told.nil)
    sender = Sender(hospital.establishment, credentials, software)
    auth, insi = pki.client_context(credentials.auth), pki.client_context(credentials.insi)

    def wire(name: str, port: int, context: ssl.SSLContext, seconds: float) -> Wire:
        return Wire(
            f"https://{settings.reach(name)}:{port}", context, seconds, patience=PATIENCE_SECONDS
        )

    dmp = wire("dmp", settings.dmp_tls_port, auth, TIMEOUT_SECONDS)
    ins = wire("ins", settings.ins_mtls_port, insi, INS_SECONDS)
    ror = wire("ror", settings.ror_tls_port, auth, TIMEOUT_SECONDS)
    server = MailServer(
        settings.reach("mssante"),
        settings.submission_port,
        settings.mssante_password,
        pki.client_context(),
        PATIENCE_SECONDS,
    )
    mail = MailClient(sender, server)

    async def close() -> None:
        for open_wire in (dmp, ins, ror):
            await open_wire.close()
        await mail.close()

    return Clients(
        DmpClient(sender, dmp), InsClient(sender, ins), RorClient(sender, ror), mail, close
    )


def _channels(sent: list[Sent] | Any) -> tuple[ChannelCount, ...]:
    """The deliveries of each channel, by what became of them in the end."""
    last: dict[str, Sent] = {row.delivery_id: row for row in sent}
    ends = Counter((row.job.channel, row.attempt.outcome) for row in last.values())
    failed = Counter(row.job.channel for row in sent if row.attempt.outcome is Outcome.FAILED)
    return tuple(
        ChannelCount(
            channel.value,
            ends[channel, Outcome.DELIVERED],
            ends[channel, Outcome.REFUSED],
            ends[channel, Outcome.ABANDONED] + ends[channel, Outcome.FAILED],
            failed[channel],
        )
        for channel in Channel
    )


def _late(tallies: Mapping[str, Tally]) -> dict[str, Late]:
    return {finess: tally.late for finess, tally in tallies.items()}


def _counts(plan: Plan, seen: Observed, tallies: Mapping[str, Tally]) -> dict[str, Any]:
    withheld: Counter[str] = Counter()
    for tally in tallies.values():
        withheld += tally.withheld
    kinds = Counter(found.kind.value for found in plan.encounters)
    return {
        "stays": kinds["stay"],
        "consultations": kinds["cons"],
        "emergencies": kinds["ed"],
        "documents": len(plan.papers),
        "admissions": len(plan.identities),
        "identities": sum(len(file.identities) for file in seen.files.values()),
        "jobs": len(plan.jobs),
        "calls": len(seen.sent),
        "exchanges": len(seen.exchanges),
        "withheld": dict(sorted(withheld.items())),
    }


def _version() -> str:
    try:
        return version("banc")
    except PackageNotFoundError:
        return "0"
