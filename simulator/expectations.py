"""Simulator, expectations: what the indicators should say of a run, as a scenario writes it.

Not here: which indicators there are, judging (indicators.judge).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import yaml

from kit.world import World
from simulator.checked_yaml import WRONG, Field, Page, one_of, record, text, value_of

VERDICTS = ("attained", "not_attained", "not_measurable", "not_applicable")
COUNTED = ("verdict", "numerator", "denominator", "value")
_BOUND = r"(?:[<>]= ?)?[0-9]{1,9}(?:\.[0-9]{1,9})?"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an indicator should say of the run, of one legal entity or of each that is played.

    numerator, denominator, value: a number, or a bound as ``>= 12``; empty when nothing is asked.
    place: file, line and path of the YAML.
    """

    indicator: str
    verdict: str = ""
    finess: str = ""
    numerator: str = ""
    denominator: str = ""
    value: str = ""
    place: str = ""
    line: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As run.json keeps it."""
        return asdict(self)


_bound = text(_BOUND, "a number, or a bound as '>= 12' in quotes")
_READ = record(
    Expectation,
    {
        "indicator": Field(text(r"[A-Z0-9.-]{1,20}", "the code of an indicator")),
        "verdict": Field(one_of(*VERDICTS), ""),
        "finess": Field(text(r"[0-9A-Z]{9}", "a FINESS number"), ""),
        "numerator": Field(_bound, ""),
        "denominator": Field(_bound, ""),
        "value": Field(_bound, ""),
    },
)


def expectation(node: yaml.Node, path: str, page: Page) -> Any:
    """One item of ``expect``; the FINESS becomes that of the legal entity."""
    found = _READ(node, path, page)
    if found is WRONG:
        return WRONG
    if not any(getattr(found, name) for name in COUNTED):
        return page.wrong(node, path, f"expects nothing: one of {', '.join(COUNTED)}")
    known = World().establishment(found.finess) if found.finess else None
    if found.finess and known is None:
        where = value_of(node, "finess")
        return page.wrong(where, f"{path}.finess", f"{found.finess!r} is no known establishment")
    line = node.start_mark.line + 1
    finess = known.finess_ej if known else ""
    return replace(found, finess=finess, place=f"{page.name}:{line}: {path}", line=line)


def check_played(expect: tuple[Expectation, ...], played: list[str], page: Page) -> None:
    """Note each expectation about an establishment that is not played."""
    for item in expect:
        if item.finess and item.finess not in played:
            why = f"{item.finess} is not played: {', '.join(played)}"
            page.found.append((item.line, f"{item.place}.finess: {why}"))
