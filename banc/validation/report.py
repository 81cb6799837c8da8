"""Banc, validation, report: what is wrong in a file, where, and by which rule.

Not here: finding it out (front and the modules it asks), showing it (screens, the console).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from kit.french import sentence_of
from kit.rules import Refusal

MAX_PROBLEMS = 500  # told of one file; the others are counted
LONGEST = 600  # characters told of one text


class Kind(StrEnum):
    """What a file is, by its content."""

    CDA = "CDA"
    XDM = "IHE_XDM.ZIP"
    VIHF = "VIHF"
    METADATA = "XDS metadata"
    UNKNOWN = ""


class Verdict(StrEnum):
    """What becomes of a file."""

    CONFORMANT = "conformant"
    FINDINGS = "findings"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule with its place.

    step: who judges: banc, XSD, or the name of a schematron. member: the file inside an archive.
    line: 0 when unknown. path: XPath of the element, by local names. rule_fr: the rule as a French
    sentence, when it is ours.
    """

    step: str
    rule: str
    source: str
    text: str = ""
    member: str = ""
    line: int = 0
    path: str = ""
    seen: str = ""
    expected: str = ""
    rule_fr: str = ""

    @property
    def place(self) -> str:
        """Member, line and path in one text."""
        line = f"line {self.line}" if self.line else ""
        return ", ".join(filter(None, [self.member, line, self.path]))

    def as_dict(self) -> dict[str, Any]:
        """A flat form for JSON, see docs/json.md."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Step:
    """One judge that was asked about one document, and what it took."""

    name: str
    problems: int = 0
    duration_ms: float = 0.0
    member: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said of one file. unusable: why it cannot be judged at all.

    waiting: the official kit still loads; ask again. more: problems found but not told.
    """

    name: str
    kind: Kind = Kind.UNKNOWN
    problems: tuple[Problem, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    more: int = 0
    unusable: str = ""
    waiting: bool = False

    @property
    def verdict(self) -> Verdict:
        """unusable, findings or conformant."""
        if self.unusable:
            return Verdict.UNUSABLE
        return Verdict.FINDINGS if self.problems else Verdict.CONFORMANT

    @property
    def is_conformant(self) -> bool:
        """True when the file was judged and nothing is wrong."""
        return self.verdict is Verdict.CONFORMANT

    def as_dict(self) -> dict[str, Any]:
        """A form for JSON, see docs/json.md."""
        return {"verdict": str(self.verdict)} | asdict(self) | {"kind": str(self.kind)}


@dataclass(frozen=True, slots=True)
class Found:
    """What one module found out about one part of a file; parts add up."""

    problems: tuple[Problem, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    more: int = 0
    waiting: bool = False

    def __add__(self, other: Found) -> Found:
        return Found(
            self.problems + other.problems,
            self.steps + other.steps,
            self.notes + tuple(note for note in other.notes if note not in self.notes),
            self.more + other.more,
            self.waiting or other.waiting,
        )

    def inside(self, member: str) -> Found:
        """The same, of a file inside an archive."""
        return replace(
            self,
            problems=tuple(replace(item, member=member) for item in self.problems),
            steps=tuple(replace(item, member=member) for item in self.steps),
        )

    def report(self, name: str, kind: Kind) -> Report:
        """The report of a file that was judged."""
        told = self.problems[:MAX_PROBLEMS]
        more = self.more + len(self.problems) - len(told)
        return Report(name, kind, told, self.steps, self.notes, more, waiting=self.waiting)


def told(text: str) -> str:
    """A text from outside, printable and bounded."""
    plain = "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= LONGEST else plain[:LONGEST] + "…"


Place = Callable[[Refusal], tuple[int, str]]


def of_refusals(refusals: Iterable[Refusal], place: Place = lambda _: (0, "")) -> Found:
    """What our own rule books refuse. place: line and path; asked for what will be told only."""
    found = list(refusals)
    problems = tuple(_problem(item, *place(item)) for item in found[:MAX_PROBLEMS])
    return Found(problems, (Step("banc", len(found)),), more=len(found) - len(problems))


def _problem(refusal: Refusal, line: int, path: str) -> Problem:
    return Problem(
        step="banc",
        rule=refusal.rule.replace("_", " "),
        source=refusal.source,
        text=told(", ".join(filter(None, [refusal.subject, refusal.field]))),
        line=line,
        path=path,
        seen=told(refusal.seen),
        expected=told(refusal.expected),
        rule_fr=refusal.rule_fr,
    )


def french(rule: str) -> str:
    """The French sentence of a rule that is written in this package."""
    return sentence_of(__package__, rule)


def own(problems: Iterable[Problem]) -> Found:
    """What our own rules found."""
    found = tuple(problems)
    return Found(found, (Step("banc", len(found)),))


def problem_from(told: Mapping[str, Any]) -> Problem:
    """A problem read back from its flat form."""
    return Problem(**told)
