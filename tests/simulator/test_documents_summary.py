"""Medical summary (VSM): who writes it, and that a history agrees with the person and the stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kit.cda import entry_from_cda
from kit.identity import completed_date
from simulator.documents import StayFacts, draw_case
from simulator.documents.draft import NothingToReport
from simulator.documents.facts import Coded, Treatment, age_on
from simulator.documents.history import History
from simulator.documents.life import LASTING_DAYS, draw_history, lasting
from simulator.documents.references import references
from simulator.streams import Streams
from tests.simulator.stays import a_document, a_reportable_stay
from tests.simulator.test_documents import values

SEEDS = range(120)
LATER = timedelta(days=30)


def a_history(seed: int) -> tuple[StayFacts, date, History]:
    facts = a_reportable_stay("VSM", seed)
    day = ((facts.left_at or facts.admitted_at) + LATER).date()
    return facts, day, draw_history(Streams(seed)["life"], facts, day)


def test_the_own_doctor_writes_it_in_their_practice() -> None:
    facts = a_reportable_stay("VSM", 2)
    doctor = facts.attending_doctor
    assert doctor
    document = a_document("VSM", facts=facts)
    for role in ("author", "legalAuthenticator", "documentationOf"):
        assert values(document, f"/*/h:{role}//h:id[@root='1.2.250.1.71.4.2.1']/@extension") == [
            "8" + doctor.rpps
        ]
    practice = f"4{doctor.rpps}001"
    assert set(values(document, "//h:id[@root='1.2.250.1.71.4.2.2']/@extension")) == {practice}
    assert values(document, "//h:author/h:functionCode/@code") == ["PCP"]
    entry = entry_from_cda(document.cda)
    assert entry.format_code
    assert entry.format_code.code == "urn:asip:ci-sis:vsm:2012"
    assert entry.class_code
    assert entry.class_code.code == "11"


def test_without_an_own_doctor_there_is_no_summary() -> None:
    facts = a_reportable_stay("VSM", 2, attending_doctor=None)
    with pytest.raises(NothingToReport, match="no attending doctor"):
        a_document("VSM", facts=facts)


def test_dates_lie_between_birth_and_the_day_of_writing() -> None:
    for seed in SEEDS:
        facts, day, history = a_history(seed)
        told = [problem.since for problem in (*history.problems, *history.past)]
        told += [problem.until for problem in history.past if problem.until]
        told += [done.on for done in history.operations]
        told += [known.since for known in (*history.allergies, *history.devices)]
        born = completed_date(facts.patient.traits.birth_date)
        assert all(born <= when.isoformat() <= day.isoformat() for when in told), seed
        for problem in history.past:
            assert problem.until
            assert problem.since <= problem.until


def test_what_one_has_suits_sex_and_age() -> None:
    rows = [*lasting()["conditions"], *lasting()["past"], *lasting()["operations"]]
    by_told = {row["told"]: row for row in rows}
    for seed in SEEDS:
        facts, day, history = a_history(seed)
        age = age_on(facts.patient.traits.birth_date, day)
        named = [*history.problems, *history.past, *history.operations]
        for row in (by_told[item.told] for item in named if item.told in by_told):
            assert facts.patient.traits.sex in row["sex"], (seed, row["told"])
            assert row["age"][0] <= age, (seed, row["told"])


def test_nobody_takes_two_drugs_of_a_class_or_one_they_do_not_stand() -> None:
    for seed in SEEDS:
        _, _, history = a_history(seed)
        lines = [line for problem in history.problems for line in problem.treatments]
        assert len({line.drug for line in lines}) == len(lines)
        classes = {line.substance.code[:4] for line in lines}
        assert not classes & {known.substance[:4] for known in history.allergies if known.substance}
        beside = [{line.substance.code[:4] for line in p.treatments} for p in history.problems]
        assert sum(map(len, beside)) == len(set().union(*beside))


def test_a_treatment_of_the_stay_goes_on_with_its_reason_and_a_short_one_does_not() -> None:
    facts = a_reportable_stay("VSM", 1)
    short = Treatment("Court", Coded("J01CA04", "a"), Coded("1", "b"), 1, Coded("c", "d"), 1, 7)
    lasting_one = replace(short, drug="Long", days=LASTING_DAYS)
    for line, is_active in ((short, False), (lasting_one, True)):
        case = replace(facts.case, treatments=(line,), background=())
        day = facts.admitted_at.date() + LATER
        history = draw_history(Streams(1)["life"], replace(facts, case=case), day)
        found = [p for p in history.problems if p.diagnosis == case.diagnosis]
        assert [p.treatments for p in found] == ([(line,)] if is_active else [])
        over = [p.diagnosis for p in history.past if p.diagnosis == case.diagnosis]
        assert len(over) == (0 if is_active else 1)


def test_what_the_letter_says_of_the_past_is_in_the_summary() -> None:
    facts = a_reportable_stay("VSM", 1)
    person = replace(facts.patient, traits=replace(facts.patient.traits, sex="M"))
    told = ("Hypertension artérielle traitée", "Hernie inguinale opérée")
    old = replace(person, traits=replace(person.traits, birth_date="1950-05-05"))
    case = replace(
        draw_case(Streams(1)["case"], sex="M", age=75, specialty="SM41"), background=told
    )
    history = draw_history(
        Streams(3)["life"], replace(facts, patient=old, case=case), date(2026, 1, 5)
    )
    assert "I10" in {problem.diagnosis.code for problem in history.problems}
    assert "LMMA017" in {done.act.code for done in history.operations}


def test_every_treatment_names_the_problem_it_is_for_by_its_identifier() -> None:
    for seed in range(20):
        document = a_document("VSM", seed)
        reasons = values(document, "//h:substanceAdministration//h:act/h:id/@root")
        problems = values(
            document,
            "//h:section[h:code/@code='11450-4']//h:observation/h:id/@root",
        )
        assert set(reasons) <= set(problems)


def test_every_anchor_an_entry_points_at_is_in_the_text() -> None:
    for seed in range(30):
        document = a_document("VSM", seed)
        anchors = values(document, "//h:content/@ID")
        assert len(anchors) == len(set(anchors))
        pointed = {value[1:] for value in values(document, "//h:reference/@value")}
        assert pointed <= set(anchors)


def test_the_sentences_of_the_background_are_those_of_the_hospital() -> None:
    known = {row[0] for row in references()["backgrounds"]}
    rows = [*lasting()["conditions"], *lasting()["operations"]]
    named = {row["background"] for row in rows if "background" in row}
    named |= {row[5] for row in lasting()["tobacco"] if row[5]}
    assert named <= known
    assert len(named) >= 12
