"""DMP mock, entry points: what a journal line says of a call.

Not here: the line itself (``kit.journal``).
"""

from __future__ import annotations

import contextlib
from typing import Any

from kit.journal import Line
from kit.vihf import Vihf
from kit.xds import read_dtm, vocabulary
from mocks.dmp import rules
from mocks.dmp.messages import ProvidedDocument, ProvidedLot
from mocks.dmp.store import Documents


def caller(line: Line, vihf: Vihf, entity: str) -> None:
    """Who calls: software, establishment, the time they state."""
    line.stated_at = vihf.issued_at
    line.software = vihf.software
    line.finess = entity[1:] if entity.startswith("1") else ""


def stated(line: Line, at: str) -> None:
    """The time the lot states, when it is one."""
    with contextlib.suppress(ValueError):
        line.stated_at = read_dtm(at)


def lot_of(line: Line, lot: ProvidedLot) -> None:
    """What a lot holds."""
    stated(line, lot.submission.lot.submission_time)
    codes = [item.entry.type_code.code for item in lot.documents if item.entry.type_code]
    line.type_code = codes[0] if codes else ""
    line.facts["lot"] = lot.submission.lot.unique_id
    line.facts["documents"] = [_facts(item) for item in lot.documents]
    if remarks := rules.remarks(lot):
        line.facts["lint"] = [*line.facts.get("lint", ()), *remarks]


def _facts(item: ProvidedDocument) -> dict[str, Any]:
    """What indicators count of a document (facts of TD2.1)."""
    entry = item.entry
    return {
        "unique_id": entry.unique_id,
        "type_code": entry.type_code.code if entry.type_code else "",
        "class_code": entry.class_code.code if entry.class_code else "",
        "patient_id": entry.patient_id.matricule if entry.patient_id else "",
        "ins_oid": entry.patient_id.oid if entry.patient_id else "",
        "ins_qualified": rules.is_qualified(item),
        "level": item.header.body_kind if item.header else "",
        "hash": item.hash,
        "replaces": None,
    }


def replaced_by(line: Line, lot: ProvidedLot, documents: Documents) -> None:
    """The uniqueId each document replaces, when the registry knows it."""
    for item, facts in zip(lot.documents, line.facts["documents"], strict=True):
        for link in lot.submission.of_kind(vocabulary.RPLC):
            if link.source != item.entry.entry_uuid:
                continue
            if (target := documents.entry(link.target)) is not None:
                facts["replaces"] = target.unique_id


def remark(line: Line, remarks: list[str]) -> None:
    """What the real service accepts and an integrator should see."""
    if remarks:
        line.facts["lint"] = [*line.facts.get("lint", ()), *remarks]
