"""Simulator, scenario: what is played, read from YAML; every mistake is told at once.

Not here: what an establishment is made of (kit.world), playing (run).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from kit.faults import CODE, DELAY, EFFECTS, MAX_DELAY_MS
from kit.world import Establishment, World
from simulator.checked_yaml import (
    WRONG,
    Field,
    Page,
    compose,
    day,
    flag,
    instant,
    number,
    one_of,
    record,
    sequence,
    share,
    shares,
    shown,
    text,
    value_of,
)
from simulator.clock import PARIS, civil, civil_day
from simulator.expectations import Expectation, check_played, expectation

SERVICES = ("dmp", "ins", "ror", "mssante")
ESTABLISHMENT_KINDS = ("CHR", "CH", "CLINIQUE")
INSI_DIALECTS = ("2021", "2022", "2025")
FIRST_YEAR, LAST_YEAR = 2026, 2034  # certificates, people and offers of the bench are of these
_MOMENT = re.compile(r"day (\d{1,3}) (\d\d):(\d\d)")

# Documents of a kind that are sent, out of those written; calibration figures give the order.
TO_DMP = {"LDL": 0.9, "ORD": 0.6, "CRO": 0.5, "CRH": 0.5, "CR_BIO": 0.35, "CR_IMG": 0.5,
          "CR_CONS": 0.5, "CR_URG": 0.4, "CR_ACP": 0.5}  # fmt: skip
TO_DOCTOR = {"LDL": 0.85, "ORD": 0.0, "CRO": 0.2, "CRH": 0.8, "CR_BIO": 0.05, "CR_IMG": 0.1,
             "CR_CONS": 0.6, "CR_URG": 0.3, "CR_ACP": 0.3}  # fmt: skip


class WrongScenario(Exception):
    """A scenario cannot be played; ``mistakes`` holds a line for each reason."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Habits:
    """How the teams of an establishment work; shares from 0 to 1."""

    letters_written: float = 0.96
    letters_same_day: float = 0.65
    letter_delay_days: float = 6.0  # median of the letters that are late
    to_dmp: Mapping[str, float] = field(default_factory=lambda: dict(TO_DMP))
    to_doctor: Mapping[str, float] = field(default_factory=lambda: dict(TO_DOCTOR))
    to_citizen: float = 0.03
    doctors_with_mailbox: float = 0.85
    identity_errors: float = 0.06
    identity_checked: float = 0.93
    identity_unit: float = 0.6
    identity_known: float = 0.35
    identity_retrieved: float = 0.8
    identity_duplicates: float = 0.03
    identity_collisions: float = 0.002
    sends_withheld: bool = True
    wrong_metadata: float = 0.01
    corrected: float = 0.03
    deleted: float = 0.003
    night_batch: bool = False
    refreshes_beds: bool = True


@dataclass(frozen=True, slots=True)
class Software:
    """The patient record software (LPS) of an establishment. nil: its reference for MSSanté."""

    name: str = "Hospidoc"
    version: str = "4.2"
    nil: str = "TEST000001"
    homologation: str = "BANC-TEST"
    idam: str = "BANC-TEST"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A dated proof an establishment holds."""

    code: str
    proven_on: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class ScenarioEstablishment:
    """An establishment that is played. scale: beds kept, out of its real ones."""

    finess: str
    kind: str
    scale: float = 1.0
    occupancy: float = 0.85
    units: tuple[str, ...] = ()
    visits: float = 1.0  # times the usual number of consultations and emergencies
    software: Software = Software()
    habits: Habits = field(default_factory=Habits)
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Outage:
    """A disturbance armed on a service, from an instant to another."""

    service: str
    effect: str
    from_at: datetime
    until_at: datetime
    transaction: str = "*"
    value: str = ""
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How a delivery that failed is tried again, in simulated time."""

    first_minutes: int = 5
    factor: float = 2.0
    longest_minutes: int = 240
    attempts: int = 10


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is played."""

    name: str
    title: str
    seed: int
    starts_at: datetime
    days: int
    establishments: tuple[ScenarioEstablishment, ...]
    slot_minutes: int = 30
    outages: tuple[Outage, ...] = ()
    insi_dialect: str = ""  # in which INSi answers the play; empty: that of the settings
    retry: Patience = Patience()
    expect: tuple[Expectation, ...] = ()

    @property
    def ends_at(self) -> datetime:
        """The end: as many civil days after the start."""
        start = self.starts_at.astimezone(PARIS)
        return civil(start.date() + timedelta(days=self.days), start.time())


def load(path: Path) -> Scenario:
    """Read a scenario. Raises WrongScenario with every mistake."""
    page = Page(path.name)
    root = compose(path, page)
    found = _scenario(root, "", page) if root is not None else WRONG
    if page.mistakes:
        raise WrongScenario(page.mistakes)
    assert isinstance(found, Scenario)
    return found


@dataclass(frozen=True, slots=True)
class _Moment:
    """A civil time of a day counted from 1, and the node that says it."""

    day: int
    at: time
    node: yaml.Node

    def instant(self, starts_at: datetime) -> datetime:
        return civil(civil_day(starts_at) + timedelta(days=self.day - 1), self.at)


def _moment(node: yaml.Node, path: str, page: Page) -> Any:
    found = _MOMENT.fullmatch(node.value) if isinstance(node, yaml.ScalarNode) else None
    if found is None or int(found[1]) < 1 or int(found[2]) > 23 or int(found[3]) > 59:
        return page.wrong(node, path, f"{shown(node)} is not of the form 'day 3 14:00'")
    return _Moment(int(found[1]), time(int(found[2]), int(found[3])), node)


def _fields(kind: Any, **readers: Any) -> dict[str, Field]:
    """A table of the fields of a dataclass, in their order; their defaults are the class's."""
    made = kind()
    return {item.name: Field(readers[item.name], getattr(made, item.name)) for item in fields(kind)}


_HABITS = record(
    Habits,
    {
        item.name: Field(flag if item.type == "bool" else share(), getattr(Habits(), item.name))
        for item in fields(Habits)
        if item.type in ("float", "bool")
    }
    | {
        "letter_delay_days": Field(number(0.1, 60), 6.0),
        "to_dmp": Field(shares(TO_DMP), TO_DMP),
        "to_doctor": Field(shares(TO_DOCTOR), TO_DOCTOR),
    },
)
_SOFTWARE = record(
    Software,
    _fields(
        Software,
        name=text(r"[\w .-]{1,60}", "a name"),
        version=text(r"[\w.-]{1,20}", "a version"),
        nil=text(r"[A-Z0-9]{1,20}", "capitals and digits"),
        homologation=text(r"[\w-]{1,40}", "a number of conformity"),
        idam=text(r"[\w-]{1,40}", "an authorization number"),
    ),
)


def _evidence(node: yaml.Node, path: str, page: Page) -> Any:
    found = record(
        Evidence,
        {
            "code": Field(text(r"[a-z0-9_]{1,40}", "a code in small letters")),
            "proven_on": Field(day),
            "valid_until": Field(day),
        },
    )(node, path, page)
    if found is not WRONG and found.valid_until < found.proven_on:
        return page.wrong(
            value_of(node, "valid_until"),
            f"{path}.valid_until",
            f"{found.valid_until} is before its date",
        )
    return found


_ESTABLISHMENT_FIELDS = {
    "finess": Field(text(r"[0-9A-Z]{9}", "a FINESS number")),
    "kind": Field(one_of(*ESTABLISHMENT_KINDS)),
    "scale": Field(number(0.001, 1), 1.0),
    "occupancy": Field(number(0.05, 0.99), 0.85),
    "units": Field(sequence(text(r"[A-Z0-9]{1,20}", "the code of a unit"), at_least=1), ()),
    "visits": Field(number(0, 5), 1.0),
    "software": Field(_SOFTWARE, Software()),
    "habits": Field(_HABITS, Habits()),
    "evidence": Field(sequence(_evidence), ()),
}


def _establishment(node: yaml.Node, path: str, page: Page) -> Any:
    found = record(ScenarioEstablishment, _ESTABLISHMENT_FIELDS)(node, path, page)
    if found is WRONG:
        return WRONG
    known = World().establishment(found.finess)
    if known is None:
        return page.wrong(
            value_of(node, "finess"),
            f"{path}.finess",
            f"{found.finess!r} is no known establishment",
        )
    return (
        replace(found, finess=known.finess_ej) if _fits(found, known, node, path, page) else WRONG
    )


def _fits(
    found: ScenarioEstablishment, known: Establishment, node: yaml.Node, path: str, page: Page
) -> bool:
    """Whether kind and units are those of the invented country."""
    is_right = True
    if found.kind != known.kind:
        page.wrong(
            value_of(node, "kind"),
            f"{path}.kind",
            f"{found.kind!r}, but {known.name} is a {known.kind}",
        )
        is_right = False
    for code in found.units:
        if known.unit(code) is None:
            page.wrong(
                value_of(node, "units"), f"{path}.units", f"{known.name} has no unit {code!r}"
            )
            is_right = False
    return is_right


_OUTAGE_FIELDS = {
    "service": Field(one_of(*SERVICES)),
    "effect": Field(one_of(*EFFECTS)),
    "from": Field(_moment),
    "until": Field(_moment),
    "transaction": Field(text(r"[\w. *-]{1,64}", "the name of a transaction"), "*"),
    "value": Field(text(r"[\w. -]{1,60}", "a code or a number of milliseconds"), ""),
    "probability": Field(share(), 1.0),
}


def _outage(node: yaml.Node, path: str, page: Page) -> Any:
    given = record(dict, _OUTAGE_FIELDS)(node, path, page)
    if given is WRONG:
        return WRONG
    value = given["value"]
    if given["effect"] == CODE and not value:
        return page.wrong(node, f"{path}.value", "missing: the code to answer")
    if given["effect"] == DELAY and not (value.isdigit() and int(value) <= MAX_DELAY_MS):
        return page.wrong(
            value_of(node, "value"), f"{path}.value", f"{value!r} is not 0 to {MAX_DELAY_MS} ms"
        )
    return (path, given)


_SCENARIO_FIELDS = {
    "name": Field(text(r"[a-z0-9][a-z0-9-]{0,60}", "small letters, digits and hyphens")),
    "title": Field(text(r".{1,120}", "a text of 120 characters at most")),
    "seed": Field(number(0, 2**31 - 1, whole=True)),
    "starts_at": Field(instant),
    "days": Field(number(1, 366, whole=True)),
    "establishments": Field(sequence(_establishment, at_least=1)),
    "slot_minutes": Field(number(5, 60, whole=True), 30),
    "outages": Field(sequence(_outage), ()),
    "insi_dialect": Field(one_of(*INSI_DIALECTS), ""),
    "retry": Field(
        record(
            Patience,
            _fields(
                Patience,
                first_minutes=number(1, 1440, whole=True),
                factor=number(1, 10),
                longest_minutes=number(1, 2880, whole=True),
                attempts=number(1, 50, whole=True),
            ),
        ),
        Patience(),
    ),
    "expect": Field(sequence(expectation), ()),
}


def _scenario(node: yaml.Node, path: str, page: Page) -> Any:
    given = record(dict, _SCENARIO_FIELDS)(node, path, page)
    if given is WRONG:
        return WRONG
    starts_at = given["starts_at"]
    if not FIRST_YEAR <= starts_at.year <= LAST_YEAR:
        page.wrong(
            value_of(node, "starts_at"),
            "starts_at",
            f"{starts_at.year} is not {FIRST_YEAR} to {LAST_YEAR}",
        )
    told = [item.finess for item in given["establishments"]]
    for finess in sorted({item for item in told if told.count(item) > 1}):
        page.wrong(node, "establishments", f"{finess} is given twice")
    check_played(given["expect"], told, page)
    dated = partial(_dated, starts_at=starts_at, days=given["days"], page=page)
    return Scenario(**given | {"outages": tuple(dated(*item) for item in given["outages"])})


def _dated(
    path: str, given: Mapping[str, Any], *, starts_at: datetime, days: int, page: Page
) -> Any:
    """An outage with its instants, once the start of the scenario is known."""
    begin, end = given["from"], given["until"]
    from_at, until_at = begin.instant(starts_at), end.instant(starts_at)
    if begin.day > days:
        page.wrong(begin.node, f"{path}.from", f"day {begin.day} is after the last, {days}")
    if until_at <= from_at:
        page.wrong(end.node, f"{path}.until", "not after its start")
    rest = {name: given[name] for name in ("service", "effect", "transaction", "value")}
    return Outage(
        from_at=from_at, until_at=until_at, probability=given["probability"], **rest
    )  # fmt: skip
