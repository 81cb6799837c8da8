"""Banc, validation, assertion: what is wrong in a VIHF, told as findings.

``banc vihf explain`` tells all of an assertion; here only what it breaks, with the line. Not here:
the rules (kit.vihf.rules).
"""

from __future__ import annotations

from datetime import datetime

from banc import trust
from banc.validation import places
from banc.validation.report import Found, Problem, own, told
from kit.settings import Settings
from kit.vihf.explaining import Judged
from kit.vihf.finding import find_assertion
from kit.xml import Element, find_all


def judge(content: bytes, settings: Settings, at: datetime | None) -> Found:
    """The broken rules of the one assertion of a file. Raises Malformed when there are several."""
    explanation = trust.explain_vihf(settings, content, at=at)
    assertion = find_assertion(content)
    return own(
        _problem(assertion, line.name, rule)
        for line in explanation.lines
        for rule in line.rules
        if rule in explanation.broken
    )


def _problem(assertion: Element, name: str, rule: Judged) -> Problem:
    element = _element(assertion, name)
    return Problem(
        step="banc",
        rule=rule.rule.replace("_", " "),
        source=rule.source,
        text=told(name),
        line=places.line_of(element),
        path=places.path_of(element),
        seen=told(rule.seen),
        expected=told(rule.expected),
        rule_fr=rule.rule_fr,
    )


def _element(assertion: Element, name: str) -> Element:
    """The element a line of the explanation is about; the assertion when it is absent."""
    for item in find_all(assertion, "saml2:AttributeStatement/saml2:Attribute"):
        if item.get("Name") == name:
            return item
    path = name.removeprefix("Assertion/").replace("ds:", "")
    deep = next(assertion.iter(f"{{*}}{path.split('/')[0]}"), None) if path[:1].isalpha() else None
    if deep is None:
        return assertion
    return places.stepped(deep, path)
