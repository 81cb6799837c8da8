"""Discharge prescriptions before a second reader: words, codes, facts and law agree."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from kit.xml import Element, parse
from simulator.documents import StayFacts, draw_case
from simulator.documents.pictures import pictures
from simulator.documents.prescription_lines import prescription_lines, weight_kg
from simulator.streams import Streams
from tests.simulator.stays import a_document, a_stay
from tests.simulator.structured import found, place, read, said, stays, words


def test_a_prescription_says_in_words_what_it_says_in_codes() -> None:
    for seed, facts in stays("ORD"):
        root = read("ORD", seed, facts)
        entries = found(root, "//h:substanceAdministration")
        assert len(entries) == len(facts.case.treatments)
        for entry in entries:
            (name,) = words(entry, "h:consumable//h:manufacturedMaterial/h:name/text()")
            assert said(root, entry, "h:text") == name
            for part in ("dose", "rate"):
                amounts = words(entry, f"h:{part}Quantity/*/@value")
                assert len(set(amounts)) == 1
                assert said(root, entry, f"h:{part}Quantity/h:low").startswith(f"{amounts[0]} ")
            (period,) = words(entry, "h:effectiveTime/h:period/@value")
            times = round(24 / float(period))
            assert said(root, entry, "h:effectiveTime[2]") == f"{times} fois par jour"
            assert int(amounts[0]) == times * int(words(entry, "h:doseQuantity/h:low/@value")[0])
            assert said(root, entry, "h:routeCode") == words(entry, "h:routeCode/@displayName")[0]


def test_a_prescription_says_how_a_drug_is_delivered_and_paid_for() -> None:
    for seed, facts in stays("ORD"):
        root = read("ORD", seed, facts)
        for entry in found(root, "//h:substanceAdministration"):
            allowed = words(entry, ".//h:act/h:code/@code")
            is_allowed = said(root, entry, ".//h:act/h:code") == "Oui"
            assert allowed == ["G" if is_allowed else "N"]
            flags = found(entry, "h:entryRelationship/h:observation")
            assert len(flags) == 5
            for flag in flags:
                (holds,) = words(flag, "h:value/@value")
                assert said(root, flag, "h:text") == ("Oui" if holds == "true" else "Non")
            (drug,) = words(entry, "h:text/h:reference/@value")
            told = place(root, f"{drug.removeprefix('#')}-quantite")
            (times,) = words(entry, "h:repeatNumber/@value")
            (quantity,) = words(entry, ".//h:supply/h:quantity/@value")
            renewal = f"à renouveler {times} fois" if int(times) else "sans renouvellement"
            assert told.startswith(f"{quantity} ")
            assert told.endswith(renewal)


def _posologies(root: Element) -> list[tuple[str, ...]]:
    """Drug, from, to, period, dose, route and substance of each entry."""
    paths = (
        "h:consumable//h:manufacturedMaterial/h:name/text()",
        "h:effectiveTime[1]/h:low/@value",
        "h:effectiveTime[1]/h:high/@value",
        "h:effectiveTime[2]/h:period/@value",
        "h:doseQuantity/h:low/@value",
        "h:doseQuantity/h:low/@unit",
        "h:routeCode/@code",
        "h:consumable//h:code/h:translation/@code",
    )
    entries = found(root, "//h:substanceAdministration")
    return [tuple(words(entry, path)[0] for path in paths) for entry in entries]


def test_prescription_and_letter_of_a_stay_treat_alike() -> None:
    for seed, facts in stays("ORD"):
        prescribed = _posologies(read("ORD", seed, facts))
        assert prescribed == _posologies(read("LDL", seed, facts))
        assert prescribed


def test_a_prescription_is_valid_from_its_writing_and_treats_from_the_exit() -> None:
    for seed, facts in stays("ORD"):
        assert facts.left_at is not None
        root = read("ORD", seed, facts)
        low, high = words(root, "/*/h:documentationOf[1]//h:effectiveTime/*/@value")
        written = words(root, "/*/h:effectiveTime/@value")
        assert [low] == written < [high]
        starts = set(words(root, "//h:substanceAdministration/h:effectiveTime[1]/h:low/@value"))
        assert starts == {f"{facts.left_at:%Y%m%d}"}
        ends = words(root, "//h:substanceAdministration/h:effectiveTime[1]/h:high/@value")
        assert max(ends) <= high[:8]


def test_the_copy_of_a_prescription_is_a_pdf_with_every_drug() -> None:
    seed, facts = next(stays("ORD"))
    document = a_document("ORD", seed, facts=facts)
    path = "//h:observationMedia/h:value[@mediaType='application/pdf']/text()"
    (content,) = words(parse(document.cda), path)
    pdf = base64.b64decode(content)
    assert pdf.startswith(b"%PDF-1.")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert pdf.count(b"fois par jour") == len(facts.case.treatments)


def test_only_children_are_weighed_and_weigh_what_children_weigh() -> None:
    seen = set()
    for seed, facts in stays("ORD"):
        root = read("ORD", seed, facts)
        weights = words(root, "//h:observation[h:code/@code='29463-7']/h:value/@value")
        assert bool(weights) is (facts.age < 18)
        for weight in weights:
            assert 2.5 < float(weight) < 85
            assert place(root, "poids") == f"{weight.replace('.', ',')} kg"
        seen.add(bool(weights))
    assert seen == {True, False}


def test_a_weight_follows_the_age_and_stays_with_the_patient() -> None:
    newborn = a_stay(1)
    traits = replace(newborn.patient.traits, birth_date="2026-02-20", sex="M")
    newborn = replace(newborn, patient=replace(newborn.patient, traits=traits))
    older = replace(traits, birth_date="2014-02-20")
    grown = replace(newborn, patient=replace(newborn.patient, traits=older))
    light, heavy = weight_kg(newborn), weight_kg(grown)
    assert light is not None
    assert heavy is not None
    assert light < 4.5 < 30 < heavy
    assert weight_kg(newborn) == light
    assert weight_kg(replace(newborn, patient=a_stay(2).patient)) != light


def _diagnosed(code: str) -> StayFacts:
    picture = next(row for row in pictures() if row.diagnosis.code == code)
    facts = a_stay(1)
    case = replace(facts.case, diagnosis=picture.diagnosis, treatments=picture.treatments)
    return replace(facts, case=case)


LAWS = [  # diagnosis, drug (ATC), ALD, substitutable, narcotic, renewals
    ("I50.1", "C03CA01", True, True, False, 2),
    ("I21.1", "B01AC24", True, True, False, 11),
    ("G40.9", "N03AX14", True, False, False, 2),
    ("C18.2", "N02BE01", False, True, False, 0),
    ("C18.2", "B01AB05", True, True, False, 0),
    ("M17.1", "N02AA05", False, True, True, 0),
    ("J18.9", "J01CR02", False, True, False, 0),
]


@pytest.mark.parametrize(("diagnosis", "atc", "ald", "substitutable", "narcotic", "times"), LAWS)
def test_the_law_adds_to_a_drug(
    diagnosis: str, atc: str, *, ald: bool, substitutable: bool, narcotic: bool, times: int
) -> None:
    facts = _diagnosed(diagnosis)
    lines = prescription_lines(facts, facts.admitted_at)
    line = next(line for line in lines if line.treatment.substance.code == atc)
    added = (line.is_long_term, line.is_substitutable, line.is_narcotic, line.renewals)
    assert added == (ald, substitutable, narcotic, times)


WARNINGS = [("I50.1", ["MED-1096"]), ("M17.1", ["MED-1098"]), ("J18.9", [])]  # diagnosis, codes


@pytest.mark.parametrize(("diagnosis", "codes"), WARNINGS)
def test_a_pharmacist_sees_a_long_term_illness_and_a_narcotic_at_once(
    diagnosis: str, codes: list[str]
) -> None:
    root = read("ORD", 1, _diagnosed(diagnosis))
    told = words(root, "/*/h:documentationOf/h:serviceEvent[@classCode='INFO']/h:code/@code")
    assert told == codes


def test_a_child_takes_what_children_take() -> None:
    adult, child = "Paracétamol 1 g, comprimé", "Paracétamol 2,4 %, suspension buvable"
    taken = {
        age: {
            line.drug
            for seed in range(20)
            for line in draw_case(Streams(seed)["case"], sex="M", age=age).treatments
        }
        for age in (4, 40)
    }
    assert adult in taken[40]
    assert adult not in taken[4]
    assert child in taken[4] - taken[40]
