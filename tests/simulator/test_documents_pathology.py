"""Pathology reports: what was taken, what was seen, and only then."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
import yaml
from pypdf import PdfReader

from kit.cda import read_unstructured_body
from simulator.documents.draft import Draft
from simulator.documents.facts import Act
from simulator.documents.kinds import KINDS
from simulator.documents.pathology import pathology_parts, specimen_of
from simulator.documents.pictures import pictures
from simulator.documents.references import FOLDER
from simulator.plan import make_plan
from simulator.streams import Streams
from tests.simulator.builders import WORLD, a_held, a_scenario, an_establishment
from tests.simulator.stays import a_document, a_reportable_stay

TITLES = [
    "Prélèvement", "Renseignements cliniques", "Macroscopie", "Technique", "Microscopie",
    "Conclusion",
]  # fmt: skip


def a_draft(seed: int) -> Draft:
    facts = a_reportable_stay("CR_ACP", seed)
    stream = Streams(seed)["draft"]
    written_at = facts.admitted_at + timedelta(days=9)
    return Draft(KINDS["CR_ACP"], facts, "1.2", "1.3", 1, written_at, None, stream)


@pytest.mark.parametrize("seed", range(1, 13))
def test_a_report_goes_from_the_specimen_to_a_conclusion(seed: int) -> None:
    draft = a_draft(seed)
    parts = pathology_parts(draft)
    specimen = specimen_of(draft.facts.case)
    assert specimen is not None
    assert [part.title for part in parts] == TITLES
    told = " ".join(sentence for part in parts for sentence in part.sentences)
    assert specimen.name in told
    assert "{" not in told
    assert parts == pathology_parts(draft)


def test_sizes_and_findings_change_from_one_stay_to_the_next() -> None:
    told = {pathology_parts(a_draft(seed))[2:] for seed in range(1, 25)}
    assert len(told) > 12


def test_nothing_is_examined_that_was_not_taken() -> None:
    facts = a_reportable_stay("CR_ACP", 1)
    without = replace(facts, case=replace(facts.case, act=None))
    with pytest.raises(ValueError, match="nothing that a CR_ACP reports"):
        a_document("CR_ACP", facts=without)


def test_every_specimen_is_of_a_picture_and_of_its_act() -> None:
    facts = a_reportable_stay("CR_ACP")
    taken = []
    for picture in pictures():
        act = Act(picture.act[0], "", 30, ()) if picture.act else None
        if specimen_of(replace(facts.case, diagnosis=picture.diagnosis, act=act)) is not None:
            taken.append(picture.diagnosis.code)
            other = replace(facts.case, diagnosis=picture.diagnosis, act=None)
            assert (specimen_of(other) is None) is (act is not None)
    rows = yaml.safe_load((FOLDER / "pathology.yaml").read_text("utf-8"))
    assert sorted(taken) == sorted(rows)


def test_the_pages_name_the_specimen() -> None:
    document = a_document("CR_ACP", 2)
    media_type, content = read_unstructured_body(document.cda)
    assert (media_type, document.type_code, document.level) == ("application/pdf", "60568-3", "N1")
    pages = PdfReader(BytesIO(content), strict=True).pages
    assert "Conclusion" in "".join(page.extract_text() for page in pages)
    assert base64.b64encode(content) in document.cda


def test_a_play_sends_a_report_days_after_what_it_is_about() -> None:
    place = an_establishment(units=("CHIRDIG1", "ORTHO1", "CONS1"))
    plan = make_plan(a_scenario(place, days=10), WORLD)
    papers = [paper for paper in plan.papers if paper.kind == "CR_ACP"]
    operated = {paper.encounter.id: paper for paper in plan.papers if paper.kind == "CRO"}
    assert papers
    for paper in papers:
        assert paper.performed_at is not None
        assert (paper.created_at - paper.performed_at).days >= 1
        assert specimen_of(paper.encounter.case) is not None
        if paper.encounter.id in operated:
            assert paper.performed_at == operated[paper.encounter.id].performed_at


def test_a_biologist_signs_what_the_laboratory_found_and_the_ward_asked() -> None:
    plan = make_plan(a_scenario(), WORLD)
    papers = [paper for paper in plan.papers if paper.kind == "CR_BIO"]
    assert papers
    for paper in papers:
        facts = paper.facts(a_held(paper.encounter.patient))
        assert (facts.author.specialty, facts.legal_authenticator.specialty) == ("SM03", "SM03")
        assert facts.prescriber == paper.encounter.author
        assert facts.sampler is not None
        assert facts.sampler.unit == paper.encounter.unit.code
