"""Kit, FHIR: search parameters as a request states them, and how one value is compared.

A query keeps every value as text: the rules of a service judge it, so that all mistakes of a
request are told at once. Not here: which parameters a resource has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache

PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
CONTROLS = (
    "_count",
    "_offset",
    "_sort",
    "_elements",
    "_total",
    "_format",
    "_include",
    "_revinclude",
)


class Kind(StrEnum):
    """The type of a search parameter."""

    TOKEN = "token"  # noqa: S105
    STRING = "string"
    DATE = "date"
    NUMBER = "number"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of a request: ``chain.name:modifier=values``; values are alternatives."""

    name: str
    values: tuple[str, ...]
    modifier: str = ""
    chain: str = ""

    @property
    def text(self) -> str:
        """The parameter's name as the request spells it."""
        chained = f"{self.chain}.{self.name}" if self.chain else self.name
        return f"{chained}:{self.modifier}" if self.modifier else chained


@dataclass(frozen=True, slots=True)
class Include:
    """One ``_include`` or ``_revinclude``: ``source:parameter[:target]``."""

    source: str
    parameter: str
    target: str = ""
    is_reverse: bool = False
    is_iterated: bool = False

    @property
    def path(self) -> str:
        """``source:parameter``."""
        return f"{self.source}:{self.parameter}"


@dataclass(frozen=True, slots=True)
class Query:
    """A search as a request states it."""

    resource_type: str
    criteria: tuple[Criterion, ...] = ()
    includes: tuple[Include, ...] = ()
    controls: tuple[tuple[str, str], ...] = ()

    def control(self, name: str, default: str = "") -> str:
        """The last value of a control parameter such as ``_count``."""
        return next((value for key, value in reversed(self.controls) if key == name), default)


def read_query(resource_type: str, parameters: Iterable[tuple[str, str]]) -> Query:
    """Sort the parameters of a request into criteria, includes and controls. Never refuses."""
    criteria, includes, controls = [], [], []
    for name, value in parameters:
        plain, _, modifier = name.partition(":")
        if plain in ("_include", "_revinclude"):
            includes.append(_read_include(plain, modifier, value))
        elif plain in CONTROLS:
            controls.append((plain, value))
        else:
            criteria.append(_read_criterion(plain, modifier, value))
    return Query(resource_type, tuple(criteria), tuple(includes), tuple(controls))


def _read_include(name: str, modifier: str, value: str) -> Include:
    source, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    return Include(source, parameter, target, name == "_revinclude", modifier == "iterate")


def _read_criterion(name: str, modifier: str, value: str) -> Criterion:
    chain, dot, last = name.rpartition(".")
    if modifier and "." in modifier:  # organization:Organization.name: the type is redundant here
        _, _, rest = modifier.partition(".")
        last, _, modifier = rest.partition(":")
        chain, dot = name, "."
    return Criterion(last, tuple(split_values(value)), modifier, chain if dot else "")


def split_values(text: str) -> list[str]:
    """The alternatives of a value: split at commas that no backslash escapes."""
    return [part.replace("\\,", ",") for part in re.split(r"(?<!\\),", text)]


def split_prefix(text: str) -> tuple[str, str]:
    """``ge2026`` -> (``ge``, ``2026``); no prefix means ``eq``."""
    return (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)


def matches_token(wanted: str, system: str, code: str) -> bool:
    """Whether a coded value is what ``wanted`` says: code, system|code, |code or system|."""
    if "|" not in wanted:
        return wanted == code
    wanted_system, _, wanted_code = wanted.partition("|")
    return wanted_system == system and wanted_code in ("", code)


def matches_string(wanted: str, value: str, modifier: str = "") -> bool:
    """FHIR strings: from the start, without case or accents; ``exact`` and ``contains`` differ."""
    if modifier == "exact":
        return wanted == value
    if modifier == "contains":
        return plain(wanted) in plain(value)
    return plain(value).startswith(plain(wanted))


@lru_cache(maxsize=16_384)  # a search asks it for the same names again and again
def plain(text: str) -> str:
    """``text`` without case or accents."""
    split = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


_DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(?P<fraction>\.\d{1,9})?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?"
)


def read_period(text: str) -> tuple[datetime, datetime]:
    """The instants a FHIR date stands for: from, included, and to, excluded.

    A day, a month or a year is a period; without a zone it is UTC (a choice: the guide says
    nothing). Raises ValueError when it is no date.
    """
    found = _DATE.fullmatch(text.replace(" ", "+"))  # an unescaped + of a URL is read as a space
    if not found:
        raise ValueError("a date such as 2026, 2026-01-31 or 2026-01-31T08:00:00Z")
    try:
        start = datetime.fromisoformat(_completed(found))
        return start.astimezone(UTC), (start + _length(found, start)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the date is out of range") from error


def _completed(found: re.Match[str]) -> str:
    day = f"{found['year']}-{found['month'] or '01'}-{found['day'] or '01'}"
    fraction = (found["fraction"] or "")[:7]
    time = f"{found['hour'] or '00'}:{found['minute'] or '00'}:{found['second'] or '00'}{fraction}"
    return f"{day}T{time}{found['zone'] or '+00:00'}"


def _length(found: re.Match[str], start: datetime) -> timedelta:
    if found["fraction"]:
        return timedelta(microseconds=1)
    for part, length in (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400)):
        if found[part]:
            return timedelta(seconds=length)
    if found["month"]:
        return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - start
    return start.replace(year=start.year + 1) - start


def matches_date(wanted: str, value: str) -> bool:
    """Whether the instant or period ``value`` stands where ``wanted`` says.

    Source: FHIR R4, Search 3.1.1.4.6.
    """
    return matches_period(wanted, *read_period(value))


def matches_period(wanted: str, value_start: datetime, value_end: datetime) -> bool:
    """Whether a period, its end excluded, stands where ``wanted`` says."""
    prefix, text = split_prefix(wanted)
    start, end = read_period(text)
    answers = {
        "eq": start <= value_start and value_end <= end,
        "ne": not (start <= value_start and value_end <= end),
        "gt": value_end > end,
        "ge": value_start >= start or value_end > end,
        "lt": value_start < start,
        "le": value_end <= end or value_start < start,
        "sa": value_start >= end,
        "eb": value_end <= start,
        "ap": value_start < end and value_end > start,
    }
    return answers[prefix]


def read_number(text: str) -> Decimal:
    """A number of a search. Raises ValueError when it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("a number") from error
    if not number.is_finite():
        raise ValueError("a number")
    return number


def matches_number(wanted: str, value: int | float) -> bool:
    """Whether ``value`` stands where ``wanted`` says (gt0, le12, 5 …)."""
    prefix, text = split_prefix(wanted)
    number, found = read_number(text), Decimal(str(value))
    answers = {
        "eq": found == number,
        "ne": found != number,
        "gt": found > number,
        "ge": found >= number,
        "lt": found < number,
        "le": found <= number,
        "sa": found > number,
        "eb": found < number,
        "ap": abs(found - number) <= abs(number) / 10,
    }
    return answers[prefix]
