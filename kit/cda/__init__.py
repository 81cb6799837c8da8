"""Kit, CDA: reading French CDA R2 documents: header, body, XDS metadata, a safe HTML view.

document.py reads a file once; header.py holds what a header says, reading.py reads it; entry.py
derives the XDS metadata from it and comparing.py compares them; rules/ is what a document is
refused for; render.py shows it. Not here: writing documents (the simulator does), schematrons.
Source: CI-SIS, Structuration minimale de documents de santé.
"""

from kit.cda.comparing import COMPARED, Compared, differences
from kit.cda.document import (
    Cda,
    body_kind,
    clinical_document,
    read,
    read_header,
    read_unstructured_body,
    unstructured_body,
)
from kit.cda.entry import entry_from_cda, to_utc
from kit.cda.header import (
    BodyKind,
    CdaAuthor,
    CdaHeader,
    CdaOrganization,
    CdaPatient,
    CdaPerson,
    Encounter,
    Identifier,
    RelatedDocument,
    ServiceEvent,
    has_qualified_ins,
)
from kit.cda.render import render_html
from kit.cda.rules import book, check

__all__ = [
    "COMPARED",
    "BodyKind",
    "Cda",
    "CdaAuthor",
    "CdaHeader",
    "CdaOrganization",
    "CdaPatient",
    "CdaPerson",
    "Compared",
    "Encounter",
    "Identifier",
    "RelatedDocument",
    "ServiceEvent",
    "body_kind",
    "book",
    "check",
    "clinical_document",
    "differences",
    "entry_from_cda",
    "has_qualified_ins",
    "read",
    "read_header",
    "read_unstructured_body",
    "render_html",
    "to_utc",
    "unstructured_body",
]
