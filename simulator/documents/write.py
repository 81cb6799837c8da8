"""Simulator, documents, write: one document from the facts of a stay, header and body.

Not here: the parts themselves; sending.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime

import numpy as np

from kit.xml import NS
from simulator.documents import imaging, laboratory, liaison_letter, medical_summary, prescription
from simulator.documents.draft import Draft
from simulator.documents.facts import ClinicalDocument, StayFacts
from simulator.documents.header import write_header
from simulator.documents.kinds import KINDS, STRUCTURED
from simulator.documents.markup import Xml, tag, text
from simulator.documents.pdf import write_pdf

NAMESPACES = {"xmlns": NS["hl7"], "xmlns:xsi": NS["xsi"]}
EXTENSIONS = {  # the namespaces of the extensions that a kind uses
    "CR_BIO": {"xmlns:lab": "urn:oid:1.3.6.1.4.1.19376.1.3.2"},
    "CR_IMG": {"xmlns:ps3-20": "urn:dicom-org:ps3-20"},
    "ORD": {"xmlns:pharm": "urn:ihe:pharm:medication"},
}
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'

# The body of each structured kind; every other kind has a PDF.
BODIES: dict[str, Callable[[Draft], Xml]] = {
    "LDL": liaison_letter.write_body,
    "CR_BIO": laboratory.write_body,
    "CR_IMG": imaging.write_body,
    "ORD": prescription.write_body,
    "VSM": medical_summary.write_body,
}


def write_document(
    kind: str,
    facts: StayFacts,
    *,
    unique_id: str,
    set_id: str,
    version: int,
    created_at: datetime,
    replaces: str | None = None,
    stream: np.random.Generator,
) -> ClinicalDocument:
    """Write a document of ``kind`` (see KINDS): the same arguments give the same bytes.

    unique_id, set_id: OIDs without extension; replaces: the unique_id of the version before.
    Raises ValueError when the stay holds nothing that such a document reports.
    """
    if (replaces is None) != (version == 1):
        raise ValueError(f"version {version} with replaces={replaces!r}")
    draft = Draft(
        KINDS[kind], facts, unique_id, set_id, version, created_at, replaces, stream
    )  # fmt: skip
    return ClinicalDocument(
        kind=kind,
        unique_id=unique_id,
        set_id=set_id,
        version=version,
        type_code=draft.kind.type.code,
        title=draft.kind.title,
        created_at=created_at,
        cda=_cda(draft),
        stay_id=facts.stay_id,
        patient=facts.patient,
        level=draft.kind.level,
        replaces=replaces,
    )


def _cda(draft: Draft) -> bytes:
    namespaces = NAMESPACES | EXTENSIONS.get(draft.kind.name, {})
    header = write_header(draft)
    return (
        DECLARATION
        + tag("ClinicalDocument", header, tag("component", _body(draft)), **namespaces).encode()
    )


def _body(draft: Draft) -> Xml:
    if draft.kind.level == STRUCTURED:
        return BODIES[draft.kind.name](draft)
    content = b64encode(write_pdf(draft)).decode()
    pdf = tag("text", text(content), mediaType="application/pdf", representation="B64")
    return tag("nonXMLBody", pdf)
