"""Kit, CDA, rules of people: authors, custodian, legal authenticator, and how names are written.

Not here: the patient, performers of acts (care).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kit.cda.document import Cda
from kit.cda.rules.book import (
    HEADER,
    NOT_CONFORMANT,
    at,
    book,
    elements,
    is_time,
    one_value,
    text_of,
    values,
)
from kit.cda.value_sets import CIVILITIES, PROFESSION_SYSTEMS, TITLES
from kit.identity import STRUCTURE_OID
from kit.rules import Finding
from kit.xds.tables import SPECIALTY_SYSTEM
from kit.xml import Element, local_name, qname

_DMP_OID = "1.2.250.1.213.4.1"  # the DMP keeps documents of patients itself
_CUSTODIAN = "custodian/assignedCustodian/representedCustodianOrganization"
_SIGNER = "legalAuthenticator"
_PROFESSION = re.compile(r"G1[56]_\d{2}(/\w+)?", re.ASCII)
_TELECOM = qname("hl7:telecom")
_SCHEMES = ("tel:", "mailto:", "fax:", "http:", "https:", "ftp:", "mllp:")
_NAME_CODES: dict[Any, tuple[str, ...]] = {
    qname("hl7:prefix"): CIVILITIES,
    qname("hl7:suffix"): TITLES,
}
# Where professionals are named in a header.
_NAMES = (
    "author/assignedAuthor/assignedPerson/name",
    "legalAuthenticator/assignedEntity/assignedPerson/name",
    "documentationOf/serviceEvent/performer/assignedEntity/assignedPerson/name",
)


@book.rule(NOT_CONFORMANT, source=HEADER)
def an_author_states_when(document: Cda) -> Iterator[Finding]:
    for place, author in _authors(document):
        seen = values(author, "time/@value")
        if len(seen) != 1 or not is_time(seen[0]):
            yield at(document, f"{place}/time/@value", seen, "one time")


@book.rule(NOT_CONFORMANT, source=HEADER)
def an_author_is_identified(document: Cda) -> Iterator[Finding]:
    authors = list(_authors(document))
    if not authors:
        yield at(document, "author", "none", "an author")
    for place, author in authors:
        if not _is_identified(author, "assignedAuthor/id"):
            yield at(document, f"{place}/assignedAuthor/id", "", "a root and an extension")


@book.rule(NOT_CONFORMANT, source=HEADER)
def an_author_is_a_person_or_a_device(document: Cda) -> Iterator[Finding]:
    for place, author in _authors(document):
        people = elements(author, "assignedAuthor/assignedPerson")
        devices = elements(author, "assignedAuthor/assignedAuthoringDevice")
        if len(people) + len(devices) != 1:
            told = f"{len(people)} persons, {len(devices)} devices"
            yield at(document, f"{place}/assignedAuthor", told, "one person or one device")
        named = [*_texts(people, "name/family"), *_texts(devices, "softwareName")]
        if not any(named):
            yield at(document, f"{place}/assignedAuthor", "", "family, or softwareName")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}; JDV_J01")
def the_profession_of_an_author_is_a_code(document: Cda) -> Iterator[Finding]:
    for place, author in _authors(document):
        for item in elements(author, "assignedAuthor/code"):
            if not _is_profession(item):
                told = f"{item.get('code', '')} ({item.get('codeSystem', '')})"
                yield at(document, f"{place}/assignedAuthor/code", told, "a code of JDV_J01")


@book.rule(NOT_CONFORMANT, source=HEADER)
def an_organization_of_an_author_has_a_national_number(document: Cda) -> Iterator[Finding]:
    for place, author in _authors(document):
        for item in elements(author, "assignedAuthor/representedOrganization/id"):
            if item.get("root") != STRUCTURE_OID or not item.get("extension"):
                told = f"{item.get('root', '')} {item.get('extension', '')}".strip()
                field = f"{place}/assignedAuthor/representedOrganization/id"
                yield at(document, field, told, f"{STRUCTURE_OID} and a number")


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_custodian_is_identified(document: Cda) -> Iterator[Finding]:
    found = document.at(f"{_CUSTODIAN}/id")
    ids = [(item.get("root", ""), item.get("extension", "")) for item in found]
    is_right = len(ids) == 1 and (
        (ids[0][0] == STRUCTURE_OID and bool(ids[0][1])) or ids[0][0].startswith(_DMP_OID)
    )
    if not is_right:
        told = [f"{root} {extension}".strip() for root, extension in ids]
        yield at(document, f"{_CUSTODIAN}/id", told, f"one number (FINESS) of {STRUCTURE_OID}")


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_legal_authenticator_is_there_and_identified(document: Cda) -> Iterator[Finding]:
    found = document.at(_SIGNER)
    if len(found) != 1:
        yield at(document, _SIGNER, f"{len(found)}", "one")
    elif not _is_identified(found[0], "assignedEntity/id"):
        yield at(document, f"{_SIGNER}/assignedEntity/id", "", "a root and an extension")


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_legal_authenticator_signed_at_a_time(document: Cda) -> Iterator[Finding]:
    if document.at(_SIGNER):
        yield from one_value(document, f"{_SIGNER}/time/@value", is_time, "a time")
        place = f"{_SIGNER}/signatureCode/@code"
        yield from one_value(document, place, lambda code: code == "S", "S")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}; JDV_J245, JDV_J246")
def civilities_and_titles_are_codes(document: Cda) -> Iterator[Finding]:
    for place in _NAMES:
        for name in document.at(place):
            for item in name[:]:
                known = _NAME_CODES.get(item.tag)
                if known is not None and text_of(item) not in known:
                    field = f"{place}/{local_name(item)}"
                    yield at(document, field, text_of(item), " or ".join(known))


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: telecom")
def a_telecom_has_a_scheme(document: Cda) -> Iterator[Finding]:
    for part in ("recordTarget", "author", "custodian", "legalAuthenticator"):
        for top in document.at(part):
            for item in top.iter(_TELECOM):
                seen = item.get("value")
                if seen is not None and not seen.startswith(_SCHEMES):
                    yield at(document, f"{part}//telecom/@value", seen, ", ".join(_SCHEMES))


def _authors(document: Cda) -> Iterator[tuple[str, Element]]:
    """Each author with its place."""
    for rank, author in enumerate(document.at("author"), 1):
        yield f"author[{rank}]", author


def _is_identified(element: Element, place: str) -> bool:
    return any(item.get("root") and item.get("extension") for item in elements(element, place))


def _texts(found: list[Element], place: str) -> list[str]:
    return [text_of(item) for top in found for item in elements(top, place)]


def _is_profession(item: Element) -> bool:
    code, system = item.get("code", ""), item.get("codeSystem", "")
    if system == SPECIALTY_SYSTEM and not _PROFESSION.fullmatch(code):
        return False
    return bool(code) and system in PROFESSION_SYSTEMS and bool(item.get("displayName"))
