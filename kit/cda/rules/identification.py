"""Kit, CDA, rules of identification: what the document is, of which type, of when.

Not here: people, acts, the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kit.cda.document import Cda
from kit.cda.rules.book import (
    HEADER,
    NOT_CONFORMANT,
    at,
    book,
    is_day_or_zoned,
    is_oid,
    is_zoned,
    one_code,
    one_value,
)
from kit.cda.value_sets import CONFIDENTIALITIES, TYPES
from kit.rules import Finding

HEADER_TEMPLATES = ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1")  # HL7 France, CI-SIS
_TYPE_ID = (
    ("typeId/@root", "2.16.840.1.113883.1.3"),
    ("typeId/@extension", "POCD_HD000040"),
)
_VERSION = re.compile(r"0*[1-9][0-9]{0,8}")
_PARENT = "relatedDocument[@typeCode='RPLC']"

# Times that need a zone when they state an hour; those of the stay have none in official examples.
ZONED_TIMES = (
    "author/time/@value",
    "legalAuthenticator/time/@value",
    "documentationOf/serviceEvent/effectiveTime/@value",
    "documentationOf/serviceEvent/effectiveTime/low/@value",
    "documentationOf/serviceEvent/effectiveTime/high/@value",
)


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_realm_is_france(document: Cda) -> Iterator[Finding]:
    yield from one_value(document, "realmCode/@code", lambda code: code == "FR", "FR")


@book.rule(NOT_CONFORMANT, source="HL7 CDA R2: typeId")
def the_type_id_is_that_of_cda_r2(document: Cda) -> Iterator[Finding]:
    for place, expected in _TYPE_ID:
        yield from one_value(document, place, expected.__eq__, expected)


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_templates_of_the_header_are_declared(document: Cda) -> Iterator[Finding]:
    declared = document.header.templates
    for template in HEADER_TEMPLATES:
        if declared.count(template) != 1:
            yield at(document, "templateId/@root", declared, f"{template}, once")
    if not set(declared) - {*HEADER_TEMPLATES, ""}:
        yield at(document, "templateId/@root", declared, "the template of a model as well")


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_id_is_an_oid(document: Cda) -> Iterator[Finding]:
    yield from one_value(document, "id/@root", is_oid, "one OID")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}; JDV_J07")
def the_type_is_in_its_value_set(document: Cda) -> Iterator[Finding]:
    yield from one_code(document, "code", TYPES)


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_document_has_a_title(document: Cda) -> Iterator[Finding]:
    if not document.header.title:
        yield at(document, "title", "", "a title")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: effectiveTime")
def the_time_of_the_document_has_a_zone(document: Cda) -> Iterator[Finding]:
    yield from one_value(
        document, "effectiveTime/@value", is_zoned, "YYYYMMDDhhmmss+hhmm, with its time zone"
    )


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: times")
def a_time_of_day_has_a_zone(document: Cda) -> Iterator[Finding]:
    for place in ZONED_TIMES:
        for seen in document.values(place):
            if not is_day_or_zoned(seen):
                yield at(document, place, seen, "a day, or a time of day with its zone")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}; JDV_J08")
def the_confidentiality_is_n_r_or_v(document: Cda) -> Iterator[Finding]:
    yield from one_code(document, "confidentialityCode", CONFIDENTIALITIES)


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_language_is_french(document: Cda) -> Iterator[Finding]:
    yield from one_value(document, "languageCode/@code", lambda code: code == "fr-FR", "fr-FR")


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_versions_share_a_set_id(document: Cda) -> Iterator[Finding]:
    yield from one_value(document, "setId/@root", is_oid, "the OID that all versions share")


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_version_is_a_number(document: Cda) -> Iterator[Finding]:
    yield from one_value(
        document,
        "versionNumber/@value",
        _VERSION.fullmatch,
        "a whole number from 1 on",
    )


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: relatedDocument")
def a_replacement_names_one_document(document: Cda) -> Iterator[Finding]:
    links = document.at(_PARENT)
    parents = document.values(f"{_PARENT}/parentDocument/id/@root")
    if links and (len(links), len(parents)) != (1, 1):
        yield at(document, f"{_PARENT}/parentDocument/id/@root", parents, "one document replaced")
