"""DMP mock, rules of TD2.1: codes belong to their value sets, and fit together.

Not here: the value sets themselves (``value_sets``).
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.cda.value_sets import FACILITIES, PRACTICE_SETTINGS, ValueSet
from kit.rules import Finding
from kit.xds import tables
from kit.xds.metadata import Coded
from mocks.dmp import errors
from mocks.dmp.messages.submission import ProvidedLot
from mocks.dmp.rules import value_sets
from mocks.dmp.rules.feeding import Feeding, lot_name, name_of, submission, told

# Single codes of an entry that belong to a value set.
ENTRY_VALUE_SETS: tuple[tuple[str, str, ValueSet], ...] = (
    ("type_code", "typeCode", value_sets.TYPES),
    (
        "healthcare_facility_type_code",
        "healthcareFacilityTypeCode",
        FACILITIES,
    ),
    ("practice_setting_code", "practiceSettingCode", PRACTICE_SETTINGS),
)


@submission.rule(errors.METADATA, source="JDV_J66, JDV_J61, JDV_J04")
def codes_are_in_their_value_sets(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    for item in lot.documents:
        for attribute, field, value_set in ENTRY_VALUE_SETS:
            yield from _outside(name_of(item), field, getattr(item.entry, attribute), value_set)
    activity = lot.submission.lot.content_type_code
    if activity and activity.system == tables.CONTENT_TYPE_SYSTEM:
        yield from _outside(lot_name(lot), "contentTypeCode", activity, value_sets.LOT_ACTIVITIES)


@submission.rule(errors.METADATA, source="ASS_X16, edition 2024-02-23")
def the_class_is_that_of_the_type(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    if around.policy.types == "strict":
        yield from _wrong_classes(lot)


def _wrong_classes(lot: ProvidedLot) -> Iterator[Finding]:
    for item in lot.documents:
        class_code, type_code = item.entry.class_code, item.entry.type_code
        if class_code is None or type_code is None:
            continue
        expected = tables.CLASS_OF_TYPE.get((type_code.code, type_code.system))
        if expected and (class_code.code, class_code.system) != (expected, tables.CLASS_SYSTEM):
            wanted = f"{expected} ({tables.CLASS_SYSTEM}) for type {type_code.code}"
            yield Finding(name_of(item), "classCode", told(class_code), wanted)


@submission.rule(errors.METADATA, source="JDV_J60, edition 2025-07-02; ASS_A11")
def the_format_is_that_of_the_model(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    if around.policy.types == "strict":
        yield from _wrong_formats(lot)


def _wrong_formats(lot: ProvidedLot) -> Iterator[Finding]:
    for item in lot.documents:
        code = item.entry.format_code
        if code is None:
            continue
        if code.code not in value_sets.FORMATS:
            yield Finding(name_of(item), "formatCode", told(code), "a code of JDV_J60")
        elif code.code in value_sets.FRENCH_FORMATS and code.system != tables.FORMAT_SYSTEM_FR:
            yield Finding(name_of(item), "formatCode", told(code), f"of {tables.FORMAT_SYSTEM_FR}")
        if item.header is None:
            continue
        model = tables.format_of(item.header.templates, item.header.media_type)
        if model.code not in (code.code, tables.OUTSIDE_PROFILES):
            wanted = f"{model.code}, by the templates of the CDA"
            yield Finding(name_of(item), "formatCode", told(code), wanted)


@submission.rule(errors.METADATA, source="JDV_J08; EX_2.1-1050")
def confidentiality_codes_are_right(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    for item in lot.documents:
        codes = item.entry.confidentiality_codes
        for code in codes:
            yield from _outside(
                name_of(item), "confidentialityCode", code, value_sets.CONFIDENTIALITIES
            )
        if len(codes) > 4:
            yield Finding(name_of(item), "confidentialityCode", f"{len(codes)} values", "1 to 4")
        seen = {code.code for code in codes}
        if seen >= {"MASQUE_PS", "INVISIBLE_PATIENT"} and not around.policy.visibility_cumul:
            told = "MASQUE_PS and INVISIBLE_PATIENT"
            yield Finding(name_of(item), "confidentialityCode", told, "one of the two")


def _outside(
    subject: str, field: str, code: Coded | None, value_set: ValueSet
) -> Iterator[Finding]:
    if code is not None and (code.code, code.system) not in value_set:
        yield Finding(subject, field, told(code), f"a code of {value_set.name}")


def type_remarks(lot: ProvidedLot) -> list[str]:
    """What a lenient bench lets pass: classes and formats of older tables."""
    return [
        f"{item.subject}: {item.field} {item.seen}, expected {item.expected}"
        for item in (*_wrong_classes(lot), *_wrong_formats(lot))
    ]
