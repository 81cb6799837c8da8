"""Load tests, headless: plays a profile with Locust in a process of its own, and judges it.

Locust patches the standard library, so it never runs in ours. Held against the profile's
thresholds, and that what Locust sent is what the journals received. Not here: users, payloads.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kit.settings import Settings, to_env
from loadtests import profiles
from loadtests.profiles import CannotLoad, Profile, Threshold, UnknownProfile, WrongProfile
from loadtests.targets import NotLoopback, loopback

__all__ = [
    "CannotLoad", "NotLoopback", "Report", "UnknownProfile", "Verdict", "WrongProfile",
    "run_profile",
]  # fmt: skip

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("dmp", "ins", "ror", "mssante")
STOP_SECONDS = 15  # users finish what they began
PAYLOAD_SECONDS = 0.2  # to write one of each kind; generous
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """The requests of one name, which is that of their journal lines: service, transaction."""

    name: str
    count: int
    failures: int
    p50_ms: float
    p95_ms: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something that must hold, and whether it did."""

    text: str
    held: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a profile gave."""

    profile: str
    rows: tuple[Row, ...]
    thresholds: tuple[Verdict, ...]
    errors: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything held."""
        return all(verdict.held for verdict in self.thresholds)

    def as_dict(self) -> dict[str, Any]:
        """A form for JSON, see docs/json.md."""
        return asdict(self) | {"passed": self.passed}


def run_profile(name: str, settings: Settings) -> Report:
    """Play a profile against the bench that runs.

    Raises CannotLoad: UnknownProfile, WrongProfile, NotLoopback, or Locust failed.
    """
    profile = profiles.load(name)
    hosts = {service: loopback(settings, service) for service in SERVICES}
    marks = {service: _newest(settings, service, hosts[service]) for service in SERVICES}
    told = _locust(profile, settings)
    rows = tuple(sorted((Row(**row) for row in told["rows"]), key=lambda row: row.name))
    received: Counter[str] = Counter()
    for service, after in marks.items():
        received.update(_received(settings, service, hosts[service], after))
    verdicts = (*judge(profile.thresholds, rows), *balance(rows, received))
    return Report(name, rows, verdicts, tuple(told["errors"]))


def judge(thresholds: tuple[Threshold, ...], rows: tuple[Row, ...]) -> Iterator[Verdict]:
    """Each threshold against the row of its name; no such row holds nothing."""
    found = {row.name: row for row in rows}
    for asked in thresholds:
        row = found.get(asked.name)
        if row is None or not row.count:
            yield Verdict(f"{asked.name}: no request was sent", False)
            continue
        ratio = row.failures / row.count
        checks = (
            (asked.p95_ms, row.p95_ms, "p95 {0:.0f} ms, at most {1:g}", -1),
            (asked.failure_ratio, ratio, "failures {0:.2%}, at most {1:.2%}", -1),
            (asked.min_rps, row.per_second, "{0:.1f} a second, at least {1:g}", 1),
        )
        for limit, seen, text, sign in checks:
            if limit is not None:
                held = sign * (seen - limit) >= 0
                yield Verdict(f"{asked.name}: {text.format(seen, limit)}", held)


def balance(rows: tuple[Row, ...], received: Counter[str]) -> Iterator[Verdict]:
    """Sent by Locust = received by the journals, name by name."""
    for row in rows:
        seen = received[row.name]
        text = f"{row.name}: {row.count} sent, {seen} in the journal"
        yield Verdict(text, seen == row.count)


def _locust(profile: Profile, settings: Settings) -> dict[str, Any]:
    """Run Locust; its figures. It ends by itself, and is ended when it does not."""
    bound = profile.seconds + STOP_SECONDS + 30 + profile.payloads * PAYLOAD_SECONDS
    chosen = replace(settings, data_dir=settings.data_dir.resolve())
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests" / "locustfile.py"),
            "--headless", "--only-summary", "--loglevel", "ERROR", "--exit-code-on-error", "0",
            "--stop-timeout", str(STOP_SECONDS), "--banc-profile", profile.name,
            "--banc-report", str(report),
        ]  # fmt: skip
        environ = to_env(chosen) | {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        try:
            ended = subprocess.run(  # noqa: S603
                command, cwd=ROOT, env=environ, capture_output=True, timeout=bound, check=False
            )
        except subprocess.TimeoutExpired:
            raise CannotLoad(f"Locust did not end within {bound:.0f} s") from None
        if not report.exists():
            last = ended.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            raise CannotLoad(f"Locust ended with {ended.returncode}: {last[-1]}")
        found = json.loads(report.read_text("utf-8"))
        assert isinstance(found, dict)
        return found


def _received(settings: Settings, service: str, host: str, after: int) -> Counter[str]:
    """Journal lines after a mark, counted by service and transaction."""
    counted: Counter[str] = Counter()
    while lines := _lines(settings, service, host, after=after, limit=PAGE):
        counted.update(f"{service} {line['transaction']}" for line in lines)
        after = lines[-1]["seq"]
    return counted


def _newest(settings: Settings, service: str, host: str) -> int:
    """The number of the newest journal line, 0 when there is none."""
    lines = _lines(settings, service, host, order="newest", limit=1)
    return int(lines[0]["seq"]) if lines else 0


def _lines(settings: Settings, service: str, host: str, **query: Any) -> list[dict[str, Any]]:
    port = getattr(settings, f"{service}_port")
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", f"/_banc/journal?{urlencode(query)}")
        found = json.loads(connection.getresponse().read())["exchanges"]
        assert isinstance(found, list)
        return found
    except (OSError, http.client.HTTPException) as error:
        raise CannotLoad(f"the journal of {service} does not answer: {error}") from error
    finally:
        connection.close()
