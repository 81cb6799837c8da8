"""Kit, CDA, rules of care: the principal act with its performer, the stay with its place.

Not here: other acts, whose times alone are judged (identification).
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.cda.document import Cda
from kit.cda.rules.book import (
    HEADER,
    NOT_CONFORMANT,
    at,
    book,
    is_time,
    one_code,
    one_value,
)
from kit.cda.value_sets import ENCOUNTERS, FACILITIES, PRACTICE_SETTINGS
from kit.rules import Finding

_ACT = "documentationOf[1]/serviceEvent"
_PERFORMER = f"{_ACT}/performer"
_STAY = "componentOf/encompassingEncounter"


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: documentationOf, the first is the principal act")
def the_principal_act_is_dated(document: Cda) -> Iterator[Finding]:
    yield from one_value(document, f"{_ACT}/effectiveTime/low/@value", is_time, "a time")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: documentationOf, the first is the principal act")
def the_principal_act_has_a_performer(document: Cda) -> Iterator[Finding]:
    yield from one_value(document, f"{_PERFORMER}/@typeCode", lambda code: code == "PRF", "PRF")
    if document.at(_PERFORMER):
        place = f"{_PERFORMER}/assignedEntity/id"
        found = document.at(place)
        if len(found) != 1 or not (found[0].get("root") or found[0].get("nullFlavor")):
            yield at(document, place, f"{len(found)}", "one identifier")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: standardIndustryClassCode; JDV_J04")
def the_principal_act_has_a_practice_setting(document: Cda) -> Iterator[Finding]:
    place = f"{_PERFORMER}/assignedEntity/representedOrganization/standardIndustryClassCode"
    yield from one_code(document, place, PRACTICE_SETTINGS)


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_document_belongs_to_one_stay(document: Cda) -> Iterator[Finding]:
    found = document.at(_STAY)
    dated = document.at(f"{_STAY}/effectiveTime")
    if len(found) != 1:
        yield at(document, _STAY, f"{len(found)}", "one stay or visit")
    elif len(dated) != 1:
        yield at(document, f"{_STAY}/effectiveTime", f"{len(dated)}", "one")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}; JDV_J142")
def the_kind_of_stay_is_in_its_value_set(document: Cda) -> Iterator[Finding]:
    yield from one_code(document, f"{_STAY}/code", ENCOUNTERS, is_required=False)


@book.rule(NOT_CONFORMANT, source=f"{HEADER}; JDV_J02")
def the_facility_is_in_its_value_set(document: Cda) -> Iterator[Finding]:
    place = f"{_STAY}/location/healthCareFacility/code"
    yield from one_code(document, place, FACILITIES)
