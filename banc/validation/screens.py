"""Banc, validation, screens: a report on a terminal, one paragraph a finding.

Not here: computing anything.
"""

from __future__ import annotations

from rich.text import Text

from banc.validation.report import Problem, Report, Verdict

_STYLES = {Verdict.CONFORMANT: "green", Verdict.FINDINGS: "yellow", Verdict.UNUSABLE: "red"}
_INDENT = "    "


def shown(report: Report) -> Text:
    """The verdict in one line, then each finding: place, what is wrong, rule and source."""
    told = Text(report.name, style="bold")
    kind = f" {report.kind}," if report.kind else ""
    told.append(f":{kind} {_verdict(report)}\n", style=_STYLES[report.verdict])
    for problem in report.problems:
        told.append_text(_problem(problem))
    if report.more:
        told.append(f"  and {report.more} more findings that are not told\n", style="yellow")
    for note in report.notes:
        told.append(f"  note: {note}\n", style="dim")
    told.right_crop(1)
    return told


def _verdict(report: Report) -> str:
    if report.unusable:
        return report.unusable
    if not report.problems:
        judges = dict.fromkeys(step.name for step in report.steps)
        return f"conformant by {', '.join(judges)}"
    count = len(report.problems) + report.more
    return f"{count} finding{'s' if count > 1 else ''}"


def _problem(problem: Problem) -> Text:
    told = Text(f"  {problem.place or 'the whole file'}\n", style="cyan")
    is_assertion = problem.step not in ("banc", "XSD") and problem.text
    told.append(f"{_INDENT}{problem.text if is_assertion else problem.rule}\n")
    if problem.text and not is_assertion:
        told.append(f"{_INDENT}{problem.text}\n")
    if problem.seen or problem.expected:
        seen = problem.seen or "nothing"
        told.append(f"{_INDENT}seen {seen}; expected {problem.expected or 'something else'}\n")
    return told.append(f"{_INDENT}[{problem.step}: {problem.source}]\n", style="dim")
