"""Kit, CDA, rules of the patient: one person, whose traits are complete when an INS is there.

Not here: whether the INS is known, or of a test range (the service that receives the document).
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
    is_time,
    one_value,
)
from kit.cda.value_sets import SEXES
from kit.rules import Finding

_ROLE = "recordTarget/patientRole"
_PATIENT = f"{_ROLE}/patient"
_COUNTY = f"{_PATIENT}/birthplace/place/addr/county"
_MATRICULE = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{8}")
_COG = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_NAMES = (("family", ("BR", "CL")), ("given", (None, "BR", "CL")))  # part, its qualifiers
_INS_TRAITS = "INS guide: strict traits with the INS"


@book.rule(NOT_CONFORMANT, source=HEADER)
def the_document_is_about_one_patient(document: Cda) -> Iterator[Finding]:
    found = document.at(_PATIENT)
    if len(found) != 1:
        yield at(document, _PATIENT, f"{len(found)} patients", "one patient")
    for item in document.at(f"{_ROLE}/id"):
        if not item.get("root") or not item.get("extension"):
            seen = f"{item.get('root', '')} {item.get('extension', '')}".strip()
            yield at(document, f"{_ROLE}/id", seen, "a root and an extension")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: names, RNIV")
def a_name_of_the_patient_is_a_birth_name_or_a_used_one(document: Cda) -> Iterator[Finding]:
    for part, known in _NAMES:
        place = f"{_PATIENT}/name/{part}"
        parts = document.at(place)
        if not parts:
            yield at(document, place, "", "a name")
        for item in parts:
            if item.get("qualifier") not in known:
                wanted = ", ".join(filter(None, known))
                yield at(document, f"{place}/@qualifier", item.get("qualifier", ""), wanted)


@book.rule(NOT_CONFORMANT, source=f"{HEADER}; JDV_J143")
def the_sex_is_in_its_value_set(document: Cda) -> Iterator[Finding]:
    place = f"{_PATIENT}/administrativeGenderCode"
    found = document.at(place)
    codes = [(item.get("code"), item.get("codeSystem")) for item in found]
    if len(codes) != 1 or codes[0] not in SEXES:
        yield at(document, place, [f"{code} ({system})" for code, system in codes], "F, M or UN")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}, dtr1-2-TS; INS guide, EXI ID 11 and 12")
def the_birth_date_is_stated(document: Cda) -> Iterator[Finding]:
    expected = "YYYYMMDD, a day that exists; 01 for a day nobody knows, 1231 for month and day"
    yield from one_value(document, f"{_PATIENT}/birthTime/@value", is_time, expected)


@book.rule(NOT_CONFORMANT, source=_INS_TRAITS)
def an_ins_comes_with_the_strict_traits(document: Cda) -> Iterator[Finding]:
    patient = document.header.patient
    if patient.ins is None:
        return
    traits = (
        (f"{_PATIENT}/name/family[@qualifier='BR']", patient.birth_name, "the birth name"),
        (f"{_PATIENT}/name/given[@qualifier='BR']", patient.first_given_name, "the first name"),
        (f"{_PATIENT}/name/given[not(@qualifier)]", patient.birth_given_names, "all first names"),
        (_COUNTY, patient.birth_place, "the COG of the birthplace"),
    )
    for place, seen, expected in traits:
        if not seen:
            yield at(document, place, "", f"{expected}, because there is an INS")
    if patient.birth_place and not _COG.fullmatch(patient.birth_place):
        yield at(document, _COUNTY, patient.birth_place, "a COG of 5 characters")


@book.rule(NOT_CONFORMANT, source="INS guide: matricule")
def an_ins_has_the_shape_of_a_matricule(document: Cda) -> Iterator[Finding]:
    ins = document.header.patient.ins
    if ins is not None and not _MATRICULE.fullmatch(ins.matricule):
        yield at(document, f"{_ROLE}/id/@extension", ins.matricule, "15 characters, with the key")
