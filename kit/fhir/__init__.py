"""Kit, FHIR R4: what a REST server and its clients share, and none owns.

- ``errors``: the table of codes that any FHIR endpoint answers with
- ``reading``: safe JSON, JSON Patch and forms, with bounds
- ``definitions``, ``xml``, ``formats``: elements in their order, XML both ways, who asks for it
- ``element``: a resource read element by element, each with its place
- ``outcome``: OperationOutcome, both ways
- ``search``: search parameters, prefixes, tokens, dates
- ``bundle``: searchset Bundle and its paging links, both ways
- ``target``: what a request is for
- ``port``: one HTTP endpoint: bounds, faults, journal, the one place that catches

Not here: any profile, any resource, any rule of a service.
"""

from kit.fhir.bundle import Bundle, Page, page_links, read_bundle, write_searchset
from kit.fhir.element import Element
from kit.fhir.outcome import FhirCode, Issue, read_outcome, write_outcome, write_refusals
from kit.fhir.port import Call, Port, Reply, Style
from kit.fhir.reading import Resource, read_json
from kit.fhir.search import Criterion, Include, Kind, Query, read_query
from kit.fhir.target import Target, route

__all__ = [
    "Bundle",
    "Call",
    "Criterion",
    "Element",
    "FhirCode",
    "Include",
    "Issue",
    "Kind",
    "Page",
    "Port",
    "Query",
    "Reply",
    "Resource",
    "Style",
    "Target",
    "page_links",
    "read_bundle",
    "read_json",
    "read_outcome",
    "read_query",
    "route",
    "write_outcome",
    "write_refusals",
    "write_searchset",
]
