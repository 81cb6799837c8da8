"""Kit, FHIR: OperationOutcome, both ways.

Not here: which rule refuses; a refusal arrives complete and is only written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kit.fhir.reading import Resource
from kit.rules import Code, Malformed, Refusal


@dataclass(frozen=True, slots=True)
class FhirCode(Code):
    """A code that also knows its answer: the HTTP status and the FHIR issue type."""

    status: int = 400
    issue: str = "invalid"


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of an OperationOutcome. detail: the service's own code, in ``details``."""

    code: str
    diagnostics: str
    expression: tuple[str, ...] = ()
    severity: str = "error"
    detail: str = ""


def write_outcome(issues: Iterable[Issue]) -> Resource:
    """An OperationOutcome of ``issues``, in their order."""
    return {"resourceType": "OperationOutcome", "issue": [_write_issue(i) for i in issues]}


def _write_issue(issue: Issue) -> Resource:
    written: Resource = {
        "severity": issue.severity,
        "code": issue.code,
        "diagnostics": issue.diagnostics,
    }
    if issue.detail:
        written["details"] = {"coding": [{"code": issue.detail}]}
    if issue.expression:
        written["expression"] = list(issue.expression)
    return written


def write_refusals(refusals: Iterable[Refusal]) -> Resource:
    """Every refusal as one issue: the field is its expression, the whole text its diagnostics."""
    return write_outcome(issue_of(refusal) for refusal in refusals)


def issue_of(refusal: Refusal) -> Issue:
    """The issue that tells ``refusal``."""
    kind = refusal.code.issue if isinstance(refusal.code, FhirCode) else "invalid"
    diagnostics = f"{refusal.code.meaning}: {refusal.text}"
    return Issue(kind, diagnostics, (refusal.field,) if refusal.field else ())


def status_of(refusals: Iterable[Refusal]) -> int:
    """The HTTP status of an answer that tells ``refusals``: the first one decides."""
    for refusal in refusals:
        if isinstance(refusal.code, FhirCode):
            return refusal.code.status
    return 400


def read_outcome(resource: Resource) -> tuple[Issue, ...]:
    """The issues of an OperationOutcome.

    ``expression`` is read as an array and as a bare string: the national service writes both.
    Raises Malformed when the resource is something else.
    """
    issues = resource.get("issue")
    if resource.get("resourceType") != "OperationOutcome" or not isinstance(issues, list):
        raise Malformed("OperationOutcome", "not an OperationOutcome with issues")
    return tuple(_read_issue(item) for item in issues if isinstance(item, dict))


def _read_issue(item: dict[str, Any]) -> Issue:
    found = item.get("expression", [])
    expression = (found,) if isinstance(found, str) else tuple(str(part) for part in found)
    codings = item.get("details", {}).get("coding", [])
    return Issue(
        str(item.get("code", "")),
        str(item.get("diagnostics", "")),
        expression,
        str(item.get("severity", "error")),
        str(codings[0].get("code", "")) if codings else "",
    )
