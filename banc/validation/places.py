"""Banc, validation, places: line and XPath of an element, for people.

Not here: which element a rule means (the modules that judge).
"""

from __future__ import annotations

import re

from lxml import etree

from kit.xml import Element

_STEP = re.compile(r"([\w.:*-]+?)(?:\[(\d+)\])?")
_LONG_STEP = re.compile(
    r"\*\[local-name\(\)='([^']*)'(?: and namespace-uri\(\)='[^']*')?\](?:\[1\])?"
)


def path_of(element: Element) -> str:
    """``/ClinicalDocument/author[2]/time``: local names, an index where there are several."""
    steps: list[str] = []
    node: Element | None = element
    while node is not None and isinstance(node.tag, str):
        steps.append(etree.QName(node).localname + _index(node))
        node = node.getparent()
    return "/" + "/".join(reversed(steps))


def _index(element: Element) -> str:
    """The place of an element among its brothers of the same name, "" when it has none."""
    parent = element.getparent()
    if parent is None:
        return ""
    alike = list(parent.iterchildren(str(element.tag)))
    return f"[{alike.index(element) + 1}]" if len(alike) > 1 else ""


def line_of(element: Element) -> int:
    """The line an element starts on, 0 when it is unknown."""
    return element.sourceline or 0


def located(root: Element, location: str) -> tuple[int, str]:
    """Line and short path of the location that a schematron report gives."""
    try:
        found = etree.ElementTree(root).xpath(location)
    except etree.XPathError:
        found = []
    first = found[0] if isinstance(found, list) and found else None
    if isinstance(first, etree._Element):
        return line_of(first), path_of(first)
    owner = getattr(first, "getparent", lambda: None)()
    if owner is not None:
        return line_of(owner), f"{path_of(owner)}/@{location.rpartition('@')[2]}"
    return 0, _LONG_STEP.sub(r"\1", location)


def stepped(root: Element, path: str) -> Element:
    """The deepest element there is along ``name/name[2]/@attribute``, by local names.

    The first step may name the root. Shows where something absent should have been.
    """
    element = root
    steps = [step for step in path.split("/") if step and not step.startswith("@")]
    if steps and _STEP.match(steps[0]) and _name(steps[0]) == etree.QName(root).localname:
        steps = steps[1:]
    for step in steps:
        match = _STEP.fullmatch(step)
        if match is None:
            break
        named = element.findall(f"{{*}}{_name(step)}")
        place = int(match[2] or 1) - 1
        if not 0 <= place < len(named):
            break
        element = named[place]
    return element


def _name(step: str) -> str:
    return step.partition("[")[0].rpartition(":")[2]
