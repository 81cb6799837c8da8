"""Kit, rules: what a request is refused for, told completely.

A rule book is a list of generator functions; each yields what it refuses. Not here: any rule,
any protocol; how a refusal looks on the wire is written by the mock that refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from kit.french import sentence_of

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Code:
    """A code a service answers with: its spelling on the wire, its meaning, where it is written."""

    code: str
    meaning: str
    source: str
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found wrong: the subject's identifier, the field, the value seen and expected."""

    subject: str
    field: str = ""
    seen: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One broken rule, told so that the sender can repair the request from the answer alone.

    home: the package whose table has the rule's French sentence.
    """

    code: Code
    rule: str
    source: str
    subject: str = ""
    field: str = ""
    seen: str = ""
    expected: str = ""
    home: str = ""

    @property
    def rule_fr(self) -> str:
        """The rule as a French sentence, or what its code means; nothing without a table."""
        return sentence_of(self.home, self.rule) or sentence_of(self.home, self.code.meaning)

    @property
    def text(self) -> str:
        """One sentence: the rule, the subject and field, seen and expected, and the source."""
        parts = [self.rule.replace("_", " ")]
        if self.subject:
            parts.append(f"subject {self.subject}")
        if self.field:
            parts.append(f"field {self.field}")
        if self.seen:
            parts.append(f"seen {self.seen!r}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        return "; ".join(parts) + f" [{self.source}]"

    def as_dict(self) -> dict[str, str]:
        """A flat form for JSON: the code's spelling, not its row."""
        told = asdict(self) | {"code": self.code.code, "meaning": self.code.meaning}
        del told["home"]
        return told | {"rule_fr": self.rule_fr}


class Refused(Exception):
    """One or more rules are broken; ``refusals`` holds them all, in the order of the rule book."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(" | ".join(refusal.text for refusal in self.refusals))


class Malformed(Exception):
    """A message cannot be read: ``where`` (element, header, line) and ``why``.

    Both may quote the message: what no protocol can carry in an answer becomes ``?``.
    """

    def __init__(self, where: str, why: str) -> None:
        self.where, self.why = _printable(where), _printable(why)
        super().__init__(f"{self.where}: {self.why}")


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)


Rule = Callable[..., Iterator[str | Finding]]


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as the docs list it. home: its package, where its French sentence is."""

    code: Code
    source: str
    check: Rule
    home: str = ""

    @property
    def name(self) -> str:
        """The rule's name: a sentence with underscores."""
        return self.check.__name__

    @property
    def rule_fr(self) -> str:
        """The rule as a French sentence."""
        return sentence_of(self.home, self.name)

    def refusal(self, found: str | Finding) -> Refusal:
        """A finding of this rule, told with its code and source."""
        item = Finding(found) if isinstance(found, str) else found
        return Refusal(
            self.code, self.name, self.source, item.subject, item.field, item.seen, item.expected,
            self.home,
        )  # fmt: skip


class RuleBook:
    """The rules of one transaction, in the order in which refusals are reported."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Row] = []

    def rule(self, code: Code, *, source: str) -> Callable[[Rule], Rule]:
        """Add a generator function; ``source`` names the document and section of the rule."""

        def add(check: Rule) -> Rule:
            self.rows.append(Row(code, source, check, check.__module__.rpartition(".")[0]))
            return check

        return add

    def findings(self, *args: Any) -> list[Refusal]:
        """Every refusal of ``args``; empty when all rules hold."""
        return [row.refusal(found) for row in self.rows for found in row.check(*args)]

    def check(self, *args: Any) -> None:
        """Return when all rules hold. Raises Refused with every refusal."""
        found = self.findings(*args)
        if found:
            raise Refused(found)
