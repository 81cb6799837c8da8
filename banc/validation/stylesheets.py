"""Banc, validation, stylesheets: from a schematron of the official kit to XSLT for Saxon.

The ISO steps that lxml ships are written for XSLT 1; a schema of XSLT 2 goes through them with
three changes: its query binding is told as ``xslt`` before the last step, the result says
version 2.0 (its expressions stay text until Saxon reads them), and the walk over attributes and
comments together, which Saxon refuses, goes over elements, and attributes where a rule looks at
one: half the time of a document. The report does not repeat each test: Saxon loads a quarter
faster. A stylesheet that opens anything but constant files of the kit is refused. Not here:
running it (judge).
Sources: ISO/IEC 19757-3 (schematron); lxml, isoschematron; XSLT 2.0.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import lxml.isoschematron
from lxml import etree

from kit.rules import Malformed
from kit.xml import Element, parse, serialize

ISO = "{http://purl.oclc.org/dsdl/schematron}"
XSL = "{http://www.w3.org/1999/XSL/Transform}"
_STEPS = Path(lxml.isoschematron.__file__).parent / "resources/xsl/iso-schematron-xslt1"
MAX_INCLUDES = 2_000
KIT_NODES = 2_000_000  # elements of one file of the kit
_OPENING = re.compile(  # the opening of a file, with its argument when that is simple
    r"""(?<![\w.-])(?:document|doc)(?=\s*[(#])"""
    r"""(?:\s*\(\s*(?P<argument>'[^']*'|"[^"]*"|\$[\w.-]+)\s*\))?"""
)
_LITERAL = re.compile(r"""['"]([\w./ -]+)['"]""")
_FORBIDDEN = re.compile(
    r"(?<![\w.-])(unparsed-text(?:-lines|-available)?|collection|uri-collection|doc-available|"
    r"json-doc|transform|environment-variable|available-environment-variables|"
    r"load-xquery-module|function-lookup)\s*[(#]"
)
_WALKED, _ANYTHING = "@*|*|comment()|processing-instruction()", "@*|node()"
_PREDICATE = re.compile(r"\[[^\[\]]*\]")
_REPORTED = [f"{{http://purl.oclc.org/dsdl/svrl}}{name}"
             for name in ("failed-assert", "successful-report")]  # fmt: skip
_ACTS = ("include", "import", "result-document", "source-document", "evaluate", "use-package",
         "merge")  # fmt: skip


class WrongKit(Exception):
    """The folder is no official kit, or one of its files cannot be used."""


def stylesheet_of(schematron: Path, kit: Path) -> bytes:
    """The XSLT of a schematron, its includes resolved. Raises WrongKit."""
    try:
        schema = _included(schematron, kit)
        if schema.tag != f"{ISO}schema":
            raise WrongKit(f"{schematron.name}: no schematron of ISO 19757-3")
        schema.set("queryBinding", "xslt")
        result = _step("iso_svrl_for_xslt1.xsl")(_step("iso_abstract_expand.xsl")(schema))
    except (etree.XSLTApplyError, Malformed) as error:
        raise WrongKit(f"{schematron.name}: {error}") from None
    root = result.getroot()
    if root is None or root.tag != f"{XSL}stylesheet":
        raise WrongKit(f"{schematron.name}: the schema gives no stylesheet")
    _adapt(root, schematron, kit)
    return serialize(root, declaration=True)


def read_inside(path: Path, kit: Path) -> Element:
    """The root of an XML file of the kit. Raises WrongKit when it lies outside."""
    real = path.resolve()
    if not real.is_relative_to(kit):
        raise WrongKit(f"{path.name}: outside the kit")
    try:
        return parse(real.read_bytes(), where=path.name, max_nodes=KIT_NODES)
    except OSError as error:
        raise WrongKit(f"{path.name}: {error.strerror}") from None
    except Malformed as error:
        raise WrongKit(str(error)) from None


@cache
def _step(name: str) -> etree.XSLT:
    access = etree.XSLTAccessControl(
        read_file=True, write_file=False, create_dir=False, read_network=False, write_network=False
    )
    return etree.XSLT(etree.parse(str(_STEPS / name)), access_control=access)


def _included(schematron: Path, kit: Path) -> Element:
    """The schema with the root of each included file in place of its include."""
    root = read_inside(schematron, kit)
    waiting = [(item, schematron) for item in root.iter(f"{ISO}include")]
    done = 0
    while waiting:
        include, owner = waiting.pop()
        done += 1
        parent = include.getparent()
        if done > MAX_INCLUDES or parent is None:
            raise WrongKit(f"{schematron.name}: includes without end")
        file = owner.parent / include.get("href", "")
        part = read_inside(file, kit)
        part.tail = include.tail
        parent.replace(include, part)
        waiting += [(item, file) for item in part.iter(f"{ISO}include")]
    return root


def _adapt(root: Element, schematron: Path, kit: Path) -> None:
    root.set("version", "2.0")
    root.set("{http://www.w3.org/XML/1998/namespace}base", schematron.resolve().as_uri())
    files = _Files(root, schematron, kit)
    for element in root.iter(_REPORTED):
        element.attrib.pop("test", None)
    walked = "@*|*" if _looks_at_attributes(root) else "*"
    for element in root.iter(etree.Element):
        if element.get("select") == _WALKED:
            element.set("select", walked)
        if element.tag in [XSL + name for name in _ACTS]:
            raise WrongKit(f"{schematron.name}: {etree.QName(element).localname} is not accepted")
        for value in element.attrib.values():
            files.check(value)


def _looks_at_attributes(root: Element) -> bool:
    """Whether the context of a rule is an attribute: else none needs to be walked."""
    return any(
        branch.rpartition("/")[2].strip().startswith(("@", "attribute", "node"))
        for template in root.iter(f"{XSL}template")
        if template.get("mode", "").startswith("M") and template.get("match") != _ANYTHING
        for branch in _without_predicates(template.get("match", "")).split("|")
    )


def _without_predicates(pattern: str) -> str:
    shorter = _PREDICATE.sub("", pattern)
    return shorter if shorter == pattern else _without_predicates(shorter)


class _Files:
    """The files that a stylesheet opens: each name is a constant, and lies inside the kit.

    What a document says can then never choose a file.
    """

    def __init__(self, root: Element, schematron: Path, kit: Path) -> None:
        self._name, self._folder, self._kit = schematron.name, schematron.parent, kit
        self._values: dict[str, list[str]] = {}
        for item in root.iter(f"{XSL}variable", f"{XSL}param"):
            self._values.setdefault(item.get("name", ""), []).append(item.get("select", ""))

    def check(self, expression: str) -> None:
        """Return when all that an expression opens is safe. Raises WrongKit."""
        if _FORBIDDEN.search(expression):
            raise WrongKit(f"{self._name}: {expression[:80]!r} is not accepted")
        for match in _OPENING.finditer(expression):
            if not self._is_safe(match["argument"] or ""):
                raise WrongKit(
                    f"{self._name}: {expression[match.start() :][:80]!r} is no file of the kit"
                )

    def _is_safe(self, argument: str) -> bool:
        known = self._values.get(argument[1:], []) if argument.startswith("$") else [argument]
        return bool(known) and all(map(self._is_inside, known))

    def _is_inside(self, literal: str) -> bool:
        found = _LITERAL.fullmatch(literal.strip())
        if found is None:
            return False
        return (self._folder / found[1]).resolve().is_relative_to(self._kit)
