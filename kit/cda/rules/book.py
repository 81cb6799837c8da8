"""Kit, CDA, rules: the rule book, and how a rule looks at a document.

A place is a path below ClinicalDocument without prefixes, ``author/time/@value``: it is evaluated
and it is told. Not here: any rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import cast

from lxml import etree

from kit.cda.document import Cda
from kit.cda.value_sets import ValueSet
from kit.rules import Code, Finding, RuleBook
from kit.xds.hl7 import read_dtm
from kit.xml import NS, Element

book = RuleBook("CDA")
NOT_CONFORMANT = Code(
    "CdaNotConformant",
    "the document breaks a rule of the French CDA header or of its model",
    "bench code: the real check answers in sentences",
    confirmed=False,
)
HEADER = "CI-SIS, CDA: structuration minimale"
VOLET = "CI-SIS, CDA: volet of the document"

_PREFIXES = {"hl7": NS["hl7"]}
_ZONE = r"[+-](?:(?:0\d|1[0-4])[0-5]\d|\d{1,3})"  # POCD_MT000040, ts: one to four digits
_DIGITS = re.compile(rf"(\d{{4}}(?:\d{{2}}){{0,5}})(?:\.\d+)?({_ZONE})?", re.ASCII)
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+", re.ASCII)
_DAY = 8  # digits of YYYYMMDD


@lru_cache(maxsize=256)
def _compiled(place: str) -> etree.XPath:
    steps = (step if step.startswith(("@", "*")) else f"hl7:{step}" for step in place.split("/"))
    return etree.XPath("/".join(steps), namespaces=_PREFIXES, smart_strings=False)


def values(element: Element, place: str) -> list[str]:
    """The attributes at a place, stripped."""
    return [item.strip() for item in cast(list[str], _compiled(place)(element))]


def elements(element: Element, place: str) -> list[Element]:
    """The elements at a place."""
    return cast(list[Element], _compiled(place)(element))


def text_of(element: Element) -> str:
    """All the text of an element, its spaces made single."""
    text = "".join(element.itertext()) if len(element) else element.text or ""
    return " ".join(text.split())


def at(document: Cda, place: str, seen: object, expected: str) -> Finding:
    """What is wrong at a place below ClinicalDocument."""
    told = ", ".join(map(str, seen)) if isinstance(seen, list | tuple) else str(seen)
    return Finding(document.header.unique_id, f"ClinicalDocument/{place}", told, expected)


def one_value(
    document: Cda, place: str, is_right: Callable[[str], object], expected: str
) -> Iterator[Finding]:
    """A place with exactly one value, which is right."""
    seen = document.values(place)
    if len(seen) != 1 or not is_right(seen[0]):
        yield at(document, place, seen, expected)


def one_code(
    document: Cda, place: str, value_set: ValueSet, *, is_required: bool = True
) -> Iterator[Finding]:
    """A place with one code of a value set, and its label."""
    found = document.at(place)
    if not found and not is_required:
        return
    told = [f"{item.get('code', '')} ({item.get('codeSystem', '')})" for item in found]
    if len(found) != 1 or (found[0].get("code"), found[0].get("codeSystem")) not in value_set:
        yield at(document, place, told, f"one code of {value_set.name}")
    elif not found[0].get("displayName", "").strip():
        yield at(document, f"{place}/@displayName", "", "the label of the code")


def is_oid(text: str) -> bool:
    """Whether ``text`` is an OID in its dotted form."""
    return bool(_OID.fullmatch(text))


def is_time(text: str) -> bool:
    """Whether ``text`` is a time of HL7 that exists, of any precision from the year on."""
    match = _DIGITS.fullmatch(text)
    return match is not None and _exists(match[1])


def is_zoned(text: str) -> bool:
    """Whether ``text`` is a time of day with its zone."""
    match = _DIGITS.fullmatch(text)
    return match is not None and len(match[1]) > _DAY and bool(match[2]) and _exists(match[1])


def is_day_or_zoned(text: str) -> bool:
    """Whether ``text`` is a day, or a time of day with its zone."""
    match = _DIGITS.fullmatch(text)
    if match is None or not _exists(match[1]):
        return False
    return bool(match[2]) or len(match[1]) <= _DAY


def _exists(digits: str) -> bool:
    try:
        read_dtm(digits)
    except ValueError:
        return False
    return True
