"""The DMP takes the structured documents of the simulator, and says what they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mocks.dmp.messages import find_documents
from simulator.documents import KINDS
from simulator.documents.kinds import STRUCTURED
from tests.mocks.dmp.builders import HOSPITAL, INS
from tests.mocks.dmp.conftest import Bench, registry_response
from tests.simulator.stays import a_document, a_reportable_stay

FORMATS = {
    "LDL": "urn:asip:ci-sis:ldl-ses:2017",
    "ORD": "urn:ihe:pharm:pre:2010",
    "CR_IMG": "urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013",
}


def test_every_structured_kind_of_hospitals_has_its_format_here() -> None:
    assert {name for name, kind in KINDS.items() if kind.level == STRUCTURED} >= set(FORMATS)


@pytest.mark.parametrize(("kind", "format_code"), FORMATS.items())
def test_a_structured_document_is_filed_under_its_own_format(
    bench: Bench, kind: str, format_code: str
) -> None:
    facts = a_reportable_stay(kind, establishment=HOSPITAL)
    facts = replace(facts, patient=replace(facts.patient, ins=INS))
    document = a_document(kind, facts=facts)
    answer = bench.feed(document.cda)
    assert registry_response(answer).accepted, answer.get_data(as_text=True)
    _, listed = bench.find(find_documents(INS.cx))
    (entry,) = listed.entries
    assert entry.unique_id == document.unique_id
    assert entry.format_code is not None
    assert entry.format_code.code == format_code
