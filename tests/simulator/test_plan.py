"""Plans: the same seed gives the same events and the same bytes; documents suit their stays."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from kit.cda import read_header
from simulator.courier import write_paper
from simulator.movements import Exit, Kind
from simulator.plan import Plan, make_plan
from simulator.posting import Task
from simulator.streams import Streams
from tests.simulator.builders import (
    LOCAL_HOSPITAL,
    WORLD,
    a_held,
    a_scenario,
    an_establishment,
    habits,
)

SCENARIO = a_scenario(an_establishment(habits=habits(corrected=0.5, deleted=0.2)), days=4)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(SCENARIO, WORLD)


def test_the_same_seed_gives_the_same_plan_and_another_one_does_not(plan: Plan) -> None:
    again = make_plan(SCENARIO, WORLD)
    assert again.jobs == plan.jobs
    assert again.papers == plan.papers
    assert make_plan(SCENARIO, WORLD, seed=12).jobs != plan.jobs


def test_the_same_seed_gives_the_same_bytes(plan: Plan) -> None:
    again = make_plan(SCENARIO, WORLD)
    for mine, other in list(zip(plan.papers, again.papers, strict=True))[:12]:
        written = [
            write_paper(paper, a_held(paper.encounter.patient), Streams(plan.seed)).cda
            for paper in (mine, other)
        ]
        assert written[0] == written[1]


def test_each_paper_can_be_written_with_and_without_an_ins(plan: Plan) -> None:
    for paper in plan.papers:
        patient = paper.encounter.patient
        for is_checked, has_ins in product((True, False), repeat=2):
            identity = a_held(patient, is_checked=is_checked, has_ins=has_ins)
            header = read_header(write_paper(paper, identity, Streams(plan.seed)).cda)
            assert header.patient.ins == (patient.ins if is_checked and has_ins else None)
            assert header.unique_id == paper.unique_id


def test_jobs_are_due_within_the_run_and_in_order(plan: Plan) -> None:
    due = [job.due_at for job in plan.jobs]
    assert due == sorted(due)
    assert plan.scenario.starts_at <= due[0]
    assert due[-1] < plan.scenario.ends_at


def test_every_admission_is_looked_up_once(plan: Plan) -> None:
    asked = Counter(job.identity for job in plan.jobs if job.task is Task.LOOKUP)
    assert set(asked.values()) == {1}
    assert {job.identity for job in plan.jobs if job.paper} <= set(asked)


def test_who_comes_again_is_admitted_again(plan: Plan) -> None:
    for found in plan.encounters:
        admitted = plan.identities[found.admission_key]
        assert admitted.patient == found.patient
        assert admitted.admitted_at <= found.admitted_at
    again = [key for key in plan.identities if key.count("/") == 2]
    assert again
    assert len({item.ipp for item in plan.identities.values()}) == len(plan.identities)


def test_a_letter_follows_the_exit_and_none_follows_death_or_mutation(plan: Plan) -> None:
    letters = [paper for paper in plan.papers if paper.kind == "LDL"]
    assert letters
    for paper in letters:
        assert paper.encounter.left_at is not None
        assert paper.created_at >= paper.encounter.left_at
        assert paper.encounter.exit not in (Exit.DEATH, Exit.MUTATION)


def test_a_correction_replaces_the_letter_of_its_set(plan: Plan) -> None:
    known = {paper.unique_id: paper for paper in plan.papers}
    newer = [paper for paper in plan.papers if paper.version == 2 and paper.replaces in known]
    assert newer
    for paper in newer:
        assert known[paper.replaces or ""].set_id == paper.set_id
        assert known[paper.replaces or ""].created_at < paper.created_at


def test_a_deletion_follows_its_deposit_in_the_same_chain(plan: Plan) -> None:
    fed = {job.paper.unique_id: job for job in plan.jobs if job.task is Task.FEED and job.paper}
    deleted = [job for job in plan.jobs if job.task is Task.DELETE and job.paper]
    assert deleted
    for job in deleted:
        assert job.paper
        assert fed[job.paper.unique_id].due_at < job.due_at
        assert fed[job.paper.unique_id].chain == job.chain


def test_a_census_counts_no_more_than_the_beds(plan: Plan) -> None:
    censuses = [job.census for job in plan.jobs if job.census]
    assert censuses
    for census in censuses:
        assert 0 <= census.occupied <= census.ward.beds
        assert 0 <= census.free_tomorrow <= census.ward.beds


def test_numbers_and_identifiers_are_used_once(plan: Plan) -> None:
    for values in (
        [found.id for found in plan.encounters],
        [paper.unique_id for paper in plan.papers],
        [job.id for job in plan.jobs],
    ):
        assert len(set(values)) == len(values)


def test_patients_have_the_age_and_sex_of_the_ward() -> None:
    units = ("MATER1", "PEDIA1", "GERIA1")
    place = an_establishment(finess=LOCAL_HOSPITAL, kind="CH", units=units, scale=1.0)
    for found in make_plan(a_scenario(place, days=1), WORLD).encounters:
        years = found.admitted_at.year - int(found.patient.traits.birth_date[:4])
        if found.ward.stem == "MATER":
            assert found.patient.traits.sex == "F"
            assert 17 <= years <= 45
        if found.ward.stem == "PEDIA":
            assert years <= 19
        if found.ward.stem == "GERIA" and found.kind is Kind.STAY:
            assert years >= 73


NIGHTLY = habits(night_batch=True)


def test_a_night_batch_deposits_at_two_in_the_morning() -> None:
    plan = make_plan(a_scenario(an_establishment(habits=NIGHTLY), days=3), WORLD)
    hours = {job.due_at.hour for job in plan.jobs if job.task is Task.FEED}
    assert hours == {1}  # UTC
