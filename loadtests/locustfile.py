"""Load tests, Locust: one class of users for each socle, driven by a profile.

``locust -f loadtests/locustfile.py --banc-profile smoke`` works by hand against a bench that
runs. Payloads are written before the start; a user stops when those of its kind are used up.
Not here: what is sent (payloads, mails), thresholds (headless).
"""

from __future__ import annotations

import json
import random
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import gevent
from locust import FastHttpUser, LoadTestShape, User, events
from locust.exception import StopUser

from kit.clock import bench_clock
from kit.settings import Settings, from_env
from loadtests import profiles
from loadtests.mail_client import MailClient
from loadtests.mails import Mail, write_mails
from loadtests.payloads import Hospital, Payload, Writer
from loadtests.profiles import Profile
from loadtests.targets import loopback, url
from loadtests.under_way import finished
from mocks.ror.messages import TOKEN_PATH, TokenRequest, write_token_request

TOKEN_MARGIN_SECONDS = 60
Item = TypeVar("Item")


@dataclass
class Plan:
    """What the users of one Locust process share; the queues empty as requests leave."""

    settings: Settings
    profile: Profile
    hospital: Hospital
    pauses: random.Random
    queues: dict[str, deque[Payload]]
    letters: dict[str, deque[Mail]]
    arrived: int = 0

    def pause_seconds(self) -> float:
        """How long a user thinks."""
        low, high = self.profile.think_ms
        return self.pauses.uniform(low, high) / 1000

    def next_user(self) -> int:
        """The rank of a user who arrives."""
        self.arrived += 1
        return self.arrived - 1


PLAN: Plan


def _take(queue: deque[Item]) -> Item:
    """The next of a queue. Raises StopUser when it is used up."""
    if not queue:
        raise StopUser
    return queue.popleft()


def _write(plan: Plan) -> None:
    """Fill the queues of ``plan`` with requests nobody has sent."""
    clock, count = bench_clock(plan.settings.data_dir), plan.profile.payloads
    writer = Writer(plan.hospital, clock.now(), f"{clock.wall():%Y%m%d%H%M%S%f}")
    written: dict[str, Callable[[int], Iterable[Payload]]] = {
        "deposits": writer.deposits,
        "searches": writer.searches,
        "organizations": writer.organizations,
        "bed_patches": writer.bed_patches,
    }
    owner = {"deposits": "dmp", "searches": "ins", "organizations": "ror", "bed_patches": "ror"}
    for name, write in written.items():
        wanted = count if plan.profile.mix[owner[name]] else 0
        plan.queues[name] = deque(write(wanted))
    plan.letters.clear()
    for mail in write_mails(writer, count if plan.profile.mix["mail"] else 0):
        plan.letters.setdefault(mail.recipient, deque()).append(mail)


def _options(parser: Any) -> None:
    parser.add_argument("--banc-profile", default="smoke", help="a profile of loadtests/profiles")
    parser.add_argument("--banc-report", default="", help="file for the figures, JSON")


def _prepare(environment: Any, **_: Any) -> None:
    global PLAN
    settings = from_env()
    profile = profiles.load(environment.parsed_options.banc_profile)
    PLAN = Plan(settings, profile, Hospital.of(settings), random.Random(settings.seed), {}, {})  # noqa: S311
    ports = {
        DmpUser: ("dmp", settings.dmp_tls_port),
        InsUser: ("ins", settings.ins_mtls_port),
        RorUser: ("ror", settings.ror_tls_port),
    }
    for user, (service, port) in ports.items():
        user.host, user.weight = url(settings, service, port), profile.mix[service]
    MailUser.host, MailUser.weight = loopback(settings, "mssante"), profile.mix["mail"]
    everyone = (DmpUser, InsUser, RorUser, MailUser)
    environment.user_classes = [user for user in everyone if user.weight]
    _write(PLAN)


def _refill(environment: Any, **_: Any) -> None:
    if environment.web_ui is not None:  # by hand, one may start again
        _write(PLAN)


def _report(environment: Any, **_: Any) -> None:
    if not environment.parsed_options.banc_report:
        return
    stats = environment.stats
    rows = [
        {
            "name": entry.name,
            "count": entry.num_requests,
            "failures": entry.num_failures,
            "p50_ms": entry.get_response_time_percentile(0.5) or 0,
            "p95_ms": entry.get_response_time_percentile(0.95) or 0,
            "per_second": entry.total_rps,
        }
        for entry in stats.entries.values()
    ]
    errors = [f"{item.name}: {item.error}" for item in stats.errors.values()]
    told = json.dumps({"rows": rows, "errors": errors})
    Path(environment.parsed_options.banc_report).write_text(told, "utf-8")


class Shape(LoadTestShape):  # type: ignore[misc]
    """The stages of the profile."""

    use_common_options = False

    def tick(self) -> tuple[int, float] | None:
        """Users wanted now, and how many of them arrive each second; None ends the run."""
        stage = PLAN.profile.stage_at(self.get_run_time())
        return (stage.users, stage.arrivals) if stage else None


def _context(of: str = "") -> ssl.SSLContext:
    """TLS to the bench, with the establishment's certificate named ``of``."""
    hospital = PLAN.hospital
    credential = getattr(hospital.credentials, of) if of else None
    return hospital.pki.client_context(credential)


class SocleUser(FastHttpUser):  # type: ignore[misc]
    """A user that sends payloads over one kept connection."""

    abstract = True
    insecure = False
    concurrency = 1

    def wait_time(self) -> float:
        """The pause between two requests."""
        return PLAN.pause_seconds()

    def send(self, queue: str, **headers: str) -> None:
        """Send the next payload of a queue; a good answer is 200 and holds what is expected."""
        payload = _take(PLAN.queues[queue])
        finished(lambda: self._exchange(payload, headers))

    def _exchange(self, payload: Payload, headers: Mapping[str, str]) -> None:
        with self.client.request(
            payload.method,
            payload.path,
            data=payload.body or None,
            headers={**payload.headers, **headers},
            name=payload.name,
            catch_response=True,
        ) as answer:
            if answer.status_code != 200 or payload.expects not in (answer.content or b""):
                answer.failure(f"HTTP {answer.status_code}: {(answer.text or '')[:300]}")


class DmpUser(SocleUser):
    """A hospital that feeds documents: TD2.1 over mutual TLS."""

    ssl_context_factory = staticmethod(lambda: _context("auth"))

    def provide_and_register(self) -> None:
        """TD2.1: one signed lot."""
        self.send("deposits")

    tasks = (provide_and_register,)


class InsUser(SocleUser):
    """A hospital that looks identities up: WS_INS2 over mutual TLS."""

    ssl_context_factory = staticmethod(lambda: _context("insi"))

    def search_by_traits(self) -> None:
        """WS_INS2: one person."""
        self.send("searches")

    tasks = (search_by_traits,)


class RorUser(SocleUser):
    """A hospital that reads the directory and says how many beds it has."""

    ssl_context_factory = staticmethod(lambda: _context("auth"))

    def on_start(self) -> None:
        """Get an access token for each of the two roles."""
        self._tokens: dict[str, tuple[str, float]] = {}

    def search(self) -> None:
        """SEARCH Organization."""
        self.send("organizations", Authorization=f"Bearer {self._token('consommateur')}")

    def patch_beds(self) -> None:
        """PATCH Location."""
        self.send("bed_patches", Authorization=f"Bearer {self._token('fournisseur')}")

    tasks = (search, search, patch_beds)

    def _token(self, role: str) -> str:
        token, until = self._tokens.get(role, ("", 0.0))
        if gevent.get_hub().loop.now() >= until:
            client_id = f"{role}-1-{PLAN.hospital.place.finess_ej}"
            form = write_token_request(TokenRequest("client_credentials", client_id))
            answer = finished(lambda: self.client.post(TOKEN_PATH, data=form, name="ror TOKEN"))
            token = answer.json()["access_token"]
            seconds = PLAN.settings.ror_token_seconds - TOKEN_MARGIN_SECONDS
            self._tokens[role] = (token, gevent.get_hub().loop.now() + seconds)
        return token


class MailUser(User):  # type: ignore[misc]
    """A hospital that writes to one doctor of town, who reads the newest mail."""

    def wait_time(self) -> float:
        """The pause between two requests."""
        return PLAN.pause_seconds()

    def on_start(self) -> None:
        """Choose the doctor."""
        doctors = sorted(PLAN.letters)
        self._doctor = doctors[PLAN.next_user() % len(doctors)]
        fire = self.environment.events.request.fire
        self._client = MailClient(PLAN.settings, str(self.host), _context(), fire)
        self._has_mail = False

    def on_stop(self) -> None:
        """Hang up."""
        self._client.close()

    def submit(self) -> None:
        """Submit a letter (SMTP)."""
        mail = _take(PLAN.letters[self._doctor])
        self._has_mail |= finished(lambda: self._client.submit(mail))

    def read(self) -> None:
        """Read the newest letter (IMAP)."""
        if self._has_mail:
            finished(lambda: self._client.read_newest(self._doctor))

    tasks = (submit, submit, read)


events.init_command_line_parser.add_listener(_options)
events.init.add_listener(_prepare)
events.test_stop.add_listener(_refill)
events.quitting.add_listener(_report)
