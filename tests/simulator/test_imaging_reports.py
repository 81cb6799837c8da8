"""Imaging reports before a second reader: words, codes, facts and dates agree."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kit.cda import entry_from_cda
from kit.xds.vocabulary import REFERENCE_ACCESSION, REFERENCE_ORDER, REFERENCE_STUDY
from kit.xml import parse
from simulator.documents.facts import Coded, ImagingExam
from simulator.documents.imaging_protocols import examined, exposure, protocol
from simulator.documents.pictures import pictures
from simulator.documents.references import references
from simulator.streams import Streams
from tests.simulator.stays import a_document, a_stay
from tests.simulator.structured import found, place, read, said, stays, words

IRRADIATING = {"DX", "CT", "XA"}
UNITS = {"mGy.cm": "mGy·cm", "cGy.cm2": "cGy·cm²", "mGy": "mGy", "min": "min"}


def test_only_what_irradiates_reports_doses_in_words_as_in_codes() -> None:
    seen = set()
    for seed, facts in stays("CR_IMG"):
        assert facts.case.imaging is not None
        modality = facts.case.imaging.modality.code
        root = read("CR_IMG", seed, facts)
        sections = found(root, "//h:section[h:code/@code='73569-6']")
        doses = found(root, "//h:observation[h:value/@unit]")
        assert len(sections) == bool(doses) == (modality in IRRADIATING)
        seen.add(modality)
        for dose in doses:
            (label,) = words(dose, "h:code/@displayName")
            assert said(root, dose, "h:text") == label
            (value,), (unit,) = words(dose, "h:value/@value"), words(dose, "h:value/@unit")
            assert float(value) > 0
            assert f"{value.replace('.', ',')} {UNITS[unit]}" in "".join(sections[0].itertext())
    assert {"DX", "CT", "US", "MR"} <= seen


def test_a_scanner_exposes_a_child_less_than_a_grown_up() -> None:
    exam = next(p.imaging for p in pictures() if p.imaging and p.imaging.modality.code == "CT")
    draws = {
        age: float(exposure(protocol(exam), Streams(1).fresh("dose"), age)[0].value)
        for age in (3, 12, 50)
    }
    assert draws[3] < draws[12] < draws[50]
    assert 100 < draws[50] < 1000  # mGy.cm


def test_nobody_but_a_woman_who_may_be_pregnant_is_asked() -> None:
    asked = set()
    for seed, facts in stays("CR_IMG"):
        sex = facts.patient.traits.sex
        root = read("CR_IMG", seed, facts)
        may_be = sex == "F" and 12 <= facts.age <= 50
        for status in found(root, "//h:observation[h:code/@code='364320009']"):
            codes = words(status, "h:value/@code")
            assert codes == (["60001007"] if may_be else [])
            assert (said(root, status, "h:text") == "Sans objet") is not may_be
            asked.add(may_be)
        told = "".join(root.itertext()).lower()
        assert sex != "F" or "prostat" not in told
        assert sex != "M" or "absence de grossesse" not in told
    assert asked == {True, False}


def test_contrast_is_given_where_the_examination_has_it_and_says_so_twice() -> None:
    given = set()
    for seed, facts in stays("CR_IMG"):
        assert facts.case.imaging is not None
        root = read("CR_IMG", seed, facts)
        products = found(root, "//h:substanceAdministration")
        assert len(products) == (protocol(facts.case.imaging).contrast is not None)
        for product in products:
            (name,) = words(product, ".//h:manufacturedMaterial/h:name/text()")
            (volume,) = words(product, "h:doseQuantity/h:low/@value")
            assert said(root, product, "h:text") == name
            assert said(root, product, "h:doseQuantity") == f"{volume} mL"
            (atc,) = words(product, ".//h:code/h:translation/@code")
            assert re.fullmatch(r"V08A[A-Z]\d\d", atc)
        given.add(bool(products))
    assert given == {True, False}


SIDES = [  # imaging finding names this side, code of the right, code of the left
    ("24762-7", "26132-1", "26131-3"),
    ("24806-2", "26396-2", "26395-4"),
    ("24619-9", "26171-9", "26170-1"),
]


@pytest.mark.parametrize(("exam", "right", "left"), SIDES)
def test_an_examination_of_one_side_has_the_code_of_that_side(
    exam: str, right: str, left: str
) -> None:
    picture = next(p for p in pictures() if p.imaging and p.imaging.exam.code == exam)
    assert picture.imaging is not None
    for side, code in (("droit", right), ("gauche", left), ("", exam)):
        one = replace(picture.imaging, side=side)
        facts = a_stay(1)
        root = read("CR_IMG", 1, replace(facts, case=replace(facts.case, imaging=one)))
        assert examined(one).code == code
        assert words(root, "/*/h:documentationOf/h:serviceEvent/h:code/@code") == [code]
        assert words(root, "/*/h:code/h:translation/@code") == [code]
        assert words(root, "//h:procedure[h:methodCode]/h:code/@code") == [code]
        told = f"unilatéral, côté {side}" if side else "unilatéral"
        assert place(root, "acte-precision") == told


def test_a_drawn_examination_is_of_the_side_its_finding_names() -> None:
    sided = 0
    for _, facts in stays("CR_IMG"):
        exam = facts.case.imaging
        assert exam is not None
        if protocol(exam).sides and re.search(r"\b(droite?|gauche)\b", exam.conclusion):
            assert re.search(rf"\b{exam.side}", exam.conclusion)
            sided += 1
    assert sided


def test_an_imaging_report_lies_within_the_stay_and_names_its_study_everywhere() -> None:
    for seed, facts in stays("CR_IMG"):
        began = facts.admitted_at + timedelta(hours=1)
        document = a_document("CR_IMG", seed, facts=replace(facts, performed_at=began))
        root = parse(document.cda)
        times = words(root, "//h:structuredBody//h:effectiveTime/@value")
        exact = {datetime.strptime(t, "%Y%m%d%H%M%S%z") for t in times if len(t) > 8}
        assert exact == {began}
        days = {t for t in times if len(t) == 8}
        assert days <= {f"{began:%Y%m%d}", f"{document.created_at:%Y%m%d}"}
        (study,) = words(root, "/*/h:documentationOf/h:serviceEvent/h:id/@root")
        assert words(root, "//h:act[h:code/@code='113014']/h:id/@root") == [study]
        below = words(root, "//h:act[h:code/@code='113015']//h:id/@root")
        assert all(part.startswith(f"{study}.") and len(part) <= 64 for part in below)
        kinds = [item.rsplit("^", 1)[1] for item in entry_from_cda(document.cda).reference_ids]
        wanted = (REFERENCE_ORDER, REFERENCE_ACCESSION, REFERENCE_STUDY)
        assert kinds == [kind.rsplit("^", 1)[-1] for kind in wanted]


def test_a_corrected_report_is_of_the_same_study_and_request() -> None:
    seed, facts = next(stays("CR_IMG"))
    paths = ("//h:serviceEvent/h:id/@root", "//h:order/h:id/@extension", "//i:*/@extension")
    versions = [
        a_document("CR_IMG", seed, facts=facts, set_id="1.2.3", **changes).cda
        for changes in ({}, {"version": 2, "replaces": "1.2.4", "unique_id": "1.2.5"})
    ]
    first, second = ([words(parse(cda), path) for path in paths] for cda in versions)
    assert first == second
    assert all(first)


def test_an_earlier_examination_is_named_when_the_conclusion_compares() -> None:
    picture = next(p for p in pictures() if p.imaging and "précédent" in p.imaging.conclusion)
    facts = a_stay(1)
    facts = replace(facts, case=replace(facts.case, imaging=picture.imaging))
    (told,) = words(read("CR_IMG", 1, facts), "//h:section[h:code/@code='18834-2']/h:text//text()")
    then = datetime.strptime(told.split(" du ")[1][:10], "%d/%m/%Y")
    assert then.date() < facts.admitted_at.date()


def test_a_caution_about_the_kidneys_is_coded_where_contrast_is_given() -> None:
    picture = next(p for p in pictures() if p.imaging and p.imaging.exam.code == "36813-4")
    background = ("Insuffisance rénale chronique modérée et stable", "Cholécystectomie ancienne")
    facts = a_stay(1)
    for told, codes in ((background, ["N18.9"]), (background[1:], [])):
        case = replace(facts.case, imaging=picture.imaging, background=told)
        root = read("CR_IMG", 1, replace(facts, case=case))
        assert words(root, "//h:observation[h:code/@code='64100-1']/h:value/@code") == codes
        assert place(root, "antecedents-chirurgicaux") == "Cholécystectomie ancienne."
        weighed = "fonction rénale" in place(root, "acte-description")
        assert weighed is bool(codes)


def test_every_examination_of_the_table_has_a_protocol() -> None:
    for loinc, label, *_ in references()["imaging"].values():
        nothing = Coded("", "")
        exam = ImagingExam(Coded(loinc, label), nothing, nothing, nothing, "", "", "")
        assert protocol(exam).site.code
    unknown = replace(exam, exam=Coded("0-0", "inconnu"))
    with pytest.raises(ValueError, match="does not tell how 0-0 is done"):
        protocol(unknown)
