"""Indicators, catalogue: one row an indicator, read from the YAML files beside this module.

Thresholds are data with a status and a range; a change of them is another catalogue version.
Not here: counting (measures), judging (ratios).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from indicators.measures import measures
from indicators.windows import MONTHS

FOLDER = Path(__file__).parent
STATUSES = ("confirmed", "partial", "estimate", "proposed")
COMPARATORS = (">=", "<=", "is_true")
ACTIVITIES = ("MCO", "SSR", "PSY", "HAD")
SOURCES = ("stay", "evidence", "mailbox", "ror_offer", "TD2.1", "SMTP.DATA")
EMPTY = ("not_applicable", "not_measurable")
_FIELDS = frozenset(
    "code label definition numerator denominator comparator target window scope n_min sources "
    "if_empty".split()
)


class WrongCatalogue(Exception):
    """One or more rows are wrong; ``mistakes`` holds a line for each."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row: a ratio of measures, a count, or a yes when every measure has something.

    numerator: a measure, or several joined by `` + ``. target_low, target_high: the range over
    which a projection is run. if_empty: the verdict when the denominator is zero.
    """

    code: str
    programme: str
    label_fr: str
    label_en: str
    numerator: str
    denominator: str | None
    comparator: str
    target_point: float | bool
    target_low: float | None
    target_high: float | None
    window: str
    scope: tuple[str, ...]
    n_min: int
    sources: tuple[str, ...]
    if_empty: str
    definition_status: str
    target_status: str
    is_national: bool

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure the row needs, the denominator last."""
        denominator = (self.denominator,) if self.denominator else ()
        return (*self.numerator.split(" + "), *denominator)

    @property
    def unit(self) -> str:
        """ratio, count or boolean."""
        if self.denominator:
            return "ratio"
        return "boolean" if isinstance(self.target_point, bool) else "count"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every row of one version, in the order of the files."""

    version: str
    rows: tuple[Indicator, ...]

    @property
    def programmes(self) -> tuple[str, ...]:
        """The programmes there are, each once."""
        return tuple(dict.fromkeys(row.programme for row in self.rows))

    def row(self, code: str) -> Indicator | None:
        """The row of that code."""
        return next((row for row in self.rows if row.code == code), None)


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read every ``*.yaml`` of a folder, national rows last.

    Raises WrongCatalogue with every mistake at once.
    """
    files = sorted((folder or FOLDER).glob("*.yaml"))
    read = [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in files]
    mistakes = tuple(_mistakes(read))
    if mistakes:
        raise WrongCatalogue(mistakes)
    rows = [_row(given, file) for _, file in read for given in file["indicators"]]
    rows.sort(key=lambda row: row.is_national)
    return Catalogue(str(read[0][1]["version"]), tuple(rows))


def _mistakes(read: list[tuple[str, Any]]) -> Iterator[str]:
    if not read:
        yield "the catalogue has no file"
    if len({str(file.get("version")) for _, file in read}) > 1:
        yield "the files of a catalogue have one version"
    seen: set[str] = set()
    for name, file in read:
        for place, given in enumerate(file.get("indicators", ())):
            where = f"{name}: {given.get('code', f'indicators[{place}]')}"
            yield from (f"{where}: {mistake}" for mistake in _row_mistakes(given))
            if given.get("code") in seen:
                yield f"{where}: the code is there twice"
            seen.add(str(given.get("code")))


def _row_mistakes(given: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name} is not a field" for name in sorted(set(given) - _FIELDS))
    missing = [name for name in ("code", "label", "numerator", "target") if not given.get(name)]
    if missing:
        yield "missing: " + ", ".join(missing)
        return
    if not all(given["label"].get(language) for language in ("fr", "en")):
        yield "label needs fr and en"
    wanted = (*str(given["numerator"]).split(" + "), given.get("denominator"))
    unknown = [name for name in wanted if name and name not in measures()]
    yield from (f"there is no measure {name}" for name in unknown)
    yield from _choices(given)


def _choices(given: dict[str, Any]) -> Iterator[str]:
    target = given["target"]
    chosen = (
        ("comparator", given.get("comparator"), COMPARATORS),
        ("definition", given.get("definition"), STATUSES),
        ("target.status", target.get("status"), STATUSES),
        ("window", given.get("window"), tuple(MONTHS)),
        ("if_empty", given.get("if_empty", EMPTY[-1]), EMPTY),
        *(("scope", item, ACTIVITIES) for item in given.get("scope", ())),
        *(("sources", item, SOURCES) for item in given.get("sources", ())),
    )
    for name, value, choices in chosen:
        if value not in choices:
            yield f"{name}: {value!r} is not one of {', '.join(choices)}"
    point, low, high = (target.get(name) for name in ("point", "low", "high"))
    if point is None:
        yield "target.point is missing"
    elif low is not None and high is not None and not low <= point <= high:
        yield f"target: {point} is not between {low} and {high}"


def _row(given: dict[str, Any], file: dict[str, Any]) -> Indicator:
    target = given["target"]
    return Indicator(
        code=given["code"],
        programme=file["programme"],
        label_fr=given["label"]["fr"],
        label_en=given["label"]["en"],
        numerator=given["numerator"],
        denominator=given.get("denominator"),
        comparator=given["comparator"],
        target_point=target["point"],
        target_low=target.get("low"),
        target_high=target.get("high"),
        window=given["window"],
        scope=tuple(given.get("scope", ACTIVITIES)),
        n_min=given.get("n_min", 0),
        sources=tuple(given.get("sources", ())),
        if_empty=given.get("if_empty", EMPTY[-1]),
        definition_status=given["definition"],
        target_status=target["status"],
        is_national=bool(file.get("is_national", False)),
    )
