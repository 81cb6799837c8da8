"""DMP mock, messages, PDSm: the search parameters of ITI-67 and ITI-66, and where values lie.

Patient and status become a stored query of XDS; every other parameter is a row here, matched as
FHIR has it. Not here: which request is refused (``rules``).
Sources: PDSm 3.1.1, flux 5 and 6; IHE MHD 4.2, ITI-66 and ITI-67; FHIR R4, Search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kit.fhir import Criterion, Kind, Query
from kit.fhir.search import matches_period, matches_string, matches_token, read_period
from kit.xds import vocabulary
from kit.xds.hl7 import Cx
from kit.xds.metadata import Association, Author, Coded, DocumentEntry, SubmissionSet
from mocks.dmp.messages.pdsm import datatypes as fhir
from mocks.dmp.messages.pdsm.document_reference import CURRENT, DELETED, RELATIONS, SUPERSEDED
from mocks.dmp.messages.pdsm.references import entry_uuid_of
from mocks.dmp.messages.pdsm.submission_set import FOLDER, KINDS, SUBMISSION_SET
from mocks.dmp.messages.query import (
    OBJECT_REF,
    StoredQuery,
    find_documents,
    find_submission_sets,
    get_documents,
)

PATIENT, STATUS, CODE, IDENTIFIER, ARCHIVED = (
    "patient.identifier", "status", "code", "identifier", "isArchived",
)  # fmt: skip
STATUSES = (CURRENT, SUPERSEDED, DELETED)
MAX_COUNT = 200  # of a page, default and most; the bench's choice
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search looks at: an entry or a lot, with the associations around it."""

    item: Any
    links: tuple[Association, ...] = ()


Values = Iterator[Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter: its kind and where its values lie.

    A token is (system, code), a date is (from, to), a string or reference is text.
    """

    name: str
    kind: Kind
    values: Callable[[Found], Values]
    modifiers: tuple[str, ...] = ()


def _code(attribute: str) -> Callable[[Found], Values]:
    return lambda found: _tokens([getattr(found.item, attribute)])


def _codes(attribute: str) -> Callable[[Found], Values]:
    return lambda found: _tokens(getattr(found.item, attribute))


def _tokens(codes: Iterable[Coded | None]) -> Values:
    for code in codes:
        if code is not None:
            yield fhir.write_system(code.system), code.code


def _time(attribute: str) -> Callable[[Found], Values]:
    return lambda found: _periods(getattr(found.item, attribute))


def _periods(dtm: str) -> Values:
    if dtm:
        yield read_period(fhir.write_time(dtm))


def _period(found: Found) -> Values:
    """The act: open at the end that is not told."""
    start, stop = found.item.service_start_time, found.item.service_stop_time
    if start or stop:
        first = next(_periods(start), (_FIRST, _FIRST))[0]
        yield first, next(_periods(stop), (_LAST, _LAST))[1]


def _identifiers(found: Found) -> Values:
    item = found.item
    yield fhir.URI, f"{fhir.OID}{item.unique_id}"
    for value in {item.entry_uuid, getattr(item, "logical_id", "")} - {""}:
        yield fhir.URI, value


def _references(found: Found) -> Values:
    for text in found.item.reference_ids:
        cx = Cx.read(text)
        yield f"{fhir.OID}{cx.authority}" if cx.authority else "", cx.id


def _related_to(found: Found) -> Values:
    for link in found.links:
        if link.source == found.item.entry_uuid and link.kind in RELATIONS.values():
            yield link.target


def _authors(part: str) -> Callable[[Found], Values]:
    def values(found: Found) -> Values:
        authors: Iterable[Author] = found.item.authors
        for author in authors:
            if author.person is not None and getattr(author.person, part):
                yield getattr(author.person, part)

    return values


def _author_ids(found: Found) -> Values:
    for author in found.item.authors:
        if author.person is not None:
            yield f"{fhir.OID}{author.person.authority}", author.person.id


def _source_id(found: Found) -> Values:
    yield fhir.URI, f"{fhir.OID}{found.item.source_id}"


def _archived(found: Found) -> Values:
    yield "", str(found.item.availability_status == vocabulary.ARCHIVED).lower()


_EXACT = ("exact", "contains")
_DOCUMENT = (
    Parameter("type", Kind.TOKEN, _code("type_code")),
    Parameter("category", Kind.TOKEN, _code("class_code")),
    Parameter("facility", Kind.TOKEN, _code("healthcare_facility_type_code")),
    Parameter("setting", Kind.TOKEN, _code("practice_setting_code")),
    Parameter("format", Kind.TOKEN, _code("format_code")),
    Parameter("event", Kind.TOKEN, _codes("event_codes")),
    Parameter("security-label", Kind.TOKEN, _codes("confidentiality_codes")),
    Parameter("date", Kind.DATE, _time("creation_time")),
    Parameter("creation", Kind.DATE, _time("creation_time")),
    Parameter("period", Kind.DATE, _period),
    Parameter("period-start", Kind.DATE, _time("service_start_time")),
    Parameter("period-end", Kind.DATE, _time("service_stop_time")),
    Parameter("related", Kind.TOKEN, _references, ("identifier",)),
    Parameter("relatesto", Kind.REFERENCE, _related_to),
    Parameter(IDENTIFIER, Kind.TOKEN, _identifiers),
    Parameter(ARCHIVED, Kind.TOKEN, _archived),
    Parameter("author.family", Kind.STRING, _authors("family"), _EXACT),
    Parameter("author.given", Kind.STRING, _authors("given"), _EXACT),
    Parameter("author.identifier", Kind.TOKEN, _author_ids),
)
_LIST = (
    Parameter("date", Kind.DATE, _time("submission_time")),
    Parameter("designationType", Kind.TOKEN, _code("content_type_code")),
    Parameter("sourceId", Kind.TOKEN, _source_id),
    Parameter("title", Kind.STRING, lambda found: iter([found.item.title]), _EXACT),
    Parameter(IDENTIFIER, Kind.TOKEN, _identifiers),
    Parameter(ARCHIVED, Kind.TOKEN, _archived),
    Parameter("source.family", Kind.STRING, _authors("family"), _EXACT),
    Parameter("source.given", Kind.STRING, _authors("given"), _EXACT),
)
PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "DocumentReference": {row.name: row for row in _DOCUMENT},
    "List": {row.name: row for row in _LIST},
}
REQUIRED = {"DocumentReference": (PATIENT, STATUS), "List": (PATIENT, CODE, STATUS)}


@dataclass(frozen=True, slots=True)
class Search:
    """A search as a request states it. ignored: parameters nobody knows."""

    query: Query
    is_strict: bool = False
    ignored: tuple[str, ...] = field(default=())

    @property
    def resource_type(self) -> str:
        """DocumentReference or List."""
        return self.query.resource_type

    def given(self, name: str) -> tuple[Criterion, ...]:
        """Every criterion of one parameter."""
        return tuple(item for item in self.query.criteria if item_name(item) == name)

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of one parameter."""
        return tuple(value for item in self.given(name) for value in item.values)

    @property
    def matched(self) -> Iterator[tuple[Criterion, Parameter]]:
        """The criteria that are matched here, with their rows."""
        rows = PARAMETERS[self.resource_type]
        for criterion in self.query.criteria:
            if row := rows.get(item_name(criterion)):
                yield criterion, row


def item_name(criterion: Criterion) -> str:
    """A parameter's name with its chain: ``author.family``."""
    return f"{criterion.chain}.{criterion.name}" if criterion.chain else criterion.name


def read_search(query: Query, *, is_strict: bool = False) -> Search:
    """A search, with the parameters that are not known."""
    kind = query.resource_type
    known = {*PARAMETERS[kind], *REQUIRED[kind]}
    names = dict.fromkeys(item_name(item) for item in query.criteria)
    return Search(query, is_strict, tuple(name for name in names if name not in known))


def patient_of(search: Search) -> tuple[str, str]:
    """System and value of the patient a search names."""
    system, _, value = next(iter(search.values(PATIENT)), "").rpartition("|")
    return system, value


def stored_query(search: Search, cx: str, *, is_reference: bool) -> StoredQuery:
    """The stored query of XDS that a search is, as far as patient and status go.

    is_reference: the technical id of known documents (TD3.1b), for who may not list.
    """
    if search.resource_type == "List":
        return find_submission_sets(cx)
    if is_reference:
        named = (value.rpartition("|")[2] for value in search.values(IDENTIFIER))
        unique_ids = tuple(name.removeprefix(fhir.OID) for name in named)
        return get_documents(*unique_ids, return_type=OBJECT_REF)
    return find_documents(cx, statuses=statuses(search))


def statuses(search: Search) -> tuple[str, ...]:
    """The statuses of XDS a search asks for: what is archived only by isArchived."""
    asked = search.values(STATUS)
    archived = search.values(ARCHIVED)
    found = []
    if CURRENT in asked:
        found += [] if archived and "false" not in archived else [vocabulary.APPROVED]
        found += [vocabulary.ARCHIVED] if "true" in archived else []
    found += [vocabulary.DEPRECATED] if SUPERSEDED in asked else []
    return (*found, *([vocabulary.DELETED] if DELETED in asked else []))


def asks_for_lots(search: Search) -> bool:
    """Whether a search of Lists can find any: folders are not kept, superseded lots neither."""
    return _asks_for(search, SUBMISSION_SET) and CURRENT in search.values(STATUS)


def asks_for_folders(search: Search) -> bool:
    """Whether a search of Lists asks for folders, which finds none."""
    return _asks_for(search, FOLDER)


def _asks_for(search: Search, kind: str) -> bool:
    return any(matches_token(value, KINDS, kind) for value in search.values(CODE))


def meets(
    search: Search, item: DocumentEntry | SubmissionSet, links: Iterable[Association]
) -> bool:
    """Whether an entry or a lot meets every criterion: values are alternatives."""
    found = Found(item, tuple(links))
    return all(
        any(_meets(value, seen, criterion, row) for value in criterion.values
            for seen in row.values(found))
        for criterion, row in search.matched
    )  # fmt: skip


def _meets(wanted: str, seen: Any, criterion: Criterion, row: Parameter) -> bool:
    if row.kind is Kind.TOKEN:
        system, mark, code = wanted.partition("|")
        known = fhir.write_system(fhir.read_system(system)) if mark else ""
        return matches_token(f"{known}{mark}{code}" if mark else wanted, *seen)
    if row.kind is Kind.DATE:
        return matches_period(wanted, *seen)
    if row.kind is Kind.REFERENCE:
        name = wanted.rpartition("/")[2]
        return str(seen) in (wanted, entry_uuid_of(name))
    return matches_string(wanted, str(seen), criterion.modifier)
