"""DMP mock, store: whether an entry meets the filters of FindDocuments, as a table.

Patient and status are asked of the database; the other parameters are matched here.
Source: ITI TF-2 3.18.4.1.2.3.7.1. A parameter given twice is an AND, its values an OR.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kit.xds.metadata import Author, Coded, DocumentEntry, SubmissionSet
from mocks.dmp.messages.query import (
    LOT_AUTHOR,
    LOT_CONTENT_TYPE,
    LOT_SOURCE,
    PATIENT_ID,
    REFERENCES,
    STATUS,
    Parameter,
    StoredQuery,
)

_PREFIX = "$XDSDocumentEntry"

# Parameter -> what of the entry its values are compared with.
CODES: dict[str, Callable[[DocumentEntry], Iterable[Coded | None]]] = {
    f"{_PREFIX}ClassCode": lambda entry: [entry.class_code],
    f"{_PREFIX}TypeCode": lambda entry: [entry.type_code],
    f"{_PREFIX}FormatCode": lambda entry: [entry.format_code],
    f"{_PREFIX}PracticeSettingCode": lambda entry: [entry.practice_setting_code],
    f"{_PREFIX}HealthcareFacilityTypeCode": lambda entry: [entry.healthcare_facility_type_code],
    f"{_PREFIX}ConfidentialityCode": lambda entry: entry.confidentiality_codes,
    f"{_PREFIX}EventCodeList": lambda entry: entry.event_codes,
}
# Parameter -> attribute of the entry; From is included, To is not.
EARLIEST = {
    f"{_PREFIX}CreationTimeFrom": "creation_time",
    f"{_PREFIX}ServiceStartTimeFrom": "service_start_time",
    f"{_PREFIX}ServiceStopTimeFrom": "service_stop_time",
}
LATEST = {
    f"{_PREFIX}CreationTimeTo": "creation_time",
    f"{_PREFIX}ServiceStartTimeTo": "service_start_time",
    f"{_PREFIX}ServiceStopTimeTo": "service_stop_time",
}
AUTHOR = f"{_PREFIX}AuthorPerson"
KIND = f"{_PREFIX}Type"
_BY_DATABASE = {PATIENT_ID, STATUS}


def meets(query: StoredQuery, entry: DocumentEntry) -> bool:
    """Whether the entry meets every parameter the database did not judge."""
    return all(
        _meets(parameter, entry)
        for parameter in query.parameters
        if parameter.name not in _BY_DATABASE
    )


def _meets(parameter: Parameter, entry: DocumentEntry) -> bool:
    name, values = parameter.name, parameter.values
    if name in CODES:
        return any(_same(value, code) for value in values for code in CODES[name](entry) if code)
    if name in EARLIEST:
        return _padded(getattr(entry, EARLIEST[name])) >= _padded(values[0])
    if name in LATEST:
        time: str = getattr(entry, LATEST[name])
        return bool(time) and _padded(time) < _padded(values[0])
    if name == AUTHOR:
        return any(_is_like(value, entry.authors) for value in values)
    if name == REFERENCES:
        return any(value in entry.reference_ids for value in values)
    return entry.object_type in values if name == KIND else True


def _same(value: str, code: Coded) -> bool:
    """A code of a query reads ``code^^system``."""
    asked = Coded.read(value)
    return asked.code == code.code and asked.system in ("", code.system)


def _padded(time: str) -> str:
    return time.ljust(14, "0")


def lot_meets(query: StoredQuery, lot: SubmissionSet) -> bool:
    """Whether a lot meets source, author and content type; the database judged the rest."""
    sources, authors = query.values(LOT_SOURCE), query.values(LOT_AUTHOR)
    kinds = query.values(LOT_CONTENT_TYPE)
    kind = lot.content_type_code
    return (
        (not sources or lot.source_id in sources)
        and (not authors or any(_is_like(value, lot.authors) for value in authors))
        and (not kinds or (kind is not None and any(_same(value, kind) for value in kinds)))
    )


def _is_like(pattern: str, authors: Iterable[Author]) -> bool:
    """SQL LIKE with ``%`` at the ends, as the standard has it for author names."""
    people = [author.person.write() for author in authors if author.person]
    bare = pattern.strip("%")
    if pattern.startswith("%"):
        return any(bare in person for person in people)
    return any(person.startswith(bare) for person in people)
