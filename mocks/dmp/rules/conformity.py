"""DMP mock, rules of TD2.1: a CDA obeys the French header and the model it declares.

The rules are those of ``kit.cda.book``, each under its own name. Not here: the rules themselves,
the comparison with the metadata (``agreement``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import wraps

from kit import cda
from kit.rules import Finding, Rule
from mocks.dmp import errors
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot
from mocks.dmp.rules.feeding import Feeding, documents, name_of, submission


def _of_each_document(check: Rule) -> Rule:
    """A rule over a document as a rule over a lot."""

    @wraps(check)
    def over(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
        if around.policy.cda_checks != "strict":
            return
        if around.broken is None:
            yield from _found(check, lot)
        else:
            yield from around.broken.get(check.__name__, ())

    return over


def _found(check: Rule, lot: ProvidedLot) -> Iterator[Finding]:
    for item, document in documents(lot):
        for found in check(document):
            yield _of(item, found)


def _of(item: ProvidedDocument, found: str | Finding) -> Finding:
    assert isinstance(found, Finding)
    return replace(found, subject=name_of(item))


def broken_by(lot: ProvidedLot) -> dict[str, list[Finding]]:
    """What each broken rule refuses of the documents of a lot; done before the store is held."""
    told: dict[str, list[Finding]] = {}
    for item, document in documents(lot):
        for row in cda.book.rows:
            for found in row.check(document):
                told.setdefault(row.name, []).append(_of(item, found))
    return told


for _row in cda.book.rows:
    submission.rule(errors.CDA_NOT_CONFORMANT, source=_row.source)(_of_each_document(_row.check))


def conformity_remarks(lot: ProvidedLot) -> list[str]:
    """What a bench that only warns lets pass."""
    return [
        f"{name_of(item)}: {refusal.text}"
        for item, document in documents(lot)
        for refusal in cda.check(document)
    ]
